"""SGD and Lion: optimizers that keep at most a running mean of the gradient."""

from __future__ import annotations

from typing import Any

from convoscope.checks import flag
from convoscope.engine.updates import LionRule, SgdRule
from convoscope.errors import ConfigurationError
from convoscope.training.optimizer import Optimizer, Rate


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum (Polyak, or Nesterov's form) if wanted.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
    momentum : float
        The share of the last step that is taken again, from 0 to 1.
    nesterov : bool
        Whether the gradient counts as if measured after the momentum's step.
    **options
        ``weight_decay``, ``clipnorm``, ``use_ema`` and what else all optimizers take: see `Optimizer`.
    """

    def __init__(
        self, learning_rate: Rate = 0.01, momentum: float = 0.0, nesterov: bool = False, **options: Any
    ) -> None:
        super().__init__(learning_rate, **options)
        self.momentum = self._share(momentum, "momentum")
        self.nesterov = flag(nesterov, "nesterov", "SGD")

    def rule(self) -> SgdRule:
        return SgdRule(self.momentum, self.nesterov, **self._common())


class Lion(Optimizer):
    """Lion: every weight takes a step of the same size, in the direction of a running mean of its gradient.

    Its learning rate is usually a tenth of Adam's, and its weight decay ten times as strong.
    Source: Chen et al., Symbolic Discovery of Optimization Algorithms (2023).

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
    beta_1 : float
        How much the mean counts in the direction, beside the gradient.
    beta_2 : float
        How slowly the mean forgets.
    **options
        ``weight_decay``, ``clipnorm``, ``use_ema`` and what else all optimizers take: see `Optimizer`.
    """

    def __init__(self, learning_rate: Rate = 0.001, beta_1: float = 0.9, beta_2: float = 0.99, **options: Any) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1 = self._share(beta_1, "beta_1")
        self.beta_2 = self._share(beta_2, "beta_2")
        if not self.beta_1:
            raise ConfigurationError(
                "Lion: beta_1 must be above 0, but is 0: only the gradient's sign would count, and not its mean."
            )

    def rule(self) -> LionRule:
        return LionRule(self.beta_1, self.beta_2, **self._common())

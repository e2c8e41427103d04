"""RMSprop, Adagrad and Adadelta: steps divided by the root of a mean, or sum, of squared gradients."""

from __future__ import annotations

from typing import Any

from convoscope.checks import flag
from convoscope.engine.updates import AdadeltaRule, AdagradRule, RmspropRule
from convoscope.training.optimizer import Optimizer, Rate


class RMSprop(Optimizer):
    """RMSprop: steps divided by a running root mean square of the gradient. Source: Hinton's lecture 6e (2012).

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
    rho : float
        How slowly the running mean forgets.
    momentum : float
        The share of the last step that is taken again.
    epsilon : float
        Keeps the division from blowing up.
    centered : bool
        Whether the variance rather than the mean square divides.
    **options
        ``weight_decay``, ``clipnorm``, ``use_ema`` and what else all optimizers take: see `Optimizer`.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.rho = self._share(rho, "rho")
        self.momentum = self._share(momentum, "momentum")
        self.epsilon = self._number(epsilon, "epsilon")
        self.centered = flag(centered, "centered", "RMSprop")

    def rule(self) -> RmspropRule:
        return RmspropRule(self.rho, self.momentum, self.epsilon, self.centered, **self._common())


class Adagrad(Optimizer):
    """Adagrad: steps divided by the root of the sum of all squared gradients so far, so that they only get smaller.

    Source: Duchi et al., Adaptive Subgradient Methods (2011).

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
    initial_accumulator_value : float
        What the sum begins with.
    epsilon : float
        Keeps the division from blowing up.
    **options
        ``weight_decay``, ``clipnorm``, ``use_ema`` and what else all optimizers take: see `Optimizer`.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.initial_accumulator_value = self._number(initial_accumulator_value, "initial_accumulator_value")
        self.epsilon = self._number(epsilon, "epsilon")

    def rule(self) -> AdagradRule:
        return AdagradRule(self.initial_accumulator_value, self.epsilon, **self._common())


class Adadelta(Optimizer):
    """Adadelta: steps as large as the steps before were, in proportion to their gradients.

    Source: Zeiler, ADADELTA: An Adaptive Learning Rate Method (2012), whose learning rate is 1.0. Keras' default of
    0.001 learns very slowly.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
    rho : float
        How slowly the running means forget.
    epsilon : float
        Where steps begin, and what keeps the division from blowing up.
    **options
        ``weight_decay``, ``clipnorm``, ``use_ema`` and what else all optimizers take: see `Optimizer`.
    """

    def __init__(self, learning_rate: Rate = 0.001, rho: float = 0.95, epsilon: float = 1e-7, **options: Any) -> None:
        super().__init__(learning_rate, **options)
        self.rho = self._share(rho, "rho")
        self.epsilon = self._number(epsilon, "epsilon")

    def rule(self) -> AdadeltaRule:
        return AdadeltaRule(self.rho, self.epsilon, **self._common())

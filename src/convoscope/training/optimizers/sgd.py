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
        The share of the previous step that is added to the next one, from 0 to 1.
    nesterov : bool
        Whether the gradient counts as if measured after the momentum's step.
    **options
        ``weight_decay``, ``clipnorm``, ``use_ema`` and the other arguments of all optimizers: see `Optimizer`.

    Examples
    --------
    >>> import numpy as np
    >>> from convoscope import Sequential, layers
    >>> model = Sequential([layers.Dense(1, use_bias=False, kernel_initializer="ones", input_shape=(1,))])
    >>> model.compile(SGD(0.1, momentum=0.5), "mse")
    >>> for _ in range(2):
    ...     loss = model.train_on_batch(np.ones((1, 1)), np.zeros((1, 1)))  # weight², whose gradient is 2 × weight
    >>> model.get_weights()[0].round(4)  # 1 - 0.2 = 0.8, then 0.8 - 0.16 - 0.5 × 0.2
    array([[0.54]], dtype=float32)
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
        The weight of the mean in the direction; the gradient has the rest.
    beta_2 : float
        The share of the mean that is kept at each step.
    **options
        ``weight_decay``, ``clipnorm``, ``use_ema`` and the other arguments of all optimizers: see `Optimizer`.

    Examples
    --------
    >>> import numpy as np
    >>> from convoscope import Sequential, layers
    >>> model = Sequential([layers.Dense(1, use_bias=False, kernel_initializer="ones", input_shape=(1,))])
    >>> model.compile(Lion(0.1), "mse")
    >>> loss = model.train_on_batch(np.ones((1, 1)), np.zeros((1, 1)))  # weight², whose gradient is 2 × weight
    >>> model.get_weights()[0].round(4)  # 1 - 0.1: the sign of the gradient counts, not its size
    array([[0.9]], dtype=float32)
    """

    def __init__(self, learning_rate: Rate = 0.001, beta_1: float = 0.9, beta_2: float = 0.99, **options: Any) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1 = self._share(beta_1, "beta_1")
        self.beta_2 = self._share(beta_2, "beta_2")
        if not self.beta_1:
            raise ConfigurationError(
                "Lion: beta_1 must be above 0, but is 0: only the sign of the current gradient would count."
            )

    def rule(self) -> LionRule:
        return LionRule(self.beta_1, self.beta_2, **self._common())

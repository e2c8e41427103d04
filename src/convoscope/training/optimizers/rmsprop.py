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
        The share of the running mean that is kept at each step.
    momentum : float
        The share of the previous step that is added to the next one.
    epsilon : float
        Avoids a division by zero.
    centered : bool
        Whether the variance rather than the mean square divides.
    **options
        ``weight_decay``, ``clipnorm``, ``use_ema`` and the other arguments of all optimizers: see `Optimizer`.

    Examples
    --------
    >>> import numpy as np
    >>> from convoscope import Sequential, layers
    >>> model = Sequential([layers.Dense(1, use_bias=False, kernel_initializer="ones", input_shape=(1,))])
    >>> model.compile(RMSprop(0.1), "mse")
    >>> loss = model.train_on_batch(np.ones((1, 1)), np.zeros((1, 1)))  # weight², whose gradient is 2 × weight
    >>> model.get_weights()[0].round(4)  # 1 - 0.1 × 2 / √(0.1 × 2²)
    array([[0.6838]], dtype=float32)
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
        The initial value of the sum.
    epsilon : float
        Avoids a division by zero.
    **options
        ``weight_decay``, ``clipnorm``, ``use_ema`` and the other arguments of all optimizers: see `Optimizer`.

    Examples
    --------
    >>> import numpy as np
    >>> from convoscope import Sequential, layers
    >>> model = Sequential([layers.Dense(1, use_bias=False, kernel_initializer="ones", input_shape=(1,))])
    >>> model.compile(Adagrad(0.1), "mse")
    >>> loss = model.train_on_batch(np.ones((1, 1)), np.zeros((1, 1)))  # weight², whose gradient is 2 × weight
    >>> model.get_weights()[0].round(4)  # 1 - 0.1 × 2 / √(0.1 + 2²)
    array([[0.9012]], dtype=float32)
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
    """Adadelta: the size of a step follows that of the previous steps, in proportion to their gradients.

    Source: Zeiler, ADADELTA: An Adaptive Learning Rate Method (2012), whose learning rate is 1.0. Keras' default of
    0.001 learns very slowly.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
    rho : float
        The share of the running means that is kept at each step.
    epsilon : float
        Determines the first steps, and avoids a division by zero.
    **options
        ``weight_decay``, ``clipnorm``, ``use_ema`` and the other arguments of all optimizers: see `Optimizer`.

    Examples
    --------
    >>> import numpy as np
    >>> from convoscope import Sequential, layers
    >>> model = Sequential([layers.Dense(1, use_bias=False, kernel_initializer="ones", input_shape=(1,))])
    >>> model.compile(Adadelta(1.0), "mse")
    >>> loss = model.train_on_batch(np.ones((1, 1)), np.zeros((1, 1)))  # weight², whose gradient is 2 × weight
    >>> model.get_weights()[0].round(4)  # small at first: 1 - √(1e-7 / 0.2)
    array([[0.9986]], dtype=float32)
    """

    def __init__(self, learning_rate: Rate = 0.001, rho: float = 0.95, epsilon: float = 1e-7, **options: Any) -> None:
        super().__init__(learning_rate, **options)
        self.rho = self._share(rho, "rho")
        self.epsilon = self._number(epsilon, "epsilon")

    def rule(self) -> AdadeltaRule:
        return AdadeltaRule(self.rho, self.epsilon, **self._common())

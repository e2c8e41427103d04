"""Adam and its kin: steps scaled by running means of the gradient and of its size."""

from __future__ import annotations

from typing import Any

from convoscope.checks import flag
from convoscope.engine.updates import AdamaxRule, AdamRule, NadamRule
from convoscope.errors import ConfigurationError
from convoscope.training.optimizer import Optimizer, Rate


class _WithMeans(Optimizer):
    """What the three have in common."""

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1 = self._share(beta_1, "beta_1")
        self.beta_2 = self._share(beta_2, "beta_2")
        self.epsilon = self._number(epsilon, "epsilon")


class Adam(_WithMeans):
    """Adam: steps scaled by running means of the gradient and of its square.

    Source: Kingma and Ba, Adam: A Method for Stochastic Optimization (2014), in Keras' form, where epsilon is added
    before the bias correction.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
    beta_1, beta_2 : float
        The share of the running means that is kept at each step.
    epsilon : float
        Avoids a division by zero.
    amsgrad : bool
        Whether the largest mean of squares so far divides, and not the present one. Source: Reddi et al., On the
        Convergence of Adam and Beyond (2018).
    **options
        ``weight_decay``, ``clipnorm``, ``use_ema`` and the other arguments of all optimizers: see `Optimizer`.

    Examples
    --------
    >>> optimizer = Adam(learning_rate=0.002)
    >>> optimizer.learning_rate = 0.001
    >>> optimizer.rule().slots
    ('momentum', 'velocity')
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **options)
        self.amsgrad = flag(amsgrad, "amsgrad", type(self).__name__)

    def rule(self) -> AdamRule:
        return AdamRule(self.beta_1, self.beta_2, self.epsilon, self.amsgrad, **self._common())


class AdamW(Adam):
    """Adam with decoupled weight decay. Source: Loshchilov and Hutter (2017).

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
    weight_decay : float
        The share of each weight that a step subtracts, times the learning rate.
    beta_1, beta_2, epsilon, amsgrad, **options
        See `Adam`.

    Examples
    --------
    >>> import numpy as np
    >>> from convoscope import Sequential, layers
    >>> model = Sequential([layers.Dense(1, use_bias=False, kernel_initializer="ones", input_shape=(1,))])
    >>> model.compile(AdamW(0.1, weight_decay=0.5), "mse")
    >>> loss = model.train_on_batch(np.ones((1, 1)), np.zeros((1, 1)))  # weight², whose gradient is 2 × weight
    >>> model.get_weights()[0].round(4)  # 1 - 0.1 × 0.5 for the decay - 0.1 for Adam
    array([[0.85]], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **options: Any,
    ) -> None:
        if weight_decay is None:
            raise ConfigurationError("AdamW: weight_decay must be a number, but is None. Use Adam to train without it.")
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **options)


class Adamax(_WithMeans):
    """Adamax: Adam whose steps are divided by the largest gradient so far, which fades, and not by a mean.

    Source: Kingma and Ba (2014), section 7.1.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
    beta_1, beta_2 : float
        The shares of the mean and of the largest gradient that are kept at each step.
    epsilon : float
        Avoids a division by zero.
    **options
        ``weight_decay``, ``clipnorm``, ``use_ema`` and the other arguments of all optimizers: see `Optimizer`.

    Examples
    --------
    >>> import numpy as np
    >>> from convoscope import Sequential, layers
    >>> model = Sequential([layers.Dense(1, use_bias=False, kernel_initializer="ones", input_shape=(1,))])
    >>> model.compile(Adamax(0.1), "mse")
    >>> loss = model.train_on_batch(np.ones((1, 1)), np.zeros((1, 1)))  # weight², whose gradient is 2 × weight
    >>> model.get_weights()[0].round(4)  # 1 - 0.1 × 2 / 2
    array([[0.9]], dtype=float32)
    """

    def rule(self) -> AdamaxRule:
        return AdamaxRule(self.beta_1, self.beta_2, self.epsilon, **self._common())


class Nadam(_WithMeans):
    """Nadam: Adam with Nesterov's momentum, which grows up to `beta_1` over the first hundred steps.

    Source: Dozat, Incorporating Nesterov Momentum into Adam (2016).

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
    beta_1, beta_2 : float
        The share of the running means that is kept at each step.
    epsilon : float
        Avoids a division by zero.
    **options
        ``weight_decay``, ``clipnorm``, ``use_ema`` and the other arguments of all optimizers: see `Optimizer`.

    Examples
    --------
    >>> import numpy as np
    >>> from convoscope import Sequential, layers
    >>> model = Sequential([layers.Dense(1, use_bias=False, kernel_initializer="ones", input_shape=(1,))])
    >>> model.compile(Nadam(0.1), "mse")
    >>> loss = model.train_on_batch(np.ones((1, 1)), np.zeros((1, 1)))  # weight², whose gradient is 2 × weight
    >>> model.get_weights()[0].round(4)  # more than the 0.1 of Adam: momentum looks ahead
    array([[0.8937]], dtype=float32)
    """

    def rule(self) -> NadamRule:
        return NadamRule(self.beta_1, self.beta_2, self.epsilon, **self._common())

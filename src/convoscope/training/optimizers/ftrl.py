"""Ftrl: the weights that answer best to all gradients so far."""

from __future__ import annotations

from typing import Any

from convoscope.checks import real
from convoscope.engine.updates import FtrlRule
from convoscope.errors import ConfigurationError
from convoscope.training.optimizer import Optimizer, Rate


class Ftrl(Optimizer):
    """Follow the regularized leader: each weight is the best one for all gradients so far, under penalties.

    Made for wide, sparse models: with `l1_regularization_strength` many weights become exactly 0. Source: McMahan et
    al., Ad Click Prediction: a View from the Trenches (2013).

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        Above 0.
    learning_rate_power : float
        How steps shrink as squared gradients add up: -0.5 as in Adagrad, 0 not at all.
    initial_accumulator_value : float
        The initial value of the sum of squared gradients.
    l1_regularization_strength, l2_regularization_strength : float
        Penalties of the weights' magnitudes and squares.
    l2_shrinkage_regularization_strength : float
        A penalty of squares that counts in the gradient only.
    beta : float
        Adds beta / (2 × learning rate) to the penalty of squares.
    **options
        ``weight_decay``, ``clipnorm``, ``use_ema`` and the other arguments of all optimizers: see `Optimizer`.

    Examples
    --------
    >>> import numpy as np
    >>> from convoscope import Sequential, layers
    >>> model = Sequential([layers.Dense(1, use_bias=False, kernel_initializer="ones", input_shape=(1,))])
    >>> model.compile(Ftrl(0.1, l1_regularization_strength=3.0), "mse")
    >>> loss = model.train_on_batch(np.ones((1, 1)), np.zeros((1, 1)))  # weight², whose gradient is 2 × weight
    >>> model.get_weights()[0].round(4)  # the penalty outweighs the gradient
    array([[0.5969]], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.learning_rate_power = real(learning_rate_power, "learning_rate_power", "Ftrl")
        if self.learning_rate_power > 0:
            raise ConfigurationError(
                f"Ftrl: learning_rate_power must be 0 or below, but is {learning_rate_power!r}. -0.5 is usual."
            )
        self.initial_accumulator_value = self._number(initial_accumulator_value, "initial_accumulator_value")
        self.l1_regularization_strength = self._number(l1_regularization_strength, "l1_regularization_strength")
        self.l2_regularization_strength = self._number(l2_regularization_strength, "l2_regularization_strength")
        self.l2_shrinkage_regularization_strength = self._number(
            l2_shrinkage_regularization_strength, "l2_shrinkage_regularization_strength"
        )
        self.beta = self._number(beta, "beta")

    def rule(self) -> FtrlRule:
        return FtrlRule(
            self.learning_rate_power,
            self.initial_accumulator_value,
            self.l1_regularization_strength,
            self.l2_regularization_strength,
            self.l2_shrinkage_regularization_strength,
            self.beta,
            **self._common(),
        )

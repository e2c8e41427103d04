"""Layers that bring values to a common scale: BatchNormalization and Rescaling."""

from __future__ import annotations

from typing import Any

from convoscope import initializers
from convoscope.checks import LARGEST_SIZE, flag, integer, real
from convoscope.errors import ConfigurationError, ShapeError
from convoscope.initializers import Initializer
from convoscope.layers.base import Layer, WeightSpec
from convoscope.types import Shape


class BatchNormalization(Layer):
    """Bring each channel to mean 0 and variance 1, then scale by gamma and shift by beta.

    In training the mean and variance are the batch's, and moving averages of them are kept; in prediction the moving
    averages are used. Ioffe and Szegedy, "Batch Normalization" (2015).

    Parameters
    ----------
    momentum : float
        The share of the moving averages that is kept at each step.
    epsilon : float
        Added to the variance, to avoid a division by zero.
    center, scale : bool
        Whether there is a beta, and a gamma.
    gamma_regularizer, beta_regularizer : str or Regularizer, optional
        A penalty that keeps the weight small: ``"l2"``. See `convoscope.regularizers`.
    gamma_constraint, beta_constraint : str or Constraint, optional
        Bounds that each step keeps the weight within: ``"non_neg"``. See `convoscope.constraints`.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Notes
    -----
    Input and output (..., channels); statistics run over all axes but the last. Weights: gamma, beta, moving mean,
    moving variance, each (channels,). With ``trainable=False`` the layer uses the moving averages in training too, as
    in Keras.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[1.0, 10.0], [3.0, 30.0]], np.float32)  # two samples, two channels
    >>> BatchNormalization()(x, training=True).round(2).tolist()
    [[-1.0, -1.0], [1.0, 1.0]]
    """

    differs_in_training = True
    regulated_weights = ("beta", "gamma")

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: str | dict[str, Any] | Initializer = "zeros",
        gamma_initializer: str | dict[str, Any] | Initializer = "ones",
        moving_mean_initializer: str | dict[str, Any] | Initializer = "zeros",
        moving_variance_initializer: str | dict[str, Any] | Initializer = "ones",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.axis = integer(axis, "axis", "BatchNormalization", minimum=-LARGEST_SIZE)
        self.momentum = real(momentum, "momentum", "BatchNormalization")
        self.epsilon = real(epsilon, "epsilon", "BatchNormalization")
        self.center = flag(center, "center", "BatchNormalization")
        self.scale = flag(scale, "scale", "BatchNormalization")
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        if not 0.0 <= self.momentum <= 1.0:
            raise ConfigurationError(f"BatchNormalization: momentum must be from 0 to 1, but is {momentum!r}.")
        if not self.epsilon > 0.0:
            raise ConfigurationError(f"BatchNormalization: epsilon must be above 0, but is {epsilon!r}.")

    def infer_shape(self, input_shape: Shape) -> Shape:
        if self.axis not in (-1, len(input_shape)):
            raise ShapeError(
                f"{self.describe()}: only the last axis (axis=-1) can be normalized, but got axis={self.axis!r}. "
                "Images are height × width × channels."
            )
        return input_shape

    def weight_specs(self, input_shape: Shape) -> tuple[WeightSpec, ...]:
        channels = (input_shape[-1],)
        specs = []
        if self.scale:
            specs.append(self.regulated("gamma", channels, self.gamma_initializer))
        if self.center:
            specs.append(self.regulated("beta", channels, self.beta_initializer))
        specs.append(WeightSpec("moving_mean", channels, self.moving_mean_initializer, trainable=False))
        specs.append(WeightSpec("moving_variance", channels, self.moving_variance_initializer, trainable=False))
        return tuple(specs)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "axis": self.axis,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
        }


class Rescaling(Layer):
    """Multiply by `scale` and add `offset`: ``Rescaling(1/255)`` lets a model take 8-bit images as they are.

    Parameters
    ----------
    scale, offset : float
        Output = input × scale + offset.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> Rescaling(1 / 255)(np.array([[0, 51, 255]], np.uint8)).round(4)
    array([[0. , 0.2, 1. ]], dtype=float32)
    """

    def __init__(self, scale: float, offset: float = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.scale = real(scale, "scale", "Rescaling")
        self.offset = real(offset, "offset", "Rescaling")

    def infer_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": self.scale, "offset": self.offset}

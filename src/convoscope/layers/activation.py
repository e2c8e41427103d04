"""Activations as layers of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from convoscope import activations, initializers
from convoscope.checks import LARGEST_NUMBER, axes, equal, real
from convoscope.errors import ConfigurationError, ShapeError
from convoscope.initializers import Initializer
from convoscope.layers.base import Layer, WeightSpec
from convoscope.types import Shape


class Activation(Layer):
    """Apply an activation function to each value.

    Parameters
    ----------
    activation : str or callable
        ``"relu"``, ``"softmax"`` ...: the names in `convoscope.activations`.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.
    """

    def __init__(self, activation: str | Callable[..., Any], **options: Any) -> None:
        super().__init__(**options)
        self.activation = activations.name_of(activation)

    def infer_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "activation": self.activation}


class ReLU(Layer):
    """Throw values below a threshold away, or let a share of them through.

    Parameters
    ----------
    max_value : float, optional
        What larger values become: 6 in MobileNet. Left out, there is no bound.
    negative_slope : float
        What values below the threshold are multiplied by, counted from it; 0 throws them away.
    threshold : float
        From where on values stay as they are.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> ReLU(max_value=6).get_config()["max_value"]
    6.0
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.max_value = None if max_value is None else _slope(max_value, "ReLU", "max_value")
        self.negative_slope = _slope(negative_slope, "ReLU")
        self.threshold = _slope(threshold, "ReLU", "threshold")

    def infer_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }


class LeakyReLU(Layer):
    """Let a share of the negative values through.

    Parameters
    ----------
    negative_slope : float
        What negative values are multiplied by.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.
    """

    def __init__(self, negative_slope: float = 0.3, **options: Any) -> None:
        if "alpha" in options:  # the name that older lessons use
            negative_slope = options.pop("alpha")
        super().__init__(**options)
        self.negative_slope = _slope(negative_slope, "LeakyReLU")

    def infer_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "negative_slope": self.negative_slope}


class PReLU(Layer):
    """Let a share of the negative values through that is learned: alpha × x where x is negative.

    He, Zhang, Ren and Sun, "Delving Deep into Rectifiers" (2015).

    Parameters
    ----------
    alpha_initializer : str or Initializer
        The first shares.
    shared_axes : int or sequence of int, optional
        Axes along which all values share an alpha, counted with the batch axis as 0: ``[1, 2]`` gives a feature map
        one. Left out, every value of a sample has its own.
    alpha_regularizer : str or Regularizer, optional
        A penalty that keeps the weight small: ``"l2"``. See `convoscope.regularizers`.
    alpha_constraint : str or Constraint, optional
        Bounds that the weight is held in after each step: ``"max_norm"``. See `convoscope.constraints`.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> PReLU(shared_axes=[1, 2]).weight_specs((28, 28, 8))[0].shape
    (1, 1, 8)
    """

    regulated_weights = ("alpha",)

    def __init__(
        self,
        alpha_initializer: str | dict[str, Any] | Initializer = "zeros",
        shared_axes: int | Sequence[int] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.shared_axes = None if shared_axes is None else axes(shared_axes, "shared_axes", "PReLU")

    def infer_shape(self, input_shape: Shape) -> Shape:
        for axis in self.shared_axes or ():
            if not 1 <= axis <= len(input_shape):
                raise ShapeError(
                    f"{self.describe()}: shared_axes must be from 1 to {len(input_shape)} for inputs of shape "
                    f"{input_shape}, but one is {axis}. The batch axis is 0."
                )
        return input_shape

    def weight_specs(self, input_shape: Shape) -> tuple[WeightSpec, ...]:
        shared = self.shared_axes or ()
        shape = tuple(1 if axis in shared else length for axis, length in enumerate(input_shape, start=1))
        return (self.regulated("alpha", shape, self.alpha_initializer),)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "alpha_initializer": initializers.serialize(self.alpha_initializer),
            "shared_axes": None if self.shared_axes is None else list(self.shared_axes),
        }


class ELU(Layer):
    """Bend negative values towards -alpha: alpha (exp(x) - 1) (Clevert and others, 2015).

    Parameters
    ----------
    alpha : float
        Where large negative values end, with the sign turned.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.
    """

    def __init__(self, alpha: float = 1.0, **options: Any) -> None:
        super().__init__(**options)
        self.alpha = _slope(alpha, "ELU", "alpha")

    def infer_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "alpha": self.alpha}


class Softmax(Layer):
    """Turn the last axis into probabilities that sum to 1."""

    def __init__(self, axis: int = -1, **options: Any) -> None:
        super().__init__(**options)
        if not equal(axis, -1):
            raise ConfigurationError(f"Softmax: only the last axis (axis=-1) is supported, but axis={axis!r} came.")

    def infer_shape(self, input_shape: Shape) -> Shape:
        return input_shape


def _slope(value: Any, where: str, argument: str = "negative_slope") -> float:
    slope = real(value, argument, where, finite=False)
    if not 0.0 <= slope <= LARGEST_NUMBER:
        raise ConfigurationError(f"{where}: {argument} must be a number of at least 0, but is {value!r}.")
    return slope

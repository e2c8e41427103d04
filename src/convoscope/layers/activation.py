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

    Examples
    --------
    >>> import numpy as np
    >>> Activation("relu")(np.array([[-2.0, 3.0]]))
    Tensor([[0., 3.]], dtype=float32)
    """

    def __init__(self, activation: str | Callable[..., Any], **options: Any) -> None:
        super().__init__(**options)
        self.activation = activations.name_of(activation)

    def infer_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "activation": self.activation}


class ReLU(Layer):
    """Set values below a threshold to 0, or multiply them by `negative_slope`.

    Parameters
    ----------
    max_value : float, optional
        The largest output: 6 in MobileNet. No bound if left out.
    negative_slope : float
        The factor for values below the threshold, measured from it; 0 sets them to 0.
    threshold : float
        Values from here on stay as they are.
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
    """Multiply negative values by `negative_slope` (Maas and others, 2013).

    Parameters
    ----------
    negative_slope : float
        The factor for negative values.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> LeakyReLU(0.1)(np.array([[-10.0, 3.0]]))
    Tensor([[-1.,  3.]], dtype=float32)
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
    """Multiply negative values by a factor that is learned: alpha × x where x is negative.

    He, Zhang, Ren and Sun, "Delving Deep into Rectifiers" (2015).

    Parameters
    ----------
    alpha_initializer : str or Initializer
        The first factors.
    shared_axes : int or sequence of int, optional
        Axes along which all values share an alpha, counted with the batch axis as 0: ``[1, 2]`` gives each feature map
        one. If left out, every value of a sample has its own.
    alpha_regularizer : str or Regularizer, optional
        A penalty that keeps the weight small: ``"l2"``. See `convoscope.regularizers`.
    alpha_constraint : str or Constraint, optional
        Bounds that each step keeps the weight within: ``"max_norm"``. See `convoscope.constraints`.
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
        Large negative values approach ``-alpha``.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> ELU()(np.array([[-10.0, -1.0, 2.0]])).round(4)
    array([[-1.    , -0.6321,  2.    ]], dtype=float32)
    """

    def __init__(self, alpha: float = 1.0, **options: Any) -> None:
        super().__init__(**options)
        self.alpha = _slope(alpha, "ELU", "alpha")

    def infer_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "alpha": self.alpha}


class Softmax(Layer):
    """Turn the last axis into probabilities that sum to 1.

    Examples
    --------
    >>> import numpy as np
    >>> Softmax()(np.array([[0.0, np.log(3.0)]])).round(4)
    array([[0.25, 0.75]], dtype=float32)
    """

    def __init__(self, axis: int = -1, **options: Any) -> None:
        super().__init__(**options)
        if not equal(axis, -1):
            raise ConfigurationError(f"Softmax: only the last axis (axis=-1) is supported, but got axis={axis!r}.")

    def infer_shape(self, input_shape: Shape) -> Shape:
        return input_shape


def _slope(value: Any, where: str, argument: str = "negative_slope") -> float:
    slope = real(value, argument, where, finite=False)
    if not 0.0 <= slope <= LARGEST_NUMBER:
        raise ConfigurationError(f"{where}: {argument} must be a number of at least 0, but is {value!r}.")
    return slope

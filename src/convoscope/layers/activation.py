"""Activations as layers of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from convoscope import activations
from convoscope.checks import LARGEST_NUMBER, equal, real
from convoscope.errors import ConfigurationError
from convoscope.layers.base import Layer
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
    """Throw negative values away, or let a share of them through.

    Parameters
    ----------
    max_value : 6, optional
        What larger values become, as in MobileNet; other bounds are not supported.
    negative_slope : float
        What negative values are multiplied by; 0 throws them away. Not together with `max_value`.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.
    """

    def __init__(self, max_value: float | None = None, negative_slope: float = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.negative_slope = _slope(negative_slope, "ReLU")
        self.max_value = None if max_value is None else real(max_value, "max_value", "ReLU")
        if self.max_value is not None and (self.max_value != 6.0 or self.negative_slope):
            raise ConfigurationError(
                f"ReLU: max_value=6 without a negative_slope is supported (relu6), but max_value={max_value!r} and "
                f"negative_slope={negative_slope!r} came."
            )

    @classmethod
    def base_name(cls) -> str:
        return "re_lu"  # as Keras has it

    def infer_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        bound = {} if self.max_value is None else {"max_value": self.max_value}
        return {**super().get_config(), **bound, "negative_slope": self.negative_slope}


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

    @classmethod
    def base_name(cls) -> str:
        return "leaky_re_lu"  # as Keras has it

    def infer_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "negative_slope": self.negative_slope}


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

"""Dense: every input feeds every unit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from convoscope import activations, initializers
from convoscope.checks import flag, size
from convoscope.errors import ShapeError
from convoscope.initializers import Initializer
from convoscope.layers.base import Layer, WeightSpec
from convoscope.types import Shape


class Dense(Layer):
    """Every input feeds every unit: activation(x · kernel + bias), along the last axis.

    Parameters
    ----------
    units : int
        The number of units, which is the number of values in the output.
    activation : str or callable, optional
        Applied to each value: ``"relu"``, or ``"softmax"`` over the units.
    use_bias : bool
        Whether each unit adds a bias.
    kernel_initializer, bias_initializer : str or Initializer
        The first values.
    kernel_regularizer, bias_regularizer : str or Regularizer, optional
        A penalty that keeps the weight small: ``"l2"``. See `convoscope.regularizers`.
    kernel_constraint, bias_constraint : str or Constraint, optional
        Bounds that each step keeps the weight within: ``"max_norm"``. See `convoscope.constraints`.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Notes
    -----
    Input (..., inputs), output (..., units). The kernel has shape (inputs, units), the bias (units,).

    Examples
    --------
    >>> Dense(10, activation="softmax").compute_output_shape((None, 128))
    (None, 10)
    """

    regulated_weights = ("kernel", "bias")

    def __init__(
        self,
        units: int,
        activation: str | Callable[..., Any] | None = None,
        use_bias: bool = True,
        kernel_initializer: str | dict[str, Any] | Initializer = "glorot_uniform",
        bias_initializer: str | dict[str, Any] | Initializer = "zeros",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.units = size(units, "units", "Dense")
        self.activation = activations.name_of(activation)
        self.use_bias = flag(use_bias, "use_bias", "Dense")
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)

    def infer_shape(self, input_shape: Shape) -> Shape:
        if not input_shape:
            raise ShapeError(f"{self.describe()} needs inputs with at least one axis, but its input has none.")
        return (*input_shape[:-1], self.units)

    def weight_specs(self, input_shape: Shape) -> tuple[WeightSpec, ...]:
        kernel = self.regulated("kernel", (input_shape[-1], self.units), self.kernel_initializer)
        bias = self.regulated("bias", (self.units,), self.bias_initializer)
        return (kernel, bias) if self.use_bias else (kernel,)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "activation": self.activation,
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
        }

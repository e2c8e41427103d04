"""Convolutions that take each channel on its own: DepthwiseConv2D, SeparableConv2D."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from convoscope import initializers
from convoscope.checks import check_values, size
from convoscope.initializers import Initializer
from convoscope.layers import geometry
from convoscope.layers.base import WeightSpec
from convoscope.layers.convolution import Convolving
from convoscope.types import Shape


class Depthwise(Convolving):
    """What both are told. Takes the arguments of `DepthwiseConv2D`."""

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        *,
        depth_multiplier: int,
        depthwise_initializer: str | dict[str, Any] | Initializer,
        **options: Any,
    ) -> None:
        super().__init__(kernel_size, **options)
        self.depth_multiplier = size(depth_multiplier, "depth_multiplier", type(self).__name__)
        self.depthwise_initializer = initializers.get(depthwise_initializer)

    def depthwise_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of what the kernels make of each channel on its own."""
        channels = geometry.image_shape(input_shape, self.describe())[2]
        places = geometry.window_shape(input_shape, self.window, self.strides, self.padding, self.describe())
        return (*places, channels * self.depth_multiplier)

    def kernel_shape(self, channels: int) -> Shape:
        """Return the depthwise kernel's shape, for an input of so many channels."""
        return *self.kernel_size, channels, self.depth_multiplier

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "kernel_size": list(self.kernel_size),
            "strides": list(self.strides),
            "padding": self.padding,
            "depth_multiplier": self.depth_multiplier,
            "dilation_rate": list(self.dilation_rate),
            "activation": self.activation,
            "use_bias": self.use_bias,
            "depthwise_initializer": initializers.serialize(self.depthwise_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
        }


class DepthwiseConv2D(Depthwise):
    """Convolve each channel with its own kernels; channels are not mixed.

    It costs a fraction of a `Conv2D`: 3 × 3 multiply-adds for each value, not 3 × 3 × channels. A 1×1 `Conv2D` after it
    mixes the channels: `SeparableConv2D` is both, and MobileNet consists of them.

    Parameters
    ----------
    kernel_size : int or (int, int)
        The kernels' height and width in pixels.
    strides : int or (int, int)
        Pixels from one position to the next.
    padding : {"valid", "same"}
        ``"valid"`` keeps the kernels inside the image; ``"same"`` pads with zeros.
    depth_multiplier : int
        How many kernels, and so how many output channels, each channel has.
    dilation_rate : int or (int, int)
        Pixels between neighbouring kernel cells.
    activation : str or callable, optional
        Applied to each value: ``"relu"``.
    use_bias : bool
        Whether each output channel adds a bias.
    depthwise_initializer, bias_initializer : str or Initializer
        The first values.
    depthwise_regularizer, bias_regularizer : str or Regularizer, optional
        A penalty that keeps the weight small: ``"l2"``. See `convoscope.regularizers`.
    depthwise_constraint, bias_constraint : str or Constraint, optional
        Bounds that each step keeps the weight within: ``"max_norm"``. See `convoscope.constraints`.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Notes
    -----
    Input (height, width, channels), output (height', width', channels × depth_multiplier): output channel
    c × depth_multiplier + m comes from channel c and its kernel m. The kernel has shape (kernel height, kernel width,
    channels, depth_multiplier). Unlike TensorFlow, strides may differ along the axes, and go with a dilation rate.

    Examples
    --------
    >>> DepthwiseConv2D(3, padding="same", depth_multiplier=2).compute_output_shape((None, 28, 28, 16))
    (None, 28, 28, 32)
    """

    regulated_weights = ("depthwise", "bias")

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = (1, 1),
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = (1, 1),
        activation: str | Callable[..., Any] | None = None,
        use_bias: bool = True,
        depthwise_initializer: str | dict[str, Any] | Initializer = "glorot_uniform",
        bias_initializer: str | dict[str, Any] | Initializer = "zeros",
        **options: Any,
    ) -> None:
        super().__init__(
            kernel_size,
            strides=strides,
            padding=padding,
            depth_multiplier=depth_multiplier,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            depthwise_initializer=depthwise_initializer,
            bias_initializer=bias_initializer,
            **options,
        )

    def infer_shape(self, input_shape: Shape) -> Shape:
        return self.depthwise_shape(input_shape)

    def weight_specs(self, input_shape: Shape) -> tuple[WeightSpec, ...]:
        channels = input_shape[2]
        kernel = self.regulated("depthwise", self.kernel_shape(channels), self.depthwise_initializer)
        bias = self.regulated("bias", (channels * self.depth_multiplier,), self.bias_initializer)
        return (replace(kernel, name="kernel"), *([bias] if self.use_bias else []))


class SeparableConv2D(Depthwise):
    """A depthwise convolution, then a 1×1 convolution that mixes the channels: nearly a `Conv2D`, but cheaper.

    Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions" (2017).

    Parameters
    ----------
    filters : int
        The number of feature maps in the output.
    pointwise_initializer : str or Initializer
        The first values of the 1×1 kernel.
    kernel_size, strides, padding, depth_multiplier, dilation_rate, depthwise_initializer
        Those of the depthwise convolution: see `DepthwiseConv2D`.
    activation, use_bias, bias_initializer
        Those of the 1×1 convolution.
    depthwise_regularizer, pointwise_regularizer, bias_regularizer : str or Regularizer, optional
        A penalty that keeps the weight small: ``"l2"``. See `convoscope.regularizers`.
    depthwise_constraint, pointwise_constraint, bias_constraint : str or Constraint, optional
        Bounds that each step keeps the weight within: ``"max_norm"``. See `convoscope.constraints`.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Notes
    -----
    Input (height, width, channels), output (height', width', filters). The weights are depthwise_kernel (kernel height,
    kernel width, channels, depth_multiplier), pointwise_kernel (1, 1, channels × depth_multiplier, filters) and bias
    (filters,).

    Examples
    --------
    >>> SeparableConv2D(32, 3).compute_output_shape((None, 28, 28, 16))
    (None, 26, 26, 32)
    """

    regulated_weights = ("depthwise", "pointwise", "bias")

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = (1, 1),
        depth_multiplier: int = 1,
        activation: str | Callable[..., Any] | None = None,
        use_bias: bool = True,
        depthwise_initializer: str | dict[str, Any] | Initializer = "glorot_uniform",
        pointwise_initializer: str | dict[str, Any] | Initializer = "glorot_uniform",
        bias_initializer: str | dict[str, Any] | Initializer = "zeros",
        **options: Any,
    ) -> None:
        super().__init__(
            kernel_size,
            strides=strides,
            padding=padding,
            depth_multiplier=depth_multiplier,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            depthwise_initializer=depthwise_initializer,
            bias_initializer=bias_initializer,
            **options,
        )
        self.filters = size(filters, "filters", type(self).__name__)
        self.pointwise_initializer = initializers.get(pointwise_initializer)

    def infer_shape(self, input_shape: Shape) -> Shape:
        between = self.depthwise_shape(input_shape)
        check_values(between, f"{self.describe()}: the output of the depthwise convolution")
        return (*between[:2], self.filters)

    def weight_specs(self, input_shape: Shape) -> tuple[WeightSpec, ...]:
        channels = input_shape[2]
        between = channels * self.depth_multiplier
        depthwise = self.regulated("depthwise", self.kernel_shape(channels), self.depthwise_initializer)
        pointwise = self.regulated("pointwise", (1, 1, between, self.filters), self.pointwise_initializer)
        bias = self.regulated("bias", (self.filters,), self.bias_initializer)
        kernels = [replace(kernel, name=f"{kernel.name}_kernel") for kernel in (depthwise, pointwise)]
        return (*kernels, *([bias] if self.use_bias else []))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "filters": self.filters,
            "pointwise_initializer": initializers.serialize(self.pointwise_initializer),
        }

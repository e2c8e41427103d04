"""Convolution: filters that pass over an image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from convoscope import activations, initializers
from convoscope.checks import flag, padding_mode, pair, size
from convoscope.errors import ConfigurationError, ShapeError
from convoscope.initializers import Initializer
from convoscope.layers import geometry
from convoscope.layers.base import Layer, WeightSpec
from convoscope.types import Shape


class Convolving(Layer):
    """What every convolution is told: where its kernels stand, and what is done with the sums."""

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        *,
        strides: int | Sequence[int],
        padding: str,
        dilation_rate: int | Sequence[int],
        activation: str | Callable[..., Any] | None,
        use_bias: bool,
        bias_initializer: str | dict[str, Any] | Initializer,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        kind = type(self).__name__
        self.kernel_size = pair(kernel_size, "kernel_size", kind)
        self.strides = pair(strides, "strides", kind)
        self.padding = padding_mode(padding, kind)
        self.dilation_rate = pair(dilation_rate, "dilation_rate", kind)
        self.activation = activations.name_of(activation)
        self.use_bias = flag(use_bias, "use_bias", kind)
        self.bias_initializer = initializers.get(bias_initializer)

    @property
    def window(self) -> tuple[int, int]:
        """The pixels that the kernel covers, dilation included: height, width."""
        (kh, kw), (dh, dw) = self.kernel_size, self.dilation_rate
        return geometry.extent(kh, dh), geometry.extent(kw, dw)


class FullConvolution(Convolving):
    """A convolution whose filters look at all channels. Takes the arguments of `Conv2D`, as `Conv2DTranspose` does."""

    regulated_weights = ("kernel", "bias")

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        *,
        kernel_initializer: str | dict[str, Any] | Initializer,
        **options: Any,
    ) -> None:
        super().__init__(kernel_size, **options)
        self.filters = size(filters, "filters", type(self).__name__)
        self.kernel_initializer = initializers.get(kernel_initializer)

    def kernel_shape(self, channels: int) -> Shape:
        """Return the kernel's shape, for an input of so many channels."""
        return *self.kernel_size, channels, self.filters

    def weight_specs(self, input_shape: Shape) -> tuple[WeightSpec, ...]:
        kernel = self.regulated("kernel", self.kernel_shape(input_shape[2]), self.kernel_initializer)
        bias = self.regulated("bias", (self.filters,), self.bias_initializer)
        return (kernel, bias) if self.use_bias else (kernel,)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": list(self.kernel_size),
            "strides": list(self.strides),
            "padding": self.padding,
            "dilation_rate": list(self.dilation_rate),
            "activation": self.activation,
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
        }


class Conv2D(FullConvolution):
    """Filters that pass over an image; each makes one feature map.

    Every value of a feature map is the sum of a patch of the input, all channels, times the filter's kernel, plus a
    bias, through the activation. The kernel is not flipped: mathematically it is a correlation, as in all networks.

    Parameters
    ----------
    filters : int
        The number of filters, which is the number of feature maps in the output.
    kernel_size : int or (int, int)
        The kernel's height and width in pixels.
    strides : int or (int, int)
        Pixels from one position of the kernel to the next.
    padding : {"valid", "same"}
        ``"valid"`` keeps the kernel inside the image, so a 3×3 kernel loses two pixels on each axis; ``"same"`` pads
        with zeros.
    dilation_rate : int or (int, int)
        Pixels between neighbouring kernel cells.
    groups : int
        The number of groups that the channels and the filters are divided into: each filter sees only the channels of
        its own group. Both numbers must be divisible by it. `DepthwiseConv2D` has a group for each channel.
    activation : str or callable, optional
        Applied to each value: ``"relu"``.
    use_bias : bool
        Whether each filter adds a bias.
    kernel_initializer, bias_initializer : str or Initializer
        The first values. ``"filter_bank"`` starts with edges, lines and spots.
    kernel_regularizer, bias_regularizer : str or Regularizer, optional
        A penalty that keeps the weight small: ``"l2"``. See `convoscope.regularizers`.
    kernel_constraint, bias_constraint : str or Constraint, optional
        Bounds that each step keeps the weight within: ``MaxNorm(2, axis=[0, 1, 2])``. See `convoscope.constraints`.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Notes
    -----
    Input (height, width, channels), output (height', width', filters). The kernel has shape
    (kernel height, kernel width, channels / groups, filters), the bias (filters,).

    Examples
    --------
    >>> Conv2D(64, (3, 3), activation="relu").compute_output_shape((None, 28, 28, 1))
    (None, 26, 26, 64)
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = (1, 1),
        groups: int = 1,
        activation: str | Callable[..., Any] | None = None,
        use_bias: bool = True,
        kernel_initializer: str | dict[str, Any] | Initializer = "glorot_uniform",
        bias_initializer: str | dict[str, Any] | Initializer = "zeros",
        **options: Any,
    ) -> None:
        super().__init__(
            filters,
            kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            **options,
        )
        self.groups = size(groups, "groups", type(self).__name__)
        if self.filters % self.groups:
            raise ConfigurationError(
                f"{type(self).__name__}: filters must be divisible by groups, but {self.filters} filters cannot be "
                f"divided into {self.groups} equal groups."
            )

    def infer_shape(self, input_shape: Shape) -> Shape:
        channels = geometry.image_shape(input_shape, self.describe())[2]
        if channels % self.groups:
            raise ShapeError(
                f"{self.describe()}: the input's {channels} channels cannot be divided into {self.groups} equal "
                "groups. Choose a value of groups that divides the number of channels."
            )
        places = geometry.window_shape(input_shape, self.window, self.strides, self.padding, self.describe())
        return (*places, self.filters)

    def kernel_shape(self, channels: int) -> Shape:
        return *self.kernel_size, channels // self.groups, self.filters

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "groups": self.groups}

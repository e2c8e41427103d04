"""Layers that make images larger again: UpSampling2D, Conv2DTranspose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from convoscope.checks import pair
from convoscope.errors import ConfigurationError, ShapeError, unknown_name
from convoscope.initializers import Initializer
from convoscope.layers import geometry
from convoscope.layers.base import Layer
from convoscope.layers.convolution import FullConvolution
from convoscope.types import Shape

_INTERPOLATIONS = ("nearest", "bilinear")


class UpSampling2D(Layer):
    """Make each pixel a block of pixels: an image of 7×7 becomes one of 14×14. Nothing is learned.

    Parameters
    ----------
    size : int or (int, int)
        How many times as high and as wide the image becomes.
    interpolation : {"nearest", "bilinear"}
        Whether a block repeats its pixel, or interpolates between neighbouring pixels. Pixels are squares, as in
        TensorFlow 2: the middle of the first block is the middle of the first pixel. (Keras has smoother ones too.)
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Examples
    --------
    >>> UpSampling2D(2).compute_output_shape((None, 7, 7, 64))
    (None, 14, 14, 64)
    """

    def __init__(
        self,
        size: int | Sequence[int] = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **options: Any,
    ) -> None:
        super().__init__(data_format=data_format, **options)
        self.size = pair(size, "size", "UpSampling2D")
        self.interpolation = str(interpolation).lower()
        if self.interpolation not in _INTERPOLATIONS:
            raise unknown_name("interpolation of UpSampling2D", interpolation, _INTERPOLATIONS)

    def infer_shape(self, input_shape: Shape) -> Shape:
        height, width, channels = geometry.image_shape(input_shape, self.describe())
        return geometry.large_image((height * self.size[0], width * self.size[1], channels), self.describe())

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": list(self.size), "interpolation": self.interpolation}


class Conv2DTranspose(FullConvolution):
    """A transposed convolution: every pixel adds the kernel, times its value, to a larger image.

    These kernels lie `strides` pixels apart and add up where they overlap, over all channels; a bias and the activation
    follow. A convolution with the same settings does the same to gradients in the backward pass, hence the name and the
    sizes: what that convolution would make smaller, this makes larger.

    Parameters
    ----------
    filters : int
        The number of channels in the output.
    kernel_size : int or (int, int)
        The kernel's height and width in pixels.
    strides : int or (int, int)
        Output pixels from one kernel to the next: 2 makes an image about twice as high and wide.
    padding : {"valid", "same"}
        ``"valid"`` keeps the whole result; ``"same"`` crops it to exactly `strides` times the input's size.
    output_padding : int or (int, int), optional
        Determines the size if several are possible: the number of extra rows and columns at the end, below `strides`.
        If left out, the size is as described for `padding` (with ``"valid"``, no less than the strides cover).
    dilation_rate : int or (int, int)
        Pixels between neighbouring kernel cells; not together with strides.
    activation : str or callable, optional
        Applied to each value: ``"relu"``.
    use_bias : bool
        Whether each filter adds a bias.
    kernel_initializer, bias_initializer : str or Initializer
        The first values.
    kernel_regularizer, bias_regularizer : str or Regularizer, optional
        A penalty that keeps the weight small: ``"l2"``. See `convoscope.regularizers`.
    kernel_constraint, bias_constraint : str or Constraint, optional
        Bounds that each step keeps the weight within: ``MaxNorm(2, axis=[0, 1, 3])``. See `convoscope.constraints`.
    **options
        ``name``, ``trainable``, ``input_shape``: see `Layer`.

    Notes
    -----
    Input (height, width, channels), output (height', width', filters). The kernel has shape
    (kernel height, kernel width, filters, channels), as in Keras: filters before channels. With uneven overlaps (a
    kernel size that is not a multiple of the strides), networks easily learn a checkerboard pattern: A. Odena, V.
    Dumoulin and C. Olah, "Deconvolution and Checkerboard Artifacts", Distill (2016). `UpSampling2D` and `Conv2D` have
    none.

    Examples
    --------
    >>> Conv2DTranspose(32, 3, strides=2, padding="same").compute_output_shape((None, 7, 7, 64))
    (None, 14, 14, 32)
    >>> Conv2DTranspose(32, 3, strides=2).compute_output_shape((None, 7, 7, 64))
    (None, 15, 15, 32)
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = (1, 1),
        padding: str = "valid",
        output_padding: int | Sequence[int] | None = None,
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = (1, 1),
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
        kind = type(self).__name__
        self.output_padding = (
            None if output_padding is None else pair(output_padding, "output_padding", kind, minimum=0)
        )
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ConfigurationError(
                f"{kind}: strides {self.strides} and dilation_rate {self.dilation_rate} cannot be combined, as in "
                "Keras. Set one of them to 1."
            )
        if self.output_padding and any(p >= s for p, s in zip(self.output_padding, self.strides, strict=True)):
            raise ConfigurationError(
                f"{kind}: output_padding must be smaller than strides on each axis, but is {self.output_padding} with "
                f"strides {self.strides}: the kernel does not reach pixels beyond that."
            )

    def infer_shape(self, input_shape: Shape) -> Shape:
        geometry.image_shape(input_shape, self.describe())
        extra = self.output_padding or (None, None)
        each = zip(input_shape[:2], self.window, self.strides, extra, strict=True)
        height, width = (geometry.transposed_length(n, w, s, self.padding, e) for n, w, s, e in each)
        if height < 1 or width < 1:
            raise ShapeError(
                f"{self.describe()}: of {input_shape[0]}×{input_shape[1]} pixels, padding='same' with output_padding "
                f"{self.output_padding} leaves nothing. Leave output_padding out, or use a larger one."
            )
        sides = zip(input_shape[:2], self.window, self.strides, (height, width), strict=True)
        painted = [max((n - 1) * s + w, made) for n, w, s, made in sides]
        whole = (height, width, self.filters)
        geometry.check_padded((*painted, self.filters), whole, self.describe())
        return whole

    def kernel_shape(self, channels: int) -> Shape:
        return *self.kernel_size, self.filters, channels

    def get_config(self) -> dict[str, Any]:
        extra = None if self.output_padding is None else list(self.output_padding)
        return {**super().get_config(), "output_padding": extra}

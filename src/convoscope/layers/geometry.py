"""The sizes that windows make: how many places a kernel or a pooling window has on an image, and what is padded."""

from __future__ import annotations

import math

from convoscope.checks import LARGEST_SIZE
from convoscope.errors import ShapeError
from convoscope.types import Pair, Shape

_SMALL = 2**24  # values, 64 MB: no image with its padding is too large below that


def extent(size: int, dilation: int = 1) -> int:
    """Return how many pixels a window of `size` cells covers when its cells stand `dilation` pixels apart."""
    return (size - 1) * dilation + 1


def places(length: int, window: int, stride: int, padding: str) -> int:
    """Return how many places a window has along an axis; zero or less if it does not fit.

    Parameters
    ----------
    length : int
        The image's pixels along the axis.
    window : int
        The pixels that the window covers, dilation included.
    stride : int
        Pixels from one position of the kernel to the next.
    padding : {"valid", "same"}
        ``"valid"`` keeps the window inside the image, ``"same"`` pads so that a stride of 1 keeps the size.

    Examples
    --------
    >>> places(28, 3, 1, "valid"), places(28, 5, 1, "valid"), places(28, 3, 1, "same"), places(11, 2, 2, "valid")
    (26, 24, 28, 5)
    """
    if padding == "same":
        return -(-length // stride)
    return (length - window) // stride + 1


def pad_amounts(length: int, window: int, stride: int, padding: str) -> Pair:
    """Return the pixels padded before and after; where they are odd in number, the one more goes after (TensorFlow)."""
    if padding == "valid":
        return 0, 0
    total = max((places(length, window, stride, padding) - 1) * stride + window - length, 0)
    return total // 2, total - total // 2


def transposed_length(length: int, window: int, stride: int, padding: str, extra: int | None) -> int:
    """Return how long an axis becomes that a convolution would make `length` long, in Keras' and TensorFlow's choice.

    Parameters
    ----------
    length, window, stride : int
        As in `places`; the window moves over what comes out.
    padding : {"valid", "same"}
    extra : int or None
        Pixels more at the end (Keras' ``output_padding``); None for the choice that goes with the padding.

    Examples
    --------
    >>> [transposed_length(7, 3, 2, padding, None) for padding in ("valid", "same")]
    [15, 14]
    """
    if padding == "valid":
        return (length - 1) * stride + window + (max(stride - window, 0) if extra is None else extra)
    return length * stride if extra is None else (length - 1) * stride + window % 2 + extra


def transposed_pad_amounts(length: int, window: int, stride: int, padding: str, made: int) -> Pair:
    """Return the pixels cut off before and after where windows painted over an axis make `made` pixels of it."""
    if padding == "valid":
        return 0, 0
    total = max((length - 1) * stride + window - made, 0)
    return total // 2, total - total // 2


def upsampling_window(size: int, bilinear: bool) -> Pair:
    """Return how many new pixels along an axis show something of an old one, and how many of the first's are cut off.

    Examples
    --------
    >>> upsampling_window(2, bilinear=False), upsampling_window(2, bilinear=True), upsampling_window(3, bilinear=True)
    ((2, 0), (4, 1), (5, 1))
    """
    return (2 * size - size % 2, size // 2) if bilinear else (size, 0)


def window_shape(input_shape: Shape, window: Pair, strides: Pair, padding: str, where: str) -> Pair:
    """Return the height and width of what a sliding window makes, or raise `ShapeError` where it does not fit."""
    height, width = (places(n, w, s, padding) for n, w, s in zip(input_shape[:2], window, strides, strict=True))
    if height < 1 or width < 1:
        raise ShapeError(
            f"{where}: a window of {window[0]}×{window[1]} does not fit into {input_shape[0]}×{input_shape[1]} "
            "pixels, the size of the image at this point. Use larger images, fewer pooling layers or smaller strides "
            "before it, or padding='same'."
        )
    reached = [
        max(n, (made - 1) * s + w)
        for n, w, s, made in zip(input_shape[:2], window, strides, (height, width), strict=True)
    ]
    check_padded((*reached, input_shape[2]), input_shape, where)
    return height, width


def check_padded(padded: Shape, whole: Shape, where: str) -> None:
    """Say so if an image with the padding that its windows reach into is out of proportion: it is laid out whole."""
    for side in padded[:2]:
        if side > LARGEST_SIZE:
            raise ShapeError(
                f"{where}: its windows span {side:,} pixels, but at most {LARGEST_SIZE:,} are possible. Use smaller "
                "kernels, strides or dilation rates."
            )
    if math.prod(padded) > max(_SMALL, 2 * math.prod(whole)):
        raise ShapeError(
            f"{where}: images of shape {whole} need padding to {padded}, which is too much. Use smaller kernels, "
            "strides or dilation rates."
        )


def image_shape(shape: Shape, where: str) -> tuple[int, int, int]:
    """Return (height, width, channels), or say that the channel axis is missing and how to add it."""
    if len(shape) == 2:
        raise ShapeError(
            f"{where} takes images of shape (height, width, channels), but its input has shape {shape}: the channel "
            f"axis is missing. Greyscale images have one channel: use input_shape=({shape[0]}, {shape[1]}, 1), and "
            f"reshape the data with x = x.reshape(-1, {shape[0]}, {shape[1]}, 1) or x = x[..., None]."
        )
    if len(shape) != 3:
        hint = " Put it before Flatten." if len(shape) == 1 else ""
        raise ShapeError(
            f"{where} takes images of shape (height, width, channels), but its input has shape {shape}.{hint}"
        )
    return large_image((shape[0], shape[1], shape[2]), where)


def large_image(shape: tuple[int, int, int], where: str) -> tuple[int, int, int]:
    """Return the shape of an image, or say that it is larger than images can be."""
    if max(shape[:2]) > LARGEST_SIZE:
        raise ShapeError(
            f"{where}: images have at most {LARGEST_SIZE:,} pixels a side, but here their shape is {shape}."
        )
    return shape

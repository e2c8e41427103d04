"""Images as people hand them over, checked and brought into the form that engines take."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.checks import LARGEST_NUMBER
from convoscope.engine.base import Array
from convoscope.errors import ConvoscopeWarning, DataError, ShapeError
from convoscope.types import Shape

# Values looked at in one go: small enough for the processor's cache, and no temporary of the data set's size.
_BLOCK = 1 << 18
# So few values, an image or two, are looked at one by one in less time than what is cheaper for many takes to begin.
_FEW = 1 << 13


def check_inputs(x: Any, input_shape: Shape, where: str, *, finite: bool = True) -> Array:
    """Return `x` as an array that engines take.

    Parameters
    ----------
    x : array of shape (N, *input_shape), or what NumPy makes one of
    input_shape : tuple of int
        What the model takes, without the batch axis.
    where : str
        What the data is called in messages: ``"fit"``, ``"validation_data"``.
    finite : bool
        Whether to look at values that are float32, too; False where the engine does, as it reads them.

    Returns
    -------
    uint8, float32 or float64 array of shape (N, *input_shape), C-contiguous
        `x` itself where it is one already; other numbers become float32. Values are not scaled. As in Keras, a last
        axis of length 1 is added where the model takes one and `x` lacks it, and taken off where it does not.

    Raises
    ------
    ShapeError
        If one sample has another shape than the model takes; the message says how to bring it into shape.
    DataError
        If there is no sample, or values are not numbers, or NaN or infinite.

    Examples
    --------
    >>> check_inputs(np.zeros((3, 8, 8, 1), np.int64), (8, 8, 1), "fit").dtype
    dtype('float32')
    """
    array = numbers(x, where, "x")
    if array.ndim and array.shape[0] == 0:
        raise DataError(f"{where}: x is empty: its shape is {array.shape}. Give at least one sample.")
    array = _with_last_axis(array, input_shape, where)
    if array.shape[1:] != input_shape or array.ndim == 0:
        raise ShapeError(_shape_message(array.shape, input_shape, where))
    if array.dtype.kind == "b":
        array = array.astype(np.uint8)
    elif array.dtype not in (np.uint8, np.float32, np.float64):
        with np.errstate(over="ignore"):  # what overflows is infinite, and refused below
            array = array.astype(np.float32)
    elif not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    array = np.ascontiguousarray(array)
    if (finite or array.dtype != np.float32) and (index := first_bad_sample(array)) is not None:
        bad = array[index]
        kind = (
            "NaN (not a number)"
            if np.isnan(bad).any()
            else "an infinite value"
            if np.isinf(bad).any()
            else "a value beyond 3.4e38, the largest float32 value"
        )
        raise DataError(
            f"{where}: x contains {kind}, first in sample {index} of {len(array)}. Every value must be finite: look "
            "for a division by zero in the preprocessing, or remove such samples "
            "(x[np.isfinite(x).all(axis=tuple(range(1, x.ndim)))])."
        )
    return array


def _with_last_axis(array: Array, input_shape: Shape, where: str) -> Array:
    """Return an array with the last axis of length 1 that a model takes (grey images), or without one that it lacks."""
    if array.ndim and (*array.shape[1:], 1) == input_shape:
        if len(input_shape) == 3:
            height, width = array.shape[1:]
            warnings.warn(
                f"{where}: The channel axis is missing: x.reshape(-1, {height}, {width}, 1) adds it. The model takes "
                "images with one channel, so the axis is added here, as in Keras.",
                ConvoscopeWarning,
                stacklevel=2,
            )
        return array[..., np.newaxis]
    return array[..., 0] if array.ndim > 1 and array.shape[1:] == (*input_shape, 1) else array


def check_several_inputs(
    given: Any, shapes: Sequence[Shape], names: Sequence[str], where: str, *, finite: bool = True
) -> list[Array]:
    """Return the arrays of a model with several inputs as engines take them; see `check_inputs`.

    Raises
    ------
    ShapeError
        If there is not one for each input, or not the same number of samples in each.
    """
    if not isinstance(given, (list, tuple)) or len(given) != len(shapes):
        count = f"got {len(given)}" if isinstance(given, (list, tuple)) else f"got a {type(given).__name__}"
        raise ShapeError(
            f"{where}: the model has {len(shapes)} inputs ({', '.join(names)}) and takes a list with an array for "
            f"each, or a dict, but {count}."
        )
    arrays = [
        check_inputs(array, shape, f"{where}, input {name!r}", finite=finite)
        for array, shape, name in zip(given, shapes, names, strict=True)
    ]
    if len({len(array) for array in arrays}) > 1:
        raise ShapeError(
            f"{where}: the inputs have {', '.join(str(len(array)) for array in arrays)} samples, but must all have "
            "the same number."
        )
    return arrays


def numbers(values: Any, where: str, what: str) -> npt.NDArray[Any]:
    """Return `values` as an array of numbers, or say why they are none."""
    if values is None:
        raise DataError(f"{where}: {what} is missing (None). Give an array with one entry for each sample.")
    try:
        array = np.asarray(values)
    except ValueError:
        raise DataError(
            f"{where}: {what} is not an array, because its parts differ in shape. Give all images the same height, "
            "width and channels, and stack them: np.stack(images)."
        ) from None
    if np.ma.is_masked(values):
        count = np.count_nonzero(np.ma.getmaskarray(values))
        raise DataError(
            f"{where}: {what} is a masked array with {count} masked values, and the values under a mask would be used "
            f"as data. Fill them ({what}.filled(0)), or remove such samples."
        )
    if array.ndim == 0 and array.dtype.kind == "O":
        raise DataError(
            f"{where}: {what} must be an array with one entry for each sample, but is a {type(values).__name__}. Pass "
            "something that yields batches of (x, y) alone, instead of x: model.fit(generator)."
        )
    if array.dtype.kind not in "biuf":
        raise DataError(
            f"{where}: {what} must contain numbers, but its dtype is {array.dtype} (of a {type(values).__name__}). "
            "Convoscope takes NumPy arrays of uint8, float32 or float64; other numbers are converted."
        )
    return array


def first_bad_sample(array: Array) -> int | None:
    """Return the index of the first sample with a value that float32 cannot hold as a finite one, or None.

    Looks at it block by block.
    """
    if array.dtype.kind != "f" or array.size == 0:
        return None
    flat = array.reshape(-1)
    if (flat.size <= _FEW and _finite(flat).all()) or _known_finite(flat):
        return None
    with np.errstate(all="ignore"):
        for start in range(0, flat.size, _BLOCK):
            block = flat[start : start + _BLOCK]
            if not (_likely_finite(block) or (finite := _finite(block)).all()):
                return int(start + finite.argmin()) // (flat.size // len(array))
    return None


def _finite(values: Array) -> Array:
    """Return of each value whether it is finite, also as float32."""
    return np.isfinite(values) if values.itemsize <= 4 else np.abs(values) <= LARGEST_NUMBER


def _likely_finite(block: Array) -> bool:
    """Say, for less than a look at every value costs, that all are finite; False leaves it open."""
    if block.itemsize > 4:
        return bool(block.max() <= LARGEST_NUMBER and block.min() >= -LARGEST_NUMBER)
    return math.isfinite(float(block.sum()))  # NaN and infinity both show in it, but it may overflow without them


def _known_finite(values: Array) -> bool:
    """Whether the native core, with all its threads, says that all values are finite; it is asked if it is in use."""
    from convoscope.engine.select import current

    if values.dtype != np.float32 or current().name != "native":
        return False
    from convoscope import _native

    return _native.all_finite(values)


def _shape_message(shape: Shape, wanted: Shape, where: str) -> str:
    batch = f"(N, {', '.join(map(str, wanted))})"
    return (
        f"{where}: the model takes samples of shape {wanted}, so x must have the shape {batch} for N samples, but its "
        f"shape is {shape}. {_remedy(shape, wanted)}"
    )


def _lacks_batch_axis(shape: Shape, wanted: Shape) -> bool:
    """Whether data of a shape that does not fit is more likely one sample than many."""
    if len(shape) == len(wanted) == 3:
        # Many grey images without a channel axis have as many axes; the last one tells images with channels.
        return shape[-1] == wanted[-1] or (shape[-1] in (1, 3, 4) and min(shape[:2]) > 4)
    if len(shape) == len(wanted):
        return True
    return len(wanted) == 3 and len(shape) == 2


def _remedy(shape: Shape, wanted: Shape) -> str:
    """Say what brings data of `shape` into the shape that is wanted, where that can be told."""
    ending = ", ".join(map(str, wanted))
    sample = shape[1:]
    if shape == wanted:
        return "This is one sample without the batch axis: x[np.newaxis] adds it."
    if (*shape, 1) == wanted:
        return "This is one image without batch and channel axes: x[np.newaxis, ..., np.newaxis] adds both."
    if len(wanted) == 3 and len(sample) == 3 and (sample[1], sample[2], sample[0]) == wanted:
        return "The channels come first, but must come last: x.transpose(0, 2, 3, 1)."
    if len(sample) != len(wanted) and math.prod(sample) == math.prod(wanted):
        flatten = ", or start the model with a Flatten layer" if len(wanted) == 1 else ""
        return f"The number of values is right: x.reshape(-1, {ending}) gives the right shape{flatten}."
    if math.prod(shape) == math.prod(wanted):
        return f"This is one sample without the batch axis: x.reshape(1, {ending}) adds it and gives the right shape."
    if _lacks_batch_axis(shape, wanted):
        axes = "x[np.newaxis]" if len(shape) == len(wanted) else "x[np.newaxis, ..., np.newaxis]"
        what = f"an image of {shape[0]} × {shape[1]} pixels" if len(wanted) == 3 else f"of shape {shape}"
        return (
            f"This looks like one sample without the batch axis, {what}: {axes} adds it. The sample itself must have "
            f"the shape {wanted} as well: reshape it, or build the model for its shape."
        )
    if len(wanted) == 3 and len(sample) in (2, 3):
        if sample[:2] != wanted[:2]:
            given = (*sample, 1)[:3]
            return (
                f"The images are {sample[0]} × {sample[1]} pixels, not {wanted[0]} × {wanted[1]}: resize them, or "
                f"build the model for input_shape={given}."
            )
        return (
            f"The images have {sample[2]} channels, not {wanted[2]}: convert them between colour and greyscale, or "
            f"build the model for input_shape={sample}."
        )
    return "Reshape the data, or build the model for the shape of the data."

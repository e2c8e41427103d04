"""Pooling: a window's pixels become one."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import ConfigurationError, unknown_name
from convoscope.filters.geometry import Geometry, pair, plan
from convoscope.filters.images import finish, take_apart
from convoscope.filters.wording import as_text, channel_name, check_position, lies_on

Array = npt.NDArray[Any]
MODES = ("max", "average", "min")


def pool(
    image: npt.ArrayLike,
    size: Any = 2,
    stride: Any = None,
    mode: str = "max",
    padding: Any = "valid",
    *,
    alpha: bool | None = None,
) -> Array:
    """Shrink an image: keep the largest, the mean or the smallest value of each window.

    Parameters
    ----------
    image : array of shape (height, width) or (height, width, channels)
        Of any type of numbers.
    size : int or (int, int)
        Of the window, in pixels.
    stride : int or (int, int), optional
        Pixels from one window to the next. If left out, the size, so that windows lie side by side.
    mode : {"max", "average", "min"}
    padding : {"valid", "same", "full"}, int, (int, int) or ((top, bottom), (left, right))
        ``"valid"`` drops what is left over at the right and below: 11 pixels become 5. Padded pixels never win, and do
        not count in an average.
    alpha : bool, optional
        Whether the last channel is an alpha, which is averaged. If left out, it is one if there are two or four
        channels.

    Returns
    -------
    array
        Of the image's type and number of axes. Averages of whole numbers are rounded to the nearest, halves to even.

    Raises
    ------
    ShapeError
        If the window is larger than the image.
    ConfigurationError
        If an argument is invalid, such as a padding as large as the window.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[0, 64, 128, 128], [48, 192, 144, 144], [142, 226, 168, 0], [255, 0, 0, 64]], np.uint8)
    >>> pool(image)
    array([[192, 144],
           [255, 168]], dtype=uint8)
    >>> pool(image, mode="min")
    array([[  0, 128],
           [  0,   0]], dtype=uint8)
    """
    if mode not in MODES:
        raise unknown_name("pooling", mode, MODES)
    parts = take_apart(image, alpha)
    geometry = windows(parts.colours.shape[:2], size, stride, padding)
    dtype = parts.colours.dtype
    colours = _average(parts.colours, geometry) if mode == "average" else _extreme(parts.colours, geometry, mode)
    alpha_plane = None
    if parts.alpha is not None:
        alpha_plane = finish(_average(parts.alpha[..., None], geometry), dtype, None)[..., 0]
    return parts.like(finish(colours, dtype, None) if mode == "average" else colours, alpha_plane)


def windows(shape: tuple[int, ...], size: Any, stride: Any, padding: Any) -> Geometry:
    """Check a pooling's arguments and return where its windows are."""
    cells = pair(size, "size")
    geometry = plan((shape[0], shape[1]), cells, cells if stride is None else stride, padding)
    if any(max(sides) >= length for sides, length in zip(geometry.sides, cells, strict=True)):
        raise ConfigurationError(
            f"A pooling of {cells[0]}×{cells[1]} needs padding smaller than its window, so that each window contains "
            f"a pixel of the image, but got {geometry.sides}."
        )
    return geometry


def _cells(geometry: Geometry) -> list[tuple[tuple[slice, slice], tuple[slice, slice]]]:
    """Give, for each of the window's cells, which outputs it has a pixel for, and these pixels."""
    found = []
    for row in range(geometry.window[0]):
        for column in range(geometry.window[1]):
            rows, columns = (_reach(geometry, axis, cell) for axis, cell in enumerate((row, column)))
            found.append(((rows[0], columns[0]), (rows[1], columns[1])))
    return found


def _reach(geometry: Geometry, axis: int, cell: int) -> tuple[slice, slice]:
    stride, offset = geometry.stride[axis], cell - geometry.sides[axis][0]
    first = max(0, -(offset // stride))
    last = min(geometry.positions[axis] - 1, (geometry.image[axis] - 1 - offset) // stride)
    if last < first:
        return slice(0, 0), slice(0, 0)
    begin = first * stride + offset
    return slice(first, last + 1), slice(begin, begin + (last - first) * stride + 1, stride)


def _extreme(image: Array, geometry: Geometry, mode: str) -> Array:
    choose = np.maximum if mode == "max" else np.minimum
    result = np.full((*geometry.positions, image.shape[2]), _worst(image.dtype, mode), image.dtype)
    for outputs, pixels in _cells(geometry):
        choose(result[outputs], image[pixels], out=result[outputs])
    return result


def _worst(dtype: np.dtype[Any], mode: str) -> Any:
    """Return the value that loses to any other."""
    if dtype.kind == "b":
        return mode == "min"
    if dtype.kind == "f":
        return -np.inf if mode == "max" else np.inf
    info = np.iinfo(dtype)
    return info.min if mode == "max" else info.max


def _average(image: Array, geometry: Geometry) -> Array:
    total = np.zeros((*geometry.positions, image.shape[2]))
    count = np.zeros((*geometry.positions, 1))
    for outputs, pixels in _cells(geometry):
        total[outputs] += image[pixels]
        count[outputs] += 1
    return total / count


def explain_window(
    image: npt.ArrayLike, row: int, column: int, size: Any = 2, stride: Any = None, mode: str = "max", padding: Any = 0
) -> str:
    """Write how `pool` comes to one pixel of its result: the window's pixels, and what is kept.

    Examples
    --------
    >>> print(explain_window(np.array([[0, 64], [48, 192]]), 0, 0))
    New pixel (0, 0): the window lies on rows 0 to 1 and columns 0 to 1 of the image.
        0   64
       48  192
    max: 192, of row 1, column 1
    """
    if mode not in MODES:
        raise unknown_name("pooling", mode, MODES)
    parts = take_apart(image, None)
    geometry = windows(parts.colours.shape, size, stride, padding)
    check_position(row, column, geometry.positions)
    rows, columns = (
        positions[(positions >= 0) & (positions < length)]
        for positions, length in zip(geometry.rows_and_columns(row, column), parts.colours.shape[:2], strict=True)
    )
    lines = [f"New pixel ({row}, {column}): the window lies on {lies_on(rows, columns)}."]
    for channel in range(parts.colours.shape[2]):
        values = parts.colours[rows][:, columns, channel]
        shown = [[as_text(value) for value in line] for line in values]
        wide = max(len(word) for line in shown for word in line)
        lines += [f"{channel_name(channel, parts.colours.shape[2])}:"] if parts.colours.shape[2] > 1 else []
        lines += ["  " + "  ".join(word.rjust(wide) for word in line) for line in shown]
        if mode == "average":
            kept = finish(np.array(values.mean()), values.dtype, None)
            lines.append(f"average: {as_text(values.astype(np.float64).sum())} / {values.size} = {as_text(kept)}")
        else:
            best = np.unravel_index(values.argmax() if mode == "max" else values.argmin(), values.shape)
            lines.append(f"{mode}: {as_text(values[best])}, of row {rows[best[0]]}, column {columns[best[1]]}")
    return "\n".join(lines)

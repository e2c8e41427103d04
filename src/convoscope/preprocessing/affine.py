"""Images rotated, shifted, sheared and zoomed as SciPy's ``ndimage.affine_transform`` does it, with NumPy alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import ConfigurationError, ShapeError, unknown_name

Array = npt.NDArray[Any]
_Mode = Callable[[npt.NDArray[np.float64], int], npt.NDArray[np.float64]]

#: Beyond this SciPy counts a coordinate just below 0 as 0.
_TINY = 1e-15


def apply_affine_transform(
    x: npt.ArrayLike,
    theta: float = 0,
    tx: float = 0,
    ty: float = 0,
    shear: float = 0,
    zx: float = 1,
    zy: float = 1,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    order: int = 1,
) -> Array:
    """Rotate, shift, shear and zoom one image around its middle.

    Parameters
    ----------
    x : array of three axes
        One image, of any type of numbers. It is not changed.
    theta : float
        The angle of a rotation, in degrees.
    tx, ty : float
        A shift by so many pixels: `tx` to the left and `ty` upwards.
    shear : float
        The angle of a shear, in degrees.
    zx, zy : float
        Zoom of the width and the height. Below 1 it enlarges.
    row_axis, col_axis, channel_axis : int
        Which axis is which. As in Keras the channels come first unless you say otherwise.
    fill_mode : {"nearest", "constant", "reflect", "wrap"}
        What is outside the image: its edge, `cval`, its mirror image, or itself again.
    cval : float
        The value outside where `fill_mode` is "constant".
    order : {0, 1}
        The nearest pixel, or linear interpolation between four.

    Returns
    -------
    array
        Of the shape and type of `x`.

    Raises
    ------
    ConfigurationError
        `order` is another degree of spline, or `fill_mode` has no such name.
    ShapeError
        `x` does not have three axes, or the three axes are not 0, 1 and 2.

    Examples
    --------
    >>> image = np.arange(9.0).reshape(3, 3, 1)
    >>> apply_affine_transform(image, tx=1, row_axis=0, col_axis=1, channel_axis=2, fill_mode="wrap")[..., 0]
    array([[1., 2., 1.],
           [4., 5., 4.],
           [7., 8., 7.]])
    """
    image = np.asarray(x)
    if image.ndim != 3 or sorted((row_axis, col_axis, channel_axis)) != [0, 1, 2]:
        raise ShapeError(
            "apply_affine_transform takes one image of three axes, and row_axis, col_axis and channel_axis must be 0, "
            f"1 and 2 in some order. The image has the shape {image.shape}, and the axes are {row_axis}, {col_axis} "
            f"and {channel_axis}."
        )
    if zx == zy == 1 and theta == tx == ty == shear == 0:
        return image
    planes = np.moveaxis(image, (channel_axis, row_axis, col_axis), (0, 1, 2))  # (C, H, W)
    height, width = planes.shape[1:]
    matrix = _around_the_middle(_matrix(theta, tx, ty, shear, zx, zy), height, width)
    if col_axis > row_axis:  # Keras' matrix has the columns first
        matrix = matrix[np.ix_([1, 0, 2], [1, 0, 2])]
    moved = affine(planes, matrix[:2, :2], matrix[:2, 2], fill_mode, cval, order)
    return np.moveaxis(moved, (0, 1, 2), (channel_axis, row_axis, col_axis))


def affine(image: Array, matrix: Array, offset: Array, fill_mode: str, cval: float, order: int) -> Array:
    """Give the pixel at ``matrix @ (row, column) + offset`` for each row and column: (C, H, W) from (C, H, W).

    The values are those of SciPy's ``ndimage.affine_transform``, channel by channel, to the last bit.
    """
    check_affine(fill_mode, order)
    height, width = image.shape[1:]
    down = np.arange(height, dtype=np.float64)[:, None]
    across = np.arange(width, dtype=np.float64)[None, :]
    rows, columns = (shift + down * row[0] + across * row[1] for row, shift in zip(matrix, offset, strict=True))
    outside = np.zeros((height, width), bool)
    if fill_mode == "constant":
        outside = (rows < 0) | (rows > height - 1) | (columns < 0) | (columns > width - 1)
    map_outside = _MODES[fill_mode]
    corners = [_neighbours(map_outside(at, n), n, fill_mode, order) for at, n in ((rows, height), (columns, width))]
    pixels = np.ascontiguousarray(image, np.float64).reshape(len(image), -1)
    found: Array = np.zeros(image.shape, np.float64)
    for row, row_share in corners[0]:
        for column, column_share in corners[1]:
            part = pixels.take(row * width + column, axis=1)  # (C, H, W)
            part *= row_share
            part *= column_share
            found += part
    found[:, outside] = cval
    return _as(found, image.dtype)


def check_affine(fill_mode: str, order: int) -> None:
    """Say what is wrong with a `fill_mode` or an order of interpolation that `affine` cannot take."""
    if fill_mode not in _MODES:
        raise unknown_name("fill_mode", fill_mode, _MODES)
    if order not in (0, 1):
        raise ConfigurationError(
            f"interpolation_order must be 0 (nearest) or 1 (linear), but is {order!r}. Splines of a higher degree "
            "need SciPy, which Convoscope does not use."
        )


def _matrix(theta: float, tx: float, ty: float, shear: float, zx: float, zy: float) -> npt.NDArray[np.float64]:
    """Return the product of rotation, shift, shear and zoom, without those that do nothing."""
    angle, slant = np.deg2rad(theta), np.deg2rad(shear)
    parts = [
        (theta != 0, [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]),
        (tx != 0 or ty != 0, [[1, 0, tx], [0, 1, ty], [0, 0, 1]]),
        (shear != 0, [[1, -np.sin(slant), 0], [0, np.cos(slant), 0], [0, 0, 1]]),
        (zx != 1 or zy != 1, [[zx, 0, 0], [0, zy, 0], [0, 0, 1]]),
    ]
    product = np.eye(3)
    for does_something, part in parts:
        if does_something:
            product = np.dot(product, np.array(part, np.float64))
    return product


def _around_the_middle(matrix: npt.NDArray[np.float64], height: int, width: int) -> npt.NDArray[np.float64]:
    """Return the same transform with the middle of the image at its origin."""
    middle = np.array([height / 2 - 0.5, width / 2 - 0.5])
    there, back = np.eye(3), np.eye(3)
    there[:2, 2], back[:2, 2] = middle, -middle
    product: npt.NDArray[np.float64] = np.dot(np.dot(there, matrix), back)
    return product


def _neighbours(
    at: npt.NDArray[np.float64], length: int, fill_mode: str, order: int
) -> list[tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]]:
    """Give the one or two pixels along an axis that a coordinate lies at, and the share of each."""
    if order == 0:
        return [(_inside(np.floor(at + 0.5), length, fill_mode), np.ones_like(at))]
    first = np.floor(at)
    share = 1.0 - (at - first)
    # Not `at - first` for the second: the shares add up to 1, as SciPy's do.
    return [(_inside(first, length, fill_mode), share), (_inside(first + 1, length, fill_mode), 1.0 - share)]


def _inside(pixel: npt.NDArray[np.float64], length: int, fill_mode: str) -> npt.NDArray[np.intp]:
    """Return the index of the pixel that stands at an index just outside the image."""
    if fill_mode in ("nearest", "reflect"):  # the mirror image begins with the edge again
        return np.clip(pixel, 0, length - 1).astype(np.intp)
    # Mirrored at the edge's middle, which is what SciPy takes for "constant" and "wrap". It has no share in the value
    # but with order 0, where a coordinate is rounded up.
    index = np.abs(pixel)
    return np.clip(np.where(index > length - 1, 2 * (length - 1) - index, index), 0, length - 1).astype(np.intp)


def _as_it_is(at: npt.NDArray[np.float64], length: int) -> npt.NDArray[np.float64]:
    return at


def _reflect(at: npt.NDArray[np.float64], length: int) -> npt.NDArray[np.float64]:
    """Mirror at the outer rim of the first and last pixel: d c b a | a b c d | d c b a."""
    if length == 1:
        return np.zeros_like(at)
    period = 2.0 * length
    before, after = at < 0, at > length - 1
    far = np.where(before & (at < -period), at + period * np.trunc(-at / period), at)
    mirrored = np.where(far > -_TINY, _TINY, -far) - 1
    below = np.where(far < -length, far + period, mirrored)
    turned = at - period * np.trunc(at / period)
    above = np.where(turned >= length, period - turned - 1, turned)
    return np.where(before, below, np.where(after, above, at))


def _wrap(at: npt.NDArray[np.float64], length: int) -> npt.NDArray[np.float64]:
    """Begin again, with the last pixel on the first: a b c d | b c d. That is what SciPy calls "wrap"."""
    if length == 1:
        return np.zeros_like(at)
    period = length - 1.0
    below = at + period * (np.trunc(-at / period) + 1)
    above = at - period * np.trunc(at / period)
    return np.where(at < 0, below, np.where(at > period, above, at))


#: What a coordinate outside the image stands for. "nearest" finds the edge for each of the pixels around it, and what
#: "constant" finds is replaced.
_MODES: dict[str, _Mode] = {"nearest": _as_it_is, "constant": _as_it_is, "reflect": _reflect, "wrap": _wrap}


def _as(found: npt.NDArray[np.float64], dtype: np.dtype[Any]) -> Array:
    """Return values in the image's own type: whole numbers are rounded, halves away from zero, and kept in range."""
    if dtype.kind not in "iu":
        return found.astype(dtype)
    bounds = np.iinfo(dtype)
    rounded = np.trunc(np.where(found > 0, found + 0.5, found - 0.5))
    return np.clip(rounded, bounds.min, bounds.max).astype(dtype)

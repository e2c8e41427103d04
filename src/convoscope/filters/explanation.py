"""One new pixel's arithmetic, to be looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import unknown_name
from convoscope.filters.convolution import Task, prepare
from convoscope.filters.geometry import PAD_MODES, pad
from convoscope.filters.images import Clip, finish
from convoscope.filters.kernel import Numbers
from convoscope.filters.wording import as_text, channel_name, check_position, lies_on, middle_of

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Explanation:
    """How one new pixel was computed.

    Attributes
    ----------
    row, column : int
        The new pixel's position in the result.
    rows, columns : tuple of int
        The image's rows and columns under the kernel's cells. Those outside the image are less than 0, or not less
        than its size.
    patch : array of shape (height, width, channels)
        The pixels under the kernel, with the padding where the image has none.
    missing : bool array of shape (height, width)
        True where the image has no pixel.
    kernel : float64 array of shape (height, width, channels)
        As it was multiplied: already rotated with ``mode="convolve"``.
    products : float64 array of shape (height, width, channels)
        ``patch × kernel``.
    sums : float64 array of shape (channels,)
        Each channel's products added up.
    sum : float or float64 array of shape (channels,)
        What is multiplied by the weight: the sum over all channels if they are summed or there is only one, otherwise
        `sums`.
    weight, bias : float
    value : float or float64 array
        ``weight × sum + bias``.
    clipped : number or array
        The value in the result, rounded and clipped if the result is.
    reason : str
        Why neighbours are missing, in words; empty if none are.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[10, 64, 128], [48, 192, 144], [42, 226, 168]], np.uint8)
    >>> result = explain(image, "sobel-x", 0, 0)
    >>> result.products[:, :, 0].tolist(), result.sum
    ([[-10.0, 0.0, 128.0], [-96.0, 0.0, 288.0], [-42.0, 0.0, 168.0]], 436.0)
    """

    row: int
    column: int
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    patch: Array
    missing: npt.NDArray[np.bool_]
    kernel: Numbers
    products: Numbers
    sums: Numbers
    sum: Any
    weight: float
    bias: float
    value: Any
    clipped: Any
    reason: str

    def __str__(self) -> str:
        """Write the arithmetic out, a line for each row of the kernel."""
        lines = [f"New pixel ({self.row}, {self.column}): the kernel lies on {lies_on(self.rows, self.columns)}."]
        lines += [words for words in (self.reason, middle_of(*self.kernel.shape[:2])) if words]
        depth = self.patch.shape[2]
        for channel in range(depth):
            if depth > 1:
                lines.append(f"{channel_name(channel, depth)}:")
            lines += _terms(self.patch[..., channel], self.kernel[..., channel], self.missing)
            lines.append(f"  sum of the {self.kernel[..., 0].size} products: {as_text(self.sums[channel])}")
        added = np.ndim(self.sum) == 0
        if added and depth > 1:
            lines.append(
                f"sum over channels: {' + '.join(as_text(total) for total in self.sums)} = {as_text(self.sum)}"
            )
        for channel, (total, value, clipped) in enumerate(
            zip(np.atleast_1d(self.sum), np.atleast_1d(self.value), np.atleast_1d(self.clipped), strict=True)
        ):
            name = "" if added else f"{channel_name(channel, depth)}: "
            lines.append(name + _ending(float(total), self.weight, self.bias, float(value), clipped))
        return "\n".join(lines)


def explain(
    image: npt.ArrayLike,
    kernel: Any,
    row: int,
    column: int,
    *,
    stride: Any = 1,
    padding: Any = "valid",
    pad_mode: str = "zeros",
    dilation: Any = 1,
    weight: float = 1.0,
    bias: float = 0.0,
    clip: Clip = None,
    channels: str = "apart",
    mode: str = "correlate",
    alpha: bool | None = None,
) -> Explanation:
    """Show how `convolve` computes one pixel of its result.

    Parameters
    ----------
    image, kernel
        As `convolve` takes them.
    row, column : int
        The pixel's position in the result. With ``padding="same"`` and a stride of 1 that is also its position in
        the image; without padding, a 3×3 kernel's result (0, 0) has the image's pixel (1, 1) under its middle.
    stride, padding, pad_mode, dilation, weight, bias, clip, channels, mode, alpha
        As in `convolve`.

    Returns
    -------
    Explanation

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[0, 64, 128], [48, 192, 144], [42, 226, 168]], np.uint8)
    >>> print(explain(image, "sobel-x", 0, 0))
    New pixel (0, 0): the kernel lies on rows 0 to 2 and columns 0 to 2 of the image.
       0 × -1  +   64 × 0  +  128 × 1
      48 × -2  +  192 × 0  +  144 × 2
      42 × -1  +  226 × 0  +  168 × 1
      sum of the 9 products: 446
    446, clipped to 255

    The corner has no neighbours above and to its left:

    >>> print(explain(image, "box-blur", 0, 0, padding="same"))
    New pixel (0, 0): the kernel lies on rows -1 to 1 and columns -1 to 1 of the image.
    No pixels above and to the left: 5 of 9 are missing (?), and count as 0.
      ? × 1  +   ? × 1  +    ? × 1
      ? × 1  +   0 × 1  +   64 × 1
      ? × 1  +  48 × 1  +  192 × 1
      sum of the 9 products: 304
    304 × 0.111111 = 33.7778, rounded to 34
    """
    if pad_mode not in PAD_MODES:
        raise unknown_name("pad mode", pad_mode, PAD_MODES)
    task = prepare(image, kernel, stride, padding, dilation, weight, bias, clip, channels, mode, alpha)
    geometry = task.geometry
    check_position(row, column, geometry.positions)
    height, width, depth = task.parts.colours.shape
    rows, columns = geometry.rows_and_columns(row, column)
    missing = ~np.logical_and.outer((rows >= 0) & (rows < height), (columns >= 0) & (columns < width))
    padded = pad(task.parts.colours, geometry.sides, pad_mode)
    patch = padded[np.ix_(rows + geometry.sides[0][0], columns + geometry.sides[1][0])]
    numbers = np.stack([task.kernels[channel % len(task.kernels)] for channel in range(depth)], axis=-1)
    products = patch.astype(np.float64) * numbers
    sums = products.sum(axis=(0, 1))
    total = sums if channels == "apart" and depth > 1 else sums.sum()
    value = total * task.weight + task.bias
    return Explanation(
        int(row),
        int(column),
        tuple(rows.tolist()),
        tuple(columns.tolist()),
        patch,
        missing,
        numbers,
        products,
        sums,
        total if np.ndim(total) else float(total),
        task.weight,
        task.bias,
        value if np.ndim(value) else float(value),
        _clipped(task, value),
        _reason(missing, rows, columns, height, width, pad_mode),
    )


def _clipped(task: Task, value: Any) -> Any:
    result = finish(np.atleast_1d(value), task.kind, task.limits)
    return result if np.ndim(value) else result[0].item()


def _reason(missing: Array, rows: Array, columns: Array, height: int, width: int, pad_mode: str) -> str:
    if not missing.any():
        return ""
    sides = [
        words
        for words, there in (
            ("above", (rows < 0).any()),
            ("below", (rows >= height).any()),
            ("to the left", (columns < 0).any()),
            ("to the right", (columns >= width).any()),
        )
        if there
    ]
    where = " and ".join(filter(None, [", ".join(sides[:-1]), sides[-1]]))
    count = "count as 0" if pad_mode == "zeros" else f"are padded ({pad_mode})"
    return f"No pixels {where}: {int(missing.sum())} of {missing.size} are missing (?), and {count}."


def _terms(patch: Array, kernel: Numbers, missing: Array) -> list[str]:
    """Write the products in columns; a missing neighbour has a question mark, and its value if it counts."""
    shown = [
        [_pixel(value, gone) for value, gone in zip(values, gaps, strict=True)]
        for values, gaps in zip(patch, missing, strict=True)
    ]
    factors = [[as_text(number) for number in row] for row in kernel]
    wide = [max(len(row[position]) for row in shown) for position in range(len(shown[0]))]
    narrow = [max(len(row[position]) for row in factors) for position in range(len(factors[0]))]
    return [
        "  "
        + "  +  ".join(
            f"{pixel:>{wide[position]}} × {factor:<{narrow[position]}}"
            for position, (pixel, factor) in enumerate(zip(pixels, row, strict=True))
        ).rstrip()
        for pixels, row in zip(shown, factors, strict=True)
    ]


def _pixel(value: Any, gone: bool) -> str:
    if not gone:
        return as_text(value)
    return f"{as_text(value)}?" if value else "?"


def _ending(total: float, weight: float, bias: float, value: float, clipped: Any) -> str:
    text = as_text(total)
    if weight != 1:
        text += f" × {as_text(weight)}"
    if bias:
        text += f" {'+' if bias > 0 else '−'} {as_text(abs(bias))}"
    if weight != 1 or bias:
        text += f" = {as_text(value)}"
    if float(clipped) == value or abs(float(clipped) - value) <= 1e-6 * abs(value):
        return text
    word = "rounded" if float(clipped) == np.rint(value) else "clipped"
    return f"{text}, {word} to {as_text(clipped)}"

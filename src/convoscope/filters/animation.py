"""The window moving over a small image, as an animated GIF."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import ConfigurationError, ShapeError
from convoscope.filters.chain import Step
from convoscope.filters.geometry import Geometry

if TYPE_CHECKING:
    import PIL.Image

Array = npt.NDArray[Any]
LARGEST_IMAGE, LARGEST_WINDOW = 64, 7
_MOST_FRAMES = 200
_SIDE, _GAP, _LINE = 320, 24, 20  # pixels: of a panel, around it, of a line of text
_PAPER, _INK, _WINDOW, _OUTSIDE, _EMPTY = "#ffffff", "#1c1e21", "#d9480f", "#e3e6ea", "#f4f5f7"


def animate(image: npt.ArrayLike, step: Step, *, milliseconds: int = 120) -> bytes:
    """Draw how a step comes to its result, pixel by pixel.

    Parameters
    ----------
    image : array of shape (height, width) or (height, width, channels)
        Of at most 64 × 64 pixels, so that each can be seen; bytes, or numbers from 0 to 255.
    step : Filter or Pooling
        Whose window has at most 7 × 7 cells.
    milliseconds : int
        How long each pixel is shown.

    Returns
    -------
    bytes
        A GIF: on the left the image and the window, on the right what has been computed, below it the arithmetic. Of
        more than 200 positions only some are shown, at equal distances.

    Raises
    ------
    ShapeError
        The image or the window is too large.
    """
    import PIL.Image

    array = np.asarray(image)
    geometry = step.geometry(array)
    if max(geometry.image) > LARGEST_IMAGE or max(geometry.window) > LARGEST_WINDOW:
        raise ShapeError(
            f"An animation shows images of at most {LARGEST_IMAGE}×{LARGEST_IMAGE} pixels under windows of at most "
            f"{LARGEST_WINDOW}×{LARGEST_WINDOW}, but these have {geometry.image[0]}×{geometry.image[1]} and "
            f"{geometry.window[0]}×{geometry.window[1]}. Use the sample 'drawing' or a smaller image."
        )
    if not 20 <= milliseconds <= 10_000:
        raise ConfigurationError(f"Each pixel is shown for 20 to 10,000 milliseconds, but got {milliseconds}.")
    result = step.apply(array)
    count = geometry.positions[0] * geometry.positions[1]
    shown = np.unique(np.linspace(0, count - 1, min(count, _MOST_FRAMES)).round().astype(int))
    positions = [divmod(int(number), geometry.positions[1]) for number in shown]
    texts = [step.explain(array, *position).splitlines() for position in positions]
    room = _room(texts)
    frames = [
        _frame(array, result, geometry, position, text, room) for position, text in zip(positions, texts, strict=True)
    ]
    palette = frames[-1].quantize(96)  # one for all, so that a frame need only hold what changed
    frames = [frame.quantize(palette=palette, dither=PIL.Image.Dither.NONE) for frame in frames]
    file = io.BytesIO()
    durations = [milliseconds] * (len(frames) - 1) + [2000]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0, optimize=False)
    return file.getvalue()


def _room(texts: list[list[str]]) -> tuple[int, int]:
    """Return the size of a frame, (width, height), in which all texts have room."""
    from PIL import ImageFont

    font = ImageFont.load_default(14)
    longest = max(font.getlength(line) for text in texts for line in text)
    width = max(2 * _SIDE + 3 * _GAP, round(longest) + 2 * _GAP)
    return width, _SIDE + 3 * _GAP + _LINE * max(len(text) for text in texts)


def _frame(
    image: Array, result: Array, geometry: Geometry, position: tuple[int, int], text: list[str], size: tuple[int, int]
) -> PIL.Image.Image:
    import PIL.Image
    import PIL.ImageDraw
    from PIL import ImageFont

    canvas = PIL.Image.new("RGB", size, _PAPER)
    pen = PIL.ImageDraw.Draw(canvas)
    (top, bottom), (left, right) = geometry.sides
    rows, columns = geometry.image[0] + top + bottom, geometry.image[1] + left + right
    cell = max(1, _SIDE // max(rows, columns))
    pen.rectangle(_box((0, 0), (rows, columns), cell, _GAP), fill=_OUTSIDE)
    _paste(canvas, image, _GAP + left * cell, _GAP + top * cell, cell)
    corner = (position[0] * geometry.stride[0], position[1] * geometry.stride[1])
    pen.rectangle(_box(corner, geometry.covered, cell, _GAP), outline=_WINDOW, width=2)

    done = position[0] * geometry.positions[1] + position[1] + 1
    at = _GAP + _SIDE + _GAP
    cell = max(1, _SIDE // max(geometry.positions))
    _paste(canvas, result, at, _GAP, cell)
    for row in range(geometry.positions[0]):
        first = min(max(done - row * geometry.positions[1], 0), geometry.positions[1])
        if first < geometry.positions[1]:
            cover = _box((row, first), (1, geometry.positions[1] - first), cell, at)
            pen.rectangle(cover, fill=_EMPTY)
    pen.rectangle(_box(position, (1, 1), cell, at), outline=_WINDOW, width=2)
    font = ImageFont.load_default(14)
    for number, line in enumerate(text):
        line = line.replace("×", "x").replace("−", "-")  # the font has neither
        pen.text((_GAP, _SIDE + 2 * _GAP + number * _LINE), line, _INK, font)
    return canvas


def _box(corner: tuple[int, int], size: tuple[int, int], cell: int, at: int) -> tuple[int, int, int, int]:
    left, top = at + corner[1] * cell, _GAP + corner[0] * cell
    return left, top, left + size[1] * cell - 1, top + size[0] * cell - 1


def _paste(canvas: PIL.Image.Image, image: Array, left: int, top: int, cell: int) -> None:
    import PIL.Image

    from convoscope.filters.showing import as_bytes

    picture = PIL.Image.fromarray(as_bytes(image)).convert("RGB")
    grown = picture.resize((picture.width * cell, picture.height * cell), PIL.Image.Resampling.NEAREST)
    canvas.paste(grown, (left, top))

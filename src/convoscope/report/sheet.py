"""Pictures to keep of a report: the worst mistakes or samples on one sheet, and the confusion matrix."""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from convoscope.names import for_terminal
from convoscope.report.classification import Report, images_of
from convoscope.report.pixels import Image, resized, to_rgb
from convoscope.report.terminal import percent
from convoscope.wording import counted

if TYPE_CHECKING:
    import PIL.Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont as BitmapFont

_PAPER, INK, FAINT = "#ffffff", "#1c1e21", "#6b7177"
GREEN, RED = "#1a7f37", "#cf222e"
_MARGIN, _GAP, _TILE, _LINE = 32, 24, 144, 20
_CELL, _MATRIX = 56, 1600  # the side of a cell, and of a matrix of many classes


def mistakes_sheet(report: Report, images: Image, max_value: float, title: str, *, columns: int = 6) -> PIL.Image.Image:
    """Lay out the worst mistakes on a sheet, each with what it is and what the model took it for.

    Parameters
    ----------
    report : dict
        What `classification_report` returned.
    images : array of shape (images, height, width[, channels])
        The images that it is about.
    max_value : float
        The largest value that a pixel of them can have.
    title : str
        What stands at the top.
    columns : int
        How many side by side.

    Returns
    -------
    PIL.Image.Image
        In colour, as large as it needs to be.
    """
    names = [row["name"] for row in report["classes"]]
    worst = report["worst_mistakes"]
    summary = (
        f"{counted(report['mistakes'], 'mistake')} in {images_of(report)}, the most confident first"
        if worst
        else f"No mistakes in {images_of(report)}"
    )
    tiles = [(images[each["index"]], _caption(each, names)) for each in worst]
    return contact_sheet(tiles, max_value, title, summary, columns)


def samples_sheet(
    samples: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    images: Image,
    max_value: float,
    title: str,
    *,
    columns: int = 6,
) -> PIL.Image.Image:
    """Lay out images on a sheet, right or wrong, each with what it is and what the model took it for.

    Parameters
    ----------
    samples : sequence of dict
        With an image's ``index``, the ``true`` and ``predicted`` class numbers and the prediction's ``probability``.
    names : sequence of str
        The classes'.
    images, max_value, title, columns
        As in `mistakes_sheet`.
    """
    right = sum(each["true"] == each["predicted"] for each in samples)
    tiles = [(images[each["index"]], _caption(each, names)) for each in samples]
    return contact_sheet(tiles, max_value, title, f"{right} of these {len(samples)} images correct", columns)


def _caption(prediction: Mapping[str, Any], names: Sequence[str]) -> list[tuple[str, str]]:
    """Say in lines, each with its colour, what an image is and what the model took it for."""
    taken = GREEN if prediction["true"] == prediction["predicted"] else RED
    return [
        (f"true {names[prediction['true']]}", GREEN),
        (f"predicted {names[prediction['predicted']]}", taken),
        (f"{percent(prediction['probability'])} sure #{prediction['index']}", FAINT),
        *([(prediction["file"].rpartition("/")[2], FAINT)] if "file" in prediction else []),
    ]


def contact_sheet(
    tiles: Sequence[tuple[Image, list[tuple[str, str]]] | None],
    max_value: float,
    title: str,
    summary: str,
    columns: int = 6,
) -> PIL.Image.Image:
    """Lay out images on a sheet, each with lines of text below it.

    Parameters
    ----------
    tiles : sequence of (array, list of (str, str)) or None
        An image, and lines each with its colour, such as ``INK``. None leaves a place empty.
    max_value : float
        The largest value that a pixel can have.
    title, summary : str
        What stands at the top, and below it.
    columns : int
        How many side by side.
    """
    import PIL.Image
    import PIL.ImageDraw

    rows = -(-len(tiles) // columns)
    lines = max((len(tile[1]) for tile in tiles if tile), default=0)
    tile_height = _TILE + lines * _LINE + _GAP
    top = _MARGIN + 2 * _LINE + _GAP
    width = 2 * _MARGIN + columns * (_TILE + _GAP) - _GAP
    sheet = PIL.Image.new("RGB", (width, top + rows * tile_height + _MARGIN - _GAP), _PAPER)
    pen = PIL.ImageDraw.Draw(sheet)
    pen.text((_MARGIN, _MARGIN - 4), _shortened(pen, title, 22, width - 2 * _MARGIN), INK, _font(22))
    pen.text((_MARGIN, _MARGIN + 26), summary, FAINT, _font(15))
    for index, tile in enumerate(tiles):
        if tile is None:
            continue
        image, caption = tile
        left = _MARGIN + index % columns * (_TILE + _GAP)
        upper = top + index // columns * tile_height
        sheet.paste(PIL.Image.fromarray(_square(to_rgb(image, max_value))), (left, upper))
        below = upper + _TILE + 6
        for number, (text, colour) in enumerate(caption):
            pen.text((left, below + number * _LINE), _shortened(pen, text, 15, _TILE), colour, _font(15))
    return sheet


def confusion_picture(report: Report, title: str) -> PIL.Image.Image:
    """Draw the confusion matrix: a row for what an image is, a column for what the model says.

    A cell is as dark as its share of the row, green where the model is right and red where it is not; a tenth of the
    row astray is as red as it gets.
    """
    import PIL.Image
    import PIL.ImageDraw

    names = [row["name"] for row in report["classes"]]
    matrix = report["confusion_matrix"]
    ruler = PIL.ImageDraw.Draw(PIL.Image.new("RGB", (1, 1)))
    labels = [_shortened(ruler, name, 15, 160) for name in names]
    longest = round(max(ruler.textlength(label, _font(15)) for label in labels))
    left, top = _MARGIN + longest + 12, _MARGIN + 56 + longest + 12
    cell = max(24, min(_CELL, _MATRIX // len(names)))
    side = cell * len(names)
    title = _shortened(ruler, title, 22, _MATRIX)
    meaning = f"{images_of(report)}: rows are true classes, columns are predictions"
    written = max(ruler.textlength(title, _font(22)), ruler.textlength(meaning, _font(15)))
    width = max(left + side + _MARGIN, 2 * _MARGIN + round(written))
    picture = PIL.Image.new("RGB", (width, top + side + _MARGIN), _PAPER)
    pen = PIL.ImageDraw.Draw(picture)
    pen.text((_MARGIN, _MARGIN - 4), title, INK, _font(22))
    pen.text((_MARGIN, _MARGIN + 26), meaning, FAINT, _font(15))
    for index, (label, row) in enumerate(zip(labels, matrix, strict=True)):
        start = index * cell
        pen.text((left - 12, top + start + cell // 2), label, INK, _font(15), anchor="rm")
        _upright(picture, label, (left + start + cell // 2, top - 10))
        for column, count in enumerate(row):
            box = (left + column * cell, top + start)
            paper, ink = _heat(count / max(1, sum(row)), agrees=index == column)
            pen.rectangle((*box, box[0] + cell - 3, box[1] + cell - 3), paper)
            if count:
                middle = (box[0] + cell // 2 - 1, box[1] + cell // 2 - 1)
                pen.text(middle, f"{count}", ink, _font(15), anchor="mm")
    return picture


def _heat(share: float, *, agrees: bool) -> tuple[str, str]:
    strength = 0.0 if not share else share if agrees else min(1.0, 0.15 + share * 8.5)
    full = (26, 127, 55) if agrees else (207, 34, 46)
    shade = [round(246 + (end - 246) * strength) for end in full]
    return "#{:02x}{:02x}{:02x}".format(*shade), _PAPER if strength > 0.55 else INK


def _square(colours: Image) -> Image:
    """Enlarge an image to fit into a tile, by a whole number so that its pixels stay alike, with paper around it."""
    import numpy as np

    longest = max(colours.shape[:2])
    times = _TILE // longest if longest <= _TILE else _TILE / longest
    fitted = resized(colours, max(1, round(colours.shape[1] * times)))[:_TILE]
    tile = np.full((_TILE, _TILE, 3), 255, np.uint8)
    upper, left = (_TILE - fitted.shape[0]) // 2, (_TILE - fitted.shape[1]) // 2
    tile[upper : upper + fitted.shape[0], left : left + fitted.shape[1]] = fitted
    return tile


def _upright(picture: PIL.Image.Image, text: str, bottom: tuple[int, int]) -> None:
    """Write text that reads upwards and ends above a point."""
    import PIL.Image
    import PIL.ImageDraw

    pen = PIL.ImageDraw.Draw(picture)
    strip = PIL.Image.new("RGB", (round(pen.textlength(text, _font(15))) + 4, 24), _PAPER)
    PIL.ImageDraw.Draw(strip).text((0, 12), text, INK, _font(15), anchor="lm")
    turned = strip.rotate(90, expand=True)
    picture.paste(turned, (bottom[0] - turned.width // 2, bottom[1] - turned.height))


@cache
def _font(size: int) -> FreeTypeFont | BitmapFont:
    from PIL import ImageFont

    return ImageFont.load_default(size)


def _shortened(pen: ImageDraw, text: str, size: int, room: int) -> str:
    """Return what there is room for of a text that may be a name of any length, with its control characters shown."""
    font = _font(size)
    text = for_terminal(text[:room])  # no letter is narrower than a pixel
    if pen.textlength(text, font) <= room:
        return text
    fits = bisect.bisect(range(1, len(text)), float(room), key=lambda length: pen.textlength(text[:length] + "…", font))
    return text[: max(1, fits)] + "…"

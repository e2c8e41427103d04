"""What objects look like in a notebook: small tables, pictures and curves, in light and dark colours, without scripts.

Nothing here sets a colour for text or ground: the notebook's own theme does. Everything that comes from a person is
escaped.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import numpy as np
import numpy.typing as npt

_LONGEST = 80  # characters of a name
_SIDE = 48  # pixels of a thumbnail
_WIDTH, _HEIGHT, _POINTS = 260, 110, 200  # of a curve
# Both are legible on white and on black.
_COLOURS = ("#3d85c6", "#d98324")


def heading(title: str, note: str = "") -> str:
    """Return a title in bold, and a note after it."""
    return f"<div><b>{clean(title)}</b>{f' · {clean(note)}' if note else ''}</div>"


def paragraph(text: str) -> str:
    """Return a line of text."""
    return f"<div>{clean(text)}</div>"


def table(titles: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1) -> str:
    """Return a table, whose first `left` columns are texts and the others numbers."""

    def line(cells: Sequence[str], tag: str) -> str:
        sides = ("left" if number < left else "right" for number in range(len(cells)))
        return "".join(
            f'<{tag} style="text-align:{side}">{clean(cell)}</{tag}>' for side, cell in zip(sides, cells, strict=True)
        )

    body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in rows)
    return f"<table><thead><tr>{line(titles, 'th')}</tr></thead><tbody>{body}</tbody></table>"


def clean(text: str) -> str:
    """Return text that is safe in HTML, shortened where it is very long."""
    shown = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return escape(shown.encode("utf-8", "backslashreplace").decode("utf-8"))


def thumbnails(pictures: Iterable[tuple[str, npt.NDArray[Any]]], max_value: float) -> str:
    """Return small pictures with their names below them.

    Parameters
    ----------
    pictures : iterable of (str, array)
        Arrays of shape (height, width), (height, width, 1) or (height, width, 3).
    max_value : float
        The brightest value there can be.
    """
    figures = [
        '<figure style="display:inline-block;margin:4px;text-align:center">'
        f'<img src="{_address(array, max_value)}" alt="{clean(name)}" height="{_SIDE}" '
        'style="image-rendering:pixelated">'
        f'<figcaption style="font-size:smaller">{clean(name)}</figcaption></figure>'
        for name, array in pictures
    ]
    return f"<div>{''.join(figures)}</div>"


def curves(title: str, series: Sequence[tuple[str, Sequence[float]]]) -> str:
    """Return lines over the epochs as a picture (SVG).

    Parameters
    ----------
    title : str
    series : sequence of (str, sequence of float)
        Names and values, one an epoch. The first line is dashed. NaN leaves a gap.
    """
    finite = [value for _, values in series for value in values if math.isfinite(value)]
    if not finite:
        return ""
    low, high = min(finite), max(finite)
    dashes = ' stroke-dasharray="4 3"' if len(series) > 1 else ""
    drawn = "".join(
        f'<path d="{_path(values, low, high)}" fill="none" stroke="{_COLOURS[number % 2]}" stroke-width="1.5"'
        f"{'' if number else dashes}/>"
        f'<text x="{4 + 130 * number}" y="{_HEIGHT + 14}" font-size="11" fill="{_COLOURS[number % 2]}">{clean(name)}'
        "</text>"
        for number, (name, values) in enumerate(series)
    )
    ends = "".join(
        f'<text x="{_WIDTH - 2}" y="{y}" font-size="10" text-anchor="end" fill="currentColor">{value:.4g}</text>'
        for y, value in ((10, high), (_HEIGHT - 2, low))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT + 18}" role="img" '
        f'aria-label="{clean(title)}">{drawn}{ends}</svg>'
    )


def _path(values: Sequence[float], low: float, high: float) -> str:
    """Return where a line goes; of very many values only some are drawn."""
    every = max(1, math.ceil(len(values) / _POINTS))
    positions = sorted({*range(0, len(values), every), len(values) - 1})
    across, up = (_WIDTH - 50) / max(1, len(values) - 1), (_HEIGHT - 12) / ((high - low) or 1.0)
    parts, pen = [], "M"
    for position in positions:
        value = values[position]
        if not math.isfinite(value):
            pen = "M"
            continue
        parts.append(f"{pen}{4 + position * across:.1f} {_HEIGHT - 6 - (value - low) * up:.1f}")
        pen = "L"
    if len(parts) == 1:
        parts.append("h1")  # one epoch is a point
    return "".join(parts)


def _address(array: npt.NDArray[Any], max_value: float) -> str:
    import PIL.Image

    picture = np.asarray(array)
    picture = picture[..., 0] if picture.ndim == 3 and picture.shape[2] == 1 else picture
    scaled = np.clip(np.rint(picture * (255 / max_value)), 0, 255).astype(np.uint8)
    small = PIL.Image.fromarray(scaled)
    small.thumbnail((2 * _SIDE, 2 * _SIDE))
    file = io.BytesIO()
    small.save(file, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"

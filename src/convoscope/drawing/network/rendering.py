"""A scene as an SVG or as a PNG file's bytes. Nothing but Pillow is needed."""

from __future__ import annotations

import math
from functools import cache
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any

from convoscope.drawing.look import PAPER
from convoscope.drawing.network.scene import Curve, Label, Panel, Point, Scene

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

_RADIUS, _LINE_WIDTH = 6.0, 1.3
_HEAD_LENGTH, _HEAD_WIDTH = 8.0, 3.6
_FONTS = "Aileron, Helvetica, Arial, sans-serif"
_ARROW, _ARROW_WIDTH = "→", 0.95  # in sizes of the text
_MOST_PIXELS = 60e6  # of a PNG, before it is made smaller
_FINER = 2  # a PNG is drawn so many times as large, for smooth edges


@cache
def _font(size: float) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size)


def width_of(text: str, size: float, bold: bool) -> float:
    """Return how wide a text is drawn."""
    letters = text.replace("×", "x").replace(_ARROW, "")
    wider = 0.05 * len(letters) if bold else 0.0
    return size * (float(_font(64.0).getlength(letters)) / 64.0 + wider + _ARROW_WIDTH * text.count(_ARROW))


# ---- SVG


def svg(scene: Scene) -> str:
    """Return a scene as the text of an SVG file."""
    width, height = math.ceil(scene.width), math.ceil(scene.height)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="{_FONTS}">',
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>',
        *map(_svg_panel, scene.groups),
        *map(_svg_curve, scene.curves),
        *map(_svg_panel, scene.boxes),
        *map(_svg_label, scene.labels),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _svg_panel(panel: Panel) -> str:
    dashes = ' stroke-dasharray="5 4"' if panel.dashed else ""
    return (
        f'<rect x="{panel.left:.1f}" y="{panel.top:.1f}" width="{panel.width:.1f}" height="{panel.height:.1f}" '
        f'rx="{_RADIUS:g}" fill="{panel.fill}" stroke="{panel.frame}" stroke-width="{_LINE_WIDTH}"{dashes}/>'
    )


def _svg_curve(curve: Curve) -> str:
    path = f"M{_svg_point(curve.start)}" + "".join(f"C{' '.join(map(_svg_point, piece))}" for piece in curve.pieces)
    head = " ".join(map(_svg_point, _head(curve)))
    return (
        f'<path d="{path}" fill="none" stroke="{curve.colour}" stroke-width="{_LINE_WIDTH}"/>'
        f'<polygon points="{head}" fill="{curve.colour}"/>'
    )


def _svg_point(point: Point) -> str:
    return f"{point[0]:.1f},{point[1]:.1f}"


def _svg_label(label: Label) -> str:
    bold = ' font-weight="600"' if label.bold else ""
    anchor = ' text-anchor="middle"' if label.centred else ""
    # Who opens the file may have another font: its letters are set as wide as the box was made for.
    width = width_of(label.text, label.size, label.bold)
    return (
        f'<text x="{label.x:.1f}" y="{label.y:.1f}" dy="0.35em" font-size="{label.size:g}" fill="{label.colour}" '
        f'textLength="{width:.1f}" lengthAdjust="spacingAndGlyphs"{bold}{anchor}>{escape(label.text)}</text>'
    )


def _head(curve: Curve) -> tuple[Point, Point, Point]:
    """Return the three corners of the arrow's head."""
    (x, y), before = curve.pieces[-1][2], curve.pieces[-1][1]
    length = math.hypot(x - before[0], y - before[1]) or 1.0
    along = ((x - before[0]) / length, (y - before[1]) / length)
    foot = (x - along[0] * _HEAD_LENGTH, y - along[1] * _HEAD_LENGTH)
    side = (-along[1] * _HEAD_WIDTH, along[0] * _HEAD_WIDTH)
    return (x, y), (foot[0] + side[0], foot[1] + side[1]), (foot[0] - side[0], foot[1] - side[1])


# ---- PNG


def png(scene: Scene, dpi: float) -> bytes:
    """Return a scene as a PNG file; a picture beyond 60 million pixels is made with fewer of them."""
    from PIL import Image, ImageDraw

    scale = min(dpi / 96.0, math.sqrt(_MOST_PIXELS / (scene.width * scene.height)))
    size = math.ceil(scene.width * scale), math.ceil(scene.height * scale)
    finer = _FINER if size[0] * size[1] * _FINER**2 <= 2 * _MOST_PIXELS else 1
    picture = Image.new("RGB", (size[0] * finer, size[1] * finer), PAPER)
    pen, scale = ImageDraw.Draw(picture), scale * finer
    for panel in scene.groups:
        _draw_panel(pen, panel, scale)
    for curve in scene.curves:
        _draw_curve(pen, curve, scale)
    for panel in scene.boxes:
        _draw_panel(pen, panel, scale)
    for label in scene.labels:
        _draw_label(pen, label, scale)
    target = BytesIO()
    small = picture if finer == 1 else picture.resize(size, Image.Resampling.BOX)
    small.save(target, "PNG", dpi=(dpi, dpi), optimize=True)
    return target.getvalue()


def _draw_panel(pen: ImageDraw, panel: Panel, scale: float) -> None:
    box = [v * scale for v in (panel.left, panel.top, panel.left + panel.width, panel.top + panel.height)]
    pen.rounded_rectangle(box, _RADIUS * scale, panel.fill, panel.frame, max(1, round(_LINE_WIDTH * scale)))


def _draw_curve(pen: ImageDraw, curve: Curve, scale: float) -> None:
    points, start = [curve.start], curve.start
    for first, second, end in curve.pieces:
        for step in range(1, 25):
            t = step / 24
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
            corners = (start, first, second, end)
            points.append(
                (
                    sum(w * corner[0] for w, corner in zip(weights, corners, strict=True)),
                    sum(w * corner[1] for w, corner in zip(weights, corners, strict=True)),
                )
            )
        start = end
    head = _head(curve)
    points[-1] = ((head[1][0] + head[2][0]) / 2, (head[1][1] + head[2][1]) / 2)  # the head's foot
    scaled = [(x * scale, y * scale) for x, y in points]
    pen.line(scaled, curve.colour, max(1, round(_LINE_WIDTH * scale)), joint="curve")
    pen.polygon([(x * scale, y * scale) for x, y in head], curve.colour)


def _draw_label(pen: ImageDraw, label: Label, scale: float) -> None:
    """Draw a text piece by piece, with arrows between them of our own: Pillow's font has none."""
    font = _font(round(label.size * scale, 1))
    stroke = 0.022 * label.size * scale if label.bold else 0.0
    x, y = label.x * scale, label.y * scale
    if label.centred:
        x -= width_of(label.text, label.size, label.bold) * scale / 2
    for number, piece in enumerate(label.text.split(_ARROW)):
        if number:
            _draw_arrow(pen, x, y, label.size * scale, label.colour)
            x += _ARROW_WIDTH * label.size * scale
        text = piece.replace("×", "x")
        pen.text((x, y), text, label.colour, font, anchor="lm", stroke_width=stroke)
        x += font.getlength(text)


def _draw_arrow(pen: ImageDraw, x: float, y: float, size: float, colour: str) -> None:
    left, right, head = x + 0.12 * size, x + (_ARROW_WIDTH - 0.12) * size, 0.2 * size
    y += 0.06 * size  # as high as the middle of small letters
    width = max(1, round(0.07 * size))
    pen.line([(left, y), (right, y)], colour, width)
    pen.line([(right - head, y - head), (right, y), (right - head, y + head)], colour, width, joint="curve")

"""Draw the figures of the explanations in docs/: backward.md, winograd.md and assignment.md.

Run it from anywhere: ``python tools/make_explanation_figures.py``. The numbers are computed here, from a small example.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

IMAGES = Path(__file__).parents[1] / "docs" / "images"
_CELL = 34
_INK, _GREY, _BLUE, _ORANGE, _PALE = "#1c1c1c", "#5b5b5b", "#bcd7f2", "#f7c99b", "#f2f2f2"
Fill = Callable[[int, int], str]


class Drawing:
    """An SVG that grows: black on white, so that it is readable on a dark page too."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'font-family="system-ui, sans-serif" font-size="14"><title>{escape(title)}</title>',
            f'<rect width="{width}" height="{height}" fill="#fff"/>',
        ]

    def text(self, x: float, y: float, words: str, *, anchor: str = "middle", grey: bool = False) -> None:
        ink = _GREY if grey else _INK
        self._parts.append(f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{ink}">{escape(words)}</text>')

    def box(
        self, x: float, y: float, width: float, height: float, fill: str, heavy: bool = False, line: bool = True
    ) -> None:
        stroke = f' stroke="{_INK}" stroke-width="{2.5 if heavy else 1}"' if line else ""
        self._parts.append(f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{fill}"{stroke}/>')

    def grid(self, x: int, y: int, values: npt.NDArray[np.int_], fill: Fill, title: str = "") -> None:
        """Draw numbers in cells, with a title above."""
        for (row, column), value in np.ndenumerate(values):
            left, top = x + column * _CELL, y + row * _CELL
            self.box(left, top, _CELL, _CELL, fill(row, column))
            self.text(left + _CELL / 2, top + _CELL / 2 + 5, str(value).replace("-", "−"))
        if title:
            self.text(x + values.shape[1] * _CELL / 2, y - 10, title, grey=True)

    def arrow(self, x: float, y: float, to_x: float, to_y: float) -> None:
        direction = np.array([to_x - x, to_y - y])
        unit = direction / np.hypot(*direction)
        side = np.array([-unit[1], unit[0]])
        tip = np.array([to_x, to_y])
        corners = [tip, tip - 9 * unit + 5 * side, tip - 9 * unit - 5 * side]
        points = " ".join(f"{px:.1f},{py:.1f}" for px, py in corners)
        self._parts.append(
            f'<line x1="{x}" y1="{y}" x2="{to_x}" y2="{to_y}" stroke="{_INK}" stroke-width="1.5"/>'
            f'<polygon points="{points}" fill="{_INK}"/>'
        )

    def write(self, name: str) -> None:
        (IMAGES / name).write_text("".join([*self._parts, "</svg>\n"]), encoding="utf-8")


def winners() -> None:
    """Draw a 4×4 map, its pooled values with their winners, and what comes back through them."""
    maps = np.array([[2, 5, -1, 0], [1, 3, 4, 1], [-3, -1, 0, 2], [-2, -4, 7, 6]])
    windows = maps.reshape(2, 2, 2, 2).transpose(0, 2, 1, 3).reshape(2, 2, 4)
    place = windows.argmax(axis=-1)
    pooled = np.maximum(windows.max(axis=-1), 0)
    arriving = np.array([[3, -1], [8, 2]])
    passed = np.where(pooled > 0, arriving, 0)
    back = np.zeros_like(maps)
    for (row, column), value in np.ndenumerate(passed):
        back[2 * row + place[row, column] // 2, 2 * column + place[row, column] % 2] = value

    def won(row: int, column: int) -> str:
        own = (row % 2) * 2 + column % 2 == place[row // 2, column // 2]
        return _PALE if not own else _BLUE if pooled[row // 2, column // 2] else _ORANGE

    drawing = Drawing(
        800, 440, "A map, its pooled values with their winners, and the gradient that comes back through them"
    )
    drawing.text(20, 26, "Forward", anchor="start")
    drawing.grid(54, 66, maps, won, "feature map (never stored)")
    drawing.arrow(204, 134, 276, 134)
    drawing.text(240, 124, "max, ReLU", grey=True)
    drawing.grid(296, 100, pooled, lambda r, c: _BLUE if pooled[r, c] else _ORANGE, "pooled")
    drawing.grid(434, 100, place, lambda r, c: _PALE, "winner")
    drawing.text(534, 128, "Kept for the backward pass: pooled", anchor="start")
    drawing.text(534, 148, "values, and one byte for each winner.", anchor="start")
    drawing.text(534, 168, "Indices in a window: 0 1 / 2 3.", anchor="start", grey=True)

    drawing.text(20, 246, "Backward", anchor="start")
    drawing.grid(54, 320, arriving, lambda r, c: "#fff", "gradient arrives")
    drawing.arrow(134, 354, 192, 354)
    drawing.text(163, 344, "ReLU", grey=True)
    drawing.grid(210, 320, passed, lambda r, c: _BLUE if passed[r, c] else _ORANGE, "what is live")
    drawing.arrow(290, 354, 364, 354)
    drawing.grid(384, 286, back, lambda r, c: _BLUE if back[r, c] else "#fff", "gradient of the map")
    drawing.text(534, 330, "Zero but for three of 16 values.", anchor="start")
    drawing.text(534, 350, "It is not written down: the sums", anchor="start")
    drawing.text(534, 370, "run over the three alone.", anchor="start")
    drawing.write("backward-winners.svg")


def tiles() -> None:
    """Draw a tile of 4×4 pixels with the windows of its four outputs, and the two ways to them."""
    drawing = Drawing(780, 280, "Four outputs from a tile of 4×4 pixels: 36 multiplications, or 16")
    shades = [["#bcd7f2", "#d3e4f6"], ["#f7c99b", "#fbe0c5"]]
    tile = np.arange(16).reshape(4, 4)
    drawing.grid(20, 60, tile, lambda r, c: "#dceafa" if r < 3 and c < 3 else "#fff", "tile of the image, 4×4")
    drawing.box(20, 60, 3 * _CELL, 3 * _CELL, "none", heavy=True)
    drawing.text(20, 226, "The heavy frame: what output 0 is", anchor="start", grey=True)
    drawing.text(20, 244, "computed from. The other three", anchor="start", grey=True)
    drawing.text(20, 262, "are one pixel further on.", anchor="start", grey=True)
    drawing.arrow(172, 100, 424, 100)
    drawing.text(298, 90, "directly: 4 × 9 = 36 products")
    drawing.arrow(172, 158, 424, 158)
    drawing.text(298, 148, "Winograd: 4 × 4 = 16 products")
    drawing.text(298, 178, "sums and differences before and after", grey=True)
    drawing.grid(444, 94, np.arange(4).reshape(2, 2), lambda r, c: shades[r][c], "outputs, 2×2")
    drawing.arrow(524, 128, 640, 128)
    drawing.text(582, 118, "max pooling", grey=True)
    drawing.box(650, 111, _CELL, _CELL, _BLUE)
    drawing.text(650 + _CELL / 2, 133, "m")
    drawing.text(650 + _CELL / 2, 94, "pooled", grey=True)
    drawing.text(444, 226, "A tile's outputs are one window of a", anchor="start", grey=True)
    drawing.text(444, 244, "2×2 pooling: the largest is picked while", anchor="start", grey=True)
    drawing.text(444, 262, "all four are in registers.", anchor="start", grey=True)
    drawing.write("winograd-tiles.svg")


def mixed_tiles() -> None:
    """Draw a 10×10 map cut into tiles of 4×4, 4×2, 2×4 and 2×2 outputs, and as many into tiles of 2×2."""
    sides, ends, cell = [4, 4, 2], [0, 4, 8, 10], 20
    mixed = sum((high + 2) * (wide + 2) for high in sides for wide in sides)
    title = f"A map of 10×10 outputs in tiles of 2×2: 400 multiplications, or in mixed tiles: {mixed}"
    drawing = Drawing(780, 296, title)
    shades = {8: _BLUE, 6: "#dceafa", 4: _ORANGE}

    def cut(left: int, edges: list[int], title: str) -> None:
        drawing.text(left + 5 * cell, 32, title)
        for y, below in pairwise(edges):
            for x, beside in pairwise(edges):
                high, wide = below - y, beside - x
                fill = shades[high + wide] if len(edges) == 4 else _ORANGE
                drawing.box(left + x * cell, 46 + y * cell, wide * cell, high * cell, fill)
                if len(edges) == 4:
                    middle = (left + (x + wide / 2) * cell, 46 + (y + high / 2) * cell + 5)
                    drawing.text(*middle, str((high + 2) * (wide + 2)))

    cut(60, list(range(0, 11, 2)), "tiles of 2×2")
    drawing.text(60 + 5 * cell, 270, "25 tiles of 16 products: 400", grey=True)
    drawing.arrow(284, 146, 340, 146)
    cut(364, ends, "tiles of 4×4, and halves")
    drawing.text(364 + 5 * cell, 270, f"4 × 36 + 4 × 24 + 16 = {mixed}", grey=True)
    drawing.text(590, 116, "In a tile: its products for", anchor="start", grey=True)
    drawing.text(590, 134, "one channel and one filter.", anchor="start", grey=True)
    drawing.text(590, 160, "Directly they are 900.", anchor="start", grey=True)
    drawing.write("winograd-mixed-tiles.svg")


def rooms() -> None:
    """Draw which buffer each value of a chain and of a residual block lies in."""
    drawing = Drawing(760, 392, "Values and the buffers that they lie in: a chain needs two, a residual block three")
    shades = [_BLUE, _ORANGE, "#cfe8cf"]

    def value(x: int, y: int, name: str, room: int) -> None:
        drawing.box(x, y, 74, 40, shades[room])
        drawing.text(x + 37, y + 17, name)
        drawing.text(x + 37, y + 33, f"buffer {'ABC'[room]}", grey=True)

    drawing.text(20, 26, "A chain", anchor="start")
    for number in range(5):
        value(20 + number * 132, 46, f"value {number}", number % 2)
        if number < 4:
            drawing.arrow(94 + number * 132, 66, 150 + number * 132, 66)
            drawing.text(122 + number * 132, 58, "step", grey=True)
    drawing.text(20, 116, "When value 2 is made, nobody reads value 0 any more: its buffer is free.", anchor="start")

    drawing.text(20, 176, "A residual block", anchor="start")
    top, low = 196, 276
    for x, y, name, room in [(20, low, "value 0", 0), (190, top, "value 1", 1), (360, top, "value 2", 2)]:
        value(x, y, name, room)
    value(560, low, "value 3", 1)
    drawing.arrow(94, low + 12, 186, top + 28)
    drawing.text(118, top + 34, "conv", grey=True)
    drawing.arrow(264, top + 20, 356, top + 20)
    drawing.text(310, top + 12, "conv", grey=True)
    drawing.arrow(434, top + 28, 556, low + 12)
    drawing.arrow(94, low + 24, 556, low + 24)
    drawing.text(500, low + 16, "add", grey=True)
    drawing.text(
        20, 350, "Value 0 has two readers, so its buffer stays taken until the sum is made: value 2 needs a third one.",
        anchor="start",
    )  # fmt: skip
    drawing.text(20, 370, "Value 1 is not read any more by then: the sum takes its buffer.", anchor="start")
    drawing.write("assignment-buffers.svg")


if __name__ == "__main__":
    winners()
    tiles()
    mixed_tiles()
    rooms()

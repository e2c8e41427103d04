"""A network's picture as shapes: boxes, texts and curves, each with its place, whatever they are drawn with."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from convoscope.drawing.look import FAINT, INK
from convoscope.drawing.network.content import Box, Content
from convoscope.drawing.network.layout import Edge, Item, laid_out
from convoscope.names import for_terminal

Point = tuple[float, float]
#: Returns the width of a text of that size, in bold or not.
Measure = Callable[[str, float, bool], float]

TITLE, SMALL = 14.0, 12.0  # sizes of text
_MARGIN, _INSIDE, _LINE = 16.0, 11.0, 17.0
_NAME_APART = 10.0
_MOST = 44  # letters of a name


@dataclass(frozen=True)
class Panel:
    """A rounded rectangle."""

    left: float
    top: float
    width: float
    height: float
    fill: str
    frame: str
    dashed: bool = False


@dataclass(frozen=True)
class Label:
    """A text; `x` and `y` are where its middle line begins, or has its middle (``centred``)."""

    x: float
    y: float
    text: str
    size: float
    colour: str
    bold: bool = False
    centred: bool = False


@dataclass(frozen=True)
class Curve:
    """A line of cubic curves, each by its two inner points and its end, with an arrow's head at the end."""

    start: Point
    pieces: tuple[tuple[Point, Point, Point], ...]
    colour: str


@dataclass
class Scene:
    """What is drawn, from back to front: frames of models, curves, boxes, texts."""

    width: float = 0.0
    height: float = 0.0
    groups: list[Panel] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    boxes: list[Panel] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)


def scene_of(content: Content, measure: Measure, *, sideways: bool) -> Scene:
    """Lay the boxes out and return the shapes.

    Parameters
    ----------
    content : Content
    measure : callable
        How wide texts are.
    sideways : bool
        Whether the data goes from left to right, and not from top to bottom.
    """
    sizes = [_size(box, measure) for box in content.boxes]
    items = [Item(*((height, width) if sideways else (width, height))) for width, height in sizes]
    layout = laid_out(items, content.edges)
    room = _MARGIN + 22.0 * max((len(box.groups) for box in content.boxes), default=0)

    def placed(across: float, along: float) -> Point:
        return (along + room, across + room) if sideways else (across + room, along + room)

    width, height = (layout.depth, layout.breadth) if sideways else (layout.breadth, layout.depth)
    scene = Scene(width + 2 * room, height + 2 * room)
    for box, item, (wide, high) in zip(content.boxes, items, sizes, strict=True):
        x, y = placed(item.across, item.along)
        scene.boxes.append(Panel(x - wide / 2, y - high / 2, wide, high, box.fill, box.frame))
        scene.labels += _texts(box, x, y - high / 2, measure)
    # Shortcuts behind the others.
    scene.curves = [_curve(edge, placed) for edge in sorted(layout.edges, key=lambda edge: not edge.is_shortcut)]
    for number, name in enumerate(content.groups):
        _frame(scene, number, name, content.boxes)
    return scene


def _size(box: Box, measure: Measure) -> Point:
    """Return the width and the height of a box."""
    name = measure(_short(box.name), SMALL, False) + _NAME_APART if box.name else 0.0
    widths = [measure(box.title, TITLE, True) + name, *(measure(line, SMALL, False) for line in box.lines)]
    return max(widths) + 2 * _INSIDE, _LINE * (1 + len(box.lines)) + 1.2 * _INSIDE


def _texts(box: Box, x: float, top: float, measure: Measure) -> list[Label]:
    """Return a box's title, with the name beside it, and the lines below."""
    y = top + 0.6 * _INSIDE + _LINE / 2
    title, name = measure(box.title, TITLE, True), _short(box.name)
    whole = title + (_NAME_APART + measure(name, SMALL, False) if name else 0.0)
    labels = [Label(x - whole / 2, y, box.title, TITLE, INK, bold=True)]
    if name:
        labels.append(Label(x - whole / 2 + title + _NAME_APART, y, name, SMALL, _NAME))
    return labels + [
        Label(x, y + _LINE * number, line, SMALL, INK, centred=True) for number, line in enumerate(box.lines, 1)
    ]


_NAME = "#5f6872"


def _short(name: str) -> str:
    name = for_terminal(name)
    return name if len(name) <= _MOST else name[: _MOST - 1] + "…"


def _curve(edge: Edge, placed: Callable[[float, float], Point]) -> Curve:
    """Return an edge: straight along its lanes, and bent in between."""
    stops: list[tuple[float, float]] = [(edge.start.across, edge.start.along + edge.start.depth / 2)]
    for lane in edge.lanes:
        stops += [(lane.across, lane.along - lane.depth / 2), (lane.across, lane.along + lane.depth / 2)]
    stops.append((edge.end.across, edge.end.along - edge.end.depth / 2 - 1.0))
    pieces = []
    for (across, along), (then_across, then_along) in itertools.pairwise(stops):
        half = (then_along - along) * 0.55
        pieces.append(
            (placed(across, along + half), placed(then_across, then_along - half), placed(then_across, then_along))
        )
    return Curve(placed(*stops[0]), tuple(pieces), FAINT if edge.is_shortcut else INK)


def _frame(scene: Scene, number: int, name: str, boxes: Sequence[Box]) -> None:
    """Put a frame with its name around the boxes of a model."""
    inside = [(panel, box) for panel, box in zip(scene.boxes, boxes, strict=True) if number in box.groups]
    if not inside:
        return
    deeper = max(len(box.groups) - 1 - box.groups.index(number) for _, box in inside)
    apart = 10.0 + 8.0 * deeper
    left = min(panel.left for panel, _ in inside) - apart
    top = min(panel.top for panel, _ in inside) - apart - 8.0
    right = max(panel.left + panel.width for panel, _ in inside) + apart
    bottom = max(panel.top + panel.height for panel, _ in inside) + apart
    scene.groups.append(Panel(left, top, right - left, bottom - top, "#fafbfc", "#a9b0b8", dashed=True))
    scene.labels.append(Label(left + 7.0, top + 8.0, _short(name), SMALL, _NAME))

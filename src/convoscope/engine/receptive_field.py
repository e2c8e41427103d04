"""How much of the input each value of a layer's output has seen.

Along each axis of the image, a value at an index sees a span of the layer before, each end of which sees a span of the
layer before that, and so on back to the input's pixels. Araujo, Norris and Sim, "Computing Receptive Fields of
Convolutional Neural Networks", Distill (2019), have closed forms for networks that only make images smaller.

What a step reads is told by the step itself: see `convoscope.engine.steps.reading`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from convoscope.layers.geometry import extent

if TYPE_CHECKING:
    from convoscope.engine.steps import Step
    from convoscope.types import Shape

Span = tuple[int, int]  # the first index and the last; none at all where the last comes before the first


@dataclass(frozen=True)
class Slide:
    """A window that moves over an axis with `padded` pixels before it: what each of its positions sees of that axis.

    It has `cells` cells, `dilation` pixels apart, and moves `stride` pixels at a time.
    """

    cells: int
    stride: int
    padded: int
    dilation: int = 1

    def back(self, first: int, last: int) -> Span:
        """Return what the positions from first to last see between them; indices in the padding before are negative."""
        start = first * self.stride - self.padded
        return start, last * self.stride - self.padded + extent(self.cells, self.dilation) - 1


@dataclass(frozen=True)
class Paint:
    """A window painted once for each of `before` indices onto an axis of `after` pixels, after `cut` more that are cut
    off: what those pixels see of the indices before.
    """

    cells: int
    stride: int
    cut: int
    before: int
    after: int
    dilation: int = 1

    def back(self, first: int, last: int) -> Span:
        """Return what the pixels from first to last see between them."""
        low = -((extent(self.cells, self.dilation) - 1 - self.cut - first) // self.stride)
        high = (last + self.cut) // self.stride
        return (
            max(low, 0) if first in range(self.after) else low,
            min(high, self.before - 1) if last in range(self.after) else high,
        )


@dataclass(frozen=True)
class Shift:
    """Values put behind `offset` others along an axis, which then has `total`: what those see of the `length` put."""

    offset: int
    length: int
    total: int

    def back(self, first: int, last: int) -> Span:
        """Return which of the values put there lie between the indices; none if the last comes before the first."""
        low, high = first - self.offset, last - self.offset
        behind = self.offset + self.length < self.total
        return (max(low, 0) if self.offset else low), (min(high, self.length - 1) if behind else high)


@dataclass(frozen=True)
class Meeting:
    """Where several values are joined: what an index sees through all of them together."""

    reaches: tuple[Reach, ...]
    _known: dict[Span, Span] = dataclasses.field(default_factory=dict, init=False, repr=False, compare=False)

    def back(self, first: int, last: int) -> Span:
        """Return what the indices from first to last see between them; remembered, as branches meet again and again.

        Asked in turns and not by calls within calls, of which deep networks would need too many.
        """
        asked: list[tuple[Meeting, Span]] = [(self, (first, last))]
        while asked:
            meeting, span = asked[-1]
            found = _widest([reach.at_meeting(*span) for reach in meeting.reaches])
            before = [(each, at) for at, each in found if each is not None and at not in each._known]
            if before:
                asked += before
                continue
            meeting._known[span] = union([at if each is None else each._known[at] for at, each in found])
            asked.pop()
        return self._known[first, last]


def _widest(found: list[tuple[Span, Meeting | None]]) -> list[tuple[Span, Meeting | None]]:
    """Leave out spans that lie within another span at the same meeting, which sees everything they see.

    A residual block and its shortcut ask the previous meeting for two spans, one within the other. If both were
    followed, the work would grow with the square of the number of blocks.
    """
    kept: list[tuple[Span, Meeting | None]] = []
    for span, meeting in sorted(found, key=lambda each: each[0][0] - each[0][1]):
        within = any(other is meeting and wide[0] <= span[0] <= span[1] <= wide[1] for wide, other in kept)
        if not within:
            kept.append((span, meeting))
    return kept


@dataclass(frozen=True)
class LookUp:
    """Pixels that each read a first and a last index of the axis before: all of them, by the pixel."""

    spans: tuple[Span, ...]

    def back(self, first: int, last: int) -> Span:
        """Return what the pixels from first to last see between them; beyond the ends as if they went on evenly."""
        return self._at(first)[0], self._at(last)[1]

    def _at(self, index: int) -> Span:
        inside = min(max(index, 0), len(self.spans) - 1)
        step = -(-(self.spans[-1][1] - self.spans[0][0] + 1) // len(self.spans))
        low, high = self.spans[inside]
        return low + (index - inside) * step, high + (index - inside) * step


@dataclass(frozen=True)
class Reach:
    """What the values along one axis see of the input's axis, in input pixels.

    `moves` are those of the layers, the first one's first, from the input or from where values `meet`. `common` is
    what all values see, where all see the same.
    """

    length: int
    places: int
    moves: tuple[Slide | Paint | Shift | LookUp, ...] = ()
    common: Span | None = None
    meeting: Meeting | None = None

    def seen(self, place: int) -> Span:
        """Return the first and the last pixel that the value at an index sees; within padding they lie outside."""
        return self.between(place, place)

    def between(self, first: int, last: int) -> Span:
        """Return the first and the last pixel that the values from index first to last see between them."""
        span, meeting = self.at_meeting(first, last)
        return span if meeting is None else meeting.back(*span)

    def at_meeting(self, first: int, last: int) -> tuple[Span, Meeting | None]:
        """Return what they see where values meet, and that meeting; or None, and what they see of the input."""
        if self.common is not None:
            return self.common, None
        for move in reversed(self.moves):
            first, last = move.back(first, last)
            if last < first:
                return (0, -1), None
        return (first, last), self.meeting

    def through(self, move: Slide | Paint | Shift | LookUp, places: int) -> Reach:
        """Return the reach behind one more layer, which has so many values along the axis."""
        return replace(self, moves=(*self.moves, move), places=places)

    def together(self) -> Reach:
        """Return what all values along the axis see between them, as the reach of each."""
        first, last = union([self.seen(place) for place in range(self.places)])
        return replace(self, common=(max(0, first), min(self.length - 1, last)))

    def stretched(self, places: int) -> Reach:
        """Return the reach of so many values that all see what the one here sees."""
        return replace(self, common=self.seen(0), places=places)

    @property
    def size(self) -> int:
        """How many pixels a value sees, padding included; where values differ, those that see most."""
        return max(last - first + 1 for first, last in map(self.seen, range(self.places)))

    @property
    def shared(self) -> bool:
        """Whether all values along the axis see the same."""
        return self.common is not None or self.places == 1

    @property
    def whole(self) -> bool:
        """Whether each value sees all of the input's axis."""
        return self.seen(self.places - 1)[0] <= 0 and self.seen(0)[1] >= self.length - 1

    @property
    def untouched(self) -> bool:
        """Whether each value sees the pixel at its own index and no other."""
        return all(self.seen(place) == (place, place) for place in range(self.places))


@dataclass(frozen=True)
class ReceptiveField:
    """What each value of an output sees: two axes for an image (height, width), one for a row of values.

    ``mixed`` says that the values no longer stand in the image's order, as after Flatten.
    """

    axes: tuple[Reach, ...]
    mixed: bool = False

    @property
    def size(self) -> Shape:
        """Height and width, in input pixels."""
        return tuple(axis.size for axis in self.axes)

    @property
    def whole(self) -> bool:
        """Whether each value sees everything."""
        return all(axis.whole for axis in self.axes)

    @property
    def shared(self) -> bool:
        """Whether all values see the same."""
        return all(axis.shared for axis in self.axes)

    def together(self) -> ReceptiveField:
        """Return what all values see between them, as the field of each."""
        return replace(self, axes=tuple(axis.together() for axis in self.axes))


def at_input(shape: Shape) -> ReceptiveField:
    """Return what each input value sees: itself."""
    axes = shape[:2] if len(shape) > 1 else shape
    return ReceptiveField(tuple(Reach(length, length) for length in axes))


def union(spans: Sequence[Span]) -> Span:
    """Return the span from the first to the last pixel of several; those that are empty do not count."""
    seen = [span for span in spans if span[0] <= span[1]]
    return min((span[0] for span in seen), default=0), max((span[1] for span in seen), default=-1)


def joined(fields: Sequence[ReceptiveField]) -> ReceptiveField:
    """Return what a value sees that is computed from several, each with a receptive field of its own."""
    if len(fields) == 1:
        return fields[0]
    # What sees the same at every index has no order that could be lost.
    mixed = any(each.mixed and not each.shared for each in fields)
    if mixed:
        fields = [each.together() for each in fields]
    axes = []
    for reaches in zip(*(each.axes for each in fields), strict=True):
        places = max(reach.places for reach in reaches)
        common = union([reach.seen(0) for reach in reaches]) if all(reach.shared for reach in reaches) else None
        axes.append(Reach(reaches[0].length, places, (), common, Meeting(reaches)))
    return ReceptiveField(tuple(axes), mixed)


def of_values(steps: Sequence[Step], input_shapes: Sequence[Shape], seen: int = 0) -> list[ReceptiveField | None]:
    """Return what each value sees of the input number `seen`: of the inputs, then of each step's value.

    None stands for values that are not computed from that input.
    """
    fields = [at_input(shape) if number == seen else None for number, shape in enumerate(input_shapes)]
    for step in steps:
        found = []
        for which, value in enumerate(step.inputs):
            field = fields[value]
            if field is not None:
                for reading in step.readings_of(which):
                    field = reading.through(field)
                found.append(field)
        fields.append(joined(found) if found else None)
    return fields

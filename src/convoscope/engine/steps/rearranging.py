"""What outputs are computed from where values are moved: cut out, repeated, in another order, at another size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from convoscope.engine.receptive_field import LookUp, ReceptiveField, Slide, at_input
from convoscope.engine.steps.reading import Mask, Reading
from convoscope.types import Pair, Shape


@dataclass(frozen=True)
class Excerpt(Reading):
    """The part of an image that begins at row and column ``start``, as high and wide as ``places``."""

    input_shape: Shape
    start: Pair
    places: Pair

    def through(self, field: ReceptiveField) -> ReceptiveField:
        if field.mixed:
            return field
        each = zip(field.axes, self.start, self.places, strict=True)
        return replace(field, axes=tuple(axis.through(Slide(1, 1, -first), places) for axis, first, places in each))

    def back(self, mask: Mask) -> Mask:
        inputs = np.zeros(self.input_shape, bool)
        (top, left), (height, width) = self.start, self.places
        inputs[top : top + height, left : left + width] = mask
        return inputs


@dataclass(frozen=True)
class Permuted(Reading):
    """The same values with their axes in another order: for each of the output's axes the input's."""

    output_shape: Shape
    axes: tuple[int, ...]

    def through(self, field: ReceptiveField) -> ReceptiveField:
        if field.mixed:
            return field
        if self.axes[: len(field.axes)] == tuple(range(len(field.axes))):
            return field
        if all(axis.untouched for axis in field.axes):
            return at_input(self.output_shape)  # each value is still an input value: the image begins here
        return replace(field.together(), mixed=True)

    def back(self, mask: Mask) -> Mask:
        return np.transpose(mask, np.argsort(self.axes))


@dataclass(frozen=True)
class Repeated(Reading):
    """A row of values, several times."""

    def through(self, field: ReceptiveField) -> ReceptiveField:
        return replace(field, mixed=True)

    def back(self, mask: Mask) -> Mask:
        repeated: Mask = np.asarray(mask.any(axis=0))
        return repeated


@dataclass(frozen=True)
class Resampled(Reading):
    """Each output pixel is computed from the first and the last of some rows, and of some columns.

    Attributes
    ----------
    input_shape : (height, width, channels)
    rows, columns : tuple of (int, int)
        For each output row, and column, the two that are read; outside the image there is nothing to see.
    """

    input_shape: Shape
    rows: tuple[Pair, ...]
    columns: tuple[Pair, ...]

    def through(self, field: ReceptiveField) -> ReceptiveField:
        if field.mixed:
            return field
        each = zip(field.axes, (self.rows, self.columns), strict=True)
        return replace(field, axes=tuple(axis.through(LookUp(spans), len(spans)) for axis, spans in each))

    def back(self, mask: Mask) -> Mask:
        height, width, _ = self.input_shape
        read = np.einsum("yh,yxc,xw->hwc", _read(self.rows, height), mask, _read(self.columns, width), optimize=True)
        marked: Mask = read > 0
        return marked


def _read(spans: Sequence[Pair], length: int) -> npt.NDArray[np.float64]:
    """Return which inputs each output reads along an axis: (outputs, inputs), 1 or 0."""
    table = np.zeros((len(spans), length))
    for place, span in enumerate(spans):
        table[place, [pixel for pixel in span if 0 <= pixel < length]] = 1.0
    return table

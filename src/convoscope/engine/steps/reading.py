"""What each output value of a step is computed from: told once by the step, read by everybody who asks.

A reading answers two questions. `through` works with the spans of `ReceptiveField`, which is quick and enough for the
size of what is seen; `back` marks the very inputs, holes of a dilated kernel left out.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from convoscope.engine.receptive_field import Paint, ReceptiveField, Shift, Slide, at_input
from convoscope.layers.geometry import extent
from convoscope.types import Padding, Pair, Shape

Mask = npt.NDArray[np.bool_]


class Reading(ABC):
    """A way in which outputs are computed from inputs, whatever the weights."""

    @abstractmethod
    def through(self, field: ReceptiveField) -> ReceptiveField:
        """Return what each output sees of the network's input, from what each input sees of it."""

    @abstractmethod
    def back(self, mask: Mask) -> Mask:
        """Return which inputs the marked outputs are computed from; both are bool, without the batch axis."""


@dataclass(frozen=True)
class EachValue(Reading):
    """Each output is computed from the input at its own index alone."""

    def through(self, field: ReceptiveField) -> ReceptiveField:
        return field

    def back(self, mask: Mask) -> Mask:
        return mask


@dataclass(frozen=True)
class LastAxis(Reading):
    """Each output is computed from all inputs that differ from it in the last axis alone, as in a dense layer."""

    input_shape: Shape

    def through(self, field: ReceptiveField) -> ReceptiveField:
        # On (height, width, channels) the last axis holds channels, which see the same pixels already.
        return field.together() if field.mixed or len(self.input_shape) < 3 else field

    def back(self, mask: Mask) -> Mask:
        return np.broadcast_to(mask.any(axis=-1, keepdims=True), self.input_shape)


@dataclass(frozen=True)
class Beside(Reading):
    """Each output is computed from the input at its own index, and from those beside it along the last axis."""

    input_shape: Shape
    before: int
    after: int

    def through(self, field: ReceptiveField) -> ReceptiveField:
        return LastAxis(self.input_shape).through(field)

    def back(self, mask: Mask) -> Mask:
        inputs: Mask = mask.copy()
        last = mask.shape[-1]
        for apart in range(1, max(self.before, self.after) + 1):
            if apart <= self.before:
                inputs[..., : last - apart] |= mask[..., apart:]
            if apart <= self.after:
                inputs[..., apart:] |= mask[..., : last - apart]
        return inputs


@dataclass(frozen=True)
class Regrouped(Reading):
    """The same values in the same order under another shape."""

    input_shape: Shape
    output_shape: Shape

    def through(self, field: ReceptiveField) -> ReceptiveField:
        before, after = self.input_shape, self.output_shape
        if not field.mixed and before[:2] == after[:2] and len(after) > 1:
            return field
        if len(after) == 1:
            return replace(field, mixed=True)
        if all(axis.untouched for axis in field.axes):
            return at_input(after)  # each value is still an input value: the image begins here
        return replace(field.together(), mixed=True)

    def back(self, mask: Mask) -> Mask:
        return mask.reshape(self.input_shape)


@dataclass(frozen=True)
class Windows(Reading):
    """Each output is computed from the pixels under a window.

    Attributes
    ----------
    input_shape : (height, width, channels)
    size, strides, dilation : (int, int)
    padding : ((top, bottom), (left, right))
    places : (int, int)
        How many positions the window has along height and width.
    groups : int, optional
        Into how many groups the channels of the input and those of the output are divided: each output channel is
        computed from the input channels of its own group. Left out, each input channel is a group.
    """

    input_shape: Shape
    size: Pair
    strides: Pair
    padding: Padding
    places: Pair
    dilation: Pair = (1, 1)
    groups: int | None = None

    def through(self, field: ReceptiveField) -> ReceptiveField:
        if field.mixed:
            return field  # what lies side by side has seen everything there is
        each = zip(field.axes, self.size, self.strides, self.padding, self.dilation, self.places, strict=True)
        return replace(
            field,
            axes=tuple(axis.through(Slide(n, step, pad[0], apart), at) for axis, n, step, pad, apart, at in each),
        )

    def back(self, mask: Mask) -> Mask:
        (top, bottom), (left, right) = self.padding
        height, width, channels = self.input_shape
        groups = self.groups or channels
        marked = np.any(mask.reshape(*self.places, groups, -1), axis=-1)
        inputs = np.zeros((height + top + bottom, width + left + right, groups), bool)
        rows, columns = (np.arange(n) * stride for n, stride in zip(self.places, self.strides, strict=True))
        for row in range(self.size[0]):
            for column in range(self.size[1]):
                inputs[np.ix_(rows + row * self.dilation[0], columns + column * self.dilation[1])] |= marked
        return np.repeat(inputs[top : top + height, left : left + width], channels // groups, axis=2)


@dataclass(frozen=True)
class Paintings(Reading):
    """Each input is painted as a window onto the output, and each output computed from the inputs that meet there.

    Attributes
    ----------
    input_shape, output_shape : (height, width, channels)
    size, strides, dilation : (int, int)
        Of the painted window.
    cuts : (int, int)
        Pixels cut off before the first row and column.
    all_channels : bool
        As in `Windows`.
    """

    input_shape: Shape
    output_shape: Shape
    size: Pair
    strides: Pair
    cuts: Pair
    dilation: Pair = (1, 1)
    all_channels: bool = False

    def through(self, field: ReceptiveField) -> ReceptiveField:
        if field.mixed:
            return field
        lengths = zip(self.input_shape[:2], self.output_shape[:2], strict=True)
        each = zip(field.axes, self.size, self.strides, self.cuts, lengths, self.dilation, strict=True)
        return replace(
            field,
            axes=tuple(
                axis.through(Paint(n, stride, cut, before, after, apart), after)
                for axis, n, stride, cut, (before, after), apart in each
            ),
        )

    def back(self, mask: Mask) -> Mask:
        marked = mask.any(axis=-1, keepdims=True) if self.all_channels else mask
        heights = zip(self.input_shape[:2], self.strides, self.size, self.dilation, self.cuts, strict=True)
        painted = [
            max((n - 1) * stride + extent(cells, apart), cut + made)
            for (n, stride, cells, apart, cut), made in zip(heights, marked.shape[:2], strict=True)
        ]
        whole = np.zeros((*painted, marked.shape[2]), bool)
        whole[self.cuts[0] : self.cuts[0] + marked.shape[0], self.cuts[1] : self.cuts[1] + marked.shape[1]] = marked
        inputs = np.zeros((*self.input_shape[:2], marked.shape[2]), bool)
        rows, columns = (np.arange(n) * stride for n, stride in zip(self.input_shape[:2], self.strides, strict=True))
        for row in range(self.size[0]):
            for column in range(self.size[1]):
                inputs |= whole[np.ix_(rows + row * self.dilation[0], columns + column * self.dilation[1])]
        return np.broadcast_to(inputs, self.input_shape)


@dataclass(frozen=True)
class Stretched(Reading):
    """Each output is computed from the input at its own index, where an axis of length 1 counts for all indices.

    A shape with fewer axes is one with axes of length 1 before them.
    """

    input_shape: Shape
    output_shape: Shape

    def through(self, field: ReceptiveField) -> ReceptiveField:
        missing = len(self.output_shape) - len(self.input_shape)
        aligned = (1,) * missing + self.input_shape
        if field.mixed or missing:
            return field.together()
        each = zip(field.axes, aligned, self.output_shape, strict=False)
        return replace(
            field,
            axes=tuple(axis if before == after else axis.stretched(after) for axis, before, after in each),
        )

    def back(self, mask: Mask) -> Mask:
        missing = len(self.output_shape) - len(self.input_shape)
        aligned = (1,) * missing + self.input_shape
        axes = tuple(n for n, (a, b) in enumerate(zip(aligned, self.output_shape, strict=True)) if a == 1 != b)
        return mask.any(axis=axes, keepdims=True).reshape(self.input_shape)


@dataclass(frozen=True)
class Part(Reading):
    """The outputs from index `offset` of an axis on are this input's values, and the others none of them."""

    axis: int
    offset: int
    input_shape: Shape
    output_shape: Shape

    def through(self, field: ReceptiveField) -> ReceptiveField:
        if field.mixed or self.axis >= len(field.axes):  # channels see the same pixels
            return field
        length, total = self.input_shape[self.axis], self.output_shape[self.axis]
        axes = list(field.axes)
        axes[self.axis] = axes[self.axis].through(Shift(self.offset, length, total), total)
        return replace(field, axes=tuple(axes))

    def back(self, mask: Mask) -> Mask:
        window = [slice(None)] * len(self.output_shape)
        window[self.axis] = slice(self.offset, self.offset + self.input_shape[self.axis])
        return mask[tuple(window)]


@dataclass(frozen=True)
class Together(Reading):
    """Each output is computed from all inputs that differ from it in these axes, the last ones, alone.

    Where the last axis is divided into groups, only from those of its own group.
    """

    input_shape: Shape
    axes: tuple[int, ...]
    groups: int = 1

    def through(self, field: ReceptiveField) -> ReceptiveField:
        if field.mixed or len(self.input_shape) < 3:
            return field.together()
        each = enumerate(field.axes)
        return replace(field, axes=tuple(reach.together() if axis in self.axes else reach for axis, reach in each))

    def back(self, mask: Mask) -> Mask:
        *before, channels = self.input_shape
        grouped = mask.reshape(*before, self.groups, channels // self.groups)
        marked = grouped.any(axis=(*(axis for axis in self.axes if axis < len(before)), -1), keepdims=True)
        return np.broadcast_to(marked, grouped.shape).reshape(self.input_shape)

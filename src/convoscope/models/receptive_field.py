"""How much of the input each value of a layer's output has seen.

Along each axis of the image, a value at a place sees a span of the layer before, each end of which sees a span of the
layer before that, and so on back to the input's pixels. Araujo, Norris and Sim, "Computing Receptive Fields of
Convolutional Neural Networks", Distill (2019), have closed forms for networks that only make images smaller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from convoscope.engine.steps import (
    ActivationStep,
    ConvolutionStep,
    DenseStep,
    PaddingStep,
    PoolingStep,
    ReshapeStep,
    Step,
    TransposedConvolutionStep,
    UpsamplingStep,
)
from convoscope.layers import geometry
from convoscope.layers.arguments import Shape

Span = tuple[int, int]  # the first place and the last; none at all where the last comes before the first


@dataclass(frozen=True)
class Slide:
    """A window that moves over an axis, `padded` pixels around it: what its places see of that axis."""

    window: int
    stride: int
    padded: int

    def back(self, first: int, last: int) -> Span:
        """Return what the places from first to last see between them. Padding has places too, negative at first."""
        return first * self.stride - self.padded, last * self.stride - self.padded + self.window - 1


@dataclass(frozen=True)
class Paint:
    """A window painted for each of `before` places on an axis of `after`, `cut` of whose pixels are cut off at first:
    what those see of the places before.
    """

    window: int
    stride: int
    cut: int
    before: int
    after: int

    def back(self, first: int, last: int) -> Span:
        """Return what the places from first to last see between them."""
        low = -((self.window - 1 - self.cut - first) // self.stride)
        high = (last + self.cut) // self.stride
        return (
            max(low, 0) if first in range(self.after) else low,
            min(high, self.before - 1) if last in range(self.after) else high,
        )


@dataclass(frozen=True)
class Reach:
    """What the values along one axis see of the input's axis, in input pixels.

    `moves` are those of the layers, the first one's first. `common` is what all values see, where all see the same.
    """

    length: int
    places: int
    moves: tuple[Slide | Paint, ...] = ()
    common: Span | None = None

    def seen(self, place: int) -> Span:
        """Return the first and the last pixel that the value at a place sees; within padding they lie outside."""
        if self.common is not None:
            return self.common
        first = last = place
        for move in reversed(self.moves):
            first, last = move.back(first, last)
            if last < first:
                return 0, -1
        return first, last

    def through(self, move: Slide | Paint, places: int) -> Reach:
        """Return the reach behind one more layer, which has so many places."""
        return replace(self, moves=(*self.moves, move), places=places)

    def together(self) -> Reach:
        """Return what all values along the axis see between them, as the reach of each."""
        seen = [span for span in map(self.seen, range(self.places)) if span[0] <= span[1]]
        first, last = min((span[0] for span in seen), default=0), max((span[1] for span in seen), default=-1)
        return replace(self, common=(max(0, first), min(self.length - 1, last)))

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
        """Whether each value sees the pixel at its own place and no other."""
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


def at_input(shape: Shape) -> ReceptiveField:
    """Return what each input value sees: itself."""
    axes = shape[:2] if len(shape) > 1 else shape
    return ReceptiveField(tuple(Reach(length, length) for length in axes))


def after_step(field: ReceptiveField, step: Step) -> ReceptiveField:
    """Return what each value behind a step sees, from what each value before it sees."""
    if isinstance(step, ConvolutionStep):
        windows = tuple((k - 1) * d + 1 for k, d in zip(step.kernel_size, step.dilation, strict=True))
        return _slide(field, windows, step.strides, step.padding, step.feature_shape)
    if isinstance(step, PoolingStep):
        window = step.window
        return _slide(field, window.size, window.strides, window.padding, window_places(step))
    if isinstance(step, PaddingStep):
        return _slide(field, (1, 1), (1, 1), step.padding, step.output_shape)
    if isinstance(step, TransposedConvolutionStep):
        windows = tuple((k - 1) * d + 1 for k, d in zip(step.kernel_size, step.dilation, strict=True))
        return _paint(field, windows, step.strides, [before for before, _ in step.padding], step)
    if isinstance(step, UpsamplingStep):
        windows, cuts = zip(*(geometry.upsampling_window(size, step.bilinear) for size in step.size), strict=True)
        return _paint(field, windows, step.size, cuts, step)
    if isinstance(step, ReshapeStep):
        return _reshape(field, step.input_shape, step.output_shape)
    mixes_last_axis = isinstance(step, DenseStep) or (
        isinstance(step, ActivationStep) and not step.activation.elementwise
    )
    # On (height, width, channels) the last axis holds channels, which see the same pixels already.
    if mixes_last_axis and (field.mixed or len(step.input_shape) < 3):
        return replace(field, axes=tuple(axis.together() for axis in field.axes))
    return field


def window_places(step: PoolingStep) -> Shape:
    """Return how many windows a pooling has along height and width; a global one has a single window."""
    return step.output_shape[:2] if len(step.output_shape) == 3 else (1, 1)


def _slide(
    field: ReceptiveField,
    windows: Sequence[int],
    strides: Sequence[int],
    padding: Sequence[tuple[int, int]],
    places: Sequence[int],
) -> ReceptiveField:
    if field.mixed:
        return field  # what lies side by side has seen everything there is
    each = zip(field.axes, windows, strides, padding, places[:2], strict=True)
    return replace(
        field,
        axes=tuple(axis.through(Slide(window, stride, padded[0]), n) for axis, window, stride, padded, n in each),
    )


def _paint(
    field: ReceptiveField, windows: Sequence[int], strides: Sequence[int], cuts: Sequence[int], step: Step
) -> ReceptiveField:
    if field.mixed:
        return field
    each = zip(field.axes, windows, strides, cuts, step.input_shape[:2], step.output_shape[:2], strict=True)
    return replace(
        field,
        axes=tuple(
            axis.through(Paint(window, stride, cut, before, after), after)
            for axis, window, stride, cut, before, after in each
        ),
    )


def _reshape(field: ReceptiveField, before: Shape, after: Shape) -> ReceptiveField:
    if not field.mixed and before[:2] == after[:2] and len(after) > 1:
        return field
    if len(after) == 1:
        return replace(field, mixed=True)
    if all(axis.untouched for axis in field.axes):
        return at_input(after)  # each value is still an input value: the image begins here
    return ReceptiveField(tuple(axis.together() for axis in field.axes), mixed=True)

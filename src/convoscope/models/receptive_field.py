"""How much of the input each value of a layer's output has seen.

Along each axis of the image, a value at place p sees `size` input pixels, beginning with pixel ``start + p * step``.
Each convolution or pooling widens that by its window, counted in steps of what came before. Araujo, Norris and Sim,
"Computing Receptive Fields of Convolutional Neural Networks", Distill (2019).
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
)
from convoscope.layers.arguments import Shape


@dataclass(frozen=True)
class Reach:
    """What the values along one axis see of the input's axis, in input pixels.

    `start` is negative within padding; a `step` of 0 says that all values see the same.
    """

    start: int
    size: int
    step: int
    places: int
    length: int

    def through(self, window: int, stride: int, padded: int, places: int) -> Reach:
        """Return the reach behind a window of that size and stride, with that many padded pixels before the axis."""
        return replace(
            self,
            start=self.start - padded * self.step,
            size=self.size + (window - 1) * self.step,
            step=self.step * stride,
            places=places,
        )

    def together(self) -> Reach:
        """Return what all values along the axis see between them, as the reach of each."""
        first = max(0, self.start)
        last = min(self.length, self.start + (self.places - 1) * self.step + self.size)
        return replace(self, start=first, size=last - first, step=0)

    @property
    def shared(self) -> bool:
        """Whether all values along the axis see the same."""
        return (self.places - 1) * self.step == 0

    @property
    def whole(self) -> bool:
        """Whether each value sees all of the input's axis."""
        return self.start + (self.places - 1) * self.step <= 0 and self.start + self.size >= self.length


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
    return ReceptiveField(tuple(Reach(0, 1, 1, length, length) for length in axes))


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
        axes=tuple(axis.through(window, stride, padded[0], n) for axis, window, stride, padded, n in each),
    )


def _reshape(field: ReceptiveField, before: Shape, after: Shape) -> ReceptiveField:
    if not field.mixed and before[:2] == after[:2] and len(after) > 1:
        return field
    if len(after) == 1:
        return replace(field, mixed=True)
    if all(axis.size == axis.step == 1 for axis in field.axes):
        return at_input(after)  # each value is still an input value: the image begins here
    return ReceptiveField(tuple(axis.together() for axis in field.axes), mixed=True)

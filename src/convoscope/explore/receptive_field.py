"""Receptive field: exactly which input values one unit of a layer sees."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, SupportsIndex

import numpy as np
import numpy.typing as npt

from convoscope import drawing
from convoscope.engine import plan
from convoscope.engine.base import Array
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
from convoscope.errors import ConfigurationError
from convoscope.explore.sections import place_of
from convoscope.layers import Layer
from convoscope.layers.arguments import Pair
from convoscope.layers.geometry import Padding, extent, upsampling_window
from convoscope.models import receptive_field as reach
from convoscope.models.sequential import Sequential

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ReceptiveField:
    """The input values that one unit sees.

    Attributes
    ----------
    layer : str
    unit : tuple of int
        Its place in the layer's output: (row, column, channel), or (neuron,).
    mask : bool array (*input_shape)
        True where the unit's value depends on the input. Dilated kernels leave holes.
    size : tuple of int
        Height and width of an inner unit's field, padding included.
    """

    layer: str
    unit: tuple[int, ...]
    mask: Mask
    size: tuple[int, ...]

    @property
    def pixels(self) -> Mask:
        """The mask without the channels: True where any channel of a pixel is seen."""
        return np.asarray(np.any(self.mask, axis=-1)) if self.mask.ndim == 3 else self.mask

    @property
    def box(self) -> tuple[slice, ...]:
        """The smallest box around the seen pixels, one slice for each axis of the image (channels not among them)."""
        pixels = self.pixels
        seen = (np.flatnonzero(np.any(pixels, axis=_others(pixels.ndim, axis))) for axis in range(pixels.ndim))
        return tuple(slice(int(places[0]), int(places[-1]) + 1) if len(places) else slice(0, 0) for places in seen)

    def plot(self, image: Array | None = None) -> Any:
        """Show what the unit sees: of an image, if one is given, the rest darkened."""
        made, axes = drawing.figure(1, 1, size=3.0, title=f"{self.layer} {self.unit}")
        seen = drawing.as_image(self.pixels)
        if image is None:
            axes[0][0].imshow(seen > 0, cmap="gray", vmin=0, vmax=1)
            return made
        shown = drawing.as_image(np.asarray(image))
        dim = np.where(seen > 0, 1.0, 0.3)
        low = float(min(0.0, shown.min()))
        axes[0][0].imshow(shown * (dim[..., None] if shown.ndim == 3 else dim), cmap="gray", vmin=low)
        return made


def receptive_field(
    model: Sequential, layer: Layer | str | SupportsIndex, unit: Sequence[SupportsIndex] | SupportsIndex
) -> ReceptiveField:
    """Return exactly the input values that a unit depends on, whatever the weights.

    Parameters
    ----------
    model : Sequential
    layer : layer, name or index
    unit : int or tuple of int
        The unit's place in the layer's output: (row, column), (row, column, channel), or the number of a neuron.

    Notes
    -----
    Found by walking back from the unit, step by step, marking what each marked value was computed from. Size and
    distance of neighbouring fields follow Araujo, Norris and Sim (2019): see `convoscope.models.receptive_field`.

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Conv2D(4, 3, input_shape=(8, 8, 1)), cs.layers.MaxPooling2D()])
    >>> receptive_field(model, "max_pooling2d", (1, 0)).box
    (slice(2, 6, None), slice(0, 4, None))
    """
    place = place_of(model, layer)
    found = model.layers[place]
    steps = plan.build(model.layers[: place + 1], model.plan_input_shape, fused=False).steps
    shape = steps[-1].output_shape
    index = _unit_index(unit, shape, found)
    mask = np.zeros(shape, bool)
    mask[index] = True
    field = reach.at_input(model.plan_input_shape)
    for step in steps:
        field = reach.after_step(field, step)
    for step in reversed(steps):
        mask = _seen_by(mask, step)
    return ReceptiveField(found.name, index, mask, field.size)


def _unit_index(unit: Any, shape: tuple[int, ...], layer: Layer) -> tuple[int, ...]:
    parts = list(unit) if isinstance(unit, Sequence) else [unit]
    if len(parts) == len(shape) - 1 and len(shape) == 3:
        parts.append(0)  # all channels see the same places, unless channels were put apart before
    index = tuple(operator.index(part) for part in parts)
    if len(index) != len(shape) or not all(0 <= i < n for i, n in zip(index, shape, strict=True)):
        raise ConfigurationError(
            f"{layer.describe()} has outputs of shape {shape}, in which there is no unit {unit!r}. Give one number for "
            "each axis, from 0; the channel may be left out."
        )
    return index


def _seen_by(mask: Mask, step: Step) -> Mask:
    """Return which of a step's inputs the marked outputs are computed from."""
    if isinstance(step, ConvolutionStep):
        places = np.any(mask, axis=-1, keepdims=True)
        inputs = _windows(
            places, (*step.input_shape[:2], 1), step.kernel_size, step.strides, step.dilation, step.padding
        )
        return np.broadcast_to(inputs, step.input_shape)
    if isinstance(step, PoolingStep):
        window = step.window
        shape = step.input_shape
        places = mask.reshape(*reach.window_places(step), shape[2])
        return _windows(places, shape, window.size, window.strides, (1, 1), window.padding)
    if isinstance(step, TransposedConvolutionStep):
        places = np.any(mask, axis=-1, keepdims=True)
        cuts = (step.padding[0][0], step.padding[1][0])
        inputs = _painting(places, step.input_shape[:2], step.kernel_size, step.strides, step.dilation, cuts)
        return np.broadcast_to(inputs, step.input_shape)
    if isinstance(step, UpsamplingStep):
        (height, top), (width, left) = (upsampling_window(size, step.bilinear) for size in step.size)
        return _painting(mask, step.input_shape[:2], (height, width), step.size, (1, 1), (top, left))
    if isinstance(step, PaddingStep):
        (top, bottom), (left, right) = step.padding
        return mask[top : mask.shape[0] - bottom, left : mask.shape[1] - right]
    if isinstance(step, ReshapeStep):
        return mask.reshape(step.input_shape)
    if isinstance(step, DenseStep) or (isinstance(step, ActivationStep) and not step.activation.elementwise):
        return np.broadcast_to(mask.any(axis=-1, keepdims=True), step.input_shape)
    return mask


def _windows(places: Mask, shape: tuple[int, ...], size: Pair, strides: Pair, dilation: Pair, padding: Padding) -> Mask:
    """Return the inputs under the windows at the marked places."""
    (top, bottom), (left, right) = padding
    height, width, channels = shape
    inputs = np.zeros((height + top + bottom, width + left + right, channels), bool)
    rows, columns = (np.arange(n) * stride for n, stride in zip(places.shape, strides, strict=False))
    for row in range(size[0]):
        for column in range(size[1]):
            inputs[np.ix_(rows + row * dilation[0], columns + column * dilation[1])] |= places
    return inputs[top : top + height, left : left + width]


def _painting(marked: Mask, places: tuple[int, ...], size: Pair, strides: Pair, dilation: Pair, cuts: Pair) -> Mask:
    """Return the places whose windows, painted on an image of which `cuts` are cut off, cover the marked pixels."""
    painted = [
        max((n - 1) * stride + extent(window, apart), cut + made)
        for n, stride, window, apart, cut, made in zip(
            places, strides, size, dilation, cuts, marked.shape[:2], strict=True
        )
    ]
    whole = np.zeros((*painted, marked.shape[2]), bool)
    whole[cuts[0] : cuts[0] + marked.shape[0], cuts[1] : cuts[1] + marked.shape[1]] = marked
    inputs = np.zeros((*places, marked.shape[2]), bool)
    rows, columns = (np.arange(n) * stride for n, stride in zip(places, strides, strict=True))
    for row in range(size[0]):
        for column in range(size[1]):
            inputs |= whole[np.ix_(rows + row * dilation[0], columns + column * dilation[1])]
    return inputs


def _others(count: int, axis: int) -> tuple[int, ...]:
    return tuple(other for other in range(count) if other != axis)

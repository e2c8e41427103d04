"""Receptive field: exactly which input values one unit of a layer sees."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, SupportsIndex

import numpy as np
import numpy.typing as npt

from convoscope import drawing
from convoscope.engine import plan, receptive_field as reach
from convoscope.engine.base import Array
from convoscope.engine.steps import Step
from convoscope.errors import ConfigurationError
from convoscope.explore.calls import call_at, index_of, name_at
from convoscope.layers import Layer
from convoscope.models.network import Network

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ReceptiveField:
    """The input values that one unit's output depends on.

    Attributes
    ----------
    layer : str
    unit : tuple of int
        Its position in the layer's output: (row, column, channel), or (neuron,).
    mask : bool array (*input_shape)
        True where the unit's value depends on the input. Dilated kernels leave holes.
    size : tuple of int
        Height and width of an inner unit's field, padding included.

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Conv2D(4, 3, dilation_rate=2, input_shape=(8, 8, 1), name="dilated")])
    >>> result = cs.explore.receptive_field(model, "dilated", (0, 0))
    >>> result.size, result.pixels[0].tolist()
    ((5, 5), [True, False, True, False, True, False, False, False])
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
        return tuple(
            slice(int(positions[0]), int(positions[-1]) + 1) if len(positions) else slice(0, 0) for positions in seen
        )

    def plot(self, image: Array | None = None) -> Any:
        """Show the receptive field; if an image is given, the rest of it is darkened.

        Examples
        --------
        >>> import convoscope as cs
        >>> layers = [cs.layers.Conv2D(4, 3, input_shape=(8, 8, 1), name="edges"), cs.layers.MaxPooling2D(name="pool")]
        >>> model = cs.Sequential(layers)
        >>> figure = cs.explore.receptive_field(model, "pool", (0, 0)).plot()
        >>> figure.axes[0].images[0].get_array().shape[:2]
        (8, 8)
        """
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
    model: Network, layer: Layer | str | SupportsIndex, unit: Sequence[SupportsIndex] | SupportsIndex, which: int = 0
) -> ReceptiveField:
    """Return exactly the input values that a unit depends on, whatever the weights.

    Parameters
    ----------
    model : Sequential or Model
    layer : layer, name or index
    unit : int or tuple of int
        The unit's position in the layer's output: (row, column), (row, column, channel), or the number of a neuron.
    which : int
        The number of the input to examine, if the model has several.

    Notes
    -----
    Found by going back from the unit, step by step, marking what each marked value is computed from. Size and distance
    of neighbouring fields follow Araujo, Norris and Sim (2019): see `convoscope.engine.receptive_field`.

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Conv2D(4, 3, input_shape=(8, 8, 1)), cs.layers.MaxPooling2D()])
    >>> receptive_field(model, "max_pooling2d", (1, 0)).box
    (slice(2, 6, None), slice(0, 4, None))
    """
    at = index_of(model, layer)
    graph = model.graph.upto([model.graph.value_of(at)])
    steps = plan.build_graph(graph, fused=False).steps
    shape, count = steps[-1].output_shape, len(graph.input_shapes)
    index = _unit_index(unit, shape, call_at(model, at).layer)
    field = reach.of_values(steps, graph.input_shapes, which)[-1]
    masks = {count + len(steps) - 1: np.zeros(shape, bool)}
    masks[count + len(steps) - 1][index] = True
    for made in range(len(steps) - 1, -1, -1):
        _read(steps[made], masks.pop(count + made), masks)
    mask = masks.get(which, np.zeros(graph.input_shapes[which], bool))
    size = field.size if field is not None else (0,) * len(reach.at_input(graph.input_shapes[which]).axes)
    return ReceptiveField(name_at(model, at), index, mask, size)


def _read(step: Step, mask: Mask, masks: dict[int, Mask]) -> None:
    """Mark in `masks` what the marked outputs of a step are computed from, of each value that it reads."""
    for which, value in enumerate(step.inputs):
        marked = mask
        for reading in reversed(step.readings_of(which)):
            marked = reading.back(marked)
        masks[value] = marked | masks[value] if value in masks else marked


def _unit_index(unit: Any, shape: tuple[int, ...], layer: Layer) -> tuple[int, ...]:
    parts = list(unit) if isinstance(unit, Sequence) else [unit]
    if len(parts) == len(shape) - 1 and len(shape) == 3:
        parts.append(0)  # all channels see the same positions, unless channels were put apart before
    index = tuple(operator.index(part) for part in parts)
    if len(index) != len(shape) or not all(0 <= i < n for i, n in zip(index, shape, strict=True)):
        raise ConfigurationError(
            f"{layer.describe()} has outputs of shape {shape}, which have no unit {unit!r}. Give one index for each "
            "axis, counted from 0; the channel may be left out."
        )
    return index


def _others(count: int, axis: int) -> tuple[int, ...]:
    return tuple(other for other in range(count) if other != axis)

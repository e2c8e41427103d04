"""Top activating: the positions in images that a filter responds to most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, SupportsIndex

import numpy as np

from convoscope import drawing
from convoscope.checks import integer
from convoscope.engine import plan, receptive_field as reach
from convoscope.engine.base import Array
from convoscope.explore.calls import call_at, channel_at, index_of, name_at
from convoscope.explore.submodels import as_batch, batches, outputs_at
from convoscope.layers import Layer
from convoscope.models.network import Network


@dataclass(frozen=True, eq=False)
class TopActivating:
    """The images in which a channel reaches its largest values, and what it saw there.

    Attributes
    ----------
    layer : str
    channel : int
    indices : array of int (n,)
        Places in the data, the largest value first.
    values : array (n,)
    units : array of int (n, 2) or (n, 0)
        Row and column of the value in the feature map; none in a dense layer.
    images : array (n, *input_shape)
    patches : tuple of arrays
        The part of each image in the unit's receptive field; smaller at the edge, the whole image for a dense layer.
    """

    layer: str
    channel: int
    indices: Array
    values: Array
    units: Array
    images: Array
    patches: tuple[Array, ...]

    def plot(self) -> Any:
        """Show the patches, all on the scale of the images, with the values."""
        made, axes = drawing.figure(*drawing.grid(len(self.patches)), title=f"{self.layer}, channel {self.channel}")
        low, high = float(self.images.min()), float(self.images.max())
        for panel, patch, value, index in zip(axes.flat, self.patches, self.values, self.indices, strict=False):
            panel.imshow(drawing.as_image(patch), cmap="gray", vmin=low, vmax=high)
            panel.set_title(f"{value:.3g} in image {index}", fontsize=7)
        drawing.hide_unused(axes, len(self.patches))
        return made


def top_activating(
    model: Network, layer: Layer | str | SupportsIndex, channel: SupportsIndex, images: Any, count: int = 16
) -> TopActivating:
    """Find the images that a channel responds to most, each at its best position.

    Parameters
    ----------
    model : Sequential or Model
    layer : layer, name or index
    channel : int
        A filter of a convolution, or a neuron of a dense layer.
    images : array (N, *input_shape)
    count : int
        How many images at most.

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Conv2D(1, 2, kernel_initializer="ones", input_shape=(4, 4, 1))])
    >>> images = np.zeros((2, 4, 4, 1))
    >>> images[1, 2:, 2:] = 1
    >>> result = top_activating(model, 0, 0, images, count=1)
    >>> result.indices.tolist(), result.values.tolist(), result.units.tolist(), result.patches[0].shape
    ([1], [4.0], [[2, 2]], (2, 2, 1))
    """
    index = index_of(model, layer)
    number = channel_at(model, index, channel)
    most = integer(count, "count", "top_activating")
    batch = as_batch(model, images, "top_activating")
    best, where = [], []
    for part in batches(len(batch)):
        (outputs,) = outputs_at(model, batch[part], [index])
        values = outputs[..., number]
        flat = values.reshape(len(values), -1)
        where.append(flat.argmax(axis=1))
        best.append(flat.max(axis=1))
    values_of, peaks = np.concatenate(best), np.concatenate(where)
    top = np.argsort(-values_of, kind="stable")[:most]
    shape = call_at(model, index).output_shape[:-1]
    units = np.stack(np.unravel_index(peaks[top], shape), axis=1) if shape else np.zeros((len(top), 0), np.int64)
    axes = _field(model, index).axes
    patches = tuple(_patch(batch[image], unit, axes) for image, unit in zip(top, units, strict=True))
    return TopActivating(name_at(model, index), number, top, values_of[top], units, batch[top], patches)


def _field(model: Network, index: int) -> reach.ReceptiveField:
    graph = model.graph.upto([model.graph.value_of(index)])
    field = reach.of_values(plan.build_graph(graph, fused=False).steps, graph.input_shapes)[-1]
    assert field is not None
    return field


def _patch(image: Array, unit: Array, axes: tuple[reach.Reach, ...]) -> Array:
    """Return what a unit saw of an image: along each axis, the pixels of its reach that lie in the image."""
    if len(unit) != len(axes) or image.ndim < 2:
        return np.array(image)
    spans = []
    for at, axis in zip(unit, axes, strict=True):
        first, last = axis.seen(int(at))
        spans.append(slice(max(0, first), max(0, min(axis.length, last + 1))))
    return np.array(image[tuple(spans)])

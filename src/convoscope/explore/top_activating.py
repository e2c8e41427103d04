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
from convoscope.explore.submodels import as_batch, batches, submodel
from convoscope.layers import Layer
from convoscope.models.network import Network


@dataclass(frozen=True, eq=False)
class TopActivating:
    """The images in which a channel reaches its largest values, and the patches that it responded to.

    Attributes
    ----------
    layer : str
    channel : int
    indices : array of int (n,)
        Indices in the data, the largest value first.
    values : array (n,)
    units : array of int (n, 2) or (n, 0)
        Row and column of the value in the feature map; empty for a dense layer.
    images : array (n, *input_shape)
    patches : tuple of arrays
        The part of each image in the unit's receptive field; smaller at the edge, the whole image for a dense layer.

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Conv2D(1, 2, kernel_initializer="ones", input_shape=(4, 4, 1))])
    >>> images = np.zeros((3, 4, 4, 1))
    >>> images[1, 0, 0], images[2, 2:, 2:] = 1, 1
    >>> result = cs.explore.top_activating(model, 0, 0, images, count=2)
    >>> result.indices.tolist(), result.values.tolist(), result.patches[0][..., 0].tolist()
    ([2, 1], [4.0, 1.0], [[1.0, 1.0], [1.0, 1.0]])
    """

    layer: str
    channel: int
    indices: Array
    values: Array
    units: Array
    images: Array
    patches: tuple[Array, ...]

    def plot(self) -> Any:
        """Show the patches, all on the scale of the images, with the values.

        Examples
        --------
        >>> import convoscope as cs
        >>> model = cs.Sequential([cs.layers.Conv2D(4, 3, input_shape=(8, 8, 1)), cs.layers.MaxPooling2D()])
        >>> images = np.random.default_rng(0).random((5, 8, 8, 1))
        >>> figure = cs.explore.top_activating(model, 0, 0, images, count=3).plot()
        >>> len([axes for axes in figure.axes if axes.images])
        3
        """
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
        The largest number of images returned.

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
    values, peaks = peaks_of(model, index, number, batch)
    return strongest(model, index, number, batch, values, peaks, most)


def peaks_of(model: Network, index: int, channel: int, batch: Array) -> tuple[Array, Array]:
    """Return the largest value of a channel in each image, (N,), and its index in the flattened map, (N,)."""
    best, where = [], []
    upto = submodel(model, output=model.graph.value_of(index))
    for part in batches(len(batch)):
        values = upto.run({0: batch[part]})[..., channel]
        flat = values.reshape(len(values), -1)
        where.append(flat.argmax(axis=1))
        best.append(flat.max(axis=1))
    return np.concatenate(best), np.concatenate(where)


def strongest(
    model: Network, index: int, channel: int, batch: Array, values: Array, peaks: Array, count: int
) -> TopActivating:
    """Return the images with the largest of the values that `peaks_of` found."""
    top = np.argsort(-values, kind="stable")[:count]
    shape = call_at(model, index).output_shape[:-1]
    units = np.stack(np.unravel_index(peaks[top], shape), axis=1) if shape else np.zeros((len(top), 0), np.int64)
    patches = tuple(patch(model, index, batch[image], unit) for image, unit in zip(top, units, strict=True))
    return TopActivating(name_at(model, index), channel, top, values[top], units, batch[top], patches)


def patch(model: Network, index: int, image: Array, unit: Array) -> Array:
    """Return what a unit sees of an image: along each axis, the pixels of its reach that lie in the image."""
    axes = _field(model, index).axes
    if len(unit) != len(axes) or image.ndim < 2:
        return np.array(image)
    spans = []
    for at, axis in zip(unit, axes, strict=True):
        first, last = axis.seen(int(at))
        spans.append(slice(max(0, first), max(0, min(axis.length, last + 1))))
    return np.array(image[tuple(spans)])


def _field(model: Network, index: int) -> reach.ReceptiveField:
    graph = model.graph.upto([model.graph.value_of(index)])
    field = reach.of_values(plan.build_graph(graph, fused=False).steps, graph.input_shapes)[-1]
    assert field is not None
    return field

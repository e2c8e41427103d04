"""Activations: what each layer makes of images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, SupportsIndex

import numpy as np

from convoscope import drawing
from convoscope.engine.base import Array, each as each_of
from convoscope.explore.calls import index_of, name_at
from convoscope.explore.submodels import as_inputs, outputs_at
from convoscope.layers import Layer
from convoscope.models.network import Network


@dataclass(frozen=True, eq=False)
class Activations:
    """The outputs of layers for images.

    Attributes
    ----------
    images : array (N, *input_shape), or a list of those
        One for each input of the model.
    layers : tuple of str
        The layers' names; the second call of a layer is named "conv2d (2nd call)".
    outputs : tuple of arrays (N, ...)
        One for each layer.

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Conv2D(4, 3, input_shape=(8, 8, 1), name="edges"), cs.layers.ReLU(name="on")])
    >>> result = cs.explore.activations(model, np.zeros((2, 8, 8, 1)))
    >>> {name: result[name].shape for name in result.layers}
    {'edges': (2, 6, 6, 4), 'on': (2, 6, 6, 4)}
    """

    images: Any
    layers: tuple[str, ...]
    outputs: tuple[Array, ...]

    def __getitem__(self, layer: str) -> Array:
        """Return the output of the layer of that name."""
        return self.outputs[self.layers.index(layer)]

    def plot(self, image: int = 0, most: int = 8) -> Any:
        """Show one image and up to `most` feature maps of each layer, one colour scale for each layer.

        A scale of its own for each map would make a filter that found nothing look like one that did.

        Examples
        --------
        >>> import convoscope as cs
        >>> layers = [cs.layers.Conv2D(4, 3, input_shape=(8, 8, 1), name="edges"), cs.layers.MaxPooling2D(name="pool")]
        >>> model = cs.Sequential(layers)
        >>> figure = cs.explore.activations(model, np.zeros((1, 8, 8, 1))).plot(most=2)
        >>> len(figure.axes)
        6
        """
        made, axes = drawing.figure(len(self.layers) + 1, most)
        for panel, images in zip(axes[0], each_of(self.images, 1), strict=False):
            drawing.show_image(panel, images[image])
        for each in axes[0]:
            each.set_axis_off()
        for row, name, outputs in zip(axes[1:], self.layers, self.outputs, strict=True):
            values = outputs[image]
            maps = np.moveaxis(values, -1, 0) if values.ndim == 3 else drawing.as_image(values.ravel())[None]
            low, high = float(values.min()), float(values.max())
            for panel, shown in zip(row, maps[:most], strict=False):
                panel.imshow(shown, cmap=drawing.MAPS, vmin=low, vmax=high)
            row[0].set_title(drawing.plain(f"{name}: {low:.3g} to {high:.3g}"), loc="left", fontsize=8)
            for unused in row[len(maps[:most]) :]:
                unused.set_axis_off()
        return made


def activations(
    model: Network, images: Any, layers: Sequence[Layer | str | SupportsIndex] | None = None
) -> Activations:
    """Return the output of each layer for images.

    Parameters
    ----------
    model : Sequential or Model
    images : array (N, *input_shape) or one image
        Prepared as for training (scaled to 0..1, if it was).
    layers : list of layers, names or indexes, optional
        All of them if left out. In a graph, an index is that of a call in ``model.graph.calls``.

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Conv2D(4, 3, input_shape=(8, 8, 1)), cs.layers.Flatten(), cs.layers.Dense(3)])
    >>> result = activations(model, np.zeros((2, 8, 8, 1)))
    >>> result.layers, result["conv2d"].shape
    (('conv2d', 'flatten', 'dense'), (2, 6, 6, 4))
    """
    batch = as_inputs(model, images)
    every = range(len(model.graph.calls))
    indices = list(every) if layers is None else [index_of(model, layer) for layer in layers]
    names = tuple(name_at(model, index) for index in indices)
    return Activations(batch, names, tuple(outputs_at(model, batch, indices)))

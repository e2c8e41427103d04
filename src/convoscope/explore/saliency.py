"""Saliency: how much each input value, changed a little, would change a class' score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from convoscope import drawing
from convoscope.engine.base import Array
from convoscope.explore.submodels import as_batch, chosen_classes, class_count, class_names, one_hot, submodel
from convoscope.models.network import Network


@dataclass(frozen=True, eq=False)
class Saliency:
    """Gradients of class scores with respect to the input.

    Attributes
    ----------
    images : array (N, *input_shape)
    classes : array (N,)
        The class of each image whose score was differentiated.
    labels : tuple of str
        The classes' names.
    gradients : array (N, *input_shape)

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Flatten(input_shape=(2, 2, 1)), cs.layers.Dense(2, use_bias=False)])
    >>> model.set_weights([np.array([[0.0, 1.0], [0.0, -2.0], [0.0, 3.0], [0.0, 0.0]])])
    >>> cs.explore.saliency(model, np.ones((2, 2, 1)), class_index=1).gradients[0, :, :, 0].tolist()
    [[1.0, -2.0], [3.0, 0.0]]
    """

    images: Array
    classes: Array
    labels: tuple[str, ...]
    gradients: Array

    @property
    def maps(self) -> Array:
        """The size of the gradient at each pixel, the largest over the channels: (N, height, width)."""
        size = np.abs(self.gradients)
        return size.max(axis=-1) if size.ndim == 4 else size

    def plot(self) -> Any:
        """Show each image and next to it its map, on its own scale from 0.

        Examples
        --------
        >>> import convoscope as cs
        >>> model = cs.Sequential([cs.layers.Conv2D(2, 3, input_shape=(8, 8, 1)), cs.layers.Flatten()])
        >>> figure = cs.explore.saliency(model, np.ones((3, 8, 8, 1)), class_index=0).plot()
        >>> len([axes for axes in figure.axes if axes.images])  # three images and three maps
        6
        """
        made, axes = drawing.figure(len(self.images), 2)
        for row, image, values, label in zip(axes, self.images, self.maps, self.labels, strict=True):
            drawing.show_image(row[0], image)
            row[1].imshow(drawing.as_image(values), cmap=drawing.HEAT, vmin=0)
            row[1].set_title(drawing.plain(f"{label}, up to {values.max():.2g}"), fontsize=8)
        return made


def saliency(model: Network, images: Any, class_index: Any = None) -> Saliency:
    """Return the gradient of a class's score with respect to the input.

    Parameters
    ----------
    model : Sequential or Model
        With one row of scores for each image. A softmax or sigmoid at its end is left out.
    images : array (N, *input_shape) or one image
        Prepared as for training.
    class_index : int or array (N,), optional
        The class; if left out, the one predicted for each image.

    Notes
    -----
    Simonyan, Vedaldi and Zisserman, "Deep Inside Convolutional Networks" (2013).

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Flatten(input_shape=(4, 4, 1)), cs.layers.Dense(3, activation="softmax")])
    >>> result = saliency(model, np.ones((4, 4, 1)), class_index=2)
    >>> bool(np.allclose(result.gradients.ravel(), model.layers[1].weights[0][:, 2]))
    True
    """
    batch = as_batch(model, images, "saliency")
    count = class_count(model)
    classes = chosen_classes(model, batch, class_index)
    gradients = submodel(model, [0], scores=True).pull({0: batch}, one_hot(classes, count))
    names = class_names(model, count)
    return Saliency(batch, classes, tuple(names[each] for each in classes), gradients)

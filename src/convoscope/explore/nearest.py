"""Nearest: the training images that the network finds most alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from convoscope import drawing
from convoscope.checks import integer
from convoscope.engine.base import Array
from convoscope.explore.embedding import hidden
from convoscope.explore.submodels import as_batch, batches
from convoscope.models.network import Network


@dataclass(frozen=True, eq=False)
class Nearest:
    """For each image, its nearest neighbours in a collection, by the outputs of the last hidden layer.

    Attributes
    ----------
    images : array (N, *input_shape)
    indices : array of int (N, count)
        Indices in the collection, the nearest first.
    distances : array (N, count)
        Euclidean, between the outputs of the last hidden layer.
    neighbours : array (N, count, *input_shape)

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Activation("linear", input_shape=(2,)), cs.layers.Dense(2)])
    >>> result = cs.explore.nearest(model, np.array([[3.0, 4.0]]), np.array([[3.0, 3.0], [0.0, 0.0]]), count=2)
    >>> result.indices.tolist(), result.distances.round(4).tolist()
    ([[0, 1]], [[1.0, 5.0]])
    """

    images: Array
    indices: Array
    distances: Array
    neighbours: Array

    def plot(self) -> Any:
        """Show a row for each image: the image, then its neighbours with their distances.

        Examples
        --------
        >>> import convoscope as cs
        >>> model = cs.Sequential([cs.layers.Flatten(input_shape=(2, 2)), cs.layers.Dense(2)])
        >>> figure = cs.explore.nearest(model, np.ones((1, 2, 2)), np.zeros((5, 2, 2)), count=3).plot()
        >>> len([axes for axes in figure.axes if axes.images])  # the image and three neighbours
        4
        """
        made, axes = drawing.figure(len(self.images), self.indices.shape[1] + 1)
        for row, image, others, distances in zip(axes, self.images, self.neighbours, self.distances, strict=True):
            drawing.show_image(row[0], image)
            for panel, other, distance in zip(row[1:], others, distances, strict=True):
                drawing.show_image(panel, other)
                panel.set_title(f"{distance:.3g}", fontsize=8)
        return made


def nearest(model: Network, images: Any, collection: Any, count: int = 5) -> Nearest:
    """Find the images of a collection, such as the training images, that the network finds most like given ones.

    Parameters
    ----------
    model : Sequential or Model
    images : array (N, *input_shape) or one image
    collection : array (M, *input_shape)
    count : int
        How many neighbours at most.

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Dense(2, input_shape=(3,))])
    >>> nearest(model, np.eye(3)[1], np.eye(3), count=1).indices.tolist()
    [[1]]
    """
    most = integer(count, "count", "nearest")
    batch, known = as_batch(model, images, "nearest"), as_batch(model, collection, "nearest")
    own = hidden(model, batch)[0].astype(np.float64)
    others = np.concatenate([hidden(model, known[part])[0] for part in batches(len(known))]).astype(np.float64)
    squares = [((others - each) ** 2).sum(axis=1) for each in own]
    indices = np.stack([np.argsort(row, kind="stable")[:most] for row in squares])
    distances = np.sqrt(np.take_along_axis(np.stack(squares), indices, axis=1))
    return Nearest(batch, indices, distances, known[indices])

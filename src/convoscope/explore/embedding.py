"""Embedding: where images lie in the space of the last hidden layer, in two dimensions; and which lie nearest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from convoscope import drawing
from convoscope.engine import plan, select
from convoscope.engine.base import Array, Arrays, each
from convoscope.errors import NotReadyError, unknown_name
from convoscope.explore.calls import name_at
from convoscope.explore.predictions import Labels, checked_labels
from convoscope.explore.submodels import (
    as_inputs,
    class_count,
    class_names,
    count_of,
    in_batches,
    main_calls,
    main_target,
)
from convoscope.layers import Conv2D, Dense
from convoscope.models.network import Network

METHODS = ("pca", "tsne")
_READABLE = 20  # a legend of more classes covers the points


@dataclass(frozen=True, eq=False)
class Embedding:
    """Images as points.

    Attributes
    ----------
    points : array (N, 2)
    labels : array of int (N,), or None
    names : tuple of str
        The classes' names.
    layer : str
        The layer whose outputs were drawn.
    method : {"pca", "tsne"}
    explained : (float, float) or None
        The share of the variance along each axis, for PCA.

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Activation("linear", input_shape=(2,)), cs.layers.Dense(2)])
    >>> result = cs.explore.embedding(model, np.array([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]]))  # on a line
    >>> result.method, [round(share, 4) for share in result.explained]
    ('pca', [1.0, 0.0])
    """

    points: Array
    labels: Labels | None
    names: tuple[str, ...]
    layer: str
    method: str
    explained: tuple[float, float] | None

    def plot(self) -> Any:
        """Show the points, in the colours of their classes if these were given.

        Examples
        --------
        >>> points, labels = np.array([[0.0, 0.0], [1.0, 2.0], [2.0, 1.0]]), np.array([0, 1, 1])
        >>> figure = Embedding(points, labels, ("cat", "dog"), "dense", "tsne", None).plot()
        >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
        ['cat', 'dog']
        """
        made, axes = drawing.figure(1, 1, size=5.0, title=f"{self.method} of {self.layer}")
        panel = axes[0][0]
        if self.labels is None:
            panel.scatter(self.points[:, 0], self.points[:, 1], s=8)
            return made
        present = np.unique(self.labels)
        for label in present:
            own = self.points[self.labels == label]
            panel.scatter(own[:, 0], own[:, 1], s=8, label=drawing.plain(self.names[label]))
        if len(present) <= _READABLE:
            panel.legend(fontsize=7)
        return made


def embedding(model: Network, x: Any, y: Any = None, method: str = "pca", *, seed: int = 0) -> Embedding:
    """Show images as points: the outputs of the last hidden layer, reduced to two dimensions.

    Parameters
    ----------
    model : Sequential or Model
    x : array (N, *input_shape)
    y : array of int (N,), or one-hot rows, optional
        For the colours.
    method : {"pca", "tsne"}
        PCA uses the two directions in which the images differ most; t-SNE keeps neighbours together, and needs
        scikit-learn.
    seed : int
        For t-SNE.

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Dense(5, input_shape=(3,)), cs.layers.Dense(2)])
    >>> embedding(model, np.eye(3)).points.shape
    (3, 2)
    """
    if method not in METHODS:
        raise unknown_name("method of embedding", method, METHODS)
    batch = as_inputs(model, x)
    count = max(2, class_count(model))
    labels = None if y is None else checked_labels(main_target(model, y), count_of(batch), count)
    values, layer = hidden(model, batch)
    explained = None
    if method == "pca":
        points, explained = _pca(values)
    else:
        points = _tsne(values, seed)
    return Embedding(points, labels, tuple(class_names(model, count)), layer, method, explained)


def hidden(model: Network, images: Arrays) -> tuple[Array, str]:
    """Return what goes into the last dense layer or convolution, (N, features), and the name of where it is from."""
    value, count = hidden_value(model), len(model.plan_input_shapes)
    return in_batches(hidden_run(model), images), "the input" if value < count else name_at(model, value - count)


def hidden_value(model: Network) -> int:
    """Return the number of the value that goes into the last dense layer or convolution, or of the first input."""
    calls = model.graph.calls
    with_weights = [index for index in main_calls(model) if isinstance(calls[index].layer, (Conv2D, Dense))]
    return calls[with_weights[-1]].inputs[0] if with_weights else 0


def hidden_run(model: Network) -> Callable[[Arrays], Array]:
    """Return a function from a batch of inputs to what goes into the last dense layer or convolution, (N, features)."""
    value = hidden_value(model)
    if value < len(model.plan_input_shapes):
        return lambda inputs: _flat(np.array(each(inputs, 1)[value], np.float32))
    graph = model.graph.upto([value])
    executable = select.current().prepare(plan.build_graph(graph), graph.weights, moment=graph.moment)
    return lambda inputs: _flat(np.array(executable.forward(inputs)))


def _flat(values: Array) -> Array:
    return values.reshape(len(values), -1)


def _pca(values: Array) -> tuple[Array, tuple[float, float]]:
    """Return the first two principal components, and their shares of the variance. The larger loadings are positive."""
    centred = values.astype(np.float64) - values.mean(axis=0, dtype=np.float64)
    tall = centred.shape[0] >= centred.shape[1]
    variances, vectors = np.linalg.eigh(centred.T @ centred if tall else centred @ centred.T)
    top = vectors[:, ::-1][:, :2]
    axes = top if tall else centred.T @ top
    axes = axes / np.maximum(np.linalg.norm(axes, axis=0), np.finfo(float).tiny)
    axes = axes * np.where(np.take_along_axis(axes, np.abs(axes).argmax(axis=0)[None], axis=0) < 0, -1.0, 1.0)
    points = np.zeros((len(values), 2))
    points[:, : axes.shape[1]] = centred @ axes
    total = max(float(np.maximum(variances, 0).sum()), np.finfo(float).tiny)
    first, second = (points**2).sum(axis=0) / total
    return points, (float(first), float(second))


def _tsne(values: Array, seed: int) -> Array:
    try:
        from sklearn.manifold import TSNE
    except ImportError:
        raise NotReadyError(
            "t-SNE is computed by scikit-learn, which is not installed. Install it: pip install scikit-learn. "
            "method='pca' does not need it."
        ) from None
    perplexity = max(1.0, min(30.0, (len(values) - 1) / 3))
    points: Array = TSNE(random_state=seed, init="pca", perplexity=perplexity).fit_transform(values)
    return points

"""Grad-CAM and HiResCAM: where the last convolution found evidence for a class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, SupportsIndex

import numpy as np

from convoscope import drawing
from convoscope.engine.base import Array
from convoscope.errors import ShapeError, unknown_name
from convoscope.explore.calls import call_at, convolution_at, name_at
from convoscope.explore.submodels import (
    as_batch,
    chosen_classes,
    class_count,
    class_names,
    one_hot,
    outputs_at,
    submodel,
)
from convoscope.layers import Layer
from convoscope.models.network import Network

METHODS = ("grad_cam", "hires_cam")


@dataclass(frozen=True, eq=False)
class GradCam:
    """Where an image contains evidence for a class.

    Attributes
    ----------
    images : array (N, *input_shape)
    layer : str
        The layer whose feature maps were weighted.
    method : {"grad_cam", "hires_cam"}
    classes : array (N,)
    labels : tuple of str
        The classes' names.
    raw : array (N, height, width)
        The weighted sum of the feature maps, in the size of these maps: above 0 is evidence for the class, below 0
        against it.

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Conv2D(1, 1, input_shape=(2, 2, 1)), cs.layers.Flatten(), cs.layers.Dense(2)])
    >>> kernel = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]])  # class 0 is the first pixel
    >>> model.set_weights([np.ones((1, 1, 1, 1)), np.zeros(1), kernel, np.zeros(2)])
    >>> result = cs.explore.grad_cam(model, np.ones((1, 2, 2, 1)), class_index=0, method="hires_cam")
    >>> result.raw.tolist(), result.has_evidence.tolist()
    ([[[1.0, 0.0], [0.0, 0.0]]], [True])
    """

    images: Array
    layer: str
    method: str
    classes: Array
    labels: tuple[str, ...]
    raw: Array

    @property
    def heat(self) -> Array:
        """What is above 0 in `raw`, not stretched to any scale: (N, height, width)."""
        return np.maximum(self.raw, 0)

    @property
    def has_evidence(self) -> Array:
        """For each image, whether there is any positive evidence: bool (N,). If not, `heat` is 0 everywhere."""
        return np.asarray(np.any(self.raw > 0, axis=(1, 2)))

    def plot(self) -> Any:
        """Show the heat map over each image, all on one scale; images without positive evidence are marked.

        Examples
        --------
        >>> import convoscope as cs
        >>> model = cs.Sequential([cs.layers.Conv2D(2, 3, input_shape=(8, 8, 1)), cs.layers.Flatten()])
        >>> figure = cs.explore.grad_cam(model, np.ones((3, 8, 8, 1)), class_index=0).plot()
        >>> len(figure.axes)  # three images and the colour scale
        4
        """
        rows, columns = drawing.grid(len(self.images))
        made, axes = drawing.figure(rows, columns, size=2.2, title=f"{self.method} at {self.layer}")
        high = float(self.heat.max()) or 1.0
        each = zip(self.images, self.heat, self.labels, self.has_evidence, strict=True)
        for panel, (image, heat, label, evidence) in zip(axes.flat, each, strict=False):
            drawing.show_overlay(panel, image, heat, cmap=drawing.HEAT, low=0.0, high=high)
            said = f"up to {heat.max():.2g}" if evidence else "no positive evidence"
            panel.set_title(drawing.plain(f"{label}: {said}"), fontsize=8)
        drawing.hide_unused(axes, len(self.images))
        return made


def grad_cam(
    model: Network,
    images: Any,
    class_index: Any = None,
    layer: Layer | str | SupportsIndex | None = None,
    method: str = "grad_cam",
) -> GradCam:
    """Return where in the images a convolution finds evidence for a class.

    Parameters
    ----------
    model : Sequential or Model
        With one row of scores for each image. A softmax or sigmoid at its end is left out.
    images : array (N, *input_shape) or one image
        Prepared as for training.
    class_index : int or array (N,), optional
        The class; if left out, the one predicted for each image.
    layer : layer, name or index, optional
        Any layer that makes feature maps; the last convolution if left out.
    method : {"grad_cam", "hires_cam"}
        Grad-CAM weights each map by the mean of its gradient. HiResCAM weights each position by its own gradient, and
        so shows only positions that the model did use.

    Notes
    -----
    Selvaraju et al., "Grad-CAM" (2017); Draelos and Carin, "Use HiResCAM instead of Grad-CAM" (2020).

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Conv2D(4, 3, activation="relu", input_shape=(8, 8, 1)),
    ...                        cs.layers.Flatten(), cs.layers.Dense(3, activation="softmax")])
    >>> grad_cam(model, np.ones((2, 8, 8, 1)), class_index=0).heat.shape
    (2, 6, 6)
    """
    if method not in METHODS:
        raise unknown_name("method of grad_cam", method, METHODS)
    index = convolution_at(model, layer, "grad_cam", -1)
    call = call_at(model, index)
    if len(call.output_shape) != 3:
        raise ShapeError(
            f"grad_cam needs feature maps of shape (height, width, channels), but {call.layer.describe()} has outputs "
            f"of shape {call.output_shape}. Choose a convolution or a pooling, or leave the layer out."
        )
    batch = as_batch(model, images, "grad_cam")
    count = class_count(model)
    classes = chosen_classes(model, batch, class_index)
    (maps,) = outputs_at(model, batch, [index])
    value = model.graph.value_of(index)
    behind = submodel(model, [value], scores=True)
    gradients = behind.pull({value: maps, 0: batch}, one_hot(classes, count))
    names = class_names(model, count)
    labels = tuple(names[each] for each in classes)
    return GradCam(batch, name_at(model, index), method, classes, labels, weighted_sum(maps, gradients, method))


def weighted_sum(maps: Array, gradients: Array, method: str) -> Array:
    """Return the sum of feature maps (N, height, width, channels), weighted by their gradients: (N, height, width)."""
    weights = gradients.mean(axis=(1, 2), keepdims=True) if method == "grad_cam" else gradients
    total: Array = (weights * maps).sum(axis=-1)
    return total

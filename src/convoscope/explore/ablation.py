"""Ablation: switch filters off and see what the model still knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, SupportsIndex

import numpy as np

from convoscope import drawing
from convoscope.engine.base import Array
from convoscope.explore.answers import Labels, answers_of, checked_labels
from convoscope.explore.sections import as_batch, batches, channel_at, class_count, outputs_at, place_of, section
from convoscope.layers import Layer
from convoscope.models.sequential import Sequential


@dataclass(frozen=True, eq=False)
class Ablation:
    """What the model answers with some channels of a layer at 0.

    Attributes
    ----------
    layer : str
    channels : tuple of int
    outputs : array (N, outputs)
        The model's outputs with the channels at 0.
    predicted : array of int (N,)
    accuracy_before, accuracy : float
        The share of right answers with all channels, and with these at 0.
    class_accuracy_before, class_accuracy : array (classes,)
        The same for the images of each class; NaN for a class without images.
    names : tuple of str
        The classes' names.
    """

    layer: str
    channels: tuple[int, ...]
    outputs: Array
    predicted: Labels
    accuracy_before: float
    accuracy: float
    class_accuracy_before: Array
    class_accuracy: Array
    names: tuple[str, ...]

    def plot(self) -> Any:
        """Show the accuracy of each class, before and with the channels at 0."""
        title = f"{self.layer} without {', '.join(map(str, self.channels)) or 'nothing'}: "
        title += f"accuracy {self.accuracy_before:.2%} → {self.accuracy:.2%}"
        made, axes = drawing.figure(1, 1, size=4.5, title=title)
        place, at = axes[0][0], np.arange(len(self.names))
        place.bar(at - 0.2, np.nan_to_num(self.class_accuracy_before), 0.4, label="before", color="lightgrey")
        place.bar(at + 0.2, np.nan_to_num(self.class_accuracy), 0.4, label="now")
        place.set_xticks(at, list(map(drawing.plain, self.names)), rotation=60)
        place.set_yticks([0, 0.5, 1])
        place.legend()
        return made


def ablate(
    model: Sequential,
    layer: Layer | str | SupportsIndex,
    channels: SupportsIndex | Sequence[SupportsIndex],
    x: Any,
    y: Any,
) -> Ablation:
    """Return what the model answers with channels of a layer's output at 0. The model itself is not touched.

    Parameters
    ----------
    model : Sequential
    layer : layer, name or index
    channels : int or list of int
        Filters of a convolution, or neurons of a dense layer.
    x : array (N, *input_shape)
    y : array of int (N,), or one-hot rows (N, classes)

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Activation("linear", input_shape=(2,)), cs.layers.Activation("linear")])
    >>> result = ablate(model, 0, 1, np.array([[1.0, 0.0], [0.0, 1.0]]), [0, 1])
    >>> result.accuracy_before, result.accuracy
    (1.0, 0.5)
    """
    place = place_of(model, layer)
    wanted = list(channels) if isinstance(channels, (Sequence, np.ndarray)) else [channels]
    off = sorted({channel_at(model, place, channel) for channel in wanted})
    class_count(model)
    batch = as_batch(model, x)
    rest = section(model, place + 1) if place + 1 < len(model.layers) else None
    before, now = [], []
    for part in batches(len(batch)):
        inner, outputs = outputs_at(model, batch[part], [place, len(model.layers) - 1])
        inner[..., off] = 0
        before.append(outputs)
        now.append(inner if rest is None else rest.run(inner))
    had, has = answers_of(model, np.concatenate(before)), answers_of(model, np.concatenate(now))
    labels = checked_labels(y, len(batch), len(has.names))
    return Ablation(
        model.layers[place].name,
        tuple(off),
        np.concatenate(now),
        has.predicted,
        float(np.mean(had.predicted == labels)),
        float(np.mean(has.predicted == labels)),
        accuracy_by_class(had.predicted, labels, len(has.names)),
        accuracy_by_class(has.predicted, labels, len(has.names)),
        has.names,
    )


def accuracy_by_class(predicted: Labels, labels: Labels, classes: int) -> Array:
    """Return the share of right answers for the images of each class (classes,); NaN for a class without images."""
    images = np.bincount(labels, minlength=classes)
    right = np.bincount(labels[predicted == labels], minlength=classes)
    share = np.full(classes, np.nan)
    np.divide(right, images, out=share, where=images > 0)
    return share

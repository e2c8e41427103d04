"""Interventions: filters switched off and single weights changed, and how well the model does then.

The model itself is never touched.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, SupportsIndex

import numpy as np

from convoscope import drawing
from convoscope.engine.base import Array, Arrays
from convoscope.errors import ConfigurationError
from convoscope.explore.calls import call_at, channel_at, index_of, name_at
from convoscope.explore.predictions import Labels, checked_labels, predictions, predictions_of
from convoscope.explore.submodels import (
    as_inputs,
    class_count,
    count_of,
    in_batches,
    known,
    main_target,
    main_value,
    submodel,
)
from convoscope.layers import Layer
from convoscope.models.network import Network


@dataclass(frozen=True, eq=False)
class Ablation:
    """What the model predicts with some channels of a layer set to 0.

    Attributes
    ----------
    layer : str
    channels : tuple of int
    outputs : array (N, outputs)
        The model's outputs with the channels set to 0.
    predicted : array of int (N,)
    accuracy_before, accuracy : float
        The share of correct predictions with all channels, and with these set to 0.
    class_accuracy_before, class_accuracy : array (classes,)
        The same for the images of each class; NaN for a class without images.
    names : tuple of str
        The classes' names.

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Activation("linear", input_shape=(2,)), cs.layers.Activation("linear")])
    >>> result = cs.explore.ablate(model, 0, 1, np.array([[1.0, 0.0], [0.0, 1.0]]), [0, 1])
    >>> result.class_accuracy_before.tolist(), result.class_accuracy.tolist()  # class 1 needs channel 1
    ([1.0, 1.0], [1.0, 0.0])
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
        """Show the accuracy of each class, with all channels and with these set to 0.

        Examples
        --------
        >>> import convoscope as cs
        >>> model = cs.Sequential([cs.layers.Activation("linear", input_shape=(2,)), cs.layers.Activation("linear")])
        >>> figure = cs.explore.ablate(model, 0, 1, np.array([[1.0, 0.0], [0.0, 1.0]]), [0, 1]).plot()
        >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
        ['before', 'now']
        """
        title = f"{self.layer} without {', '.join(map(str, self.channels)) or 'nothing'}: "
        title += f"accuracy {self.accuracy_before:.2%} → {self.accuracy:.2%}"
        made, axes = drawing.figure(1, 1, size=4.5, title=title)
        panel, at = axes[0][0], np.arange(len(self.names))
        panel.bar(at - 0.2, np.nan_to_num(self.class_accuracy_before), 0.4, label="before", color="lightgrey")
        panel.bar(at + 0.2, np.nan_to_num(self.class_accuracy), 0.4, label="now")
        panel.set_xticks(at, list(map(drawing.plain, self.names)), rotation=60)
        panel.set_yticks([0, 0.5, 1])
        panel.legend()
        return made


def ablate(
    model: Network,
    layer: Layer | str | SupportsIndex,
    channels: SupportsIndex | Sequence[SupportsIndex],
    x: Any,
    y: Any,
) -> Ablation:
    """Return what the model predicts with channels of a layer's output set to 0. The model itself is unchanged.

    Parameters
    ----------
    model : Sequential or Model
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
    index = index_of(model, layer)
    wanted = list(channels) if isinstance(channels, (Sequence, np.ndarray)) else [channels]
    off = sorted({channel_at(model, index, channel) for channel in wanted})
    class_count(model)
    batch = as_inputs(model, x)
    outputs = in_batches(with_interventions(model, {index: off}, []), batch)
    before, now = predictions(model, batch), predictions_of(model, outputs)
    labels = checked_labels(main_target(model, y), count_of(batch), len(now.names))
    return Ablation(
        name_at(model, index),
        tuple(off),
        outputs,
        now.predicted,
        float(np.mean(before.predicted == labels)),
        float(np.mean(now.predicted == labels)),
        _by_class(before.predicted, labels, len(now.names)),
        _by_class(now.predicted, labels, len(now.names)),
        now.names,
    )


@dataclass(frozen=True)
class WeightChange:
    """One number of a layer's weight: its index in the flattened array, and what it becomes."""

    layer: int
    weight: str
    index: int
    value: float


@dataclass(frozen=True, eq=False)
class Intervention:
    """How well a model does with interventions.

    Attributes
    ----------
    accuracy : float
        The share of correct predictions.
    class_accuracy : array (classes,)
        The same for the images of each class; NaN for a class without images.
    names : tuple of str
    """

    accuracy: float
    class_accuracy: Array
    names: tuple[str, ...]


def intervene(
    model: Network, silenced: Mapping[int, Sequence[int]], changes: Sequence[WeightChange], x: Any, y: Any
) -> Intervention:
    """Return how well a model does with channels of some layers at 0 and some weights changed.

    Parameters
    ----------
    model : Sequential or Model
    silenced : mapping of int to list of int
        From layers' indices (in a graph: those of their calls) to their channels that are 0.
    changes : list of WeightChange
    x : array (N, *input_shape)
    y : array of int (N,), or one-hot rows (N, classes)

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Activation("linear", input_shape=(2,)), cs.layers.Activation("linear")])
    >>> intervene(model, {0: [1]}, [], np.array([[1.0, 0.0], [0.0, 1.0]]), [0, 1]).accuracy
    0.5
    """
    class_count(model)
    batch = as_inputs(model, x)
    found = predictions_of(model, in_batches(with_interventions(model, silenced, changes), batch))
    labels = checked_labels(main_target(model, y), count_of(batch), len(found.names))
    share = float(np.mean(found.predicted == labels))
    return Intervention(share, _by_class(found.predicted, labels, len(found.names)), found.names)


def with_interventions(
    model: Network, silenced: Mapping[int, Sequence[int]], changes: Sequence[WeightChange]
) -> Callable[[Arrays], Array]:
    """Return a function from a batch to the model's outputs, with channels at 0 and weights changed."""
    return _running(with_weights(model, changes), checked_channels(model, silenced))


def checked_channels(model: Network, silenced: Mapping[int, Sequence[int]]) -> dict[int, list[int]]:
    """Return the channels that are off, by the indices of the calls, or say which of them the model has not."""
    return {
        index_of(model, index): [channel_at(model, index_of(model, index), channel) for channel in channels]
        for index, channels in silenced.items()
    }


def with_weights(model: Network, changes: Sequence[WeightChange]) -> Network:
    """Return the model with some numbers changed: a copy, or without changes the model itself."""
    if not changes:
        return model
    twin = copy.deepcopy(model)
    for change in changes:
        layer = call_at(twin, index_of(twin, change.layer)).layer
        weights = {spec.name: weight for spec, weight in zip(layer.specs, layer.weights, strict=True)}
        if change.weight not in weights or not 0 <= change.index < weights[change.weight].size:
            raise ConfigurationError(f"{layer.describe()} has no element {change.index} in a weight {change.weight!r}.")
        if not np.isfinite(change.value):
            raise ConfigurationError(f"A weight must be set to a finite number, but got {change.value}.")
        weights[change.weight].reshape(-1)[change.index] = change.value
    return twin


def _running(model: Network, off: Mapping[int, Sequence[int]]) -> Callable[[Arrays], Array]:
    """Return a function from a batch to the main output: parts of the model, with zeros put in between them.

    Each part goes on from all values that have zeros, so that every reader of such a value sees them.
    """
    cuts = [model.graph.value_of(index) for index in sorted(off)]
    parts = [submodel(model, cuts[:number], cut) for number, cut in enumerate(cuts)]
    last = submodel(model, cuts, main_value(model))

    def run(inputs: Arrays) -> Array:
        values = known(inputs)
        for part, cut, index in zip(parts, cuts, sorted(off), strict=True):
            values[cut] = part.at_once(values)
            values[cut][..., list(off[index])] = 0
        return last.at_once(values)

    return run


def _by_class(predicted: Labels, labels: Labels, classes: int) -> Array:
    """Return the share of correct predictions in each class (classes,); NaN for a class without images."""
    images = np.bincount(labels, minlength=classes)
    right = np.bincount(labels[predicted == labels], minlength=classes)
    share = np.full(classes, np.nan)
    np.divide(right, images, out=share, where=images > 0)
    return share

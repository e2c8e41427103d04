"""Altered: what a model answers with filters off and single numbers of its weights changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convoscope.engine.base import Array
from convoscope.errors import ConfigurationError
from convoscope.explore.ablation import accuracy_by_class
from convoscope.explore.answers import answers_of, checked_labels
from convoscope.explore.sections import as_batch, channel_at, class_count, in_batches, place_of, section
from convoscope.models.sequential import Sequential


@dataclass(frozen=True)
class Change:
    """One number of a layer's weight: its place in the flattened array, and what it becomes."""

    layer: int
    weight: str
    index: int
    value: float


@dataclass(frozen=True, eq=False)
class Altered:
    """How well the altered model answers.

    Attributes
    ----------
    accuracy : float
        The share of right answers.
    class_accuracy : array (classes,)
        The same for the images of each class; NaN for a class without images.
    names : tuple of str
    """

    accuracy: float
    class_accuracy: Array
    names: tuple[str, ...]


def altered(
    model: Sequential, silenced: Mapping[int, Sequence[int]], changes: Sequence[Change], x: Any, y: Any
) -> Altered:
    """Return how well a model answers with channels of some layers at 0 and some weights changed.

    The model itself is not touched.

    Parameters
    ----------
    model : Sequential
    silenced : mapping of int to list of int
        From layers' places to their channels that are 0.
    changes : list of Change
    x : array (N, *input_shape)
    y : array of int (N,), or one-hot rows (N, classes)

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Activation("linear", input_shape=(2,)), cs.layers.Activation("linear")])
    >>> altered(model, {0: [1]}, [], np.array([[1.0, 0.0], [0.0, 1.0]]), [0, 1]).accuracy
    0.5
    """
    class_count(model)
    batch = as_batch(model, x)
    found = answers_of(model, in_batches(altered_run(model, silenced, changes), batch))
    labels = checked_labels(y, len(batch), len(found.names))
    share = float(np.mean(found.predicted == labels))
    return Altered(share, accuracy_by_class(found.predicted, labels, len(found.names)), found.names)


def altered_run(
    model: Sequential, silenced: Mapping[int, Sequence[int]], changes: Sequence[Change]
) -> Callable[[Array], Array]:
    """Return a function from a batch to what the model so altered puts out."""
    off = {
        place_of(model, place): [channel_at(model, place_of(model, place), channel) for channel in channels]
        for place, channels in silenced.items()
    }
    return _running(_changed(model, changes), off)


def _changed(model: Sequential, changes: Sequence[Change]) -> Sequential:
    if not changes:
        return model
    copy = Sequential.from_config(model.get_config(), seed=model.seed)
    copy.set_weights(model.get_weights())
    for change in changes:
        layer = copy.layers[place_of(copy, change.layer)]
        weights = {spec.name: weight for spec, weight in zip(layer.specs, layer.weights, strict=True)}
        if change.weight not in weights or not 0 <= change.index < weights[change.weight].size:
            raise ConfigurationError(f"{layer.describe()} has no number {change.index} of a weight {change.weight!r}.")
        if not np.isfinite(change.value):
            raise ConfigurationError(f"A weight must be a finite number, but is to become {change.value}.")
        weights[change.weight].reshape(-1)[change.index] = change.value
    return copy


def _running(model: Sequential, off: Mapping[int, Sequence[int]]) -> Callable[[Array], Array]:
    """Return a function from a batch to the outputs: pieces of the model, with zeros put in between them."""
    ends = sorted(off)
    starts = [0, *(place + 1 for place in ends)]
    pieces = [
        section(model, start, stop) if start < len(model.layers) else None
        for start, stop in zip(starts, [*(place + 1 for place in ends), None], strict=True)
    ]

    def run(values: Array) -> Array:
        for piece, place in zip(pieces, [*ends, None], strict=True):
            values = values if piece is None else piece.executable.forward(values).copy()
            if place is not None:
                values[..., list(off[place])] = 0
        return values

    return run

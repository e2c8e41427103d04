"""What a large network makes of an image, layer by layer, for a page whose browser would take long to compute it.

The page asks for the layers that are seen. Their values, of the newest image, stay here for the next question.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from convoscope.engine.base import Array
from convoscope.errors import ConfigurationError, ShapeError
from convoscope.explore.all_values import AllValues
from convoscope.explore.embedding import hidden_value
from convoscope.explore.grad_cam import METHODS, weighted_sum
from convoscope.explore.interventions import WeightChange, checked_channels, with_weights
from convoscope.explore.random_weights import untrained
from convoscope.explore.submodels import class_count
from convoscope.models.network import Network
from convoscope.web.explored import Explored
from convoscope.web.questions import interventions, read_image, test_image, whole

_RUNS = 2  # of each network: the newest, and the one before it, which may still be asked about
_KEPT = 3  # networks that stay prepared: the model, the untrained one, and one with changed numbers


@dataclass
class _Prepared:
    """A network that was asked about, and the values of its newest runs."""

    model: Network  # that it was made from: as long as it lives, no other one has its identity
    inner: AllValues
    runs: OrderedDict[Any, list[Array]] = field(default_factory=OrderedDict)


@dataclass(frozen=True)
class _Asked:
    """A network, all its values for an image, and the channels that are off."""

    inner: AllValues
    values: list[Array]
    off: dict[int, list[int]]

    @property
    def first(self) -> int:
        """How many inputs the network has."""
        return len(self.inner.model.plan_input_shapes)


class Runs:
    """Answers about single images, as bytes: see `written`."""

    def __init__(self) -> None:
        self._prepared: OrderedDict[Any, _Prepared] = OrderedDict()

    def values(self, explored: Explored, question: dict[str, Any]) -> bytes:
        """Answer what some layers make of an image.

        A question has ``image``, the number of a test image, or ``own``, an image for each input as base64 of float32
        values; ``silenced`` and ``changes`` as for the accuracy; ``beside`` for the other model; and ``wanted``, the
        layers by their positions.
        """
        asked = self._asked(explored, question)
        wanted = question.get("wanted")
        count = len(asked.values) - asked.first
        layers = [whole(each, "a layer's number") for each in wanted] if isinstance(wanted, list) else [-1]
        if not all(0 <= each < count for each in layers):
            raise ConfigurationError(f"Layers must be a list of numbers from 0 to {count - 1}, but got {wanted!r}.")
        return written([asked.values[asked.first + each][0] for each in layers])

    def evidence(self, explored: Explored, question: dict[str, Any]) -> bytes:
        """Answer where the layer at ``position`` has evidence for each of some ``classes``, by a ``method``."""
        asked = self._asked(explored, question)
        value = whole(question.get("position"), "a layer's number") + asked.first
        method = question.get("method")
        maps = asked.values[value] if value < len(asked.values) else np.zeros(0)
        if maps.ndim != 4 or method not in METHODS:
            raise ConfigurationError("Evidence needs a layer that outputs maps, and the method grad_cam or hires_cam.")
        gradients = asked.inner.gradient(asked.values, value, _classes(asked.inner.model, question), asked.off)
        return written(list(weighted_sum(maps, gradients, method)[..., None]))

    def saliency(self, explored: Explored, question: dict[str, Any]) -> bytes:
        """Answer how much each value of an ``input`` would change the score of each of some ``classes``."""
        asked = self._asked(explored, question)
        value = whole(question.get("input"), "an input's number")
        if value >= asked.first:
            raise ConfigurationError(f"The model has no input {value}.")
        return written(
            list(asked.inner.gradient(asked.values, value, _classes(asked.inner.model, question), asked.off))
        )

    def features(self, explored: Explored, image: Any) -> Array:
        """Return what goes into the last dense layer or convolution for an image, (features,).

        It is the number of a test image, or the values of another as base64. The model is as it was opened.
        """
        question = {"own": [image]} if isinstance(image, str) else {"image": image}
        values = self._asked(explored, question).values
        found: Array = values[hidden_value(explored.model)][0].ravel()
        return found

    def _asked(self, explored: Explored, question: dict[str, Any]) -> _Asked:
        """Return the network that a question is about, and what it makes of its image."""
        silenced, changes = interventions({"silenced": {}, "changes": [], **question})
        beside = explored.beside if question.get("beside") else None
        model = explored.model if beside is None else beside.model
        trained = question.get("trained", True) is True
        off = checked_channels(model, silenced) if trained else {}
        seed = None if trained else whole(question.get("seed", 1), "a seed")
        prepared = self._network(model, changes if trained else [], seed)
        key = (_key(question), tuple(sorted((index, tuple(channels)) for index, channels in off.items())))
        if key not in prepared.runs:
            prepared.runs[key] = prepared.inner.of(inputs_asked(explored, model, question), off)
            while len(prepared.runs) > _RUNS:
                prepared.runs.popitem(last=False)
        prepared.runs.move_to_end(key)
        return _Asked(prepared.inner, prepared.runs[key], off)

    def _network(self, model: Network, changes: Sequence[WeightChange], seed: int | None) -> _Prepared:
        """Return a model with some numbers changed, or by a seed with weights that have learned nothing."""
        key = (id(model), tuple(changes), seed)
        if key not in self._prepared:
            chosen = with_weights(model, changes) if seed is None else untrained(model, seed)
            self._prepared[key] = _Prepared(model, AllValues(chosen))
            while len(self._prepared) > _KEPT:
                self._prepared.popitem(last=False)
        self._prepared.move_to_end(key)
        return self._prepared[key]


def written(arrays: Sequence[Array]) -> bytes:
    """Write arrays as bytes: the length of a JSON text (4), their shapes as JSON, and then their float32 values.

    Examples
    --------
    >>> written([np.ones((1, 2), np.float32)])
    b'\\x08\\x00\\x00\\x00[[1, 2]]\\x00\\x00\\x80?\\x00\\x00\\x80?'
    """
    shapes = json.dumps([list(array.shape) for array in arrays]).encode()
    shapes += b" " * (-len(shapes) % 4)  # values begin where a browser can look at them as they lie
    parts = [np.ascontiguousarray(array, "<f4").tobytes() for array in arrays]
    return b"".join([len(shapes).to_bytes(4, "little"), shapes, *parts])


def _classes(model: Network, question: dict[str, Any]) -> list[int]:
    count = max(2, class_count(model))
    told = question.get("classes")
    if not isinstance(told, list) or not all(0 <= whole(each, "a class") < count for each in told) or not told:
        raise ConfigurationError(f"Classes must be a list of numbers from 0 to {count - 1}, but got {told!r}.")
    return told


def _key(question: dict[str, Any]) -> Any:
    """Return what tells an image from another. It was not checked yet, so it may be anything."""
    own = question.get("own")
    return tuple(map(str, own)) if isinstance(own, list) else repr(question.get("image"))


def inputs_asked(explored: Explored, model: Network, question: dict[str, Any]) -> list[Array]:
    """Return the image that a question is about, (1, *input_shape) for each input."""
    shapes = model.plan_input_shapes
    own = question.get("own")
    if own is None:
        number = test_image(explored, question.get("image"))
        return [images[number : number + 1] for images in explored.all_images]
    if not isinstance(own, list) or len(own) != len(shapes):
        raise ShapeError(f"Your own image must be a list with one image for each of the {len(shapes)} inputs.")
    return [read_image(each, shape)[None] for each, shape in zip(own, shapes, strict=True)]

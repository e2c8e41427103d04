"""What the explorer's page asks about what excites a filter, where Python runs the network."""

from __future__ import annotations

from typing import Any

import numpy as np

from convoscope.errors import ConfigurationError
from convoscope.explore.interventions import with_weights
from convoscope.explore.maximize import before_activation
from convoscope.explore.submodels import Submodel, submodel
from convoscope.explore.top_activating import peaks_of
from convoscope.models.network import Network
from convoscope.web.explored import Explored
from convoscope.web.questions import interventions, test_image, whole
from convoscope.web.runs import inputs_asked, written

_MOST_IMAGES = 64  # in a question: another one may be waiting


class Pulls:
    """Answers about single values and their gradients; the part of the network that was asked about stays prepared."""

    def __init__(self) -> None:
        self._key: Any = None
        self._model: Network | None = None  # as long as it lives, no other one has its identity
        self._parts: tuple[Submodel, Submodel] | None = None  # to the value, and to what is before its activation

    def pull(self, explored: Explored, question: dict[str, Any]) -> bytes:
        """Answer one value of the layer at ``position``, by its index ``unit``, for an image, and its gradient by it.

        The gradient is that before an activation function at the layer's end, as the page has it for a network that it
        runs itself: ``engine/service.js``.
        """
        model, position = _asked(explored, question)
        key = (id(explored.model), position, repr(question.get("changes")))
        if self._parts is None or key != self._key:
            self._key, self._model = key, explored.model
            upto = submodel(model, output=model.graph.value_of(position))
            self._parts = upto, before_activation(model, position)
        upto, before = self._parts
        image = inputs_asked(explored, model, question)[0]
        unit, size = whole(question.get("unit"), "a value's index"), int(np.prod(before.output_shape))
        if unit >= size:
            raise ConfigurationError(f"The layer outputs {size} values, numbered from 0, but got {unit}.")
        wanted = np.zeros((1, size), np.float32)
        wanted[0, unit] = 1
        (gradient,) = before.pull({0: image}, wanted.reshape(1, *before.output_shape))
        return written([upto.run({0: image}).reshape(-1)[unit : unit + 1], gradient])


def peaks(explored: Explored, question: dict[str, Any]) -> bytes:
    """Answer the largest value of a ``channel`` of the layer at ``position`` in each of some test ``images``.

    They are told by their numbers. Two arrays come: the values, and their indices in what the layer makes.
    """
    model, position = _asked(explored, question)
    told = question.get("images")
    if not isinstance(told, list) or not 0 < len(told) <= _MOST_IMAGES:
        raise ConfigurationError(f"Test images must be a list of 1 to {_MOST_IMAGES} numbers.")
    images = explored.images[[test_image(explored, each) for each in told]]
    channel, channels = whole(question.get("channel"), "a channel"), model.graph.calls[position].output_shape[-1]
    if channel >= channels:
        raise ConfigurationError(f"The layer has {channels} channels, numbered from 0, but got {channel}.")
    values, where = peaks_of(model, position, channel, images)
    return written([values, (where * channels + channel).astype(np.float32)])


def _asked(explored: Explored, question: dict[str, Any]) -> tuple[Network, int]:
    """Return the network with its changed numbers, and the position of the layer."""
    if len(explored.model.plan_input_shapes) > 1:
        raise ConfigurationError("This works only for networks with one input.")
    _, changes = interventions({"silenced": {}, "changes": [], **question})
    position, count = whole(question.get("position"), "a layer's number"), len(explored.model.graph.calls)
    if position >= count:
        raise ConfigurationError(f"The network has {count} layers, numbered from 0, but got {position}.")
    return with_weights(explored.model, changes), position

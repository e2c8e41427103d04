"""Which call of a layer is meant: by the layer itself, by its name or by the call's index.

In a stack each layer has one call, and indices are those of its layers. In a graph they are those of
`model.graph.calls`, in which models that stand in a model are taken apart.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import SupportsIndex

from convoscope.errors import ConfigurationError, unknown_name
from convoscope.explore.submodels import main_calls
from convoscope.layers import Conv2D, Layer
from convoscope.layers.graph import Call
from convoscope.models.naming import call_names
from convoscope.models.network import Network


def index_of(model: Network, layer: Layer | str | SupportsIndex) -> int:
    """Return the index of a call whose layer is given as itself, by its name, or by that index (-1 is the last).

    Of a layer that is called several times it is the first call: the others are named "conv2d (2nd call)" and so on.
    """
    calls, names = model.graph.calls, call_names(model)
    if isinstance(layer, Layer):
        indices = [index for index, call in enumerate(calls) if call.layer is layer]
        if not indices:
            raise ConfigurationError(
                f"{layer.describe()} is not a layer of model {model.name!r}, which has the layers {', '.join(names)}."
            )
        return indices[0]
    if isinstance(layer, str):
        plain = [call.layer.name for call in calls]  # of layers in models that stand in this one, without the path
        for known in (names, plain):
            if layer in known:
                return known.index(layer)
        raise unknown_name(f"layer in model {model.name!r}", layer, names)
    index = operator.index(layer)
    if not -len(calls) <= index < len(calls):
        raise ConfigurationError(f"There is no layer at index {index}: model {model.name!r} has {len(calls)} layers.")
    return index % len(calls)


def call_at(model: Network, index: int) -> Call:
    """Return the call at an index."""
    return model.graph.calls[index]


def name_at(model: Network, index: int) -> str:
    """Return the name of the call at an index."""
    return call_names(model)[index]


def calls_of(model: Network, kinds: type[Layer] | tuple[type[Layer], ...]) -> list[int]:
    """Return the indices of the calls of such layers, in the order in which they are computed."""
    return [index for index, call in enumerate(model.graph.calls) if isinstance(call.layer, kinds)]


def readers_of(model: Network, index: int) -> Sequence[int]:
    """Return the indices of the calls that read what the one at `index` makes."""
    value = model.graph.value_of(index)
    return [reader for reader, call in enumerate(model.graph.calls) if value in call.inputs]


def convolution_at(model: Network, layer: Layer | str | SupportsIndex | None, what: str, default: int) -> int:
    """Return the index of a convolution: the one given, or the first (`default` 0) or last (-1) of the model.

    Of several outputs the main one counts, and the convolutions that it is computed from.
    """
    if layer is not None:
        return index_of(model, layer)
    known = [index for index in calls_of(model, Conv2D) if index in main_calls(model)]
    if not known:
        raise ConfigurationError(
            f"{what} needs a convolution, but model {model.name!r} has none: its layers are "
            f"{', '.join(call.layer.describe() for call in model.graph.calls)}. saliency and occlusion work for every "
            "model."
        )
    return known[default]


def channel_at(model: Network, index: int, channel: SupportsIndex) -> int:
    """Return the channel's number, from 0, or say how many the layer has."""
    call = call_at(model, index)
    count = call.output_shape[-1]
    number = operator.index(channel)
    if not -count <= number < count:
        raise ConfigurationError(
            f"{call.layer.describe()} has {count} channels, numbered 0 to {count - 1}, but got channel {number}."
        )
    return number % count

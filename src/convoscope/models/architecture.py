"""What a model's file says of its layers, and how they are made of that again.

Version 1 is of plain stacks: ``architecture`` is what `Sequential.get_config` returns.

Version 2 is of all other models. ``architecture`` is what `serialize` returns, with the models that stand in the model.
``graph`` says the same once more, for readers that want calls of layers and nothing else:

``input_shapes``, ``input_names``
    Of each input, without the batch axis.
``layers``
    Every layer once, in the order of the weights. Its arrays are named ``layers/<index here>/<weight>``.
``calls``
    In an order in which they can be computed: ``layer``, an index in ``layers``; ``inputs``, the numbers of values (0
    and on are the inputs, then comes one value for each call); ``name``, one that no other call has.
``outputs``, ``output_names``
    The numbers of the values that come out.
"""

from __future__ import annotations

import json
from typing import Any

from convoscope.errors import ConfigurationError, ConvoscopeError
from convoscope.layers.free import stand_ins
from convoscope.layers.serialization import MODELS, deserialize, serialize
from convoscope.layers.sharing import SHARED
from convoscope.layers.unfilled import building_unfilled
from convoscope.models.naming import call_names
from convoscope.models.network import Network
from convoscope.models.sequential import Sequential
from convoscope.seeds import check_seed

#: The most calls of layers that a file may describe, and how deep models may stand within models.
MOST_CALLS = 1 << 14
DEEPEST = 32
#: What a description that was tampered with can lead to, besides what is said on purpose.
UNMAKEABLE = (ConvoscopeError, LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError)


def described(model: Network) -> dict[str, Any]:
    """Return what a file says of a built model's layers.

    Raises
    ------
    ConfigurationError
        If it has more calls, or models deeper within models, than a file may describe.
    """
    if model.is_plain:
        return {"architecture": model.get_config()}
    architecture = serialize(model)
    _Bounds().check(architecture)
    return {"architecture": architecture, "graph": _flat(model)}


def kind_of(description: dict[str, Any], version: int) -> str | None:
    """Return whether a description is of a "Sequential" or a "Model"; None if it does not say."""
    if version == 1:
        return "Sequential"
    architecture = description.get("architecture")
    kind = architecture.get("class_name") if isinstance(architecture, dict) else None
    return kind if isinstance(kind, str) and kind in MODELS else None


def made(description: dict[str, Any], version: int) -> Network:
    """Make a model of what a file says, with weights that take no memory yet: each layer must be given its own.

    Raises
    ------
    ConfigurationError, ShapeError
        If it is no description of a model; the message says where.
    """
    architecture, seed = description["architecture"], check_seed(description["seed"])
    with building_unfilled():
        if version == 1:
            _Bounds().check({"class_name": "Sequential", "config": architecture})
            stand_ins(architecture["input_shape"], "input_shape", "The model")
            model: Network = Sequential.from_config(architecture, seed=seed)
        else:
            kind = kind_of(description, version)
            if kind is None:
                raise ConfigurationError(
                    f"its architecture must be a Sequential or a Model, but is {architecture!r:.80}."
                )
            _Bounds().check(architecture)
            model = MODELS[kind].from_config(architecture["config"], seed=seed)
        model.build()
        if version > 1:
            _check_graph(_flat(model), description["graph"])
    return model


def _flat(model: Network) -> dict[str, Any]:
    graph = model.graph
    number_of = {id(layer): number for number, layer in enumerate(graph.layers)}
    return {
        "input_shapes": [list(shape) for shape in graph.input_shapes],
        "input_names": list(model.input_names),
        "layers": [serialize(layer) for layer in graph.layers],
        "calls": [
            {"layer": number_of[id(call.layer)], "inputs": list(call.inputs), "name": name}
            for call, name in zip(graph.calls, call_names(model), strict=True)
        ],
        "outputs": list(graph.outputs),
        "output_names": list(model.output_names),
    }


def _check_graph(own: dict[str, Any], told: Any) -> None:
    """Say where a graph differs from that of the model that was made of the architecture beside it."""
    if not isinstance(told, dict):
        raise ConfigurationError(f"its graph must be a dict, but is {told!r:.80}.")
    for key, expected in own.items():
        found = told.get(key)
        if key == "layers" and isinstance(found, list):
            found = [serialize(deserialize(layer)) for layer in found]  # what an older version did not say, it meant
        if json.dumps(found, sort_keys=True) != json.dumps(expected, sort_keys=True):
            raise ConfigurationError(
                f"its graph and its architecture differ in {key!r}: they do not belong to the same model."
            )


class _Bounds:
    """Counts what a description asks for before anything of it is made."""

    def __init__(self) -> None:
        self._described = 0
        self._sizes: dict[Any, int] = {}  # of what other places refer to

    def check(self, description: Any, depth: int = 0) -> int:
        """Return how many calls of layers a layer or model stands for, models in it taken apart.

        What is no description at all is left to whoever makes layers of it, who says what is wrong.
        """
        if not isinstance(description, dict):
            return 1
        number = description.get(SHARED)
        if number is not None and type(number) is not int:
            raise ConfigurationError(f"the number of a shared layer must be a whole number, but is {number!r:.80}.")
        if number is not None and number in self._sizes:
            return self._sizes[number]
        size = self._size(description, depth)
        if size > MOST_CALLS:
            raise ConfigurationError(
                f"it has more than {MOST_CALLS:,} calls of layers, the most that a file may describe."
            )
        if number is not None:
            self._sizes[number] = size
        return size

    def _size(self, description: dict[str, Any], depth: int) -> int:
        self._described += 1
        if self._described > MOST_CALLS:
            raise ConfigurationError(f"it has more than {MOST_CALLS:,} layers, the most that a file may describe.")
        kind, config = description.get("class_name"), description.get("config")
        layers = config.get("layers") if isinstance(config, dict) else None
        if not isinstance(kind, str) or kind not in MODELS or not isinstance(layers, list):
            return 1
        if depth == DEEPEST:
            raise ConfigurationError(
                f"its models are nested more than {DEEPEST} deep, the most that a file may contain."
            )
        sizes = [self.check(layer, depth + 1) for layer in layers]
        calls = config.get("calls") if isinstance(config, dict) else None
        if not isinstance(calls, list):
            return sum(sizes)
        called = [call.get("layer") for call in calls if isinstance(call, dict)]
        return sum(sizes[index] for index in called if type(index) is int and 0 <= index < len(sizes))

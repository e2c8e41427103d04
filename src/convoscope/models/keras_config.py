"""Models as Keras 3 writes them in JSON: `to_json` and `model_from_json`.

What is written can be read by Keras as far as it has the layers; what Keras wrote, as far as we have them.
"""

from __future__ import annotations

import json
import operator
from collections import Counter
from collections.abc import Callable, Sequence
from functools import singledispatch
from typing import Any

import numpy as np

from convoscope.errors import ConfigurationError, unknown_name
from convoscope.layers.base import Layer
from convoscope.layers.input import InputLayer
from convoscope.layers.joining import Join
from convoscope.layers.registered import custom_object_scope, get_registered_object
from convoscope.layers.serialization import KINDS, deserialize
from convoscope.layers.standardization import Normalization
from convoscope.layers.symbols import Operation, Symbol
from convoscope.models.architecture import DEEPEST, MOST_CALLS
from convoscope.models.model import Model
from convoscope.models.old_configs import renewed
from convoscope.models.sequential import Sequential
from convoscope.models.subclassed import plain
from convoscope.wording import clause

_TENSOR = "__keras_tensor__"
_OURS = ("MinPooling2D",)
# Settings that every layer has, and that Keras' constructor does not take.
_NOT_TAKEN = {"SpatialDropout2D": ("trainable",)}
# Keras' operators between symbols are operations of their own, which are no layers.
_OPERATORS: dict[str, Callable[..., Any]] = {
    "Add": operator.add,
    "Subtract": operator.sub,
    "Multiply": operator.mul,
    "TrueDivide": operator.truediv,
    "Divide": operator.truediv,
    "Power": operator.pow,
    "Negative": operator.neg,
}
# Settings of Keras' layers that mean nothing while they have these values.
_WITHOUT_MEANING: dict[str, tuple[Any, ...]] = {
    "renorm_clipping": (None,),
    "renorm_momentum": (0.99,),
    "optional": (False,),
    "antialias": (False,),
    "fill_mode": ("constant",),
    "rms_scaling": (False,),
    "keepdims": (False,),
    "data_format": ("channels_last",),
    "seed": (None,),
    "dtype": ("float32",),
}


# ---- writing


def to_json(model: Operation, **options: Any) -> str:
    """Return the architecture of a model as JSON, in Keras' layout; weights and optimizer are not part of it.

    Parameters
    ----------
    model : Sequential or Model
    **options
        For `json.dumps`: ``indent=2``.
    """
    return json.dumps(described(plain(model)), **options)


@singledispatch
def described(operation: Any) -> dict[str, Any]:
    """Return the description of a layer or model as Keras has it."""
    raise ConfigurationError(f"{operation!r} is neither a layer nor a model.")


@described.register
def _layer(layer: Layer) -> dict[str, Any]:
    config = {key: _setting(value) for key, value in layer.get_config().items() if key != "input_shape"}
    kind = type(layer).__name__
    module = "keras.layers" if KINDS.get(kind) is type(layer) and kind not in _OURS else type(layer).__module__
    for key in _NOT_TAKEN.get(kind, ()):
        config.pop(key, None)
    own = {"module": module, "class_name": kind, "config": {**config, "dtype": "float32"}, "registered_name": None}
    if layer.built and layer.specs:
        own["build_config"] = {"input_shape": _listed(layer.input_shape)}
    return own


@described.register
def _normalization(layer: Normalization) -> dict[str, Any]:
    own = _layer(layer)
    if layer.mean is not None and layer.variance is not None:
        pair = np.broadcast_arrays(layer.mean, layer.variance)  # Keras takes them in the same shape only
        own["config"] |= {"mean": pair[0].tolist(), "variance": pair[1].tolist()}
    return own


@described.register
def _input_layer(layer: InputLayer) -> dict[str, Any]:
    config = {
        "batch_shape": [None, *(layer.open_input_shape or ())],
        "dtype": "float32",
        "sparse": False,
        "name": layer.name,
    }
    return {"module": "keras.layers", "class_name": "InputLayer", "config": config, "registered_name": None}


@described.register
def _sequential(model: Sequential) -> dict[str, Any]:
    layers = [described(operation) for operation in model.operations]
    config: dict[str, Any] = {"name": model.name, "trainable": True, "dtype": "float32", "layers": layers}
    if model.built:
        config["build_input_shape"] = _listed(model.input_shape)
    return {"module": "keras", "class_name": "Sequential", "config": config, "registered_name": None}


@described.register
def _model(model: Model) -> dict[str, Any]:
    operations, wiring = model.operations, model.wiring()
    numbers = Counter[int]()
    history: list[tuple[str, int]] = []  # of each call: the layer's name, and which of its calls it is
    calls: dict[int, list[Any]] = {index: [] for index in range(len(operations))}
    shapes = [wire.output_shapes for wire in wiring.wires]
    for wire in wiring.wires:
        tensors = [_tensor(shapes[number][index], (*history[number], index)) for number, index in wire.inputs]
        if tensors:
            fixed = {"training": False} if wire.inference else {}
            # Joining layers take a list, even of one value.
            listed = len(tensors) > 1 or isinstance(operations[wire.operation], Join)
            calls[wire.operation].append({"args": [tensors] if listed else tensors, "kwargs": fixed})
        history.append((operations[wire.operation].name, numbers[wire.operation]))
        numbers[wire.operation] += 1
    layers = [
        {**described(each), "name": each.name, "inbound_nodes": calls[index]} for index, each in enumerate(operations)
    ]
    ends = [[*history[number], index] for number, index in wiring.outputs]
    config = {
        "name": model.name,
        "trainable": True,
        "layers": layers,
        "input_layers": model.in_form_of_inputs([[*history[number], index] for number, index in wiring.inputs]),
        "output_layers": model.in_form(ends),
    }
    return {"module": "keras.src.models.functional", "class_name": "Functional", "config": config}


def _tensor(shape: Sequence[int], history: Sequence[Any]) -> dict[str, Any]:
    config = {"shape": [None, *shape], "dtype": "float32", "keras_history": list(history)}
    return {"class_name": _TENSOR, "config": config}


def _setting(value: Any) -> Any:
    """Return a setting of a layer as Keras has it: initializers and such are named by their classes there."""
    if not isinstance(value, dict) or "class_name" not in value:
        return value
    name, config = value["class_name"], value["config"]
    module = "initializers" if name == name.lower() else "regularizers" if name.startswith("L") else "constraints"
    if name == "filter_bank":  # which Keras does not have: the weights themselves are kept beside
        name, config = "glorot_uniform", {"seed": None}
    kind = "".join(part.capitalize() for part in name.split("_")) if module == "initializers" else name
    return {"module": f"keras.{module}", "class_name": kind, "config": config, "registered_name": None}


def _listed(shape: Any) -> Any:
    return [_listed(each) for each in shape] if isinstance(shape, (list, tuple)) else shape


# ---- reading


def model_from_json(json_string: str, custom_objects: dict[str, Any] | None = None) -> Any:
    """Make a model from what `to_json` returned, here or in Keras, with new weights.

    Parameters
    ----------
    json_string : str
    custom_objects : dict, optional
        Your own classes by their names.

    Raises
    ------
    ConfigurationError
        If it does not describe a model, or the model has unknown layers or settings.

    Examples
    --------
    >>> from convoscope.layers import Dense
    >>> model = Sequential([Dense(3, input_shape=(4,))])
    >>> model_from_json(model.to_json()).count_params()
    15
    """
    try:
        description = json.loads(json_string)
    except (ValueError, TypeError, RecursionError) as error:
        raise ConfigurationError(
            f"model_from_json takes what model.to_json() returned, but: {clause(error)}."
        ) from None
    with custom_object_scope(custom_objects):
        return model_from(renewed(description))


def model_from(description: Any) -> Any:
    """Make a model of its description as Keras 3 gives it; see `convoscope.models.old_configs` for older ones.

    Raises
    ------
    ConfigurationError
        If it is no description of a model.
    """
    model = _made(description, depth=0)
    if not hasattr(model, "compile"):
        raise ConfigurationError(f"This describes a layer, not a model: {model!r:.200}.")
    return model


def is_operator(description: dict[str, Any]) -> bool:
    """Return whether a description is of an operator between symbols, which is no layer.

    Where files do not say the module, an operator is told from a layer of its name by having no settings.
    """
    if "module" in description:
        return str(description["module"]).startswith("keras.src.ops")
    config = description.get("config")
    bare = isinstance(config, dict) and set(config) <= {"name"}
    return bare and "inbound_nodes" in description and description.get("class_name") in _OPERATORS


def is_keras(config: Any) -> bool:
    """Return whether the configuration of a model is in Keras' layout."""
    if not isinstance(config, dict) or not isinstance(config.get("layers"), (list, tuple)):
        return False
    return "input_layers" in config or any(isinstance(each, dict) and "module" in each for each in config["layers"])


def _made(description: Any, depth: int) -> Any:
    if not isinstance(description, dict) or not isinstance(description.get("class_name"), str):
        raise ConfigurationError(
            f"A layer must be described by a dict with its class_name, but got {description!r:.80}."
        )
    name, config = description["class_name"], description.get("config")
    if depth > DEEPEST:
        raise ConfigurationError(f"Models are nested more than {DEEPEST} deep.")
    if isinstance(config, dict) and len(config.get("layers") or ()) > MOST_CALLS:
        raise ConfigurationError(f"A model is described with at most {MOST_CALLS:,} layers.")
    if name in ("Functional", "Model") and isinstance(config, dict) and is_keras(config):
        return graph_from(config, depth)
    if name == "Sequential" and isinstance(config, dict):
        return stack_from(config, depth)
    known = get_registered_object(description.get("registered_name") or name)
    if known is not None or name not in KINDS:
        name = description.get("registered_name") or name
    return deserialize({"class_name": name, "config": _our_config(config, name)})


def stack_from(config: dict[str, Any], depth: int = 0) -> Sequential:
    """Make a `Sequential` of Keras' configuration."""
    layers = [_made(each, depth + 1) for each in config.get("layers", ())]
    model = Sequential(layers, name=config.get("name"))
    if not model.built and layers and (shape := config.get("build_input_shape")) is not None:
        model.build(tuple(shape))
    return model


def graph_from(config: dict[str, Any], depth: int = 0) -> Model:
    """Make a `Model` of Keras' configuration."""
    made: dict[tuple[str, int], list[Symbol]] = {}
    waiting: list[tuple[str, int, Any, Callable[..., Any]]] = []
    for each in config["layers"]:
        name, nodes = each.get("name", each.get("config", {}).get("name")), each.get("inbound_nodes", [])
        if is_operator(each):
            call = _operator(each.get("class_name"))
        else:
            operation = _made(each, depth + 1)
            if isinstance(operation, InputLayer):
                made[name, 0] = [operation.symbol()]
                continue
            call = _call(operation)
        waiting += [(name, number, node, call) for number, node in enumerate(nodes)]
    while waiting:
        left = []
        for name, number, node, call in waiting:
            arguments = node.get("args") if isinstance(node, dict) else None
            if not isinstance(arguments, list):
                raise ConfigurationError(f"A call of {name!r} must be described by its args, but got {node!r:.80}.")
            values = _values(arguments, made)
            if values is None:
                left.append((name, number, node, call))
                continue
            result = call(values, **_fixed(node))
            made[name, number] = list(result) if isinstance(result, (list, tuple)) else [result]
        if len(left) == len(waiting):
            raise ConfigurationError(f"The description calls {left[0][0]!r} on a value that no layer outputs.")
        waiting = left
    inputs, outputs = (_ends(config.get(key), made, key) for key in ("input_layers", "output_layers"))
    return Model(inputs, outputs, name=config.get("name"))


def _fixed(node: dict[str, Any]) -> dict[str, bool]:
    """Return ``training=False`` where a layer was called with it."""
    options = node.get("kwargs")
    return {"training": False} if isinstance(options, dict) and options.get("training") is False else {}


def _call(operation: Any) -> Callable[..., Any]:
    def call(arguments: list[Any], **options: bool) -> Any:
        return operation(arguments[0] if len(arguments) == 1 else arguments, **options)

    return call


def _operator(name: Any) -> Callable[..., Any]:
    if name not in _OPERATORS:
        raise unknown_name("operation on symbols", name, _OPERATORS)
    return lambda arguments: _OPERATORS[name](*arguments)


def _values(given: Any, made: dict[tuple[str, int], list[Symbol]]) -> Any:
    """Return arguments with the symbols that are named in them; None if one of these is not there yet."""
    if isinstance(given, list):
        values = [_values(each, made) for each in given]
        return None if any(each is None for each in values) else values
    if isinstance(given, dict) and given.get("class_name") == _TENSOR:
        return _symbol(given.get("config", {}).get("keras_history"), made)
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        return given
    raise ConfigurationError(f"Layers must be called on symbols, but the description calls one on {given!r:.80}.")


def _symbol(history: Any, made: dict[tuple[str, int], list[Symbol]]) -> Symbol | None:
    if not isinstance(history, list) or len(history) != 3 or not all(type(n) is int and n >= 0 for n in history[1:]):
        raise ConfigurationError(f"A value must be given by its layer, call and index, not by {history!r:.80}.")
    found = made.get((history[0], history[1])) if isinstance(history[0], str) else None
    return None if found is None or history[2] >= len(found) else found[history[2]]


def _ends(given: Any, made: dict[tuple[str, int], list[Symbol]], key: str) -> Any:
    if isinstance(given, dict):
        return {name: _ends(each, made, key) for name, each in given.items()}
    if isinstance(given, list) and given and not isinstance(given[0], str):
        return [_ends(each, made, key) for each in given]
    symbol = _symbol(given, made)
    if symbol is None:
        raise ConfigurationError(f"The description has {given!r:.80} among its {key}, but no layer outputs it.")
    return symbol


def _our_config(config: Any, name: str) -> Any:
    """Return a layer's settings without Keras' wrapping, and without those that mean nothing."""
    if not isinstance(config, dict):
        return config
    ours = {key: _unwrapped(value) for key, value in config.items()}
    known = KINDS[name]._argument_names() if name in KINDS else ()
    return {key: value for key, value in ours.items() if key in known or value not in _WITHOUT_MEANING.get(key, ())}


def _unwrapped(value: Any) -> Any:
    if not isinstance(value, dict) or "class_name" not in value:
        return value
    kind, config = value["class_name"], value.get("config", {})
    if kind in ("DTypePolicy", "Policy"):
        return config.get("name")
    if "initializers" in str(value.get("module")):
        left_out = {key: each for key, each in config.items() if key not in ("input_axes", "output_axes")}
        if kind in ("GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal", "LecunUniform", "LecunNormal"):
            left_out = {key: each for key, each in left_out.items() if key == "seed"}
        return {"class_name": _snake(kind), "config": left_out}
    return {"class_name": kind, "config": config}


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")

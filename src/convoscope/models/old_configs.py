"""Configurations of older Keras, brought into the form that Keras 3 gives them.

Keras 2, and TensorFlow's Keras of that time, wrote initializers and the like without the module that they are from,
calls as lists, input shapes with the batch axis, and a stack of layers as a plain list. What comes in the form of
Keras 3 goes through unchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_TENSOR = "__keras_tensor__"
_KINDS = {"Model": "Functional", "SeparableConvolution2D": "SeparableConv2D", "ZeroPadding": "ZeroPadding2D"} | {
    "Convolution2D": "Conv2D",
    "Convolution2DTranspose": "Conv2DTranspose",
    "Deconvolution2D": "Conv2DTranspose",
}
# Functions of TensorFlow that models of TensorFlow 2 have as layers, and the operations of Keras 3 for them.
_FUNCTIONS = {
    "__operators__.add": "Add",
    "math.add": "Add",
    "math.subtract": "Subtract",
    "math.multiply": "Multiply",
    "math.truediv": "TrueDivide",
    "math.divide": "Divide",
    "math.pow": "Power",
    "math.negative": "Negative",
}
# Settings that layers of these kinds had, and that mean nothing while they have these values.
_LEFT_OUT: dict[str, tuple[Any, ...]] = {
    "fused": (None, True, False),
    "virtual_batch_size": (None,),
    "adjustment": (None,),
    "implementation": (0, 1, 2),
    "_initial_weights": (None,),
    "experimental_autocast": (True,),
    "optional": (False,),
    "rng_type": (None, "stateful", "stateless", "legacy_stateful"),
}
# What a depthwise convolution has of the ordinary one that it was derived from, and never used.
_OF_ORDINARY = ("kernel_initializer", "kernel_regularizer", "kernel_constraint")
_OWN_CHANNELS = ("DepthwiseConv2D", "SeparableConv2D")
_WITHOUT_GROUPS = (*_OWN_CHANNELS, "Conv2DTranspose")


def renewed(description: Any) -> Any:
    """Return the description of a model, or of a layer, as Keras 3 would write it.

    Examples
    --------
    >>> renewed({"class_name": "Sequential", "config": [{"class_name": "Conv2D", "config": {"bias_constraint": None}}]})
    {'class_name': 'Sequential', 'config': {'layers': [{'class_name': 'Conv2D', 'config': {'bias_constraint': None}}]}}
    """
    if not isinstance(description, dict) or not isinstance(description.get("class_name"), str):
        return description
    name, config = description["class_name"], description.get("config")
    if name == "Sequential" and isinstance(config, list):
        config = {"layers": config}
    if name in ("TFOpLambda", "TensorFlowOpLayer") and isinstance(config, dict):
        return _of_function(description, config)
    kind = str(_KINDS.get(name, name))
    if not isinstance(config, dict):
        return {**description, "class_name": kind}
    if isinstance(config.get("layers"), list):
        inner = {**config, "layers": [renewed(each) for each in config["layers"]]}
        if any(map(_is_called_in_lists, config["layers"])):
            inner |= {key: _ends(config[key]) for key in ("input_layers", "output_layers") if key in config}
        found = {**description, "class_name": kind, "config": inner}
    else:
        found = {**description, "class_name": kind, "config": _settings(config, kind)}
    return _with_calls(found, _of_layer)


def _settings(config: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return a layer's settings under the names, and in the form, of Keras 3."""
    found = {}
    for key, value in config.items():
        if key in _LEFT_OUT and value in _LEFT_OUT[key]:
            continue
        if key == "groups" and value == 1 and kind in _WITHOUT_GROUPS:
            continue
        if kind in _OWN_CHANNELS and (key in _OF_ORDINARY or (key == "filters" and kind == "DepthwiseConv2D")):
            continue
        if key.endswith("_initializer"):
            value = _part(value, "initializers")
        elif key.endswith("_regularizer"):
            value = _part(value, "regularizers")
        elif key.endswith("_constraint"):
            value = _part(value, "constraints")
        elif key == "axis" and isinstance(value, list) and len(value) == 1:
            value = value[0]
        elif key == "activation" and isinstance(value, dict) and isinstance(value.get("config"), str):
            value = value["config"]
        found[key] = value
    if kind == "InputLayer" and "batch_shape" not in found:
        for key in ("batch_input_shape", "input_shape"):
            if key in found:
                shape = found.pop(key)
                found["batch_shape"] = shape if key == "batch_input_shape" else [None, *(shape or ())]
    for key in ("noise_shape", "seed"):
        if kind not in ("Dropout", "SpatialDropout2D") and found.get(key, 0) is None:
            del found[key]
    return found


def _part(value: Any, module: str) -> Any:
    """Return an initializer, regularizer or constraint with its module."""
    if not isinstance(value, dict) or "module" in value or not isinstance(value.get("class_name"), str):
        return value
    config = value.get("config")
    if isinstance(config, dict):
        config = {key: each for key, each in config.items() if key not in ("dtype", "partition_info")}
        if config.get("distribution") == "normal":
            config["distribution"] = "truncated_normal"  # which it was
        if value["class_name"] in ("L1L2", "L2", "L1"):
            config = {key: each for key, each in config.items() if key != "name"}
    return {**value, "module": f"keras.{module}", "config": config if isinstance(config, dict) else {}}


# ---- calls


def _is_called_in_lists(layer: Any) -> bool:
    calls = layer.get("inbound_nodes") if isinstance(layer, dict) else None
    return isinstance(calls, list) and any(isinstance(call, list) for call in calls)


def _with_calls(layer: dict[str, Any], form: Callable[[Any], Any]) -> dict[str, Any]:
    """Return a layer with its calls as Keras 3 has them."""
    if not _is_called_in_lists(layer):
        return layer
    calls = layer["inbound_nodes"]
    return {**layer, "inbound_nodes": [form(call) if isinstance(call, list) else call for call in calls]}


def _of_layer(call: Any) -> Any:
    if not call:
        return {"args": [], "kwargs": {}}
    values = [call] if isinstance(call[0], str) else call
    tensors = [_tensor(each) for each in values]
    options = values[0][3] if isinstance(values[0], list) and len(values[0]) > 3 else {}
    kept = {"training": options["training"]} if isinstance(options, dict) and "training" in options else {}
    return {"args": tensors if len(tensors) == 1 else [tensors], "kwargs": kept}


def _of_operator(call: Any) -> Any:
    first = call if call and isinstance(call[0], str) else call[0] if call else []
    options = first[3] if isinstance(first, list) and len(first) > 3 and isinstance(first[3], dict) else {}
    second = options.get("y")
    return {"args": [_tensor(first), *([] if second is None else [_value(second)])], "kwargs": {}}


def _of_function(description: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    """Return TensorFlow's function as the operation of Keras 3, if there is one; else as it came, to be refused."""
    operation = _FUNCTIONS.get(str(config.get("function")))
    if operation is None:
        return {**description, "class_name": f"{description['class_name']} ({config.get('function')})"}
    named = {"module": "keras.src.ops.numpy", "class_name": operation, "config": {"name": config.get("name")}}
    return _with_calls({**description, **named}, _of_operator)


def _value(value: Any) -> Any:
    return _tensor(value) if isinstance(value, list) else value


def _tensor(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return {"class_name": _TENSOR, "config": {"keras_history": value[:3]}}


def _ends(given: Any) -> Any:
    """Return the inputs or outputs of a graph: one alone in a list was so of every model, and stands for itself."""
    if isinstance(given, list) and len(given) == 1 and isinstance(given[0], list):
        return given[0]
    return given

"""Files of graphs that are damaged, or made to do harm: each is refused with its name and the reason."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.models.graphs import graph, saved
from tests.models.support import assert_changed_bytes_are_refused_or_harmless
from tests.models.test_damaged_files import change_description, rewrite

from convoscope.errors import FileFormatError
from convoscope.models import load_model, read_header
from convoscope.models.architecture import DEEPEST, MOST_CALLS

Change = Callable[[dict[str, Any]], Any]


def in_config(**values: Any) -> Change:
    return lambda model: model["architecture"]["config"].update(values)


def in_graph(**values: Any) -> Change:
    return lambda model: model["graph"].update(values)


def in_call(number: int, **values: Any) -> Change:
    return lambda model: model["architecture"]["config"]["calls"][number].update(values)


def in_layer(name: str, **values: Any) -> Change:
    def change(model: dict[str, Any]) -> None:
        layers = model["architecture"]["config"]["layers"]
        next(layer for layer in layers if layer["config"]["name"] == name)["config"].update(values)

    return change


def in_models(depth: int, times: int) -> Change:
    """Put a model in a model in a model, each called so many times in the one around it."""

    def change(model: dict[str, Any]) -> None:
        layer: dict[str, Any] = {"class_name": "ReLU", "config": {}}
        for _ in range(depth):
            calls = [{"layer": 0, "inputs": []}, *({"layer": 1, "inputs": [[n, 0]]} for n in range(times))]
            layers = [{"class_name": "InputLayer", "config": {"input_shape": [3]}}, layer]
            ends = {"inputs": [[0, 0]], "outputs": [[times, 0]], "single": True}
            layer = {"class_name": "Model", "config": {"layers": layers, "calls": calls, **ends}}
        model["architecture"] = layer

    return change


def many_calls(model: dict[str, Any]) -> None:
    calls = [{"layer": 0, "inputs": []}, *({"layer": 1, "inputs": [[n, 0]]} for n in range(MOST_CALLS + 1))]
    model["architecture"]["config"]["calls"] = calls


def many_layers(model: dict[str, Any]) -> None:
    model["architecture"]["config"]["layers"] += [{"class_name": "ReLU", "config": {}}] * MOST_CALLS


def a_shared_layer_in_itself(model: dict[str, Any]) -> None:
    inner = next(layer for layer in model["architecture"]["config"]["layers"] if layer["class_name"] == "Model")
    inner["shared"] = 0
    inner["config"]["layers"][1] = {"class_name": "Model", "shared": 0}


def a_huge_layer(model: dict[str, Any]) -> None:
    """Ask for 256 MB where the file has three numbers, in both places."""
    size = {"kernel_size": [2048, 2048], "padding": "same"}
    in_layer("widen", **size)(model)
    model["graph"]["layers"][0]["config"].update(size)


DAMAGES: dict[str, tuple[Change, str]] = {
    "a cycle": (in_call(1, inputs=[[5, 0]]), r"names the value \[5, 0\].*only values of the first 1 calls"),
    "a call of itself": (in_call(1, inputs=[[1, 0]]), "only values of the first 1 calls"),
    "a value before all": (in_call(1, inputs=[[-1, 0]]), r"\[-1, 0\]"),
    "a value of no output": (in_call(2, inputs=[[1, 7]]), "output 7 of Conv2D 'widen', which has 1"),
    "an output of no call": (in_config(outputs=[[99, 0]]), r"\[99, 0\] among its outputs"),
    "an output of no output": (in_config(outputs=[[1, 1]]), "output 1 of Conv2D 'widen'"),
    "a layer out of range": (in_call(1, layer=99), "refers to no layer"),
    "a layer before all": (in_call(1, layer=-1), "refers to no layer"),
    "true as a layer": (in_call(1, layer=True), "refers to no layer"),
    "half a layer": (in_call(1, layer=0.5), "refers to no layer"),
    "values no list": (in_call(1, inputs=7), "needs a list of inputs, but has 7"),
    "a value of three numbers": (in_call(1, inputs=[[0, 0, 0]]), r"\[0, 0, 0\]"),
    "a call without values": (in_call(1, inputs=[]), "a call of Conv2D 'widen' that takes no inputs"),
    "an input that reads": (in_call(1, layer=0), "InputLayer 'image' that takes inputs"),
    "no calls": (in_config(calls=None), "needs a list of calls"),
    "no layers": (in_config(layers={}), "needs a list of layers"),
    "no outputs": (in_config(outputs=[]), "outputs is"),
    "the same input twice": (in_config(inputs=[[0, 0], [0, 0]]), "same input was given twice"),
    "names that are none": (in_config(output_keys=[3]), "needs 1 different names for its output_keys"),
    "names too many": (in_config(input_keys=["a", "b"]), "needs 1 different names for its input_keys"),
    "no architecture": (lambda model: model.pop("architecture"), "'architecture' is missing"),
    "an architecture of version 1": (
        lambda model: model.update(architecture=model["architecture"]["config"]),
        "must be a Sequential or a Model",
    ),
    "a layer as a model": (
        lambda model: model.update(architecture={"class_name": "ReLU", "config": {}}),
        "must be a Sequential or a Model",
    ),
    "no graph": (lambda model: model.pop("graph"), "'graph' is missing"),
    "a graph of another kind": (lambda model: model.update(graph=[]), "graph must be a dict"),
    "other shapes in the graph": (in_graph(input_shapes=[[4, 4, 2]]), "differ in 'input_shapes'"),
    "other outputs in the graph": (in_graph(outputs=[0]), "differ in 'outputs'"),
    "other names in the graph": (in_graph(input_names=["x"]), "differ in 'input_names'"),
    "no layers in the graph": (in_graph(layers=[]), "differ in 'layers'"),
    "other calls in the graph": (lambda model: model["graph"]["calls"].reverse(), "differ in 'calls'"),
    "another layer in the graph": (
        lambda model: model["graph"]["layers"][0]["config"].update(kernel_size=3),
        "differ in 'layers'",
    ),
    "true as a number in the graph": (lambda model: model["graph"]["calls"][0].update(layer=False), "'calls'"),
    "shapes that do not join": (in_layer("widen", filters=3), "block.*takes inputs of shape"),
    "a huge layer": (a_huge_layer, "tensor 'layers/0/kernel' has shape .*needs"),
    "a layer out of all proportion": (in_layer("widen", filters=10**9), "filters must be at most"),
    "an input out of all proportion": (in_layer("image", input_shape=[10**6, 10**6, 1]), "cannot be built"),
    "an odd number of a shared layer": (
        lambda model: model["architecture"]["config"]["layers"][1].update(shared=[1]),
        "number of a shared layer must be a whole number",
    ),
    "a shared layer that is not there": (
        lambda model: model["architecture"]["config"]["layers"].__setitem__(1, {"class_name": "Conv2D", "shared": 9}),
        "has no config",
    ),
    "a shared layer in itself": (a_shared_layer_in_itself, "cannot be built"),
    "models too deep": (in_models(DEEPEST + 2, 1), f"more than {DEEPEST} deep"),
    "models deeper than Python's stack": (in_models(3000, 1), f"more than {DEEPEST} deep|cannot be read"),
    "2 to the power of 30 calls": (in_models(30, 2), f"more than {MOST_CALLS:,} calls"),
    "thousands of calls": (many_calls, f"more than {MOST_CALLS:,} calls"),
    "thousands of layers": (many_layers, f"more than {MOST_CALLS:,} layers"),
    "a bad seed": (lambda model: model.update(seed=-1), "seed"),
}


def dumped(value: Any) -> str:
    """Return JSON of any depth: json.dumps has a stack, too."""
    parts: list[str] = []
    waiting: list[Any] = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, _Text):
            parts.append(each)
        elif isinstance(each, dict):
            items = [part for k, v in each.items() for part in (_Text(","), _Text(json.dumps(k) + ":"), v)][1:]
            waiting += [_Text("}"), *reversed(items), _Text("{")]
        elif isinstance(each, list):
            items = [part for v in each for part in (_Text(","), v)][1:]
            waiting += [_Text("]"), *reversed(items), _Text("[")]
        else:
            parts.append(json.dumps(each))
    return "".join(parts)


class _Text(str):
    """Text that is JSON already."""


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_graph_is_refused_with_its_name_and_the_reason(damage: str, tmp_path: Path) -> None:
    path = saved(graph(), tmp_path)
    change, reason = DAMAGES[damage]

    def apply(header: dict[str, Any], body: bytearray) -> None:
        description = json.loads(header["__metadata__"]["convoscope"])
        change(description["model"])
        header["__metadata__"]["convoscope"] = dumped(description)

    rewrite(path, apply)
    with pytest.raises(FileFormatError, match=f"(?s)model.safetensors.*({reason})") as caught:
        load_model(path)
    assert len(str(caught.value)) < 2000


def test_json_deeper_than_pythons_stack_is_refused(tmp_path: Path) -> None:
    path = saved(graph(), tmp_path)
    deep = "[" * 100_000 + "]" * 100_000
    rewrite(path, lambda header, body: header["__metadata__"].update(convoscope=deep))
    for read in (load_model, read_header):
        with pytest.raises(FileFormatError, match="description in its header cannot be read"):
            read(path)


def test_a_tensor_that_is_missing_too_many_or_not_finite_is_named(tmp_path: Path) -> None:
    path = saved(graph(), tmp_path)
    good = path.read_bytes()
    rewrite(path, lambda header, body: header.__setitem__("layers/99/kernel", header.pop("layers/0/kernel")))
    with pytest.raises(FileFormatError, match="these tensors are missing: layers/0/kernel"):
        load_model(path)
    path.write_bytes(good)

    def spoil(header: dict[str, Any], body: bytearray) -> None:
        change_description(lambda description: description.pop("sha256"))(header, body)
        start = header["layers/0/kernel"]["data_offsets"][0]
        body[start : start + 4] = struct.pack("<f", float("inf"))

    rewrite(path, spoil)
    with pytest.raises(FileFormatError, match="'layers/0/kernel' has values that are not finite"):
        load_model(path)


def test_any_changed_byte_is_refused_or_harmless(tmp_path: Path) -> None:
    model = graph()
    path = saved(model, tmp_path)
    assert_changed_bytes_are_refused_or_harmless(path, model, 300)

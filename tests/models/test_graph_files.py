"""Files of graphs, version 2: what comes back, what a reader finds in them, and what is refused."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file
from tests.models.support import assert_changed_bytes_are_refused_or_harmless, small_model
from tests.models.test_damaged_files import change_description, rewrite

import convoscope as cs
from convoscope.engine.base import Engine
from convoscope.errors import ConfigurationError, FileFormatError
from convoscope.layers import Add, BatchNormalization, Conv2D, Dense, Flatten, Input, ReLU, Softmax
from convoscope.models import Model, Sequential, load_model, read_header
from convoscope.models.architecture import DEEPEST, MOST_CALLS

Change = Callable[[dict[str, Any]], Any]


def block(name: str = "block") -> Model:
    """A residual block with a normalisation: two calls of one layer in it."""
    inputs = Input((4, 4, 2))
    look = Conv2D(2, 3, padding="same", activation="relu")
    return Model(inputs, BatchNormalization()(Add()([inputs, look(look(inputs))])), name=name)


def graph(seed: int = 1) -> Model:
    """A block called twice, a stack as a layer, and a shortcut across all of it."""
    inputs = Input((4, 4, 1), name="image")
    x = Conv2D(2, 1, name="widen")(inputs)
    inner = block()
    x = Add(name="across")([x, inner(inner(x))])
    head = Sequential([Flatten(), Dense(3)], name="head")
    return Model(inputs, Softmax()(head(x)), name="graph", seed=seed)


def saved(model: Any, folder: Path) -> Path:
    path = folder / "model.safetensors"
    model.save(path)
    return path


def trained(model: Any) -> Any:
    model.compile(cs.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(*data(), batch_size=4, epochs=2, verbose=0)
    return model


def data() -> tuple[Any, Any]:
    rng = np.random.default_rng(2)
    return rng.random((12, 4, 4, 1), np.float32), rng.integers(0, 3, 12)


def described(path: Path) -> dict[str, Any]:
    return read_header(path)["model"]  # type: ignore[no-any-return]


# ---- what comes back


def test_a_graph_comes_back_with_its_kind_names_and_extras(tmp_path: Path) -> None:
    model = graph(seed=77)
    model.class_names, model.preprocessing = ["a", "b", "c"], {"channels": 1}
    path = saved(model, tmp_path)
    again = load_model(path)
    assert (type(again), again.name, again.seed) == (Model, "graph", 77)
    assert (again.class_names, again.preprocessing) == (["a", "b", "c"], {"channels": 1})
    assert again.get_config() == model.get_config()
    assert [layer.name for layer in again.layers] == ["image", "widen", "block", "across", "head", "softmax"]
    assert (read_header(path)["version"], read_header(path)["kind"]) == (2, "Model")
    first = path.read_bytes()
    assert saved(again, tmp_path).read_bytes() == first


def test_training_goes_on_exactly_as_if_it_had_not_been_interrupted(tmp_path: Path, engine: Engine) -> None:
    model = trained(graph())
    again = load_model(saved(model, tmp_path))
    assert again.optimizer.iterations == model.optimizer.iterations == 6
    for each in (model, again):
        each.fit(*data(), batch_size=4, epochs=4, initial_epoch=2, verbose=0)
    for ours, read in zip(model.weights, again.weights, strict=True):
        assert ours.tobytes() == read.tobytes()
    assert model.predict(data()[0]).tobytes() == again.predict(data()[0]).tobytes()


def test_a_stack_with_a_model_in_it_comes_back_as_a_stack(tmp_path: Path, engine: Engine) -> None:
    model = Sequential([Input((4, 4, 1)), Conv2D(2, 1), block(), Sequential([Flatten(), Dense(3)]), Softmax()])
    trained(model)
    path = saved(model, tmp_path)
    again = load_model(path)
    assert type(again) is Sequential
    assert read_header(path)["kind"] == "Sequential"
    assert again.predict(data()[0]).tobytes() == model.predict(data()[0]).tobytes()
    again.fit(*data(), verbose=0)


def test_several_inputs_and_outputs_come_back_under_their_names(tmp_path: Path, engine: Engine) -> None:
    a, b = Input((3,), name="a"), Input((3,), name="b")
    both = Add()([a, b])
    outputs = {"sum": both, "kind": Dense(2)(both)}
    model = Model({"left": a, "right": b}, outputs)
    again = load_model(saved(model, tmp_path))
    x = {"left": np.ones((2, 3)), "right": np.zeros((2, 3))}
    assert again.input_names == ["left", "right"]
    assert again.output_names == ["sum", "kind"]
    for name, value in model.predict(x).items():
        assert value.tobytes() == again.predict(x)[name].tobytes()
    listed = Model([a, b], [both, both])
    assert isinstance(load_model(saved(listed, tmp_path)).predict([np.ones((2, 3))] * 2), list)


def test_layers_that_two_inner_models_share_are_one_layer_again(tmp_path: Path) -> None:
    base = Sequential([Input((4, 4, 1)), Conv2D(2, 3, padding="same"), ReLU()], name="base")
    other = Sequential([Input((4, 4, 1)), *base.layers[:1], Softmax()], name="other")
    inputs = Input((4, 4, 1))
    model = Model(inputs, Add()([base(inputs), other(inputs)]))
    path = saved(model, tmp_path)
    again = load_model(path)
    assert again.get_layer("base").layers[0] is again.get_layer("other").layers[0]
    assert len(again.weights) == len(model.weights) == 2
    assert sorted(read_header(path)["tensors"]) == ["layers/0/bias", "layers/0/kernel"]


def test_a_model_of_a_class_of_yours_comes_back_as_what_it_is_derived_from(tmp_path: Path) -> None:
    class Mine(Model):
        pass

    inputs = Input((3,))
    assert type(load_model(saved(Mine(inputs, Dense(2)(inputs)), tmp_path))) is Model


def test_reading_draws_no_weights_and_leaves_the_order_of_seeds_alone(tmp_path: Path) -> None:
    path = saved(Model(x := Input((3,)), Dense(2)(x)), tmp_path)
    cs.utils.set_random_seed(5)
    expected = Dense(2)
    expected(Input((3,)))
    cs.utils.set_random_seed(5)
    load_model(path)
    found = Dense(2)
    found(Input((3,)))
    np.testing.assert_array_equal(found.weights[0], expected.weights[0])


def test_half_precision_and_files_without_the_optimizer_are_read_too(tmp_path: Path) -> None:
    model = trained(graph())
    model.save(tmp_path / "half.safetensors", half=True)
    model.save(tmp_path / "bare.safetensors", include_optimizer=False)
    for weight, half in zip(model.weights, load_model(tmp_path / "half.safetensors").weights, strict=True):
        np.testing.assert_allclose(half, weight, rtol=1e-3, atol=1e-7)
    assert load_model(tmp_path / "bare.safetensors").optimizer is None


# ---- the format


def test_a_plain_stack_is_still_version_1(tmp_path: Path) -> None:
    path = saved(small_model(), tmp_path)
    header = read_header(path)
    assert (header["version"], header["kind"]) == (1, "Sequential")
    assert set(header["model"]) == {"architecture", "class_names", "preprocessing", "seed", "training"}


def test_the_graph_beside_the_architecture_is_enough_to_compute_the_network(tmp_path: Path) -> None:
    """A reader that knows five layers and no models, in NumPy."""
    model = graph()
    model.set_weights([np.linspace(0.05, 0.3, weight.size).reshape(weight.shape) for weight in model.weights])
    path = saved(model, tmp_path)
    told, tensors = described(path)["graph"], load_file(path)
    x = data()[0]
    values = [x.astype(float)]
    for call in told["calls"]:
        kind, config = told["layers"][call["layer"]]["class_name"], told["layers"][call["layer"]]["config"]
        own = {
            name.split("/")[2]: array.astype(float)
            for name, array in tensors.items()
            if name.startswith(f"layers/{call['layer']}/")
        }
        values.append(computed(kind, config, own, [values[number] for number in call["inputs"]]))
    (output,) = told["outputs"]
    np.testing.assert_allclose(values[output], model.predict(x), rtol=1e-5)
    assert told["input_shapes"] == [[4, 4, 1]]
    assert (told["input_names"], told["output_names"]) == (["image"], ["softmax"])


def computed(kind: str, config: dict[str, Any], own: dict[str, Any], inputs: list[Any]) -> Any:
    """Return what a layer makes, written out with loops and sums."""
    x = inputs[0]
    if kind == "Conv2D":
        kernel = own["kernel"]
        height, width = kernel.shape[:2]
        padded = np.pad(x, ((0, 0), (height // 2,) * 2, (width // 2,) * 2, (0, 0)))
        parts = [
            padded[:, r : r + x.shape[1], c : c + x.shape[2]] @ kernel[r, c]
            for r in range(height)
            for c in range(width)
        ]
        total = sum(parts) + own["bias"]
        return np.maximum(total, 0) if config["activation"] == "relu" else total
    if kind == "BatchNormalization":
        spread = np.sqrt(own["moving_variance"] + config["epsilon"])
        return (x - own["moving_mean"]) / spread * own["gamma"] + own["beta"]
    if kind == "Softmax":
        powers = np.exp(x - x.max(-1, keepdims=True))
        return powers / powers.sum(-1, keepdims=True)
    if kind == "Dense":
        return x @ own["kernel"] + own["bias"]
    return {"Add": lambda: sum(inputs), "Flatten": lambda: x.reshape(len(x), -1)}[kind]()


def test_the_names_of_calls_say_where_they_are(tmp_path: Path) -> None:
    names = [call["name"] for call in described(saved(graph(), tmp_path))["graph"]["calls"]]
    inner = ["conv2d", "conv2d (2nd call)", "add", "batch_normalization"]
    assert names == [
        "widen",
        *(f"block/{name}" for name in inner),
        *(f"block (2nd call)/{name}" for name in inner),
        "across",
        "head/flatten",
        "head/dense",
        "softmax",
    ]


# ---- what is refused


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


def test_what_no_file_could_describe_is_not_saved(tmp_path: Path) -> None:
    x = inputs = Input((3,))
    again = ReLU()
    for _ in range(MOST_CALLS + 1):
        x = again(x)
    with pytest.raises(ConfigurationError, match=f"more than {MOST_CALLS:,} calls"):
        Model(inputs, x).save(tmp_path / "model.safetensors")
    assert not (tmp_path / "model.safetensors").exists()

"""Files of graphs, version 2: what comes back, what a reader finds in them, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file
from tests.models.graphs import block, data, described, graph, saved, trained
from tests.models.support import small_model

import convoscope as cs
from convoscope.engine.base import Engine
from convoscope.errors import ConfigurationError
from convoscope.layers import Add, Conv2D, Dense, Flatten, Input, ReLU, Softmax
from convoscope.models import Model, Sequential, load_model, read_header
from convoscope.models.architecture import MOST_CALLS

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


def test_what_no_file_could_describe_is_not_saved(tmp_path: Path) -> None:
    x = inputs = Input((3,))
    again = ReLU()
    for _ in range(MOST_CALLS + 1):
        x = again(x)
    with pytest.raises(ConfigurationError, match=f"more than {MOST_CALLS:,} calls"):
        Model(inputs, x).save(tmp_path / "model.safetensors")
    assert not (tmp_path / "model.safetensors").exists()

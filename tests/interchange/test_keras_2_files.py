"""Files of Keras 2 and of TensorFlow's Keras of that time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from tests.interchange.keras_files import conv, dense, of_keras_2

import convoscope as cs
from convoscope.errors import FileFormatError


def test_a_stack_of_keras_2_whose_config_is_a_list(tmp_path: Path) -> None:
    draw = np.random.default_rng(4)
    kernel, bias, wide, offset = (draw.normal(size=s).astype("f") for s in ((3, 3, 1, 2), (2,), (8, 3), (3,)))
    config = [
        conv("conv2d_1", batch_input_shape=[None, 6, 6, 1], dtype="float32"),
        {
            "class_name": "MaxPooling2D",
            "config": {"name": "pool", "trainable": True, "pool_size": [2, 2], "padding": "valid", "strides": [2, 2]},
        },
        {"class_name": "Dropout", "config": {"name": "drop", "trainable": True, "rate": 0.5, "seed": None}},
        {"class_name": "Flatten", "config": {"name": "flat", "trainable": True}},
        dense("dense_1", 3, "softmax"),
    ]
    weights = {
        "conv2d_1": {"kernel": kernel, "bias": bias},
        "pool": {},
        "drop": {},
        "flat": {},
        "dense_1": {"kernel": wide, "bias": offset},
    }
    training = {
        "optimizer_config": {
            "class_name": "Adam",
            "config": {"lr": 0.002, "beta_1": 0.9, "beta_2": 0.99, "decay": 0.01, "epsilon": None, "amsgrad": False},
        },
        "loss": "categorical_crossentropy",
        "metrics": ["accuracy"],
        "sample_weight_mode": None,
        "loss_weights": None,
    }
    path = of_keras_2(
        tmp_path / "old.h5", {"class_name": "Sequential", "config": config}, weights, training_config=training
    )
    arrays = [kernel, bias, wide, offset]
    with h5py.File(path, "a") as file:
        group = file.create_group("optimizer_weights")
        names = ["Adam/iterations:0", *(f"training/Adam/{n}/{slot}:0" for slot in "mv" for n in range(4))]
        group.attrs["weight_names"] = [name.encode() for name in names]
        values = [np.int64(7), *(array * 0.5 for array in arrays), *(array**2 for array in arrays)]
        for name, value in zip(names, values, strict=True):
            group.create_dataset(name, data=value)
    model = cs.load_model(path)
    x = draw.random((2, 6, 6, 1)).astype(np.float32)
    patches = np.lib.stride_tricks.sliding_window_view(x[..., 0], (3, 3), axis=(1, 2))
    maps = np.maximum(np.einsum("nyxhw,hwcf->nyxf", patches, kernel) + bias, 0)
    flat = maps.reshape(2, 2, 2, 2, 2, 2).max(axis=(2, 4)).reshape(2, -1) @ wide + offset
    expected = np.exp(flat) / np.exp(flat).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, atol=1e-6)
    told = model.optimizer.get_config()
    assert (told["epsilon"], told["decay"], told["beta_2"], told["learning_rate"]) == (1e-7, 0.01, 0.99, 0.002)
    assert int(model.optimizer.iterations) == 7
    slots = model.optimizer.slots_for(model.own_trainable_weights)
    for (momentum, velocity), array in zip(slots, arrays, strict=True):
        np.testing.assert_array_equal(momentum, array * np.float32(0.5))
        np.testing.assert_array_equal(velocity, array**2)


def test_a_graph_of_tensorflow_2_with_its_functions_and_lists_of_calls(tmp_path: Path) -> None:
    def layer(kind: str, name: str, calls: Any, **config: Any) -> dict[str, Any]:
        return {"class_name": kind, "config": {"name": name, **config}, "name": name, "inbound_nodes": calls}

    first = conv("a", padding="same", filters=1, groups=1)
    layers = [
        layer("InputLayer", "in", [], batch_input_shape=[None, 5, 5, 1], dtype="float32", sparse=False, ragged=False),
        {**first, "name": "a", "inbound_nodes": [[["in", 0, 0, {}]], [["a", 0, 0, {}]]]},
        layer("Add", "sum", [[["in", 0, 0, {}], ["a", 1, 0, {}]]], dtype="float32", trainable=True),
        layer("TFOpLambda", "half", [["sum", 0, 0, {"y": 0.5, "name": None}]], function="math.multiply"),
        layer("TFOpLambda", "more", [["half", 0, 0, {"y": ["in", 0, 0], "name": None}]], function="__operators__.add"),
    ]
    config = {"name": "net", "layers": layers, "input_layers": [["in", 0, 0]], "output_layers": [["more", 0, 0]]}
    weights: dict[str, dict[str, np.ndarray]] = {each["name"]: {} for each in layers}
    kernel = np.zeros((3, 3, 1, 1), np.float32)
    kernel[1, 1] = 2.0
    weights["a"] = {"kernel": kernel, "bias": np.array([0.25], np.float32)}
    for kind in ("Functional", "Model"):
        model = cs.load_model(of_keras_2(tmp_path / "net.h5", {"class_name": kind, "config": config}, weights))
        x = np.random.default_rng(1).random((2, 5, 5, 1), np.float32)
        expected = (x + ((x * 2 + 0.25) * 2 + 0.25)) * 0.5 + x
        np.testing.assert_allclose(model.predict(x, verbose=0), expected, atol=1e-6)


def test_all_layers_that_are_not_here_are_named_in_one_message(tmp_path: Path) -> None:
    code = {"class_name": "Lambda", "config": {"name": "secret", "function": ["4wEAAAA=", None, None]}}
    inner = {"class_name": "Sequential", "config": {"layers": [code, {"class_name": "LSTM", "config": {"name": "l"}}]}}
    own = {"class_name": "Mine", "config": {"name": "own"}, "registered_name": "Custom>Mine"}
    config = {"class_name": "Sequential", "config": {"layers": [own, inner, conv("c"), own]}}
    with pytest.raises(FileFormatError, match=r"Mine \('own', 'own'\); Lambda \('secret'\); LSTM \('l'\)") as raised:
        cs.load_model(of_keras_2(tmp_path / "net.h5", config, {}))
    assert "never run from a file" in str(raised.value)
    assert "custom_objects" in str(raised.value)

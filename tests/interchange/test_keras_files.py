"""Keras' files of whole models: those that Keras wrote come in, and what goes out comes back as it was.

``tests/models/keras_weights`` are from Keras 3.15: `tools/make_weight_files.py`. Every layer and ten graphs are
compared live in ``tests/peers/test_keras_files.py``.
"""

from __future__ import annotations

import io
import json
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import convoscope as cs
from convoscope.errors import ConfigurationError, ConvoscopeWarning, FileFormatError
from convoscope.interchange.keras import limits, read, write
from convoscope.layers import (
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    MinPooling2D,
    Normalization,
    RandomCrop,
    Softmax,
)
from convoscope.layers.serialization import KINDS
from convoscope.models import Model, Rejection, Sequential
from convoscope.training import metrics, optimizers
from convoscope.training.schedules import CosineDecay, OneCycle

HERE = Path(__file__).parent
KERAS = HERE.parent / "models" / "keras_weights"
ENDINGS = (".keras", ".h5")


def images(model: Any) -> np.ndarray:
    shape = (2, *model.input_shape[1:])
    return (np.arange(np.prod(shape)).reshape(shape) % 7 / 7).astype(np.float32)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", ["stack", "graph"])
def test_a_model_that_keras_wrote_predicts_what_keras_predicted(name: str, ending: str) -> None:
    model = cs.load_model(KERAS / f"{name}{ending}")
    with np.load(KERAS / "predictions.npz") as kept:
        np.testing.assert_allclose(model.predict(images(model), verbose=0), kept[name], atol=1e-6)


# ---- our own models, out and in


def branched() -> Model:
    """Branches, a layer that is called twice, a model within, two inputs and two outputs."""
    image, number = Input((6, 6, 2), name="image"), Input((3,), name="number")
    twice = Conv2D(2, 3, padding="same", kernel_regularizer="l2", kernel_constraint="max_norm", activation="relu")
    x = Add()([image, twice(twice(image))])
    inner = Sequential([Input((6, 6, 2)), BatchNormalization(), Flatten(), Dense(4), Dropout(0.2)], name="inner")
    inner.layers[0].trainable = False
    kind = Dense(3, activation="softmax", name="kind")(inner(x))
    size = Dense(1, name="size")(cs.layers.concatenate([GlobalAveragePooling2D()(x), number]))
    return Model({"image": image, "number": number}, {"kind": kind, "size": size}, name="branched")


def stacked() -> Sequential:
    return Sequential([Input((6, 6, 1)), Conv2D(3, 3, activation="relu"), Flatten(), Dense(3), Softmax()])


def trained(model: Any, optimizer: Any) -> Any:
    outputs = len(model.output_symbols)
    losses: Any = {"kind": "categorical_crossentropy", "size": "mse"} if outputs > 1 else "categorical_crossentropy"
    measured: Any = {"kind": ["accuracy", metrics.AUC()], "size": ["mae"]} if outputs > 1 else ["acc", metrics.Recall()]
    model.compile(optimizer, losses, metrics=measured, loss_weights={"kind": 1.0, "size": 0.5} if outputs > 1 else None)
    step(model)
    step(model)
    return model


def step(model: Any) -> None:
    draw = np.random.default_rng(2)
    x = {s.name: draw.random((4, *s.sample_shape), np.float32) for s in model.input_symbols}
    kinds = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
    several = len(model.output_symbols) > 1
    y = {"kind": kinds, "size": draw.random((4, 1), np.float32)} if several else kinds
    model.train_on_batch(x if several else next(iter(x.values())), y)


OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "adam": lambda: optimizers.Adam(CosineDecay(0.01, 100), amsgrad=True),
    "sgd": lambda: optimizers.SGD(0.01, momentum=0.9, nesterov=True, clipnorm=1.0),
    "rmsprop": lambda: optimizers.RMSprop(0.01, momentum=0.5, centered=True),
    "adamw": lambda: optimizers.AdamW(0.01, use_ema=True, gradient_accumulation_steps=2),
    "nadam": lambda: optimizers.Nadam(0.01),
    "ftrl": lambda: optimizers.Ftrl(0.01),
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("make", [stacked, branched])
def test_a_model_comes_back_and_trains_on_as_it_would_have(make: Any, name: str, ending: str, tmp_path: Path) -> None:
    model = trained(make(), OPTIMIZERS[name]())
    model.class_names, model.preprocessing, model.origin = ["a", "b", "c"], {"height": 6, "width": 6}, {"note": "é"}
    draw = np.random.default_rng(1)
    arrays = draw.random((3, 4)), draw.random((4, 3)), draw.random(3)
    model.rejection = Rejection(*(each.astype(np.float32) for each in arrays), 0.1, 0.2, 0.3, 0.4, 5.0, 0.01)
    model.export(tmp_path / f"model{ending}")
    again = cs.load_model(tmp_path / f"model{ending}")
    assert again.get_config() == model.get_config()
    for attribute in ("class_names", "preprocessing", "origin", "seed", "draws"):
        assert getattr(again, attribute) == getattr(model, attribute)
    np.testing.assert_array_equal(again.rejection.centres, model.rejection.centres)
    assert again.optimizer.get_config() == model.optimizer.get_config()
    assert again.objective.names == model.objective.names
    for _ in range(2):
        for mine, yours in zip(model.get_weights(), again.get_weights(), strict=True):
            np.testing.assert_array_equal(mine, yours)
        step(model)
        step(again)
    model.export(tmp_path / f"second{ending}")  # the same content gives the same bytes
    again.export(tmp_path / f"third{ending}")
    assert (tmp_path / f"second{ending}").read_bytes() == (tmp_path / f"third{ending}").read_bytes()


def test_every_layer_is_in_keras_or_said_to_be_missing_there() -> None:
    described = json.loads((HERE.parent / "models" / "keras_configs.json").read_text())["layers"]
    known = {each["class_name"] for each in described} | {"InputLayer"}
    assert known | {kind.__name__ for kind in limits.LAYERS} == set(KINDS)


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (MinPooling2D(name="low"), r"MinPooling2D 'low': Keras has no such layer: Rescaling\(-1\), MaxPooling2D"),
        (DepthwiseConv2D(3, strides=(1, 2)), r"TensorFlow supports only equal strides, not \(1, 2\)"),
        (Conv2D(2, 3, strides=2, dilation_rate=2), r"does not combine strides \(2, 2\) with a dilation rate \(2, 2\)"),
        (RandomCrop(7, 6), r"does not crop in prediction.* 9x9 pixels in place of 7x6. Resizing\(7, 6, crop_to_aspect"),
    ],
)
def test_what_keras_has_not_is_refused_before_anything_is_written(layer: Any, words: str, tmp_path: Path) -> None:
    model = Sequential([Input((9, 9, 1)), layer])
    with pytest.raises(
        ConfigurationError, match=rf"cannot be saved in a format that Keras reads.*{words}.*model\.save"
    ):
        model.export(tmp_path / "model.keras")
    assert not list(tmp_path.iterdir())


def test_a_join_of_one_value_and_numbers_of_two_shapes_are_written_as_keras_takes_them() -> None:
    x = Input((3, 2))
    described = json.loads(Model(x, Add()([Normalization(mean=[0.5, -1.0], variance=4.0)(x)])).to_json())
    normalization, add = (each for each in described["config"]["layers"] if each["class_name"] != "InputLayer")
    assert (normalization["config"]["mean"], normalization["config"]["variance"]) == ([0.5, -1.0], [4.0, 4.0])
    (call,) = add["inbound_nodes"]
    assert [len(each) for each in call["args"]] == [1]
    assert isinstance(call["args"][0], list)


def test_a_layer_in_two_models_is_refused(tmp_path: Path) -> None:
    dense = Dense(4)
    inner = Sequential([Input((4,)), dense])
    x = Input((4,))
    model = Model(x, dense(inner(x)))
    with pytest.raises(ConfigurationError, match="stands in 2 models at once"):
        model.export(tmp_path / "model.keras")


def test_what_is_written_as_something_else_is_said(tmp_path: Path) -> None:
    model = Sequential([Input((9, 9, 1)), Conv2D(2, 3, kernel_initializer="filter_bank", name="edges"), Flatten()])
    model.compile(optimizers.Adam(OneCycle(0.1, 10)), "mse")
    with pytest.warns(ConvoscopeWarning) as told:
        model.export(tmp_path / "model.keras")
    words = [str(each.message) for each in told]
    assert any("'edges' begins with a filter bank, which Keras does not have" in each for each in words)
    assert any("left out, because it has the learning-rate schedule OneCycle" in each for each in words)
    assert not cs.load_model(tmp_path / "model.keras").compiled
    with pytest.raises(ConfigurationError, match=r"as a weights file\. model\.save_weights"):
        model.export(tmp_path / "model.weights.h5")


def test_keras_words_are_kept_apart_from_ours(tmp_path: Path) -> None:
    model = stacked()
    model.class_names = ["a", "b", "c"]
    model.export(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        assert "class_names" not in archive.read("config.json").decode()
        kept = {name: archive.read(name) for name in archive.namelist() if name != "convoscope.json"}
    rewritten(tmp_path / "other.keras", kept)  # as Keras writes it again
    again = cs.load_model(tmp_path / "other.keras")
    assert again.class_names is None
    np.testing.assert_array_equal(again.get_weights()[0], model.get_weights()[0])
    kept["convoscope.json"] = b'{"format": "convoscope-beside-keras", "version": 99}'
    with pytest.raises(FileFormatError, match="newer Convoscope"):
        cs.load_model(rewritten(tmp_path / "new.keras", kept))


def test_a_model_can_be_read_without_what_was_compiled(tmp_path: Path) -> None:
    trained(stacked(), "adam").export(tmp_path / "model.keras")
    assert cs.load_model(tmp_path / "model.keras").compiled
    assert not cs.load_model(tmp_path / "model.keras", compile=False).compiled
    trained(stacked(), "adam").export(tmp_path / "model.keras", include_optimizer=False)
    assert not cs.load_model(tmp_path / "model.keras").compiled


# ---- older Keras


def of_keras_2(path: Path, config: Any, weights: dict[str, dict[str, np.ndarray]], **attributes: Any) -> Path:
    """Write an HDF5 file as Keras 2 did: names with ``:0``, texts as bytes."""
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config).encode()
        for name, value in attributes.items():
            file.attrs[name] = json.dumps(value).encode()
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [name.encode() for name in weights]
        for layer, arrays in weights.items():
            names = [f"{layer}/{name}:0" for name in arrays]
            inner = group.create_group(layer)
            inner.attrs["weight_names"] = [name.encode() for name in names]
            for name, array in zip(names, arrays.values(), strict=True):
                inner.create_dataset(name, data=array)
    return path


def scaling(distribution: str = "uniform") -> dict[str, Any]:
    config = {"scale": 1.0, "mode": "fan_avg", "distribution": distribution, "seed": None}
    return {"class_name": "VarianceScaling", "config": config}


ZEROS = {"class_name": "Zeros", "config": {}}


def conv(name: str, **more: Any) -> dict[str, Any]:
    config = {"name": name, "trainable": True, "filters": 2, "kernel_size": [3, 3], "strides": [1, 1]}
    config |= {"padding": "valid", "data_format": "channels_last", "dilation_rate": [1, 1], "activation": "relu"}
    config |= {"use_bias": True, "kernel_initializer": scaling(), "bias_initializer": ZEROS}
    regularizer = {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.01}}
    config |= {"kernel_regularizer": regularizer, "bias_regularizer": None, "activity_regularizer": None}
    return {"class_name": "Conv2D", "config": config | {"kernel_constraint": None, "bias_constraint": None} | more}


def dense(name: str, units: int, activation: str) -> dict[str, Any]:
    config = {"name": name, "trainable": True, "units": units, "activation": activation, "use_bias": True}
    config |= {"kernel_initializer": scaling("normal"), "bias_initializer": ZEROS, "kernel_regularizer": None}
    return {"class_name": "Dense", "config": config}


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


# ---- what cannot be read


def test_all_layers_that_are_not_here_are_named_in_one_message(tmp_path: Path) -> None:
    code = {"class_name": "Lambda", "config": {"name": "secret", "function": ["4wEAAAA=", None, None]}}
    inner = {"class_name": "Sequential", "config": {"layers": [code, {"class_name": "LSTM", "config": {"name": "l"}}]}}
    own = {"class_name": "Mine", "config": {"name": "own"}, "registered_name": "Custom>Mine"}
    config = {"class_name": "Sequential", "config": {"layers": [own, inner, conv("c"), own]}}
    with pytest.raises(FileFormatError, match=r"Mine \('own', 'own'\); Lambda \('secret'\); LSTM \('l'\)") as raised:
        cs.load_model(of_keras_2(tmp_path / "net.h5", config, {}))
    assert "never run from a file" in str(raised.value)
    assert "custom_objects" in str(raised.value)


def rewritten(path: Path, entries: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def entries_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def hdf5(fill: Callable[[Any], None]) -> bytes:
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        fill(file)
    return content.getvalue()


def _external(file: Any) -> None:
    file["layers/dense/vars/0"] = h5py.ExternalLink("/etc/passwd", "/")


def _cycle(file: Any) -> None:
    file.create_group("layers/dense")
    file["layers/dense/vars"] = h5py.SoftLink("/layers/dense")


def _bomb(file: Any) -> None:
    file.create_dataset("layers/dense/vars/0", (1 << 14, 1 << 14), "f4", chunks=(1 << 10, 1 << 10), compression="gzip")
    file.create_dataset("layers/dense/vars/1", (1 << 14,), "f4")


def _huge(config: Any) -> Any:
    config["config"]["layers"][1]["config"]["units"] = 1 << 14
    config["config"]["layers"][0]["config"]["batch_shape"] = [None, 1 << 14]
    return config


DAMAGES: dict[str, tuple[Callable[[dict[str, bytes]], dict[str, bytes]], str]] = {
    "external link": (lambda e: {**e, "model.weights.h5": hdf5(_external)}, "is a link to another place"),
    "cycle of links": (lambda e: {**e, "model.weights.h5": hdf5(_cycle)}, "is a link to another place"),
    "huge shapes": (
        lambda e: {
            **e,
            "model.weights.h5": hdf5(_bomb),
            "config.json": json.dumps(_huge(json.loads(e["config.json"]))).encode(),
        },
        "more than a file of .* can contain",
    ),
    "nested text": (lambda e: {**e, "config.json": b"[" * 1_000_000}, "nested too deeply|cannot be read"),
    "nested objects": (lambda e: {**e, "config.json": b'{"config":' * 1_000_000}, "nested too deeply|cannot be read"),
    "nested models": (
        lambda e: {
            **e,
            "config.json": b'{"class_name":"Sequential","config":{"layers":[' * 200 + b"]}}" * 200,
        },
        "32 deep",
    ),
    "no object": (lambda e: {**e, "config.json": b"[1]"}, "must be a JSON object"),
    "no text": (lambda e: {name: content for name, content in e.items() if name != "config.json"}, "has no config"),
    "weights cut": (lambda e: {**e, "model.weights.h5": e["model.weights.h5"][:900]}, "is damaged"),
    "weights gone": (lambda e: {**e, "model.weights.h5": hdf5(lambda file: None)}, "has 0|no weights"),
    "ours wrong": (lambda e: {**e, "convoscope.json": b'{"format": 1}'}, "of the wrong kind"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_hostile_archives_are_refused_in_a_paragraph_and_in_little_memory(name: str, tmp_path: Path) -> None:
    Sequential([Input((4,)), Dense(3)]).export(tmp_path / "good.keras")
    change, words = DAMAGES[name]
    path = rewritten(tmp_path / "bad.keras", change(entries_of(tmp_path / "good.keras")), zipfile.ZIP_DEFLATED)
    tracemalloc.start()
    try:
        with pytest.raises((FileFormatError, cs.errors.ShapeError), match=words) as raised:
            cs.load_model(path)
        assert tracemalloc.get_traced_memory()[1] < 100e6
    finally:
        tracemalloc.stop()
    assert len(str(raised.value)) < 2000


def test_an_entry_that_is_packed_too_well_is_not_unpacked(tmp_path: Path) -> None:
    entries = {"config.json": b"{}", "model.weights.h5": bytes(300_000_000)}
    path = rewritten(tmp_path / "bomb.keras", entries, zipfile.ZIP_DEFLATED)
    with pytest.raises(FileFormatError, match="claims to contain 300,000,000 bytes"):
        cs.load_model(path)


def test_a_heap_of_texts_without_an_end_is_refused_at_once(tmp_path: Path) -> None:
    stacked().export(tmp_path / "model.h5")
    content = bytearray((tmp_path / "model.h5").read_bytes())
    at = content.index(b"GCOL") + 16
    while content[at : at + 2] != b"\0\0":  # the objects before the room that is left
        at += 16 + -(-int.from_bytes(content[at + 8 : at + 16], "little") // 8) * 8
    content[at + 8 : at + 16] = bytes(8)
    (tmp_path / "endless.h5").write_bytes(content)
    with pytest.raises(FileFormatError, match="its heap of strings never ends"):
        cs.load_model(tmp_path / "endless.h5")
    content[13] = 4
    (tmp_path / "short.h5").write_bytes(content)
    with pytest.raises(FileFormatError, match="not a valid HDF5 file"):
        cs.load_model(tmp_path / "short.h5")


def test_entries_with_paths_are_never_written_anywhere(tmp_path: Path) -> None:
    Sequential([Input((4,)), Dense(3)]).export(tmp_path / "good.keras")
    entries = entries_of(tmp_path / "good.keras") | {"../../outside.txt": b"x", "/tmp/outside.txt": b"x"}
    (tmp_path / "in").mkdir()
    cs.load_model(rewritten(tmp_path / "in" / "paths.keras", entries))
    assert [each.name for each in (tmp_path / "in").iterdir()] == ["paths.keras"]


def test_what_was_compiled_and_is_not_here_is_a_warning(tmp_path: Path) -> None:
    trained(stacked(), "adam").export(tmp_path / "good.keras")
    entries = entries_of(tmp_path / "good.keras")
    config = json.loads(entries["config.json"])
    config["compile_config"]["loss"] = {"module": "builtins", "class_name": "function", "config": "my_loss"}
    entries["config.json"] = json.dumps(config).encode()
    with pytest.warns(ConvoscopeWarning, match="not compiled, because.*my_loss.*Compile it"):
        assert not cs.load_model(rewritten(tmp_path / "own.keras", entries)).compiled
    config["compile_config"]["loss"] = "mse"
    config["compile_config"]["optimizer"] = "sgd"
    entries["config.json"] = json.dumps(config).encode()
    with pytest.warns(ConvoscopeWarning, match="the optimizer's state does not fit SGD.*starts with a fresh state"):
        cs.load_model(rewritten(tmp_path / "other.keras", entries))


def test_labels_of_teachable_machine_become_class_names(tmp_path: Path) -> None:
    model = stacked()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write(model, tmp_path / "keras_model.h5")
    (tmp_path / "labels.txt").write_text("0 Apple\n1 Golden Delicious\n2 ça\n", encoding="utf-8")
    assert read(tmp_path / "keras_model.h5").class_names == ["Apple", "Golden Delicious", "ça"]
    for wrong in ("0 a\n1 b\n", "a\nb\nc\n", "0 a\n0 b\n1 c\n", ""):
        (tmp_path / "labels.txt").write_text(wrong)
        assert read(tmp_path / "keras_model.h5").class_names is None

"""Keras' files of whole models: those that Keras wrote come in, and what goes out comes back as it was.

``tests/models/keras_weights`` are from Keras 3.15: `tools/make_weight_files.py`. Every layer and ten graphs are
compared live in ``tests/peers/test_keras_files.py``.
"""

from __future__ import annotations

import json
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.interchange.keras_files import branched, entries_of, rewritten, stacked, step, trained

import convoscope as cs
from convoscope.errors import ConfigurationError, ConvoscopeWarning, FileFormatError
from convoscope.interchange.keras import limits, read, write
from convoscope.layers import (
    Add,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Flatten,
    Input,
    MinPooling2D,
    Normalization,
    RandomCrop,
)
from convoscope.layers.serialization import KINDS
from convoscope.models import Model, Rejection, Sequential
from convoscope.training import optimizers
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
        (RandomCrop(7, 6), r"does not crop in prediction.* 9x9 pixels instead of 7x6. Resizing\(7, 6, crop_to_aspect"),
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
    with pytest.raises(ConfigurationError, match="is part of 2 models"):
        model.export(tmp_path / "model.keras")


def test_what_is_written_as_something_else_is_said(tmp_path: Path) -> None:
    model = Sequential([Input((9, 9, 1)), Conv2D(2, 3, kernel_initializer="filter_bank", name="edges"), Flatten()])
    model.compile(optimizers.Adam(OneCycle(0.1, 10)), "mse")
    with pytest.warns(ConvoscopeWarning) as told:
        model.export(tmp_path / "model.keras")
    words = [str(each.message) for each in told]
    assert any("'edges' begins with a filter bank, which Keras does not have" in each for each in words)
    assert any("left out, because they include the learning-rate schedule OneCycle" in each for each in words)
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

"""``model.save("model.keras")``: what Keras loads, all of the model, or a warning that says why not."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from tests.interchange.keras_files import branched, entries_of, stacked, step, trained

import convoscope as cs
from convoscope.errors import ConvoscopeWarning, DataError, StorageError
from convoscope.initializers import FilterBank
from convoscope.layers import Conv2D, Dense, Dropout, Flatten, MinPooling2D
from convoscope.models import Sequential

ENDINGS = (".keras", ".h5", ".hdf5")
DESPITE = "a safetensors file despite its name, and Keras cannot read it: "


def of_digits(*layers: Any, metrics: Any = ("accuracy",)) -> Sequential:
    model = Sequential([cs.Input((8, 8, 1)), *layers, Flatten(), Dense(10, activation="softmax")], seed=3)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=list(metrics))
    return model


def fit(model: Any) -> None:
    (x, y), _ = cs.datasets.digits.load_data()
    model.fit(x[:100, ..., None], y[:100], verbose=0)


def same(model: Any, other: Any) -> bool:
    return all((a == b).all() for a, b in zip(model.get_weights(), other.get_weights(), strict=True))


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_file_is_of_keras_and_training_goes_on_bit_for_bit(ending: str, tmp_path: Path) -> None:
    model, path = of_digits(Conv2D(4, 3, activation="relu"), Dropout(0.3)), tmp_path / f"model{ending}"
    model.class_names = [f"number {digit}" for digit in range(10)]
    fit(model)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.save(path)
    if ending == ".keras":
        assert {"config.json", "metadata.json", "model.weights.h5"} <= set(entries_of(path))
    else:
        with h5py.File(path) as file:
            assert {"model_config", "training_config"} <= set(file.attrs)
    again = cs.load_model(path)
    assert again.class_names == model.class_names
    fit(model)
    fit(again)
    assert same(model, again)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("make", [branched, stacked])
def test_graphs_too(make: Any, ending: str, tmp_path: Path) -> None:
    model = trained(make(), "adam")
    model.save(tmp_path / f"model{ending}")
    again = cs.load_model(tmp_path / f"model{ending}")
    assert same(model, again)
    step(model)
    step(again)
    assert same(model, again)


class Twice(Dense):
    """A custom layer."""


def hardness(y_true: Any, y_pred: Any) -> Any:
    return 1 - np.max(y_pred, axis=-1)


KEPT_HERE: dict[str, tuple[Any, str]] = {
    "a layer": (lambda: of_digits(MinPooling2D()), "MinPooling2D .*: Keras has no such layer"),
    "a class": (lambda: of_digits(Flatten(), Twice(3)), "Twice is a custom class"),
    "a metric": (lambda: of_digits(metrics=[hardness]), "compiled with the metric 'hardness'"),
    "an initializer": (lambda: of_digits(Conv2D(2, 3, kernel_initializer=FilterBank())), "begins with a filter bank"),
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("case", KEPT_HERE)
def test_what_keras_cannot_express_is_kept_and_said(case: str, ending: str, tmp_path: Path) -> None:
    make, reason = KEPT_HERE[case]
    model, path = make(), tmp_path / f"model{ending}"
    with pytest.warns(ConvoscopeWarning, match=DESPITE + ".*" + reason) as told:
        model.save(path)
    assert len(told) == 1
    assert told[0].filename == __file__
    again = cs.load_model(path, custom_objects={"Twice": Twice, "hardness": hardness})
    assert same(model, again)
    assert again.get_config() == model.get_config()
    assert again.compiled
    model.load_weights(path)


@pytest.mark.parametrize("ending", ENDINGS)
def test_without_h5py_it_is_said_how_to_get_it(ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    model, path = of_digits(), tmp_path / f"model{ending}"
    with pytest.warns(ConvoscopeWarning, match=DESPITE + r".*need h5py.*convoscope\[h5\]"):
        model.save(path)
    assert same(model, cs.load_model(path))


def test_half_precision_and_names_of_weights_files_are_ours(tmp_path: Path) -> None:
    model = of_digits()
    with pytest.warns(ConvoscopeWarning, match=DESPITE + ".*half=True"):
        model.save(tmp_path / "model.keras", half=True)
    with pytest.warns(ConvoscopeWarning, match=DESPITE + r".*model\.save_weights\('a\.weights\.h5'\)"):
        model.save(tmp_path / "a.weights.h5")
    assert cs.load_model(tmp_path / "a.weights.h5").count_params() == model.count_params()


def test_without_the_optimizer(tmp_path: Path) -> None:
    model = of_digits()
    fit(model)
    model.save(tmp_path / "model.keras", include_optimizer=False)
    again = cs.load_model(tmp_path / "model.keras")
    assert same(model, again)
    assert not again.compiled


def test_what_is_refused_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    model, path = of_digits(), tmp_path / "model.keras"
    model.save(path)
    before = path.read_bytes()
    with pytest.raises(StorageError, match="overwrite=False"):
        model.save(path, overwrite=False)
    model.weights[0][0] = np.nan
    with pytest.raises(DataError, match="weights that are not finite"):
        model.save(path)
    assert path.read_bytes() == before


def test_a_checkpoint_by_its_usual_name_is_a_file_of_keras(tmp_path: Path) -> None:
    (x, y), _ = cs.datasets.digits.load_data()
    model, path = of_digits(), tmp_path / "best.keras"
    saving = cs.callbacks.ModelCheckpoint(path, monitor="loss", save_best_only=True)
    model.fit(x[:100, ..., None], y[:100], epochs=2, callbacks=[saving], verbose=0)
    assert "config.json" in entries_of(path)
    assert cs.load_model(path).compiled

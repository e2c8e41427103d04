"""``Classifier``: photos in memory and in folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.photos import arrays, drawn, fill

import convoscope as cs
from convoscope.errors import ConfigurationError, DataError, FileFormatError, ShapeError, UnknownNameError
from convoscope.layers import Dense


def test_arrays_with_names_become_a_classifier(tmp_path: Path) -> None:
    x, y = arrays({"disc": 8, "stripes": 8})
    classifier = cs.Classifier.fit(x, y)
    assert classifier.class_names == ["disc", "stripes"]
    assert [classifier.predict(drawn(name, 70)).name for name in classifier.class_names] == ["disc", "stripes"]
    classifier.save(tmp_path / "model.safetensors")
    again = cs.Classifier.load(tmp_path / "model.safetensors")
    one, other = (each.predict(x[:3]) for each in (classifier, again))
    for before, after in zip(one, other, strict=True):
        np.testing.assert_array_equal(before.probabilities, after.probabilities)
        assert before.score == after.score
    assert again.findings is None


def test_a_folder_becomes_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = fill(tmp_path / "photos", {"disc": 6, "stripes": 6})
    said: list[str] = []
    classifier = cs.Classifier.train(folder, out=tmp_path / "run", minutes=0, seed=1, say=said.append)
    assert classifier.run == tmp_path / "run"
    assert classifier.report["part"] == "cross-validation"
    assert classifier.findings is not None
    loaded = cs.Classifier.load(tmp_path / "run")
    assert loaded.report == classifier.report
    assert loaded.predict(folder / "disc" / "1.jpg").name == "disc"


def test_rejection_is_of_the_weights_that_it_was_measured_on(tmp_path: Path) -> None:
    x, y = arrays({"disc": 6, "stripes": 6})
    model = cs.Classifier.fit(x, y).model
    assert model.rejection is not None
    images = cs.Preprocessing.from_dict(model.preprocessing).prepare_all(x)
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(images, [name == "stripes" for name in y], epochs=1, verbose=0)
    assert model.rejection is None


def test_what_cannot_be_trained_on_is_said() -> None:
    x, y = arrays({"disc": 2, "stripes": 2})
    with pytest.raises(ShapeError, match="there are 4 photos and 3 labels"):
        cs.Classifier.fit(x, y[:3])
    with pytest.raises(DataError, match="names the class 'stripes', which is not in class_names"):
        cs.Classifier.fit(x, y, ["disc"])
    with pytest.raises(DataError, match="has 1 name, but a class number is 1"):
        cs.Classifier.fit(x, [0, 0, 1, 1], ["disc"])
    with pytest.raises(DataError, match="'disc' more than once"):
        cs.Classifier.fit(x, [0, 0, 1, 1], ["disc", "disc"])
    with pytest.raises(ConfigurationError, match="a name for each class, but is the string 'ab'"):
        cs.Classifier.fit(x, [0, 0, 1, 1], "ab")
    for number in (0.5, float("nan")):
        with pytest.raises(DataError, match=f"for each photo, but one is {number}"):
            cs.Classifier.fit(x, [0.0, 0.0, 1.0, number])
    for images in ("photos", Path("photos"), b"bytes", 3, None):
        with pytest.raises(ConfigurationError, match=r"Put a single image into a list"):
            cs.Classifier.fit(images, y)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="start at 0"):
        cs.Classifier.fit(x, [0, 0, -1, 1])
    with pytest.raises(ShapeError, match="a class number or name for each photo"):
        cs.Classifier.fit(x, np.zeros((4, 2)))
    with pytest.raises(UnknownNameError):
        cs.Classifier.fit(x, y, backbone="resnet-9000")


def test_another_model_is_no_classifier(tmp_path: Path) -> None:
    cs.Sequential([Dense(2, input_shape=(3,))]).save(tmp_path / "model.safetensors")
    with pytest.raises(FileFormatError, match="not a photo classifier"):
        cs.Classifier.load(tmp_path / "model.safetensors")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"minutes": -1}, "minutes, the time limit of fine-tuning, must be at least 0, but is -1"),
        ({"minutes": float("nan")}, "but is nan"),
        ({"fine_tune": 0}, "fine_tune must be at least 1, but is 0"),
        ({"fine_tune": 99}, "has 18 blocks"),
        ({"seed": -1}, "seed must be at least 0"),
    ],
)
def test_options_that_cannot_be_meant_are_refused_before_anything_is_read(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        cs.Classifier.fit(["nowhere.jpg"] * 2, ["one", "other"], **options)


def test_whole_numbers_may_be_floats() -> None:
    x, _ = arrays({"disc": 2, "stripes": 2})
    assert cs.Classifier.fit(x, [0.0, 0.0, 1.0, 1.0], ["disc", "stripes"]).class_names == ["disc", "stripes"]

"""Files of released versions, and of commits before the first release: they open, predict what they did, and train on.

docs/compatibility.md promises it. The values were written by the code that wrote the files. `tests/models/kept` has two
more files of that time.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.engine.base import Engine
from convoscope.experiments import results
from convoscope.runs import RunFolder, resume
from convoscope.runs.preparation import load_data
from convoscope.runs.training import is_finished, settings_of, training_state
from convoscope.web.exercise_files import read_exercises
from convoscope.web.tours import read_tour

from . import make_files

HERE = Path(__file__).parent
VERSIONS = sorted(file.parent.name for file in HERE.glob("*/expected.npz"))
MODELS = [(version, name) for version in VERSIONS for name in make_files.models_in(HERE / version)]
EARLIER = sorted(folder.name for folder in (HERE / "earlier").iterdir())  # commits


def train_on(model: Any, given: Any) -> None:
    """Train one step on two images, and see that weights changed and are finite."""
    if model.optimizer is None:
        model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    before, steps = [weight.copy() for weight in model.get_weights()], model.optimizer.iterations
    if isinstance(given, list):
        model.fit(given, [np.array([0, 1]), np.array([[0.5], [2.0]])], verbose=0)
    else:
        model.fit(given, np.array([0, 1]), verbose=0)
    assert model.optimizer.iterations == steps + 1
    after = model.get_weights()
    assert all(np.isfinite(weight).all() for weight in after)
    assert any((one != other).any() for one, other in zip(before, after, strict=True))


def test_there_are_files_of_a_release() -> None:
    assert "0.1.0" in VERSIONS
    assert {"sequential.safetensors", "branches.safetensors", "photos.safetensors", "run/model.safetensors"} <= {
        name for version, name in MODELS if version == "0.1.0"
    }


@pytest.mark.parametrize(("version", "name"), MODELS)
def test_a_model_predicts_what_it_did(version: str, name: str, engine: Engine) -> None:
    model = cs.load_model(HERE / version / name)
    with np.load(HERE / version / "expected.npz") as expected:
        found = make_files.predictions(name, model)
        assert [f"{name}|{number}" for number in range(len(found))] == [
            key for key in expected if key.startswith(f"{name}|")
        ]
        for number, array in enumerate(found):
            np.testing.assert_allclose(array, expected[f"{name}|{number}"], rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize(("version", "name"), MODELS)
def test_a_model_trains_on(version: str, name: str) -> None:
    model = cs.load_model(HERE / version / name)
    if "photos" in name:  # whose head alone was trained
        assert [layer.name for layer in model.layers if layer.trainable and layer.weights] == ["predictions"]
    train_on(model, make_files.inputs_of(name, model))


@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_model_knows_besides_its_weights(version: str) -> None:
    stack = cs.load_model(HERE / version / "sequential.safetensors")
    assert stack.class_names == [str(digit) for digit in range(10)]
    assert stack.optimizer.iterations == 8  # 128 images in batches of 32, twice
    assert stack.get_layer("conv2d").kernel_regularizer is not None
    photos = cs.load_model(HERE / version / "photos.safetensors")
    assert photos.class_names == ["red", "green", "blue"]
    assert photos.origin["images"] == 60
    red = np.full((1, 16, 16, 3), (255, 0, 0), np.uint8)
    (image,) = photos.predict_images(red)
    assert image.name == "red"
    assert photos.rejection is not None
    two_outputs = cs.load_model(HERE / version / "branches.safetensors")
    assert two_outputs.output_names == ["kind", "size"]
    assert two_outputs.optimizer.momentum == pytest.approx(0.9)


@pytest.mark.parametrize("version", VERSIONS)
def test_weights_alone(version: str) -> None:
    stack = cs.load_model(HERE / version / "sequential.safetensors")
    kept = [weight.copy() for weight in stack.get_weights()]
    stack.set_weights([np.zeros_like(weight) for weight in kept])
    stack.load_weights(HERE / version / "sequential.weights.safetensors")
    for found, expected in zip(stack.get_weights(), kept, strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_run_is_read_and_an_interrupted_one_goes_on(version: str, tmp_path: Path) -> None:
    run = RunFolder.open(HERE / version / "run")
    assert [epoch["epoch"] for epoch in run.read_history()] == [1, 2]
    assert run.read_report()["accuracy"] > 0.1
    shutil.copytree(HERE / version / "interrupted", tmp_path / "run")
    again = RunFolder.open(tmp_path / "run")
    settings = settings_of(again)
    assert not is_finished(again, settings, training_state(again))
    outcome = resume(again, settings, load_data(settings))
    assert [epoch["epoch"] for epoch in again.read_history()] == [1, 2, 3]
    assert again.read_history()[:2] == run.read_history()
    assert outcome.report["accuracy"] > run.read_report()["accuracy"] - 0.1
    assert len(list((tmp_path / "run" / "snapshots").iterdir())) == 4


@pytest.mark.parametrize("version", VERSIONS)
def test_a_comparison_is_read(version: str) -> None:
    found = results(HERE / version / "comparison")
    assert [result.point for result in found] == [{"filters": 2}, {"filters": 3}]
    assert all(result.state == "finished" for result in found)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_tour_and_exercises_are_read(version: str) -> None:
    model = cs.load_model(HERE / version / "run" / "model.safetensors")
    assert len(read_tour(HERE / version / "tour.json", model, images=10)["steps"]) == 2
    assert len(read_exercises(HERE / version / "exercises.json").told["exercises"]) == 4


@pytest.mark.parametrize("commit", EARLIER)
def test_a_run_of_an_earlier_commit(commit: str, engine: Engine, tmp_path: Path) -> None:
    shutil.copytree(HERE / "earlier" / commit, tmp_path / "run")
    run = RunFolder.open(tmp_path / "run")
    x = np.linspace(0, 16, 128, dtype=np.float32).reshape(2, 8, 8, 1)
    expected = np.load(run.path / "expected.npy")
    np.testing.assert_allclose(cs.load_model(run.model).predict(x), expected, rtol=2e-5, atol=2e-6)
    before = run.read_history()
    settings = settings_of(run, epochs=3, engine=engine.name)
    resume(run, settings, load_data(settings))
    assert run.read_history()[:2] == before
    assert run.read_report()["accuracy"] > 0.3

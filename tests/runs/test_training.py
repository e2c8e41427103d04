"""Runs from begin to end, and interrupted ones, in this process. Real kills are in ``test_kill.py``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convoscope.datasets import Dataset
from convoscope.errors import ConfigurationError, FileFormatError
from convoscope.models import load_model, read_header
from convoscope.models.layer_line import model_from_line
from convoscope.runs import RunFolder, TrainSettings, resume, start
from convoscope.runs.preparation import build_model, split
from convoscope.runs.training import is_finished, settings_of, training_state, use
from convoscope.training.callbacks import Callback

from .conftest import settings, tensors


class InterruptAfter(Callback):
    """Ctrl-C in the middle of an epoch."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if epoch == self.epoch:
            raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def reference_engine() -> None:
    use(settings())


def without_seconds(folder: RunFolder) -> list[dict[str, Any]]:
    return [{name: value for name, value in line.items() if name != "seconds"} for line in folder.read_history()]


def assert_same_end(one: RunFolder, other: RunFolder) -> None:
    assert one.model.read_bytes() == other.model.read_bytes()
    first, second = tensors(one.checkpoint), tensors(other.checkpoint)
    assert first.keys() == second.keys()
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert without_seconds(one) == without_seconds(other)


def test_a_run_leaves_all_its_files(tmp_path: Path, data: Dataset) -> None:
    folder = RunFolder.create(tmp_path / "run")
    outcome = start(folder, settings(), data)
    assert {path.name for path in folder.path.iterdir()} == {
        "checkpoint.safetensors",
        "config.json",
        "confusion.png",
        "example.png",
        "history.jsonl",
        "mistakes.png",
        "model.safetensors",
        "report.json",
    }
    report = json.loads(folder.report.read_text())
    assert report == outcome.report
    assert report["images"] == 100
    assert [line["epoch"] for line in folder.read_history()] == [1, 2, 3, 4]
    assert folder.read_config()["settings"]["seed"] == 7


def test_the_kept_model_takes_8_bit_images_and_knows_their_classes(tmp_path: Path, data: Dataset) -> None:
    folder = RunFolder.create(tmp_path / "run")
    outcome = start(folder, settings(), data)
    model = load_model(folder.model)
    assert model.class_names == list("0123456789")
    assert model.preprocessing is not None
    assert {name: model.preprocessing[name] for name in ("height", "width", "channels", "max_value", "scale")} == {
        "height": 8,
        "width": 8,
        "channels": 1,
        "max_value": 16,
        "scale": 1 / 16,
    }
    answers = model.predict(data.x_test[..., None], verbose=0).argmax(1)
    assert (answers == data.y_test).mean() == outcome.report["accuracy"]


@pytest.mark.parametrize("given", [{}, {"validation": 0.2, "patience": 2, "dropout": 0.4}, {"optimizer": "sgd"}])
def test_an_interrupted_run_ends_as_one_that_was_not(tmp_path: Path, data: Dataset, given: dict[str, Any]) -> None:
    whole, parts = RunFolder.create(tmp_path / "whole"), RunFolder.create(tmp_path / "parts")
    start(whole, settings(**given), data)
    with pytest.raises(KeyboardInterrupt):
        start(parts, settings(**given), data, [InterruptAfter(1)])
    with pytest.raises(KeyboardInterrupt):
        resume(parts, settings_of(parts), data, [InterruptAfter(3)])
    assert not parts.report.exists()
    resume(parts, settings_of(parts), data)
    assert_same_end(whole, parts)
    assert parts.read_config()["created"]


def test_a_run_interrupted_before_its_first_epoch_begins_again(tmp_path: Path, data: Dataset) -> None:
    whole, parts = RunFolder.create(tmp_path / "whole"), RunFolder.create(tmp_path / "parts")
    start(whole, settings(), data)
    with pytest.raises(KeyboardInterrupt):
        start(parts, settings(), data, [InterruptAfter(0)])
    assert training_state(parts) is None
    resume(parts, settings_of(parts), data)
    assert_same_end(whole, parts)


def test_what_a_kill_leaves_between_two_files_does_no_harm(tmp_path: Path, data: Dataset) -> None:
    whole, parts = RunFolder.create(tmp_path / "whole"), RunFolder.create(tmp_path / "parts")
    start(whole, settings(), data)
    with pytest.raises(KeyboardInterrupt):
        start(parts, settings(), data, [InterruptAfter(2)])
    parts.append_epoch({"epoch": 3, "loss": 9.0})  # the line was written, the checkpoint was not
    with open(parts.history, "a") as file:
        file.write('{"epoch": 4')
    (parts.path / ".model.safetensors.4711-42").write_bytes(b"half")
    parts.model.write_bytes(whole.model.read_bytes())  # and so was the model of the epoch that is done again
    resume(parts, settings_of(parts), data)
    assert_same_end(whole, parts)
    assert not list(parts.path.glob(".*"))


def test_a_finished_run_can_be_trained_for_longer(tmp_path: Path, data: Dataset) -> None:
    whole, parts = RunFolder.create(tmp_path / "whole"), RunFolder.create(tmp_path / "parts")
    start(whole, settings(epochs=5), data)
    start(parts, settings(epochs=2), data)
    assert is_finished(parts, settings_of(parts), training_state(parts))
    longer = settings_of(parts, epochs=5)
    assert not is_finished(parts, longer, training_state(parts))
    resume(parts, longer, data)
    assert_same_end(whole, parts)
    assert parts.read_config()["settings"]["epochs"] == 5


def recipe_settings(**given: Any) -> TrainSettings:
    return settings(**{"model": None, "recipe": "fast", "filters": 2, "epochs": 4, "validation": 0.1, **given})


def test_a_run_by_a_recipe_that_was_interrupted_ends_like_one_that_was_not(tmp_path: Path, data: Dataset) -> None:
    whole, parts = RunFolder.create(tmp_path / "whole"), RunFolder.create(tmp_path / "parts")
    start(whole, recipe_settings(), data)
    with pytest.raises(KeyboardInterrupt):
        start(parts, recipe_settings(), data, [InterruptAfter(1)])
    with pytest.raises(KeyboardInterrupt):
        resume(parts, settings_of(parts), data, [InterruptAfter(3)])
    resume(parts, settings_of(parts), data)
    assert_same_end(whole, parts)


def test_the_rates_of_a_recipe_come_to_their_end_with_the_last_step_of_the_run(tmp_path: Path, data: Dataset) -> None:
    folder = RunFolder.create(tmp_path / "run")
    given = recipe_settings()
    start(folder, given, data)
    optimizer = load_model(folder.checkpoint).optimizer
    assert optimizer is not None
    # Of 256 images each class gives a tenth, rounded, to validation: 230 are left, which make 8 batches of 32.
    assert (len(split(data, given).x), optimizer.iterations) == (230, 4 * 8)
    first, *_, last = optimizer.learning_rates(0, 32)
    assert first == pytest.approx(given.learning_rate / 25)  # Smith's one cycle, as in PyTorch
    assert last == pytest.approx(given.learning_rate / 25 / 1e4)


def test_a_run_by_a_recipe_is_not_made_longer_for_its_rates_have_ended(tmp_path: Path, data: Dataset) -> None:
    folder = RunFolder.create(tmp_path / "run")
    start(folder, recipe_settings(epochs=1), data)
    with pytest.raises(ConfigurationError, match=r"scheduled over 1 epoch .*--recipe fast --epochs 5"):
        settings_of(folder, epochs=5)
    assert settings_of(folder, epochs=1, threads=2).threads == 2


def test_training_stops_at_its_goal_and_stays_stopped(tmp_path: Path, data: Dataset) -> None:
    folder = RunFolder.create(tmp_path / "run")
    outcome = start(folder, settings(epochs=50, goal_accuracy=0.6), data)
    history = folder.read_history()
    assert len(history) < 50
    assert history[-1]["accuracy"] >= 0.6 > history[-2]["accuracy"]
    assert outcome.report["stopped"] == "goal"
    assert is_finished(folder, settings_of(folder), training_state(folder))


def test_with_validation_the_best_epoch_is_kept_and_not_the_last(tmp_path: Path, data: Dataset) -> None:
    folder = RunFolder.create(tmp_path / "run")
    given = settings(epochs=40, validation=0.3, patience=4, learning_rate=0.02)
    report = start(folder, given, data).report
    accuracies = [line["val_accuracy"] for line in folder.read_history()]
    assert report["stopped"] == "patience"
    assert report["kept_epoch"] == 1 + int(np.argmax(accuracies))
    assert len(accuracies) == report["kept_epoch"] + 4
    kept, last = tensors(folder.model), tensors(folder.checkpoint)
    assert any(not np.array_equal(kept[name], last[name]) for name in kept)


def test_validation_images_are_drawn_from_each_class_by_the_seed(data: Dataset) -> None:
    first, again, other = (split(data, settings(validation=0.25, seed=seed)) for seed in (1, 1, 2))
    assert first.validation is not None
    assert again.validation is not None
    assert other.validation is not None
    assert np.array_equal(first.validation[0], again.validation[0])
    assert not np.array_equal(first.validation[0], other.validation[0])
    assert len(first.x) + len(first.validation[0]) == len(data.x_train)
    everyone = np.bincount(data.y_train)
    assert (np.abs(np.bincount(first.validation[1]) - everyone * 0.25) <= 0.5).all()


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path, data: Dataset) -> None:
    folder = RunFolder.create(tmp_path / "run")
    start(folder, settings(epochs=1), data)
    folder.checkpoint.write_bytes(folder.model.read_bytes())
    with pytest.raises(FileFormatError, match="not a run's checkpoint"):
        training_state(folder)


def test_a_checkpoint_says_how_far_training_was(tmp_path: Path, data: Dataset) -> None:
    folder = RunFolder.create(tmp_path / "run")
    start(folder, settings(epochs=2), data)
    state = read_header(folder.checkpoint)["training_state"]
    assert state["epoch"] == 2
    assert state["best_epoch"] == 2


def test_a_preset_and_its_layers_in_a_line_begin_with_the_same_weights(data: Dataset) -> None:
    preset = build_model(settings(model="dense"), data.info, 256)
    line = build_model(settings(layers="flatten, dense 128 relu, dense 10 softmax"), data.info, 256)
    assert all(np.array_equal(a, b) for a, b in zip(preset.weights, line.weights, strict=True))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("flatten, dense 5 softmax", "10 classes"),
        ("dense 10 softmax", "flatten"),
        ("flatten, dense 10", "softmax"),
    ],
)
def test_layers_that_are_no_classifier_are_refused_with_what_to_write(line: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        model_from_line(line, (8, 8, 1), 10)

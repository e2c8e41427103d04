from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convoscope import datasets
from convoscope.errors import ConfigurationError, FileFormatError, InUseError, MissingFileError, UnknownNameError
from convoscope.experiments import Experiment, compare, results, resume, rows
from convoscope.experiments.grid import begin
from convoscope.experiments.processes import share
from convoscope.locks import alone_in, is_in_use
from convoscope.models import load_model
from convoscope.runs import RunFolder, TrainSettings, start

from .conftest import FIXED, states


def test_every_combination_is_trained_with_every_seed(finished: Experiment) -> None:
    trained = [(result.settings["dense_units"], result.settings["seed"]) for result in results(finished)]
    assert trained == [(4, 0), (32, 0), (4, 1), (32, 1)]
    assert set(states(finished).values()) == {"finished"}


def test_a_run_of_a_comparison_is_the_run_that_train_would_have_made(finished: Experiment, tmp_path: Path) -> None:
    planned = finished.planned()[3]
    told = {**FIXED, **planned.point, "seed": planned.settings.seed, "validation": 0.1}
    settings = TrainSettings.with_defaults("digits", 1, "reference", **told)
    from convoscope.runs.training import use

    use(settings)
    start(RunFolder.create(tmp_path / "alone"), settings, datasets.load("digits"))
    here = finished.folder(planned.name).model.read_bytes()
    assert here == (tmp_path / "alone" / "model.safetensors").read_bytes()


def test_figures_are_those_of_the_models(finished: Experiment) -> None:
    data = datasets.load("digits")
    for result in results(finished)[:2]:
        model = load_model(result.folder / "model.safetensors")
        units = result.settings["dense_units"]
        assert result.figures["parameters"] == 64 * units + units + units * 10 + 10
        assert result.figures["multiply_adds"] == 64 * units + units * 10
        predicted = model.predict(data.x_test[..., None], verbose=0).argmax(axis=1)
        assert result.figures["test_accuracy"] == pytest.approx(float(np.mean(predicted == data.y_test)))


def test_a_finished_comparison_is_not_trained_again(finished: Experiment) -> None:
    before = {path: path.stat().st_mtime_ns for path in finished.path.rglob("*") if path.is_file()}
    told: list[Any] = []
    resume(finished.path, told=lambda *event: told.append(event))
    assert told == []
    assert before == {path: path.stat().st_mtime_ns for path in finished.path.rglob("*") if path.is_file()}


def test_a_run_that_fails_keeps_its_reason_and_the_rest_go_on(tmp_path: Path) -> None:
    told: list[str] = []
    experiment = compare(
        "digits",
        {"learning_rate": [1e30, 0.01]},
        out=tmp_path / "x",
        fixed={**FIXED, "optimizer": "sgd", "epochs": 1},
        jobs=1,
        threads=1,
        engine="reference",
        told=lambda event, run, done, of: told.append(f"{event} {done}/{of}"),
    )
    assert told == ["failed 1/2", "finished 2/2"]
    bad, good = rows(results(experiment))
    assert (bad.finished, good.reasons) == ((), ())
    assert "learning rate" in bad.reasons[0]
    resume(experiment.path, told=lambda event, run, done, of: told.append(event))
    assert len(told) == 2  # what fails by its settings is not tried again


def test_a_network_that_does_not_fit_the_images_is_a_failed_run(tmp_path: Path) -> None:
    experiment = compare(
        "digits",
        {"convolutions": [1, 4]},
        out=tmp_path / "x",
        fixed={"model": "cnn-1", "filters": 2, "epochs": 1},
        jobs=1,
        threads=1,
    )
    fits, does_not = rows(results(experiment))
    assert len(fits.finished) == 1
    assert "Layer" in does_not.reasons[0]


def test_a_damaged_run_is_a_failed_run_and_the_rest_go_on(tmp_path: Path) -> None:
    fixed = {**FIXED, "epochs": 1}
    experiment, _ = begin("digits", {"dense_units": [2, 3]}, out=tmp_path / "x", fixed=fixed, threads=1)
    first, second = (experiment.folder(run.name) for run in experiment.planned())
    first.path.mkdir(parents=True)
    first.config.write_text("{")
    resume(experiment.path, jobs=1)
    assert states(experiment) == {first.path.name: "failed", second.path.name: "finished"}
    assert "not JSON" in rows(results(experiment))[0].reasons[0]


def test_networks_are_compared_on_your_own_images(tmp_path: Path) -> None:
    from tests.own_images import fill

    photos = fill(tmp_path / "photos", {"a": 40, "b": 12})
    options: dict[str, Any] = {"jobs": 1, "threads": 1, "engine": "reference", "data_dir": tmp_path / "data"}
    fixed = {"model": "cnn-1", "epochs": 1, "image_size": (12, 12)}
    experiment = compare(str(photos), {"filters": [2, 3]}, out=tmp_path / "x", fixed=fixed, **options)
    assert set(states(experiment).values()) == {"finished"}
    for result in results(experiment):
        assert result.settings["dataset"] == str(photos)
        assert result.settings["class_weight"] == "auto"  # one class is three times rarer than the other
        assert load_model(result.folder / "model.safetensors").plan_input_shape == (12, 12, 3)


@pytest.mark.parametrize(
    ("vary", "fixed", "kind", "message"),
    [
        ({"filtres": [1]}, {}, UnknownNameError, "filters"),
        ({"optimizer": ["adm"]}, {}, UnknownNameError, "With optimizer adm.*Did you mean 'adam'"),
        ({"dropout": [0.1, 1.5]}, {}, ConfigurationError, "With dropout 1.5"),
        ({"filters": [1]}, {"filters": 2}, ConfigurationError, "both varied and set"),
        ({"filters": [1]}, {"validation": 0.0}, ConfigurationError, "compared by validation accuracy"),
        ({"layers": ["flatten"]}, {"model": "dense"}, ConfigurationError, "--layers and --model"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_made(
    tmp_path: Path, vary: dict[str, Any], fixed: dict[str, Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        compare("digits", vary, out=tmp_path / "x", fixed=fixed)
    assert not list(tmp_path.iterdir())


def test_numbers_below_one_are_refused(tmp_path: Path) -> None:
    for name in ("seeds", "jobs", "threads"):
        with pytest.raises(ConfigurationError, match=f"--{name} must be 1 or more"):
            compare("digits", {"filters": [1]}, out=tmp_path / "x", **{name: 0})


def test_an_experiment_is_never_overwritten(finished: Experiment) -> None:
    with pytest.raises(ConfigurationError, match="compare --resume"):
        compare("digits", {"filters": [1]}, out=finished.path)


def test_a_folder_without_an_experiment_or_with_a_damaged_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"no experiment\.json"):
        resume(tmp_path)
    (tmp_path / "experiment.json").write_text('{"format": "convoscope-experiment", "version": 9}')
    with pytest.raises(FileFormatError, match="version 9"):
        resume(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="folders cannot be locked there")
def test_two_cannot_be_at_one_experiment(tmp_path: Path) -> None:
    experiment, _ = begin("digits", {"dense_units": [2]}, out=tmp_path / "x", fixed={"model": "dense"})
    with alone_in(experiment.path), pytest.raises(InUseError):
        resume(experiment.path)
    assert not is_in_use(experiment.path)


def test_processors_are_shared_among_runs() -> None:
    assert share(12, jobs=3, threads=2) == (3, 2)
    assert share(2, jobs=8, threads=1) == (2, 1)
    at_once, threads = share(1)
    assert (at_once, threads >= 1) == (1, True)
    at_once, threads = share(10_000)
    assert threads == 1


def test_a_process_that_is_ended_from_outside_is_a_failure_that_is_tried_again(tmp_path: Path) -> None:
    from convoscope.experiments import failure

    experiment, _ = begin("digits", {"dense_units": [2]}, out=tmp_path / "x", fixed={**FIXED, "epochs": 1}, threads=1)
    name = experiment.planned()[0].name
    failure.record(experiment.folder(name), "Its process was killed by signal 9.", again=True)
    assert states(experiment) == {name: "failed"}
    resume(experiment.path)
    assert states(experiment) == {name: "finished"}

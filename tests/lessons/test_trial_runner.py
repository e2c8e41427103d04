"""Trials carried out in runs that are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from convoscope.errors import ConfigurationError, InUseError
from convoscope.experiments.plan import PlannedRun
from convoscope.lessons.measured import Measured
from convoscope.lessons.trial import Trial, trial
from convoscope.lessons.trial_runner import QUICK_EPOCHS, carry_out
from convoscope.locks import alone_in

pytestmark = pytest.mark.long
DENSE = trial("fashion-mnist", "dense", model="dense", epochs=20)
SHUFFLED = trial("fashion-mnist", "dense, shuffled", model="dense", epochs=2, shuffled=True)
ALONE = trial("mnist", "alone", model="perceptron", epochs=1, alone=True)
UNSCALED = trial("mnist", "unscaled", layers="rescale {max_value}, flatten, dense {classes} softmax", epochs=1)


def reports(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.glob("*/runs/*/report.json")}


def train(
    folder: Path, *trials: Trial, jobs: int | None = 1, **options: object
) -> tuple[Measured, list[tuple[str, int, int]]]:
    told: list[tuple[str, int, int]] = []

    def tell(event: str, run: PlannedRun, done: int, of: int) -> None:
        told.append((event, done, of))

    measured = carry_out(trials, folder, quick=True, jobs=jobs, told=tell, **options)  # type: ignore[arg-type]
    return measured, told


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Measured, list[tuple[str, int, int]]]:
    folder = tmp_path_factory.mktemp("lessons")
    return folder, *train(folder, DENSE, SHUFFLED, ALONE, seeds=2)


def test_each_trial_is_trained_as_often_as_asked_for(
    done: tuple[Path, Measured, list[tuple[str, int, int]]],
) -> None:
    folder, measured, told = done
    assert told == [("finished", number, 6) for number in range(1, 7)]
    assert len(reports(folder)) == 6
    for each in (DENSE, SHUFFLED, ALONE):
        assert len(measured.values(each, "test_accuracy")) == 2
    assert len(measured.course(DENSE, "accuracy")) == QUICK_EPOCHS
    assert [len(values) for values in measured.course(SHUFFLED, "accuracy")] == [2, 2]
    assert measured.stopped(DENSE) == [None, None]
    assert measured.reason(DENSE) is None


def test_what_is_trained_is_not_trained_again_and_what_is_new_is(
    done: tuple[Path, Measured, list[tuple[str, int, int]]],
) -> None:
    folder, measured, _ = done
    before = reports(folder)
    again, told = train(folder, DENSE, seeds=1)
    assert told == []
    assert again.values(DENSE, "test_accuracy") == measured.values(DENSE, "test_accuracy")[:1]
    new = trial("mnist", "dense", model="dense", dense_units=4, epochs=1)
    _, told = train(folder, DENSE, new, seeds=1)
    assert told == [("finished", 2, 2)]
    after = reports(folder)
    assert len(after) == 7
    assert before.items() <= after.items()


def test_other_settings_of_the_same_name_are_another_run(
    done: tuple[Path, Measured, list[tuple[str, int, int]]],
) -> None:
    other = trial(DENSE.dataset, DENSE.what, model="dense", epochs=1, dense_units=2)
    _, told = train(done[0], other, seeds=1)
    assert told == [("finished", 1, 1)]


def test_pixels_come_unscaled_where_a_trial_says_so(tmp_path: Path) -> None:
    measured, _ = train(tmp_path, UNSCALED, jobs=None, seeds=1)
    settings = measured.rows[UNSCALED].results[0].settings
    assert settings["layers"] == "rescale 255, flatten, dense 10 softmax"


@pytest.mark.parametrize("jobs", [1, None], ids=["in processes", "in this one"])
def test_a_run_that_fails_is_told_and_the_others_go_on(tmp_path: Path, jobs: int | None) -> None:
    wild = trial(
        "mnist",
        "wild",
        layers="rescale {max_value}, flatten, dense {classes}, dense {classes} softmax",
        optimizer="sgd",
        learning_rate=1e30,
        epochs=1,
    )
    measured, told = train(tmp_path, wild, ALONE, jobs=jobs)
    assert sorted(event for event, _, _ in told) == ["failed", "finished"]
    assert measured.values(wild, "test_accuracy") == []
    assert measured.mean(wild, "test_accuracy") is None
    assert measured.seconds_an_epoch(wild) is None
    assert "loss" in (measured.reason(wild) or "")
    assert len(measured.values(ALONE, "test_accuracy")) == 1


def test_in_this_process_comes_out_what_comes_out_of_others(
    done: tuple[Path, Measured, list[tuple[str, int, int]]], tmp_path: Path
) -> None:
    measured, told = train(tmp_path, DENSE, ALONE, jobs=None, seeds=1)
    assert [done for _, done, _ in told] == [1, 2]
    for each in (DENSE, ALONE):
        for name in ("accuracy", "loss"):
            there = [values[:1] for values in done[1].course(each, name)]
            assert measured.course(each, name) == there


def test_nothing_is_begun_in_a_folder_that_another_process_is_at(
    done: tuple[Path, Measured, list[tuple[str, int, int]]],
) -> None:
    with alone_in(done[0] / "beside"), pytest.raises(InUseError):
        train(done[0], DENSE, seeds=3)


@pytest.mark.parametrize("options", [{"seeds": 0}, {"jobs": 0}])
def test_less_than_one_of_anything_is_refused(tmp_path: Path, options: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError, match="must be 1 or more"):
        carry_out([DENSE], tmp_path, **options)  # type: ignore[arg-type]

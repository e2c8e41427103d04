from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import optuna
import pytest
from tests.searching import work_until

from convoscope.errors import ConfigurationError, ConvoscopeError, NotReadyError
from convoscope.experiments import Experiment, results
from convoscope.experiments.results import BEGUN
from convoscope.experiments.search import SPACE, begin, found, resume, search
from convoscope.experiments.space import Range

SMALL: dict[str, Any] = {"dense_units": Range(2, 32), "learning_rate": Range(0.0003, 0.01)}
OPTIONS: dict[str, Any] = {
    "fixed": {"model": "dense", "epochs": 3, "batch_size": 64},
    "jobs": 1,
    "threads": 1,
    "engine": "reference",
}


def trials(experiment: Experiment) -> list[optuna.trial.FrozenTrial]:
    backend = optuna.storages.journal.JournalFileBackend(str(experiment.journal))
    kept = optuna.load_study(study_name="search", storage=optuna.storages.JournalStorage(backend))
    return list(kept.trials)


def given_up(experiment: Experiment) -> list[int]:
    return [trial.number for trial in trials(experiment) if trial.state == optuna.trial.TrialState.PRUNED]


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    experiment = begin("digits", SMALL, out=tmp_path_factory.mktemp("search") / "x", **OPTIONS)
    work_until(experiment, lambda: len(found(experiment)) >= 6 and bool(given_up(experiment)))
    return experiment


def test_what_was_drawn_lies_within_and_is_what_was_trained(searched: Experiment) -> None:
    tried = {result.folder.name: result for result in results(searched)}
    assert len(tried) >= 2
    for trial in trials(searched):
        if (result := tried.get(f"trial-{trial.number:04}")) is not None:
            assert result.settings["dense_units"] == trial.params["dense_units"]
            assert 2 <= trial.params["dense_units"] <= 32
            assert 0.0003 <= trial.params["learning_rate"] <= 0.01


def test_the_best_is_optunas_and_by_validation(searched: Experiment) -> None:
    complete = [trial for trial in trials(searched) if trial.state == optuna.trial.TrialState.COMPLETE]
    best = found(searched)[0].results[0]
    assert best.figures["val_accuracy"] == max(trial.value for trial in complete if trial.value is not None)
    history = [json.loads(line) for line in (best.folder / "history.jsonl").read_text().splitlines()]
    assert best.figures["val_accuracy"] == max(epoch["val_accuracy"] for epoch in history)


def test_networks_that_are_given_up_are_never_tested(searched: Experiment) -> None:
    for number in given_up(searched):
        folder = searched.folder(f"trial-{number:04}")
        assert folder.history.exists()
        assert not folder.report.exists()


def test_a_search_goes_on_with_what_was_under_way(tmp_path: Path) -> None:
    fixed = {"model": "dense", "epochs": 100_000}
    experiment = begin("digits", {"dense_units": [64]}, out=tmp_path / "x", **{**OPTIONS, "fixed": fixed})
    work_until(experiment, lambda: any(result.epochs > 2 for result in results(experiment)))
    (begun,) = results(experiment)
    assert begun.state == BEGUN
    # Longer ago than a trial can be another process' that has not yet begun to train.
    journal = experiment.journal.read_text()
    assert '"datetime_start":' in journal
    experiment.journal.write_text(re.sub(r'("datetime_start": ?"20)2\d', r"\g<1>19", journal))
    work_until(experiment, lambda: results(experiment)[0].epochs > begun.epochs + 2)
    assert [result.folder for result in results(experiment)] == [begun.folder]
    assert [trial.state.name for trial in trials(experiment)] == ["RUNNING"]


def test_a_search_ends_when_its_time_is_up(tmp_path: Path) -> None:
    experiment = search("digits", SMALL, minutes=0.001, out=tmp_path / "x", **OPTIONS)
    assert found(experiment) == []


def test_the_lessons_network_is_tried_first(tmp_path: Path) -> None:
    experiment = begin("digits", out=tmp_path / "x", jobs=1, threads=1, engine="reference")
    first = trials(experiment)[0]
    assert first.system_attrs["fixed_params"] == {
        "filters": 64,
        "convolutions": 2,
        "kernel_size": 3,
        "dense_units": 128,
        "dropout": 0.0,
        "learning_rate": 0.001,
        "batch_size": 32,
    }
    assert set(experiment.read()["varied"]) == set(SPACE)


def test_a_space_without_the_lessons_network_begins_with_a_draw(tmp_path: Path) -> None:
    assert trials(begin("digits", {"filters": Range(2, 8)}, out=tmp_path / "x", threads=1)) == []


def test_when_nothing_but_failures_comes_the_search_ends_with_the_reason(tmp_path: Path) -> None:
    fixed = {"model": "dense", "epochs": 1, "optimizer": "sgd"}
    with pytest.raises(ConvoscopeError, match=r"10 trials failed.*learning rate"):
        search(
            "digits", {"learning_rate": Range(1e30, 1e31)}, minutes=2, out=tmp_path / "x", **{**OPTIONS, "fixed": fixed}
        )


def test_without_optuna_a_search_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(NotReadyError, match=r"pip install 'convoscope\[search\]'"):
        search("digits", minutes=1, out=tmp_path / "x")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("vary", "options", "message"),
    [
        ({"epochs": [1, 2]}, {}, "--set"),
        ({"filters": []}, {}, "There is no value"),
        ({"filters": [1]}, {"fixed": {"filters": 2}}, "both varied and set"),
        ({"filters": [1]}, {"minutes": 0.0}, "--minutes must be more than 0"),
        ({"filters": [1]}, {"fixed": {"validation": 0.0}}, "maximizes validation accuracy"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    tmp_path: Path, vary: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        search("digits", vary, out=tmp_path / "x", **{"minutes": 1.0, **options})


def test_a_comparison_cannot_be_searched_on(finished: Experiment) -> None:
    with pytest.raises(ConfigurationError, match="not a search"):
        resume(finished.path, minutes=1)

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from convoscope.errors import ConfigurationError, MissingFileError, UnknownNameError
from convoscope.experiments import Experiment, Result, Row, results, rows
from convoscope.experiments.listing import chosen, listed, ordered
from convoscope.experiments.results import best
from convoscope.locks import alone_in


def test_means_and_spreads_are_over_the_seeds(finished: Experiment) -> None:
    table = rows(results(finished))
    assert [len(row.results) for row in table] == [2, 2]
    for row in table:
        values = [
            max(json.loads(line)["val_accuracy"] for line in (run.folder / "history.jsonl").read_text().splitlines())
            for run in row.results
        ]
        figure = row.figure("val_accuracy")
        assert figure is not None
        assert figure.mean == pytest.approx(np.mean(values))
        assert figure.spread == pytest.approx(np.std(values, ddof=1))


def test_the_gap_is_of_the_last_epoch(finished: Experiment) -> None:
    result = results(finished)[0]
    last = json.loads((result.folder / "history.jsonl").read_text().splitlines()[-1])
    assert result.figures["gap"] == pytest.approx(last["accuracy"] - last["val_accuracy"])


def made(validation: float, test: float) -> Row:
    figures = {"val_accuracy": validation, "test_accuracy": test}
    return Row({}, (Result(Path(), {}, {}, "finished", None, 1, figures),))


def test_the_best_is_best_in_validation_whatever_its_test() -> None:
    table = [made(0.8, 0.99), made(0.9, 0.5)]
    assert best(table) is table[1]
    assert best([Row({}, ())]) is None


def test_runs_of_different_places_are_told_apart_by_what_differs(finished: Experiment) -> None:
    folders = [finished.folder(run.name).path for run in finished.planned()]
    table = rows(results(*folders))
    assert [(row.point, len(row.results)) for row in table] == [({"dense_units": 4}, 2), ({"dense_units": 32}, 2)]
    assert rows(results(folders[0]))[0].point == {}


def test_a_folder_without_runs_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="--vary"):
        results(tmp_path)


def test_runs_are_found_below_a_folder_filtered_and_sorted(finished: Experiment) -> None:
    runs = listed(finished.path)
    assert len(runs) == 4
    assert {run.state for run in runs} == {"finished"}
    assert len(chosen(runs, ["dense-units=4", "state=finished"])) == 2
    assert len(chosen(runs, ["dense_units=4,32"])) == 4
    assert chosen(runs, ["state=training"]) == []
    scores = [run.result.figures["val_accuracy"] for run in ordered(runs, "validation")]
    assert scores == sorted(scores, reverse=True)
    with pytest.raises(UnknownNameError, match="filters"):
        chosen(runs, ["filtres=4"])
    with pytest.raises(ConfigurationError, match="--where"):
        chosen(runs, ["filters"])
    with pytest.raises(UnknownNameError, match="validation"):
        ordered(runs, "validatoin")


def test_a_run_that_nobody_trains_is_stopped_and_a_damaged_one_is_listed_too(tmp_path: Path) -> None:
    for name in ("stopped", "damaged"):
        (tmp_path / name).mkdir()
        config = {"format": "convoscope-run", "version": 1, "settings": {"epochs": 3}, "created": "2026-01-01"}
        (tmp_path / name / "config.json").write_text(json.dumps(config))
    (tmp_path / "damaged" / "history.jsonl").write_text("what\n{}\n")
    assert {run.name: run.state for run in listed(tmp_path)} == {"stopped": "stopped", "damaged": "damaged"}


def test_a_run_that_is_held_is_training(tmp_path: Path) -> None:
    config = {"format": "convoscope-run", "version": 1, "settings": {}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with alone_in(tmp_path):
        assert [run.state for run in listed(tmp_path)] == ["training"]

"""What a search tries: what can be trained, each combination once, and all that there are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest

from convoscope.errors import ConfigurationError, FileFormatError, ShapeError
from convoscope.experiments import Experiment, results
from convoscope.experiments.drawing import Drawing
from convoscope.experiments.search import begin, found, resume, search

OPTIONS: dict[str, Any] = {"jobs": 1, "threads": 1, "engine": "reference"}
TINY = {"filters": 2, "epochs": 1, "batch_size": 256, "dense_units": 4}


def may(drawn: dict[str, Any]) -> None:
    """Everything can be trained."""


def drawing(folder: Path, varied: dict[str, Any], check: Callable[[dict[str, Any]], None] = may) -> Drawing:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    kept = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=1))
    return Drawing(kept, Experiment(folder), varied, check)


def tried(from_: Drawing, most: int = 1000) -> list[dict[str, Any]]:
    seen = []
    for (trial, drawn), _ in zip(from_, range(most), strict=False):
        seen.append(drawn)
        from_._kept.tell(trial, 0.5)
    return seen


def test_a_space_that_can_be_listed_is_tried_to_its_end_and_nothing_twice(tmp_path: Path) -> None:
    seen = tried(drawing(tmp_path, {"filters": {"low": 1, "high": 9}, "pooling": ["max", "min"]}))
    assert sorted((each["filters"], each["pooling"]) for each in seen) == [
        (filters, pooling) for filters in range(1, 10) for pooling in ("max", "min")
    ]
    assert not list(tmp_path.iterdir())  # and no lock is left


def test_numbers_that_round_to_the_same_are_the_same(tmp_path: Path) -> None:
    seen = tried(drawing(tmp_path, {"dropout": {"low": 0.1, "high": 0.1004}}), most=9)
    assert len(seen) == len({each["dropout"] for each in seen}) <= 2


def test_what_cannot_be_trained_is_left_out_and_told_as_bad(tmp_path: Path) -> None:
    def check(drawn: dict[str, Any]) -> None:
        if drawn["convolutions"] > 3:
            raise ShapeError("too small for it")

    made = drawing(tmp_path, {"convolutions": [1, 2, 3, 4, 5, 6, 7]}, check)
    assert sorted(each["convolutions"] for each in tried(made)) == [1, 2, 3]
    refused = [trial for trial in made._kept.trials if "reason" in trial.user_attrs]
    assert sorted(trial.params["convolutions"] for trial in refused) == [4, 5, 6, 7]
    assert {trial.state.name for trial in refused} == {"PRUNED"}


@pytest.mark.parametrize("high", [9, 9.5])
def test_if_nothing_can_be_trained_it_says_why(tmp_path: Path, high: float) -> None:
    def check(drawn: dict[str, Any]) -> None:
        raise ShapeError("too small for it")

    with pytest.raises(ConfigurationError, match=r"combinations in a row cannot be trained.*too small for it"):
        tried(drawing(tmp_path, {"filters": {"low": 1, "high": high}}, check))


def test_a_search_with_impossible_networks_trains_all_others_once_also_across_a_resume(tmp_path: Path) -> None:
    # 8 pixels are halved to 4, 2 and 1: there is nothing for a fourth pooling.
    experiment = search(
        "digits", {"convolutions": [1, 2, 3, 4, 5]}, minutes=5, out=tmp_path / "x", fixed=TINY, **OPTIONS
    )
    trained = [result.settings["convolutions"] for result in results(experiment)]
    assert sorted(trained) == sorted(set(trained))
    assert set(trained) >= {1, 2}
    assert not {4, 5} & set(trained)
    assert len(found(experiment)) == len(trained)
    again = resume(experiment.path, minutes=5, jobs=1)
    assert [result.settings["convolutions"] for result in results(again)] == trained


def test_a_journal_that_a_kill_cut_is_gone_on_with_and_a_damaged_one_is_told(tmp_path: Path) -> None:
    experiment = begin("digits", {"dense_units": [2, 3]}, out=tmp_path / "x", fixed={"model": "dense"}, **OPTIONS)
    whole = experiment.journal.read_bytes()
    experiment.journal.write_bytes(whole + b'{"op_code":4,"work')
    resume(experiment.path, minutes=0.0001, jobs=1)
    assert experiment.journal.read_bytes().startswith(whole)
    assert b'"work\n' not in experiment.journal.read_bytes()
    for content in (b"5\n", b"null\n", b'{"op_code": "x"}\n', b"{}\n", b"\xff\n", b'{"op_code":4}\n', b"[]\n{}\n"):
        experiment.journal.write_bytes(content)
        with pytest.raises(FileFormatError, match=r"search\.jsonl is damaged"):
            resume(experiment.path, minutes=0.0001, jobs=1)


def test_a_search_whose_journal_never_came_to_be_begins_with_the_lesson(tmp_path: Path) -> None:
    experiment = begin("digits", out=tmp_path / "x", **OPTIONS)
    experiment.journal.unlink()
    (experiment.path / ".drawing").touch()
    (experiment.path / ".report.html.1-2").touch()
    resume(experiment.path, minutes=0.0001, jobs=1)
    backend = optuna.storages.journal.JournalFileBackend(str(experiment.journal))
    kept = optuna.load_study(study_name="search", storage=optuna.storages.JournalStorage(backend))
    assert kept.trials[0].system_attrs["fixed_params"]["filters"] == 64
    assert not list(experiment.path.glob(".*"))


def test_nothing_was_in_vain_while_another_process_trains(tmp_path: Path) -> None:
    def check(drawn: dict[str, Any]) -> None:
        if drawn["convolutions"] > 3:
            raise ShapeError("too small for it")

    made = drawing(tmp_path, {"convolutions": [3, 4, 5, 6]}, check)
    other = drawing(tmp_path, {"convolutions": [3, 4, 5, 6]}, check)
    other._kept = made._kept
    other._kept.enqueue_trial({"convolutions": 3})
    trial, drawn = next(iter(other))
    assert drawn == {"convolutions": 3}
    assert tried(made) == []  # the three that were left cannot be trained, but the other has not ended
    assert len(made._kept.trials) >= 4
    other._kept.tell(trial, 0.5)

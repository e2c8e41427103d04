"""What a machine does while its study cannot be reached, and when it has lost a run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from convoscope.errors import StorageError
from convoscope.experiments import crew as module
from convoscope.experiments.claims import Timing
from convoscope.experiments.crew import Crew
from convoscope.experiments.places import Place
from convoscope.experiments.plan import Experiment
from convoscope.experiments.storages import ClaimLostError, UnreachableError
from convoscope.experiments.work import Count, Task

WHERE = Place("postgresql", "x", "postgresql://ann:***@host/studies")


class Study:
    """Claims and work of a study that is away for some looks, and then all done."""

    def __init__(self, away: int, *, lost: bool = False) -> None:
        self.away, self.lost = away, lost
        self.released: list[int] = []

    def look_for_lost(self) -> list[Any]:
        if self.away:
            self.away -= 1
            raise UnreachableError("connection refused")
        return []

    def beat(self, trial_id: int) -> None:
        if self.lost:
            raise ClaimLostError("finished")

    def release(self, trial_id: int) -> None:
        self.released.append(trial_id)

    def prepare(self) -> None:
        pass

    def next(self) -> None:
        return None

    def is_over(self) -> bool:
        return True

    def count(self) -> Count:
        return Count(1, 0, 1)

    def results(self) -> list[Any]:
        return []


@pytest.fixture
def told() -> list[str]:
    return []


def crew_of(study: Any, folder: Path, told: list[str]) -> Crew:
    return Crew(study, study, Experiment(folder), WHERE, 1, Timing(0, 1, 0), told.append)


def test_a_storage_that_is_away_is_said_once_and_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, told: list[str]
) -> None:
    monkeypatch.setattr(module, "_FIRST_PAUSE", 0.01)
    study = Study(3)
    crew = crew_of(study, tmp_path, told)
    crew._pause = 0.01
    crew.run()
    assert [sentence.partition(" (")[0] for sentence in told] == [
        "postgresql://ann:***@host/studies cannot be reached",
        "postgresql://ann:***@host/studies is back.",
    ]


def test_a_storage_that_stays_away_ends_a_machine_that_has_nothing_to_train(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, told: list[str]
) -> None:
    monkeypatch.setattr(module, "_GIVE_UP", 0.05)
    crew = crew_of(Study(1000), tmp_path, told)
    crew._pause = 0.03
    with pytest.raises(StorageError, match=r"run the same command again\.$"):
        crew.run()


@pytest.mark.parametrize("lost", [True, False])
def test_a_run_that_was_lost_is_ended_and_one_that_was_not_is_given_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, told: list[str], lost: bool
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    study = Study(0, lost=lost)
    crew = crew_of(study, tmp_path, told)
    settings: Any = None
    crew._trainings.append(module._Training(Task(7, "001-filters-8", settings), process))
    crew.run(0.1)
    assert process.returncode is not None
    assert study.released == ([] if lost else [7])
    assert any("001-filters-8 was given to another worker" in sentence for sentence in told) is lost

"""Studies of several workers: each run counts once, whoever is killed, asleep, or at it at the same time."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.experiments import workers
from tests.experiments.workers import PARTS, RUNS, claims_of, result

from convoscope.errors import ConfigurationError, ConvoscopeError
from convoscope.experiments import claims as module, fingerprint, studies
from convoscope.experiments.claims import OUTCOME, RUN, Claims, is_settled, standing
from convoscope.experiments.places import place
from convoscope.experiments.storages import ClaimLostError, UnreachableError, calling, patiently

optuna = pytest.importorskip("optuna")
posix = pytest.mark.skipif(sys.platform == "win32", reason="processes that are forked off are killed")


@pytest.fixture(params=["journal", "sqlite"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "study.journal") if request.param == "journal" else f"sqlite:///{tmp_path}/study.db"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def silent_for(claims: Claims, clock: list[float], seconds: float) -> list[Any]:
    """Look at a study often enough for so long."""
    lost = []
    for _ in range(int(seconds / 0.25)):
        lost += claims.look_for_lost()
        clock[0] += 0.25
    return lost


def test_a_worker_that_was_asleep_finds_that_it_lost_its_run(storage: str, clock: list[float]) -> None:
    sleeper, other = claims_of(storage), claims_of(storage)
    sleeper.queue(RUNS[:1])
    trial = sleeper.claim()
    sleeper.beat(trial._trial_id)
    assert [each.number for each in silent_for(other, clock, 2.0)] == [trial.number]
    again = other.claim()
    assert again.user_attrs[RUN] == "000"
    for act in (
        lambda: sleeper.beat(trial._trial_id),
        lambda: sleeper.finish(trial._trial_id, result(0.9)),
        lambda: sleeper.lose(trial._trial_id, "no memory"),
    ):
        with pytest.raises(ClaimLostError):
            act()
    sleeper.release(trial._trial_id)  # nothing
    other.finish(again._trial_id, result(0.4))
    counted = [each for each in other.trials() if is_settled(each)]
    assert [each.user_attrs[OUTCOME]["figures"]["val_accuracy"] for each in counted] == [0.4]
    sleeper.queue(RUNS[:1])
    assert sleeper.claim() is None


def test_a_worker_that_beats_keeps_its_run_and_one_that_wakes_suspects_nobody(storage: str, clock: list[float]) -> None:
    worker, other = claims_of(storage), claims_of(storage)
    worker.queue(RUNS[:1])
    trial = worker.claim()
    for _ in range(20):
        worker.beat(trial._trial_id)
        assert silent_for(other, clock, 0.5) == []
    clock[0] += 100  # `other` was asleep
    assert other.look_for_lost() == []


def test_a_run_that_was_released_is_claimed_at_once_and_costs_no_attempt(storage: str) -> None:
    worker, other = claims_of(storage), claims_of(storage)
    worker.queue(RUNS[:1])
    for _ in range(module.ATTEMPTS + 1):
        worker, other = other, claims_of(storage)
        trial = worker.claim()
        assert trial is not None
        worker.release(trial._trial_id)
    assert len(worker.trials()) == 1


def test_a_run_that_loses_every_worker_is_given_up(storage: str) -> None:
    worker = claims_of(storage)
    for _ in range(module.ATTEMPTS):
        worker.queue(RUNS[:1])
        trial = worker.claim()
        worker.lose(trial._trial_id, "Out of memory.")
    worker.queue(RUNS[:1])
    assert worker.claim() is None
    assert standing(worker.by_run()["000"]) is None


def test_an_outcome_that_was_written_by_a_worker_that_died_then_counts(storage: str, clock: list[float]) -> None:
    worker, other = claims_of(storage), claims_of(storage)
    worker.queue(RUNS[:1])
    trial = worker.claim()
    worker._note(trial._trial_id, OUTCOME, module.outcome(result(0.7)))
    silent_for(other, clock, 2.0)
    assert [(each.state.name, each.value) for each in other.trials()] == [("COMPLETE", 0.7)]


def test_a_run_that_two_workers_queue_at_once_is_trained_once(storage: str) -> None:
    first, second = claims_of(storage), claims_of(storage)
    for claims in (first, second):
        claims._add({"experiment": fingerprint.digest(PARTS), RUN: "000"}, {})
    assert first.claim().number == 0
    assert second.claim() is None


@pytest.mark.parametrize("name", ["../elsewhere", "/etc", "a/b", "", 7, None, ["x"]])
def test_a_run_with_a_name_that_leads_elsewhere_is_not_seen(tmp_path: Path, name: Any) -> None:
    claims = claims_of(str(tmp_path / "study.journal"))
    claims._add({RUN: name}, {})
    claims._add({RUN: "unknown"}, {})
    assert [each.user_attrs[RUN] for each in claims.trials()] == ["unknown"]
    assert claims.claim(known=dict(RUNS).__contains__) is None


@posix
def test_workers_at_the_same_moment_claim_each_run_once(storage: str) -> None:
    runs = [(f"{number:03}", {}) for number in range(24)]
    claims_of(storage).queue(runs)
    processes = workers.context()
    ready, claimed = processes.Barrier(3), processes.Queue()
    claimers = [processes.Process(target=workers.claim_all, args=(storage, ready, claimed)) for _ in range(3)]
    for claimer in claimers:
        claimer.start()
    found = [claimed.get() for _ in claimers]
    for claimer in claimers:
        claimer.join()
    assert sorted(name for names in found for name in names) == [name for name, _ in runs]


@posix
def test_kills_at_random_moments_lose_nothing_and_double_nothing(storage: str) -> None:
    chance = random.Random(3)
    processes = workers.context()

    def start() -> Any:
        ready = processes.Event()
        process = processes.Process(target=workers.work, args=(storage, ready))
        process.start()
        return process, ready

    alive = [start(), start()]
    for _ in range(4):
        victim, ready = alive.pop(0)
        ready.wait()
        time.sleep(chance.uniform(0, 0.2))
        victim.kill()
        victim.join()
        alive.append(start())
    for process, _ in alive:
        process.join()
        assert process.exitcode == 0
    after = claims_of(storage)
    settled = Counter(each.user_attrs[RUN] for each in after.trials() if is_settled(each))
    assert settled == {name: 1 for name, _ in RUNS}
    assert after.claim() is None
    limit = time.monotonic() + 60  # who was killed when it had just claimed a twin holds that until it counts as lost
    while unfinished := [each for each in after.trials() if not each.state.is_finished()]:
        assert time.monotonic() < limit, unfinished
        after.look_for_lost()
        time.sleep(workers.QUICK.look)
    settled_again = Counter(each.user_attrs[RUN] for each in after.trials() if is_settled(each))
    assert settled_again == settled


@pytest.mark.parametrize(
    ("theirs", "words"),
    [
        ({**PARTS, "seeds": [0, 1]}, r"seeds: the study has \[0, 1\], this command \[0\]"),
        ({**PARTS, "images": "abc"}, "images and labels"),
        ("nonsense", "does not describe its experiment"),
    ],
)
def test_another_experiment_is_refused_with_what_differs(storage: str, theirs: Any, words: str) -> None:
    claims_of(storage).kept.set_user_attr("convoscope", theirs)
    with pytest.raises(ConfigurationError, match=words):
        claims_of(storage)


def test_a_study_with_another_direction_or_of_another_program_is_refused(storage: str) -> None:
    kept = calling(place(storage), lambda: studies.opened(place(storage)))
    optuna.create_study(storage=kept, study_name="study", direction="minimize")
    with pytest.raises(ConfigurationError, match="exists with the direction minimize"):
        claims_of(storage)
    other = optuna.create_study(storage=kept, study_name="other", direction="maximize")
    other.add_trial(optuna.create_trial(value=1.0))
    with pytest.raises(ConfigurationError, match="another program"):
        studies._study(place(storage), "other", PARTS)


def test_a_database_that_is_away_is_waited_for_and_then_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    where = module.Place("postgresql", "x", "postgresql://ann:***@host/studies", ("s3cret",))
    told: list[str] = []
    monkeypatch.setattr(studies.patiently.__globals__["time"], "sleep", lambda seconds: None)

    def away() -> None:
        raise ConnectionRefusedError(111, "login of ann with s3cret refused")

    with pytest.raises(ConvoscopeError, match=r"could not be reached for 0\.6 seconds") as caught:
        patiently(where, away, 0.6, told.append)
    assert len(told) == 1
    assert "s3cret" not in str(caught.value) + told[0]
    with pytest.raises(UnreachableError):
        calling(where, away)


def test_a_damaged_database_is_said(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    path.write_bytes(b"SQLite format 3\0" + b"garbage" * 500)
    with pytest.raises(ConvoscopeError, match=r"study\.db") as caught:
        claims_of(f"sqlite:///{path}")
    assert not isinstance(caught.value, UnreachableError)


def test_a_damaged_journal_is_said(tmp_path: Path) -> None:
    path = tmp_path / "study.journal"
    path.write_bytes(b'{"op_code":4,"study_id":0}\n[]\n')
    with pytest.raises(ConvoscopeError, match=r"study\.journal"):
        claims_of(str(path))

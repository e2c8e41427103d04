"""Workers of a study that train nothing, in processes that begin at once: what they import is there before they are."""

from __future__ import annotations

import multiprocessing
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from convoscope.experiments import fingerprint, studies
from convoscope.experiments.claims import RUN, Claims, Timing, is_settled
from convoscope.experiments.places import place
from convoscope.experiments.results import FINISHED, Result
from convoscope.experiments.storages import ClaimLostError, patiently

PARTS = {"kind": "comparison", "seeds": [0]}
RUNS: list[tuple[str, dict[str, Any]]] = [(f"{number:03}", {"filters": number}) for number in range(8)]
QUICK = Timing(beat=0.1, lost=1.0, look=0.05)


def context() -> Any:
    """Return what makes such processes."""
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(["tests.experiments.workers", "optuna", "sqlalchemy"])
    return made


def claims_of(storage: str) -> Claims:
    """Join the study."""
    where = place(storage)
    kept, _ = patiently(where, lambda: studies._study(where, "study", PARTS), 60)
    return Claims(kept, where, fingerprint.digest(PARTS), QUICK)


def result(accuracy: float = 0.5) -> Result:
    """Return what came of a run."""
    return Result(Path("runs/001"), {"seed": 0}, {"filters": 1}, FINISHED, None, 1, {"val_accuracy": accuracy})


def claim_all(storage: str, ready: Any, claimed: Any) -> None:
    """Claim what there is, from the moment on when all are ready."""
    claims, found = claims_of(storage), []
    ready.wait()
    while (trial := claims.claim()) is not None:
        found.append(trial.user_attrs[RUN])
    claimed.put(found)


def work(storage: str, ready: Any) -> None:
    """Do all that a worker does, until all runs are done."""
    claims = claims_of(storage)
    ready.set()
    while True:
        claims.queue(RUNS)
        if (trial := claims.claim()) is not None:
            # On a busy machine a worker may be too slow for so quick a study: then its run is another's, as ever.
            with suppress(ClaimLostError):
                for _ in range(3):
                    time.sleep(0.02)
                    claims.beat(trial._trial_id)
                claims.finish(trial._trial_id, result())
        elif {each.user_attrs[RUN] for each in claims.trials() if is_settled(each)} == {name for name, _ in RUNS}:
            return
        claims.look_for_lost()
        time.sleep(QUICK.look)

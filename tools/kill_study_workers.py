"""Kill a study's workers at random moments, and see that nothing is lost and nothing counted twice.

    python tools/kill_study_workers.py STORAGE [--kills 20] [--workers 3] [--seed 0]

STORAGE is what ``compare --storage`` takes; the study is a new one. Prints what was killed and what came of it, and
ends with status 1 if a run is missing, counts twice, or has other figures than the same grid on one machine.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

from convoscope import experiments
from convoscope.experiments.claims import Timing
from convoscope.experiments.joining import join_grid

GRID = {"filters": [4, 6, 8], "dropout": [0.0, 0.2], "learning_rate": [0.001, 0.003]}
SEEDS, FIXED = 2, {"epochs": 12, "convolutions": 1}
TIMING = Timing(beat=0.3, lost=3.0, look=0.3)


def work(storage: str, name: str, out: str) -> None:
    """Be one worker."""
    options: dict[str, Any] = {"jobs": 1, "threads": 1, "engine": "auto", "data_dir": None, "fixed": FIXED}
    joined, _ = join_grid("digits", GRID, storage, name, out=out, seeds=SEEDS, timing=TIMING, **options)
    joined.train(1, told=lambda sentence: print(f"  {Path(out).name}: {sentence}", flush=True))


def start(storage: str, name: str, out: Path) -> subprocess.Popen[bytes]:
    """Start a worker, in a process group of its own."""
    words = [sys.executable, __file__, storage, "--work", name, str(out)]
    return subprocess.Popen(words, start_new_session=True)


def kill_some(storage: str, name: str, folder: Path, kills: int, workers: int, chance: random.Random) -> float:
    """Keep so many workers alive, killing one now and then, until all is done; return how long that took."""
    began = time.monotonic()
    alive = {folder / f"machine-{number}": None for number in range(workers)}
    running: dict[Path, subprocess.Popen[bytes]] = {out: start(storage, name, out) for out in alive}
    killed, next_kill = 0, time.monotonic() + chance.uniform(1, 4)
    while running:
        time.sleep(0.02)
        for out, process in list(running.items()):
            if process.poll() is not None:
                del running[out]
                if process.returncode:
                    print(f"  {out.name} ended with status {process.returncode}")
        if killed < kills and time.monotonic() > next_kill and running:
            out = chance.choice(sorted(running))
            how = chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGKILL, signal.SIGINT, signal.SIGSTOP])
            print(f"{how.name} to {out.name}", flush=True)
            running[out].send_signal(how)
            if how == signal.SIGSTOP:  # asleep, for longer than it takes to count as lost
                time.sleep(TIMING.lost * 1.5)
                running[out].send_signal(signal.SIGCONT)
            else:
                running.pop(out).wait()
                running[out] = start(storage, name, out)
            killed += 1
            next_kill = time.monotonic() + chance.uniform(0.5, 4)
    print(f"{killed} signals in {time.monotonic() - began:.0f} seconds")
    return time.monotonic() - began


def judge(storage: str, name: str, folder: Path) -> int:
    """Compare the study with the same grid on one machine, and return how many things are wrong."""
    options: dict[str, Any] = {"jobs": 1, "threads": 1, "engine": "auto", "data_dir": None, "fixed": FIXED}
    joined, _ = join_grid("digits", GRID, storage, name, out=folder / "judge", seeds=SEEDS, **options)
    trials = joined.claims.kept.get_trials()
    by_run: dict[str, list[str]] = {}
    for trial in trials:
        by_run.setdefault(str(trial.user_attrs.get("run")), []).append(trial.state.name)
    wrong = 0
    for run, states in by_run.items():
        if states.count("COMPLETE") != 1 or {"RUNNING", "WAITING"} & set(states):
            print(f"WRONG: {run}: {states}")
            wrong += 1
    alone = experiments.compare("digits", GRID, out=folder / "alone", seeds=SEEDS, fixed=FIXED, jobs=2, threads=1)
    judged = ("val_accuracy", "test_accuracy", "parameters", "gap")
    figures = [
        [(result.settings["seed"], result.point, {key: result.figures.get(key) for key in judged}) for result in found]
        for found in (joined.work.results(), experiments.results(alone))
    ]
    for ours, expected in zip(*figures, strict=True):
        if ours != expected:
            print(f"WRONG: {ours} is not {expected}")
            wrong += 1
    states = [trial.state.name for trial in trials]
    print(
        f"{len(by_run)} runs, {len(trials)} trials: { ({state: states.count(state) for state in sorted(set(states))}) }"
    )
    return wrong


def main() -> int:
    """Read the arguments, and do it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("storage")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", nargs=2, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.work:
        with suppress(KeyboardInterrupt):
            work(told.storage, *told.work)
        return 0
    name = f"kills-{uuid.uuid4().hex[:8]}"
    with tempfile.TemporaryDirectory() as folder:
        kill_some(told.storage, name, Path(folder), told.kills, told.workers, random.Random(told.seed))
        wrong = judge(told.storage, name, Path(folder))
    print("nothing lost, nothing double" if not wrong else f"{wrong} things are wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.exit(main())

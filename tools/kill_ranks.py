"""Kill one of several training processes at random moments, resume each time, and see that nothing is lost.

A run in many processes is ended by kill -9 of one of them, any one, some random time after it began or went on, and is
resumed with another number of processes, again and again. In the end its history must have each epoch once, with the
figures of a run that nobody interrupted, and its weights must be those of that run to rounding.

    python tools/kill_ranks.py --kills 30
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import convoscope as cs

LINE = "conv 4 3 relu, maxpool, batchnorm, flatten, dropout 0.3, dense 10 softmax"
BEGIN = ("digits", "--layers", LINE, "--seed", "5", "--optimizer", "sgd", "--val", "0.1")
LONGEST = 600  # seconds until a command counts as stuck
ENDING = 30  # seconds in which a kill must have ended all processes


def start(words: tuple[str, ...], count: int) -> subprocess.Popen[str]:
    """Start a training in so many processes."""
    command = [sys.executable, "-m", "convoscope", "train", *words, "--processes", str(count), "--quiet"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment, stdout=pipe, stderr=subprocess.STDOUT, text=True)


def ranks(process: subprocess.Popen[str]) -> list[int]:
    """Return the training processes that one has started, by their ids: it starts others for a moment."""
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(number) for number in found.split() if b"\0RANK=" in _environment(number)]


def _environment(number: str) -> bytes:
    try:
        return Path(f"/proc/{number}/environ").read_bytes()
    except OSError:  # it has ended
        return b""


def kill_one(process: subprocess.Popen[str], run: Path, generator: random.Random, longest: float) -> str | None:
    """Kill one of a training's processes after a random time; return what was said, None if it had ended before.

    Three of four kills come when it trains: when there is an epoch more than before.
    """
    if generator.random() < 0.75:
        before, until = len(history(run)), time.monotonic() + LONGEST
        while len(history(run)) == before and process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(generator.uniform(0.0, 0.2 * longest))
    else:
        time.sleep(generator.uniform(0.5, longest))
    while not (there := ranks(process) if process.poll() is None else []):
        if process.poll() is not None:
            process.communicate()
            return None
        time.sleep(0.02)
    os.kill(generator.choice(there), signal.SIGKILL)
    begun = time.monotonic()
    said, _ = process.communicate(timeout=LONGEST)
    if (seconds := time.monotonic() - begun) > ENDING:
        raise SystemExit(f"All processes should have ended within {ENDING} s, and took {seconds:.0f}:\n{said}")
    return said


def history(run: Path) -> list[dict[str, Any]]:
    """Return a run's epochs."""
    path = run / "history.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def finish(words: tuple[str, ...], count: int) -> None:
    """Train to the end."""
    process = start(words, count)
    said, _ = process.communicate(timeout=LONGEST)
    if process.returncode:
        raise SystemExit(f"train {' '.join(words)} failed:\n{said}")


def compare(run: Path, other: Path, last: int) -> float:
    """Return the largest difference of two runs' weights, or say what is missing."""
    epochs, wanted = history(run), history(other)
    if [epoch["epoch"] for epoch in epochs] != list(range(1, last + 1)):
        raise SystemExit(f"The history has the epochs {[epoch['epoch'] for epoch in epochs]}, and not 1 to {last}.")
    for own, its in zip(epochs, wanted, strict=True):
        if (own["accuracy"], own["val_accuracy"]) != (its["accuracy"], its["val_accuracy"]):
            raise SystemExit(f"The figures of epoch {own['epoch']} differ: {own} and {its}.")
    weights = [cs.load_model(each / "checkpoint.safetensors").get_weights() for each in (run, other)]
    return max(float(np.abs(mine - theirs).max()) for mine, theirs in zip(*weights, strict=True))


def main() -> None:
    """Kill, resume and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=15.0, help="seconds from a start to a kill, at most")
    told = parser.parse_args()
    generator = random.Random(told.seed)
    with tempfile.TemporaryDirectory() as folder:
        run, whole = Path(folder) / "killed", Path(folder) / "whole"
        killed = 0
        while killed < told.kills:
            # Without an end: 100,000 epochs are never reached.
            begun = (run / "config.json").exists()
            words = ("--resume", str(run)) if begun else (*BEGIN, "--epochs", "100000", "--out", str(run))
            before, count = len(history(run)), generator.choice((2, 3, 4))
            said = kill_one(start(words, count), run, generator, told.longest)
            if said is None:
                raise SystemExit("A training ended by itself.")
            killed += 1
            print(f"kill {killed}: {count} processes, epochs {before} -> {len(history(run))}", flush=True)
            if len(history(run)) < before:
                raise SystemExit("Epochs were lost.")
        last = len(history(run)) + 1
        finish(("--resume", str(run), "--epochs", str(last)), 2)
        finish((*BEGIN, "--epochs", str(last), "--out", str(whole)), 1)
        print(f"{killed} kills, {last} epochs: the largest difference of a weight is {compare(run, whole, last):.1e}")


if __name__ == "__main__":
    main()

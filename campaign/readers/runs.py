"""Folders of runs and of experiments, with one file damaged."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from campaign.commands import command
from campaign.mutation import damage_json_lines, damage_json_text
from convoscope.experiments import Experiment, results
from convoscope.experiments.listing import listed, ordered
from convoscope.runs import RunFolder
from convoscope.runs.training import settings_of, training_state

_LAYERS = "flatten, dense 10 softmax"
_TRAIN = ("--layers", _LAYERS, "--epochs", "2", "--threads", "1", "--seed", "1", "--quiet")
_FAILURE = {"reason": "Out of memory.", "again": True}


class RunTrial:
    """A run's folder is listed, compared, summed up and asked for its settings."""

    FILES = ("config.json", "history.jsonl", "report.json", "data.json", "failure.json")

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "run"
        command("train", "digits", *_TRAIN, "--out", str(self.folder))
        _keep_time_out(self.folder)
        (self.folder / "data.json").write_text(json.dumps({"path": "photos", "skipped": {"a.png": "is empty"}}))

    def make(self, rng: Random) -> bytes:
        """Damage one of the files that are JSON."""
        name = rng.choice(self.FILES)
        content = json.dumps(_FAILURE).encode() if name == "failure.json" else (self.folder / name).read_bytes()
        damaged = damage_json_lines if name.endswith("l") else damage_json_text
        return name.encode() + b"\n" + damaged(rng, content)

    def read(self, content: bytes, folder: Path) -> None:
        """Look at it in every way that does not train."""
        run = RunFolder(_with_damage(self.folder, folder / "runs" / "one", content))
        done: Sequence[Callable[[], object]] = (
            lambda: ordered(listed(folder / "runs"), "validation"),
            lambda: command("runs", str(folder / "runs")),
            lambda: results(run.path),
            lambda: command("compare", str(run.path)),
            lambda: settings_of(run),
            lambda: training_state(run),
            run.read_history,
        )
        _each(done)


class ExperimentTrial:
    """An experiment's folder is read as by ``compare`` and ``compare --resume``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "experiment"
        own = ("--set", f"layers={_LAYERS}", "--set", "epochs=1", "--vary", "lr=0.001,0.002", "--quiet")
        command("compare", "digits", *own, "--threads", "1", "--jobs", "1", "--out", str(self.folder))
        for run in (self.folder / "runs").iterdir():
            _keep_time_out(run)
        self.sample = _timeless(json.loads((self.folder / "experiment.json").read_text()))

    def make(self, rng: Random) -> bytes:
        """Damage what is to be trained; sometimes as that of a search."""
        content = {**self.sample, "kind": "search", "varied": ["learning_rate"]} if rng.random() < 0.3 else self.sample
        return b"experiment.json\n" + damage_json_text(rng, json.dumps(content).encode())

    def read(self, content: bytes, folder: Path) -> None:
        """Plan it, and show what came of it."""
        path = _with_damage(self.folder, folder / "experiment", content)
        _each((lambda: Experiment.open(path).planned(), lambda: command("compare", str(path))))


def _each(done: Sequence[Callable[[], object]]) -> None:
    """Do all of it, though one is refused."""
    from convoscope.errors import ConvoscopeError

    refused = None
    for each in done:
        try:
            each()
        except ConvoscopeError as error:
            refused = error
    if refused is not None:
        raise refused


def _with_damage(source: Path, target: Path, content: bytes) -> Path:
    """Copy a folder, once in each process, and put the damaged file into it; another's damage is put right."""
    if not target.exists():
        shutil.copytree(source, target)
    name, _, damaged = content.partition(b"\n")
    for other in ("config.json", "history.jsonl", "report.json", "data.json", "failure.json", "experiment.json"):
        if (source / other).exists():
            (target / other).write_bytes((source / other).read_bytes())
        else:
            (target / other).unlink(missing_ok=True)
    (target / name.decode()).write_bytes(damaged)
    return target


def _keep_time_out(run: Path) -> None:
    """Put fixed times wherever a run says when it was or how long it took: each campaign has the same files."""
    for name in "config.json", "report.json":
        path = run / name
        path.write_text(json.dumps(_timeless(json.loads(path.read_text()))))
    history = run / "history.jsonl"
    lines = [_timeless(json.loads(line)) for line in history.read_text().splitlines()]
    history.write_text("".join(json.dumps(line) + "\n" for line in lines))


def _timeless(value: object) -> dict[str, object]:
    fixed = {"seconds": 0.25, "images_a_second": 1000, "created": "2026-01-01T00:00:00+00:00"}
    told: dict[str, object] = json.loads(
        json.dumps(value), object_hook=lambda each: {name: fixed.get(name, held) for name, held in each.items()}
    )
    return told

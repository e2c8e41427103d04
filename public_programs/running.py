"""Run a program with Convoscope and with Keras, and say how the two compare."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from public_programs.fetching import fetch
from public_programs.listing import Program
from public_programs.script import as_script, change_imports
from public_programs.standins import download, unpack

ROOT = Path(__file__).resolve().parent.parent
#: Of the processors' time, so that a program fares alike on a busy machine; and of the clock, for one that only waits.
SECONDS, WAITING = 900, 7200

Framework = Literal["convoscope", "keras"]


@dataclass(frozen=True)
class Outcome:
    """What became of one program in one framework."""

    events: list[dict[str, Any]]
    error: str | None = None
    line: int | None = None

    @property
    def ran(self) -> bool:
        """Whether it ran to its end."""
        return self.error is None


@dataclass(frozen=True)
class Verdict:
    """What is said of a program."""

    program: Program
    word: Literal["runs", "refused", "differs", "fails", "not in Keras either", "not fetched"]  # of Keras: see `judge`
    detail: str = ""


def run(program: Program, framework: Framework, python: str, cache: Path, clones: Path | None) -> Outcome:
    """Run a program in an empty folder with that interpreter.

    Raises
    ------
    NotFetchedError
        If a file of it could not be had.
    """
    with tempfile.TemporaryDirectory(prefix="program-") as name:
        folder = Path(name)
        script = folder / ("program.py" if program.path.endswith(".ipynb") else Path(program.path).name)
        for path in program.files:
            data = fetch(program, path, cache, clones)
            target = script if path == program.path else folder / Path(path).name
            if path.endswith((".py", ".ipynb")):
                text = as_script(data.decode("utf-8"), path)
                target.write_text(change_imports(text) if framework == "convoscope" else text, encoding="utf-8")
            else:
                target.write_bytes(data)
        for archive in program.unpacked:
            unpack(archive, download(archive), folder)
        return _run(script, framework, python, folder)


def _run(script: Path, framework: Framework, python: str, folder: Path) -> Outcome:
    record = folder / "record.json"
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "MPLBACKEND": "Agg",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
        "HOME": str(folder),
        "PYTHONWARNINGS": "ignore",
    }
    command = [python, "-m", "public_programs.inside", framework, str(script), str(record)]

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 10))

    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            timeout=WAITING,
            check=False,
            text=True,
            preexec_fn=bounded,
        )
    except subprocess.TimeoutExpired:
        return Outcome([], f"took more than {WAITING} s")
    if done.returncode == -signal.SIGXCPU:
        return Outcome([], f"took more than {SECONDS} s of the processors' time")
    if not record.exists():
        return Outcome([], (done.stderr.strip().splitlines() or ["ended without a record"])[-1])
    said = json.loads(record.read_text(encoding="utf-8"))
    if "error" not in said:
        return Outcome(said["events"])
    error = said["error"]
    message = without_places(f"{error['type']}: {error['message']}")
    return Outcome(said["events"], message, error["line"])


def judge(program: Program, ours: Outcome, theirs: Outcome | None) -> Verdict:
    """Say how a program fares: beside Keras, where that ran too."""
    if theirs is not None and not theirs.ran:
        also = "runs here" if ours.ran else f"here: {ours.error}"
        return Verdict(program, "not in Keras either", f"{first_line(theirs.error)} ({first_line(also)})")
    if not ours.ran:
        word: Literal["refused", "fails"] = "refused" if _is_ours(ours.error or "") else "fails"
        where = f"line {ours.line}: " if ours.line else ""
        return Verdict(program, word, where + first_line(ours.error))
    if theirs is not None and ours.events != theirs.events:
        return Verdict(program, "differs", difference(ours.events, theirs.events))
    return Verdict(program, "runs", called(ours.events))


def _is_ours(error: str) -> bool:
    """Whether an error is a sentence of ours, and not an accident."""
    from convoscope import errors

    kind = getattr(errors, error.split(":", 1)[0], None)
    return isinstance(kind, type) and issubclass(kind, errors.ConvoscopeError)


def difference(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> str:
    """Say where two records part."""
    for number, (own, other) in enumerate(zip(ours, theirs, strict=False), 1):
        if own != other:
            keys = [key for key in {**own, **other} if own.get(key) != other.get(key)]
            parts = [f"{key} {own.get(key)}, in Keras {other.get(key)}" for key in keys]
            return f"call {number} ({own['call']}): {'; '.join(parts)}"
    return f"{len(ours)} calls, in Keras {len(theirs)}"


def called(events: list[dict[str, Any]]) -> str:
    """Say what a program did with models: ``fit 2, evaluate 1``."""
    names = [event["call"] for event in events]
    return ", ".join(f"{name} {names.count(name)}" for name in dict.fromkeys(names))


def without_places(text: str) -> str:
    """Return a message without the folders of the machine that it came from."""
    return re.sub(r"[^\s'\"(]*/(?:site-packages|program-\w+)/", "", text)


def first_line(text: str | None) -> str:
    """Return the first line of a message, not too long for a table."""
    line = (text or "").strip().splitlines()[0] if (text or "").strip() else ""
    return line if len(line) <= 200 else line[:197] + "..."


def this_python() -> str:
    """Return the interpreter that runs this, which has Convoscope."""
    return sys.executable

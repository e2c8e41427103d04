"""Install Convoscope into this environment, and say how far it is: compiling takes minutes, of which pip says nothing.

``make`` runs it. All that pip and the compiler say is in ``build/install.log``; of a failure the end is shown.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parent.parent
LOG = ROOT / "build" / "install.log"
COMMAND = ["-m", "pip", "install", "--verbose", "--editable", str(ROOT)]
LEAST_PYTHON = (3, 10)
_END_OF_LOG = 40  # lines
_SECONDS_BETWEEN = 10.0  # where lines stay
# Ninja counts steps, "[3/47] Building", and make percents, "[  6%] Building".
_STEP = re.compile(r"\[\s*(?:(\d+)/(\d+)|(\d+)%)\] (?:Building|Linking)")
_COMPILING = "Compiling the core: a minute or several"
_PHASES = (
    ("  Installing build dependencies: started", "Fetching what the build needs"),
    ("  *** Configuring CMake", "Looking at the compiler"),
    ("Installing collected packages: ", "Installing"),
)


def told(lines: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Give what a person is told of pip's lines, and whether it is one of the many steps of compiling."""
    said = set()
    for line in lines:
        if (step := _STEP.search(line)) is not None:
            if _COMPILING not in said:
                said.add(_COMPILING)
                yield _COMPILING, False
            yield (f"compiled {step[3]} %" if step[3] else f"compiled {step[1]} of {step[2]} files"), True
        for mark, text in _PHASES:
            if line.startswith(mark) and text not in said:
                said.add(text)
                yield text, False


def main() -> int:
    """Install, and return pip's status."""
    if sys.version_info < LEAST_PYTHON:
        least, found = (".".join(map(str, version[:2])) for version in (LEAST_PYTHON, sys.version_info))
        print(
            f"Convoscope needs Python {least} or newer, and this is {found}. Remove .venv, and name another: "
            f"make demo PYTHON=python3.12",
            file=sys.stderr,
        )
        return 1
    LOG.parent.mkdir(exist_ok=True)
    status = _install([sys.executable, *COMMAND, *sys.argv[1:]])
    if status:
        lines = LOG.read_text(encoding="utf-8", errors="replace").splitlines()
        print("\n".join(lines[-_END_OF_LOG:]), file=sys.stderr)
        print(f"\nThe installation failed; this is the end of {LOG}, which has all of it.", file=sys.stderr)
        return status
    core = subprocess.run([sys.executable, "-c", "import convoscope._native"], capture_output=True, check=False)
    if core.returncode:
        print(
            f"The core could not be compiled ({LOG} says why), so the slower reference engine computes. With a C++17 "
            f"compiler, run make clean and begin again."
        )
    return 0


def _install(command: list[str]) -> int:
    """Run pip, and show what it comes to: in a terminal the steps on one line, elsewhere one now and then."""
    in_terminal = sys.stdout.isatty()
    begun = last = time.monotonic()
    width = 0
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "PIP_PROGRESS_BAR": "off"},
    )
    with process, open(LOG, "w", encoding="utf-8") as log:
        assert process.stdout is not None
        for text, is_step in told(_copied(process.stdout, log)):
            if not is_step:
                print(f"\n{text} ..." if width else f"{text} ...", flush=True)
                width = 0
            elif in_terminal:
                line = f"  {text}"
                print(f"\r{line:{width}}", end="", flush=True)
                width = max(width, len(line))
            elif time.monotonic() - last > _SECONDS_BETWEEN:
                last = time.monotonic()
                print(f"  {text}", flush=True)
    status = process.returncode
    if width:
        print()
    if not status:
        print(f"Installed in {time.monotonic() - begun:.0f} s.", flush=True)
    return status


def _copied(lines: Iterable[str], log: TextIO) -> Iterator[str]:
    for line in lines:
        log.write(line)
        log.flush()
        yield line


if __name__ == "__main__":
    sys.exit(main())

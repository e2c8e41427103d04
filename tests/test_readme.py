"""What the README shows runs as it stands there."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"
TEXT = README.read_text(encoding="utf-8")
PROGRAMS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
OF_THE_LAB = re.findall(r"^convoscope (?:filter|lab)\b.*", TEXT, re.MULTILINE)


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_the_programs_in_the_readme_run(number: int, tmp_path: Path) -> None:
    # Each goes on where the one before ended, as in a notebook.
    program = "\n".join(PROGRAMS[: number + 1])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("line", OF_THE_LAB)
def test_the_filter_labs_commands_in_the_readme_run(line: str, tmp_path: Path) -> None:
    words = shlex.split(line, comments=True)[1:]
    process = subprocess.Popen(
        [sys.executable, "-m", "convoscope", *words],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        env={**os.environ, "BROWSER": "true", "PYTHONUTF8": "1"},  # a browser that does nothing
    )
    assert process.stdout is not None
    said = ""
    if words == ["lab"]:
        said = process.stdout.readline()
        assert said.startswith("The filter lab is at http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
    said += process.communicate(timeout=60)[0]
    assert process.returncode == 0, said


def test_what_the_readme_links_to_is_there() -> None:
    places = re.findall(r"\]\(([^)#:]+)\)", TEXT)
    assert places
    assert [place for place in places if not (README.parent / place).exists()] == []

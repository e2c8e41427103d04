"""The files of docs/deploy: their commands are those that there are, and systemd reads the unit."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from convoscope.cli.main import app

DEPLOY = Path(__file__).parents[2] / "docs" / "deploy"
UNIT = (DEPLOY / "convoscope.service").read_text(encoding="utf-8")
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


def started(words: list[str], tmp_path: Path) -> str:
    """Start a server with words of a file, but a model that is not there: what it says of that."""
    token = tmp_path / "token"
    token.write_text("a-token-of-some-length\n")
    paths = {"/model": "missing", "/token": str(token), "${CREDENTIALS_DIRECTORY}/token": str(token)}
    name, words = words[0], [paths.get(word, word) for word in words[1:]]
    assert name.endswith("/convoscope")
    words = [re.sub("^model=/srv/.*", "model=missing", word) for word in words]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 1, done.output  # 2 would be an option that there is not
    return done.output


def test_the_container_starts_a_server(tmp_path: Path) -> None:
    words = [*json.loads(re.search("^ENTRYPOINT (.*)", DOCKERFILE, re.MULTILINE)[1])]  # type: ignore[index]
    words += json.loads(re.search("^CMD (.*)", DOCKERFILE, re.MULTILINE)[1])  # type: ignore[index]
    assert "neither a run nor a model at missing" in started(words, tmp_path)


def test_the_unit_starts_a_server(tmp_path: Path) -> None:
    words = shlex.split(re.search("^ExecStart=(.*)", UNIT, re.MULTILINE)[1])  # type: ignore[index]
    assert "neither a run nor a model at missing" in started(words, tmp_path)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_reads_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "convoscope.service"
    unit.write_text(UNIT.replace("/opt/convoscope/bin/convoscope", sys.executable))
    ended = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")

"""The examples of docs/serving.md, as they stand there, against a server."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from convoscope.cli.serve_options import LimitOptions
from convoscope.models import load_model
from convoscope.serving import Limits, Server

from .conftest import photo

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")


def example(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "photo.jpg").write_bytes(photo(1, "JPEG", (320, 240)))
    (tmp_path / "other.png").write_bytes(photo(2))
    return tmp_path


@pytest.fixture
def expected(folder: Path, model_file: Path) -> list[str]:
    """The best class and its probability, of both."""
    found = load_model(model_file).predict_images([folder / "photo.jpg", folder / "other.png"])
    return [f"{each.name} {each.probability!r}" for each in found]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_with_curl(server: Server, folder: Path, expected: list[str]) -> None:
    lines = example("sh").splitlines()
    assert len(lines) == 3
    for line, count, top in zip(lines, (1, 2, 1), (2, 3, 1), strict=True):
        command = ["sh", "-c", line.replace("curl ", "curl --silent --fail ")]
        ended = subprocess.run(command, cwd=folder, env={"URL": server.address}, capture_output=True, check=True)
        found = json.loads(ended.stdout)["predictions"]
        assert [len(each["classes"]) for each in found] == [top] * count
        best = [each["classes"][0] for each in found]
        assert [f"{each['class']} {each['probability']!r}" for each in best] == expected[:count]


def test_in_python(server: Server, folder: Path, expected: list[str]) -> None:
    program = f"url = {server.address!r}\n{example('python')}"
    ended = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines() == [f"photo.jpg {expected[0]}", f"other.png {expected[1]}"]


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_in_javascript(server: Server, folder: Path, expected: list[str]) -> None:
    (folder / "example.mjs").write_text(example("js"))
    command = [str(shutil.which("node")), "example.mjs"]
    ended = subprocess.run(command, cwd=folder, env={"URL": server.address}, capture_output=True, text=True, check=True)
    assert ended.stdout == f"{expected[0]}\n"


def test_its_numbers_are_those_of_the_command() -> None:
    limits = Limits()
    assert LimitOptions().limits() == limits
    for told in (
        f"| `--max-bytes` per request | {limits.max_bytes:,} |",
        f"| `--max-files` per request | {limits.max_files} |",
        f"| `--queue`, pictures waiting or in progress | {limits.queue} |",
        f"| time until the response | {limits.seconds:g} s |",
        f"`--batch` ({limits.batch})",
        f"`--wait` ({1_000 * limits.wait:g})",
    ):
        assert told in TEXT

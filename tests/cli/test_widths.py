"""What commands print in terminals from 50 columns on: no line is too long, and no word or name is cut."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from rich.text import Text

from convoscope.cli.safe_console import between_words
from convoscope.datasets import info
from convoscope.report.classification import classification_report
from convoscope.report.terminal import confusion_headings, print_report

from .conftest import TRAIN, Shell
from .test_terminal import in_terminal, plain

pytestmark = pytest.mark.long

FASHION = info("fashion-mnist").class_names


def lines_of(text: str) -> list[str]:
    """Return what is on the screen of a terminal in the end, without the bars that were written over."""
    return [line.split("\r")[-1].rstrip() for line in plain(text).replace("\r\n", "\n").split("\n")]


@pytest.mark.parametrize("columns", [60, 80])
def test_no_line_of_a_command_is_wider_than_the_terminal(tmp_path: Path, trained: Path, columns: int) -> None:
    shutil.copytree(trained, tmp_path / "runs" / "digits-dense-1")
    for words in (
        (*TRAIN, "--epochs", 1, "--out", "run"),
        ("evaluate", "run"),
        ("runs",),
        ("compare", "runs/digits-dense-1", "run"),
        ("datasets",),
        ("filter", "drawing", "--kernel", "vertical-lines", "--explain", "18,7"),
    ):
        lines = lines_of(in_terminal(*words, cwd=tmp_path, columns=columns))
        long = [line for line in lines if len(line) > columns and "convoscope" not in line]
        assert long == [], words


@pytest.mark.parametrize("columns", [54, 60, 72, 80, 100])
@pytest.mark.parametrize(
    "layers",
    [
        "cnn-2",
        "conv 256 3 relu same name=a_rather_long_name_for_a_layer, conv 256 3 relu, maxpool 2, globalavgpool, "
        "dense 10 softmax",
    ],
)
def test_the_details_of_a_summary_fit(shell: Shell, monkeypatch: pytest.MonkeyPatch, layers: str, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    text = shell("summary", layers, "--details").out
    assert max(map(len, text.splitlines())) <= columns
    # All numbers are there, whether or not they stand on one line.
    parameters = "36,928" if layers == "cnn-2" else "590,080"
    sums = "3×3×64×64 + 64" if layers == "cnn-2" else "3×3×256×256 + 256"
    details = text.split("What each layer sees")[1]
    assert parameters in details
    assert sums in details


@pytest.mark.parametrize("columns", [60, 80])
def test_the_list_of_runs_cuts_no_name(tmp_path: Path, trained: Path, columns: int) -> None:
    names = ["digits-dense-1", "a-name-of-five-and-twenty"]
    for name in names:
        shutil.copytree(trained, tmp_path / "runs" / name)
    text = plain(in_terminal("runs", cwd=tmp_path, columns=columns))
    rows = [line.split() for line in text.splitlines()[1:] if line.strip()]
    accuracy = json.loads((trained / "report.json").read_text())["accuracy"]
    for name, row in zip(sorted(names), rows, strict=True):
        assert row[:2] == [name, "finished"]
        assert f"{accuracy * 100:.2f}" in row
    assert ("seconds" in text.splitlines()[0]) == (columns > 80)


def _report(names: tuple[str, ...]) -> dict[str, Any]:
    labels = np.repeat(np.arange(len(names)), 120)
    said = np.eye(len(names))[np.roll(labels, 7)]
    return classification_report(labels, said, names)


def test_confusions_have_whole_names_over_their_columns_or_numbers() -> None:
    report = _report(FASHION)
    assert confusion_headings(report, 140) == list(FASHION)
    assert confusion_headings(report, 80) == [str(number) for number in range(1, 11)]
    assert confusion_headings(report, 60) == [str(number) for number in range(1, 11)]
    assert confusion_headings(_report(tuple(f"class {i}" for i in range(47))), 120) is None
    assert confusion_headings(_report(("no", "yes")), 80) == ["no", "yes"]


def test_a_numbered_confusion_matrix_has_each_count_under_the_number_of_its_row() -> None:
    report = _report(FASHION)
    console = Console(width=80, record=True, force_terminal=False)
    print_report(console, report, np.zeros((1200, 28, 28), np.uint8), 255, "images")
    text = console.export_text()
    lines = text[text.index("columns (by row number)") :].splitlines()[1:12]
    assert lines[0].split() == [str(number) for number in range(1, 11)]
    for number, (line, counts) in enumerate(zip(lines[1:], report["confusion_matrix"], strict=True), start=1):
        assert line.startswith(f"{number:>2} {FASHION[number - 1]} ")
        for heading in re.finditer(r"\d+", lines[0]):
            # The last digits stand below each other.
            cell = line[: heading.end()].split()[-1]
            assert cell == (str(counts[int(heading[0]) - 1] or "·"))


def test_lines_break_between_words_and_leave_long_paths_whole() -> None:
    text = "kept in a/very/long/path/that/has/no/spaces and more"
    assert between_words(Text(text), 12).plain.split("\n") == [
        "kept in",
        "a/very/long/path/that/has/no/spaces",
        "and more",
    ]
    assert between_words(Text("  two  words", no_wrap=True), 3).plain == "  two  words"
    assert between_words(Text("one\n\n  two"), 80).plain == "one\n\n  two"

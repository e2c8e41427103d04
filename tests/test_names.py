"""Names where they leave the program: JSON, terminals, pictures, figures, tables."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from convoscope.names import (
    encodable,
    for_terminal,
    json_for_terminal,
    json_text,
    legible,
    native_path,
    portable_path,
)
from convoscope.report import classification_report

NAMES = ["rose", "caf\udce9", "a\nb", "\x1b[31mred", "\u202egnp", "[bold]x[/bold]", "[/]", "$x_1$ $", "_x", "日本", ""]
ODD = st.text(st.characters(codec="utf-8") | st.sampled_from([*"\udc80\udcff\x1b\n$_[]\\", "\x9b"]), max_size=12)
on_posix = pytest.mark.skipif(os.name == "nt", reason="names are bytes on POSIX only")


@on_posix
@given(st.binary(max_size=20))
def test_a_path_comes_back_from_a_file_as_the_bytes_it_was(name: bytes) -> None:
    text = portable_path(os.fsdecode(name))
    assert os.fsencode(native_path(json.loads(json_text(text)))) == name
    encodable(os.fsdecode(name)).encode("utf-8")


@given(ODD)
def test_json_is_read_back_and_moves_no_terminal(text: str) -> None:
    for encoding in ("utf-8", "ascii", "latin-1"):
        shown = json_for_terminal([text], encoding)
        shown.encode(encoding)
        assert json.loads(shown) == [text]
        assert for_terminal(shown.replace("\n", "")) == shown.replace("\n", "")


@given(ODD)
def test_what_is_shown_can_be_shown_again(text: str) -> None:
    shown = for_terminal(text)
    shown.encode("utf-8")
    assert for_terminal(shown) == shown
    legible(text).encode("utf-8")


@on_posix
def test_a_name_is_the_same_under_an_ascii_locale() -> None:
    program = (
        "import os, sys; from convoscope.names import *; name = os.fsdecode(b'caf\\xc3\\xa9 \\xe9');"
        "assert name.isascii() is False and '\\xe9' not in name, 'not an ASCII locale';"
        "sys.stdout.write(json_text([portable_path(name), legible(name), for_terminal(name)]));"
        "sys.stdout.write('\\n' + ascii([native_path('\\xe9'), native_path(portable_path(name)) == name]))"
    )
    plain = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": "utf-8"}
    ended = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **plain}, capture_output=True, check=True
    )
    lines = ended.stdout.decode().splitlines()
    assert json.loads(lines[0]) == ["café \udce9", "café \\xe9", "café \\xe9"]
    assert lines[1] == "['\\udcc3\\udca9', True]"


def test_a_command_can_be_typed_whatever_is_in_it(tmp_path: Path) -> None:
    from convoscope.names import command_line

    words = ["a b", "it's", "a\nb'c\\d", os.fsdecode(b"caf\xe9 \xc3\xa9"), "\x1b[31m", "é", "\u202e2"]
    line = command_line("printf", "%s\\0", *words)
    assert for_terminal(line) == line
    if os.path.exists("/bin/bash"):
        said = subprocess.run(["/bin/bash", "-c", os.fsencode(line)], capture_output=True, check=True).stdout
        assert said.split(b"\0")[:-1] == list(map(os.fsencode, words))


def report(names: list[str]) -> dict[str, Any]:
    """A report in which each class is taken for the next one."""
    count = len(names)
    return classification_report(
        np.arange(count), np.roll(np.eye(count), 1, axis=1), names, files=[f"{n}/{n}.png" for n in names]
    )


def test_no_name_reaches_a_console_as_a_code() -> None:
    from convoscope.cli.safe_console import SafeConsole
    from convoscope.report.terminal import print_report

    for terminal in (False, True):
        stream = io.StringIO()
        console = SafeConsole(file=stream, force_terminal=terminal, color_system=None, width=100, markup=True)
        print_report(console, report(NAMES), np.zeros((len(NAMES), 8, 8)), 255, "the\x1b images\nof \u202e")
        console.print("\x1b]0;title \x9b2J", markup=False)
        shown = stream.getvalue()
        assert "[bold]x[/bold]" in shown
        assert r"\x1b]0;title \x9b2J" in shown
        assert all(for_terminal(line) == line for line in shown.split("\n"))


def test_an_ordinary_console_shows_no_name_as_a_code_either() -> None:
    from rich.console import Console

    from convoscope.report.terminal import print_report

    stream = io.StringIO()
    console = Console(file=stream, color_system=None, width=100)
    print_report(console, report(NAMES), np.zeros((len(NAMES), 8, 8)), 255, "the\x1b images")
    assert all(for_terminal(line) == line for line in stream.getvalue().split("\n"))


def test_pictures_take_any_name() -> None:
    from convoscope.report.sheet import confusion_picture, mistakes_sheet

    names = [*NAMES, 100_000 * "x"]
    made = report(names)
    images = np.zeros((len(names), 8, 8), np.uint8)
    sheet = mistakes_sheet(made, images, 255, "a\nb\udce9")
    assert sheet.size == mistakes_sheet(report(["a"] * len(names)), images, 255, "a").size
    assert max(confusion_picture(made, 1000 * "title ").size) < 3000


def test_figures_draw_names_letter_by_letter() -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from convoscope import plots
    from convoscope.drawing import image, plain

    names = [*NAMES, "$", r"\$", "$\\frac{$", "_nolegend_"]
    for name in names:
        text = plots.confusion([[1, 0], [0, 1]], [name, "b"]).axes[0].get_yticklabels()[0]
        shown, is_math = text._preprocess_math(plain(name))
        assert not is_math
        assert shown.strip() == for_terminal(name).strip()
    figure = plots.confusion(np.eye(len(names), dtype=int), names)
    assert image(figure, "png")
    assert FigureCanvasAgg


def test_a_legend_leaves_no_class_out() -> None:
    from convoscope.explore.embedding import Embedding

    points, labels = np.zeros((2, 2), np.float32), np.array([0, 1])
    figure = Embedding(points, labels, ("_a", "$b$"), "layer", "pca", None).plot()
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == [" _a", r"\$b\$"]


def test_a_summary_shows_any_name(capsys: pytest.CaptureFixture[str]) -> None:
    import convoscope as cs

    dense = cs.layers.Dense(2, input_shape=(2,), name="a\x1b[2J\u202eb", activation="softmax")
    cs.Sequential([dense], name="m\x1b[31m").summary(details=True, plan=True)
    shown = capsys.readouterr().out
    assert r"a\x1b[2J\u202eb" in shown
    assert all(for_terminal(line) == line for line in shown.split("\n"))


def test_a_csv_logger_writes_no_formulas(tmp_path: Path) -> None:
    from convoscope.callbacks import CSVLogger

    logger = CSVLogger(tmp_path / "log.csv")
    logger.on_train_begin()
    logger.on_epoch_end(0, {"=loss": 0.5, "note": "=1+1", "name": "caf\udce9", "sign": -1.0})
    with open(tmp_path / "log.csv", newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert {name: row[name] for name in ("'=loss", "note", "name", "sign")} == {
        "'=loss": "0.5",
        "note": "'=1+1",
        "name": r"caf\udce9",
        "sign": "-1.0",
    }


def test_tables_for_trackers_have_a_line_for_each_class() -> None:
    from convoscope.tracking.describe import as_text
    from convoscope.tracking.findings import Findings

    names = [legible(name) for name in NAMES]
    table = Findings(report(names), np.zeros((0, 1, 1)), [], 255.0).confusion_table()
    assert len(table.split("\n")) == len(names) + 2
    as_text(["caf\udce9"]).encode("utf-8")

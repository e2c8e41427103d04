"""``convoscope predict --output``: a row for each image, after any interruption the same as without one."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from convoscope.cli.predict_output import names_from_standard_input
from convoscope.models import load_model

from .conftest import Shell

ODD = 'a "quoted",\nname.png'


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """Twelve images, one with an odd name, a damaged one, and one in a folder below."""
    folder = tmp_path / "scans"
    (folder / "more").mkdir(parents=True)
    generator = np.random.default_rng(3)
    for name in (*(f"{number}.png" for number in range(1, 11)), ODD, "more/=1+1.png"):
        Image.fromarray(generator.integers(0, 256, (9, 7), np.uint8)).save(folder / name, "PNG")
    (folder / "5.png").write_bytes((folder / "5.png").read_bytes()[:60])
    return folder


def test_rows_are_what_is_printed_as_json_and_in_order(shell: Shell, trained: Path, scans: Path) -> None:
    printed = json.loads(shell("predict", trained, "scans", "--json").out)
    ended = shell("predict", trained, "scans", "--output", "out.jsonl")
    assert ended.status == 1  # one file cannot be read
    assert ended.out == "out.jsonl: 12 rows\n"
    assert ended.err == "Error: 1 of 12 files could not be read; their rows in out.jsonl say why.\n"
    lines = [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()]
    assert lines == [{name: value for name, value in each.items() if name != "done"} for each in printed]
    shell("predict", trained, "scans", "--output", "out.csv")
    rows = list(csv.DictReader(io.StringIO(Path("out.csv").read_text(), newline="")))
    assert [row["file"] for row in rows] == [each["file"] for each in printed]
    for row, each in zip(rows, printed, strict=True):
        if "error" in each:
            assert row["error"] == each["error"]
            assert not row["class"]
            continue
        ranks = ["", "_2", "_3"]
        assert [row[f"class{rank}"] for rank in ranks] == [found["class"] for found in each["classes"]]
        assert [row[f"probability{rank}"] for rank in ranks] == [repr(c["probability"]) for c in each["classes"]]
        assert not row["error"]


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl"])
def test_cut_anywhere_it_becomes_the_same_file(shell: Shell, trained: Path, scans: Path, name: str) -> None:
    shell("predict", trained, "scans", "-o", f"whole-{name}", "--top", "1")
    whole = Path(f"whole-{name}").read_bytes()
    odd = whole.index(b"quoted")
    for length in (0, 1, 20, len(whole) // 3, odd, odd + 12, len(whole) - 1, len(whole)):
        Path(name).write_bytes(whole[:length])
        ended = shell("predict", trained, "scans", "-o", name, "--top", "1")
        assert ended.status == 1
        assert Path(name).read_bytes() == whole


def test_what_was_something_else_stays_as_it_is(shell: Shell, trained: Path, scans: Path, tmp_path: Path) -> None:
    shell("predict", trained, "scans", "-o", "out.csv")
    kept = Path("out.csv").read_bytes()
    shutil.copytree(trained, tmp_path / "other")
    model = load_model(trained)
    model.layers[-1].set_weights([weight * 0.5 for weight in model.layers[-1].get_weights()])
    model.save(tmp_path / "other" / "model.safetensors")
    (tmp_path / "notes.csv").write_text("mine, and not done")
    (tmp_path / "one.jsonl").write_text('{"file": "scans/1.png"')
    (tmp_path / "list.jsonl").write_text("[1]\n")
    for words, message in (
        (("other", "scans", "-o", "out.csv"), "from another model"),
        ((trained, "scans", "-o", "out.csv", "--invert"), "other options"),
        ((trained, "scans", "-o", "out.csv", "--top", "2"), "would write"),
        ((trained, "scans/1.png", "-o", "out.csv"), "written for different files"),
        ((trained, "scans/2.png", "scans/1.png", "-o", "out.csv"), "scans/2.png comes next"),
        ((trained, "scans", "-o", "notes.csv"), "would write"),
        ((trained, "scans/2.png", "-o", "one.jsonl"), "would write"),
        ((trained, "scans", "-o", "list.jsonl"), "names no file"),
        ((trained, "scans", "-o", "out.xlsx"), ".csv, .jsonl, .parquet"),
        ((trained, "scans", "-o", "scans"), "prediction files must end in"),
        ((trained, "scans", "-o", "missing/out.csv"), "cannot be written"),
    ):
        before = {path: path.read_bytes() for path in tmp_path.glob("*.*") if path.is_file()}
        ended = shell("predict", *words)
        assert ended.status == 1
        assert message in ended.err
        assert {path: path.read_bytes() for path in tmp_path.glob("*.*") if path.is_file()} == before
    assert Path("out.csv").read_bytes() == kept


def test_names_come_from_standard_input(
    shell: Shell, trained: Path, scans: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"scans/2.png\r\nscans/none.png\n\nscans/1.png"))
    )
    ended = shell("predict", trained, "-", "-o", "out.jsonl")
    assert ended.status == 1
    found = [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()]
    assert [each["file"] for each in found] == ["scans/2.png", "scans/none.png", "scans/1.png"]
    assert found[1]["error"] == "There is no file scans/none.png."
    names = f"scans/{ODD}\0scans/1.png\0".encode()
    assert list(names_from_standard_input(io.BytesIO(names))) == [
        scans.relative_to(Path.cwd()) / ODD,
        Path("scans/1.png"),
    ]


def test_the_file_is_none_of_the_images_of_its_folder(shell: Shell, trained: Path, scans: Path) -> None:
    (scans / "5.png").unlink()
    for _ in range(2):
        ended = shell("predict", trained, "scans", "-o", "scans/00.csv")
        assert (ended.status, ended.out) == (0, "scans/00.csv: 11 rows\n")
    (scans / "nothing").mkdir()
    ended = shell("predict", trained, "scans/nothing", "-o", "none.csv")
    assert (ended.status, Path("none.csv").exists()) == (1, False)
    assert "There are no images in scans/nothing." in ended.err


def test_of_any_number_of_images_only_some_are_in_memory(trained: Path) -> None:
    asked = 0

    def images() -> Iterator[np.ndarray]:
        nonlocal asked
        while True:
            asked += 1
            yield np.full((8, 8), asked % 17, np.uint8)

    model = load_model(trained)
    stream = model.predict_images(images(), batch_size=4, stream=True)
    for taken in range(1, 60):
        found = next(stream)
        assert found.file == f"image {taken - 1}"
        assert asked <= taken + 4 + 2 * 4
    assert (
        found.probabilities.tolist() == model.predict_images(np.full((8, 8), 59 % 17, np.uint8)).probabilities.tolist()
    )


def test_without_pyarrow_it_is_said_before_anything_is_predicted(
    shell: Shell, trained: Path, scans: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    ended = shell("predict", trained, "scans", "-o", "out.parquet")
    assert ended.status == 1
    assert "[parquet]" in ended.err
    assert not list(Path().glob("*out.parquet*"))

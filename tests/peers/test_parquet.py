"""Predictions in a Parquet file, read by PyArrow: the rows of the CSV file, and whole or not there."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from convoscope.layers import Dense, Flatten, Rescaling
from convoscope.models import Sequential


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model, and thirty images of which one is none."""
    model = Sequential([Rescaling(1 / 255, input_shape=(8, 8, 3)), Flatten(), Dense(5, activation="softmax")], seed=1)
    model.class_names = ["ants", "bees", "=1+1", "naïve", "e"]
    model.save(tmp_path / "model.safetensors")
    (tmp_path / "photos").mkdir()
    generator = np.random.default_rng(1)
    for number in range(30):
        Image.fromarray(generator.integers(0, 256, (9, 8, 3), np.uint8)).save(tmp_path / "photos" / f"{number}.png")
    (tmp_path / "photos" / "7.png").write_bytes(b"no image")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def predict(monkeypatch: pytest.MonkeyPatch, output: str) -> int:
    from convoscope.cli.main import main

    words = ["convoscope", "predict", "model.safetensors", "photos", "--output", output, "--top", "2"]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_parquet_has_the_rows_of_csv(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert predict(monkeypatch, "out.csv") == predict(monkeypatch, "out.parquet") == 1
    table = pq.read_table("out.parquet")
    with open("out.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert table.column_names == list(rows[0])
    assert table.schema.field("probability").type == "double"
    for row, read in zip(rows, table.to_pylist(), strict=True):
        told = {name: "" if value is None else str(value) for name, value in read.items()}
        assert row == {name: f"'{value}" if value == "=1+1" else value for name, value in told.items()}


def test_parquet_goes_on_after_the_last_whole_row(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    predict(monkeypatch, "out.jsonl")
    predict(monkeypatch, "out.parquet")
    whole, lines = Path("out.parquet").read_bytes(), Path("out.jsonl").read_bytes()
    for length in (1, len(lines) // 2, len(lines)):
        Path("out.parquet").unlink()
        Path("out.parquet.rows.jsonl").write_bytes(lines[:length])
        assert predict(monkeypatch, "out.parquet") == 1
        assert Path("out.parquet").read_bytes() == whole
        assert sorted(path.name for path in folder.glob("*out.parquet*")) == ["out.parquet"]
    assert predict(monkeypatch, "out.parquet") == 1  # complete already
    assert Path("out.parquet").read_bytes() == whole
    Image.new("L", (4, 4)).save("photos/99.png")
    assert predict(monkeypatch, "out.parquet") == 1
    assert Path("out.parquet").read_bytes() == whole
    assert sorted(path.name for path in folder.glob("*out.parquet*")) == ["out.parquet"]

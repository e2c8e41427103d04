"""``convoscope explore`` and ``convoscope export``: which model, which images."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import convoscope as cs
from convoscope.cli.explore import load
from convoscope.cli.main import app
from convoscope.errors import MissingFileError


@pytest.fixture
def model(tmp_path: Path) -> Path:
    layers = [cs.layers.Flatten(input_shape=(8, 8, 1)), cs.layers.Dense(10, activation="softmax")]
    path = tmp_path / "model.safetensors"
    cs.Sequential(layers, seed=1).save(path)
    return path


def test_a_model_alone_is_opened_without_images_and_with_those_that_are_named(model: Path) -> None:
    alone = load(model, None, None)
    assert (alone.x, alone.title) == (None, "model.safetensors")
    with_digits = load(model, "digits", None)
    assert with_digits.images.shape[1:] == (8, 8, 1)
    assert with_digits.x_train is not None


def test_a_model_is_written_as_one_page(model: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    result = CliRunner().invoke(app, ["export", str(model), "--data", "digits", "--html", str(page)])
    assert result.exit_code == 0, result.output
    assert "Written" in result.output
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert page.stat().st_size < 3_000_000


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"none\.safetensors"):
        load(tmp_path / "none.safetensors", None, None)

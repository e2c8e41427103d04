"""Images that come split without any to test with: every report says that it is about the validation images."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from tests.own_images import fill

from convoscope.runs.training import CAVEAT

from .conftest import Shell

OPTIONS = ("--epochs", "1", "--seed", "5", "--engine", "reference", "--threads", "1", "--model", "dense")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    fill(tmp_path / "photos" / "train", {"lying": 8, "upright": 8})
    fill(tmp_path / "photos" / "val", {"lying": 3, "upright": 3}, first=100)
    return tmp_path / "photos"


def test_no_report_calls_validation_images_test_images(shell: Shell, photos: Path, tmp_path: Path) -> None:
    ended = shell("train", "photos", *OPTIONS, "--out", "run")
    assert ended.status == 0, ended.err
    for said in ("16 images for training, 6 for validation, none for testing", "the validation images of photos"):
        assert said in ended.out
    assert CAVEAT not in ended.out  # six images choose no epoch
    assert "test images of" not in ended.out
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert (report["part"], report["data"]) == ("validation", "the validation images of photos")
    assert report["images"] == 6
    evaluated = json.loads(shell("evaluate", "run", "--json").out)
    assert evaluated == {name: report[name] for name in evaluated}
    assert "caveat" not in evaluated
    assert CAVEAT not in shell("evaluate", "run").out
    (row,) = json.loads(shell("runs", ".", "--json").out)
    assert row["val_accuracy"] == report["accuracy"]
    assert "test_accuracy" not in row
    assert shell("compare", "run", "--out", "compared").status == 0
    assert "On the test images" not in (tmp_path / "compared" / "report.md").read_text("utf-8")


def test_validation_images_that_chose_the_epoch_are_said_to_flatter(shell: Shell, photos: Path, tmp_path: Path) -> None:
    ended = shell("train", "photos", *OPTIONS, "--patience", 9, "--out", "run")
    assert ended.status == 0, ended.err
    assert CAVEAT in ended.out
    assert json.loads((tmp_path / "run" / "report.json").read_text())["caveat"] == CAVEAT
    assert json.loads(shell("evaluate", "run", "--json").out)["caveat"] == CAVEAT
    assert CAVEAT in shell("evaluate", "run").out


def test_the_one_line_result_says_it_too(shell: Shell, photos: Path) -> None:
    assert "of the validation images classified correctly" in shell("train", "photos", *OPTIONS, "--quiet").out


def test_validation_images_of_another_folder_chose_nothing(shell: Shell, photos: Path, tmp_path: Path) -> None:
    shell("train", "photos", *OPTIONS, "--quiet", "--out", "run")
    fill(tmp_path / "others" / "train", {"lying": 3, "upright": 3}, first=300)
    fill(tmp_path / "others" / "val", {"lying": 2, "upright": 2}, first=200)
    evaluated = json.loads(shell("evaluate", "run", "--data", "others", "--json").out)
    assert (evaluated["images"], evaluated["part"], evaluated["data"]) == (
        4,
        "validation",
        "the validation images of others",
    )
    assert "caveat" not in evaluated


def test_with_test_images_there_is_no_caveat(shell: Shell, photos: Path, tmp_path: Path) -> None:
    fill(photos / "test", {"Lying": 3, "UPRIGHT": 3}, first=200)
    ended = shell("train", "photos", *OPTIONS, "--out", "run")
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert (report["part"], report["data"], report["images"]) == ("test", "the test images of photos", 6)
    assert "caveat" not in report
    assert [row["name"] for row in report["classes"]] == ["lying", "upright"]
    assert "Lying is taken for the class lying, which differs in capitals only" in ended.out
    (row,) = json.loads(shell("runs", ".", "--json").out)
    assert row["test_accuracy"] == report["accuracy"]


def test_a_model_is_tested_with_classes_spelled_in_another_way(shell: Shell, tmp_path: Path) -> None:
    composed, apart = (unicodedata.normalize(form, "Übung") for form in ("NFC", "NFD"))
    fill(tmp_path / "photos", {"lying": 8, composed: 8})
    assert shell("train", "photos", *OPTIONS, "--quiet", "--out", "run").status == 0
    fill(tmp_path / "others", {"LYING": 3, apart: 3}, first=200)
    evaluated = json.loads(shell("evaluate", "run", "--data", "others", "--json").out)
    assert [row["support"] for row in evaluated["classes"]] == [3, 3]

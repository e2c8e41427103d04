"""Your own images, from a folder to a classifier, by the commands that people type."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.own_images import fill, stripes

from .conftest import Shell

pytestmark = pytest.mark.long

OPTIONS = ("--epochs", "3", "--seed", "5", "--engine", "reference", "--threads", "1")
PARTS = {"train": 24, "validation": 3, "test": 3}


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return fill(tmp_path / "photos", {"lying": 30, "upright": 30})


def config(run: Path) -> dict[str, Any]:
    return dict(json.loads((run / "config.json").read_text()))


def test_a_folder_is_looked_at_trained_on_and_reported_in_one_command(shell: Shell, photos: Path) -> None:
    (photos / "lying" / "cut.png").write_bytes((photos / "lying" / "lying 1.png").read_bytes()[:60])
    (photos / "upright" / "none.png").touch()
    (photos / "empty").mkdir()
    ended = shell("train", "photos", *OPTIONS)
    assert ended.status == 0, ended.err
    for said in (
        "60 images of 2 classes",
        "lying/cut.png: ",
        "upright/none.png: is empty",
        "left out for lack of training images: empty",
        "Training the network of recipe fast",
        "48 images for training, 6 for validation, 6 for testing",
        "recipe fast: one-cycle learning rate",
        "val acc.",
        "data.json",
    ):
        assert said in ended.out
    run = photos.parent / "runs" / "photos-fast-1"
    found = json.loads((run / "data.json").read_text())
    assert set(found["skipped"]) == {"lying/cut.png", "upright/none.png"}
    assert Counter((each["class"], each["part"]) for each in found["files"]) == {
        (name, part): count for name in ("lying", "upright") for part, count in PARTS.items()
    }
    for each in found["files"]:
        assert each["sha256"] == hashlib.sha256((photos / each["file"]).read_bytes()).hexdigest()
    settings = config(run)["settings"]
    assert (settings["dataset"], settings["recipe"], settings["class_weight"]) == (str(photos), "fast", "none")
    assert "flip" not in settings["augmentation"]


def test_what_comes_next_works_on_your_own_images(shell: Shell, photos: Path, tmp_path: Path) -> None:
    assert shell("train", photos, *OPTIONS, "--quiet", "--out", "run").status == 0
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    again = json.loads(shell("evaluate", "run", "--json").out)
    assert {name: again[name] for name in again} == {name: report[name] for name in again}
    found = json.loads(shell("predict", "run", "photos/upright", "photos/lying/lying 7.png", "--json").out)
    assert [each["file"] for each in found] == [
        *(f"photos/upright/upright {number}.png" for number in range(30)),
        "photos/lying/lying 7.png",
    ]
    assert {each["classes"][0]["class"] for each in found} <= {"lying", "upright"}
    ended = shell("train", "--resume", "run")
    assert f"convoscope train {photos} --recipe fast --epochs 6" in ended.out


def test_mistakes_are_named_by_their_files(shell: Shell, tmp_path: Path) -> None:
    # Both classes show the same, so that there are mistakes whatever is learned.
    for number in range(120):
        (folder := tmp_path / "same" / ("one", "other")[number % 2]).mkdir(parents=True, exist_ok=True)
        stripes(number, upright=False).save(folder / f"{number}.png")
    ended = shell("train", "same", *OPTIONS, "--epochs", 1, "--out", "run")
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert report["mistakes"] > 0
    assert "file" in ended.out
    for mistake in report["worst_mistakes"]:
        assert (tmp_path / "same" / mistake["file"]).exists()
        assert mistake["file"].startswith(("one/", "other/")[mistake["true"]])
        assert mistake["file"] in ended.out
    rows = list(csv.DictReader((tmp_path / "run" / "mistakes.csv").read_text("utf-8").splitlines()))
    assert len(rows) == report["mistakes"]
    assert [row["file"] for row in rows] == [mistake["file"] for mistake in report["worst_mistakes"]]
    assert all(row["file"].startswith(f"{row['is']}/") and row["is"] != row["taken for"] for row in rows)


def test_a_rare_class_is_weighed_unless_it_is_not_to_be(shell: Shell, tmp_path: Path) -> None:
    fill(tmp_path / "photos", {"lying": 40, "upright": 10})
    ended = shell("train", "photos", *OPTIONS, "--out", "weighted")
    assert "upright is rare: 8 training images" in ended.out
    assert "all classes are weighted equally" in ended.out
    assert config(tmp_path / "weighted")["settings"]["class_weight"] == "auto"
    plain = shell("train", "photos", *OPTIONS, "--class-weight", "none", "--out", "plain")
    assert "all classes are weighted equally" not in plain.out
    losses = [
        json.loads((tmp_path / run / "history.jsonl").read_text().splitlines()[0]) for run in ("weighted", "plain")
    ]
    assert losses[0]["loss"] != losses[1]["loss"]


def test_size_and_colour_are_those_asked_for(shell: Shell, photos: Path, tmp_path: Path) -> None:
    asked = ("--image-size", "16x12", "--color", "grayscale", "--val", "0.2", "--augment", "flip horizontal")
    ended = shell("train", photos, *OPTIONS, *asked, "--model", "cnn-1", "--filters", 4, "--out", "run")
    assert ended.status == 0, ended.err
    assert "42 images for training, 12 for validation, 6 for testing" in ended.out
    settings = config(tmp_path / "run")["settings"]
    assert (settings["image_size"], settings["color_mode"]) == ([16, 12], "grayscale")
    assert (settings["model"], settings["augmentation"]) == ("cnn-1", "flip horizontal")
    assert "16 × 12 × 1" in (out := shell("summary", "run").out) or "(None, 16, 12, 1)" in out
    assert shell("evaluate", "run").status == 0
    longer = shell("train", "--resume", "run").out
    assert "--image-size 16x12 --color grayscale" in longer


def test_another_folder_tests_a_model_with_all_its_images(shell: Shell, photos: Path, tmp_path: Path) -> None:
    shell("train", photos, *OPTIONS, "--quiet", "--out", "run")
    fill(tmp_path / "others", {"lying": 5, "upright": 4}, first=500)
    report = json.loads(shell("evaluate", "run/model.safetensors", "--data", "others", "--json").out)
    assert report["data"] == "all images of others"
    assert [row["support"] for row in report["classes"]] == [5, 4]
    # By its own folder's path it is still tested with the images that it was not trained on.
    own = json.loads(shell("evaluate", "run", "--data", "photos", "--json").out)
    assert own["images"] == 6
    (tmp_path / "others" / "more").mkdir()
    stripes(3, upright=True).save(tmp_path / "others" / "more" / "1.png")
    wrong = shell("evaluate", "run", "--data", "others")
    assert wrong.status == 1
    assert "The model knows the classes lying, upright" in wrong.err


@pytest.mark.filterwarnings("default::convoscope.errors.ConvoscopeWarning")
def test_images_that_changed_are_noticed(shell: Shell, photos: Path) -> None:
    shell("train", photos, *OPTIONS, "--model", "dense", "--patience", 5, "--out", "run", "--quiet")
    fill(photos, {"lying": 4, "upright": 4}, first=100)
    ended = shell("evaluate", "run")
    assert ended.status == 0
    assert "then 48 to train and 6 to test, now 56 and 6" in ended.err.replace("\n", " ")
    ended = shell("train", "--resume", "run", "--epochs", 5)
    assert ended.status == 1
    assert "start a new one" in ended.err


def test_a_table_of_paths_and_labels_is_trained_on_too(shell: Shell, photos: Path, tmp_path: Path) -> None:
    lines = [f"photos/{name}/{name} {i}.png,{name}" for name in ("lying", "upright") for i in range(20)]
    (tmp_path / "table.csv").write_text("path,label\n" + "\n".join(lines))
    ended = shell("train", "table.csv", *OPTIONS, "--quiet")
    assert ended.status == 0, ended.err
    report = json.loads((tmp_path / "runs" / "table-fast-1" / "report.json").read_text())
    assert (report["images"], [row["name"] for row in report["classes"]]) == (4, ["lying", "upright"])


def test_too_few_images_to_test_with_are_refused_before_training(shell: Shell, tmp_path: Path) -> None:
    fill(tmp_path / "photos", {"lying": 2, "upright": 2})
    ended = shell("train", "photos", *OPTIONS, "--out", "run")
    assert ended.status == 1
    assert "no test images" in ended.err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["./nowhere"], "There is no folder or CSV file ./nowhere"),
        (["hollow"], "hollow is empty"),
        (["photos", "--image-size", "2"], "8 to 1024 pixels"),
        (["photos", "--image-size", "big"], "Write 64 or 48x64"),
        (["photos", "--color", "rgba"], "Did you mean 'rgb'"),
        (["photos", "--val", "0.95"], "leave no training images"),
        (["photos", "--augment", "conv 3 3"], "conv2d is not one"),
        (["photos", "--class-weight", "atuo"], "Did you mean 'auto'"),
        (["digits", "--image-size", "32"], "--image-size is only for your own images"),
        (["single"], "a classifier needs two"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_a_paragraph_and_leaves_no_run(
    shell: Shell, photos: Path, tmp_path: Path, words: list[str], message: str
) -> None:
    (tmp_path / "hollow").mkdir()
    shutil.copytree(photos / "lying", tmp_path / "single" / "lying")
    ended = shell("train", *words)
    assert ended.status == 1
    assert message in ended.err
    assert ended.err.count("\n") == 1
    assert not (tmp_path / "runs").exists()


def test_a_run_on_your_own_images_is_explored_with_images_of_its_size(shell: Shell, photos: Path) -> None:
    from convoscope.cli.explore import load

    words = ("--image-size", "10x12", "--snapshots", "--quiet", "--out", "run")
    assert shell("train", photos, *OPTIONS, *words).status == 0
    explored = load(Path("run"), None, None)
    assert explored.images.shape[1:3] == (10, 12)
    assert explored.found is not None
    assert explored.note == ""
    fill(photos.parent / "alike", {"lying": 3, "upright": 2}, first=90)
    explored = load(Path("run"), "./alike", None)
    assert (explored.images.shape[:3], list(explored.y), explored.x_train) == ((5, 10, 12), [0, 0, 0, 1, 1], None)
    (photos.parent / "alike" / "upright").rename(photos.parent / "alike" / "back")
    explored = load(Path("run"), "alike", None)
    assert explored.labels is None
    assert "alike has other classes than the model" in explored.note
    (photos / "lying" / "lying 1.png").unlink()
    assert "no longer those that the run in run was started with" in load(Path("run"), str(photos), None).note


def test_mistakes_are_not_drawn_from_images_that_changed(shell: Shell, photos: Path) -> None:
    import convoscope as cs

    pytest.importorskip("matplotlib")
    assert shell("train", photos, *OPTIONS, "--quiet", "--out", "run").status == 0
    cs.plots.mistakes("run")
    (photos / "lying" / "lying 1.png").rename(photos / "upright" / "0.png")
    with pytest.raises(cs.errors.DataError, match=r"no longer those.*mistakes\.png shows"):
        cs.plots.mistakes("run")


def test_the_bound_of_pixels_is_the_runs_own_and_one_of_predictions(shell: Shell, photos: Path, tmp_path: Path) -> None:
    stripes(7, True, (60, 50)).save(photos / "upright" / "large.png")
    trained = shell("train", photos, *OPTIONS, "--quiet", "--out", "run", "--max-pixels", "2999")
    assert trained.status == 0, trained.err
    skipped = json.loads((tmp_path / "run" / "data.json").read_text())["skipped"]
    assert list(skipped) == ["upright/large.png"]
    assert config(tmp_path / "run")["settings"]["max_pixels"] == 2_999
    assert shell("evaluate", "run").status == 0, "the same images again"
    assert shell("predict", "run", "photos/upright/large.png").status == 0
    refused = shell("predict", "run", "photos/upright/large.png", "--max-pixels", "2999")
    assert refused.status == 1
    assert "has 60 × 50 pixels, but at most 2,999 are allowed" in refused.err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_no_command_waits_for_a_pipe(shell: Shell, photos: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for words in (
        ("train", "./pipe"),
        ("predict", "pipe", photos / "upright" / "upright 1.png"),
        ("evaluate", "pipe", "--data", "digits"),
        ("summary", "pipe"),
        ("filter", "pipe", "--kernel", "outline"),
    ):
        ended = shell(*words)
        assert ended.status == 1
        assert "pipe is a pipe or a device, not a file" in ended.err


def test_an_address_is_named_as_it_was_typed(shell: Shell, photos: Path) -> None:
    address = "https://example.org/photos/cat.jpg"
    commands = (
        *(("train", address), ("train", "--resume", address), ("predict", address, "cat.jpg")),
        *(("filter", address, "--kernel", "outline"), ("evaluate", address), ("runs", address), ("plot", address)),
        *(("compare", address, "other"), ("compare", address, "--vary", "filters=4")),
    )
    for words in commands:
        ended = shell(*words)
        assert ended.status == 1
        assert f"{address} is an internet address" in " ".join(ended.err.split())

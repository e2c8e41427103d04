"""The commands with a model whose output is an image."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import convoscope as cs
from convoscope.cli.explore import load

from .conftest import Shell


def painter(*first: object, last: str = "sigmoid", channels: int = 1) -> cs.Sequential:
    layers = cs.layers
    return cs.Sequential(
        [
            layers.Input((8, 8, channels)),
            *first,
            layers.Conv2D(5, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(channels, 3, strides=2, padding="same", activation=last),
        ],
        seed=6,
    )


@pytest.fixture
def image(tmp_path: Path) -> np.ndarray:
    """An image of the model's own size, also as the file photo.png."""
    pixels = np.random.default_rng(2).integers(0, 256, (8, 8)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return pixels


def test_predict_writes_what_comes_out_and_never_over_another_file(shell: Shell, image: np.ndarray) -> None:
    painter().save("painter.safetensors")
    made = cs.load_model("painter.safetensors").predict(image[None, ..., None] / np.float32(255), verbose=0)
    for name in ("photo-predicted.png", "photo-predicted-2.png"):
        ended = shell("predict", "painter.safetensors", "photo.png")
        assert (ended.status, ended.out) == (0, f"photo.png: {name}\n"), ended.err
        written = np.asarray(Image.open(name))
        np.testing.assert_allclose(written, 255 * made[0, ..., 0], atol=0.51)
    (found,) = json.loads(shell("predict", "painter.safetensors", "photo.png", "--json").out)
    assert found["image"] == "photo-predicted-3.png"
    assert found["done"][-1] == "values scaled from 0..255 to 0..1"


def test_predict_gives_and_takes_the_values_that_the_file_names(shell: Shell, image: np.ndarray) -> None:
    bytes_model = painter(cs.layers.Rescaling(1 / 255), channels=3)
    bytes_model.save("colour.safetensors")
    made = bytes_model.predict(np.repeat(image[None, ..., None], 3, axis=3).astype(np.float32), verbose=0)
    assert shell("predict", "colour.safetensors", "photo.png").status == 0
    np.testing.assert_allclose(np.asarray(Image.open("photo-predicted.png")), 255 * made[0], atol=0.51)
    digits = painter(last="relu")
    digits.preprocessing = {"height": 8, "width": 8, "channels": 1, "max_value": 16}
    digits.save("digits.safetensors")
    made = digits.predict(np.rint(image[None, ..., None] * np.float32(16 / 255)), verbose=0)
    assert shell("predict", "digits.safetensors", "photo.png").status == 0
    greys = np.clip(made[0, ..., 0] * 255 / 16, 0, 255)
    np.testing.assert_allclose(np.asarray(Image.open("photo-predicted-2.png")), greys, atol=0.51)


def test_predict_says_which_images_cannot_be_read_and_writes_the_others(shell: Shell, image: np.ndarray) -> None:
    painter().save("painter.safetensors")
    ended = shell("predict", "painter.safetensors", "missing.png", "photo.png")
    assert (ended.status, ended.out) == (1, "photo.png: photo-predicted.png\n")
    assert "There is no file missing.png" in ended.err
    assert shell("predict", "painter.safetensors", "missing.png").status == 1


def test_predict_refuses_a_model_of_neither_classes_nor_images(shell: Shell, image: np.ndarray) -> None:
    cs.Sequential([cs.layers.Conv2D(5, 3, input_shape=(8, 8, 1))]).save("maps.safetensors")
    ended = shell("predict", "maps.safetensors", "photo.png")
    assert (ended.status, ended.out) == (1, "")
    assert "one score for each class is needed" in ended.err


def test_evaluate_says_what_to_do_instead(shell: Shell) -> None:
    painter().save("painter.safetensors")
    ended = shell("evaluate", "painter.safetensors", "--data", "digits")
    assert (ended.status, ended.out) == (1, "")
    assert "outputs images, not classes" in ended.err
    assert "model.evaluate(x, y)" in " ".join(ended.err.split())


def test_summary_shows_it_as_any_model(shell: Shell) -> None:
    painter().save("painter.safetensors")
    ended = shell("summary", "painter.safetensors", "--details")
    assert ended.status == 0, ended.err
    assert "Conv2DTranspose" in ended.out


def test_a_data_sets_images_come_in_the_values_that_the_model_takes(shell: Shell) -> None:
    _, (digits, _) = cs.datasets.digits.load_data()
    for first, white in (((), 1), ((cs.layers.Rescaling(1 / 16),), 16)):
        painter(*first).save("painter.safetensors")
        explored = load(Path("painter.safetensors"), "digits", None)
        np.testing.assert_allclose(explored.images[..., 0], digits * (white / 16), rtol=1e-6)
        assert (explored.targets, explored.error) == (None, None)


def test_it_is_written_as_one_page_alone_and_beside_another(shell: Shell) -> None:
    painter().save("a.safetensors")
    painter(cs.layers.Rescaling(2.0)).save("b.safetensors")
    for models in (("a.safetensors",), ("a.safetensors", "b.safetensors")):
        ended = shell("export", *models, "--data", "digits", "--html", "page.html")
        assert ended.status == 0, ended.err
        assert '"outputs":"images"' in Path("page.html").read_text(encoding="utf-8")

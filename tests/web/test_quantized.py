"""Kernels in 8 bits: how far each number moves, what is told of the difference, and how large the page is."""

from __future__ import annotations

import base64
import json
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import convoscope as cs
from convoscope.cli.main import app
from convoscope.errors import FileFormatError
from convoscope.web.explored import Explored
from convoscope.web.explorer import in_eight_bits, offline
from convoscope.web.quantized import eight_bits, quantized


@pytest.fixture(scope="module")
def explored() -> Explored:
    """A network that has learned the digits."""
    (x, y), (x_test, y_test) = cs.datasets.digits.load_data()
    layers = cs.layers
    model = cs.Sequential(
        [
            layers.Rescaling(1 / 16, input_shape=(8, 8, 1)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.Conv2D(24, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(32, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ],
        seed=5,
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x[..., None], y, epochs=4, batch_size=32, verbose=0)
    return Explored(model, x_test[..., None], y_test, title="digits")


def header(content: bytes) -> dict[str, dict[str, object]]:
    (length,) = struct.unpack("<Q", content[:8])
    return dict(json.loads(content[8 : 8 + length]))


def test_every_number_moves_by_half_a_step_of_its_channel_at_most() -> None:
    kernel = np.random.default_rng(2).normal(size=(3, 3, 5, 7)).astype(np.float32)
    kernel[..., 2] *= 1e-4
    kernel[..., 4] = 0
    whole, scales = eight_bits(kernel)
    assert (whole.dtype, whole.shape, scales.shape) == (np.int8, kernel.shape, (7,))
    largest = np.abs(kernel).max(axis=(0, 1, 2))
    error = np.abs(whole.astype(np.float64) * scales - kernel).max(axis=(0, 1, 2))
    assert (error <= largest / 127 / 2 * (1 + 1e-5)).all()
    assert np.abs(whole).max(axis=(0, 1, 2)).tolist() == [127, 127, 127, 127, 0, 127, 127]
    assert not whole[..., 4].any()


def test_large_kernels_have_8_bits_and_all_else_32(explored: Explored) -> None:
    small = quantized(explored.model)
    kinds = {name: each["dtype"] for name, each in header(small.content).items() if name != "__metadata__"}
    large = {f"layers/{index}/kernel" for index, layer in enumerate(explored.model.layers) if index in (2, 4)}
    assert {name for name, kind in kinds.items() if kind == "I8"} == large
    assert {name for name in kinds if name.endswith(".scale")} == {f"{name}.scale" for name in large}
    for before, after in zip(explored.model.get_weights(), small.model.get_weights(), strict=True):
        assert before.shape == after.shape
        if before.size < 1000:
            np.testing.assert_array_equal(before, after)


def test_the_sentence_has_the_size_the_largest_difference_and_both_accuracies(explored: Explored) -> None:
    small = in_eight_bits(explored)
    before, after = (each.model.predict(explored.images, verbose=0) for each in (explored, small))
    saved = sum(3 * numbers - 4 * channels for numbers, channels in ((9 * 8 * 24, 24), (4 * 4 * 24 * 32, 32)))
    assert small.note.startswith(f"Kernels in 8 bits instead of 32: {saved / 1e3:.1f} kB saved.")
    assert f"differs by at most {np.abs(before - after).max():.2g}" in small.note
    was, now = (100 * np.mean(each.argmax(axis=1) == explored.y) for each in (before, after))
    assert f"accuracy {was:.2f} % before, {now:.2f} % after" in small.note
    assert 0 < np.abs(before - after).max() < 0.2


def test_the_page_says_it_and_shows_the_answers_of_its_own_numbers(explored: Explored) -> None:
    small = in_eight_bits(explored)
    found = re.search(r'<script type="application/json" id="embedded">(.*?)</script>', offline(small), re.DOTALL)
    assert found
    embedded = json.loads(found[1])
    assert embedded["explorer"]["note"] == small.note
    assert base64.b64decode(embedded["model"]) == small.file
    predicted = small.model.predict(explored.images, verbose=0).argmax(axis=1)
    assert embedded["explorer"]["accuracy"] == np.mean(predicted == explored.y)


def test_both_of_two_models_are_quantized(explored: Explored) -> None:
    both = in_eight_bits(Explored(explored.model, explored.x, explored.y, beside=explored))
    assert both.beside is not None
    assert both.beside.note == both.note != ""


def test_a_model_of_small_kernels_stays_as_it_is() -> None:
    model = cs.Sequential([cs.layers.Flatten(input_shape=(4, 4, 1)), cs.layers.Dense(3, activation="softmax")], seed=1)
    small = in_eight_bits(Explored(model))
    assert "all weights keep full precision" in small.note
    np.testing.assert_array_equal(small.model.get_weights()[0], model.get_weights()[0])


def test_without_test_images_no_difference_is_claimed(explored: Explored) -> None:
    assert in_eight_bits(Explored(explored.model)).note.endswith("Without test images the difference is not known.")


def test_the_small_file_is_for_pages_and_no_model_to_load(explored: Explored, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(quantized(explored.model).content)
    with pytest.raises(FileFormatError, match="only 32-bit and 16-bit floats"):
        cs.load_model(path)


@pytest.mark.parametrize("kind", ["bytes", "floats"])
def test_the_page_has_less_than_3_megabytes_beside_its_weights(kind: str) -> None:
    """A network of 2.6 million numbers and more images than a page has room for, 28×28 and of ten classes."""
    layers = cs.layers
    model = cs.Sequential(
        [
            layers.Conv2D(16, 3, activation="relu", input_shape=(28, 28, 1)),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(960, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ],
        seed=1,
    )
    generator = np.random.default_rng(1)
    images = generator.random((2_000, 28, 28, 1), np.float32)
    if kind == "bytes":
        images = np.rint(images * 255) / np.float32(255)
    explored = Explored(model, images.astype(np.float32), generator.integers(0, 10, 2_000))
    small = in_eight_bits(explored)
    sizes = []
    for each in (explored, small):
        page = len(offline(each).encode())
        weights = len(base64.b64encode(each.file))
        assert page - weights < 3_000_000
        sizes.append(page)
    weights = model.count_params()
    assert sizes[0] - sizes[1] == pytest.approx(3 * weights * 4 / 3, rel=0.02)  # three bytes of four, as base64


def test_the_command_says_the_size_and_the_difference(explored: Explored, tmp_path: Path) -> None:
    model, page = tmp_path / "model.safetensors", tmp_path / "page.html"
    explored.model.save(model)
    run = CliRunner().invoke(app, ["export", str(model), "--data", "digits", "--quantize", "--html", str(page)])
    assert run.exit_code == 0, run.output
    words = " ".join(run.output.split())
    assert "saved" in words
    assert "% before" in words
    assert "differs by" in words
    plain = tmp_path / "plain.html"
    run = CliRunner().invoke(app, ["export", str(model), "--data", "digits", "--html", str(plain)])
    assert "8 bits" not in run.output
    assert page.stat().st_size < plain.stat().st_size

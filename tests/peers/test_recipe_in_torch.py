"""A recipe in PyTorch's words, as the benchmarks time it: it varies images as it should, and learns."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from convoscope import recipes

torch = pytest.importorskip("torch")


def test_images_are_flipped_and_shifted_by_whole_pixels_each_on_its_own() -> None:
    from benchmarks.programs.torch_recipe import _Variation

    torch.manual_seed(3)
    image = torch.arange(12 * 12, dtype=torch.float32).reshape(1, 1, 12, 12)
    found = _Variation("flip horizontal, shift 0.1 interpolation=nearest")(image.expand(200, 1, 12, 12))
    assert found.is_contiguous(memory_format=torch.channels_last)
    expected = set()
    for flipped in (image[0, 0], image[0, 0].flip(1)):
        padded = np.pad(flipped.numpy(), 1, mode="reflect")
        expected |= {padded[y : y + 12, x : x + 12].tobytes() for y in range(3) for x in range(3)}
    seen = {each[0].numpy().tobytes() for each in found}
    assert seen == expected
    assert torch.equal(_Variation("")(image), image)


def test_a_recipe_is_trained_and_judged_by_the_test_images(tmp_path: Path) -> None:
    from benchmarks.programs.torch_recipe import train

    rng = np.random.default_rng(1)
    labels = rng.integers(0, 10, 400)
    images = rng.integers(0, 60, (400, 28, 28)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[2 * label + 2 : 2 * label + 6, 8:20] += 150
    for part in ("train", "test"):
        np.save(tmp_path / f"x_{part}.npy", images)
        np.save(tmp_path / f"y_{part}.npy", labels)
    recipe = replace(recipes.get("fast", "mnist"), epochs=50.0)  # the moving averages have a momentum of 0.99
    (tmp_path / "recipe.json").write_text(json.dumps(asdict(recipe)))
    job = {"file": str(tmp_path / "recipe.json"), "data": str(tmp_path), "images": None, "seed": 1, "threads": 1}
    sample = train({**job, "target": 0.9})
    assert sample["accuracy"] > 0.9
    assert (sample["epochs"], sample["target"]) == (50.0, 0.9)
    assert sample["training"] > 0

"""The page alone, without Python behind it, brings an image that the browser has read into a size as Pillow does."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.own_images import rejection_for

import convoscope as cs
from convoscope.web.explored import model_file
from convoscope.web.quantized import quantized
from convoscope.web.site import page_files

SIZES = [(40, 30), (30, 47), (24, 24), (7, 90), (91, 13), (1, 1), (200, 150), (24, 16), (5, 60)]
FORMS: list[dict[str, Any]] = [
    {"fit": "letterbox"},
    {"fit": "letterbox", "interpolation": "bicubic"},
    {"fit": "crop"},
    {"fit": "crop", "resize": 28, "interpolation": "bicubic"},
    {"fit": "crop", "resize": 33, "interpolation": "lanczos"},
    {"fit": "stretch"},
    {"fit": "stretch", "interpolation": "lanczos"},
]
SCRIPT = """
import { readFileSync } from "node:fs";
const { fitted } = await import(process.argv[1] + "/explorer/own-image.js");
const cases = JSON.parse(readFileSync(0, "utf-8"));
const found = cases.map(({ image, preparation, shape }) => [...fitted(image, preparation, shape, [0, 255]).data]);
process.stdout.write(JSON.stringify(found));
"""


def picture(size: tuple[int, int]) -> Image.Image:
    random = np.random.default_rng(sum(size))
    rough = Image.fromarray(random.integers(30, 226, (4, 5, 3), np.uint8)).resize(size, Image.Resampling.BILINEAR)
    noise = random.integers(-20, 21, (size[1], size[0], 3))
    return Image.fromarray((np.asarray(rough, int) + noise).clip(0, 255).astype(np.uint8))


def test_the_page_fits_images_as_python_does() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("the page's modules are tested with Node: apt install nodejs")
    cases, expected = [], []
    for size in SIZES:
        for form in FORMS:
            for shape in ((24, 24, 3), (18, 30, 1)):
                if form.get("resize", 99) < min(shape[:2]):
                    continue
                preparation = cs.Preprocessing(shape[:2], channels=shape[2], **form)
                image = picture(size)
                rgba = np.asarray(image.convert("RGBA"))
                cases.append(
                    {
                        "image": {"width": size[0], "height": size[1], "data": rgba.ravel().tolist()},
                        "preparation": preparation.as_dict(),
                        "shape": shape,
                    }
                )
                expected.append((size, form, shape, preparation.prepare(image).pixels))
    script = ["--input-type=module", "-e", SCRIPT, Path(str(page_files())).as_uri()]
    run = subprocess.run([node, *script], input=json.dumps(cases), capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    exact = 0
    for found, (size, form, shape, pixels) in zip(json.loads(run.stdout), expected, strict=True):
        apart = np.abs(np.array(found).reshape(shape) - pixels)
        assert apart.max() <= 3, (size, form, shape)  # Pillow's versions differ in which axis comes first
        exact += int(apart.max() == 0)
    assert exact > 0.6 * len(cases), f"{exact} of {len(cases)} to the last digit"


@pytest.mark.parametrize("size", [(320, 240), (225, 224), (333, 250), (224, 224)])
def test_a_camera_s_pictures_are_fitted_to_the_last_bit(size: tuple[int, int]) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("the page's modules are tested with Node: apt install nodejs")
    preparation = cs.Preprocessing(224, fit="crop", interpolation="bicubic")
    image = Image.fromarray(np.random.default_rng(5).integers(0, 256, (size[1], size[0], 3), np.uint8))
    pixels = {"width": size[0], "height": size[1], "data": np.asarray(image.convert("RGBA")).ravel().tolist()}
    case = {"image": pixels, "preparation": preparation.as_dict(), "shape": (224, 224, 3)}
    script = ["--input-type=module", "-e", SCRIPT, Path(str(page_files())).as_uri()]
    run = subprocess.run([node, *script], input=json.dumps([case]), capture_output=True, text=True, check=True)
    found = np.array(json.loads(run.stdout)[0]).reshape(224, 224, 3)
    np.testing.assert_array_equal(found, preparation.prepare(image).pixels)


SCORING = """
import { readFileSync } from "node:fs";
const { readModel } = await import(process.argv[1] + "/engine/model.js");
const { outlying } = await import(process.argv[1] + "/engine/rejection.js");
const { files, features } = JSON.parse(readFileSync(0, "utf-8"));
const scores = files.map((text) => {
  const { rejection } = readModel(Uint8Array.from(Buffer.from(text, "base64")).buffer);
  return features.map((row) => outlying(Float32Array.from(row), rejection));
});
process.stdout.write(JSON.stringify(scores));
"""


def test_the_page_scores_images_as_python_does() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("the page's modules are tested with Node: apt install nodejs")
    random = np.random.default_rng(3)
    features = random.normal(size=(20, 300)).astype(np.float32)
    features[0] = 0  # which points nowhere
    model = cs.Sequential([cs.layers.Dense(5, activation="softmax", input_shape=(300,))], seed=1)
    model.rejection = rejection_for(features, 5)
    assert quantized(model).saved > 0
    files = [base64.b64encode(content).decode() for content in (model_file(model), quantized(model).content)]
    script = ["--input-type=module", "-e", SCORING, Path(str(page_files())).as_uri()]
    question = json.dumps({"files": files, "features": features.tolist()})
    run = subprocess.run([node, *script], input=question, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    for scores in json.loads(run.stdout):
        np.testing.assert_allclose(scores, model.rejection.score(features), rtol=1e-9)

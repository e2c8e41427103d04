"""A folder of small images, made alike for Keras and for us."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

#: Path, shape (2 axes: grey; 2 channels: grey and opacity), ending.
IMAGES = [
    ("cats/b.png", (7, 9, 3)),
    ("cats/a.PNG", (12, 5, 3)),
    ("cats/deep/c.png", (6, 6, 4)),
    ("dogs/10.bmp", (8, 8, 3)),
    ("dogs/2.png", (9, 4)),
    ("dogs/3.gif", (5, 5)),
    ("eels/x.png", (3, 11, 2)),
    ("eels/y.png", (10, 10, 3)),
]
PLAIN: dict[str, Any] = {"shuffle": False, "image_size": (4, 5), "batch_size": 3, "verbose": False}
LARGER = {**PLAIN, "image_size": (13, 9), "class_names": ["eels"]}
INTERPOLATIONS = ("bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic")
#: What is asked for, by name.
CASES: dict[str, dict[str, Any]] = {
    **{f"size by {kind}": {**PLAIN, "interpolation": kind} for kind in INTERPOLATIONS},
    **{f"larger by {kind}": {**LARGER, "interpolation": kind} for kind in INTERPOLATIONS},
    "categorical": {**PLAIN, "label_mode": "categorical"},
    "binary": {**PLAIN, "label_mode": "binary", "class_names": ["dogs", "cats"]},
    "no labels": {**PLAIN, "labels": None},
    "no label mode": {**PLAIN, "label_mode": None},
    "own labels": {**PLAIN, "labels": [1, 0, 1, 0, 2, 2, 1, 0]},
    "opacity": {**PLAIN, "color_mode": "rgba", "class_names": ["cats", "eels"]},
    "one by one": {**PLAIN, "batch_size": None},
    "cropped": {**PLAIN, "crop_to_aspect_ratio": True},
    "cropped, large": {**PLAIN, "crop_to_aspect_ratio": True, "image_size": 11},
    "padded": {**PLAIN, "pad_to_aspect_ratio": True},
    "padded, large": {**PLAIN, "pad_to_aspect_ratio": True, "image_size": (10, 13)},
    "channels first": {**PLAIN, "data_format": "channels_first"},
    "to train with": {**PLAIN, "validation_split": 0.3, "subset": "training"},
    "to validate with": {**PLAIN, "validation_split": 0.3, "subset": "validation"},
    "both": {**PLAIN, "validation_split": 0.4, "subset": "both"},
}
#: Asked for with a seed: the order of the files is told, that of the images is drawn.
SEEDED: dict[str, dict[str, Any]] = {
    "shuffled": {"seed": 123},
    "shuffled, to train with": {"seed": 7, "validation_split": 0.3, "subset": "training"},
    "shuffled, to validate with": {"seed": 7, "validation_split": 0.3, "subset": "validation"},
    "shuffled, both": {"seed": 1337, "validation_split": 0.25, "subset": "both"},
}
_MODES = {2: "LA", 3: "RGB", 4: "RGBA"}


def make(folder: Path) -> None:
    """Write the images."""
    for number, (name, shape) in enumerate(IMAGES):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        values = np.random.default_rng(number).integers(0, 256, shape, dtype=np.uint8)
        Image.fromarray(values, _MODES[shape[2]] if len(shape) == 3 else "L").save(folder / name)
    (folder / "cats" / "notes.txt").write_text("no image")
    (folder / ".hidden").mkdir()
    (folder / "grey").mkdir()


def batches(dataset: Any) -> list[Any]:
    """Return the batches as JSON has them: images rounded, with their type, and labels."""
    found = []
    for element in dataset.as_numpy_iterator():
        images, labels = element if isinstance(element, tuple) else (element, None)
        found.append([np.round(images.astype(float), 3).tolist(), None if labels is None else labels.tolist()])
    return found


def types(dataset: Any) -> list[str]:
    """Return the types of images and labels."""
    first = next(iter(dataset))
    return [
        np.dtype(getattr(part.dtype, "as_numpy_dtype", part.dtype)).name
        for part in (first if isinstance(first, tuple) else (first,))
    ]

"""What Keras' and our ``preprocessing.image`` are both asked; `tools/make_preprocessing_values.py` keeps its answers.

Imports neither: the functions get the module to ask.
"""
# ruff: noqa: NPY002 - both draw from the global generator

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

Answers = dict[str, np.ndarray[Any, Any]]


def images(count: int = 6, height: int = 7, width: int = 9, channels: int = 3) -> np.ndarray[Any, Any]:
    """Return noise from 0 to 255: whatever is one pixel off is seen."""
    return np.random.RandomState(7).randint(0, 256, (count, height, width, channels)).astype(np.float32)


#: The generator's arguments, and the parameters of one change.
CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "nothing": ({}, {}),
    "rotation": ({}, {"theta": 31.0}),
    "rotation, constant": ({"fill_mode": "constant", "cval": 9.0}, {"theta": -118.0}),
    "rotation, reflect": ({"fill_mode": "reflect"}, {"theta": 77.0}),
    "rotation, wrap": ({"fill_mode": "wrap"}, {"theta": 31.0}),
    "shift": ({}, {"tx": 2.0, "ty": -3.0}),
    "shift between pixels": ({"fill_mode": "constant"}, {"tx": -0.4, "ty": 1.3}),
    "far shift, reflect": ({"fill_mode": "reflect"}, {"tx": 40.3, "ty": -33.6}),
    "far shift, wrap": ({"fill_mode": "wrap"}, {"tx": -40.3, "ty": 33.6}),
    "shear": ({}, {"shear": 24.0}),
    "shear, wrap": ({"fill_mode": "wrap"}, {"shear": -40.0}),
    "zoom in": ({}, {"zx": 0.7, "zy": 0.55}),
    "zoom out": ({"fill_mode": "reflect"}, {"zx": 2.3, "zy": 1.6}),
    "flips": ({}, {"flip_horizontal": True, "flip_vertical": True}),
    "horizontal flip": ({}, {"flip_horizontal": True}),
    "channel shift": ({}, {"channel_shift_intensity": 37.5}),
    "darker": ({}, {"brightness": 0.45}),
    "brighter": ({}, {"brightness": 1.8}),
    "order 0": ({"interpolation_order": 0}, {"theta": 31.0, "tx": 1.3, "zx": 0.8, "zy": 1.1}),
    "order 0, constant": ({"interpolation_order": 0, "fill_mode": "constant", "cval": 3.0}, {"theta": 31.0, "ty": 2.7}),
    "order 0, wrap": ({"interpolation_order": 0, "fill_mode": "wrap"}, {"theta": -50.0, "shear": 10.0}),
    "order 0, reflect": ({"interpolation_order": 0, "fill_mode": "reflect"}, {"theta": 200.0, "tx": -4.2}),
    "all": (
        {"fill_mode": "constant", "cval": 128.0},
        {
            "theta": 12.0, "tx": 1.2, "ty": -0.7, "shear": -9.0, "zx": 0.9, "zy": 1.2, "flip_horizontal": True,
            "flip_vertical": False, "channel_shift_intensity": -20.0, "brightness": 1.2,
        },
    ),
}  # fmt: skip


def noisy(image: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Draw from the same generator between two images."""
    return image + np.random.normal(size=image.shape).astype(np.float32)


EVERYTHING = {
    "rotation_range": 40, "width_shift_range": 0.2, "height_shift_range": 0.3, "shear_range": 20.0, "zoom_range": 0.3,
    "horizontal_flip": True, "vertical_flip": True, "channel_shift_range": 30.0, "brightness_range": (0.5, 1.5),
    "rescale": 1 / 255,
}  # fmt: skip

#: The generator's arguments, and those of `flow`.
FLOWS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "as it is": ({}, {}),
    "everything": (EVERYTHING, {}),
    "everything, seeded": (EVERYTHING, {"seed": 5}),
    "in order": (EVERYTHING, {"shuffle": False, "seed": 5}),
    "whole shifts": ({"width_shift_range": 3, "height_shift_range": [-2, 1, 4], "fill_mode": "wrap"}, {}),
    "shares from a list": ({"width_shift_range": [-0.1, 0.2], "height_shift_range": 1.5}, {}),
    "one zoom for all": ({"zoom_range": (0.5, 0.8)}, {}),
    "samplewise": (
        {
            "samplewise_center": True,
            "samplewise_std_normalization": True,
            "rotation_range": 10,
            "channel_shift_range": 9.0,
        },
        {},
    ),
    "own function": ({"preprocessing_function": noisy, "rotation_range": 20, "rescale": 0.5}, {"seed": 2}),
    "validation": ({"validation_split": 0.4}, {"subset": "validation", "ignore_class_split": True}),
    "training": (
        {"validation_split": 0.4, "horizontal_flip": True},
        {"subset": "training", "ignore_class_split": True},
    ),
    "weighted": ({}, {"sample_weight": np.arange(6) / 4}),
}
FITTED = {
    "center and spread": {"featurewise_center": True, "featurewise_std_normalization": True, "rescale": 1 / 255},
    "whitening": {"featurewise_center": True, "zca_whitening": True, "zca_epsilon": 1e-3},
}
#: What is asked of `flow_from_directory`.
FOLDERS: dict[str, dict[str, Any]] = {
    "categorical": {},
    "binary, grey": {"class_mode": "binary", "color_mode": "grayscale"},
    "sparse, bilinear": {"class_mode": "sparse", "interpolation": "bilinear"},
    "input, rgba": {"class_mode": "input", "color_mode": "rgba"},
    "no labels, lanczos": {"class_mode": None, "interpolation": "lanczos"},
    "chosen classes": {"classes": ["bee", "ant"], "class_mode": "sparse"},
    "validation": {"subset": "validation"},
    "training": {"subset": "training", "keep_aspect_ratio": True, "interpolation": "box"},
    "shuffled": {"shuffle": True, "seed": 4, "interpolation": "bicubic"},
}
#: What is asked of `flow_from_dataframe`.
TABLES: dict[str, dict[str, Any]] = {
    "categorical": {"y_col": "name"},
    "several": {"y_col": "several"},
    "several, chosen": {"y_col": "several", "classes": ["c", "a"]},
    "sparse, weighted": {"y_col": "name", "class_mode": "sparse", "weight_col": "weight"},
    "binary": {"y_col": "half", "class_mode": "binary"},
    "raw": {"y_col": "weight", "class_mode": "raw"},
    "raw, two": {"y_col": ["weight", "number"], "class_mode": "raw", "subset": "training"},
    "two outputs": {"y_col": ["number", "vector"], "class_mode": "multi_output"},
    "no labels": {"class_mode": None},
    "validation": {"y_col": "name", "subset": "validation"},
    "training, chosen": {"y_col": "name", "classes": ["zebra", "ant"], "subset": "training"},
}
KERNELS = ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5")
RESIZED = [(height, width, kind) for height, width in ((5, 5), (14, 4), (3, 20)) for kind in KERNELS]


def make_folder(root: Path) -> dict[str, list[Any]]:
    """Write a folder of images of several kinds, and return a table of them."""
    draw, files = np.random.RandomState(3), []
    for number, (folder, count) in enumerate({"zebra": 5, "ant": 7, "bee/deep": 3, "bee": 4}.items()):
        (root / folder).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            pixels = draw.randint(0, 256, (8 + index, 12 - number, 3)).astype(np.uint8)
            ending = "bmp" if index % 4 == 3 else "PNG" if index % 4 == 2 else "png"
            mode = {"bmp": "RGB", "PNG": "RGBA", "png": "L" if index % 4 else "RGB"}[ending]
            files.append(f"{folder}/{index * 7}.{ending}")
            Image.fromarray(pixels).convert(mode).save(root / files[-1])
    (root / "ant" / "read me.txt").write_text("no image")
    (root / "a file").write_text("no folder")
    files.insert(2, "gone.png")
    count = len(files)
    return {
        "filename": files,
        "name": [file.split("/")[0] for file in files],
        "several": [(["a", "b"], ("b",), "c")[i % 3] for i in range(count)],
        "half": ["ab"[i % 2] for i in range(count)],
        "weight": [i / 4 for i in range(count)],
        "number": list(range(count)),
        "vector": [[i, i + 0.5] for i in range(count)],
    }


def _answers(of: Callable[..., Any], cases: dict[str, Any]) -> Answers:
    return {f"{name}: {key}": value for name in cases for key, value in of(name).items()}


def _batches(iterator: Any, count: int) -> Answers:
    """Take so many batches one after another, then one by its index, and see where the generator stands."""
    found: Answers = {}
    for number in range(count + 1):
        batch = next(iterator) if number < count else iterator[len(iterator) - 1]
        parts = batch if isinstance(batch, (tuple, list)) else (batch,)
        for index, part in enumerate(parts):
            for output, value in enumerate(part if isinstance(part, list) else (part,)):
                found[f"batch {number}, {index} {output}"] = value
    return {**found, "drawn afterwards": np.float64(np.random.random())}


def ask_changes(image: Any) -> Answers:
    """Apply each of `CHANGES`."""

    def change(name: str) -> Answers:
        options, parameters = CHANGES[name]
        return {"image": image.ImageDataGenerator(**options).apply_transform(images()[0], parameters)}

    return _answers(change, CHANGES)


def ask_flows(image: Any) -> Answers:
    """Take batches from arrays, and what was drawn for one image."""

    def flow(name: str) -> Answers:
        options, arguments = FLOWS[name]
        generator = image.ImageDataGenerator(**options)
        np.random.seed(11)
        found = _batches(generator.flow(images(), np.arange(6) % 3, batch_size=4, **arguments), 3)
        drawn = generator.get_random_transform((7, 9, 3), seed=1)
        return {**found, **{key: np.float64(np.nan if value is None else value) for key, value in drawn.items()}}

    return _answers(flow, FLOWS)


def ask_fitted(image: Any) -> Answers:
    """Fit a generator to images, and standardize some with it."""

    def fit(name: str) -> Answers:
        generator = image.ImageDataGenerator(**FITTED[name])
        generator.fit(images(40, 2, 2, 3))
        found = {"one": generator.standardize(images(3, 2, 2, 3)[2])}
        generator = image.ImageDataGenerator(horizontal_flip=True, channel_shift_range=20.0, **FITTED[name])
        generator.fit(images(20, 2, 2, 3), augment=True, rounds=2, seed=5)
        return {**found, "augmented": generator.standardize(images(3, 2, 2, 3)[2])}

    return _answers(fit, FITTED)


def ask_folders(image: Any, root: Path) -> Answers:
    """List a folder and take batches from it."""

    def folder(name: str) -> Answers:
        generator = image.ImageDataGenerator(validation_split=0.3, horizontal_flip=name == "shuffled")
        iterator = generator.flow_from_directory(
            str(root), target_size=(6, 5), batch_size=7, **{"shuffle": False, **FOLDERS[name]}
        )
        np.random.seed(1)
        return {
            "files": np.array(iterator.filenames),
            "classes": iterator.classes,
            "names": np.array(list(iterator.class_indices)),
            **_batches(iterator, 2),
        }

    return _answers(folder, FOLDERS)


def ask_tables(image: Any, root: Path, table: Any) -> Answers:
    """Take batches from a table."""

    def rows(name: str) -> Answers:
        iterator = image.ImageDataGenerator(validation_split=0.3).flow_from_dataframe(
            table, str(root), target_size=(3, 2), batch_size=8, shuffle=False, **TABLES[name]
        )
        named = getattr(iterator, "class_indices", {})
        return {
            "files": np.array(iterator.filenames),
            "names": np.array([f"{key} {value}" for key, value in named.items()]),
            **_batches(iterator, 1),
        }

    return _answers(rows, TABLES)


def ask_resized(image: Any) -> Answers:
    """Resize two images without distortion."""
    return {
        f"{height} × {width} {kind}": image.smart_resize(images(2), (height, width), interpolation=kind)
        for height, width, kind in RESIZED
    }

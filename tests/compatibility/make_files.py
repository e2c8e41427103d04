"""Write the files that every later version must open: ``python -m tests.compatibility.make_files``, once a release.

They go into a folder named after the version, with the predictions of each model in ``expected.npz``. A folder that is
there is never written again: what was released stays as it was. See docs/compatibility.md.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import convoscope as cs
from convoscope import layers
from convoscope.datasets.images.preprocessing import Preprocessing
from convoscope.models import save_model
from convoscope.models.weights import save_weights
from convoscope.runs import RunFolder
from convoscope.runs.training import settings_of
from convoscope.transfer.assembling import assemble
from convoscope.transfer.head import fit_head
from convoscope.transfer.rejecting import fit_rejection

HERE = Path(__file__).parent
# Pictures and pages are made anew from what stays, and are most of a run's bytes.
PICTURES = (".png", ".svg", ".html", ".md")


def inputs_of(name: str, model: Any) -> Any:
    """Give ``predict`` two images for each of a model's inputs, made without a random generator, which may change."""
    largest = {"branches.safetensors": 1, "photos.safetensors": 255}.get(name, 16)
    given = []
    for shape in model.plan_input_shapes:
        values = np.linspace(0, largest, 2 * int(np.prod(shape)), dtype=np.float32)
        given.append(values.reshape(2, *shape))
    return given if len(given) > 1 else given[0]


def sequential() -> cs.Sequential:
    """A stack with a layer of each kind that keeps more than weights: moments, random numbers, a seed."""
    model = cs.Sequential(
        [
            layers.Rescaling(1 / 16, input_shape=(8, 8, 1)),
            layers.RandomTranslation(0.1, 0.1),
            layers.Conv2D(6, (3, 3), activation="relu", kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.MaxPooling2D((2, 2)),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax"),
        ],
        seed=1,
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    digits = cs.datasets.load("digits")
    model.fit(digits.x_train[:128, ..., None], digits.y_train[:128], epochs=2, verbose=0)
    model.class_names = [str(digit) for digit in range(10)]
    return model


def branches() -> cs.Model:
    """A network with two inputs, shared weights, a shortcut, two outputs and a model for a layer."""
    left, right = layers.Input((6, 6, 2), name="left"), layers.Input((6, 6, 2), name="right")
    shared = cs.Sequential([layers.Conv2D(4, 3, padding="same", activation="relu", input_shape=(6, 6, 2))], name="eye")
    seen = layers.Concatenate()([shared(left), shared(right)])
    deeper = layers.SeparableConv2D(8, 3, padding="same")(seen)
    pooled = layers.GlobalAveragePooling2D()(layers.Activation("relu")(layers.Add()([seen, deeper])))
    kind = layers.Dense(3, activation="softmax", name="kind")(pooled)
    size = layers.Dense(1, name="size")(pooled)
    model = cs.Model([left, right], [kind, size], seed=2)
    model.compile(
        optimizer=cs.optimizers.SGD(0.05, momentum=0.9),
        loss={"kind": "sparse_categorical_crossentropy", "size": "mse"},
        loss_weights={"kind": 1.0, "size": 0.5},
    )
    random = np.random.default_rng(3)
    x = {name: random.random((12, 6, 6, 2), np.float32) for name in ("left", "right")}
    model.fit(x, {"kind": np.arange(12) % 3, "size": random.random((12, 1))}, epochs=2, verbose=0)
    return model


def photos() -> cs.Model:
    """A small network in place of the backbone, with the head that photos get, which refuses what is strange."""
    image = layers.Input((16, 16, 3))
    found = layers.Conv2D(8, 3, strides=2, activation="relu6")(layers.Rescaling(1 / 255)(image))
    found = layers.DepthwiseConv2D(3, activation="relu6")(found)
    network = cs.Model(image, layers.GlobalAveragePooling2D()(layers.Conv2D(16, 1)(found)), seed=4)
    random = np.random.default_rng(5)
    labels = np.arange(60) % 3
    colours = 110 + 40 * np.eye(3)[labels] + random.normal(0, 40, (60, 3))  # which overlap: nothing is certain
    images = (colours[:, None, None] + random.normal(0, 25, (60, 16, 16, 3))).clip(0, 255).astype(np.float32)
    features = network.predict(images)
    head = fit_head(features, labels, 3)
    prepared = Preprocessing((16, 16), fit="crop", resize=18, interpolation="bicubic").as_dict()
    model = assemble(network, head, ["red", "green", "blue"], prepared, seed=6)
    model.rejection = fit_rejection(features, labels, head)
    model.origin = {"dataset": "coloured noise", "images": 60, "convoscope": cs.__version__}
    return model


def command(*words: str) -> None:
    """Run a command of the terminal."""
    subprocess.run([sys.executable, "-m", "convoscope", *words], check=True)


def strip(folder: Path) -> None:
    """Remove the pictures of runs below a folder."""
    for file in sorted(folder.rglob("*")):
        if file.suffix in PICTURES:
            file.unlink()


def interrupt(run: RunFolder) -> None:
    """Leave a run as a kill after its last whole epoch leaves it, with another epoch to train."""
    config = run.read_config()
    config["settings"] |= {"epochs": config["settings"]["epochs"] + 1}
    run.write_config(config)
    run.report.unlink()


def write(folder: Path) -> None:
    """Write all the files."""
    for name, model in {"sequential": sequential(), "branches": branches(), "photos": photos()}.items():
        save_model(model, folder / f"{name}.safetensors")
    stack = cs.models.load_model(folder / "sequential.safetensors")
    save_model(stack, folder / "half.safetensors", half=True)
    save_weights(stack, folder / "sequential.weights.safetensors")

    once = ["--threads", "1", "--quiet", "--out"]
    network = ["--layers", "conv 4 3 relu, maxpool, flatten, dense 10 softmax", "--optimizer", "adamw"]
    told = ["--epochs", "2", "--val", "0.2", "--seed", "7", "--snapshots"]
    command("train", "digits", *network, *told, *once, str(folder / "run"))
    shutil.copytree(folder / "run", folder / "interrupted")
    interrupt(RunFolder(folder / "interrupted"))
    fixed = [word for setting in ("epochs=1", "model=cnn-1", "dense_units=8") for word in ("--set", setting)]
    command("compare", "digits", "--vary", "filters=2,3", *fixed, "--jobs", "1", *once, str(folder / "comparison"))
    for made in ("run", "interrupted", "comparison"):
        strip(folder / made)
    assert settings_of(RunFolder(folder / "interrupted")).epochs == 3

    (folder / "tour.json").write_text(json.dumps(TOUR, indent=1), encoding="utf-8")
    (folder / "exercises.json").write_text(json.dumps(EXERCISES, indent=1), encoding="utf-8")


TOUR = {
    "title": "A tour",
    "steps": [
        {
            "name": "wrong",
            "title": "An image",
            "text": "It says {class}, with {percent}. {verdict}",
            "show": {"image": 3, "layer": "output"},
            "point": "answer",
        },
        {
            "title": "The first filters",
            "text": "{layer} has {maps} filters. Its map {map} is strongest at row {row}, column {column}: {value}.",
            "show": {"layer": "first convolution", "map": "strongest"},
            "point": "map",
            "seconds": 12,
        },
    ],
}
EXERCISES = {
    "title": "One of each sort",
    "exercises": [
        {
            "kind": "number",
            "title": "How wide?",
            "text": "A 28×28 image goes through Conv2D(64, (3, 3)). How many pixels wide is the output?",
            "answer": 26,
            "mistakes": [{"value": 28, "says": "That would take padding."}],
            "hint": ["Where can the left end of the window lie?"],
            "explanation": "At pixels 0 to 25.",
        },
        {
            "kind": "choice",
            "text": "What is kept?",
            "options": ["mean", "largest"],
            "right": 1,
            "feedback": ["No", "Yes"],
        },
        {"kind": "pixel", "image": [[0, 64], [48, 192]], "kernel": [[1, 0], [0, -1]], "at": [0, 0]},
        {"kind": "softmax", "seed": 7},
    ],
}


def models_in(folder: Path) -> list[str]:
    """Give the names of the files that are whole models: neither weights alone nor an epoch's."""
    names = (file.relative_to(folder).as_posix() for file in sorted(folder.rglob("*.safetensors")))
    return [name for name in names if ".weights." not in name and "snapshots" not in name]


def predictions(name: str, model: Any) -> list[npt.NDArray[np.float32]]:
    """Give what a model predicts, an array for each of its outputs."""
    found = model.predict(inputs_of(name, model), verbose=0)
    return found if isinstance(found, list) else [found]


def record(folder: Path) -> None:
    """Write what each model in a folder predicts."""
    expected = {
        f"{name}|{number}": array
        for name in models_in(folder)
        for number, array in enumerate(predictions(name, cs.load_model(folder / name)))
    }
    np.savez_compressed(folder / "expected.npz", **expected)


def main() -> None:
    """Write this version's folder."""
    folder = HERE / cs.__version__
    if folder.exists():
        raise SystemExit(f"{folder} exists. What a version wrote is never written again.")
    folder.mkdir()
    cs.set_threads(1)
    write(folder)
    record(folder)


if __name__ == "__main__":
    main()

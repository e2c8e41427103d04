"""What test_torch_processes.py trains, in one process or in many: run by torchrun with a folder for the results.

The folder has a folder of images, ``images``, with a folder for each class. The first process writes what it measures
into ``results-N.json``, where N is the number of processes, and weights into ``weights-N.npz``.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import convoscope as cs
from convoscope import layers
from convoscope.callbacks import Callback, EarlyStopping
from convoscope.data.images import ImageForm
from convoscope.optimizers import SGD, Adam

BATCH, SAMPLES = 20, 203  # the last batch has 3 samples, fewer than 4 processes


def arrays() -> tuple[Any, Any]:
    """Return images (203, 8, 8, 1) with labels that can be learned in part."""
    generator = np.random.default_rng(0)
    x = generator.random((SAMPLES, 8, 8, 1), np.float32)
    return x, (x[:, :4].mean(axis=(1, 2, 3)) > x[:, 4:].mean(axis=(1, 2, 3))).astype(np.int64)


def network(optimizer: Any, channels: int = 1) -> Any:
    """Return a model with all that depends on a sample's place in the batch, or on the batch as a whole."""
    model = cs.Sequential(
        [
            layers.Input((8, 8, channels)),
            layers.RandomFlip("horizontal"),
            layers.RandomTranslation(0.1, 0.1),
            layers.Conv2D(6, 3, use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(2, activation="softmax", kernel_regularizer="l2"),
        ],
        seed=11,
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def plain() -> tuple[Any, dict[str, Any]]:
    """Train for 55 steps, with class weights, sample weights and bounded gradients."""
    x, y = arrays()
    model = network(SGD(0.05, momentum=0.9, global_clipnorm=1.0))
    weights = np.linspace(0.5, 1.5, SAMPLES)
    fitted = model.fit(
        x, y, BATCH, 5, verbose=0, validation_data=(x[:77], y[:77]), sample_weight=weights, class_weight={0: 1, 1: 2}
    )
    return model, {**fitted.history, "test": model.evaluate(x[:101], y[:101], verbose=0)}


def accumulating() -> tuple[Any, dict[str, Any]]:
    """Train with Adam, two batches to a step, and the sum of the losses of both classes."""
    x, y = arrays()
    model = network(Adam(0.003, gradient_accumulation_steps=2))
    model.compile(model.optimizer, cs.losses.SparseCategoricalCrossentropy(reduction="sum"), metrics=["accuracy"])
    return model, model.fit(x, y, BATCH, 2, verbose=0, validation_split=0.2).history


class _Deciding(Callback):
    """Lowers the rate, changes a weight, and adds to the logs: in the first process alone."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.model.optimizer.learning_rate = 0.01 / (epoch + 1)
        logs["mine"] = float(epoch + (int(os.environ.get("RANK", 0)) > 0))
        self.model.layers[-1].set_weights([0.5 * weight for weight in self.model.layers[-1].get_weights()])


def stopped_early() -> tuple[Any, dict[str, Any]]:
    """Train until a callback ends it."""
    x, y = arrays()
    model = network(SGD(0.01))
    stops = EarlyStopping("loss", min_delta=10.0, patience=2, restore_best_weights=True)
    return model, model.fit(x, y, BATCH, 9, verbose=0, callbacks=[_Deciding(), stops]).history


def from_folder(folder: Path) -> tuple[Any, dict[str, Any]]:
    """Train on a folder of images; the figures tell how many files this process has decoded in training."""
    decoded: list[str] = []
    read = ImageForm.read

    def counting(form: ImageForm, path: str) -> Any:
        decoded.append(path)
        return read(form, path)

    data = cs.utils.image_dataset_from_directory(
        folder, batch_size=8, image_size=(8, 8), color_mode="grayscale", verbose=False
    )
    model = network(SGD(0.001))
    ImageForm.read = counting  # type: ignore[method-assign]
    try:
        fitted = model.fit(data, epochs=2, verbose=0)
    finally:
        ImageForm.read = read  # type: ignore[method-assign]
    return model, {**fitted.history, "decoded": len(decoded), "test": model.evaluate(data, verbose=0)}


def from_generator() -> tuple[Any, dict[str, Any]]:
    """Train on a generator's batches, of which each process takes its rows."""
    x, y = arrays()

    def batches() -> Iterator[Any]:
        for start in range(0, SAMPLES, 31):
            yield x[start : start + 31], y[start : start + 31]

    model = network(SGD(0.05))
    return model, model.fit(batches(), epochs=1, verbose=0).history


def with_own_statistics() -> dict[str, Any]:
    """Train with the statistics of each process's part of the batch."""
    x, y = arrays()
    cs.use_engine("torch", device="cpu", batch_norm="each")
    model = network(SGD(0.05))
    model.fit(x, y, BATCH, 1, verbose=0)
    cs.use_engine("torch", device="cpu")
    return {"mean": float(np.mean(model.get_weights()[3])), "kernel": float(np.abs(model.get_weights()[0]).sum())}


def everything(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return weights by name, and what was measured."""
    weights, measured = {}, {}
    made = {
        "plain": plain(),
        "accumulating": accumulating(),
        "stopped": stopped_early(),
        "folder": from_folder(folder / "images"),
        "generator": from_generator(),
    }
    for name, (model, figures) in made.items():
        measured[name] = figures
        weights |= {f"{name}-{index}": weight for index, weight in enumerate(model.get_weights())}
    return weights, {**measured, "each": with_own_statistics()}


def refused() -> str:
    """Return what is said where each process has batches of its own; in four processes, where each has a model."""
    x, y = arrays()
    rank, size = int(os.environ["RANK"]), os.environ["WORLD_SIZE"]
    batches = iter([(x[rank::2][:20], y[rank::2][:20])]) if size == "2" else iter([(x[:20], y[:20])])
    try:
        network(SGD(0.05, momentum=0.1 * rank if size == "4" else 0.0)).fit(batches, verbose=0)
    except cs.errors.ConvoscopeError as error:
        return str(error)
    return "nothing"


def main() -> None:
    """Train, and write what came of it."""
    folder, rank, size = Path(sys.argv[1]), int(os.environ["RANK"]), os.environ["WORLD_SIZE"]
    cs.utils.set_random_seed(4)
    weights, measured = everything(folder)
    own = {"decoded": measured["folder"]["decoded"], "weights": {k: float(np.sum(w)) for k, w in weights.items()}}
    own["refused"] = refused()
    (folder / f"own-{size}-{rank}.json").write_text(json.dumps(own))
    if rank == 0:
        np.savez(folder / f"weights-{size}.npz", **weights)
        (folder / f"results-{size}.json").write_text(json.dumps(measured))


if __name__ == "__main__":
    main()

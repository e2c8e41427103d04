"""What the lessons say of training, beside what it comes to here: accuracies on the real data, over several seeds.

    python benchmarks/lesson_claims.py                     # all of it
    python benchmarks/lesson_claims.py --only 14 --seeds 1

MNIST and Fashion-MNIST are looked for in --data-dir, CONVOSCOPE_DATA and the cache. Every line is a setting: what the
lesson claims, and the accuracy on the training images in the last epoch and on the test images after it, as means over
the seeds with the smallest and largest behind them, and the seconds an epoch (median; not comparable while the machine
is busy).
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field

import numpy as np

import convoscope as cs
from convoscope.datasets import Dataset

Build = Callable[[Dataset], cs.Sequential]


@dataclass(frozen=True)
class Setting:
    """One line of the table: a network and how it is trained."""

    claim: int
    what: str
    claimed: str
    dataset: str
    build: Build
    epochs: int = 5
    optimizer: str = "adam"
    scaled: bool = True
    callbacks: list[cs.callbacks.Callback] = field(default_factory=list)


def preset(name: str, *, filters: int | None = None, dropout: float = 0.0) -> Build:
    """Return what builds one of the lessons' networks."""

    def build(data: Dataset) -> cs.Sequential:
        classes = len(data.info.class_names)
        return cs.models.build_preset(name, data.info.image_shape, classes, filters=filters, dropout=dropout)

    return build


def convolutions(count: int) -> Build:
    """Return what builds a network with so many convolutions of 64 filters, each with its pooling."""

    def build(data: Dataset) -> cs.Sequential:
        blocks = [[cs.layers.Conv2D(64, 3, activation="relu"), cs.layers.MaxPooling2D(2)] for _ in range(count)]
        return cs.Sequential(
            [
                cs.Input(shape=data.info.image_shape),
                *(layer for block in blocks for layer in block),
                cs.layers.Flatten(),
                cs.layers.Dense(128, activation="relu"),
                cs.layers.Dense(10, activation="softmax"),
            ]
        )

    return build


def started_with(initializer: str) -> Build:
    """Return what builds one convolution of 32 filters whose kernels start in a certain way."""

    def build(data: Dataset) -> cs.Sequential:
        return cs.Sequential(
            [
                cs.Input(shape=data.info.image_shape),
                cs.layers.Conv2D(32, 3, activation="relu", kernel_initializer=initializer),
                cs.layers.MaxPooling2D(2),
                cs.layers.Flatten(),
                cs.layers.Dense(128, activation="relu"),
                cs.layers.Dense(10, activation="softmax"),
            ]
        )

    return build


class StopAt95(cs.callbacks.Callback):
    """The lesson's callback: stop when the accuracy in training is reached."""

    def on_epoch_end(self, epoch: int, logs: MutableMapping[str, float] | None = None) -> None:
        if logs and logs["accuracy"] > 0.95:
            self.model.stop_training = True


F, M = "fashion-mnist", "mnist"
SETTINGS = [
    Setting(10, "one convolution of 32, Glorot, 1 epoch", "-", M, started_with("glorot_uniform"), 1),
    Setting(10, "the same, known filters first, 1 epoch", "-", M, started_with("filter_bank"), 1),
    Setting(14, "dense, Adam", "89 %, 87 to 88 %", F, preset("dense")),
    Setting(14, "dense, Adam, pixels 0 to 255", "72 %?", F, preset("dense"), scaled=False),
    Setting(14, "dense, SGD", "72 %?", F, preset("dense"), optimizer="sgd"),
    Setting(14, "dense, SGD, 1 epoch", "72 %?", F, preset("dense"), 1, optimizer="sgd"),
    Setting(14, "dense, SGD, pixels 0 to 255", "72 %?", F, preset("dense"), optimizer="sgd", scaled=False),
    Setting(15, "two convolutions of 64", "93 %, 91 %", F, preset("cnn-2")),
    Setting(16, "one convolution of 32", "98 to 98.5 %", M, preset("cnn-1"), 3),
    Setting(16, "two convolutions, dropout 0.25", "99 % and more", M, preset("cnn-2", dropout=0.25)),
    Setting(17, "one convolution, 10 epochs", "overfits", F, preset("cnn-1"), 10),
    Setting(17, "the same, dropout 0.4", "smaller gap", F, preset("cnn-1", dropout=0.4), 10),
    Setting(19, "two convolutions of 16", "?", F, preset("cnn-2", filters=16)),
    Setting(19, "two convolutions of 32", "?", F, preset("cnn-2", filters=32)),
    Setting(19, "one convolution of 64", "?", F, convolutions(1)),
    Setting(19, "three convolutions of 64", "?", F, convolutions(3)),
    Setting(19, "two convolutions of 64, stop at 95 %", "stops", F, preset("cnn-2"), 20, callbacks=[StopAt95()]),
]


def run(setting: Setting, data: Dataset, seed: int) -> tuple[float, float, float, int]:
    """Train once; return the accuracies in training and on test, the seconds an epoch, and the epochs."""
    cs.utils.set_random_seed(seed)
    model = setting.build(data)
    model.compile(optimizer=setting.optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    scale = np.float32(data.info.max_value if setting.scaled else 1)
    x_train, x_test = (images[..., None].astype(np.float32) / scale for images in (data.x_train, data.x_test))
    start = time.perf_counter()
    history = model.fit(x_train, data.y_train, epochs=setting.epochs, callbacks=setting.callbacks, verbose=0)
    epochs = len(history.epoch)
    seconds = (time.perf_counter() - start) / epochs
    return history.history["accuracy"][-1], model.evaluate(x_test, data.y_test, verbose=0)[1], seconds, epochs


def spread(values: list[float]) -> str:
    """Return the mean in percent, and the smallest and largest value if there are several."""
    mean = f"{100 * statistics.mean(values):.2f}"
    return mean if len(values) == 1 else f"{mean} ({100 * min(values):.2f} to {100 * max(values):.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", type=int, nargs="+", help="claims to run, by number")
    parser.add_argument("--data-dir")
    arguments = parser.parse_args()
    try:
        data = {name: cs.datasets.load(name, arguments.data_dir) for name in (F, M)}
    except cs.errors.ConvoscopeError as error:
        sys.exit(str(error))
    print(f"means over {arguments.seeds} seeds, accuracies in percent, {cs.get_threads()} threads\n")
    print(f"{'':4}{'data':14} {'setting':40} {'claimed':18} {'training':24} {'test':24} {'epochs':>6} {'s/epoch':>8}")
    for setting in SETTINGS:
        if arguments.only and setting.claim not in arguments.only:
            continue
        results = [run(setting, data[setting.dataset], seed) for seed in range(1, arguments.seeds + 1)]
        training, test, seconds, epochs = (list(each) for each in zip(*results, strict=True))
        print(
            f"{setting.claim:<4}{setting.dataset:14} {setting.what:40} {setting.claimed:18} {spread(training):24} "
            f"{spread(test):24} {max(epochs):>6} {statistics.median(seconds):8.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()

"""Train the same networks with two engines, and print whether their accuracies agree.

PYTHONPATH=. python tools/compare_engines.py

The lesson's network on the digits and on MNIST (found in CONVOSCOPE_DATA or the cache), and ResNet-20 on
Fashion-MNIST's images at 32 × 32 × 3, some seeds each; then ResNet-20 on a few batches, whose losses must agree step by
step. Nothing is timed.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

import convoscope as cs
from benchmarks.known_networks import RESNET_20
from benchmarks.programs.keras_words import build

_BATCH = 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engines", nargs=2, default=["native", "torch"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=2, help="of MNIST; the digits get five times as many")
    parser.add_argument("--images", type=int, default=60_000, help="of MNIST")
    parser.add_argument("--residual-images", type=int, default=5_000, help="of Fashion-MNIST for ResNet-20; 0: none")
    parser.add_argument("--residual-epochs", type=int, default=4, help="of ResNet-20")
    parser.add_argument("--device", help="of the engine 'torch'; a GPU if there is one")
    told = parser.parse_args()
    for name, epochs in (("digits", 5 * told.epochs), ("mnist", told.epochs)):
        data = cs.datasets.load(name)
        found = {}
        for engine in told.engines:
            cs.use_engine(engine, told.device if engine == "torch" else None)
            found[engine] = [_accuracy(data, told.images, epochs, seed) for seed in range(told.seeds)]
        print(f"{name}, {epochs} epochs, {told.seeds} seeds: " + _words(found), flush=True)
    if told.residual_images:
        data = cs.datasets.load("fashion-mnist")
        found = {}
        for engine in told.engines:
            cs.use_engine(engine, told.device if engine == "torch" else None)
            found[engine] = [
                _residual_accuracy(data, told.residual_images, told.residual_epochs, seed) for seed in range(told.seeds)
            ]
        print(
            f"ResNet-20, {told.residual_images} images, {told.residual_epochs} epochs, {told.seeds} seeds: "
            + _words(found),
            flush=True,
        )
    losses = []
    for engine in told.engines:
        cs.use_engine(engine, told.device if engine == "torch" else None)
        losses.append(_first_losses())
    print(
        f"ResNet-20, {len(losses[0])} steps: losses {losses[0][0]:.4f} to {losses[0][-1]:.4f}, which differ by at most "
        f"{max(abs(one - other) for one, other in zip(*losses, strict=True)):.1e}"
    )


def _accuracy(data: Any, images: int, epochs: int, seed: int) -> float:
    layers = cs.layers
    model = cs.Sequential(
        [
            layers.Rescaling(1 / data.info.max_value, input_shape=(*data.x_train.shape[1:3], 1)),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, (3, 3) if data.x_train.shape[1] > 8 else 1, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.25),
            layers.Dense(10, activation="softmax"),
        ],
        seed=seed,
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(data.x_train[:images, ..., None], data.y_train[:images], epochs=epochs, verbose=0)
    return float(model.evaluate(data.x_test[..., None], data.y_test, verbose=0)[1])


def _residual_accuracy(data: Any, images: int, epochs: int, seed: int) -> float:
    """ResNet-20's accuracy on 2,000 test images, with a learning rate that falls to 0.

    With one that stays, accuracy depends on where the last steps lead: seeds differ by 14 points. The moving averages
    of batch normalization forget their start by 1 % a step: after fewer than some 500 steps the accuracy is chance.
    """
    cs.utils.set_random_seed(seed)
    model = build(cs, RESNET_20, from_bytes=True)
    rate = cs.optimizers.schedules.CosineDecay(2e-3, epochs * -(-images // _BATCH))
    model.compile(cs.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(_in_colour(data.x_train[:images]), data.y_train[:images], batch_size=_BATCH, epochs=epochs, verbose=0)
    return float(model.evaluate(_in_colour(data.x_test[:2000]), data.y_test[:2000], verbose=0)[1])


def _in_colour(images: Any) -> Any:
    """Grey images of 28 × 28 as CIFAR's: with a margin, three times the same channel."""
    return np.repeat(np.pad(images, ((0, 0), (2, 2), (2, 2)))[..., None], 3, axis=-1)


def _first_losses(steps: int = 6, batch: int = 16) -> list[float]:
    rng = np.random.default_rng(1)
    model = build(cs, RESNET_20, from_bytes=True)
    model.compile(cs.optimizers.SGD(0.01, momentum=0.9), "sparse_categorical_crossentropy")
    x, y = rng.integers(0, 256, (steps * batch, 32, 32, 3), np.uint8), rng.integers(0, 10, steps * batch)
    told: list[float] = []
    note = cs.callbacks.LambdaCallback(
        on_train_batch_begin=lambda *_: model.reset_metrics(),
        on_train_batch_end=lambda _, logs: told.append(logs["loss"]),
    )
    model.fit(x, y, batch_size=batch, epochs=1, shuffle=False, callbacks=[note], verbose=0)
    return told


def _words(found: dict[str, list[float]]) -> str:
    each = [f"{engine} {np.mean(own):.2%} ({', '.join(f'{one:.2%}' for one in own)})" for engine, own in found.items()]
    one, other = found.values()
    spread = np.sqrt(np.var(one, ddof=1) + np.var(other, ddof=1)) if len(one) > 1 else float("nan")
    return f"{', '.join(each)}; means differ by {abs(np.mean(one) - np.mean(other)):.2%}, seeds spread by {spread:.2%}"


if __name__ == "__main__":
    main()

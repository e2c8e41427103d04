"""Check the engine of PyTorch on a device: ``tools/check_gpu.sh`` runs it, and says how."""

from __future__ import annotations

import contextlib
import importlib
import statistics
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

import convoscope as cs
from benchmarks.known_networks import RESNET_20
from benchmarks.networks import LESSON, Network
from benchmarks.programs import keras_words, torch_words
from convoscope.engine.base import each
from convoscope.engine.torch import TorchEngine
from convoscope.layers import InputLayer

# By its name, as the tests are not typed as strictly as the tools.
layer_rows = importlib.import_module("tests.layers.rows")
_ALLOWED = 2e-3  # of the largest value: PyTorch sums in another order on each device


def main(device: str) -> int:
    """Run the checks, and return how many of them failed."""
    reduced = device == "cpu"
    cs.use_engine("torch", device)
    print(f"PyTorch {torch.__version__} on {_name(device)}")
    if reduced:
        print(
            "DEVICE=cpu: REDUCED. This shows that the script works, and says nothing of a GPU: few images and epochs."
        )
    checks: list[Callable[[], int]] = [
        partial(_layers, device),
        partial(_speed, LESSON, 512 if reduced else 60_000, 32, device, reduced),
        partial(_speed, RESNET_20, 64 if reduced else 50_000, 32 if reduced else 128, device, reduced),
        partial(_bf16, device, 2 if reduced else 10),
    ]
    failed = sum(_failures(check) for check in checks)
    print("all checks passed" if not failed else f"{failed} failed")
    return failed


def _failures(check: Callable[[], int]) -> int:
    """Run a check: one that breaks off is a failure, and the others are done all the same."""
    try:
        return check()
    except Exception:
        traceback.print_exc()
        return 1


def _name(device: str) -> str:
    return torch.cuda.get_device_name(device) if device.startswith("cuda") else device


def _layers(device: str) -> int:
    """Compare outputs and gradients of every layer with those on the processor."""
    rows = [row for row in layer_rows.ROWS if not isinstance(row.layer, InputLayer)]
    wrong = []
    for row in rows:
        difference = max(_difference(row, device, training) for training in (False, True))
        if not difference <= _ALLOWED:
            wrong.append(f"  {row.layer!r} of {row.takes}: {difference:.1e} of the largest value")
    print(f"layers: {len(rows) - len(wrong)} of {len(rows)} agree with the processor, forward and backward")
    print("\n".join(wrong), end="\n" if wrong else "")
    return len(wrong)


def _difference(row: Any, device: str, training: bool) -> float:
    generator = np.random.default_rng(5)
    plan = row.plan()
    weights = [weight.astype(np.float32) for weight in layer_rows.weights_for(row, generator)]
    x = layer_rows.single(row.inputs(generator, 3))
    sent_back = generator.normal(size=(3, *row.makes)).astype(np.float32)
    found = []
    for engine in (TorchEngine(device), TorchEngine("cpu")):
        made = engine.prepare(plan, weights).pullback(x, sent_back, training=training, seed=6, iteration=7)
        found.append([made.outputs, *each(made.input, 1), *(w for w in made.weights if w is not None)])
    pairs = zip(*found, strict=True)
    return max(
        float(np.abs(one - other).max(initial=0)) / max(1.0, float(np.abs(other).max(initial=0)))
        for one, other in pairs
    )


def _speed(network: Network, images: int, batch: int, device: str, reduced: bool) -> int:
    """Time epochs beside the same network and loop written in PyTorch."""
    rng = np.random.default_rng(1)
    x = rng.integers(0, 256, (images, *network.input), np.uint8)
    y = rng.integers(0, 10, images)
    failed = 0
    for precision in ("float32",) if reduced else ("float32", "tf32", "bf16"):
        cs.use_engine("torch", device, precision)
        model = keras_words.build(cs, network, from_bytes=True)
        keras_words.compile_model(model)
        ours = _median(lambda model=model: model.fit(x, y, batch_size=batch, epochs=1, verbose=0), reduced)  # type: ignore[misc]
        theirs = _median(_by_hand(network, x, y, batch, device, precision), reduced)
        told = f"{network.name}, batch {batch}, {images:,} images, {precision}: {ours:.2f} s an epoch"
        late = not reduced and ours > 1.05 * theirs
        failed += late
        print(
            f"{told}; in PyTorch by hand {theirs:.2f} s ({theirs / ours:.2f} times as long)"
            + (" SLOWER" if late else "")
        )
    return failed


def _median(epoch: Callable[[], Any], reduced: bool) -> float:
    """Return the seconds of an epoch: the median of three after the first, which warms up."""
    seconds = []
    for _ in range(2 if reduced else 4):
        begun = time.perf_counter()
        epoch()
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds[1:])


def _by_hand(network: Network, x: Any, y: Any, batch: int, device: str, precision: str) -> Callable[[], None]:
    """Return an epoch as one writes it in PyTorch: data on the device, channels last, Adam in one launch."""
    model = torch_words.build(network, "channels_last", logits=True).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7, fused=device.startswith("cuda"))
    criterion = torch.nn.CrossEntropyLoss()
    data, labels = torch.from_numpy(x).to(device), torch.from_numpy(y).to(device)
    torch.backends.cudnn.benchmark = True
    mixed = precision == "bf16"

    def epoch() -> None:
        torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
        torch.backends.cudnn.allow_tf32 = precision == "tf32"
        total = torch.zeros((), device=device)
        order = torch.randperm(len(data), device=device)
        for first in range(0, len(data), batch):
            rows = order[first : first + batch]
            images = (data[rows].float() / 255).permute(0, 3, 1, 2)
            optimizer.zero_grad()
            with torch.autocast(device.partition(":")[0], torch.bfloat16) if mixed else contextlib.nullcontext():
                loss = criterion(model(images), labels[rows])
            loss.backward()
            optimizer.step()
            total += loss.detach()
        float(total)  # waits for the device

    return epoch


def _bf16(device: str, epochs: int) -> int:
    """Compare the accuracy of bfloat16 on the digits with that of single precision: means of three seeds."""
    data = cs.datasets.load("digits")
    found = {}
    for precision in ("float32", "bf16"):
        cs.use_engine("torch", device, precision)
        correct = []
        for seed in range(3):
            layers = cs.layers
            model = cs.Sequential(
                [
                    layers.Rescaling(1 / 16, input_shape=(8, 8, 1)),
                    layers.Conv2D(32, 3, padding="same", activation="relu"),
                    layers.BatchNormalization(),
                    layers.MaxPooling2D(),
                    layers.Flatten(),
                    layers.Dropout(0.3),
                    layers.Dense(10, activation="softmax"),
                ],
                seed=seed,
            )
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(data.x_train[..., None], data.y_train, epochs=epochs, verbose=0)
            correct.append(model.evaluate(data.x_test[..., None], data.y_test, verbose=0)[1])
        found[precision] = float(np.mean(correct))
    good = abs(found["bf16"] - found["float32"]) < 0.01
    print(f"digits, {epochs} epochs, three seeds: " + ", ".join(f"{name} {mean:.2%}" for name, mean in found.items()))
    return int(not good)


if __name__ == "__main__":
    sys.exit(min(1, main(sys.argv[1])))

"""Seconds an epoch of the lesson's network: Convoscope beside PyTorch, interleaved, on the same processors.

    python benchmarks/lesson_epoch.py                  # 5 rounds, batch 32, all 60,000 images
    python benchmarks/lesson_epoch.py --rounds 3 --images 20000

The network: 28×28×1, Conv 64 3×3 ReLU, MaxPool 2, Conv 64 3×3 ReLU, MaxPool 2, Dense 128 ReLU, Dense 10; Adam;
Fashion-MNIST (give its folder with --data-dir if it is not in the cache). Every measurement is a process of its own: it
trains a warm-up of 3,200 images and then one epoch, which counts. PyTorch gets its best layout (channels_last, laid out
explicitly), all of the data in one tensor, and an allocator that does not give memory back after every batch.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time

WARM_UP = 3_200
MALLOC = {"MALLOC_TRIM_THRESHOLD_": "1000000000", "MALLOC_MMAP_THRESHOLD_": "1000000000"}


def convoscope_epoch(images: int, batch: int, threads: int, data_dir: str | None) -> float:
    import convoscope as cs

    cs.set_threads(threads)
    cs.use_engine("native")
    (x, y), _ = cs.datasets.fashion_mnist.load_data(data_dir=data_dir)
    x, y = x[:images, ..., None], y[:images]
    model = cs.Sequential(
        [
            cs.Input(shape=(28, 28, 1)),
            cs.layers.Rescaling(1 / 255),
            cs.layers.Conv2D(64, 3, activation="relu"),
            cs.layers.MaxPooling2D(2),
            cs.layers.Conv2D(64, 3, activation="relu"),
            cs.layers.MaxPooling2D(2),
            cs.layers.Flatten(),
            cs.layers.Dense(128, activation="relu"),
            cs.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x[:WARM_UP], y[:WARM_UP], batch_size=batch, epochs=1, verbose=0)
    start = time.perf_counter()
    model.fit(x, y, batch_size=batch, epochs=1, verbose=0)
    return time.perf_counter() - start


def pytorch_epoch(images: int, batch: int, threads: int, data_dir: str | None) -> float:
    import numpy as np
    import torch
    from torch import nn

    import convoscope as cs

    torch.set_num_threads(threads)
    (x, y), _ = cs.datasets.fashion_mnist.load_data(data_dir=data_dir)
    data = torch.from_numpy(x[:images].astype(np.float32) / 255).reshape(-1, 1, 28, 28)
    labels = torch.from_numpy(y[:images].astype(np.int64))
    # With one channel the channels_last flag says nothing: strides are set as if there were more.
    data = data.as_strided(data.size(), (784, 1, 28, 1))
    model = nn.Sequential(
        nn.Conv2d(1, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(64, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(1600, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    ).to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7)
    criterion = nn.CrossEntropyLoss()

    def epoch(count: int) -> None:
        order = torch.randperm(count)
        for first in range(0, count, batch):
            rows = order[first : first + batch]
            optimizer.zero_grad()
            criterion(model(data[rows]), labels[rows]).backward()
            optimizer.step()

    epoch(WARM_UP)
    start = time.perf_counter()
    epoch(len(data))
    return time.perf_counter() - start


PEERS = {"convoscope": convoscope_epoch, "pytorch": pytorch_epoch}


def measure(peer: str, arguments: argparse.Namespace) -> float:
    """Return the seconds of one epoch, measured in a process of its own."""
    command = [sys.executable, __file__, "--peer", peer, "--images", str(arguments.images)]
    command += ["--batch", str(arguments.batch), "--threads", str(arguments.threads)]
    command += ["--data-dir", arguments.data_dir] if arguments.data_dir else []
    done = subprocess.run(command, env={**os.environ, **MALLOC}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{peer} failed:\n{done.stderr}")
    return float(json.loads(done.stdout.splitlines()[-1])["seconds"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=60_000)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--data-dir")
    parser.add_argument("--peer", choices=PEERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer:
        seconds = PEERS[arguments.peer](arguments.images, arguments.batch, arguments.threads, arguments.data_dir)
        print(json.dumps({"seconds": seconds}))
        return
    times: dict[str, list[float]] = {peer: [] for peer in PEERS}
    for number in range(arguments.rounds):
        for peer in PEERS:
            times[peer].append(measure(peer, arguments))
        print(f"round {number + 1}: " + ", ".join(f"{peer} {times[peer][-1]:.2f} s" for peer in PEERS), flush=True)
    print(
        f"\n{platform.machine()}, {arguments.threads} threads, batch {arguments.batch}, {arguments.images:,} images, "
        f"load average {os.getloadavg()[0]:.2f}, medians of {arguments.rounds} interleaved runs"
    )
    medians = {peer: statistics.median(seconds) for peer, seconds in times.items()}
    for peer, seconds in times.items():
        print(f"{peer:12} {medians[peer]:6.2f} s an epoch   ({min(seconds):.2f} to {max(seconds):.2f})")
    print(f"ratio pytorch / convoscope: {medians['pytorch'] / medians['convoscope']:.2f}")


if __name__ == "__main__":
    main()

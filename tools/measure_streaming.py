"""Train on a folder of photos that is larger than what may lie in memory, and say how busy the processor was.

    python tools/measure_streaming.py [images] [folder]

Makes so many JPEG files (3,000) of 480×360 pixels in a folder (a temporary one), trains a small network on them with
`image_dataset_from_directory`, and prints: the share of the processors' time that was used, by the clock; the same
without what other programs took meanwhile (time in which a thread of ours was ready to run and had to wait counts as
used, up to all processors); the most memory that the process held, beside what all images take in one array.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from PIL import Image

import convoscope as cs

SIDE, CLASSES = 128, 4
_EVERY = 0.02  # seconds between two looks at the threads


class Watch(threading.Thread):
    """Counts how many threads of this process run or are ready to run."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.ready: list[int] = []
        self.over = threading.Event()

    def run(self) -> None:
        own = threading.get_native_id()
        while not self.over.wait(_EVERY):
            count = 0
            for task in os.listdir("/proc/self/task"):
                try:
                    state = Path(f"/proc/self/task/{task}/stat").read_text().rpartition(")")[2].split()[0]
                except OSError:  # it has ended meanwhile
                    continue
                count += state == "R" and int(task) != own
            self.ready.append(count)


def make(folder: Path, count: int) -> None:
    """Write photos of noise and waves: files as large as those of cameras of that size."""
    generator = np.random.default_rng(0)
    y, x = np.mgrid[:360, :480]
    for number in range(count):
        waves = 90 + 60 * np.sin(x / (9 + number % 17)) + 40 * np.cos(y / (5 + number % 11))
        photo = waves[..., None] + generator.normal(0, 18, (360, 480, 3))
        path = folder / f"class {number % CLASSES}" / f"{number:05d}.jpg"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(np.clip(photo, 0, 255).astype(np.uint8)).save(path, quality=92)


def measure(folder: Path, count: int) -> None:
    """Train for an epoch, after a few batches that make what is made once, and print its figures."""
    data = cs.utils.image_dataset_from_directory(folder, image_size=(SIDE, SIDE), batch_size=32, seed=1)
    model = cs.Sequential(
        [
            cs.Input((SIDE, SIDE, 3)),
            cs.layers.Rescaling(1 / 255),
            cs.layers.Conv2D(16, 3, activation="relu"),
            cs.layers.MaxPooling2D(),
            cs.layers.Conv2D(32, 3, activation="relu"),
            cs.layers.MaxPooling2D(),
            cs.layers.Flatten(),
            cs.layers.Dense(CLASSES, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(data.take(4), verbose=0)
    cores, watch = len(os.sched_getaffinity(0)), Watch()
    watch.start()
    began, used = time.perf_counter(), time.process_time()
    model.fit(data, verbose=0)
    wall, used = time.perf_counter() - began, time.process_time() - used
    watch.over.set()
    watch.join()
    wanted = float(np.minimum(watch.ready, cores).mean()) / cores
    whole = count * SIDE * SIDE * 3 * 4
    print(f"{count} images in {wall:.1f} s on {cores} cores, {count / wall:.0f} a second")
    print(f"processor used by this process: {used / wall / cores:.1%}; used or waited for: {wanted:.1%}")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"most memory: {most:.0f} MB; all images: {whole / 1e6:.0f} MB; load at the end: {os.getloadavg()[0]:.1f}")


def main() -> None:
    """Make the folder and measure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(temporary)
        if not any(folder.iterdir()):
            make(folder, count)
        measure(folder, count)


if __name__ == "__main__":
    main()

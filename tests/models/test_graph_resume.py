"""A network with branches is killed while it trains, and ends where an uninterrupted run ends."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import convoscope as cs

PROGRAM = """
import sys
import numpy as np
import convoscope as cs

def block(x, filters, strides=1):
    y = cs.layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
    y = cs.layers.ReLU()(cs.layers.BatchNormalization()(y))
    y = cs.layers.BatchNormalization()(cs.layers.Conv2D(filters, 3, padding="same", use_bias=False)(y))
    if strides != 1:
        x = cs.layers.Conv2D(filters, 1, strides=strides)(x)
    return cs.layers.ReLU()(x + y)

def make():
    cs.utils.set_random_seed(3)
    inputs = cs.Input(shape=(12, 12, 3))
    x = block(block(cs.layers.Conv2D(8, 3, padding="same")(inputs), 8), 16, 2)
    x = cs.layers.Dropout(0.2)(cs.layers.GlobalAveragePooling2D()(x))
    model = cs.Model(inputs, cs.layers.Dense(4, activation="softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model

def data():
    generator = np.random.default_rng(0)
    return generator.random((192, 12, 12, 3), np.float32), generator.integers(0, 4, 192)

class Say(cs.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        print(epoch + 1, flush=True)

if __name__ == "__main__":
    cs.set_threads(2)
    path = sys.argv[1]
    make().fit(*data(), epochs=400, verbose=0, callbacks=[cs.callbacks.ModelCheckpoint(path), Say()])
"""


def test_a_killed_run_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(path)], stdout=subprocess.PIPE, encoding="utf-8")
    assert process.stdout is not None
    while int(process.stdout.readline()) < 3:
        pass
    time.sleep(0.02)  # into the middle of an epoch, or of a file
    process.kill()
    process.wait()
    process.stdout.close()
    cs.set_threads(2)  # as the program does: sums are added in another order by another number
    names: dict[str, object] = {"__name__": "program"}
    exec(PROGRAM, names)
    found = cs.load_model(path)
    steps = 6  # of an epoch
    epoch, rest = divmod(found.optimizer.iterations, steps)
    assert rest == 0
    assert epoch >= 3
    x, y = names["data"]()  # type: ignore[operator]
    found.fit(x, y, epochs=epoch + 2, initial_epoch=epoch, verbose=0)
    whole = names["make"]()  # type: ignore[operator]
    whole.fit(x, y, epochs=epoch + 2, verbose=0)
    for own, other in zip(found.weights, whole.weights, strict=True):
        np.testing.assert_array_equal(own, other)

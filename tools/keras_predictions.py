"""Keras' half of ``tools/make_interchange_table.py``: for each folder on standard input, predict with its model.

A folder has ``model.keras`` and ``inputs.npz``; ``outputs.npz`` is written, and ``done`` or what went wrong printed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf


def main() -> None:
    """Say the versions, then answer a line at a time."""
    print(f"Keras {keras.__version__} with TensorFlow {tf.__version__}", flush=True)
    for line in sys.stdin:
        folder = Path(line.strip())
        try:
            model = keras.models.load_model(folder / "model.keras", compile=False)
            with np.load(folder / "inputs.npz") as kept:
                inputs = [kept[name] for name in kept.files]
            told = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
            np.savez(folder / "outputs.npz", *(told if isinstance(told, list) else [told]))
        except Exception as error:  # whatever Keras raises is a finding, and the next model is asked for
            print(f"{type(error).__name__}: {error}".replace("\n", " "), flush=True)
        else:
            print("done", flush=True)
        keras.backend.clear_session()


if __name__ == "__main__":
    main()

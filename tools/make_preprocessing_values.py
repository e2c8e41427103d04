"""Write ``tests/preprocessing/keras_values.npz``: what Keras answers to ``tests/preprocessing/cases.py``.

Run in an environment that has Keras 3, TensorFlow, SciPy, pandas and Pillow, and not Convoscope:
``python tools/make_preprocessing_values.py``. The committed file is from Keras 3.15.1, TensorFlow 2.21.0, SciPy 1.17.1,
pandas 3.1.1 and Pillow 13.0.0.
"""

from __future__ import annotations

import os
import sys
import tempfile
import warnings
from pathlib import Path
from types import SimpleNamespace

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pandas as pd  # type: ignore[import-untyped, unused-ignore]
from keras.src.legacy.preprocessing import image as legacy

FOLDER = Path(__file__).parent.parent / "tests" / "preprocessing"
sys.path.insert(0, str(FOLDER))

import cases  # type: ignore[import-not-found]  # noqa: E402 - found by the line above

warnings.filterwarnings("ignore", message="Found 1 invalid")
with tempfile.TemporaryDirectory() as folder:
    table = pd.DataFrame(cases.make_folder(Path(folder)))
    answers = {
        "changes": cases.ask_changes(legacy),
        "flows": cases.ask_flows(legacy),
        "fitted": cases.ask_fitted(legacy),
        "folders": cases.ask_folders(legacy, Path(folder)),
        "tables": cases.ask_tables(legacy, Path(folder), table),
        "resized": cases.ask_resized(SimpleNamespace(smart_resize=keras.preprocessing.image.smart_resize)),
    }
np.savez_compressed(
    FOLDER / "keras_values.npz",
    **{f"{group} | {name}": value for group, found in answers.items() for name, value in found.items()},
)

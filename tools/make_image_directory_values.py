"""Write tests/data/image_directory_values.json.gz: what Keras reads of the folder that tests/data/folder.py makes.

pip install keras==3.15.1 tensorflow-cpu==2.21.0 pillow
python tools/make_image_directory_values.py
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "KERAS_BACKEND": "tensorflow"}

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

FOLDER = Path(__file__).parent.parent / "tests" / "data"
sys.path.insert(0, str(FOLDER))

from folder import (  # type: ignore[import-not-found]  # noqa: E402 - found by the line above
    CASES,
    SEEDED,
    batches,
    make,
    types,
)

load = keras.utils.image_dataset_from_directory


def main() -> None:
    """Compute and write."""
    values: dict[str, Any] = {"keras": keras.__version__}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder)
        for case, options in {**CASES, **SEEDED}.items():
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                made = load(name, **options)
            parts = made if isinstance(made, list) else [made]
            values[case] = {
                "files": [[os.path.relpath(path, name) for path in part.file_paths] for part in parts],
                "class_names": parts[0].class_names,
                "printed": printed.getvalue(),
            }
            if case in CASES:
                values[case] |= {"types": types(parts[0]), "batches": [batches(part) for part in parts]}
    colours = np.random.default_rng(5).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(colours).save(buffer, "PNG")
    values["grey"] = tf.io.decode_png(buffer.getvalue(), channels=1).numpy()[..., 0].tolist()
    text = json.dumps(values, separators=(",", ":")).encode()
    (FOLDER / "image_directory_values.json.gz").write_bytes(gzip.compress(text, mtime=0))


if __name__ == "__main__":
    main()

"""Write tests/data/dataset_values.json: what TensorFlow's Dataset gives of the pipelines in tests/data/pipelines.py.

pip install tensorflow-cpu==2.21.0
python tools/make_dataset_values.py
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}

import tensorflow as tf

FOLDER = Path(__file__).parent.parent / "tests" / "data"
sys.path.insert(0, str(FOLDER))

from pipelines import (  # type: ignore[import-not-found]  # noqa: E402 - found by the line above
    PIPELINES,
    described,
    plain,
)


def main() -> None:
    """Compute and write."""
    values = {}
    for name, pipeline in PIPELINES.items():
        dataset = pipeline(tf.data.Dataset)
        values[name] = {
            "elements": [plain(element) for element in dataset.as_numpy_iterator()],
            "cardinality": int(dataset.cardinality()),
            "spec": described(dataset.element_spec),
        }
    text = json.dumps({"tensorflow": tf.__version__, "pipelines": values}, separators=(",", ":"))
    (FOLDER / "dataset_values.json").write_text(text.replace('},"', '},\n"') + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Write ``tests/models/keras_tables.json``: what Keras itself prints for the networks of ``test_summary.py``.

Run in an environment that has Keras 3: ``COLUMNS=200 python tools/make_keras_tables.py``.
"""

from __future__ import annotations

import json
from pathlib import Path

import keras
from keras import layers

WIDTHS = (40, 50, 63, 65, 76, 80, 88, 119)


def two_convolutions() -> list[layers.Layer]:
    return [
        layers.Conv2D(64, (3, 3), activation="relu"),
        layers.MaxPooling2D(2, 2),
        layers.Conv2D(64, (3, 3), activation="relu"),
        layers.MaxPooling2D(2, 2),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]


def one_convolution() -> list[layers.Layer]:
    return [
        layers.Conv2D(32, (3, 3), activation="relu"),
        layers.MaxPooling2D(2, 2),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]


def odd_ones() -> list[layers.Layer]:
    return [
        layers.Conv2D(64, 3, use_bias=False, trainable=False),
        layers.BatchNormalization(name="a_name_so_long_that_it_fits_in_no_column_of_the_table_whatever_its_width"),
        layers.ReLU(),
        layers.LeakyReLU(),
        layers.GlobalAveragePooling2D(),
        layers.Dense(30000),
    ]


tables = {"keras": keras.__version__}
for make in (two_convolutions, one_convolution, odd_ones):
    for width in WIDTHS:
        keras.backend.clear_session()
        model = keras.Sequential([keras.Input((28, 28, 1)), *make()])
        pieces: list[str] = []
        model.summary(line_length=width, print_fn=pieces.append)
        tables[f"{make.__name__} {width}"] = [line.rstrip() for line in "".join(pieces).rstrip("\n").split("\n")]
(Path(__file__).parents[1] / "tests/models/keras_tables.json").write_text(
    json.dumps(tables, indent=1, ensure_ascii=False) + "\n"
)

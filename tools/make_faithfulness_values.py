"""Compute what the page's judgement of heat maps is held to, and its activation maximization.

``python tools/make_faithfulness_values.py`` needs Convoscope alone, whose functions are held to their definitions by
tests/explore/test_faithfulness.py and test_maximize.py. Writes ``tests/web/faithfulness.json`` and two small networks,
``tests/web/faithful-*.safetensors``: ``node --test tests/web/`` reads them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

import convoscope as cs
from convoscope.engine.select import use
from convoscope.explore.heat_maps import enlarged
from convoscope.explore.random_numbers import numbers

FOLDER = Path(__file__).parent.parent / "tests" / "web"
CLASS, CHANNEL, ORDERS = 1, 1, 5


def colour() -> cs.Sequential:
    """Two convolutions; three classes."""
    return cs.Sequential(
        [
            cs.layers.Conv2D(6, 3, activation="relu", input_shape=(14, 12, 3)),
            cs.layers.MaxPooling2D(),
            cs.layers.Conv2D(5, 3, activation="relu"),
            cs.layers.Flatten(),
            cs.layers.Dense(8, activation="relu"),
            cs.layers.Dense(3, activation="softmax"),
        ],
        seed=3,
    )


def single() -> cs.Sequential:
    """Rows and columns without channels, and one logit."""
    return cs.Sequential(
        [
            cs.layers.Reshape((9, 8, 1), input_shape=(9, 8)),
            cs.layers.Conv2D(3, 3, padding="same"),
            cs.layers.BatchNormalization(),
            cs.layers.ReLU(),
            cs.layers.GlobalAveragePooling2D(),
            cs.layers.Dense(1),
        ],
        seed=4,
    )


def written(array: Any) -> Any:
    """Return numbers as JSON has them; seven digits are what single precision holds."""
    values = np.asarray(array)
    return np.array([float(f"{value:.7g}") for value in values.ravel()]).reshape(values.shape).tolist()


def values_of(model: cs.Sequential, layer: int) -> dict[str, Any]:
    """Return what there is to know of a random image, and of a filter."""
    shape: tuple[int, ...] = model.plan_input_shapes[0]
    height, width, *_ = shape
    image = numbers(11, int(np.prod(shape))).astype(np.float32).reshape(shape)
    found = cs.explore.faithfulness(model, image, CLASS, layer=layer, orders=ORDERS)
    (raw,) = cs.explore.grad_cam(model, image, min(CLASS, model.output_shape[-1] - 1), layer).raw
    made = cs.explore.maximize(model, layer, CHANNEL, seeds=1, jitter=1)
    assert found.randomization is not None
    return {
        "position": layer,
        "shape": list(shape),
        "image": image.astype(float).ravel().tolist(),
        "map": {"shape": [*raw.shape, 1], "data": raw.astype(float).ravel().tolist()},
        "enlarged": written(enlarged(raw.astype(np.float64)[None], height, width).ravel()),
        "deletion": written(found.deletion[0]),
        "insertion": written(found.insertion[0]),
        "random": written(found.random[:, 0]),
        "areas": written([found.auc.deletion[0], found.auc.insertion[0], found.auc.random[0]]),
        "correlations": written(found.randomization.spearman[0, :, 0]),
        "maximized": {"image": written(made.images[0].ravel()), "value": float(made.values[0])},
    }


def main() -> None:
    """Write the files."""
    use("reference")
    found: dict[str, Any] = {"numbers": numbers(7, 4).tolist()}
    for name, model, layer in (("colour", colour(), 2), ("single", single(), 1)):
        model.save(FOLDER / f"faithful-{name}.safetensors", include_optimizer=False)
        found[name] = values_of(model, layer)
    (FOLDER / "faithfulness.json").write_text(json.dumps(found) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

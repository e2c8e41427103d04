"""What the scripts that record Keras' values share: cases and their numbers, and a stack of layers run by Keras.

Layers are computed in double precision. Inputs, weights and the gradients sent back are multiples of 1/4096 kept as
16-bit integers, so that single precision holds them exactly; what Keras found is kept in single precision.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

Array = npt.NDArray[Any]
Description = dict[str, Any]

FOLDER = Path(__file__).parent.parent / "tests" / "values"
UNIT = 4096  # given numbers are whole multiples of 1/UNIT


class Recorder:
    """Cases with their arrays, gathered into one file: JSON, all given numbers in a row, all found numbers in a row."""

    def __init__(self) -> None:
        self.cases: list[Description] = []
        self.given: list[Array] = []
        self.found: list[Array] = []

    def add(self, case: Description, given: dict[str, Array], found: dict[str, Array]) -> None:
        """Add a case: what it is, the arrays that go in, the arrays that Keras made of them."""
        self.cases.append(
            {
                **case,
                "given": {name: list(array.shape) for name, array in given.items()},
                "found": {name: list(array.shape) for name, array in found.items()},
            }
        )
        for array in given.values():
            whole = np.rint(array * UNIT)
            assert np.array_equal(whole / UNIT, array), f"{case['name']}: not a multiple of 1/{UNIT}"
            assert np.abs(whole).max(initial=0) < 2**15, f"{case['name']}: too big for 16 bits"
            self.given.append(whole.astype(np.int16).ravel())
        self.found += [np.asarray(array, np.float32).ravel() for array in found.values()]

    def write(self, name: str) -> None:
        """Write ``tests/values/<name>.npz``."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        path = FOLDER / f"{name}.npz"
        given, found = np.concatenate(self.given), np.concatenate(self.found)
        np.savez_compressed(path, cases=np.array(json.dumps(self.cases)), given=given, found=found)
        print(f"{path.name}: {len(self.cases)} cases, {path.stat().st_size} bytes")


class Draw:
    """Numbers that 16 bits hold exactly."""

    def __init__(self, name: str) -> None:
        self._generator = np.random.default_rng(list(name.encode()))

    def normal(self, shape: tuple[int, ...], scale: float = 1.0) -> Array:
        values = self._generator.standard_normal(shape) * scale
        return np.clip(np.rint(values * UNIT), -32000, 32000) / UNIT

    def positive(self, shape: tuple[int, ...]) -> Array:
        return np.abs(self.normal(shape)) + 0.25

    def classes(self, shape: tuple[int, ...], count: int) -> Array:
        return self._generator.integers(0, count, shape).astype(np.float64) / UNIT

    def shares(self, shape: tuple[int, ...]) -> Array:
        """Return probabilities that sum to 1 along the last axis, to 1/UNIT."""
        raw = self._generator.dirichlet(np.ones(shape[-1]), shape[:-1])
        whole = np.floor(raw * UNIT)
        whole[..., 0] += UNIT - whole.sum(axis=-1)
        return whole / UNIT


def layer(kind: str, **config: Any) -> Description:
    """Describe a layer; its arguments are both Keras' and ours."""
    return {"class_name": kind, "config": config}


def keras_layers(description: Description) -> list[Any]:
    """Return the Keras layers that mean the same. The smallest of a window is minus the biggest of the negatives."""
    kind, config = description["class_name"], description["config"]
    if kind == "MinPooling2D":
        return [keras.layers.Rescaling(-1.0), keras.layers.MaxPooling2D(**config), keras.layers.Rescaling(-1.0)]
    return [getattr(keras.layers, kind)(**config)]


def record_stack(
    recorder: Recorder,
    name: str,
    input_shape: tuple[int, ...],
    layers: list[Description],
    *,
    batch: int = 2,
    training: bool = False,
) -> None:
    """Run a stack of layers forward and backward in Keras, in double precision."""
    draw = Draw(name)
    model = keras.Sequential([keras.Input(input_shape), *(k for d in layers for k in keras_layers(d))])
    weights = []
    for variable in model.weights:
        shape = tuple(variable.shape)
        drawn = draw.positive(shape) if variable.name in ("gamma", "moving_variance", "variance") else None
        weights.append(draw.normal(shape, 1.0 / np.sqrt(max(1, np.prod(shape[:-1])))) if drawn is None else drawn)
    model.set_weights(weights)
    for each in model.layers:
        if isinstance(each, keras.layers.Normalization):
            each.finalize_state()  # it has copies of its weights
    x = draw.normal((batch, *input_shape))
    seen = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(seen)
        outputs = model(seen, training=training)
        sent_back = draw.normal(tuple(outputs.shape))
        total = tf.reduce_sum(outputs * sent_back)
    trainable = [variable.value for variable in model.trainable_variables]
    input_gradient, weight_gradients = tape.gradient(total, (seen, trainable))
    given = {"x": x, "output_gradient": sent_back, **{f"weight {i}": w for i, w in enumerate(weights)}}
    found = {"outputs": outputs.numpy(), "input": input_gradient.numpy()}
    found |= {f"weight {i}": gradient.numpy() for i, gradient in enumerate(weight_gradients)}
    case = {"name": name, "input_shape": list(input_shape), "layers": layers, "training": training}
    recorder.add(case, given, found)


def case_name(shape: tuple[int, ...], description: Description, batch: int) -> str:
    """Name a case after its layer, its input and its batch."""
    settings = ", ".join(f"{key}={value}" for key, value in description["config"].items())
    return f"{description['class_name']}({settings}) on {batch} of {'x'.join(map(str, shape))}"

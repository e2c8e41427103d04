"""Programs that train models with several inputs and outputs, in words that Keras and we share.

A program takes the library, ``keras`` or ``convoscope``, and says what is to be trained, how, and on what.
``tools/make_program_values.py`` runs them in Keras, `test_programs` here: from the same weights, with the same data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

BATCH, STEPS = 5, 8
COUNT = BATCH * STEPS - 2  # the last batch is smaller
# Batches of `fit` are all of a size, also those of the quarter that is held out: in TensorFlow's graphs Keras takes the
# loss of each of several outputs as the mean over batches, and not over samples, so that it does not add up.
FIT = {"batch_size": 2, "epochs": 2, "validation_split": 0.25, "shuffle": False, "verbose": 0}
SPARSE = "sparse_categorical_crossentropy"


@dataclass
class Program:
    """A model that is not compiled yet, the arguments of `compile`, and the data."""

    model: Any
    compiled: dict[str, Any]
    x: Any
    y: Any
    sample_weight: Any = None


class Data:
    """Random arrays, the same wherever they are drawn."""

    def __init__(self, name: str) -> None:
        self._generator = np.random.default_rng(list(name.encode()))

    def images(self, *shape: int) -> Any:
        return self._generator.standard_normal((COUNT, *shape)).astype(np.float32)

    def classes(self, count: int) -> Any:
        return self._generator.integers(0, count, COUNT)

    def shares(self, *shape: int) -> Any:
        return self._generator.random((COUNT, *shape)).astype(np.float32)


def first_weights(model: Any) -> list[Any]:
    """Return weights for all of a model's arrays; what has one axis is positive, as a variance has to be."""
    generator = np.random.default_rng(7)
    made = []
    for weight in model.get_weights():
        spread = 0.7 / np.sqrt(max(1, np.prod(weight.shape[:-1])))
        drawn = generator.standard_normal(weight.shape) * spread
        made.append((drawn if weight.ndim > 1 else 0.75 + 0.2 * np.tanh(drawn)).astype(np.float32))
    return made


def part(data: Any, rows: slice) -> Any:
    """Return some of the samples of arrays, lists of them, or dicts."""
    if isinstance(data, dict):
        return {name: part(array, rows) for name, array in data.items()}
    if isinstance(data, (list, tuple)):
        return [part(array, rows) for array in data]
    return None if data is None else data[rows]


# ---- the programs


def two_outputs_with_loss_weights(k: Any) -> Program:
    data, layers = Data("two outputs"), k.layers
    inputs = k.Input(shape=(8, 7, 2))
    x = layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    x = layers.Add()([x, layers.Conv2D(4, 3, padding="same")(x)])
    features = layers.GlobalAveragePooling2D()(x)
    kind = layers.Dense(3, activation="softmax", name="kind")(features)
    size = layers.Dense(2, name="size")(layers.Dense(5, activation="tanh")(features))
    compiled = {"loss": [SPARSE, "mse"], "loss_weights": [0.7, 2.5]}
    return Program(k.Model(inputs, [kind, size]), compiled, data.images(8, 7, 2), [data.classes(3), data.shares(2)])


def two_inputs(k: Any) -> Program:
    data, layers = Data("two inputs"), k.layers
    image, facts = k.Input(shape=(6, 6, 1), name="image"), k.Input(shape=(3,), name="facts")
    x = layers.Flatten()(layers.MaxPooling2D()(layers.Conv2D(3, 3, activation="relu")(image)))
    x = layers.Concatenate()([x, layers.Dense(4, activation="relu")(facts)])
    model = k.Model([image, facts], layers.Dense(1, activation="sigmoid", name="yes")(x))
    compiled = {"loss": "binary_crossentropy", "metrics": ["accuracy", "mse"]}
    return Program(model, compiled, [data.images(6, 6, 1), data.images(3)], data.classes(2))


def a_shared_layer(k: Any) -> Program:
    data, layers = Data("shared"), k.layers
    left, right = k.Input(shape=(6,)), k.Input(shape=(6,))
    shared = layers.Dense(4, activation="tanh", name="shared")
    a, b = shared(left), shared(right)
    far = layers.Dense(1, name="far")(layers.Subtract()([a, b]))
    same = layers.Dense(2, activation="softmax", name="same")(layers.Concatenate()([a, b]))
    compiled = {"loss": {"far": "mse", "same": SPARSE}, "loss_weights": {"far": 0.1, "same": 1.0}}
    compiled["metrics"] = {"same": "accuracy"}
    x, y = [data.images(6), data.images(6)], [data.shares(1), data.classes(2)]
    return Program(k.Model([left, right], [far, same]), compiled, x, y)


def a_frozen_base(k: Any) -> Program:
    data, layers = Data("frozen"), k.layers
    inputs = k.Input(shape=(8, 8, 3))
    x = layers.Conv2D(4, 3, use_bias=False)(inputs)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    base = k.Model(inputs, layers.Add()([x, layers.Conv2D(4, 1, activation="relu")(x)]), name="base")
    base.trainable = False
    photo = k.Input(shape=(8, 8, 3))
    x = layers.GlobalAveragePooling2D()(base(photo))
    model = k.Model(photo, layers.Dense(4, activation="softmax", name="head")(x))
    return Program(model, {"loss": SPARSE, "metrics": ["acc"]}, data.images(8, 8, 3), data.classes(4))


def dicts_of_everything(k: Any) -> Program:
    data, layers = Data("dicts"), k.layers
    first, second = k.Input(shape=(5,), name="first"), k.Input(shape=(3,), name="second")
    x = layers.Concatenate()([layers.Dense(6, activation="relu")(first), second])
    outputs = {
        "mood": layers.Dense(3, activation="softmax")(x),
        "age": layers.Dense(1)(x),
    }
    compiled = {
        "loss": {"mood": SPARSE, "age": "mse"},
        "loss_weights": {"mood": 1.5, "age": 0.25},
        "metrics": {"mood": ["accuracy"], "age": ["mse"]},
    }
    x = {"second": data.images(3), "first": data.images(5)}
    y = {"age": data.shares(1), "mood": data.classes(3)}
    return Program(k.Model({"first": first, "second": second}, outputs), compiled, x, y)


def metrics_and_sample_weights(k: Any) -> Program:
    data, layers = Data("weighted"), k.layers
    inputs = k.Input(shape=(6, 5, 2))
    x = layers.Flatten()(layers.Conv2D(3, 2, activation="relu")(inputs))
    zed = layers.Dense(3, activation="softmax", name="zed")(x)
    alp = layers.Dense(2, activation="sigmoid", name="alp")(x)
    compiled = {
        "loss": [SPARSE, "binary_crossentropy"],
        "loss_weights": [1.0, 0.5],
        "metrics": [["accuracy", "sparse_top_k_categorical_accuracy"], ["mse"]],
        "weighted_metrics": [["accuracy"], ["binary_accuracy", "mse"]],
    }
    y = [data.classes(3), (data.shares(2) > 0.5).astype(np.float32)]
    return Program(k.Model(inputs, [zed, alp]), compiled, data.images(6, 5, 2), y, [data.shares(), data.shares()])


def one_array_of_sample_weights(k: Any) -> Program:
    program = metrics_and_sample_weights(k)
    program.sample_weight = program.sample_weight[0]
    return program


def an_output_without_a_loss(k: Any) -> Program:
    data, layers = Data("without"), k.layers
    inputs = k.Input(shape=(5,))
    x = layers.Dense(6, activation="relu", name="x")(inputs)
    idle = layers.Dense(2, name="idle")(x)
    learned = layers.Dense(2, name="learned")(x)
    compiled = {"loss": {"learned": "mse", "idle": None}, "metrics": {"idle": ["mse"]}}
    return Program(k.Model(inputs, [idle, learned]), compiled, data.images(5), [data.shares(2), data.shares(2)])


def one_loss_for_all(k: Any) -> Program:
    data, layers = Data("all"), k.layers
    inputs = k.Input(shape=(5,))
    outputs = [layers.Dense(2, name="b")(inputs), layers.Dense(2, name="a")(inputs)]
    program = Program(k.Model(inputs, outputs), {"loss": "mse"}, data.images(5), [data.shares(2), data.shares(2)])
    program.compiled |= {"loss_weights": 3.0, "metrics": ["mse", "mse"]}
    return program


def one_output_weighted(k: Any) -> Program:
    data, layers = Data("one"), k.layers
    inputs = k.Input(shape=(5,))
    x = layers.Dense(6, activation="relu")(inputs)
    model = k.Model(inputs, layers.Dense(3, activation="softmax", name="only")(layers.Add()([x, layers.Dense(6)(x)])))
    compiled = {"loss": {"only": SPARSE}, "loss_weights": {"only": 0.5}, "metrics": ["accuracy"]}
    compiled["weighted_metrics"] = ["accuracy"]
    return Program(model, compiled, data.images(5), data.classes(3), data.shares())


PROGRAMS: dict[str, Callable[[Any], Program]] = {
    program.__name__: program
    for program in (
        two_outputs_with_loss_weights,
        two_inputs,
        a_shared_layer,
        a_frozen_base,
        dicts_of_everything,
        metrics_and_sample_weights,
        one_array_of_sample_weights,
        an_output_without_a_loss,
        one_loss_for_all,
        one_output_weighted,
    )
}
OPTIMIZERS: dict[str, dict[str, Any]] = {
    "SGD": {"learning_rate": 0.1, "momentum": 0.9},
    "Adam": {"learning_rate": 0.02},
}

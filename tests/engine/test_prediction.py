"""Prediction on the native engine: what it fuses beyond training, and that it never lags behind the weights."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from tests.engine.support import random_weights

from convoscope.engine import set_threads, use
from convoscope.engine.base import LossRule
from convoscope.engine.native import NativeEngine
from convoscope.engine.plan import Plan, build
from convoscope.engine.reference import ReferenceEngine
from convoscope.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Layer,
    LeakyReLU,
    MaxPooling2D,
    MinPooling2D,
    RandomFlip,
    ReLU,
)
from convoscope.models import Model, Sequential, load_model

Array = npt.NDArray[Any]
RELU = (ReLU(), MaxPooling2D())


def kinds(plan: Plan, *, prediction: bool) -> str:
    steps = plan.prediction_steps if prediction else plan.steps
    return " ".join(type(step).__name__.removesuffix("Step") for step in steps)


@pytest.mark.parametrize(
    ("stack", "training", "prediction"),
    [
        ([Conv2D(4, 3), BatchNormalization(), *RELU], "Convolution Normalization Pooling", "Convolution"),
        ([Conv2D(4, 3), Dropout(0.5), *RELU], "Convolution Dropout Activation Pooling", "Convolution"),
        ([Conv2D(4, 3), ReLU(), Dropout(0.5), MaxPooling2D()], "Convolution Dropout Pooling", "Convolution"),
        ([Conv2D(4, 3), *RELU, Dropout(0.5), Flatten()], "Convolution Dropout Reshape", "Convolution Reshape"),
        ([RandomFlip(), Conv2D(4, 3), *RELU], "Affine Convolution", "Convolution"),
        (
            [Flatten(), Dense(4), BatchNormalization(), ReLU()],
            "Reshape Dense Normalization",
            "Reshape Dense",
        ),
        ([Conv2D(4, 3, activation="gelu")], "Convolution Activation", "Convolution"),
        (
            [Conv2D(4, 3, activation="relu"), BatchNormalization(), MaxPooling2D()],
            "Convolution Normalization Pooling",
            "Convolution Normalization Pooling",
        ),
        (
            [Conv2D(4, 3), MaxPooling2D(), BatchNormalization()],
            "Convolution Normalization",
            "Convolution Normalization",
        ),
        ([Conv2D(4, 3), Dropout(0.5)], "Convolution Dropout", "Convolution Dropout"),
        ([Conv2D(4, 3, activation="silu"), MaxPooling2D()], "Convolution Activation Pooling", "Convolution Pooling"),
    ],
)
def test_prediction_fuses_what_training_must_keep_apart(stack: list[Layer], training: str, prediction: str) -> None:
    plan = build(stack, (9, 9, 2))
    assert kinds(plan, prediction=False) == training
    assert kinds(plan, prediction=True) == prediction
    unfused = build(stack, (9, 9, 2), fused=False)
    assert unfused.prediction_steps == unfused.steps


@pytest.mark.parametrize("samples", [1, 9])
@pytest.mark.parametrize("channels", [1, 3, 17, 32])
@pytest.mark.parametrize(
    "after",
    [
        [BatchNormalization(), ReLU(), MaxPooling2D()],
        [BatchNormalization(scale=False), Dropout(0.3), Activation("tanh"), MinPooling2D(3, 2)],
        [Dropout(0.3), BatchNormalization(center=False, epsilon=0.1), MaxPooling2D()],
        [Dropout(0.3), LeakyReLU(0.3), Dropout(0.3), MaxPooling2D()],
        [BatchNormalization(trainable=False), Activation("gelu")],
    ],
)
@pytest.mark.parametrize("convolution", [{"kernel_size": 3}, {"kernel_size": 2, "strides": 2, "use_bias": False}])
def test_what_is_folded_and_left_out_changes_no_value(
    isa: str, convolution: dict[str, Any], after: Sequence[Layer], channels: int, samples: int
) -> None:
    rng = np.random.default_rng(channels)
    stack = [Conv2D(18, **convolution), *after, Flatten(), Dense(7), BatchNormalization(), Activation("softmax")]
    plan = build(stack, (11, 12, channels))
    weights = random_weights(plan, rng)
    x = rng.standard_normal((samples, 11, 12, channels)).astype(np.float32)
    exact = ReferenceEngine().prepare(plan, weights, dtype=np.float64)
    native = NativeEngine().prepare(plan, weights)
    np.testing.assert_allclose(native.forward(x), exact.forward(x), rtol=0, atol=1e-5)
    labels = np.arange(samples, dtype=np.int32) % 7
    rule = LossRule("sparse_categorical_crossentropy")
    for found, expected in zip(native.score(x, labels, rule), exact.score(x, labels, rule), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def normalized_model() -> Sequential:
    model = Sequential(
        [
            Conv2D(16, 3, input_shape=(12, 12, 1)),
            BatchNormalization(),
            ReLU(),
            MaxPooling2D(),
            Conv2D(20, 3, activation="relu"),
            Dropout(0.5),
            MaxPooling2D(),
            Flatten(),
            Dense(5, activation="softmax"),
        ],
        seed=1,
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def exchange_two(kernel: Array) -> None:
    kernel[..., [0, 1]] = kernel[..., [1, 0]]


CHANGES: dict[str, Callable[[Sequential, Array], Any]] = {
    "one value written in place": lambda model, x: model.layers[0].weights[0].__setitem__((0, 0, 0, 0), 0.5),
    "all signs changed": lambda model, x: np.negative(model.layers[4].weights[0], out=model.layers[4].weights[0]),
    "two filters exchanged": lambda model, x: exchange_two(model.layers[4].weights[0]),
    "a bias": lambda model, x: model.layers[0].weights[1].fill(0.25),
    "a moving mean": lambda model, x: model.layers[1].weights[2].fill(-0.5),
    "a moving variance": lambda model, x: model.layers[1].weights[3].fill(2.0),
    "set_weights": lambda model, x: model.set_weights([weight * 1.5 for weight in model.get_weights()]),
    "a layer's set_weights": lambda model, x: model.layers[8].set_weights(
        [weight + 0.1 for weight in model.layers[8].get_weights()]
    ),
    "a step of training": lambda model, x: model.train_on_batch(x, np.arange(len(x)) % 5),
    "through a memoryview": lambda model, x: memoryview(model.layers[8].weights[1]).__setitem__(2, 3.0),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_prediction_follows_every_change_of_the_weights(change: str) -> None:
    use("native")
    model = normalized_model()
    x = np.random.default_rng(0).random((3, 12, 12, 1), np.float32)
    before = model.predict(x, verbose=0)
    np.testing.assert_array_equal(model.predict(x, verbose=0), before)
    CHANGES[change](model, x)
    after = model.predict(x, verbose=0)
    assert not np.array_equal(after, before)
    np.testing.assert_array_equal(after, model.predict_on_batch(x))
    plan = model.executable().plan
    np.testing.assert_allclose(after, ReferenceEngine().prepare(plan, model.weights).forward(x), atol=1e-6)


def test_an_image_gets_the_same_bits_in_any_batch_and_from_any_number_of_threads(isa: str) -> None:
    use("native")
    stack = [
        Conv2D(40, 3, activation="relu", input_shape=(29, 27, 2)),
        MaxPooling2D(),
        Conv2D(33, 3, padding="same"),
        BatchNormalization(),
        Activation("silu"),
        Flatten(),
        Dense(130, activation="relu"),
        Dense(10, activation="softmax"),
    ]
    model = Sequential(stack, seed=0)
    x = np.random.default_rng(0).random((9, 29, 27, 2), np.float32)
    set_threads(1)
    expected = model.predict_on_batch(x)
    for threads in range(1, 9):
        set_threads(threads)
        for size in (1, 2, 5, 9):
            parts = [model.predict_on_batch(x[at : at + size]) for at in range(0, 9, size)]
            np.testing.assert_array_equal(np.concatenate(parts), expected)


def test_several_threads_predict_with_one_model() -> None:
    use("native")
    set_threads(2)
    model = normalized_model()
    x = np.random.default_rng(0).random((40, 12, 12, 1), np.float32)
    for _ in range(3):
        model.layers[0].weights[0][...] *= 1.25
        expected = Sequential.from_config(model.get_config())
        expected.set_weights(model.get_weights())
        wanted, found = expected.predict_on_batch(x), dict[int, Array]()

        def predict(number: int, found: dict[int, Array] = found) -> None:
            found[number] = np.concatenate([model.predict_on_batch(image[None]) for image in x])

        callers = [threading.Thread(target=predict, args=(number,)) for number in range(4)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        assert len(found) == 4
        for outputs in found.values():
            np.testing.assert_array_equal(outputs, wanted)


def test_a_loaded_model_with_folded_normalization_predicts_the_same_bits(tmp_path: Path) -> None:
    use("native")
    model = normalized_model()
    x = np.random.default_rng(0).random((20, 12, 12, 1), np.float32)
    model.fit(x, np.arange(20) % 5, epochs=2, verbose=0)
    model.save(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(load_model(tmp_path / "model.safetensors").predict(x), model.predict(x))


def test_a_view_sees_what_each_layer_makes_though_prediction_folds_it() -> None:
    use("native")
    model = normalized_model()
    x = np.random.default_rng(0).random((2, 12, 12, 1), np.float32)
    model.fit(x, [0, 1], epochs=3, verbose=0)
    convolved, normalized = Model(model.input, [model.layers[0].output, model.layers[1].output]).predict(x)
    gamma, beta, mean, variance = model.layers[1].weights
    expected = (convolved - mean) / np.sqrt(variance + 1e-3) * gamma + beta
    np.testing.assert_allclose(normalized, expected, atol=1e-5)
    np.testing.assert_allclose(
        Model(model.input, [model.output, model.layers[0].output]).predict(x)[0], model.predict(x), atol=1e-6
    )

"""The native engine's kernels, each instruction set forced, against the reference engine in double precision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from tests.engine.agreement import Array, assert_agree, assert_close
from tests.engine.support import random_weights

from convoscope import _native
from convoscope.engine.base import LossRule, Stretch
from convoscope.engine.native import NativeEngine
from convoscope.engine.plan import Plan, build
from convoscope.engine.reference import ReferenceEngine
from convoscope.engine.updates import UpdateRule, update_rule
from convoscope.errors import ConfigurationError, DataError, ShapeError
from convoscope.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalMaxPooling2D,
    MaxPooling2D,
    MinPooling2D,
)


@pytest.fixture(autouse=True)
def best_isa_afterwards() -> Iterator[None]:
    yield
    _native.set_isa("auto")


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("samples", [1, 33])
@pytest.mark.parametrize("channels", [1, 3, 17])
@pytest.mark.parametrize(
    "convolution",
    [
        {"filters": 5, "kernel_size": 3, "padding": "same", "activation": "tanh"},
        {"filters": 64, "kernel_size": 3, "activation": "relu"},
        {"filters": 17, "kernel_size": (2, 5), "strides": (2, 1), "padding": "same", "activation": "sigmoid"},
        {"filters": 33, "kernel_size": 1, "use_bias": False, "activation": "elu"},
        {"filters": 9, "kernel_size": 3, "dilation_rate": (2, 1), "activation": "leaky_relu"},
        {"filters": 70, "kernel_size": 5, "strides": 3, "activation": "gelu"},
    ],
    ids=lambda settings: f"{settings['filters']}x{settings['kernel_size']}",
)
def test_convolutions_agree(threads: int, samples: int, channels: int, convolution: dict[str, Any]) -> None:
    _native.set_threads(threads)
    assert_agree([Conv2D(**convolution)], (11, 9, channels), samples)


@pytest.mark.parametrize("channels", [1, 3, 17])
@pytest.mark.parametrize("pooling", [MaxPooling2D, MinPooling2D, AveragePooling2D])
@pytest.mark.parametrize(
    ("size", "strides", "padding"),
    [(2, 2, "valid"), (2, 2, "same"), (3, 2, "same"), (2, 1, "valid"), ((2, 3), (3, 2), "valid")],
)
@pytest.mark.parametrize("fused", [True, False])
def test_convolutions_with_poolings_agree(
    channels: int, pooling: Any, size: Any, strides: Any, padding: str, fused: bool
) -> None:
    _native.set_threads(2)
    layers = [Conv2D(20, 3, padding=padding, activation="relu"), pooling(size, strides, padding)]
    assert_agree(layers, (12, 9, channels), 5, fused=fused)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("kernel", [3, 5, (2, 3), (5, 3)])
@pytest.mark.parametrize(("filters", "samples"), [(1, 33), (63, 1), (65, 3)])
def test_few_channels_under_a_pooling_agree(channels: int, kernel: Any, filters: int, samples: int) -> None:
    _native.set_threads(2)
    for pooling, padding in ((MaxPooling2D(), "same"), (MinPooling2D(), "valid")):
        assert_agree([Conv2D(filters, kernel, padding=padding, activation="relu"), pooling], (9, 12, channels), samples)


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize(("channels", "filters"), [(1, 64), (2, 17), (3, 70)])
def test_images_with_blank_places_agree(channels: int, filters: int, kernel: int) -> None:
    _native.set_threads(2)
    for padding in ("same", "valid"):
        layers = [Conv2D(filters, kernel, padding=padding, activation="relu"), MaxPooling2D()]
        assert_agree(layers, (28, 25, channels), 3, blank=0.97)


@pytest.mark.parametrize(("channels", "kernel"), [(1, 3), (4, 3), (2, 5)])
def test_rows_of_more_windows_than_are_sorted_at_once_agree(channels: int, kernel: int) -> None:
    for pooling in (MaxPooling2D(), MinPooling2D()):
        for width in (64, 65, 130):  # windows
            shape = (kernel + 3, 2 * width + kernel - 1, channels)
            assert_agree([Conv2D(17, kernel, activation="relu"), pooling], shape, 2, blank=0.97)


def test_a_padded_pooling_leaves_the_neighbours_gradients_alone(isa: str) -> None:
    rng = np.random.default_rng(0)
    plan = build([Conv2D(17, 3, activation="tanh"), MaxPooling2D(3, 2, "same")], (7, 13, 33))
    executable = NativeEngine().prepare(plan, random_weights(plan, rng))
    x = rng.standard_normal((8, 7, 13, 33)).astype(np.float32)
    gradient = rng.standard_normal((8, *plan.output_shape)).astype(np.float32)
    _native.set_threads(1)
    alone = np.concatenate([executable.pullback(x[i : i + 1], gradient[i : i + 1]).input for i in range(8)])
    _native.set_threads(2)
    for _ in range(20):
        np.testing.assert_array_equal(executable.pullback(x, gradient).input, alone)


@pytest.mark.parametrize("activation", ["linear", "sigmoid", "leaky_relu", "elu", "tanh"])
def test_every_activation_that_is_fused_with_a_pooling_agrees(activation: str) -> None:
    assert_agree([Conv2D(20, 3, activation=activation), MaxPooling2D()], (9, 8, 17), 3)


def test_a_window_of_more_than_256_places_agrees() -> None:
    assert_agree([Conv2D(6, 3, activation="relu"), GlobalMaxPooling2D()], (21, 22, 3), 3)


@pytest.mark.parametrize("units", [1, 10, 33, 128])
@pytest.mark.parametrize("threads", [1, 2, 4])
def test_dense_layers_agree(units: int, threads: int) -> None:
    _native.set_threads(threads)
    assert_agree([Flatten(), Dense(units, activation="relu"), Dense(7, activation="softmax")], (5, 4, 3), 33)
    assert_agree([Dense(units, activation="tanh")], (5, 4, 3), 2)


@pytest.mark.parametrize("activation", ["linear", "relu", "relu6", "tanh"])
@pytest.mark.parametrize("inputs", [128, 256, 257, 700])
def test_dense_layers_agree_that_are_packed_in_several_pieces(inputs: int, activation: str) -> None:
    for units, samples in ((65, 16), (130, 37), (17, 40)):
        assert_agree([Dense(units, activation=activation)], (inputs,), samples)
    assert_agree([Dense(70, use_bias=False), BatchNormalization()], (inputs,), 20)


@pytest.mark.parametrize("units", [10, 64, 130])
@pytest.mark.parametrize("threads", [1, 3])
def test_dense_layers_agree_where_most_values_are_zero(units: int, threads: int) -> None:
    _native.set_threads(threads)
    assert_agree([Dense(units)], (203,), 37, blank=0.8)
    assert_agree([Dense(units)], (70,), 300, blank=1.0)


def test_a_sum_over_more_samples_than_are_added_up_at_once_agrees() -> None:
    assert_agree([Dense(5)], (3,), 700)


@pytest.mark.parametrize("threads", [1, 3])
def test_normalization_and_dropout_agree(threads: int) -> None:
    _native.set_threads(threads)
    for layers in (
        [BatchNormalization(), Activation("silu"), Dropout(0.3), Conv2D(4, 3)],
        [Dropout(0.5, seed=11), BatchNormalization(scale=False), Dense(3)],
        [Conv2D(4, 3, trainable=False), BatchNormalization(trainable=False), Activation("relu")],
    ):
        assert_agree(layers, (7, 6, 17), 6)


def stretch_of(plan: Plan, rule: UpdateRule, x: Array, y: Array, *, batch_size: int = 16) -> Stretch:
    rows = np.random.default_rng(1).permutation(len(x))
    return Stretch(
        x=x,
        y=y,
        rows=rows,
        batch_size=batch_size,
        loss=LossRule("sparse_categorical_crossentropy", label_smoothing=0.1),
        rule=rule,
        learning_rates=np.full(len(x), 0.01),
        iteration=0,
        seed=5,
        slots=[tuple(np.zeros(plan.weights[w].shape, np.float32) for _ in rule.slots) for w in plan.trainable],
        losses=np.zeros(len(x), np.float32),
        outputs=np.zeros((len(x), *plan.output_shape), np.float32),
    )


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize(
    "rule",
    [
        update_rule("sgd", momentum=0.9, nesterov=True, weight_decay=0.1),
        update_rule("adam", clipvalue=0.02),
        update_rule("rmsprop", momentum=0.5, centered=True, global_clipnorm=0.3),
    ],
    ids=lambda rule: rule.kind,
)
def test_training_agrees(isa: str, threads: int, rule: UpdateRule) -> None:
    _native.set_threads(threads)
    rng = np.random.default_rng(0)
    plan = build(
        [
            Conv2D(20, 3, activation="relu"),
            MaxPooling2D(),
            BatchNormalization(),
            Dropout(0.2),
            Flatten(),
            Dense(9, activation="tanh"),
            Dense(6, activation="softmax"),
        ],
        (9, 8, 17),
    )
    weights = random_weights(plan, rng)
    x = rng.standard_normal((70, 9, 8, 17)).astype(np.float32)
    y = rng.integers(0, 6, 70).astype(np.int32)
    results = []
    for engine in (NativeEngine(), ReferenceEngine()):
        own = [weight.copy() for weight in weights]
        stretch = stretch_of(plan, rule, x, y)
        assert engine.prepare(plan, own).train(stretch) == stretch.steps == 5
        results.append([stretch.losses, stretch.outputs, *own])
    for found, expected in zip(*results, strict=True):
        assert_close(found, expected, 1e-3)  # five steps let rounding grow


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_for_a_number_of_threads_training_is_the_same_bit_for_bit(threads: int) -> None:
    _native.set_threads(threads)
    rng = np.random.default_rng(0)
    layers = [
        Conv2D(20, 3, activation="relu"),
        MaxPooling2D(),
        BatchNormalization(),
        Flatten(),
        Dense(6, activation="softmax"),
    ]
    plan = build(layers, (9, 8, 3))
    weights = random_weights(plan, rng)
    x = rng.integers(0, 256, (90, 9, 8, 3), dtype=np.uint8)
    y = rng.integers(0, 6, 90).astype(np.int32)
    results = []
    for _ in range(5):
        own = [weight.copy() for weight in weights]
        stretch = stretch_of(plan, update_rule("adam"), x, y)
        NativeEngine().prepare(plan, own).train(stretch)
        results.append([stretch.losses, *own])
    for found, expected in zip(results[1:], results[:-1], strict=True):
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_prediction_does_not_depend_on_its_neighbours_or_on_threads(isa: str) -> None:
    rng = np.random.default_rng(0)
    plan = build([Conv2D(20, 3), MaxPooling2D(), Flatten(), Dense(10, activation="softmax")], (9, 8, 3))
    executable = NativeEngine().prepare(plan, random_weights(plan, rng))
    x = rng.standard_normal((150, 9, 8, 3)).astype(np.float32)
    _native.set_threads(1)
    together = executable.forward(x)
    _native.set_threads(3)
    np.testing.assert_array_equal(executable.forward(x), together)
    np.testing.assert_array_equal(np.concatenate([executable.forward(x[i : i + 1]) for i in range(150)]), together)


def test_a_budget_ends_a_stretch_after_a_step() -> None:
    rng = np.random.default_rng(0)
    plan = build([Flatten(), Dense(3, activation="softmax")], (4, 4, 1))
    stretch = stretch_of(
        plan, update_rule("sgd"), rng.random((64, 4, 4, 1)), rng.integers(0, 3, 64).astype(np.int32), batch_size=8
    )
    assert NativeEngine().prepare(plan, random_weights(plan, rng)).train(stretch, budget=0.0) == 1
    assert np.all(stretch.losses[:8] > 0)
    assert not np.any(stretch.losses[8:])


def test_kernels_are_named_for_each_step() -> None:
    block = [Conv2D(64, 3, activation="relu"), MaxPooling2D()]
    plan = build([*block, Conv2D(64, 3, activation="relu"), MaxPooling2D(), Flatten()], (28, 28, 1))
    chosen = NativeEngine().prepare(plan, random_weights(plan, np.random.default_rng(0))).kernels()
    assert [step for step, _ in chosen] == list(plan.steps)
    first, second, third = (kernel for _, kernel in chosen)
    assert first.name.startswith("direct product with pooling")
    assert "fewer than 16 channels" in first.why
    assert "gradient through winners" in first.backward
    assert second.name.startswith("Winograd with pooling")
    assert "256 multiplications for 900, in tiles of up to 4×4 outputs" in second.why
    assert "live winners" in second.backward
    assert third.name == ""


def test_weights_that_cannot_be_used_where_they_lie_are_refused() -> None:
    plan = build([Dense(3)], (4,))
    good = random_weights(plan, np.random.default_rng(0))
    frozen = good[0].copy()
    frozen.flags.writeable = False
    for bad in (good[0].astype(np.float64), np.asfortranarray(good[0]), frozen, good[0][:, :2].copy()):
        with pytest.raises(ConfigurationError, match="'kernel' of layer 0"):
            NativeEngine().prepare(plan, [bad, good[1]])
    with pytest.raises(ConfigurationError, match="has 2 weights; 1"):
        NativeEngine().prepare(plan, good[:1])


def test_inputs_and_labels_that_do_not_fit_are_refused() -> None:
    plan = build([Dense(3, activation="softmax")], (4,))
    executable = NativeEngine().prepare(plan, random_weights(plan, np.random.default_rng(0)))
    with pytest.raises(ShapeError, match=r"\(2, 4\); got \(2, 5\)"):
        executable.forward(np.zeros((2, 5), np.float32))
    with pytest.raises(ShapeError, match=r"label for each of \(2,\) rows"):
        executable.score(np.zeros((2, 4)), np.zeros(3, np.int32), LossRule("sparse_categorical_crossentropy"))
    with pytest.raises(DataError, match="Label 3 at index 1 is not one of the 3 classes"):
        executable.score(np.zeros((2, 4)), np.array([0, 3], np.int32), LossRule("sparse_categorical_crossentropy"))

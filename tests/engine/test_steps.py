"""What the engines promise of single steps beyond their values: ties, padding, dropout, inputs of all kinds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from convoscope.engine import philox
from convoscope.engine.base import Engine, LossRule
from convoscope.engine.plan import build
from convoscope.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    Layer,
    MaxPooling2D,
    MinPooling2D,
    Rescaling,
    Reshape,
)

Array = npt.NDArray[Any]


def image(rows: list[list[float]]) -> Array:
    """Return one grey image (1, height, width, 1)."""
    return np.array(rows, np.float32)[None, :, :, None]


@pytest.mark.parametrize("kind", [MaxPooling2D, MinPooling2D])
def test_of_equal_values_the_first_one_gets_the_gradient(engine: Engine, kind: type[Layer]) -> None:
    executable = engine.prepare(build([kind()], (2, 4, 1)), [])
    x = image([[3, 3, 1, 5], [3, 3, 5, 1]]) if kind is MaxPooling2D else image([[3, 3, 9, 5], [3, 3, 5, 9]])
    found = executable.pullback(x, image([[10, 20]]))
    np.testing.assert_array_equal(found.outputs, image([[3, 5]]))
    np.testing.assert_array_equal(found.input, image([[10, 0, 0, 20], [0, 0, 0, 0]]))


def test_of_equal_values_in_a_whole_image_the_first_one_gets_the_gradient(engine: Engine) -> None:
    found = engine.prepare(build([GlobalMaxPooling2D()], (2, 2, 1)), []).pullback(
        image([[1, 7], [7, 7]]), np.array([[4.0]], np.float32)
    )
    np.testing.assert_array_equal(found.input, image([[0, 4], [0, 0]]))


def test_where_windows_overlap_a_pixel_gets_the_gradient_of_each_that_it_wins(engine: Engine) -> None:
    executable = engine.prepare(build([MaxPooling2D(2, strides=1)], (3, 3, 1)), [])
    found = executable.pullback(image([[0, 0, 0], [0, 9, 0], [0, 0, 0]]), image([[1, 2], [3, 4]]))
    np.testing.assert_array_equal(found.input, image([[0, 0, 0], [0, 10, 0], [0, 0, 0]]))


def test_padding_never_wins_and_never_counts(engine: Engine) -> None:
    x = image([[-1, -2, -3], [-4, -5, -6], [-7, -8, -9]])
    expected = {
        MaxPooling2D: [[-1, -3], [-7, -9]],
        MinPooling2D: [[-5, -6], [-8, -9]],
        AveragePooling2D: [[-3, -4.5], [-7.5, -9]],
    }
    for kind, values in expected.items():
        executable = engine.prepare(build([kind(2, padding="same")], (3, 3, 1)), [])
        np.testing.assert_array_equal(executable.forward(x), image(values))


def test_rows_that_fill_no_window_get_no_gradient(engine: Engine) -> None:
    executable = engine.prepare(build([AveragePooling2D(2)], (3, 3, 1)), [])
    found = executable.pullback(np.ones((1, 3, 3, 1), np.float32), image([[8]]))
    np.testing.assert_array_equal(found.input, image([[2, 2, 0], [2, 2, 0], [0, 0, 0]]))


def test_a_dead_window_passes_no_gradient_on(engine: Engine) -> None:
    """Convolution, ReLU and max pooling in one step, where every value of a window is below zero."""
    plan = build([Conv2D(1, 1, activation="relu"), MaxPooling2D()], (2, 4, 1))
    weights = [np.ones((1, 1, 1, 1), np.float32), np.zeros(1, np.float32)]
    found = engine.prepare(plan, weights).pullback(image([[-1, -2, 3, -4], [-5, -6, 7, 8]]), image([[10, 20]]))
    np.testing.assert_array_equal(found.outputs, image([[0, 8]]))
    np.testing.assert_array_equal(found.input, image([[0, 0, 0, 0], [0, 0, 0, 20]]))
    assert found.weights[0] is not None
    assert (found.weights[0].item(), found.weights[1]) == (160.0, np.array([20.0]))


@pytest.mark.parametrize(("name", "slope"), [("relu", 0.0), ("leaky_relu", 0.2), ("elu", 1.0)])
def test_at_zero_the_slope_is_that_of_the_left_side(engine: Engine, name: str, slope: float) -> None:
    ones = np.ones((1, 3), np.float32)
    alone = engine.prepare(build([Activation(name)], (3,)), []).pullback(0 * ones, ones)
    np.testing.assert_allclose(alone.input, slope * ones)
    weights = [np.eye(3, dtype=np.float32), np.zeros(3, np.float32)]
    within = engine.prepare(build([Dense(3, activation=name)], (3,)), weights).pullback(0 * ones, ones)
    np.testing.assert_allclose(within.input, slope * ones)


# ---- dropout


@pytest.mark.parametrize("count", [1, 33])
def test_dropout_keeps_the_values_that_philox_says_and_scales_them_up(engine: Engine, count: int) -> None:
    x = np.random.default_rng(0).normal(size=(count, 3, 5, 2)).astype(np.float32)
    plan = build([Activation("linear"), Dropout(0.4)], (3, 5, 2))
    executable = engine.prepare(plan, [])
    found = executable.pullback(x, np.ones_like(x), training=True, seed=2**40 + 5, iteration=9)
    # The place of a value is its place in the whole batch; the stream is the layer's place in the stack.
    keep = philox.keep_mask(x.size, 0.4, seed=2**40 + 5, iteration=9, stream=1).reshape(x.shape)
    np.testing.assert_allclose(found.outputs, np.where(keep, x / 0.6, 0), rtol=1e-6)
    np.testing.assert_allclose(found.input, np.where(keep, 1 / 0.6, 0), rtol=1e-6)
    np.testing.assert_array_equal(executable.forward(x), x)  # prediction leaves everything


def test_a_dropout_layer_s_own_seed_replaces_the_run_s(engine: Engine) -> None:
    x = np.ones((50, 4), np.float32)
    executable = engine.prepare(build([Dropout(0.5, seed=3)], (4,)), [])
    found = [executable.pullback(x, x, training=True, seed=seed, iteration=1).outputs for seed in (1, 2)]
    np.testing.assert_array_equal(found[0], found[1])
    keep = philox.keep_mask(200, 0.5, seed=3, iteration=1, stream=0).reshape(50, 4)
    np.testing.assert_array_equal(found[0], np.where(keep, 2, 0))


# ---- what goes in


STACK = [
    Rescaling(1 / 255),
    Conv2D(5, 3, activation="relu"),
    MaxPooling2D(),
    BatchNormalization(),
    Flatten(),
    Dense(4, activation="softmax"),
]
SHAPE = (8, 9, 3)


def weights(stack: list[Layer], shape: tuple[int, ...]) -> list[Array]:
    generator = np.random.default_rng(7)
    plan = build(stack, shape)
    drawn = [generator.normal(0, 0.5, weight.shape).astype(np.float32) for weight in plan.weights]
    return [np.abs(w) + 1 if p.name == "moving_variance" else w for w, p in zip(drawn, plan.weights, strict=True)]


def test_images_of_8_bits_and_of_double_precision_give_what_single_precision_gives(engine: Engine) -> None:
    images = np.random.default_rng(1).integers(0, 256, (7, *SHAPE), dtype=np.uint8)
    y = np.arange(7, dtype=np.int32) % 4
    executable = engine.prepare(build(STACK, SHAPE), weights(STACK, SHAPE))
    loss = LossRule("sparse_categorical_crossentropy")
    outputs = executable.forward(images.astype(np.float32))
    gradients = executable.gradients(images.astype(np.float32), y, loss)
    for kind in (np.uint8, np.float64):
        np.testing.assert_array_equal(executable.forward(images.astype(kind)), outputs)
        found = executable.gradients(images.astype(kind), y, loss)
        np.testing.assert_array_equal(found.losses, gradients.losses)
        np.testing.assert_array_equal(found.input, gradients.input)
        np.testing.assert_array_equal(executable.score(images.astype(kind), y, loss)[0], outputs)


def test_what_goes_in_is_left_as_it_was(engine: Engine) -> None:
    stack = [Activation("relu"), Conv2D(2, 3, activation="tanh"), Flatten(), Dropout(0.5), Dense(3)]
    own = weights(stack, SHAPE)
    executable = engine.prepare(build(stack, SHAPE), own)
    x = np.random.default_rng(2).normal(size=(3, *SHAPE)).astype(np.float32)
    sent_back = np.ones((3, 3), np.float32)
    given = [x, sent_back, *own]
    before = [array.copy() for array in given]
    executable.pullback(x, sent_back, training=True)
    executable.step_outputs(x)
    executable.gradients(x, sent_back, LossRule("mean_squared_error"))
    for now, then in zip(given, before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_weights_are_read_at_each_call(engine: Engine) -> None:
    own = [np.ones((2, 1), np.float32), np.zeros(1, np.float32)]
    executable = engine.prepare(build([Dense(1)], (2,)), own)
    x = np.array([[1, 2]], np.float32)
    assert executable.forward(x).item() == 3
    own[0][...] = 10
    own[1][...] = 0.5
    assert executable.forward(x).item() == 30.5


def test_many_images_give_what_each_gives_alone(engine: Engine) -> None:
    """More than any engine computes in one go."""
    stack: list[Layer] = [Conv2D(3, 3, activation="relu"), GlobalAveragePooling2D(), Dense(2)]
    own = weights(stack, (40, 40, 8))
    executable = engine.prepare(build(stack, (40, 40, 8)), own)
    x = np.random.default_rng(3).normal(size=(67, 40, 40, 8)).astype(np.float32)
    together = executable.forward(x)
    alone = np.concatenate([executable.forward(x[i : i + 1]) for i in range(len(x))])
    np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-6)
    scored, _ = executable.score(x, np.zeros(67, np.int32), LossRule("sparse_categorical_crossentropy", True))
    np.testing.assert_array_equal(scored, together)
    np.testing.assert_array_equal(executable.step_outputs(x)[-1], together)


def test_the_outputs_of_steps_are_those_of_the_layers(engine: Engine) -> None:
    own = weights(STACK, SHAPE)
    plan = build(STACK, SHAPE, fused=False)
    x = np.random.default_rng(4).integers(0, 256, (3, *SHAPE)).astype(np.float32)
    outputs = engine.prepare(plan, own).step_outputs(x)
    assert [output.shape[1:] for output in outputs] == [step.output_shape for step in plan.steps]
    counts = {1: 2, 2: 2, 3: 6, 4: 6, 5: 8}  # how many weights the first so many layers have
    for layers, used in counts.items():
        part = engine.prepare(build(STACK[: layers + 1], SHAPE), own[:used]).forward(x)
        np.testing.assert_allclose(outputs[plan.last_step_of(layers)], part, rtol=1e-5, atol=1e-6)


def test_several_threads_can_predict_at_once(engine: Engine) -> None:
    executable = engine.prepare(build(STACK, SHAPE), weights(STACK, SHAPE))
    x = np.random.default_rng(5).integers(0, 256, (8, 20, *SHAPE)).astype(np.float32)
    expected = [executable.forward(part) for part in x]
    with ThreadPoolExecutor(4) as pool:
        for ours, theirs in zip(pool.map(executable.forward, x), expected, strict=True):
            np.testing.assert_array_equal(ours, theirs)


# ---- losses at their limits


def test_a_loss_from_huge_logits_is_exact(engine: Engine) -> None:
    logits = np.array([[1e4, -1e4, 0], [0, 0, 5e3]], np.float32)
    executable = engine.prepare(build([Activation("softmax")], (3,)), [])
    found = executable.gradients(logits, np.array([1, 2], np.int32), LossRule("sparse_categorical_crossentropy"))
    np.testing.assert_array_equal(found.losses, [2e4, 0])
    np.testing.assert_array_equal(found.input, [[0.5, -0.5, 0], [0, 0, 0]])
    executable = engine.prepare(build([Activation("sigmoid")], (3,)), [])
    found = executable.gradients(logits, np.array([[0, 1, 1], [1, 0, 0]], np.float32), LossRule("binary_crossentropy"))
    np.testing.assert_allclose(found.losses, [(2e4 + np.log(2)) / 3, (5e3 + 2 * np.log(2)) / 3], rtol=1e-6)


def test_probabilities_of_0_and_1_are_held_off_by_a_ten_millionth(engine: Engine) -> None:
    executable = engine.prepare(build([Activation("softmax"), Reshape((2,))], (2,)), [])
    x = np.array([[200, -200]], np.float32)
    found = executable.gradients(x, np.array([1], np.int32), LossRule("sparse_categorical_crossentropy"))
    np.testing.assert_array_equal(found.outputs, [[1, 0]])
    np.testing.assert_allclose(found.losses, [-np.log(1e-7)], rtol=1e-6)
    # Where a probability is held off, the loss does not depend on it any more.
    rules = [
        ("sparse_categorical_crossentropy", [1]),
        ("categorical_crossentropy", [[0, 1]]),
        ("binary_crossentropy", [[0, 1]]),
    ]
    for kind, y in rules:
        executable = engine.prepare(build([Activation("linear")], (2,)), [])
        target = np.array(y, np.int32 if kind.startswith("sparse") else np.float32)
        found = executable.gradients(np.array([[1, 0]], np.float32), target, LossRule(kind))
        np.testing.assert_allclose(found.losses, [-np.log(1e-7)], rtol=1e-2)  # 1 - 1e-7 has few digits
        np.testing.assert_array_equal(found.input, [[0, 0]])


def test_targets_that_do_not_sum_to_1_have_the_gradient_of_their_loss(engine: Engine) -> None:
    """The loss of weights (2, 1) is twice that of (1, 0.5): p (2 + 1) - (2, 1)."""
    executable = engine.prepare(build([Activation("softmax")], (2,)), [])
    found = executable.gradients(
        np.array([[np.log(3), 0]], np.float32), np.array([[2, 1]], np.float32), LossRule("categorical_crossentropy")
    )
    np.testing.assert_allclose(found.losses, [-2 * np.log(0.75) - np.log(0.25)], rtol=1e-6)
    np.testing.assert_allclose(found.input, [[3 * 0.75 - 2, 3 * 0.25 - 1]], rtol=1e-6)


def test_a_loss_is_fused_with_a_last_activation_only_where_it_is_really_the_last(engine: Engine) -> None:
    """Two softmaxes of three laid out in one row of six: a row's probabilities sum to 2, and are divided by that."""
    executable = engine.prepare(build([Activation("softmax"), Flatten()], (2, 3)), [])
    x = np.log(np.array([[[1, 1, 2], [1, 2, 5]]], np.float32))
    found = executable.gradients(x, np.array([4], np.int32), LossRule("sparse_categorical_crossentropy"))
    np.testing.assert_allclose(found.outputs, [[0.25, 0.25, 0.5, 0.125, 0.25, 0.625]], rtol=1e-6)
    np.testing.assert_allclose(found.losses, [-np.log(0.25 / 2)], rtol=1e-6)
    # The sum of the six is always 2, so that only the second softmax counts: p - (0, 1, 0).
    np.testing.assert_allclose(found.input, [[[0, 0, 0], [0.125, -0.75, 0.625]]], rtol=1e-6, atol=1e-7)

"""All values of a network with channels at 0, and gradients between them.

Values are those of each layer run on its own, gradients are finite differences.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.explore import grad_cam, saliency
from convoscope.explore.all_values import AllValues
from convoscope.explore.grad_cam import weighted_sum
from convoscope.models.network import Network

layers = cs.layers


def branching() -> cs.Model:
    """Two shortcuts, one of them past the other, and a softmax at the end."""
    inputs = layers.Input(shape=(9, 8, 3))
    x = layers.Conv2D(5, 3, padding="same", activation="tanh", name="stem_conv")(inputs)
    y = layers.Conv2D(5, 1, activation="tanh", name="inner")(x)
    z = layers.DepthwiseConv2D(3, padding="same", name="depth")(y)
    y = layers.Add(name="near")([y, z])
    y = layers.Activation("softplus", name="smooth")(y)
    x = layers.Add(name="far")([x, y])
    x = layers.GlobalAveragePooling2D()(x)
    return cs.Model(inputs, layers.Dense(4, activation="softmax")(x))


@pytest.fixture(scope="module")
def model() -> cs.Model:
    cs.utils.set_random_seed(5)
    made = branching()
    rng = np.random.default_rng(2)
    for weight in made.own_weights:
        weight[...] = rng.normal(size=weight.shape) * 0.6
    return made


@pytest.fixture(scope="module")
def image() -> Any:
    return np.random.default_rng(3).normal(size=(1, 9, 8, 3)).astype(np.float32)


@cache
def of_one_layer(call: Any) -> cs.Model:
    inputs = [layers.Input(shape=shape) for shape in call.input_shapes]
    return cs.Model(inputs, call.layer(inputs if len(inputs) > 1 else inputs[0]))


def by_hand(model: Network, image: Any, off: dict[int, list[int]], replaced: dict[int, Any] | None = None) -> list[Any]:
    """Every value, each call of a layer run on its own as a model of one layer; `replaced` values are put in."""
    values = [image.astype(np.float32)]
    for index, call in enumerate(model.graph.calls):
        alone = of_one_layer(call)
        taken = [values[value] for value in call.inputs]
        made = np.array(alone(taken if len(taken) > 1 else taken[0]))
        made[..., off.get(index, [])] = 0
        values.append((replaced or {}).get(index + 1, made))
    return values


@pytest.mark.parametrize("off", [{}, {1: [2]}, {0: [1, 4], 2: [0], 5: [3]}, {4: [0, 1]}])
def test_values_are_those_of_each_layer_run_on_its_own(model: cs.Model, image: Any, off: dict[int, list[int]]) -> None:
    inner = AllValues(model)
    for _ in range(2):  # the second time with what is kept
        found = inner.of(image, off)
        for one, expected in zip(found, by_hand(model, image, off), strict=True):
            np.testing.assert_allclose(one, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("target", [0, 1, 2, 4, 6, 7])
@pytest.mark.parametrize("off", [{}, {1: [2], 2: [0, 3]}, {0: [1], 4: [2]}])
def test_gradients_are_finite_differences(model: cs.Model, image: Any, target: int, off: dict[int, list[int]]) -> None:
    inner = AllValues(model)
    values = inner.of(image, off)
    found = inner.gradient(values, target, [1, 3], off)
    rng = np.random.default_rng(target)
    direction = rng.normal(size=values[target].shape).astype(np.float32)
    if target and (target - 1) in off:
        direction[..., off[target - 1]] = 0
    kernel, bias = (np.asarray(weight, np.float64) for weight in model.layers[-1].get_weights())

    def scores(step: float) -> Any:
        moved = values[target] + np.float32(step) * direction
        pooled = by_hand(model, moved if target == 0 else image, off, {target: moved} if target else {})[-2]
        return pooled.astype(np.float64) @ kernel + bias  # (1, classes): the logits

    slope = (scores(1e-2) - scores(-1e-2))[0] / 2e-2
    for row, each in zip(found, (1, 3), strict=True):
        assert float((row * direction[0]).sum()) == pytest.approx(slope[each], rel=2e-2, abs=2e-3)


def test_grad_cam_and_saliency_are_those_of_the_library(model: cs.Model, image: Any) -> None:
    inner = AllValues(model)
    values = inner.of(image)
    for method in ("grad_cam", "hires_cam"):
        found = weighted_sum(values[4], inner.gradient(values, 4, [2]), method)
        np.testing.assert_allclose(found, grad_cam(model, image, 2, "near", method).raw, rtol=1e-4, atol=1e-6)
    slopes = inner.gradient(values, 0, [2])
    np.testing.assert_allclose(slopes, saliency(model, image, 2).gradients, rtol=1e-4, atol=1e-6)


def test_a_single_output_speaks_for_class_1_and_against_class_0() -> None:
    model = cs.Sequential([layers.Dense(1, activation="sigmoid", input_shape=(3,))])
    inner = AllValues(model)
    found = inner.gradient(inner.of(np.ones((1, 3))), 0, [0, 1])
    kernel = model.get_weights()[0][:, 0]
    np.testing.assert_allclose(found, [-kernel, kernel], rtol=1e-6)

"""Graphs in the core: several inputs and outputs, branches, layers called twice; held to the reference in float64."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from tests.engine.support import random_weights

from convoscope import _native
from convoscope.engine.base import LossRule, Stretch, each
from convoscope.engine.native import NativeEngine
from convoscope.engine.plan import Plan, build_graph
from convoscope.engine.reference import ReferenceEngine
from convoscope.engine.updates import update_rule
from convoscope.errors import ShapeError
from convoscope.layers import (
    Activation,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    MaxPooling2D,
    Reshape,
    add,
    maximum,
    multiply,
    subtract,
)
from convoscope.layers.graph import Graph, trace
from convoscope.layers.symbols import Symbol

Array = npt.NDArray[Any]
Network = tuple[Sequence[Symbol], Sequence[Symbol]]


def residual() -> Network:
    x = Input(shape=(9, 8, 3))
    y = Conv2D(16, 3, padding="same")(x)
    for _ in range(2):
        z = Conv2D(16, 3, padding="same", use_bias=False)(y)
        z = Activation("relu")(BatchNormalization()(z))
        z = BatchNormalization()(Conv2D(16, 3, padding="same")(z))
        y = Activation("relu")(add([z, y]))
    return [x], [Dense(4, activation="softmax")(GlobalAveragePooling2D()(MaxPooling2D()(y)))]


def excited() -> Network:
    x = Input(shape=(6, 7, 5))
    y = Conv2D(12, 3, padding="same", activation="silu")(x)
    s = Reshape((1, 1, 12))(GlobalAveragePooling2D()(y))
    s = Dense(12, activation="sigmoid")(Dense(3, activation="relu")(s))
    gate = Conv2D(1, 1, activation="sigmoid")(y)
    return [x], [multiply([multiply([y, s]), gate]), Flatten()(s)]


def branches() -> Network:
    x, w = Input(shape=(6, 6, 2)), Input(shape=(6, 6, 4))
    a = Conv2D(5, 1, activation="tanh")(x)
    b = Conv2D(7, 3, padding="same", activation="tanh")(Dropout(0.4)(w))
    y = Concatenate()([a, b, x])
    y = maximum([Dense(3)(y), Dense(3)(y)])
    return [x, w], [Dense(2, activation="softmax")(Flatten()(y)), y]


def shared() -> Network:
    x, w = Input(shape=(5,)), Input(shape=(5,))
    layer, normal = Dense(5, activation="tanh"), BatchNormalization()
    a, b = layer(normal(x)), layer(normal(w))
    return [x, w], [subtract([layer(a), b]), a, a, x]


def normalized() -> Network:
    """Normalizations of an input, behind a dense layer, two of one value, and one that nothing reads."""
    x = Input(shape=(5, 6, 4))
    y = Activation("tanh")(BatchNormalization()(x))
    y = Conv2D(8, 3, padding="same", use_bias=False)(BatchNormalization()(y))
    first, second = BatchNormalization()(y), Activation("relu")(BatchNormalization()(y))
    z = Activation("tanh")(BatchNormalization()(Dense(6, use_bias=False)(Flatten()(add([first, second])))))
    return [x], [BatchNormalization()(z), first, Dense(3)(z)]


NETWORKS = [residual, excited, branches, shared, normalized]


@pytest.fixture(autouse=True)
def threads_as_before() -> Iterator[None]:
    threads = _native.get_threads()
    yield
    _native.set_threads(threads)


def assert_close(found: Any, expected: Any, tolerance: float = 2e-5) -> None:
    for ours, theirs in zip(each(found, 1), each(expected, 1), strict=True):
        assert (ours is None) == (theirs is None)
        if ours is not None:
            assert ours.shape == theirs.shape
            scale = max(1e-2, float(np.abs(theirs).max(initial=0)))
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * scale)


def planned(make: Callable[[], Network], *, fused: bool = True) -> tuple[Plan, list[Array]]:
    inputs, outputs = make()
    plan = build_graph(Graph.of(inputs, trace(inputs, outputs), outputs), fused=fused)
    return plan, random_weights(plan, np.random.default_rng(1))


def data(plan: Plan, samples: int) -> list[Array]:
    rng = np.random.default_rng(samples)
    return [rng.standard_normal((samples, *shape)).astype(np.float32) for shape in plan.input_shapes]


def judges(plan: Plan, samples: int) -> tuple[list[Array | None], list[LossRule | None], list[Array | None]]:
    """Return targets, losses and sample weights: the first output has labels where it can, the last no loss."""
    rng = np.random.default_rng(3)
    y: list[Array | None] = []
    losses: list[LossRule | None] = []
    for number, shape in enumerate(plan.output_shapes):
        if number == 0 and len(shape) == 1:
            y.append(rng.integers(0, shape[-1], samples).astype(np.int32))
            losses.append(LossRule("sparse_categorical_crossentropy", from_logits=shape[-1] == 5, weight=0.5))
        else:
            y.append(rng.standard_normal((samples, *shape)).astype(np.float32))
            losses.append(LossRule("mean_squared_error", weight=1.0 + number))
    if len(losses) > 1:
        y[-1], losses[-1] = None, None
    weights: list[Array | None] = [rng.random(samples).astype(np.float32) for _ in y]
    weights[-1] = None
    return y, losses, weights


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("samples", [1, 3, 40])
@pytest.mark.parametrize("network", NETWORKS)
def test_predictions_agree(network: Callable[[], Network], samples: int, threads: int) -> None:
    _native.set_threads(threads)
    for fused in (True, False):
        plan, weights = planned(network, fused=fused)
        native, reference = NativeEngine().prepare(plan, weights), ReferenceEngine().prepare(plan, weights, np.float64)
        x = data(plan, samples)
        assert_close(native.forward(x), reference.forward(x))
        for given in ([each_x.astype(np.float64) for each_x in x], [(9 * each_x).astype(np.uint8) for each_x in x]):
            assert_close(native.forward(given), reference.forward(given))
        assert_close(native.step_outputs(x), reference.step_outputs(x))
        y, losses, _ = judges(plan, samples)
        for ours, theirs in zip(native.score(x, y, losses), reference.score(x, y, losses), strict=True):
            assert_close(ours, theirs, 1e-4)


@pytest.mark.parametrize("isa", _native.isas())
@pytest.mark.parametrize("network", NETWORKS)
def test_gradients_agree(network: Callable[[], Network], isa: str) -> None:
    _native.set_isa(isa)
    try:
        for samples, training in ((2, False), (7, True)):
            plan, weights = planned(network)
            native = NativeEngine().prepare(plan, weights)
            reference = ReferenceEngine().prepare(plan, weights, np.float64)
            x = data(plan, samples)
            rng = np.random.default_rng(5)
            arriving = [rng.standard_normal((samples, *shape)).astype(np.float32) for shape in plan.output_shapes]
            how = {"training": training, "seed": 3, "iteration": 2}
            y, losses, sample_weights = judges(plan, samples)
            for ours, theirs in (
                (native.pullback(x, arriving, **how), reference.pullback(x, arriving, **how)),
                (
                    native.gradients(x, y, losses, sample_weight=sample_weights, **how),
                    reference.gradients(x, y, losses, sample_weight=sample_weights, **how),
                ),
            ):
                assert_close(ours.outputs, theirs.outputs, 1e-4)
                assert_close(ours.input, theirs.input, 2e-4)
                assert_close(ours.weights, theirs.weights, 2e-4)
                assert_close(ours.losses, theirs.losses, 1e-4)
    finally:
        _native.set_isa("auto")


@pytest.mark.parametrize("network", NETWORKS)
def test_training_agrees(network: Callable[[], Network]) -> None:
    found = []
    for engine in (NativeEngine(), ReferenceEngine()):
        plan, weights = planned(network)
        samples = 12
        y, losses, sample_weights = judges(plan, samples)
        stretch = Stretch(
            x=data(plan, samples),
            y=y,
            sample_weight=sample_weights,
            rows=np.arange(24) % samples,
            batch_size=5,
            loss=losses,
            rule=update_rule("sgd", momentum=0.9),
            learning_rates=np.full(5, 0.01),
            iteration=3,
            seed=7,
            slots=[(np.zeros(plan.weights[index].shape, np.float32),) for index in plan.trainable],
            losses=[None if rule is None else np.zeros(24, np.float32) for rule in losses],  # type: ignore[misc]
            outputs=[np.zeros((24, *shape), np.float32) for shape in plan.output_shapes],
        )
        assert engine.prepare(plan, weights).train(stretch) == 5
        found.append((weights, stretch.losses, stretch.outputs))
    for ours, theirs in zip(*found, strict=True):
        assert_close(ours, theirs, 2e-3)


def test_an_output_without_a_gradient_leaves_what_only_it_is_made_of_alone() -> None:
    plan, weights = planned(branches)
    executable = NativeEngine().prepare(plan, weights)
    x = data(plan, 3)
    found = executable.pullback(x, [None, None])
    assert not any(gradient.any() for gradient in [*found.input, *(w for w in found.weights if w is not None)])


def test_a_wrong_number_of_inputs_is_said() -> None:
    plan, weights = planned(branches)
    executable = NativeEngine().prepare(plan, weights)
    with pytest.raises(ShapeError, match=r"Expected 2 inputs; got 1"):
        executable.forward(data(plan, 3)[:1])
    with pytest.raises(ValueError, match="different numbers of samples"):
        _native.Program([[2], [2]], [], [], [], [0]).predict(
            [np.zeros((1, 2), np.float32), np.zeros((2, 2), np.float32)], [np.zeros((1, 2), np.float32)]
        )


@pytest.mark.parametrize("activation", ["relu6", "gelu"])
def test_an_image_alone_is_what_it_is_among_others(activation: str) -> None:
    """Workers share the filters of a small map; of many images each takes some."""
    x = Input(shape=(7, 7, 160))
    y = Activation(activation)(add([Conv2D(200, 1)(x), Conv2D(200, 3, padding="same")(x)]))
    plan = build_graph(Graph.of([x], trace([x], [y]), [y]))
    executable = NativeEngine().prepare(plan, random_weights(plan, np.random.default_rng(0)))
    images = np.random.default_rng(1).normal(size=(5, 7, 7, 160)).astype(np.float32)
    together = executable.forward(images)
    exact = ReferenceEngine().prepare(plan, random_weights(plan, np.random.default_rng(0)), np.float64).forward(images)
    assert np.abs(together - exact).max() < 1e-5 * np.abs(exact).max()
    for count in (2, 3, 7):
        _native.set_threads(count)
        for place in range(5):
            assert np.array_equal(executable.forward(images[place : place + 1])[0], together[place])

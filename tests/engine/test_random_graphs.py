"""Graphs drawn at random, with forks, joins, shared layers and several ends: engines agree, fused or not."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import HealthCheck, given, settings, strategies as st
from tests.engine.support import random_weights

from convoscope.engine.base import Gradients, LossRule, each
from convoscope.engine.native import NativeEngine
from convoscope.engine.plan import Plan, build_graph
from convoscope.engine.reference import ReferenceEngine
from convoscope.layers import (
    Activation,
    Add,
    Average,
    AveragePooling2D,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    Layer,
    Maximum,
    MaxPooling2D,
    Minimum,
    Multiply,
    Subtract,
)
from convoscope.layers.symbols import Symbol
from convoscope.models import Model

Array = npt.NDArray[Any]

SMOOTH = ("tanh", "silu", "sigmoid", "elu", "linear", "relu")
JOINS = (Add, Subtract, Multiply, Average, Maximum, Minimum, Concatenate)


@st.composite
def graphs(draw: st.DrawFn) -> Model:
    """Return a model of three to ten calls: whatever is made may be read again, or come out."""
    size = (draw(st.integers(1, 5)), draw(st.integers(1, 5)))
    inputs = [Input((*size, draw(st.integers(1, 3)))) for _ in range(draw(st.integers(1, 2)))]
    values: list[Symbol] = list(inputs)
    shared: list[Layer] = []
    for _ in range(draw(st.integers(3, 10))):
        values.append(_next(draw, values, shared))
    ends = draw(st.lists(st.sampled_from(values[len(inputs) :]), min_size=1, max_size=3, unique=True))
    # Every input must be read by something that comes out.
    whole = [GlobalAveragePooling2D()(x) for x in inputs]
    ends.append(
        Dense(2, activation=draw(st.sampled_from(["softmax", "linear"])))(
            _joined(Concatenate, [*whole, _row(values[-1])])
        )
    )
    return Model(inputs, ends, seed=1)


def _next(draw: st.DrawFn, values: list[Symbol], shared: list[Layer]) -> Symbol:
    """Return one more value: of a layer that was called before, of several values joined, or of a new layer."""
    x = draw(st.sampled_from(values))
    drawn = draw(st.integers(0, 9))
    again = [layer for layer in shared if layer.input_shape == x.shape]
    if drawn < 2 and again:
        return draw(st.sampled_from(again))(x)  # type: ignore[no-any-return]
    if drawn < 6:
        kind = draw(st.sampled_from(JOINS))
        others = [y for y in values if _join(kind, x, y)]
        if others:
            return _joined(kind, [x, draw(st.sampled_from(others))])
    layer = draw(_layers(x))
    shared.append(layer)
    return layer(x)


def _layers(x: Symbol) -> st.SearchStrategy[Layer]:
    """Return layers that keep an image's size, or make a row or one pixel of it."""
    anywhere = [
        st.builds(Activation, st.sampled_from(SMOOTH)),
        st.builds(Dense, st.integers(1, 4), activation=st.sampled_from(SMOOTH)),
        st.builds(Dropout, st.just(0.3)),
        st.builds(BatchNormalization),
    ]
    if x.ndim < 4:
        return st.one_of(anywhere)
    sizes = st.integers(1, 3)
    images = [
        st.builds(Conv2D, st.integers(1, 4), sizes, padding=st.just("same"), activation=st.sampled_from(SMOOTH)),
        st.builds(Conv2D, st.integers(1, 4), sizes, padding=st.just("same"), use_bias=st.booleans()),
        st.builds(MaxPooling2D, sizes, strides=st.just(1), padding=st.just("same")),
        st.builds(AveragePooling2D, sizes, strides=st.just(1), padding=st.just("same")),
        st.builds(GlobalAveragePooling2D, keepdims=st.booleans()),
    ]
    return st.one_of(images + anywhere)


def _join(kind: type[Layer], x: Symbol, y: Symbol) -> bool:
    """Return whether two values go together there."""
    if kind is Concatenate:
        return x.shape[:-1] == y.shape[:-1]
    try:
        np.broadcast_shapes(x.sample_shape, y.sample_shape)
    except ValueError:
        return False
    return True


def _joined(kind: type[Layer], values: list[Symbol]) -> Symbol:
    return kind()(values)


def _row(x: Symbol) -> Symbol:
    return Flatten()(x)


def drawn(model: Model, plan: Plan) -> tuple[list[Array], list[Array], list[Array]]:
    """Return weights, inputs, and what is sent back from each output."""
    rng = np.random.default_rng(3)
    weights = random_weights(plan, rng)
    x = [rng.standard_normal((3, *shape)).astype(np.float32) for shape in plan.input_shapes]
    return weights, x, [rng.standard_normal((3, *shape)).astype(np.float32) for shape in plan.output_shapes]


def close(ours: Any, theirs: Any, share: float) -> None:
    """Check arrays, or lists of them: differences are a small share of the largest value."""
    for one, other in zip(each(ours, 1), each(theirs, 1), strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            np.testing.assert_allclose(one, other, rtol=share, atol=share * max(1.0, np.abs(other).max(initial=0)))


def check_gradients(ours: Gradients, theirs: Gradients, share: float) -> None:
    close(ours.outputs, theirs.outputs, share)
    close(ours.input, theirs.input, share)
    for one, other in zip(ours.weights, theirs.weights, strict=True):
        close([one], [other], share)


relaxed = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@relaxed
@given(graphs())
def test_fusing_changes_nothing(model: Model) -> None:
    fused, plain = build_graph(model.graph), build_graph(model.graph, fused=False)
    weights, x, back = drawn(model, plain)
    runs = [ReferenceEngine().prepare(plan, weights, np.float64) for plan in (fused, plain)]
    given_x = x if len(x) > 1 else x[0]
    close(runs[0].forward(given_x), runs[1].forward(given_x), 1e-9)
    for training in (False, True):
        found = [run.pullback(given_x, back, training=training, seed=4) for run in runs]
        check_gradients(found[0], found[1], 1e-8)


@relaxed
@given(graphs(), st.booleans())
def test_native_is_the_reference_to_rounding(model: Model, training: bool) -> None:
    plan = build_graph(model.graph)
    weights, x, back = drawn(model, plan)
    native = NativeEngine().prepare(plan, weights)
    judge = ReferenceEngine().prepare(plan, weights, np.float64)
    given_x = x if len(x) > 1 else x[0]
    close(native.forward(given_x), judge.forward(given_x), 2e-4)
    ours = native.pullback(given_x, back, training=training, seed=4)
    check_gradients(ours, judge.pullback(given_x, back, training=training, seed=4), 2e-3)


@relaxed
@given(graphs())
def test_losses_of_all_outputs_have_the_gradients_of_float64(model: Model) -> None:
    plan = build_graph(model.graph)
    weights, x, back = drawn(model, plan)
    rules = [LossRule("mean_squared_error", weight=0.5 + n) for n in range(len(back))]
    given_x = x if len(x) > 1 else x[0]
    ours = NativeEngine().prepare(plan, weights).gradients(given_x, back, rules, seed=5)
    judged = ReferenceEngine().prepare(plan, weights, np.float64).gradients(given_x, back, rules, seed=5)
    close(ours.losses, judged.losses, 2e-3)
    check_gradients(ours, judged, 2e-3)


@relaxed
@given(graphs())
def test_drawn_graphs_are_saved_and_read(tmp_path_factory: Any, model: Model) -> None:
    from convoscope.models import load_model

    path = tmp_path_factory.mktemp("graphs") / "model.safetensors"
    model.save(path)
    again = load_model(path)
    assert again.get_config() == model.get_config()
    x = [np.random.default_rng(6).random((2, *shape), np.float32) for shape in model.plan_input_shapes]
    for ours, read in zip(model.predict(x), again.predict(x), strict=True):
        assert ours.tobytes() == read.tobytes()

"""What every layer must pass: one of the `rows` (or several) a layer, and a test that none is left out.

Values and gradients against Keras are in ``tests/values``.
"""

from __future__ import annotations

import itertools
import json
import math
from typing import Any

import numpy as np
import pytest
from tests.layers.rows import ROWS, WITHOUT_HOLES, Array, Row, every_computing_row, every_row, single, weights_for

from convoscope.engine.base import Engine, each
from convoscope.engine.plan import Plan
from convoscope.engine.receptive_field import of_values
from convoscope.engine.reference import ReferenceEngine
from convoscope.layers import Conv2DTranspose, Permute, deserialize, serialize
from convoscope.layers.serialization import KINDS


def test_no_layer_is_left_out() -> None:
    assert {type(row.layer).__name__ for row in ROWS} == KINDS.keys()


@every_row
def test_the_shape_is_the_one_worked_out_by_hand(row: Row) -> None:
    assert row.layer.infer_joined_shape(row.shapes) == row.makes
    whole: list[Any] = [(None, *shape) for shape in row.shapes]
    assert row.layer.compute_output_shape(whole if row.joins else whole[0]) == (None, *row.makes)


@every_row
def test_a_layer_made_again_from_its_json_is_the_same(row: Row) -> None:
    again = deserialize(json.loads(json.dumps(serialize(row.layer))))
    assert type(again) is type(row.layer)
    assert serialize(again) == serialize(row.layer)
    assert again.weight_specs(row.shapes[0]) == row.layer.weight_specs(row.shapes[0])


@every_row
def test_weights_come_back_as_they_were_set(row: Row) -> None:
    layer = deserialize(serialize(row.layer))
    layer.build(row.takes, np.random.default_rng(1))
    assert layer.output_shape == (None, *row.makes)
    drawn = [weight.astype(np.float32) for weight in weights_for(row, np.random.default_rng(2))]
    layer.set_weights(drawn)
    for back, given, spec in zip(layer.get_weights(), drawn, layer.specs, strict=True):
        np.testing.assert_array_equal(back, given)
        assert back.shape == spec.shape
    assert layer.count_params() == sum(weight.size for weight in drawn)


@every_row
def test_the_first_weights_are_finite_and_follow_from_the_generator(row: Row) -> None:
    first, second = deserialize(serialize(row.layer)), deserialize(serialize(row.layer))
    first.build(row.takes, np.random.default_rng(3))
    second.build(row.takes, np.random.default_rng(3))
    for a, b in zip(first.weights, second.weights, strict=True):
        assert np.isfinite(a).all()
        np.testing.assert_array_equal(a, b)


@every_computing_row
@pytest.mark.parametrize("count", [0, 1, 5])
def test_what_comes_out_has_the_shape(engine: Engine, row: Row, count: int) -> None:
    generator = np.random.default_rng(4)
    weights = [weight.astype(np.float32) for weight in weights_for(row, generator)]
    outputs = engine.prepare(row.plan(), weights).forward(single(row.inputs(generator, count)))
    assert outputs.shape == (count, *row.makes)
    assert outputs.dtype == np.float32


@every_computing_row
@pytest.mark.parametrize("training", [False, True], ids=["prediction", "training"])
def test_single_precision_is_double_precision_to_rounding(engine: Engine, row: Row, training: bool) -> None:
    generator = np.random.default_rng(5)
    x = single(row.inputs(generator, 4))
    sent_back = generator.normal(size=(4, *row.makes)).astype(np.float32)
    weights = [weight.astype(np.float32) for weight in weights_for(row, generator)]
    plan = row.plan()
    ours = engine.prepare(plan, weights).pullback(x, sent_back, training=training, seed=6, iteration=7)
    exact = ReferenceEngine().prepare(plan, weights, np.float64)
    judged = exact.pullback(x, sent_back, training=training, seed=6, iteration=7)
    pairs = [
        (ours.outputs, judged.outputs),
        *zip(each(ours.input, 1), each(judged.input, 1), strict=True),
        *zip(ours.weights, judged.weights, strict=True),
    ]
    for rounded, double in pairs:
        assert (rounded is None) == (double is None)
        if rounded is not None and double is not None:
            np.testing.assert_allclose(rounded, double, rtol=2e-6, atol=3e-6 * np.abs(double).max())


@every_computing_row
@pytest.mark.parametrize("training", [False, True], ids=["prediction", "training"])
def test_gradients_are_the_slopes_that_finite_differences_find(row: Row, training: bool) -> None:
    generator = np.random.default_rng(8)
    x = row.inputs(generator, 3)
    sent_back = generator.normal(size=(3, *row.makes))
    weights = weights_for(row, generator)
    plan = row.plan()
    executable = ReferenceEngine().prepare(plan, weights, np.float64)

    def total() -> float:
        # In training mode outputs depend on the batch: only `pullback` gives them.
        return float((executable.pullback(x, sent_back, training=training, seed=9).outputs * sent_back).sum())

    found = executable.pullback(x, sent_back, training=training, seed=9)
    varied = [*zip(x, each(found.input, 1), strict=True), *((weights[p], found.weights[p]) for p in plan.trainable)]
    for array, gradient in varied:
        direction = generator.normal(size=array.shape)
        here, step = array.copy(), 1e-6
        array += step * direction
        above = total()
        array[...] = here - step * direction
        below = total()
        array[...] = here
        slope = (above - below) / (2 * step)
        assert gradient is not None
        np.testing.assert_allclose((gradient * direction).sum(), slope, rtol=1e-6, atol=1e-7)


@every_computing_row
def test_a_frozen_layer_has_no_weight_gradients(engine: Engine, row: Row) -> None:
    frozen = deserialize(serialize(row.layer))
    frozen.trainable = False
    generator = np.random.default_rng(10)
    weights = [weight.astype(np.float32) for weight in weights_for(row, generator)]
    x = single(row.inputs(generator, 2))
    found = engine.prepare(row.plan(layer=frozen), weights).pullback(x, np.ones((2, *row.makes), np.float32))
    assert found.weights == [None] * len(weights)
    assert [array.shape for array in each(found.input, 1)] == [array.shape for array in each(x, 1)]


def read_of(plan: Plan, mask: Array, which: int) -> Array:
    """Return what the marked outputs are computed from, of the input `which` of a layer's first step."""
    for step in reversed(plan.steps):
        for reading in reversed(step.readings_of(which if step is plan.steps[0] else 0)):
            mask = reading.back(mask)
    return mask


@every_computing_row
def test_what_a_value_is_computed_from_is_what_has_a_gradient(row: Row) -> None:
    """Readings against the inputs that a unit's gradient reaches in 400 random images."""
    generator = np.random.default_rng(11)
    weights = weights_for(row, generator)
    plan = row.plan(fused=False)
    executable = ReferenceEngine().prepare(plan, weights, np.float64)
    x = row.inputs(generator, 400)
    for unit in {tuple(generator.integers(0, n) for n in row.makes) for _ in range(6)}:
        one = np.zeros((400, *row.makes))
        one[(slice(None), *unit)] = 1.0
        mask = np.zeros(row.makes, bool)
        mask[unit] = True
        for which, gradient in enumerate(each(executable.pullback(x, one).input, 1)):
            np.testing.assert_array_equal(read_of(plan, mask, which), (gradient != 0).any(axis=0))


@every_computing_row
def test_the_spans_that_a_value_sees_hold_what_it_is_computed_from(row: Row) -> None:
    plan = row.plan(fused=False)
    if isinstance(row.layer, Permute) or len(row.makes) != 3:
        return  # the image begins behind it, or ends there
    for which, shape in enumerate(row.shapes):
        field = of_values(plan.steps, plan.input_shapes, which)[plan.outputs[0]]
        if field is None or field.mixed or len(shape) != 3:
            continue
        for unit in itertools.product(range(row.makes[0]), range(row.makes[1]), (0, row.makes[2] - 1)):
            mask = np.zeros(row.makes, bool)
            mask[unit] = True
            read = read_of(plan, mask, which)
            for axis, reach in enumerate(field.axes):
                marked = np.flatnonzero(read.any(axis=tuple({0, 1, 2} - {axis})))
                first, last = reach.seen(unit[axis])
                if marked.size:
                    assert first <= marked[0] <= marked[-1] <= last
                if marked.size and isinstance(row.layer, WITHOUT_HOLES):
                    assert (max(first, 0), min(last, shape[axis] - 1)) == (marked[0], marked[-1])


@every_computing_row
def test_multiply_adds_are_the_kernels_cells_times_its_positions(row: Row) -> None:
    kernels = [spec.shape for spec in row.layer.weight_specs(row.shapes[0]) if spec.name.endswith("kernel")]
    positions = row.takes if isinstance(row.layer, Conv2DTranspose) else row.makes
    expected = sum(math.prod(kernel) * math.prod(positions[:-1]) for kernel in kernels)
    assert sum(step.multiply_adds for step in row.plan().steps) == expected


@every_computing_row
def test_each_step_says_in_words_what_it_does(row: Row) -> None:
    labels = [step.label for step in row.plan(fused=False).steps]
    assert all(labels)
    assert not any("Step" in label for label in labels)

"""What every layer must pass as part of a model, with the generic test's rows: summary, view, plan, copies, files."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.layers.rows import ROWS, Row, every_computing_row, single, weights_for

from convoscope.engine.base import Engine, each
from convoscope.engine.receptive_field import ReceptiveField
from convoscope.engine.reference import ReferenceEngine
from convoscope.layers import Conv2D, Conv2DTranspose, Input, InputLayer, deserialize, serialize
from convoscope.models import Model, load_model
from convoscope.models.plan_text import plan_text
from convoscope.models.summary import summarize
from convoscope.models.summary_text import arithmetic, journey, table

COMPUTING = [row for row in ROWS if not isinstance(row.layer, InputLayer)]


def model_of(row: Row) -> Any:
    """Return a model of inputs and the row's layer, with random weights."""
    inputs = [Input(shape) for shape in row.shapes]
    layer = deserialize(serialize(row.layer))
    model = Model(inputs, layer(inputs if row.joins else inputs[0]), seed=1)
    model.set_weights(weights_for(row, np.random.default_rng(3)))
    return model


@every_computing_row
def test_the_summary_has_its_shape_parameters_and_what_it_reads(row: Row) -> None:
    model = model_of(row)
    summary = summarize(model)
    own = summary.rows[-1]
    assert (own.shape, own.kind) == (row.makes, type(row.layer).__name__)
    assert own.params == sum(weight.size for weight in model.get_weights()) == summary.params
    assert own.sources == tuple(model.input_names)
    assert own.multiply_adds == sum(step.multiply_adds for step in row.plan().steps)
    products = [np.prod([int(n) for n in term.split("×")]) for term in own.arithmetic.split(" + ") if term]
    assert sum(products) == own.params
    for text in (table(summary, 80), journey(summary, 80), arithmetic(summary, 80)):
        assert max(map(len, text.split("\n"))) <= 80
        assert own.name in text


@pytest.mark.parametrize(
    "row",
    [row for row in COMPUTING if not (isinstance(row.layer, Conv2DTranspose) and max(row.layer.dilation_rate) > 1)],
    ids=lambda row: f"{row.layer!r} of {row.takes}",
)
def test_what_it_sees_spans_what_gradients_reach(row: Row) -> None:
    """The first and the last pixel that a value says it sees, against 300 random images' gradients."""
    rng = np.random.default_rng(5)
    fields = summarize(model_of(row)).rows[-1].receptive_fields
    executable = ReferenceEngine().prepare(row.plan(fused=False), weights_for(row, rng), np.float64)
    x = row.inputs(rng, 300)
    for unit in {tuple(rng.integers(0, n) for n in row.makes) for _ in range(6)}:
        one = np.zeros((300, *row.makes))
        one[(slice(None), *unit)] = 1.0
        for field, gradient in zip(fields, each(executable.pullback(x, one).input, 1), strict=True):
            reached = (gradient != 0).any(axis=0)
            _check_spans(field, unit, np.argwhere(reached), reached.shape)


def _check_spans(field: ReceptiveField | None, unit: tuple[int, ...], reached: Any, shape: tuple[int, ...]) -> None:
    assert field is not None
    if tuple(axis.length for axis in field.axes) != shape[: len(field.axes)]:
        return  # an image that begins behind a Reshape
    if field.mixed and not field.shared:
        return  # values no longer stand where they are seen
    for axis, (reach, length) in enumerate(zip(field.axes, shape, strict=False)):
        first, last = reach.seen(0 if field.shared else unit[axis])
        within = (max(first, 0), min(last, length - 1))
        seen = reached[:, axis]
        assert len(seen) == 0 or within[0] <= seen.min() <= seen.max() <= within[1]
        # What lies within an image shows its full extent, as long as no kernel paints with gaps. In rows of values
        # the span is that of all that stand side by side.
        if len(seen) and len(shape) == 3 and (first, last) == within:
            assert (seen.min(), seen.max()) == within


@every_computing_row
def test_the_plan_in_words_names_it(row: Row, engine: Engine) -> None:
    model = model_of(row)
    text = plan_text(model, 100)
    assert model.layers[-1].name in text
    assert f"({engine.name} engine): 1 layer in" in text


@every_computing_row
def test_copies_and_files_make_the_same(row: Row, engine: Engine, tmp_path: Path) -> None:
    model = model_of(row)
    x = single(row.inputs(np.random.default_rng(6), 3))
    expected = model.predict(x)
    model.save(tmp_path / "model.safetensors")
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model)), load_model(tmp_path / "model.safetensors")):
        assert twin.predict(x).tobytes() == expected.tobytes()
        assert twin.get_config() == model.get_config()
        assert all(a is not b for a, b in zip(twin.weights, model.weights, strict=True))


def test_a_row_that_joins_has_a_gradient_and_a_reading_for_each_input() -> None:
    """The tests above would pass if nothing joined."""
    joins = [row for row in ROWS if row.joins and len(row.shapes) > 1]
    assert {type(row.layer).__name__ for row in joins} >= {"Add", "Multiply", "Subtract", "Concatenate"}
    for row in joins:
        assert len(summarize(model_of(row)).rows[-1].receptive_fields) == len(row.shapes)


@pytest.mark.parametrize("name", ["conv2d", "inner/conv2d"])
def test_calls_of_equal_names_are_told_apart_in_the_plan(name: str) -> None:
    inner_input = Input((4, 4, 2))
    inner = Model(inner_input, Conv2D(2, 1)(inner_input), name="inner")
    x = Input((4, 4, 2))
    model = Model(x, inner(Conv2D(2, 1, name=name)(x)))
    text = plan_text(model, 100)
    assert f" {name} → " in text
    assert "inner/conv2d" in text
    assert len({line for line in text.split("\n") if " → " in line}) == 2

"""Regularizers and constraints as people give them to layers: names, files, training that goes on, frozen layers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope import constraints, regularizers
from convoscope.constraints import MaxNorm, MinMaxNorm, NonNeg, UnitNorm
from convoscope.engine.base import Engine
from convoscope.errors import ShapeError
from convoscope.layers import BatchNormalization, Conv2D, Dense, Flatten, Input
from convoscope.regularizers import L1, L1L2, L2, OrthogonalRegularizer
from convoscope.utils import clear_session


def held_model(seed: int = 1) -> cs.Sequential:
    model = cs.Sequential(
        [
            Input((6, 6, 1)),
            Conv2D(
                4, 3, activation="relu", kernel_regularizer=L1L2(1e-3, 1e-2), kernel_constraint=MaxNorm(1, [0, 1, 2])
            ),
            BatchNormalization(gamma_regularizer="l2", beta_constraint="non_neg"),
            Flatten(),
            Dense(
                3, activation="softmax", kernel_regularizer="l1", bias_regularizer="l2", kernel_constraint="unit_norm"
            ),
        ],
        seed=seed,
    )
    model.compile(cs.optimizers.Adam(0.01, clipnorm=1.0), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("l1", L1(0.01)),
        ("L2", L2(0.01)),
        ("l1_l2", L1L2(0.0, 0.0)),
        (L1, L1(0.01)),
        (L1(None), L1(0.01)),  # type: ignore[arg-type]
        (regularizers.l2(0.5), L2(0.5)),
        (L1L2(l1=1), L1L2(1.0, 0.0)),
        ("orthogonal_regularizer", OrthogonalRegularizer(0.01, "rows")),
        (OrthogonalRegularizer(1, mode="columns"), OrthogonalRegularizer(1.0, "columns")),
        ({"class_name": "l2", "config": {"l2": 0.25}}, L2(0.25)),
        # As Keras writes it into its files.
        ({"module": "keras.regularizers", "class_name": "L1", "config": {"l1": 1}, "registered_name": None}, L1(1.0)),
    ],
)
def test_a_regularizer_is_found_by_keras_names(identifier: Any, expected: regularizers.Regularizer) -> None:
    found = regularizers.get(identifier)
    assert found == expected
    assert regularizers.deserialize(json.loads(json.dumps(regularizers.serialize(found)))) == found
    assert type(expected).from_config(expected.get_config()) == expected


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("max_norm", MaxNorm(2.0, 0)),
        ("UnitNorm", UnitNorm(0)),
        ("non_neg", NonNeg()),
        (NonNeg, NonNeg()),
        ("min_max_norm", MinMaxNorm(0.0, 1.0, 1.0, 0)),
        (constraints.max_norm(3, axis=[0, 1, 2]), MaxNorm(3.0, (0, 1, 2))),
        (UnitNorm(np.array([0, 1])), UnitNorm((0, 1))),  # type: ignore[arg-type]
        (MaxNorm(axis=None), MaxNorm(2.0, None)),
        ({"class_name": "MaxNorm", "config": {"max_value": 2, "axis": -1}}, MaxNorm(2.0, -1)),
    ],
)
def test_a_constraint_is_found_by_keras_names(identifier: Any, expected: constraints.Constraint) -> None:
    found = constraints.get(identifier)
    assert found == expected
    assert constraints.deserialize(json.loads(json.dumps(constraints.serialize(found)))) == found
    assert type(expected).from_config(expected.get_config()) == expected


def test_keras_module_has_them() -> None:
    from convoscope.keras.constraints import max_norm
    from convoscope.keras.regularizers import l1_l2

    assert (max_norm, l1_l2) == (cs.constraints.MaxNorm, cs.regularizers.L1L2)


def test_a_saved_model_trains_on_bit_for_bit(tmp_path: Path, images: Any, engine: Engine) -> None:
    x, y = images
    x = x / np.float32(255)
    at_once, in_parts = held_model(), held_model()
    expected = at_once.fit(x, y, batch_size=10, epochs=4, validation_split=0.2, verbose=0).history
    in_parts.fit(x, y, batch_size=10, epochs=2, validation_split=0.2, verbose=0)
    in_parts.save(tmp_path / "model.safetensors")
    again = cs.load_model(tmp_path / "model.safetensors")
    assert again.get_config() == in_parts.get_config()
    assert again.losses == in_parts.losses
    rest = again.fit(x, y, batch_size=10, epochs=4, initial_epoch=2, validation_split=0.2, verbose=0).history
    assert rest == {name: values[2:] for name, values in expected.items()}
    for ours, theirs in zip(again.weights, at_once.weights, strict=True):
        assert ours.tobytes() == theirs.tobytes()


def test_what_nobody_regularizes_is_described_as_it_always_was() -> None:
    assert not [name for name in Dense(3).get_config() if "regularizer" in name or "constraint" in name]
    config = held_model().layers[-1].get_config()
    assert config["kernel_constraint"] == {"class_name": "UnitNorm", "config": {"axis": 0}}
    assert "bias_constraint" not in config


def test_a_frozen_layer_has_no_penalty_and_is_held_by_nothing(images: Any, engine: Engine) -> None:
    x, y = images[0] / np.float32(255), images[1]
    model = held_model()
    assert len(model.losses) == 4
    model.layers[-1].trainable = False
    assert model.losses == [loss for layer in model.layers[:2] for loss in layer.losses]
    assert len(model.losses) == 2
    before = model.layers[-1].get_weights()
    plain = model.predict(x, verbose=0)
    expected = -np.log(plain[np.arange(len(y)), y]).mean() + sum(model.losses)
    assert model.evaluate(x, y, verbose=0)[0] == pytest.approx(expected, rel=1e-6)
    model.fit(x, y, verbose=0)
    for now, then in zip(model.layers[-1].get_weights(), before, strict=True):
        assert (now == then).all()


def test_a_layer_called_twice_has_one_penalty(engine: Engine) -> None:
    dense = Dense(4, kernel_regularizer=L2(0.5))
    start = Input((4,))
    model = cs.Model(start, Dense(3, activation="softmax")(dense(dense(start))))
    model.compile("sgd", "sparse_categorical_crossentropy")
    x, y = np.random.default_rng(0).random((8, 4), np.float32), np.arange(8) % 3
    penalty = 0.5 * float((dense.get_weights()[0] ** 2).sum())
    assert model.losses == pytest.approx([penalty])
    expected = -np.log(model.predict(x, verbose=0)[np.arange(8), y]).mean() + penalty
    assert model.evaluate(x, y, verbose=0) == pytest.approx(expected, rel=1e-6)
    assert model.train_on_batch(x, y) == pytest.approx(expected, rel=1e-6)
    assert model.losses[0] < penalty


def test_constraints_hold_after_training(images: Any, engine: Engine) -> None:
    model = held_model()
    model.fit(images[0] / np.float32(255), images[1], epochs=2, verbose=0)
    kernel, _, beta, _, _, dense, _ = (model.get_weights()[i] for i in (0, 2, 3, 4, 5, 6, 7))
    assert np.sqrt((kernel**2).sum(axis=(0, 1, 2))).max() <= 1 + 1e-6
    assert beta.min() == 0.0  # some would be below
    np.testing.assert_allclose(np.sqrt((dense**2).sum(axis=0)), 1, rtol=1e-6)


def test_weights_keep_what_they_were_built_with() -> None:
    """As in Keras: what is set later counts for layers made from the config, not for these weights."""
    model = held_model()
    dense = model.layers[-1]
    dense.kernel_regularizer = L2(5.0)  # type: ignore[attr-defined]
    assert len(dense.losses) == 2
    assert dense.losses[0] == pytest.approx(0.01 * np.abs(dense.get_weights()[0]).sum(), rel=1e-6)
    assert cs.Sequential.from_config(model.get_config()).losses[-2] > 10 * dense.losses[0]


def test_the_summary_does_not_change() -> None:
    free = cs.Sequential([Input((6, 6, 1)), Conv2D(4, 3), Flatten(), Dense(3)], name="one")
    clear_session()  # the same names once more
    held = cs.Sequential(
        [Input((6, 6, 1)), Conv2D(4, 3, kernel_regularizer="l2"), Flatten(), Dense(3, bias_constraint="non_neg")],
        name="one",
    )
    texts: list[str] = []
    for model in (free, held):
        model.summary(print_fn=texts.append, details=True, plan=True)
    assert texts[0] == texts[1]


def test_an_orthogonal_regularizer_is_for_weights_with_two_axes() -> None:
    with pytest.raises(ShapeError, match=r"Conv2D.*kernel_regularizer.*two axes.*\(3, 3, 1, 4\).*unit_norm"):
        Conv2D(4, 3, kernel_regularizer="orthogonal_regularizer", input_shape=(6, 6, 1)).checked_shape((6, 6, 1))


@pytest.mark.parametrize("mode", ["rows", "columns"])
def test_the_gradient_of_an_orthogonal_regularizer_is_the_slope_of_its_penalty(mode: str) -> None:
    regularizer = OrthogonalRegularizer(0.5, mode)
    weight = np.random.default_rng(0).standard_normal((4, 6))
    for place in np.ndindex(weight.shape):
        step = np.zeros_like(weight)
        step[place] = 1e-6
        slope = (regularizer(weight + step) - regularizer(weight - step)) / 2e-6
        assert regularizer.gradient(weight)[place] == pytest.approx(slope, abs=1e-8)
    assert not regularizer.gradient(np.zeros((2, 3))).any()  # nothing to turn

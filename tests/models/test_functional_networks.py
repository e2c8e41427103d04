"""Networks between symbols: what Keras makes of the same weights and batches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.models import functional_networks as networks

import convoscope as cs
from convoscope.engine.base import Engine
from convoscope.models.summary import summarize
from convoscope.models.summary_text import table

# Written by tools/make_functional_values.py with Keras itself.
VALUES = np.load(Path(__file__).with_name("functional_values.npz"))
THERE = [name for name in networks.NETWORKS if hasattr(cs.layers, networks.NEEDS.get(name, "Dense"))]
every_network = pytest.mark.parametrize("name", THERE)


def network(name: str) -> Any:
    """Return a network with the weights that Keras' had."""
    model = networks.NETWORKS[name](cs)
    model.set_weights(networks.drawn_weights([weight.shape for weight in model.get_weights()]))
    return model


def batch(model: Any) -> tuple[Any, Any]:
    """Return the batch that Keras' got: inputs, and targets."""
    x = networks.drawn_inputs([shape[1:] for shape in _shapes(model.input_shape)])
    y = networks.drawn_targets([shape[1:] for shape in _shapes(model.output_shape)])
    return (x[0] if len(x) == 1 else x), (y[0] if len(y) == 1 else y)


def _shapes(shape: Any) -> list[Any]:
    return shape if isinstance(shape, list) else [shape]


def _as_list(made: Any) -> list[Any]:
    return made if isinstance(made, list) else [made]


@every_network
def test_weights_come_in_kerass_order(name: str) -> None:
    shapes = [list(weight.shape) for weight in networks.NETWORKS[name](cs).get_weights()]
    assert shapes == json.loads(str(VALUES[f"{name} shapes"]))


@every_network
def test_outputs_are_kerass(name: str, engine: Engine) -> None:
    model = network(name)
    for number, output in enumerate(_as_list(model.predict(batch(model)[0], verbose=0))):
        np.testing.assert_allclose(output, VALUES[f"{name} output {number}"], rtol=2e-5, atol=2e-5)


@every_network
def test_a_saved_network_makes_the_same_to_the_bit(name: str, engine: Engine, tmp_path: Path) -> None:
    model = network(name)
    x, _ = batch(model)
    model.save(tmp_path / "model.safetensors")
    again = cs.load_model(tmp_path / "model.safetensors")
    assert again.get_config() == model.get_config()
    for ours, read in zip(_as_list(model.predict(x)), _as_list(again.predict(x)), strict=True):
        assert ours.tobytes() == read.tobytes()
    assert table(summarize(again), 90) == table(summarize(model), 90)


@every_network
def test_gradients_are_kerass(name: str, engine: Engine) -> None:
    model = network(name)
    x, y = batch(model)
    rule = cs.losses.get(networks.loss_of(model)).rule()
    rules = [rule] * len(y) if isinstance(y, list) else rule
    found = model.executable().gradients(x, y, rules).weights
    trainable = [gradient for gradient in found if gradient is not None]
    assert len(trainable) == sum(case.startswith(f"{name} gradient") for case in VALUES)
    for number, gradient in enumerate(trainable):
        expected = VALUES[f"{name} gradient {number}"]
        np.testing.assert_allclose(gradient, expected, rtol=2e-4, atol=2e-5 * max(1, np.abs(expected).max()))


@every_network
def test_training_losses_are_kerass(name: str, engine: Engine) -> None:
    model = network(name)
    x, y = batch(model)
    loss = networks.loss_of(model)
    model.compile(cs.optimizers.SGD(networks.RATE, momentum=0.9), loss if not isinstance(y, list) else [loss] * len(y))
    history = model.fit(x, y, batch_size=networks.BATCH, epochs=networks.STEPS, shuffle=False, verbose=0)
    np.testing.assert_allclose(history.history["loss"], VALUES[f"{name} losses"], rtol=1e-3)


@pytest.mark.parametrize(
    "case", [case for case in VALUES if " summary " in case and case.split(" summary ")[0] in THERE]
)
def test_the_table_is_kerass_to_the_character(case: str) -> None:
    name, width = case.split(" summary ")
    lines = table(summarize(networks.NETWORKS[name](cs)), int(width)).split("\n")
    assert [line.rstrip() for line in lines] == str(VALUES[case]).split("\n")

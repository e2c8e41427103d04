"""Every optimizer and option trains as in Keras: losses and weights of ``tools/make_optimizer_values.py``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convoscope import layers
from convoscope.callbacks import LambdaCallback, SwapEMAWeights
from convoscope.engine.base import Engine
from convoscope.engine.select import use
from convoscope.errors import ConfigurationError
from convoscope.models import Sequential, load_model
from convoscope.training import optimizers, schedules
from convoscope.training.optimizers import SGD, Adam, AdamW

VALUES: dict[str, Any] = json.loads((Path(__file__).parent / "optimizer_values.json").read_text())
GIVEN = VALUES["given"]
X, Y = np.array(GIVEN["x"], np.float32), np.array(GIVEN["y"])
BATCHES = [slice(start, start + GIVEN["batch"]) for start in range(0, len(X), GIVEN["batch"])]


def network(**held: Any) -> Sequential:
    """Make the network that Keras trained, from the same weights."""
    stack = [layers.Dense(5, activation="tanh", **held), layers.Dense(3, activation="softmax")]
    model = Sequential([layers.Input((6,)), *stack])
    model.set_weights([np.array(weight) for weight in GIVEN["weights"]])
    return model


def named(case: dict[str, Any]) -> Any:
    """Return a case as pytest's parameter."""
    parts = [case["class"], *(f"{name}={value}" for name, value in case["settings"].items() if name != "learning_rate")]
    parts += [each["class_name"] for each in case.get("held", {}).values()]
    return pytest.param(case, id=", ".join(parts))


def assert_trained_as_by_keras(model: Sequential, case: dict[str, Any]) -> None:
    """Take Keras' steps, batch by batch, and compare losses and weights."""
    losses = [model.train_on_batch(X[batch], Y[batch]) for batch in BATCHES]
    np.testing.assert_allclose(losses, case["losses"], rtol=2e-5, err_msg="losses")
    assert model.optimizer is not None
    model.optimizer.finalize_variable_values()
    for ours, theirs in zip(model.get_weights(), case["weights"], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("case", list(map(named, VALUES["runs"])))
def test_twelve_steps_of_every_optimizer_and_option_are_those_of_keras(engine: Engine, case: dict[str, Any]) -> None:
    use(engine.name)
    model = network()
    model.compile(getattr(optimizers, case["class"])(**case["settings"]), "sparse_categorical_crossentropy")
    assert_trained_as_by_keras(model, case)


@pytest.mark.parametrize("case", list(map(named, VALUES["held"])))
def test_twelve_steps_under_regularizers_and_constraints_are_those_of_keras(
    engine: Engine, case: dict[str, Any]
) -> None:
    use(engine.name)
    model = network(**case["held"])
    model.compile(getattr(optimizers, case["class"])(**case["settings"]), "sparse_categorical_crossentropy")
    assert_trained_as_by_keras(model, case)


@pytest.mark.parametrize("case", VALUES["excluded"])
def test_weights_that_do_not_decay_are_those_of_keras(engine: Engine, case: dict[str, Any]) -> None:
    use(engine.name)
    model = network()
    optimizer = AdamW(0.02, weight_decay=0.5)
    kernels = [] if case["kernel_of"] is None else [model.layers[case["kernel_of"]].weights[0]]
    optimizer.exclude_from_weight_decay(kernels, case["names"])
    model.compile(optimizer, "sparse_categorical_crossentropy")
    for batch in BATCHES:
        model.train_on_batch(X[batch], Y[batch])
    for ours, theirs in zip(model.get_weights(), case["weights"], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("case", VALUES["averaged_fit"], ids=lambda case: str(case["swap_on_epoch"]))
def test_fit_puts_averages_in_the_place_of_weights_as_keras_does(case: dict[str, Any]) -> None:
    model = network()
    model.compile(SGD(0.1, use_ema=True, ema_momentum=0.8), "sparse_categorical_crossentropy")
    seen: list[float] = []
    watch = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(float(model.get_weights()[0][0, 0])))
    swap = [] if case["swap_on_epoch"] is None else [SwapEMAWeights(swap_on_epoch=case["swap_on_epoch"])]
    history = model.fit(
        X,
        Y,
        batch_size=GIVEN["batch"],
        epochs=2,
        shuffle=False,
        verbose=0,
        validation_data=(X, Y),
        callbacks=[*swap, watch],
    ).history
    for name, values in case["history"].items():
        np.testing.assert_allclose(history[name], values, rtol=2e-5, err_msg=name)
    np.testing.assert_allclose(seen, case["first_weight"], rtol=2e-4)
    np.testing.assert_allclose(model.get_weights()[1], case["first_bias"], rtol=2e-4, atol=2e-5)


def test_swapping_needs_averages() -> None:
    model = network()
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(ConfigurationError, match="use_ema=True"):
        model.fit(X, Y, verbose=0, callbacks=[SwapEMAWeights()])


def test_defaults_are_keras_defaults() -> None:
    for name, expected in VALUES["defaults"].items():
        config = getattr(optimizers, name)().get_config()
        assert config.keys() == expected.keys()
        for argument, value in config.items():
            if argument != "name":
                assert value == (pytest.approx(expected[argument]) if isinstance(value, float) else expected[argument])
        getattr(optimizers, name).from_config(expected)  # everything that Keras writes can be read


def test_schedules_give_keras_rates() -> None:
    for case in VALUES["schedules"]:
        schedule = getattr(schedules, case["class"])(**case["settings"])
        assert [schedule(step) for step in case["steps"]] == pytest.approx(case["rates"], rel=2e-5, abs=1e-7), case


EVERYTHING = {
    "use_ema": True,
    "ema_momentum": 0.6,
    "ema_overwrite_frequency": 2,
    "gradient_accumulation_steps": 3,
    "global_clipnorm": 0.2,
    "weight_decay": 0.05,
}


@pytest.mark.parametrize("name", list(VALUES["defaults"]))
@pytest.mark.parametrize("options", [{}, EVERYTHING], ids=["plain", "everything"])
def test_training_goes_on_from_a_file_bit_for_bit(name: str, options: dict[str, Any], tmp_path: Path) -> None:
    model = network()
    model.compile(getattr(optimizers, name)(**options), "sparse_categorical_crossentropy")
    assert model.optimizer is not None
    model.optimizer.exclude_from_weight_decay(var_names=["bias"])
    for batch in BATCHES[:4]:
        model.train_on_batch(X[batch], Y[batch])
    model.save(tmp_path / "model.safetensors")
    again = load_model(tmp_path / "model.safetensors")
    for batch in BATCHES[4:]:
        assert model.train_on_batch(X[batch], Y[batch]) == again.train_on_batch(X[batch], Y[batch])
    assert all((ours == theirs).all() for ours, theirs in zip(model.get_weights(), again.get_weights(), strict=True))


def test_weights_that_decay_must_be_the_models_own_and_named_in_time() -> None:
    model = network()
    optimizer = Adam(weight_decay=0.1)
    optimizer.exclude_from_weight_decay([np.zeros(3, np.float32)])
    model.compile(optimizer, "sparse_categorical_crossentropy")
    with pytest.raises(ConfigurationError, match="a weight that the model does not have"):
        model.train_on_batch(X, Y)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    model.train_on_batch(X, Y)
    with pytest.raises(ConfigurationError, match="comes before the first training step"):
        optimizer.exclude_from_weight_decay(var_names=["kernel"])

"""Optimizers have Keras' names, arguments and defaults, and keep their state."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from convoscope.errors import ConfigurationError, UnknownNameError
from convoscope.training import optimizers
from convoscope.training.optimizers import SGD, Adam, AdamW, RMSprop
from convoscope.training.schedules import ExponentialDecay


def test_defaults_are_keras_defaults(keras_values: dict[str, Any]) -> None:
    for name, expected in keras_values["optimizer_defaults"].items():
        config = getattr(optimizers, name)().get_config()
        for argument, value in config.items():
            if argument != "name":
                assert value == (pytest.approx(expected[argument]) if isinstance(value, float) else expected[argument])
        # Everything that Keras writes can be read.
        getattr(optimizers, name).from_config(expected)


@pytest.mark.parametrize(
    "optimizer",
    [
        SGD(0.1, momentum=0.9, nesterov=True),
        Adam(ExponentialDecay(0.1, 10, 0.5), clipnorm=1.0, name="mine"),
        AdamW(0.01, 0.1),
        RMSprop(momentum=0.5, centered=True, clipvalue=0.1),
    ],
)
def test_an_optimizer_survives_json(optimizer: optimizers.Optimizer) -> None:
    again = optimizers.deserialize(json.loads(json.dumps(optimizers.serialize(optimizer))))
    assert again.rule() == optimizer.rule()
    assert again.get_config() == optimizer.get_config()
    assert again.learning_rates(3, 4).tolist() == optimizer.learning_rates(3, 4).tolist()


def test_a_changed_learning_rate_is_the_one_that_is_kept() -> None:
    optimizer = Adam()
    optimizer.learning_rate = 1e-4
    assert optimizer.learning_rates(0, 2).tolist() == [1e-4, 1e-4]
    assert optimizers.deserialize(optimizers.serialize(optimizer)).learning_rate == 1e-4


def test_a_schedule_follows_the_steps_and_cannot_be_set_to_a_number() -> None:
    optimizer = SGD(ExponentialDecay(0.1, 10, 0.5))
    optimizer.iterations = 20
    assert optimizer.learning_rate == pytest.approx(0.025)
    assert optimizer.learning_rates(20, 2) == pytest.approx([0.025, 0.025 * 0.5**0.1])
    with pytest.raises(ConfigurationError, match="follows a ExponentialDecay"):
        optimizer.learning_rate = 0.1
    optimizer.learning_rate = ExponentialDecay(1.0, 10, 0.5)
    assert optimizer.learning_rate == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("optimizer", "slots"),
    [
        (SGD(), 0),
        (SGD(momentum=0.9), 1),
        (Adam(), 2),
        (AdamW(), 2),
        (RMSprop(), 1),
        (RMSprop(momentum=0.1, centered=True), 3),
    ],
)
def test_slots_are_made_once_and_kept(optimizer: optimizers.Optimizer, slots: int) -> None:
    weights = [np.ones((2, 3), np.float32), np.ones(3, np.float32)]
    first = optimizer.slots_for(weights)
    assert [[slot.shape for slot in each] for each in first] == [[(2, 3)] * slots, [(3,)] * slots]
    assert all(not slot.any() and slot.dtype == np.float32 for each in first for slot in each)
    again = optimizer.slots_for(weights)
    assert all(a is b for one, two in zip(first, again, strict=True) for a, b in zip(one, two, strict=True))


def test_freezing_a_layer_keeps_the_slots_of_the_others() -> None:
    optimizer = Adam()
    weights = [np.ones(2, np.float32), np.ones(3, np.float32)]
    optimizer.slots_for(weights)[1][0][:] = 7.0
    assert optimizer.slots_for(weights[1:])[0][0].tolist() == [7.0, 7.0, 7.0]


def test_one_optimizer_cannot_train_two_models() -> None:
    optimizer = Adam()
    optimizer.slots_for([np.ones(2, np.float32)])
    with pytest.raises(ConfigurationError, match="has trained another model"):
        optimizer.slots_for([np.ones(2, np.float32)])


@pytest.mark.parametrize("identifier", ["adamw", "AdamW", AdamW, AdamW(), {"class_name": "AdamW", "config": {}}])
def test_an_optimizer_is_found_by_name_class_description_or_object(identifier: Any) -> None:
    assert isinstance(optimizers.get(identifier), AdamW)


def test_the_old_name_of_the_learning_rate_is_refused_by_its_new_one() -> None:
    with pytest.raises(ConfigurationError, match=r"'lr' is called 'learning_rate'\. Write learning_rate=0.1"):
        Adam(lr=0.1)
    with pytest.raises(ConfigurationError, match="learning_rate"):
        SGD().lr = 0.1
    assert not hasattr(SGD(), "lr")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Adam(amsgrad=True), "amsgrad=True is not supported"),
        (lambda: SGD(use_ema=True), "use_ema=True is not supported"),
        (lambda: Adam(learning_rate="fast"), "learning_rate must be a number"),  # type: ignore[arg-type]
        (lambda: Adam(learning_rate=-1.0), "from 0 up"),
        (lambda: Adam(learning_rate=float("nan")), "from 0 up"),
        (lambda: SGD(momentum=1.5), "from 0 to 1"),
        (lambda: SGD(clipnorm=1.0, clipvalue=1.0), "clipnorm and clipvalue"),
        (lambda: AdamW(weight_decay=None), "Adam goes without"),  # type: ignore[arg-type]
        (lambda: Adam(beta1=0.5), "Did you mean 'beta_1'"),
        (lambda: optimizers.get("adm"), "Did you mean 'adam'"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(make: Any, message: str) -> None:
    with pytest.raises((ConfigurationError, UnknownNameError), match=message):
        make()

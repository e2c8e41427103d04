"""Optimizers have Keras' names, arguments and defaults, and keep their state."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import numpy as np
import pytest

from convoscope.errors import ConfigurationError, UnknownNameError
from convoscope.training import optimizers
from convoscope.training.old_arguments import OldArgumentWarning
from convoscope.training.optimizers import SGD, Adam, AdamW, Ftrl, Lion, Nadam, RMSprop
from convoscope.training.schedules import ExponentialDecay, LearningRateSchedule


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
        Nadam(use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=5, gradient_accumulation_steps=4),
        Ftrl(0.1, -0.4, 0.2, 0.1, 0.2, 0.3, 0.4, loss_scale_factor=2.0),
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
        (Adam(amsgrad=True), 3),
        (SGD(gradient_accumulation_steps=2), 1),
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


def test_old_arguments_do_what_they_did_and_warn_of_what_to_write() -> None:
    with pytest.warns(
        OldArgumentWarning, match=r"lr is now called learning_rate\. Write learning_rate=0\.1\."
    ) as caught:
        optimizer = AdamW(lr=0.1)
    assert caught[0].filename == __file__
    assert optimizer.learning_rate == 0.1
    message = (
        r"Write learning_rate=keras\.optimizers\.schedules\.InverseTimeDecay\(0\.2, decay_steps=1, decay_rate=0\.5"
    )
    with pytest.warns(OldArgumentWarning, match=message) as caught:
        decaying = SGD(0.2, decay=0.5)
    assert caught[0].filename == __file__
    # Keras 2: self.lr * (1 / (1 + self.decay * self.iterations))
    assert decaying.learning_rates(0, 4).tolist() == pytest.approx([0.2, 0.2 / 1.5, 0.2 / 2, 0.2 / 2.5])
    decaying.lr = 0.1  # as Keras 2, by callbacks too
    assert decaying.learning_rates(2, 1).tolist() == pytest.approx([0.05])
    again = optimizers.deserialize(json.loads(json.dumps(optimizers.serialize(decaying))))
    assert again.learning_rates(0, 9).tolist() == decaying.learning_rates(0, 9).tolist()
    assert SGD(0.1, decay=0.0).learning_rates(5, 1).tolist() == [0.1]  # says nothing, does nothing
    with pytest.raises(ConfigurationError, match="cannot be combined with a learning rate schedule"):
        SGD(ExponentialDecay(0.1, 10, 0.5), decay=0.1)


def test_learning_rate_and_iterations_are_read_and_set_as_in_keras() -> None:
    optimizer = Adam(0.001)
    assert optimizer.learning_rate == optimizer.lr == float(optimizer.learning_rate) == 0.001
    assert optimizer.learning_rate.numpy() == np.float32(0.001)
    optimizer.learning_rate.assign(0.5)
    optimizer.lr.assign(optimizer.lr * 0.5)
    assert optimizer.learning_rate == 0.25
    optimizer.lr = 0.125
    assert optimizer.learning_rates(0, 1).tolist() == [0.125]
    optimizer.iterations.assign(7)
    assert optimizer.iterations == 7
    assert optimizer.iterations.numpy() == 7
    assert optimizer.iterations.numpy().dtype == np.int64
    # A number that was read holds on to no optimizer when it is copied, and is JSON.
    copied = copy.deepcopy([optimizer.learning_rate, optimizer.iterations])
    assert [type(each) for each in copied] == [float, int]
    assert [type(each) for each in pickle.loads(pickle.dumps([optimizer.lr, optimizer.iterations]))] == [float, int]
    assert json.dumps([optimizer.learning_rate, optimizer.iterations]) == "[0.125, 7]"


class Halving(LearningRateSchedule):
    """A schedule as a user of Keras writes it."""

    def __init__(self, start: float) -> None:
        self.start = start

    def __call__(self, step: Any) -> Any:
        return np.minimum(self.start * 0.5 ** (step // 2), 1 / step)

    def get_config(self) -> dict[str, Any]:
        return {"start": self.start}


def test_a_schedule_of_ones_own_is_asked_for_each_step() -> None:
    optimizer = SGD(Halving(0.5))
    assert optimizer.learning_rates(0, 6).tolist() == [0.5, 0.5, 0.25, 0.25, 0.125, 0.125]
    optimizer.iterations = 4
    assert optimizer.learning_rate == 0.125
    described = json.loads(json.dumps(optimizers.serialize(optimizer)))
    again = optimizers.deserialize(described, {"Halving": Halving})
    assert again.learning_rates(0, 6).tolist() == optimizer.learning_rates(0, 6).tolist()
    with pytest.raises(UnknownNameError, match="learning-rate schedule named 'Halving'"):
        optimizers.deserialize(described)


def test_a_schedule_that_says_nothing_is_refused() -> None:
    class Empty(LearningRateSchedule):
        """Neither rates nor a configuration."""

    with pytest.raises(ConfigurationError, match="override __call__"):
        SGD(Empty()).learning_rates(0, 1)
    with pytest.raises(ConfigurationError, match="Override get_config"):
        SGD(Empty()).get_config()
    assert "Empty" in repr(SGD(Empty()))


class Own(optimizers.Optimizer):
    """An optimizer as a user of Keras writes it."""

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        variable.assign_sub(learning_rate * gradient)


def test_an_optimizer_of_ones_own_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"Own is a custom optimizer.*convoscope\.optimizers"):
        Own(0.1).slots_for([np.ones(2, np.float32)])


def test_averages_begin_with_the_weights() -> None:
    weights = [np.full(3, 2.0, np.float32)]
    [(momentum, velocity, average)] = Adam(use_ema=True).slots_for(weights)
    assert (momentum.any(), velocity.any(), average.tolist()) == (False, False, [2.0, 2.0, 2.0])
    assert average is not weights[0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD(use_ema=True, ema_momentum=2.0), "ema_momentum must be from 0 to 1"),
        (lambda: SGD(gradient_accumulation_steps=1), "gradient_accumulation_steps"),
        (lambda: SGD(ema_overwrite_frequency=0), "ema_overwrite_frequency"),
        (lambda: SGD(decay=-1.0), "decay must be a number of at least 0"),
        (lambda: Lion(beta_1=0.0), "beta_1 must be above 0"),
        (lambda: Ftrl(learning_rate_power=0.5), "learning_rate_power must be 0 or below"),
        (lambda: optimizers.get("lamb"), "The optimizer lamb is not supported. 'adamw'"),
        (lambda: SGD().apply_gradients([]), r"call model\.train_on_batch\(x, y\) for each batch"),
        (lambda: Adam(learning_rate="fast"), "learning_rate must be a number"),  # type: ignore[arg-type]
        (lambda: Adam(learning_rate=-1.0), "at least 0"),
        (lambda: Adam(learning_rate=float("nan")), "at least 0"),
        (lambda: SGD(momentum=1.5), "from 0 to 1"),
        (lambda: SGD(clipnorm=1.0, clipvalue=1.0), "clipnorm and clipvalue"),
        (lambda: AdamW(weight_decay=None), "Use Adam to train without"),  # type: ignore[arg-type]
        (lambda: Adam(beta1=0.5), "Did you mean 'beta_1'"),
        (lambda: optimizers.get("adm"), "Did you mean 'adam'"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(make: Any, message: str) -> None:
    with pytest.raises((ConfigurationError, UnknownNameError), match=message):
        make()

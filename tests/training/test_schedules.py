"""Schedules give Keras' and PyTorch's learning rates, step by step."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from convoscope.errors import ConfigurationError, UnknownNameError
from convoscope.training import optimizers, schedules


def test_schedules_give_keras_rates(keras_values: dict[str, Any]) -> None:
    for case in keras_values["schedules"]:
        schedule = getattr(schedules, case["class"])(**case["settings"])
        assert [schedule(step) for step in case["steps"]] == pytest.approx(case["rates"], rel=1e-5, abs=1e-8), case


def test_one_cycle_gives_pytorchs_rates_and_stays_low_afterwards(keras_values: dict[str, Any]) -> None:
    for case in keras_values["one_cycle"]:
        schedule = schedules.OneCycle(**case["settings"])
        rates = schedule.rates(np.arange(len(case["rates"]), dtype=np.float64))
        np.testing.assert_allclose(rates, case["rates"], rtol=1e-10)
        assert schedule(10 * len(case["rates"])) == pytest.approx(case["rates"][-1], rel=1e-10)


@pytest.mark.parametrize(
    "schedule",
    [
        schedules.ExponentialDecay(0.1, 10, 0.9, staircase=True),
        schedules.CosineDecay(0.1, 10, warmup_target=0.2, warmup_steps=3),
        schedules.PiecewiseConstantDecay([1, 2], [3.0, 2.0, 1.0]),
        schedules.OneCycle(0.1, 10),
        schedules.InverseTimeDecay(0.1, 10, 0.5, staircase=True),
        schedules.PolynomialDecay(0.1, 10, cycle=True),
        schedules.CosineDecayRestarts(0.1, 10, m_mul=0.5),
    ],
)
def test_a_schedule_survives_json(schedule: schedules.LearningRateSchedule) -> None:
    again = schedules.deserialize(json.loads(json.dumps(schedules.serialize(schedule))))
    steps = np.arange(20, dtype=np.float64)
    assert again.rates(steps).tolist() == schedule.rates(steps).tolist()


def test_extreme_one_cycles_stay_within_their_bounds() -> None:
    for settings in (
        {"total_steps": 1},
        {"total_steps": 7, "warmup_share": 0.0},
        {"total_steps": 7, "warmup_share": 1.0},
    ):
        rates = schedules.OneCycle(0.1, **settings).rates(np.arange(9, dtype=np.float64))
        assert (rates > 0).all()
        assert (rates <= 0.1).all()


def test_settings_that_cannot_be_meant_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="decay_steps must be above 0"):
        schedules.CosineDecay(0.1, 0)
    with pytest.raises(ConfigurationError, match="one more value than boundaries"):
        schedules.PiecewiseConstantDecay([1, 2], [0.1, 0.2])
    with pytest.raises(ConfigurationError, match="boundaries must increase"):
        schedules.PiecewiseConstantDecay([2, 1], [0.1, 0.2, 0.3])
    with pytest.raises(ConfigurationError, match="warmup_share"):
        schedules.OneCycle(0.1, 10, warmup_share=1.5)
    with pytest.raises(UnknownNameError, match="Did you mean 'CosineDecay'"):
        schedules.deserialize({"class_name": "CosinDecay"})


def test_schedules_are_found_where_keras_has_them() -> None:
    assert optimizers.schedules.ExponentialDecay is schedules.ExponentialDecay

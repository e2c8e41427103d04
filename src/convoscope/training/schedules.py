"""Learning rates that change from step to step, under Keras' names.

A schedule is a pure function of the number of steps taken so far: ``schedule(step)`` gives the rate of that step,
``rates(steps)`` those of many. So a resumed run continues exactly where it stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convoscope.checks import real
from convoscope.errors import ConfigurationError, unknown_name
from convoscope.layers.registered import custom_object_scope, get_registered_object
from convoscope.training.cosine_schedules import CosineDecay, CosineDecayRestarts, OneCycle
from convoscope.training.schedule import LearningRateSchedule, Rates, check_numbers, positive

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "OneCycle",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "Scaled",
    "deserialize",
    "serialize",
]


@dataclass(frozen=True)
class ExponentialDecay(LearningRateSchedule):
    """The rate is multiplied by `decay_rate` every `decay_steps` steps: smoothly, or (staircase) at once.

    Examples
    --------
    >>> ExponentialDecay(0.1, decay_steps=100, decay_rate=0.5)(200)
    0.025
    """

    initial_learning_rate: float
    decay_steps: int
    decay_rate: float
    staircase: bool = False
    name: str = "ExponentialDecay"

    def __post_init__(self) -> None:
        check_numbers(self)
        positive(self.decay_steps, "decay_steps", "ExponentialDecay")

    def rates(self, steps: Rates) -> Rates:
        power = steps / self.decay_steps
        return self.initial_learning_rate * self.decay_rate ** (np.floor(power) if self.staircase else power)


@dataclass(frozen=True)
class InverseTimeDecay(LearningRateSchedule):
    """The rate is divided by 1 + `decay_rate` × steps / `decay_steps`: smoothly, or (staircase) at once.

    Examples
    --------
    >>> InverseTimeDecay(0.1, decay_steps=100, decay_rate=1.0)(300)
    0.025
    """

    initial_learning_rate: float
    decay_steps: int
    decay_rate: float
    staircase: bool = False
    name: str = "InverseTimeDecay"

    def __post_init__(self) -> None:
        check_numbers(self)
        positive(self.decay_steps, "decay_steps", "InverseTimeDecay")

    def rates(self, steps: Rates) -> Rates:
        times = steps / self.decay_steps
        return self.initial_learning_rate / (1.0 + self.decay_rate * (np.floor(times) if self.staircase else times))


@dataclass(frozen=True)
class PolynomialDecay(LearningRateSchedule):
    """The rate falls to `end_learning_rate` along a power of what is left of `decay_steps`: 1 is a straight line.

    With `cycle` it starts again, each time over as many more steps, instead of staying low.

    Examples
    --------
    >>> PolynomialDecay(0.1, decay_steps=100, end_learning_rate=0.0, power=2.0)(50)
    0.025
    """

    initial_learning_rate: float
    decay_steps: int
    end_learning_rate: float = 0.0001
    power: float = 1.0
    cycle: bool = False
    name: str = "PolynomialDecay"

    def __post_init__(self) -> None:
        check_numbers(self)
        positive(self.decay_steps, "decay_steps", "PolynomialDecay")

    def rates(self, steps: Rates) -> Rates:
        length = self.decay_steps * (np.maximum(np.ceil(steps / self.decay_steps), 1.0) if self.cycle else 1.0)
        left = 1.0 - np.minimum(steps, length) / length
        return (self.initial_learning_rate - self.end_learning_rate) * left**self.power + self.end_learning_rate


@dataclass(frozen=True)
class PiecewiseConstantDecay(LearningRateSchedule):
    """The rate is ``values[i]`` up to and with step ``boundaries[i]``, and ``values[-1]`` after the last boundary.

    Examples
    --------
    >>> schedule = PiecewiseConstantDecay([100, 200], [0.1, 0.01, 0.001])
    >>> [schedule(step) for step in (0, 100, 101, 201)]
    [0.1, 0.1, 0.01, 0.001]
    """

    boundaries: Sequence[int]
    values: Sequence[float]
    name: str = "PiecewiseConstant"

    def __post_init__(self) -> None:
        for name in ("boundaries", "values"):
            given = getattr(self, name)
            if (
                isinstance(given, (str, bytes))
                or not isinstance(given, (Sequence, np.ndarray))
                or getattr(given, "ndim", 1) != 1
            ):
                raise ConfigurationError(f"PiecewiseConstantDecay: {name} must be a list of numbers, but is {given!r}.")
            for each in given:
                real(each, f"each of {name}", "PiecewiseConstantDecay")
        if len(self.values) != len(self.boundaries) + 1:
            raise ConfigurationError(
                "PiecewiseConstantDecay: there must be one more value than boundaries, but there are "
                f"{len(self.values)} values and {len(self.boundaries)} boundaries."
            )
        if any(after <= before for before, after in zip(self.boundaries, self.boundaries[1:], strict=False)):
            raise ConfigurationError(
                f"PiecewiseConstantDecay: boundaries must increase, but are {list(self.boundaries)}."
            )

    def rates(self, steps: Rates) -> Rates:
        return np.asarray(self.values, np.float64)[np.searchsorted(np.asarray(self.boundaries), steps, side="left")]

    def get_config(self) -> dict[str, Any]:
        return {"boundaries": list(self.boundaries), "values": list(self.values), "name": self.name}


@dataclass(frozen=True)
class Scaled(LearningRateSchedule):
    """The rates of another schedule, each times `factor`: how a person changes them during training.

    Parameters
    ----------
    schedule : LearningRateSchedule
    factor : float
        At least 0.

    Examples
    --------
    >>> Scaled(CosineDecay(0.1, decay_steps=100), 0.5)(50)
    0.025
    """

    schedule: LearningRateSchedule
    factor: float
    name: str = "Scaled"

    def __post_init__(self) -> None:
        if not isinstance(self.schedule, LearningRateSchedule):
            raise ConfigurationError(f"Scaled: schedule must be a LearningRateSchedule, but is {self.schedule!r}.")
        if not real(self.factor, "factor", "Scaled") >= 0:
            raise ConfigurationError(f"Scaled: factor must be at least 0, but is {self.factor!r}.")

    def rates(self, steps: Rates) -> Rates:
        return self.factor * np.asarray(self.schedule.rates(steps), np.float64)

    def get_config(self) -> dict[str, Any]:
        return {"schedule": serialize(self.schedule), "factor": self.factor, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LearningRateSchedule:
        return cls(**{**config, "schedule": deserialize(config["schedule"])})


KINDS: dict[str, type[LearningRateSchedule]] = {
    kind.__name__: kind
    for kind in (
        ExponentialDecay,
        InverseTimeDecay,
        PolynomialDecay,
        CosineDecay,
        CosineDecayRestarts,
        PiecewiseConstantDecay,
        OneCycle,
        Scaled,
    )
}


def serialize(schedule: LearningRateSchedule) -> dict[str, Any]:
    """Return the schedule's kind and settings as plain JSON values.

    Examples
    --------
    >>> description = serialize(ExponentialDecay(0.1, decay_steps=1000, decay_rate=0.5))
    >>> description["class_name"], description["config"]["decay_steps"]
    ('ExponentialDecay', 1000)
    """
    return {"class_name": type(schedule).__name__, "config": schedule.get_config()}


def deserialize(description: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> LearningRateSchedule:
    """Make a schedule from what `serialize` returned; `custom_objects` has schedules of your own by name.

    Examples
    --------
    >>> schedule = deserialize(serialize(ExponentialDecay(0.1, decay_steps=1000, decay_rate=0.5)))
    >>> float(schedule(1000))
    0.05
    """
    name = description.get("class_name")
    with custom_object_scope(custom_objects):
        kind = KINDS.get(str(name)) or get_registered_object(str(name))
    if kind is None:
        raise unknown_name("learning-rate schedule", name, KINDS)
    made: LearningRateSchedule = kind.from_config(description.get("config", {}))
    return made

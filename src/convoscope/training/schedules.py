"""Learning rates that change from step to step, under Keras' names.

A schedule is a pure function of the number of steps taken so far: ``schedule(step)`` gives the rate of that step,
``rates(steps)`` those of many. So a resumed run continues exactly where it stopped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.checks import flag, real
from convoscope.errors import ConfigurationError, unknown_name
from convoscope.layers.registered import custom_object_scope, get_registered_object

Rates = npt.NDArray[np.float64]


class LearningRateSchedule:
    """The base of all schedules.

    Your own schedule overrides `__call__`, as in Keras, or `rates`, which is faster. It needs `get_config` only if you
    save a model that is trained with it.

    Examples
    --------
    >>> class Halving(LearningRateSchedule):
    ...     def __call__(self, step):
    ...         return 0.1 * 0.5 ** (step // 100)
    >>> Halving().rates(np.array([0.0, 99.0, 100.0]))
    array([0.1 , 0.1 , 0.05])
    """

    def rates(self, steps: Rates) -> Rates:
        """Return the learning rate of each step; `steps` are whole numbers from 0.

        Examples
        --------
        >>> ExponentialDecay(0.1, decay_steps=100, decay_rate=0.5).rates(np.array([0.0, 100.0, 200.0]))
        array([0.1  , 0.05 , 0.025])
        """
        if type(self).__call__ is LearningRateSchedule.__call__:
            raise ConfigurationError(f"{type(self).__name__} must return the rate for a step: override __call__.")
        # Keras' steps are 64-bit numbers, of which the 0th may well be divided by: as there, that is infinite.
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.array([float(self(step)) for step in steps.astype(np.int64)], np.float64)

    def __call__(self, step: Any) -> Any:
        """Return the learning rate of one step."""
        return float(self.rates(np.asarray([step], np.float64))[0])

    def get_config(self) -> dict[str, Any]:
        """Return the settings as plain JSON values.

        Examples
        --------
        >>> ExponentialDecay(0.1, decay_steps=100, decay_rate=0.5).get_config()["decay_rate"]
        0.5
        """
        arguments = getattr(self, "__dataclass_fields__", None)
        if arguments is None:
            raise ConfigurationError(
                f"{type(self).__name__} cannot be saved, because it does not define its settings. Override get_config "
                "to return the arguments of __init__ in a dict."
            )
        return {name: getattr(self, name) for name in arguments}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LearningRateSchedule:
        """Make a schedule from what `get_config` returned.

        Examples
        --------
        >>> ExponentialDecay.from_config({"initial_learning_rate": 0.1, "decay_steps": 100, "decay_rate": 0.5})(100)
        0.05
        """
        return cls(**config)


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
        _check_numbers(self)
        _positive(self.decay_steps, "decay_steps", "ExponentialDecay")

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
        _check_numbers(self)
        _positive(self.decay_steps, "decay_steps", "InverseTimeDecay")

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
        _check_numbers(self)
        _positive(self.decay_steps, "decay_steps", "PolynomialDecay")

    def rates(self, steps: Rates) -> Rates:
        length = self.decay_steps * (np.maximum(np.ceil(steps / self.decay_steps), 1.0) if self.cycle else 1.0)
        left = 1.0 - np.minimum(steps, length) / length
        return (self.initial_learning_rate - self.end_learning_rate) * left**self.power + self.end_learning_rate


@dataclass(frozen=True)
class CosineDecay(LearningRateSchedule):
    """The rate falls along half a cosine to `alpha` times its initial value, optionally after a linear warm-up.

    Source: Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts (2016).

    Examples
    --------
    >>> CosineDecay(0.1, decay_steps=100)(50)
    0.05
    """

    initial_learning_rate: float
    decay_steps: int
    alpha: float = 0.0
    name: str = "CosineDecay"
    warmup_target: float | None = None
    warmup_steps: int = 0

    def __post_init__(self) -> None:
        _check_numbers(self)
        _positive(self.decay_steps, "decay_steps", "CosineDecay")

    def rates(self, steps: Rates) -> Rates:
        if self.warmup_target is None:
            return self.initial_learning_rate * self._fall(steps)
        climb = self.initial_learning_rate + (self.warmup_target - self.initial_learning_rate) * (
            steps / max(1, self.warmup_steps)
        )
        return np.where(steps < self.warmup_steps, climb, self.warmup_target * self._fall(steps - self.warmup_steps))

    def _fall(self, steps: Rates) -> Rates:
        share = np.clip(steps / self.decay_steps, 0.0, 1.0)
        return (1.0 - self.alpha) * 0.5 * (1.0 + np.cos(math.pi * share)) + self.alpha


@dataclass(frozen=True)
class CosineDecayRestarts(LearningRateSchedule):
    """The rate falls along half a cosine again and again: each time over `t_mul` as many steps, from `m_mul` as high.

    Source: Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts (2016).

    Examples
    --------
    >>> schedule = CosineDecayRestarts(0.1, first_decay_steps=100)
    >>> [round(schedule(step), 4) for step in (0, 50, 100, 200, 300)]
    [0.1, 0.05, 0.1, 0.05, 0.1]
    """

    initial_learning_rate: float
    first_decay_steps: int
    t_mul: float = 2.0
    m_mul: float = 1.0
    alpha: float = 0.0
    name: str = "SGDRDecay"

    def __post_init__(self) -> None:
        _check_numbers(self)
        _positive(self.first_decay_steps, "first_decay_steps", "CosineDecayRestarts")
        _positive(self.t_mul, "t_mul", "CosineDecayRestarts")

    def rates(self, steps: Rates) -> Rates:
        done = steps / self.first_decay_steps
        if self.t_mul == 1.0:
            restarts = np.floor(done)
            share = done - restarts
        else:
            # The lengths are a geometric series; what is a hair below a restart by rounding is at it.
            restarts = np.floor(np.log(1.0 - done * (1.0 - self.t_mul)) / math.log(self.t_mul) + 1e-9)
            before = (1.0 - self.t_mul**restarts) / (1.0 - self.t_mul)
            share = (done - before) / self.t_mul**restarts
        fall = 0.5 * self.m_mul**restarts * (1.0 + np.cos(math.pi * share))
        return self.initial_learning_rate * ((1.0 - self.alpha) * fall + self.alpha)


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
class OneCycle(LearningRateSchedule):
    """The rate rises to `max_rate`, then falls far below its start, each along half a cosine.

    Parameters
    ----------
    max_rate : float
        The highest learning rate.
    total_steps : int
        How many steps the whole run takes: epochs × steps an epoch. Later steps keep the last rate.
    warmup_share : float
        The share of the steps in which the rate rises.
    start_factor, end_factor : float
        The run starts at ``max_rate / start_factor`` and ends at ``max_rate / start_factor / end_factor``.

    Notes
    -----
    Source: Smith, A disciplined approach to neural network hyper-parameters (2018); the numbers are those of
    PyTorch's ``OneCycleLR`` with its defaults.

    Examples
    --------
    >>> schedule = OneCycle(0.1, total_steps=100)
    >>> [round(schedule(step), 7) for step in (0, 29, 99)]
    [0.004, 0.1, 4e-07]
    """

    max_rate: float
    total_steps: int
    warmup_share: float = 0.3
    start_factor: float = 25.0
    end_factor: float = 1e4
    name: str = "OneCycle"

    def __post_init__(self) -> None:
        _check_numbers(self)
        _positive(self.total_steps, "total_steps", "OneCycle")
        _positive(self.start_factor, "start_factor", "OneCycle")
        _positive(self.end_factor, "end_factor", "OneCycle")
        if not 0.0 <= self.warmup_share <= 1.0:
            raise ConfigurationError(f"OneCycle: warmup_share must be from 0 to 1, but is {self.warmup_share!r}.")

    def rates(self, steps: Rates) -> Rates:
        start, last = self.max_rate / self.start_factor, self.total_steps - 1
        end, top = start / self.end_factor, self.warmup_share * self.total_steps - 1
        climb = _half_cosine(start, self.max_rate, steps / top if top > 0 else np.ones_like(steps))
        fall = _half_cosine(self.max_rate, end, (steps - top) / (last - top) if last > top else np.ones_like(steps))
        return np.where(steps <= top, climb, fall)


@dataclass(frozen=True)
class Scaled(LearningRateSchedule):
    """The rates of another schedule, each times `factor`: what a person makes of them while training goes on.

    Parameters
    ----------
    schedule : LearningRateSchedule
    factor : float
        From 0 up.

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


def _half_cosine(start: float, end: float, share: Rates) -> Rates:
    return end + (start - end) * 0.5 * (1.0 + np.cos(math.pi * np.clip(share, 0.0, 1.0)))


def _check_numbers(schedule: Any) -> None:
    where = type(schedule).__name__
    for field in fields(schedule):
        value = getattr(schedule, field.name)
        if field.type == "bool":
            flag(value, field.name, where)
        elif field.type != "str" and value is not None:
            real(value, field.name, where)
        elif value is None and "None" not in str(field.type):
            raise ConfigurationError(f"{where}: {field.name} must be given, but is None.")


def _positive(value: float, argument: str, where: str) -> None:
    if not value > 0:
        raise ConfigurationError(f"{where}: {argument} must be above 0, but is {value!r}.")


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

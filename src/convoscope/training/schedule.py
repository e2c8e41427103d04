"""What all schedules have: the rates of steps, and settings that are checked and kept."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.checks import flag, real
from convoscope.errors import ConfigurationError

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
        >>> from convoscope.training.schedules import ExponentialDecay
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
        >>> from convoscope.training.schedules import ExponentialDecay
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
        >>> from convoscope.training.schedules import ExponentialDecay
        >>> ExponentialDecay.from_config({"initial_learning_rate": 0.1, "decay_steps": 100, "decay_rate": 0.5})(100)
        0.05
        """
        return cls(**config)


def check_numbers(schedule: Any) -> None:
    """Refuse settings that are not of the types of the schedule's fields."""
    where = type(schedule).__name__
    for field in fields(schedule):
        value = getattr(schedule, field.name)
        if field.type == "bool":
            flag(value, field.name, where)
        elif field.type != "str" and value is not None:
            real(value, field.name, where)
        elif value is None and "None" not in str(field.type):
            raise ConfigurationError(f"{where}: {field.name} must be given, but is None.")


def positive(value: float, argument: str, where: str) -> None:
    """Refuse a number that is not above 0."""
    if not value > 0:
        raise ConfigurationError(f"{where}: {argument} must be above 0, but is {value!r}.")

"""What all optimizers have: settings, the learning rate, and the slots, the arrays beside each trainable weight.

The arithmetic is the engine's, which is told by `Optimizer.rule`. The optimizers themselves are in `optimizers`.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.checks import integer, real, text
from convoscope.engine.base import Array, UpdateRule
from convoscope.errors import ConfigurationError
from convoscope.layers.base import writable
from convoscope.training import schedules
from convoscope.training.options import reject_unsupported
from convoscope.training.schedules import LearningRateSchedule

_ACCEPTED: dict[str, tuple[Any, ...]] = {
    "amsgrad": (False,),
    "use_ema": (False,),
    "ema_momentum": (0.99,),
    "ema_overwrite_frequency": (None,),
    "loss_scale_factor": (None,),
    "gradient_accumulation_steps": (None,),
    "jit_compile": (None, True, False, "auto"),
    "decay": (None, 0, 0.0),
}
_RENAMED = {"lr": "learning_rate"}
_SETTLED = ("name", "learning_rate", "weight_decay", "clipnorm", "global_clipnorm", "clipvalue")


class Optimizer:
    """The base of all optimizers.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        How far a step goes; a schedule gives each step its own. A float can be set anew at any time, also by a
        callback, and counts from the next step on.
    weight_decay : float, optional
        The share of each weight that a step takes away, times the learning rate (decoupled, as in AdamW).
    clipnorm, clipvalue, global_clipnorm : float, optional
        Bounds for gradients: of each weight's norm, of each value, of the norm of all together. One of them at most.
    name : str, optional
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule | dict[str, Any],
        *,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str | None = None,
        **options: Any,
    ) -> None:
        reject_unsupported(options, _ACCEPTED, type(self), _RENAMED)
        self.name = type(self).__name__.lower() if name is None else text(name, "name", type(self).__name__)
        self.schedule: LearningRateSchedule | None = None
        if isinstance(learning_rate, dict):
            learning_rate = schedules.deserialize(learning_rate)
        if isinstance(learning_rate, LearningRateSchedule):
            self.schedule = learning_rate
        else:
            self._learning_rate = self._number(learning_rate, "learning_rate")
        self.weight_decay = None if weight_decay is None else self._number(weight_decay, "weight_decay")
        bounds = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        if len(given := [bound for bound, value in bounds.items() if value is not None]) > 1:
            raise ConfigurationError(
                f"{type(self).__name__}: only one of clipnorm, clipvalue and global_clipnorm can be set, but "
                f"{' and '.join(given)} are."
            )
        self.clipnorm = None if clipnorm is None else self._number(clipnorm, "clipnorm")
        self.clipvalue = None if clipvalue is None else self._number(clipvalue, "clipvalue")
        self.global_clipnorm = None if global_clipnorm is None else self._number(global_clipnorm, "global_clipnorm")
        self.iterations = 0
        # Each weight's slots; the weight is None in a copy that has not met its model yet.
        self._slots: list[tuple[Array | None, tuple[Array, ...]]] = []

    def _number(self, value: Any, argument: str) -> float:
        number = real(value, argument, type(self).__name__, finite=False)
        if not math.isfinite(number) or number < 0:
            raise ConfigurationError(f"{type(self).__name__}: {argument} must be a number from 0 up, but is {value!r}.")
        return number

    def _share(self, value: Any, argument: str) -> float:
        number = self._number(value, argument)
        if number > 1:
            raise ConfigurationError(f"{type(self).__name__}: {argument} must be from 0 to 1, but is {value!r}.")
        return number

    @property
    def iterations(self) -> int:
        """Steps taken so far."""
        return self._iterations

    @iterations.setter
    def iterations(self, value: int) -> None:
        self._iterations = integer(value, "iterations", type(self).__name__, minimum=0, maximum=2**62)

    # ---- learning rate

    @property
    def learning_rate(self) -> float:
        """The rate of the next step."""
        return self._learning_rate if self.schedule is None else self.schedule(self.iterations)

    @learning_rate.setter
    def learning_rate(self, value: float | LearningRateSchedule) -> None:
        if isinstance(value, LearningRateSchedule):
            self.schedule = value
        elif self.schedule is not None:
            raise ConfigurationError(
                f"{type(self).__name__}: the learning rate follows a {type(self.schedule).__name__} and cannot be set "
                "to a number. Give the optimizer a number as learning_rate to change it by hand or by a callback."
            )
        else:
            self._learning_rate = self._number(value, "learning_rate")

    @property
    def lr(self) -> float:
        """The old name of `learning_rate`: not there, so that setting it does not pass unnoticed."""
        raise AttributeError(f"{type(self).__name__} has no attribute 'lr': it is called learning_rate.")

    @lr.setter
    def lr(self, value: float) -> None:
        raise ConfigurationError(f"{type(self).__name__}: lr is called learning_rate. Set learning_rate = {value!r}.")

    def learning_rates(self, first: int, count: int) -> npt.NDArray[np.float64]:
        """Return the rates of `count` steps, where `first` is the number of steps taken before them."""
        if self.schedule is None:
            return np.full(count, self._learning_rate, np.float64)
        rates = np.asarray(self.schedule.rates(np.arange(first, first + count, dtype=np.float64)), np.float64)
        if rates.shape != (count,) or not np.isfinite(rates).all():
            raise ConfigurationError(
                f"{type(self).__name__}: {type(self.schedule).__name__} must give a finite rate for each of {count} "
                f"steps, but gave an array of shape {rates.shape}, or one that is not finite."
            )
        return rates

    # ---- what the engine needs

    def rule(self) -> UpdateRule:
        """Return the update as an engine computes it."""
        raise NotImplementedError

    def _common(self) -> dict[str, Any]:
        # Keras takes a bound of 0 for none.
        bounds = {name: getattr(self, name) or None for name in ("clipvalue", "clipnorm", "global_clipnorm")}
        return {"weight_decay": self.weight_decay or 0.0, **bounds}

    def slots_for(self, weights: Sequence[Array]) -> list[tuple[Array, ...]]:
        """Return the slots of each trainable weight, made of zeros where they are not there yet.

        Parameters
        ----------
        weights : sequence of arrays
            The trainable weights themselves, not copies: an array is known by its identity.

        Returns
        -------
        list of tuple of float32 arrays
            For each weight its slots, in the order of ``rule().slots``. They are the arrays that training writes.
        """
        count = len(self.rule().slots)
        self._meet(weights)
        found = [next((slots for known, slots in self._slots if known is weight), None) for weight in weights]
        if self._slots and weights and all(slots is None for slots in found):
            raise ConfigurationError(
                f"This {type(self).__name__} optimizer has trained another model, and keeps state that fits that one. "
                "Make a new optimizer for each model."
            )
        result = [
            slots if slots is not None and len(slots) == count else tuple(np.zeros_like(w) for _ in range(count))
            for w, slots in zip(weights, found, strict=True)
        ]
        self._slots = list(zip(weights, result, strict=True))
        return result

    # ---- copying: slots are known by their weights, which a copy of an optimizer alone does not have

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_slots": [(None, slots) for _, slots in self._slots]}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._slots = [(None, tuple(map(writable, slots))) for _, slots in self._slots]

    def places_of_slots(self, weights: Sequence[Array]) -> list[int | None]:
        """Return for each weight that has slots its place among a model's weights, None where it has none there."""
        places = {id(weight): place for place, weight in enumerate(weights)}
        return [None if known is None else places.get(id(known)) for known, _ in self._slots]

    def rebind_slots(self, weights: Sequence[Array], places: Sequence[int | None]) -> None:
        """Tell a copy whose slots it has, by what `places_of_slots` returned of the original."""
        if any(known is None for known, _ in self._slots):
            self._slots = [
                (known if place is None else weights[place], slots)
                for (known, slots), place in zip(self._slots, places, strict=True)
            ]

    def _meet(self, weights: Sequence[Array]) -> None:
        """Take the first weights of the right shapes for those that a copied optimizer has slots for."""
        shapes = [slots[0].shape if slots else None for _, slots in self._slots]
        if not self._slots or any(known is not None for known, _ in self._slots):
            return
        if len(weights) == len(shapes) and all(s in (None, w.shape) for w, s in zip(weights, shapes, strict=True)):
            self._slots = [(weight, slots) for weight, (_, slots) in zip(weights, self._slots, strict=True)]

    # ---- keeping

    def get_config(self) -> dict[str, Any]:
        """Return the settings as plain JSON values, with the learning rate as it is now; slots are not part of it."""
        rate = self._learning_rate if self.schedule is None else schedules.serialize(self.schedule)
        settings = {argument: getattr(self, argument) for argument in self._own_arguments()}
        common = {argument: getattr(self, argument) for argument in _SETTLED if argument != "learning_rate"}
        return {**common, "learning_rate": rate, **settings}

    def _own_arguments(self) -> list[str]:
        arguments = inspect.signature(type(self).__init__).parameters.values()
        return [a.name for a in arguments if a.name not in ("self", *_SETTLED) and a.kind is not a.VAR_KEYWORD]

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Optimizer:
        """Make an optimizer from what `get_config` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        settings = {k: v for k, v in self.get_config().items() if k != "name" and v is not None}
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in settings.items())})"

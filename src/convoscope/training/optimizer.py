"""What all optimizers have: settings, the learning rate, and how they are kept. Their arrays are in `slots`.

The arithmetic is the engine's, which is told by `Optimizer.rule`. The optimizers themselves are in `optimizers`.
"""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from convoscope.checks import flag, integer, real, text
from convoscope.engine.base import Array
from convoscope.engine.updates import UpdateRule
from convoscope.errors import ConfigurationError
from convoscope.layers import moments
from convoscope.layers.registered import custom_object_scope
from convoscope.training import schedules
from convoscope.training.old_arguments import OldArgumentWarning, take_old_arguments
from convoscope.training.options import argument_names, reject_unsupported
from convoscope.training.schedules import LearningRateSchedule
from convoscope.training.slots import SlotHolder
from convoscope.training.undecayed import undecayed
from convoscope.training.variables import LearningRateValue, StepCount

Rate = float | LearningRateSchedule | dict[str, Any]

_ACCEPTED: dict[str, tuple[Any, ...]] = {
    "jit_compile": (None, True, False, "auto"),
    "is_legacy_optimizer": (True, False),
}
#: What all optimizers take, in the order of Keras' configurations.
_COMMON = (
    "name",
    "learning_rate",
    "weight_decay",
    "clipnorm",
    "global_clipnorm",
    "clipvalue",
    "use_ema",
    "ema_momentum",
    "ema_overwrite_frequency",
    "loss_scale_factor",
    "gradient_accumulation_steps",
)


class Optimizer(SlotHolder):
    """The base of all optimizers.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        How far a step goes; a schedule gives each step its own. You can set a float at any time, also from a
        callback; it takes effect at the next step.
    weight_decay : float, optional
        The share of each weight that a step subtracts, times the learning rate (decoupled, as in AdamW).
    clipnorm, clipvalue, global_clipnorm : float, optional
        Bounds on gradients: on the norm of each weight's, on each value, on the norm of all together; one at most.
    use_ema : bool
        Whether running averages of the weights are kept. They replace the weights at the end of `fit`.
    ema_momentum : float
        The share of the averages that is kept at each step.
    ema_overwrite_frequency : int, optional
        The averages also replace the weights each time this number of steps has been taken.
    loss_scale_factor : float, optional
        Changes nothing: Keras scales losses so that 16-bit gradients do not vanish; here all gradients have 32 bits.
    gradient_accumulation_steps : int, optional
        How many batches, 2 or more, make one step: it uses the mean of their gradients.
    name : str, optional
    decay : float, optional
        Of Keras 2: the rate of a step is learning_rate / (1 + decay × steps before it). Warns, as does ``lr``.

    Notes
    -----
    ``iterations`` counts batches, even if several of them make one step.

    Examples
    --------
    >>> from convoscope.training.optimizers import SGD
    >>> optimizer = SGD(0.1, momentum=0.9, clipnorm=1.0)
    >>> optimizer.learning_rate = 0.01  # takes effect at the next step
    >>> optimizer.learning_rate, optimizer.get_config()["clipnorm"]
    (0.01, 1.0)
    """

    def __init__(
        self,
        learning_rate: Rate,
        *,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        undecayed: Sequence[int] = (),
        **options: Any,
    ) -> None:
        super().__init__()
        where = type(self).__name__
        self.decay, learning_rate = take_old_arguments(where, learning_rate, options)
        reject_unsupported(options, _ACCEPTED, type(self))
        self.name = where.lower() if name is None else text(name, "name", where)
        self.schedule: LearningRateSchedule | None = None
        if isinstance(learning_rate, dict):
            learning_rate = schedules.deserialize(learning_rate)
        if isinstance(learning_rate, LearningRateSchedule):
            self.schedule = learning_rate
        else:
            self._learning_rate = self._number(learning_rate, "learning_rate")
        self.weight_decay = self._number_or_none(weight_decay, "weight_decay")
        self._set_bounds(clipnorm=clipnorm, clipvalue=clipvalue, global_clipnorm=global_clipnorm)
        self.use_ema = flag(use_ema, "use_ema", where)
        self.ema_momentum = self._share(ema_momentum, "ema_momentum")
        self.ema_overwrite_frequency = _whole(ema_overwrite_frequency, "ema_overwrite_frequency", where, 1)
        self.loss_scale_factor = self._number_or_none(loss_scale_factor, "loss_scale_factor")
        self.gradient_accumulation_steps = _whole(gradient_accumulation_steps, "gradient_accumulation_steps", where, 2)
        self.iterations = 0
        # What does not decay: as it was told, and, when that has met the model, which of the model's weights it is.
        self._exclusions: tuple[list[Array], list[str]] | None = None
        self._undecayed = tuple(undecayed)

    def _set_bounds(self, **bounds: float | None) -> None:
        if len(given := [bound for bound, value in bounds.items() if value is not None]) > 1:
            raise ConfigurationError(
                f"{type(self).__name__}: only one of clipnorm, clipvalue and global_clipnorm can be set, but "
                f"{' and '.join(given)} are."
            )
        for bound, value in bounds.items():
            setattr(self, bound, self._number_or_none(value, bound))

    def _number_or_none(self, value: Any, argument: str) -> float | None:
        return None if value is None else self._number(value, argument)

    def _number(self, value: Any, argument: str) -> float:
        number = real(value, argument, type(self).__name__, finite=False)
        if not math.isfinite(number) or number < 0:
            raise ConfigurationError(
                f"{type(self).__name__}: {argument} must be a number of at least 0, but is {value!r}."
            )
        return number

    def _share(self, value: Any, argument: str) -> float:
        number = self._number(value, argument)
        if number > 1:
            raise ConfigurationError(f"{type(self).__name__}: {argument} must be from 0 to 1, but is {value!r}.")
        return number

    @property
    def iterations(self) -> StepCount:
        """Batches trained on so far."""
        return StepCount(self._iterations, self)

    @iterations.setter
    def iterations(self, value: int) -> None:
        self._iterations = integer(value, "iterations", type(self).__name__, minimum=0, maximum=2**62)

    # ---- learning rate

    @property
    def learning_rate(self) -> LearningRateValue:
        """The rate of the next step; with ``decay``, as in Keras 2, the rate that decays."""
        rate = self._learning_rate if self.schedule is None else self.schedule(self._iterations)
        return LearningRateValue(rate, self)

    @learning_rate.setter
    def learning_rate(self, value: float | LearningRateSchedule) -> None:
        if isinstance(value, LearningRateSchedule):
            self.schedule = value
        elif self.schedule is not None:
            raise ConfigurationError(
                f"{type(self).__name__}: the learning rate follows a {type(self.schedule).__name__} so it cannot be "
                "set to a number. To change it by hand or by a callback, create the optimizer with a number as "
                "learning_rate."
            )
        else:
            self._learning_rate = self._number(value, "learning_rate")

    lr = learning_rate  # Keras 2's name

    def learning_rates(self, first: int, count: int) -> npt.NDArray[np.float64]:
        """Return the rates of `count` steps, where `first` is the number of steps taken before them.

        Examples
        --------
        >>> from convoscope.training.optimizers import SGD
        >>> optimizer = SGD(schedules.ExponentialDecay(0.1, decay_steps=2, decay_rate=0.5))
        >>> optimizer.learning_rates(first=2, count=3).round(4)
        array([0.05  , 0.0354, 0.025 ])
        """
        steps = np.arange(first, first + count, dtype=np.float64)
        if self.schedule is None:
            return schedules.InverseTimeDecay(self._learning_rate, 1, self.decay).rates(steps)
        rates = np.asarray(self.schedule.rates(steps), np.float64)
        if rates.shape != (count,) or not np.isfinite(rates).all():
            raise ConfigurationError(
                f"{type(self).__name__}: {type(self.schedule).__name__} must give a finite rate for each of {count} "
                f"steps, but returned an array of shape {rates.shape} or values that are not finite."
            )
        return rates

    # ---- what the engine needs

    def rule(self) -> UpdateRule:
        """Return the update as an engine computes it."""
        raise ConfigurationError(
            f"{type(self).__name__} is a custom optimizer, but the engines support only built-in ones. Use one from "
            "convoscope.optimizers; your own schedule can set its learning rate for each step."
        )

    def _common(self) -> dict[str, Any]:
        # Keras takes a bound of 0 for none.
        bounds = {name: getattr(self, name) or None for name in ("clipvalue", "clipnorm", "global_clipnorm")}
        return {
            "weight_decay": self.weight_decay or 0.0,
            "accumulation": self.gradient_accumulation_steps or 1,
            "ema_momentum": self.ema_momentum if self.use_ema else None,
            "ema_overwrite_frequency": self.ema_overwrite_frequency if self.use_ema else None,
            **bounds,
        }

    def rule_for(self, weights: Sequence[Array], names: Sequence[str], trainable: Sequence[int]) -> UpdateRule:
        """Return the update for a model: which of its weights do not decay is settled then.

        Parameters
        ----------
        weights, names
            All of the model's weights, and what their layers call them.
        trainable : sequence of int
            The indices of those that are trained.
        """
        if self._exclusions is not None:
            self._undecayed, self._exclusions = undecayed(*self._exclusions, weights, names), None
        places = tuple(place for place, index in enumerate(trainable) if index in self._undecayed)
        return replace(self.rule(), undecayed=places) if places else self.rule()

    def exclude_from_weight_decay(self, var_list: Any = None, var_names: Sequence[str] | None = None) -> None:
        """Choose weights that do not decay, before the first training step.

        Parameters
        ----------
        var_list : sequence of arrays, optional
            Weights of the model or its layers: ``[layer.bias]``.
        var_names : sequence of str, optional
            Parts of their names, as regular expressions: ``["bias"]`` means all biases.

        Examples
        --------
        >>> from convoscope.training.optimizers import SGD
        >>> optimizer = SGD(0.1, weight_decay=0.01)
        >>> optimizer.exclude_from_weight_decay(var_names=["bias"])
        >>> weights = [np.zeros((3, 2), np.float32), np.zeros(2, np.float32)]
        >>> optimizer.rule_for(weights, ["kernel", "bias"], trainable=[0, 1]).undecayed  # the second weight
        (1,)
        """
        if self._iterations:
            raise ConfigurationError(
                f"{type(self).__name__}: exclude_from_weight_decay comes before the first training step, but "
                f"{self._iterations} have been taken. Make a new optimizer."
            )
        self._exclusions = list(var_list or ()), list(var_names or ())

    def take_state(self, other: Optimizer, weights: Sequence[Array], others: Sequence[Array]) -> None:
        """Go on where another optimizer of the same slots stopped, which trained `others`: the like of `weights`."""
        with moments.writing():
            for own, taken in zip(self.slots_for(weights), other.slots_for(others), strict=True):
                for slot, value in zip(own, taken, strict=True):
                    slot[...] = value
        self.iterations = other.iterations
        if self.schedule is None and other.schedule is None:
            self.learning_rate = other.learning_rate

    # ---- keeping

    def get_config(self) -> dict[str, Any]:
        """Return the settings as plain JSON values, with the learning rate as it is now; slots are not part of it."""
        rate = self._learning_rate if self.schedule is None else schedules.serialize(self.schedule)
        common = {argument: getattr(self, argument) for argument in _COMMON if argument != "learning_rate"}
        rare = {"decay": self.decay, "undecayed": list(self._undecayed)}
        return {
            **common,
            "learning_rate": rate,
            **{argument: getattr(self, argument) for argument in self._own_arguments()},
            **{argument: value for argument, value in rare.items() if value},
        }

    def _own_arguments(self) -> list[str]:
        return [name for name in argument_names(type(self)) if name not in (*_COMMON, "undecayed")]

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Optimizer:
        """Make an optimizer from what `get_config` returned; `custom_objects` has schedules of your own by name.

        Examples
        --------
        >>> from convoscope.training.optimizers import SGD
        >>> SGD.from_config({"learning_rate": 0.1, "momentum": 0.9})
        SGD(learning_rate=0.1, momentum=0.9, nesterov=False)
        """
        with custom_object_scope(custom_objects), warnings.catch_warnings():
            warnings.simplefilter("ignore", OldArgumentWarning)  # whoever wrote `decay` was told then
            return cls(**config)

    def __repr__(self) -> str:
        rate = self._learning_rate if self.schedule is None else self.schedule
        defaults = {name: value.default for name, value in inspect.signature(Optimizer.__init__).parameters.items()}
        common = {name: getattr(self, name) for name in _COMMON if name not in ("name", "learning_rate")}
        settings = {
            "learning_rate": rate,
            **{name: value for name, value in common.items() if value != defaults[name]},
            **({"decay": self.decay} if self.decay else {}),
            **{name: getattr(self, name) for name in self._own_arguments()},
        }
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in settings.items())})"

    # ---- for training loops that you write yourself

    def apply_gradients(self, *args: Any, **options: Any) -> NoReturn:
        """Keras' step for a training loop of your own. There is none here: the call says what to use."""
        raise ConfigurationError(
            f"{type(self).__name__}: gradients cannot be applied by hand, because the engine computes and applies "
            "them in one step. In your own training loop, call model.train_on_batch(x, y) for each batch."
        )

    apply = minimize = apply_gradients


def _whole(value: Any, argument: str, where: str, minimum: int) -> int | None:
    return None if value is None else integer(value, argument, where, minimum=minimum)

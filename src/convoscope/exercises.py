"""Checks of the exercises that you do in Python, with your own network.

The page of exercises (``convoscope exercises``) sets them, each with a line that calls `check`. If your run has done
what is asked, that prints a code, which you type into the page.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from convoscope.checks import integer
from convoscope.errors import ConfigurationError, UnknownNameError
from convoscope.wording import counted

if TYPE_CHECKING:
    from convoscope.models.network import Network

__all__ = ["Checked", "check", "names"]

_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that looks like another
_LENGTH = 6
_PARAMETERS = 243_786  # of the lessons' network
_GOAL = 0.99


@dataclass(frozen=True)
class Checked:
    """The result of a check. It counts as true if the exercise is done.

    Attributes
    ----------
    name : str
        Of the exercise.
    done : bool
        Whether the run has done what is asked.
    says : str
        What was found and, if the exercise is not done, what is missing.
    code : str or None
        What the page accepts as an answer; None if the exercise is not done.

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.Input(shape=(28, 28, 1)), cs.layers.Flatten(), cs.layers.Dense(10)])
    >>> checked = check("lesson-network", model)
    >>> checked.name, bool(checked), checked.code
    ('lesson-network', False, None)
    """

    name: str
    done: bool
    says: str
    code: str | None

    def __bool__(self) -> bool:
        return self.done

    def __str__(self) -> str:
        if not self.done:
            return f"{self.name}: not yet. {self.says}"
        return f"{self.name}: done. {self.says} Code: {self.code}"

    __repr__ = __str__


def check(name: str, *results: Any, seed: int = 1) -> Checked:
    """Check whether your run has done what an exercise asks.

    Parameters
    ----------
    name : str
        The name of the exercise: one of `names`.
    *results : History, Sequential, Model, or path
        What ``fit`` returned; for ``"lesson-network"``, the model; for ``"dropout"``, two results, without and with
        dropout. A run's folder (``convoscope train``) can be given instead.
    seed : int
        The number that the page shows: the code is valid only for that page.

    Returns
    -------
    Checked
        True in an ``if`` when the exercise is done; printed, it gives the reason and the code.

    Raises
    ------
    UnknownNameError
        If there is no exercise of that name.
    ConfigurationError
        If there are too few or too many results, or something else is given.

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.Input(shape=(28, 28, 1)), cs.layers.Flatten(), cs.layers.Dense(10)])
    >>> cs.exercises.check("lesson-network", model)
    lesson-network: not yet. It has 7,850 parameters, but the task asks for 243,786.
    """
    if name not in _TASKS:
        raise UnknownNameError(f"There is no Python exercise {name!r}. The Python exercises are: {', '.join(_TASKS)}.")
    task = _TASKS[name]
    if len(results) != task.results:
        expected = counted(task.results, "result")
        raise ConfigurationError(f"{name} checks {expected}, {task.what}, but got {len(results)}.")
    integer(seed, "seed", "exercises.check", maximum=999_999)
    says, done = task.check(*(_Result.of(each, name) for each in results))
    return Checked(name, done, says, _code(name, seed) if done else None)


def names() -> list[str]:
    """Return the names of the exercises that `check` knows.

    Examples
    --------
    >>> names()
    ['lesson-network', 'reach-99', 'two-scales', 'dropout', 'sweet-spot']
    """
    return list(_TASKS)


@dataclass(frozen=True, eq=False)
class _Result:
    """A model, and what its training measured: a list for each name, and how many epochs were asked for."""

    model: Network
    measured: Mapping[str, Sequence[float]] = field(default_factory=dict)
    epochs: int = 0

    @classmethod
    def of(cls, given: Any, name: str) -> _Result:
        from convoscope.models.network import Network
        from convoscope.runs import RunFolder
        from convoscope.training.callbacks.history import History

        if isinstance(given, Network):
            return cls(given)
        if isinstance(given, History) and given.model is not None:
            return cls(given.model, given.history, int(given.params.get("epochs", 0)))
        if isinstance(given, (str, os.PathLike, RunFolder)):
            return cls._of_run(given if isinstance(given, RunFolder) else RunFolder.open(given))
        raise ConfigurationError(
            f"{name} checks what fit returned, a model, or a run's folder, but got a {type(given).__name__}. Pass "
            "`history` from `history = model.fit(...)`."
        )

    @classmethod
    def _of_run(cls, run: Any) -> _Result:
        from convoscope.models.files import load_model
        from convoscope.runs.training import settings_of

        epochs = run.read_history()
        keys = set[str]().union(*epochs) if epochs else set[str]()
        measured = {key: [float(each.get(key, math.nan)) for each in epochs] for key in _NUMBERS & keys}
        return cls(load_model(run.model), measured, settings_of(run).epochs)

    def list_of(self, key: str) -> Sequence[float]:
        """Return what was measured after each epoch.

        Raises
        ------
        ConfigurationError
            That was not measured.
        """
        if not self.measured.get(key):
            more = " and validation_data=(x_test, y_test) to fit" if key.startswith("val_") else ""
            raise ConfigurationError(
                f"The run has no {key!r}: pass metrics=['accuracy'] to compile{more}, and pass the result of fit to "
                "check."
            )
        return self.measured[key]

    def kinds(self) -> list[str]:
        """Return the names of the layers' classes, in order."""
        return [type(layer).__name__ for layer in self.model.layers]


_NUMBERS = {"accuracy", "val_accuracy", "loss", "val_loss"}


def _lesson_network(result: _Result) -> tuple[str, bool]:
    count = result.model.count_params()
    kinds = result.kinds()
    if count != _PARAMETERS:
        return f"It has {count:,} parameters, but the task asks for {_PARAMETERS:,}.", False
    if kinds.count("Conv2D") != 2 or kinds.count("MaxPooling2D") != 2:
        return "Its layers differ: the task asks for two convolutions, each followed by max pooling.", False
    return f"It has {count:,} parameters.", True


def _reach_99(result: _Result) -> tuple[str, bool]:
    accuracies = result.list_of("accuracy")
    done = len(accuracies)
    first = next((epoch for epoch, accuracy in enumerate(accuracies, 1) if accuracy >= _GOAL), None)
    if first is None:
        best = max(accuracies)
        return (
            f"The best training accuracy of {counted(done, 'epoch')} is {best:.2%}, but the task asks for 99%."
        ), False
    if first < done:
        return f"99% was reached after epoch {first}, but training went on to epoch {done}.", False
    if done >= result.epochs:
        return f"99% was reached in the last epoch of fit: pass more than {done} as epochs.", False
    return f"Training stopped after epoch {done} of {result.epochs}, at {accuracies[-1]:.2%}.", True


def _two_scales(result: _Result) -> tuple[str, bool]:
    kinds = [kind for kind in result.kinds() if kind == "Conv2D" or "Pooling2D" in kind]
    first, last = (kinds.index("Conv2D"), len(kinds) - 1 - kinds[::-1].index("Conv2D")) if "Conv2D" in kinds else (0, 0)
    if not any("Pooling2D" in kind for kind in kinds[first:last]):
        return "The task asks for two convolutions with a pooling between them.", False
    return _reaches(result, 0.98)


def _dropout(without: _Result, dropped: _Result) -> tuple[str, bool]:
    if any("Dropout" in kind for kind in without.kinds()) or not any("Dropout" in kind for kind in dropped.kinds()):
        return "The first result must be without dropout, the second with dropout.", False
    gaps = [each.list_of("accuracy")[-1] - each.list_of("val_accuracy")[-1] for each in (without, dropped)]
    found = f"The gap is {gaps[0] * 100:.2f} points without dropout and {gaps[1] * 100:.2f} with it."
    if gaps[1] >= gaps[0]:
        return f"{found} Try another rate, or more epochs.", False
    says, done = _reaches(dropped, 0.9)
    return f"{found} {says}", done


def _sweet_spot(result: _Result) -> tuple[str, bool]:
    flat = [layer for layer in result.model.layers if type(layer).__name__ == "Flatten"]
    if not flat:
        return "The network has no Flatten layer, so the number of values that reach the dense layer is unknown.", False
    values, pixels = math.prod(flat[0].output_shape[1:]), math.prod(result.model.input_shape[1:3])
    if values >= pixels:
        return f"{values:,} values reach the dense layer, and the image has {pixels:,} pixels.", False
    says, done = _reaches(result, 0.95)
    return f"{values:,} values of {pixels:,} pixels reach the dense layer. {says}", done


def _reaches(result: _Result, goal: float) -> tuple[str, bool]:
    best = max(result.list_of("val_accuracy"))
    found = f"The best accuracy on the test images is {best:.2%}"
    return (f"{found}.", True) if best >= goal else (f"{found}, but the task asks for {goal:.0%}.", False)


@dataclass(frozen=True)
class _Task:
    results: int
    what: str
    check: Callable[..., tuple[str, bool]]


_TASKS = {
    "lesson-network": _Task(1, "the model", _lesson_network),
    "reach-99": _Task(1, "what fit returned", _reach_99),
    "two-scales": _Task(1, "what fit returned", _two_scales),
    "dropout": _Task(2, "what fit returned without dropout and with it", _dropout),
    "sweet-spot": _Task(1, "what fit returned", _sweet_spot),
}


def _code(name: str, seed: int) -> str:
    """Return what the page takes for an answer, as ``exercises/kinds/tasks.js`` computes it: from an FNV-1a hash."""
    number = 0x811C9DC5
    for byte in f"convoscope {name} {seed}".encode():
        number = (number ^ byte) * 0x01000193 % 2**32
    return "".join(_LETTERS[number // 32**place % 32] for place in range(_LENGTH))

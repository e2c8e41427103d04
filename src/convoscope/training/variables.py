"""Numbers of an optimizer that can be read as plain numbers, and set as Keras' variables are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from convoscope.training.optimizer import Optimizer


class LearningRateValue(float):
    """A learning rate: a float, with Keras' ``numpy()`` and ``assign()``.

    Examples
    --------
    >>> from convoscope.training.optimizers import SGD
    >>> optimizer = SGD(0.1)
    >>> optimizer.learning_rate.assign(optimizer.learning_rate / 2)
    >>> optimizer.learning_rate, optimizer.learning_rate.numpy()
    (0.05, np.float32(0.05))
    """

    def __new__(cls, value: float, optimizer: Optimizer) -> LearningRateValue:
        made = super().__new__(cls, value)
        made._optimizer = optimizer
        return made

    _optimizer: Optimizer

    def numpy(self) -> np.float32:
        """Return it as Keras keeps it, in 32 bits."""
        held: np.float32 = np.float32(self)
        return held

    def assign(self, value: Any) -> None:
        """Set the optimizer's learning rate."""
        self._optimizer.learning_rate = value

    def __reduce__(self) -> tuple[Any, ...]:
        return float, (float(self),)  # a copy is of the number, not of the optimizer


class StepCount(int):
    """A number of steps: an int, with Keras' ``numpy()`` and ``assign()``."""

    def __new__(cls, value: int, optimizer: Optimizer) -> StepCount:
        made = super().__new__(cls, value)
        made._optimizer = optimizer
        return made

    _optimizer: Optimizer

    def numpy(self) -> np.int64:
        """Return it as Keras keeps it, in 64 bits."""
        held: np.int64 = np.int64(self)
        return held

    def assign(self, value: Any) -> None:
        """Set the optimizer's count."""
        self._optimizer.iterations = value

    def __reduce__(self) -> tuple[Any, ...]:
        return int, (int(self),)

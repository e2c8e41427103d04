"""Draws: how far a model is in its random numbers and in its data, so that no call of `fit` repeats the one before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from convoscope.checks import integer


@dataclass(frozen=True, order=True)
class Position:
    """The batch that comes next: a pass over the data, counted from 0, and a batch of it.

    Every pass has an order of its own, which follows from the model's seed and the number of the pass.

    Examples
    --------
    >>> Position(2, 7) < Position(3, 0)
    True
    """

    number: int = 0
    batch: int = 0

    def after(self, batches: int, of: int | None) -> Position:
        """Return the position after so many batches more; `of` is how many make a pass, None if nobody knows."""
        batch = self.batch + batches
        return self.next_pass if of is not None and batch >= of else Position(self.number, batch)

    def begun_anew(self) -> Position:
        """Return where the next pass begins, if this one has been begun."""
        return self.next_pass if self.batch else self

    @property
    def next_pass(self) -> Position:
        """Where the next pass begins."""
        return Position(self.number + 1)


@dataclass(frozen=True)
class Draws:
    """What a model has drawn so far.

    Parameters
    ----------
    steps : int
        Training steps that the model has taken in its life, whatever its optimizers count: dropout and augmentation
        draw by this number.
    position : Position
        Where in the data the next batch is.

    Notes
    -----
    The model's seed and this decide all that is random in a training. It is kept in the model's file, so that a
    resumed training is the one that was interrupted.
    """

    steps: int = 0
    position: Position = Position()

    def described(self) -> dict[str, int]:
        """Return it as plain JSON values, for a file."""
        return {"steps": self.steps, "passes": self.position.number, "batches": self.position.batch}

    @classmethod
    def of(cls, described: Mapping[str, Any]) -> Draws:
        """Return what `described` returned of it."""
        numbers = {
            name: integer(described[name], name, "draws", minimum=0, maximum=2**62)
            for name in ("steps", "passes", "batches")
        }
        return cls(numbers["steps"], Position(numbers["passes"], numbers["batches"]))

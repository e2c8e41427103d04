"""Which batches each epoch of a training takes: a whole pass over the data, or so many steps from where it stopped."""

from __future__ import annotations

import warnings
from collections.abc import Generator

from convoscope.errors import ConvoscopeWarning
from convoscope.training.draws import Draws, Position
from convoscope.training.feeds import Feed, Portion


class Course:
    """The epochs of one call of `fit`, or of one evaluation or prediction.

    Parameters
    ----------
    feed : Feed
    steps : int or None
        Of an epoch. None takes what is left of a pass.
    draws : Draws
        What the model has drawn before: a new call begins a new pass.
    first_epoch : int
        The epoch that a resumed training goes on with. It takes the batches that it would have taken if it had not been
        interrupted: from where the model stopped, or, where the model does not know (only its weights were kept),
        from where that many epochs from the beginning would have led.

    Notes
    -----
    As in Keras, an epoch of `steps` goes on where the epoch before stopped, and no epoch reaches into the next pass: of
    5 batches, epochs of 2 steps take 2, 2, and 1 with a warning; then a new pass begins.
    """

    def __init__(self, feed: Feed, steps: int | None = None, draws: Draws | None = None, first_epoch: int = 0) -> None:
        self._feed, self._steps = feed, steps
        start = draws.position if draws else Position()
        if first_epoch:
            start = max(start, self._walked(first_epoch))
        if not first_epoch or steps is None or (feed.batches is not None and start.batch >= feed.batches):
            start = start.begun_anew()
        #: Where the next batch is.
        self.position = start
        self._is_over = False

    @property
    def asked_steps(self) -> int | None:
        """How many steps an epoch was asked to take; None if it takes what there is."""
        return self._steps

    @property
    def steps(self) -> int | None:
        """How many steps the coming epoch has; None where nobody knows."""
        batches = self._feed.batches
        if batches is None:
            return self._steps
        left = batches - self.position.batch
        return left if self._steps is None else min(left, self._steps)

    @property
    def samples(self) -> int | None:
        """How many samples the coming epoch has; None where nobody knows."""
        return self._feed.samples(self.position, self.steps)

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left: a generator has ended, and cannot begin again."""
        return self._is_over

    def begin(self) -> None:
        """Tell the data that epochs come. As in Keras, what it does at the end of an epoch it does here too."""
        self._feed.epoch_ends()

    def portions(self) -> Generator[Portion, None, None]:
        """Give the batches of the coming epoch."""
        self._feed.epoch_begins()
        return self._feed.portions(self.position, self.steps)

    def took(self, taken: int, whole: bool, where: str) -> None:
        """Take note that an epoch is over after `taken` steps; `whole` unless it was stopped.

        Warns where the data ran out before the steps that were asked for.
        """
        self._feed.epoch_ends()
        ran_out = whole and self._steps is not None and taken < self._steps
        ended = whole and (self._steps is None or ran_out)
        self._is_over = ended and not self._feed.repeats
        if ran_out:
            warnings.warn(
                f"{where}: your input ran out of data after {taken} of {self._steps} steps. {self._what_follows} Make "
                "sure that there are at least steps_per_epoch * epochs batches, for example with .repeat() on a "
                "Dataset.",
                ConvoscopeWarning,
                stacklevel=3,
            )
        if ended and self._feed.batches is None:
            self.position = Position(self.position.number + 1)
        else:
            self.position = self.position.after(taken, self._feed.batches)

    @property
    def _what_follows(self) -> str:
        if self._is_over:
            return "A generator can be used only once, so training ends here."
        return "The epoch ends with this pass over the data, and the next epoch starts a new pass."

    def _walked(self, epochs: int) -> Position:
        """Return where so many epochs lead from the beginning."""
        batches, steps = self._feed.batches, self._steps
        if steps is None:
            return Position(epochs)
        if batches is None:
            return Position(0, epochs * steps)
        in_a_pass = -(-batches // steps)
        return Position(epochs // in_a_pass, epochs % in_a_pass * steps)

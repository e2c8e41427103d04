"""Where chance comes from: one seed that a person sets, and the seeds of models that follow from it.

Nothing random in Convoscope draws from a global stream. Every model has a seed of its own, and its first weights, the
order of its images and its dropout follow from that. Only the seed itself is drawn here, when a model is made.
"""

from __future__ import annotations

import random as python_random

import numpy as np

from convoscope.checks import integer
from convoscope.errors import ConfigurationError
from convoscope.processes.world import shared_entropy

_LARGEST = 2**32 - 1


class _SeedSource:
    """The n-th seed after ``restart(s)`` is the same in every process; without a restart, seeds are fresh.

    Processes that train one model together have the same fresh seeds.
    """

    def __init__(self) -> None:
        self._root: np.random.SeedSequence | None = None

    def restart(self, seed: int) -> None:
        self._root = np.random.SeedSequence(seed)

    def next(self) -> int:
        if self._root is None:
            self._root = np.random.SeedSequence(shared_entropy())
        # 32 bits: easy to read and type again, and exact in JSON, also for readers written in JavaScript.
        return int(self._root.spawn(1)[0].generate_state(1)[0])


_source = _SeedSource()


def set_random_seed(seed: int) -> None:
    """Make a program repeatable: each model made from now on gets the same seed in every run.

    As in Keras, this seeds Python's ``random`` and NumPy's global generator too, because a script may shuffle with
    them. A model that exists already keeps its seed; ``model.seed = 7`` changes that one.

    Parameters
    ----------
    seed : int
        From 0 to 2³² - 1.

    Examples
    --------
    >>> set_random_seed(7)
    >>> first = next_seed()
    >>> set_random_seed(7)
    >>> next_seed() == first
    True
    """
    number = check_seed(seed)
    python_random.seed(number)
    np.random.seed(number)  # noqa: NPY002 - the global generator is what is meant
    _source.restart(number)


def next_seed() -> int:
    """Return a seed for one model: fresh, or the next one after `set_random_seed`."""
    return _source.next()


def check_seed(seed: int) -> int:
    """Return `seed` as an int, or say that it is none: a whole number from 0 to 2³² - 1."""
    number = integer(seed, "seed", "Random numbers", minimum=0)
    if number > _LARGEST:
        raise ConfigurationError(f"A seed must be from 0 to {_LARGEST}, but is {number}.")
    return number

"""A network that is trained in a certain way, so often that chance shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

FASHION, MNIST = "fashion-mnist", "mnist"
# What Keras takes, and so the lessons.
_LESSON = {"epochs": 5, "batch_size": 32, "validation": 0.0}


@dataclass(frozen=True)
class Trial:
    """What the runs have in common that differ by their seed alone.

    Attributes
    ----------
    dataset : str
    what : str
        The network and how it is trained, in words. No two trials on a data set are called the same.
    settings : mapping
        What a run is told beside: see `convoscope.runs.TrainSettings`. In `layers`, ``{classes}`` and ``{max_value}``
        stand for the number of classes and for the value of the brightest pixel.
    seeds : int
        How often it is trained if nobody says how often.
    shuffled : bool
        Whether the pixels of all images change places, in all images alike.
    alone : bool
        Whether it is trained with nothing beside it, on all processors: for its seconds.
    """

    dataset: str
    what: str
    settings: Mapping[str, Any] = field(compare=False)
    seeds: int = 2
    shuffled: bool = False
    alone: bool = False

    def __str__(self) -> str:
        return f"{self.dataset}, {self.what}"

    @property
    def epochs(self) -> int:
        """How many epochs are planned."""
        return int(self.settings["epochs"])


def trial(
    dataset: str, what: str, *, seeds: int = 2, shuffled: bool = False, alone: bool = False, **settings: Any
) -> Trial:
    """Describe a trial; where nothing is told, it is trained as in the lessons: 5 epochs of all images, batches of 32.

    Examples
    --------
    >>> print(trial(FASHION, "dense network", model="dense"))
    fashion-mnist, dense network
    """
    told = MappingProxyType({**_LESSON, **settings})
    return Trial(dataset, what, told, seeds=seeds, shuffled=shuffled, alone=alone)

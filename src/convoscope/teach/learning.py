"""What a session learns: a head on the features of a frozen network, and what cross-validation says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from convoscope.models.rejection import Rejection
from convoscope.report.interval import interval_of
from convoscope.teach.board import Board, Picture
from convoscope.transfer.head import Head

if TYPE_CHECKING:
    from convoscope.models.network import Network

Array = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

#: A picture is suspicious if pictures like it say that its own class is less likely than this.
SUSPICIOUS = 0.25
_MOST_SUSPICIOUS = 60


class Learner(Protocol):
    """A frozen network, and how a head is fitted on it.

    Attributes
    ----------
    name : str
    size : int
        Pixels a side that it takes.
    recipe : str
        Features are the same where it is the same.
    """

    name: str
    size: int
    recipe: str

    def maps(self, images: npt.NDArray[np.uint8]) -> Array:
        """Return the last maps (N, height, width, D) of images (N, size, size, 3)."""

    def fit(
        self, features: Array, labels: npt.NDArray[np.int64], classes: int, groups: npt.NDArray[np.int64]
    ) -> tuple[Head, Rejection | None]:
        """Fit a head on features (N, D), the means of the maps over their positions, and what refuses others.

        Pictures with the same number in `groups` are held out together.
        """

    def model(self, head: Head, class_names: Sequence[str]) -> Network:
        """Return one model that takes images and gives probabilities."""


@dataclass(frozen=True, eq=False)
class Trained:
    """A head, and the pictures that it learned from.

    Attributes
    ----------
    groups : tuple of int
        The ids of the classes, in the order of the head's.
    class_names : tuple of str
    ids : tuple of int
        The pictures, in the order of `labels` and of the head's cross-validated probabilities.
    labels : array of int64
    head : Head
    rejection : Rejection or None
        What says "none of these".
    flattered : tuple of str
        Classes whose pictures are all of one recording: they look alike, so that cross-validation flatters.
    seconds : float
        What fitting took.
    """

    groups: tuple[int, ...]
    class_names: tuple[str, ...]
    ids: tuple[int, ...]
    labels: npt.NDArray[np.int64]
    head: Head
    rejection: Rejection | None
    flattered: tuple[str, ...]
    seconds: float

    @property
    def predicted(self) -> npt.NDArray[np.int64]:
        """The class of each picture by heads that had not seen it."""
        return np.asarray(self.head.held_out.argmax(axis=1), np.int64)

    @property
    def confusion(self) -> list[list[int]]:
        """How many pictures of each class (rows) were taken for each (columns)."""
        count = len(self.groups)
        counts = np.bincount(self.labels * count + self.predicted, minlength=count * count)
        return [[int(each) for each in row] for row in counts.reshape(count, count)]

    @property
    def right(self) -> int:
        """How many pictures were right in cross-validation."""
        return int((self.predicted == self.labels).sum())

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval of that share."""
        return interval_of(self.right, len(self.labels))

    def suspicious(self) -> list[dict[str, Any]]:
        """Return pictures that may lie in the wrong class, the least likely first.

        Returns
        -------
        list of dict
            ``id``; ``own``, the cross-validated probability of its own class; ``like``, the id of the class that it
            looks like, and ``probability``, that of this one.
        """
        probabilities = self.head.held_out
        own = probabilities[np.arange(len(self.ids)), self.labels]
        order = [
            int(i)
            for i in np.argsort(own, kind="stable")
            if own[i] < SUSPICIOUS and self.predicted[i] != self.labels[i]
        ]
        return [
            {
                "id": self.ids[i],
                "own": round(float(own[i]), 4),
                "like": self.groups[int(self.predicted[i])],
                "probability": round(float(probabilities[i].max()), 4),
            }
            for i in order[:_MOST_SUSPICIOUS]
        ]

    def told(self, board: Board) -> dict[str, Any]:
        """Return what the page shows of it, beside the board as it is by now."""
        there = {each.id: each for each in board.shown}
        learned = {id_: self.groups[label] for id_, label in zip(self.ids, self.labels, strict=True)}
        suspicious = [
            each
            for each in self.suspicious()
            if (now := there.get(each["id"])) and not now.checked and now.group == learned[now.id]
        ]
        return {
            "classes": self.groups,
            "names": self.class_names,
            "confusion": self.confusion,
            "cells": np.stack([self.ids, self.labels, self.predicted], axis=1).tolist(),
            "accuracy": self.right / len(self.labels),
            "interval": self.interval,
            "seconds": round(self.seconds, 2),
            "suspicious": suspicious,
            "flattered": self.flattered,
            "upToDate": learned == {each.id: each.group for each in there.values()},
        }


def recordings(pictures: Sequence[Picture]) -> tuple[npt.NDArray[np.int64], set[int]]:
    """Return which pictures are to be held out together, and classes where that could not be done.

    Pictures of one recording look alike: to learn from some of them and test with the others would flatter. But a class
    of which there is only one recording must be torn apart, for without it the class would not be known.

    Returns
    -------
    (array of int, shape (N,); set of int)
        A number for each picture, the same for those of one recording; ids of classes.
    """
    of_class: dict[int, set[str]] = {}
    for picture in pictures:
        of_class.setdefault(picture.group, set()).add(picture.recording or f"picture {picture.id}")
    torn = {group for group, some in of_class.items() if len(some) == 1}
    keys = [
        f"{picture.group} {picture.recording}" if picture.recording and picture.group not in torn else f"{picture.id}"
        for picture in pictures
    ]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return np.array([numbers[key] for key in keys], np.int64), torn


def evidence_for(maps: Array, head: Head, index: int) -> Floats:
    """Return where maps (height, width, D) have evidence for a class: (height, width), below 0 against it.

    It is Grad-CAM, exactly: behind the maps there is only their mean and one product, so the gradient of a class's
    score is its kernel's column over the number of positions, everywhere. The values sum to the score without its bias.
    """
    return np.asarray(maps @ head.kernel[:, index].astype(np.float64) / (maps.shape[0] * maps.shape[1]))

"""What a session learns: a classifier on a frozen backbone, what cross-validation says of it, and odd pictures."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.datasets.folder.report import IMBALANCED
from convoscope.engine.threads import get_threads
from convoscope.quality import BACKGROUND, DUPLICATE, Findings, examine
from convoscope.report.interval import interval_of
from convoscope.teach.board import Board, Picture
from convoscope.teach.evidence import EvidentClassifier
from convoscope.teach.features import Features
from convoscope.transfer import Choice, Photos, Wishes, train

_MOST_SUSPICIOUS = 60
_MOST_BACKGROUNDS = 3
_PARTS = 3  # of the only recording of a class


@dataclass(frozen=True, eq=False)
class Trained:
    """A classifier, and the pictures that it learned from.

    Attributes
    ----------
    groups : tuple of int
        The ids of the classes, in the order of the probabilities.
    class_names : tuple of str
    ids : tuple of int
        The pictures, in the order of `choice`.
    choice : Choice
        What ``convoscope train`` would have come to.
    balanced : bool
        Whether rare classes weighed as much as others.
    classifier : EvidentClassifier
    findings : Findings
        What may be wrong with the pictures.
    flattered : tuple of str
        Classes whose pictures are all of one recording: they look alike, so that cross-validation flatters.
    seconds : float
        What learning took, without the features.
    """

    groups: tuple[int, ...]
    class_names: tuple[str, ...]
    ids: tuple[int, ...]
    choice: Choice
    balanced: bool
    classifier: EvidentClassifier
    findings: Findings
    flattered: tuple[str, ...]
    seconds: float

    @property
    def labels(self) -> npt.NDArray[np.integer]:
        """The class of each picture, by its index."""
        return self.choice.labels

    @property
    def predicted(self) -> npt.NDArray[np.int64]:
        """The class of each picture by classifiers that had not seen it."""
        return np.asarray(self.choice.classified.held_out.argmax(axis=1), np.int64)

    @property
    def right(self) -> int:
        """How many pictures were right in cross-validation."""
        return int((self.predicted == self.labels).sum())

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval of that share."""
        return interval_of(self.right, len(self.labels))

    def suspicious(self) -> Iterator[dict[str, Any]]:
        """Give pictures to look at again, the most suspicious of each kind first, and none twice.

        Near-duplicates only count across classes: a recording is made of pictures that are alike.

        Yields
        ------
        dict
            ``id``; ``kind``, of `convoscope.quality.KINDS`; ``sure``, the probability that the label is wrong, of
            suspected labels; ``like``, the id of the class that it looks like, or None; ``twin``, the id of the same
            picture in another class, or None; ``reason``, a sentence.
        """
        group_of = dict(zip(self.class_names, self.groups, strict=True))
        twins = {index: self.ids[each.kept] for each in self.findings.copied for index in each.indices}
        told: set[int] = set()
        for each in self.findings.items:
            copied = each.kind == DUPLICATE
            if each.index is None or each.index in told or (copied and each.suggestion is None):
                continue
            told.add(each.index)
            yield {
                "id": self.ids[each.index],
                "kind": each.kind,
                "sure": round(each.score, 4),
                "like": None if each.suggestion is None else group_of[each.suggestion],
                "twin": twins[each.index] if copied else None,
                "reason": each.reason,
            }

    def told(self, board: Board) -> dict[str, Any]:
        """Return what the page shows of it, beside the board as it is by now."""
        there = {each.id: each for each in board.shown}
        learned = {id_: self.groups[label] for id_, label in zip(self.ids, self.labels, strict=True)}

        def as_learned(id_: int | None) -> bool:
            return id_ is None or (id_ in there and there[id_].group == learned[id_])

        place = {group: number for number, group in enumerate(board.names)}
        order = sorted(range(len(self.groups)), key=lambda index: place.get(self.groups[index], len(place)))
        rank = np.argsort(order)  # of each class, in the order in which the page shows them
        labels, predicted = rank[self.labels], rank[self.predicted]
        confusion = np.zeros((len(order), len(order)), int)
        np.add.at(confusion, (labels, predicted), 1)
        backgrounds = [each.reason for each in self.findings.of(BACKGROUND)[:_MOST_BACKGROUNDS]]
        suspicious = [
            each
            for each in self.suspicious()
            if as_learned(each["id"]) and as_learned(each["twin"]) and not there[each["id"]].checked
        ]
        return {
            "classes": [self.groups[index] for index in order],
            "names": [self.class_names[index] for index in order],
            "confusion": confusion.tolist(),  # rows: the classes of pictures; columns: what these were taken for
            "cells": np.stack([self.ids, labels, predicted], axis=1).tolist(),
            "accuracy": self.right / len(self.labels),
            "interval": self.interval,
            "seconds": round(self.seconds, 2),
            "suspicious": suspicious[:_MOST_SUSPICIOUS],
            "flattered": self.flattered,
            "notes": [*backgrounds, *self.findings.notes],
            "upToDate": learned == {each.id: each.group for each in there.values()},
        }


def learn(features: Features, some: Sequence[Picture], groups: tuple[int, ...], names: tuple[str, ...]) -> Trained:
    """Train a classifier, as ``convoscope train --minutes 0`` does, and examine the pictures.

    Parameters
    ----------
    features : Features
    some : sequence of Picture
        Two or more of each class.
    groups : tuple of int
        The ids of the classes.
    names : tuple of str
        Their names.
    """
    features.complete(some)
    began = time.perf_counter()
    labels = np.array([groups.index(each.group) for each in some], np.int64)
    together, torn = recordings(some)
    counts = np.bincount(labels)
    balanced = bool(counts.max() >= IMBALANCED * counts.min())
    images = features.pixels(some)
    digests, files = [each.digest for each in some], [features.file(each) for each in some]
    photos = Photos(images, labels, digests, names, files, get_threads(), together)
    choice = train(photos, features.extractor, Wishes(minutes=0.0, balanced=balanced))
    findings = examine(
        features=choice.frozen.features,
        labels=labels,
        probabilities=choice.frozen.held_out,
        images=images,
        files=[each.name for each in some],
        class_names=names,
    )
    return Trained(
        groups,
        names,
        tuple(each.id for each in some),
        choice,
        balanced,
        EvidentClassifier(choice.classified.model),  # type: ignore[arg-type]
        findings,
        tuple(name for group, name in zip(groups, names, strict=True) if group in torn),
        time.perf_counter() - began,
    )


def recordings(pictures: Sequence[Picture]) -> tuple[npt.NDArray[np.int64], set[int]]:
    """Return which pictures are to be held out together, and classes where that could not be done.

    Pictures of one recording look alike: to learn from some of them and test with the others would flatter. But a class
    of which there is only one recording must be torn apart, for without it the class would not be known: into three
    parts, each of pictures that follow one another.

    Returns
    -------
    (array of int, shape (N,); set of int)
        A number for each picture, the same for those of one recording; ids of classes.
    """
    of_class: dict[int, set[str]] = {}
    recorded: dict[int, list[int]] = {}
    for picture in pictures:
        of_class.setdefault(picture.group, set()).add(picture.recording or f"picture {picture.id}")
        recorded.setdefault(picture.group, []).append(picture.id)
    torn = {group for group, some in of_class.items() if len(some) == 1}
    part_of = {each: index * _PARTS // len(ids) for group, ids in recorded.items() for index, each in enumerate(ids)}
    keys = [
        (picture.group, picture.recording or picture.id, part_of[picture.id] if picture.group in torn else 0)
        for picture in pictures
    ]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return np.array([numbers[key] for key in keys], np.int64), torn

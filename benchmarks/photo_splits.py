"""Sets of photos and their random splits, the same for all who are measured."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

#: Photos a class to train with; None is all that are not held out.
SIZES = (5, 10, 20, None)
HELD_OUT = 0.25
#: Of 256 bits: a copy at another quality or size differs in fewer, two photos of the same thing in more.
_BITS_APART = 12
_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
_PARTS = ("train", "val", "valid", "validation", "test")


@dataclass(frozen=True)
class Photos:
    """A set: its files, sorted, and for each of them its class and its group of near-duplicates."""

    name: str
    files: tuple[Path, ...]
    labels: tuple[str, ...]
    groups: tuple[int, ...]

    @property
    def class_names(self) -> list[str]:
        """The classes, in order."""
        return sorted(set(self.labels))


@dataclass(frozen=True)
class Split:
    """Which photos to train with, and which are held out to test with: pairs of file and class."""

    train: tuple[tuple[Path, str], ...]
    test: tuple[tuple[Path, str], ...]

    def name(self, part: str, index: int) -> str:
        """Return what a photo is called where it is laid out: names in two folders of a set may be alike."""
        return f"{index:05d}-{getattr(self, part)[index][0].name}"

    def lay_out(self, folder: Path) -> Path:
        """Link the photos into ``folder/train/CLASS`` and ``folder/test/CLASS``; return the folder."""
        for part, photos in (("train", self.train), ("test", self.test)):
            for index, (file, label) in enumerate(photos):
                place = folder / part / label
                place.mkdir(parents=True, exist_ok=True)
                (place / self.name(part, index)).symlink_to(file.resolve())
        return folder


def read(folder: Path) -> Photos:
    """Read a folder of classes; the parts of one that comes split are put together.

    Raises
    ------
    FileNotFoundError
        If fewer than two folders with photos are in it.
    """
    parts = [folder / part for part in _PARTS if (folder / part).is_dir()]
    found = sorted(
        (file, place.name)
        for part in parts or [folder]
        for place in part.iterdir()
        if place.is_dir()
        for file in below(place)
    )
    if len({label for _, label in found}) < 2:
        raise FileNotFoundError(f"{folder}: expected a folder of photos for each of two or more classes")
    files = tuple(file for file, _ in found)
    return Photos(folder.name, files, tuple(label for _, label in found), tuple(near_duplicates(files)))


def below(folder: Path) -> list[Path]:
    """Return the photos in a folder and its folders, sorted."""
    return sorted(file for file in folder.rglob("*") if file.suffix.lower() in _ENDINGS)


def split(photos: Photos, number: int, size: int | None) -> Split:
    """Return a split: of each class a quarter is held out, whole groups of near-duplicates, by chance.

    The held-out photos depend on the number alone; those to train with are the first of an order that depends on it
    too, so that five are among the ten.

    Parameters
    ----------
    photos : Photos
    number : int
        Which of the splits.
    size : int or None
        How many of each class to train with; all that are left if None, or if there are not so many.
    """
    draw = random.Random(f"{photos.name} {number}")
    members: dict[int, list[int]] = defaultdict(list)
    for index, group in enumerate(photos.groups):
        members[group].append(index)
    groups = list(members)
    draw.shuffle(groups)
    wanted = {name: round(HELD_OUT * photos.labels.count(name)) for name in photos.class_names}
    tested: dict[str, list[int]] = defaultdict(list)
    trained: dict[str, list[int]] = defaultdict(list)
    for group in groups:
        held_out = all(len(tested[photos.labels[index]]) < wanted[photos.labels[index]] for index in members[group])
        for index in members[group]:
            (tested if held_out else trained)[photos.labels[index]].append(index)

    def pairs(chosen: Iterable[Sequence[int]]) -> tuple[tuple[Path, str], ...]:
        return tuple((photos.files[index], photos.labels[index]) for indices in chosen for index in indices)

    names = photos.class_names
    return Split(pairs(trained[name][:size] for name in names), pairs(tested[name] for name in names))


def near_duplicates(files: Sequence[Path]) -> list[int]:
    """Return a number for each file, the same for photos that are the same picture again."""
    bits = np.stack([_bits(file) for file in files]).astype(np.float32)
    apart = bits.shape[1] - bits @ bits.T - (1 - bits) @ (1 - bits).T
    numbers = list(range(len(files)))

    def first(index: int) -> int:
        while numbers[index] != index:
            index = numbers[index]
        return index

    for one, other in np.argwhere(apart <= _BITS_APART):
        if one < other:
            numbers[first(int(other))] = first(int(one))
    return [first(index) for index in range(len(files))]


def _bits(file: Path) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return whether each of 16×16 neighbours in a tiny grey picture is lighter than the one before it."""
    with Image.open(file) as image:
        image.draft("L", (32, 32))
        tiny = np.asarray(image.convert("L").resize((17, 16), Image.Resampling.BOX), dtype=np.int16)
    lighter: np.ndarray[tuple[int], np.dtype[np.bool_]] = (tiny[:, 1:] > tiny[:, :-1]).ravel()
    return lighter

"""The cache of a folder: decoded, freed of what is damaged, split, and in that order."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.datasets.folder.cache import ImagesFile, images_file, write_index
from convoscope.datasets.folder.decoding import decode, decode_all
from convoscope.datasets.folder.duplicates import THUMB, groups
from convoscope.datasets.folder.listing import PARTS, Entry, Listing
from convoscope.datasets.folder.report import FolderReport
from convoscope.datasets.folder.splitting import TEST, TRAIN, UNKNOWN, VALIDATION, draw_parts, grow_parts
from convoscope.datasets.folder.survey import Form, choose_form
from convoscope.datasets.progress import Progress
from convoscope.errors import DataError
from convoscope.wording import agreeing, counted

_COPIED_BYTES = 1 << 24  # in one go


@dataclass(frozen=True)
class Wishes:
    """What was asked for; None where it is to be chosen.

    `fit` has what is not the default of `Form`'s last fields; `exclude` the files to leave out; `split` the parts of
    files that are known already.
    """

    size: tuple[int, int] | None
    channels: int | None
    validation: float
    test: float
    seed: int
    max_pixels: int | None = field(default=None, repr=False)
    fit: dict[str, Any] = field(default_factory=dict, repr=False)
    exclude: frozenset[str] = field(default=frozenset(), repr=False)
    split: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, eq=False)
class _Read:
    """The files that could be read, in the order of the decoded images, and what came of the others."""

    entries: list[Entry]
    digests: list[str]
    exact: npt.NDArray[np.uint64]
    difference: npt.NDArray[np.uint64]
    converted: Counter[str]
    problems: dict[str, str]


def build(
    target: Path, source: Path, listing: Listing, wishes: Wishes, executor: Executor, progress: Progress | None
) -> None:
    """Decode the files of a listing, and write images and index into `target`.

    Raises
    ------
    DataError
        Fewer than two classes have an image that can be read.
    """
    paths = [listing.root / e.name for e in listing.entries]
    form = choose_form(paths, wishes.size, wishes.channels, executor, wishes.max_pixels)
    if form is None:
        raise DataError(
            f"{source} has {len(listing.entries)} files in {len(listing.class_names)} classes, but none of them is a "
            f"readable image. {_reason(listing, wishes.max_pixels)}"
        )
    plain, thumbs = target / "decoded.npy", target / "thumbs.npy"
    form = replace(form, **wishes.fit)
    read = _decode(plain, thumbs, listing, form, executor, progress)
    group = groups(read.exact, read.difference, np.load(thumbs, mmap_mode="r"))
    thumbs.unlink()
    parts, notes = _parts(read.entries, group, listing.has_parts, wishes)
    # Left out after the split was drawn: the others stay where they were before.
    excluded = {entry.name for entry in read.entries} & wishes.exclude
    kept = [entry.name not in excluded for entry in read.entries]
    trained = {entry.label for entry, part, use in zip(read.entries, parts, kept, strict=True) if use and part == TRAIN}
    class_names = [name for name in listing.class_names if name in trained]
    if len(class_names) < 2:
        raise DataError(
            f"{source} has training images of only {len(class_names)} of its classes "
            f"({', '.join(listing.class_names)}), but a classifier needs two. "
            f"{_advice(source, listing, read, excluded)}"
        )
    labels = np.array(
        [
            class_names.index(entry.label) if use and entry.label in trained else -1
            for entry, use in zip(read.entries, kept, strict=True)
        ]
    )
    untrained = {e.name: "its class has no training image" for e in read.entries if e.label not in trained}
    untrained |= dict.fromkeys(excluded, "excluded, as you asked")
    order = np.lexsort((np.arange(len(labels)), parts))
    order = order[labels[order] >= 0]
    edge = _arrange(plain, images_file(target), order, form)
    plain.unlink()
    counts = {name: np.bincount(parts[labels == label], minlength=3).tolist() for label, name in enumerate(class_names)}
    report = FolderReport(
        path=str(source),
        form=form,
        counts={name: (train, validation, test) for name, (train, validation, test) in counts.items()},
        skipped={**listing.skipped, **read.problems, **untrained},
        empty_classes=[name for name in listing.class_names if name not in trained],
        converted=dict(read.converted.most_common()),
        duplicates=int(np.count_nonzero(group != np.arange(len(group)))),
        notes=[*listing.notes, *notes],
    )
    write_index(
        target,
        {
            "report": asdict(report),
            "edge": edge,
            "class_names": class_names,
            "labels": labels[order].tolist(),
            "parts": [int(np.count_nonzero(parts[order] == part)) for part in (TRAIN, VALIDATION, TEST)],
            "names": [read.entries[position].name for position in order],
            "digests": [read.digests[position] for position in order],
        },
    )


def _decode(
    plain: Path, thumbs: Path, listing: Listing, form: Form, executor: Executor, progress: Progress | None
) -> _Read:
    entries, digests, exact, difference = [], [], [], []
    converted: Counter[str] = Counter()
    problems: dict[str, str] = {}
    paths = [listing.root / entry.name for entry in listing.entries]
    with ImagesFile(plain, form.shape) as images, ImagesFile(thumbs, (THUMB, THUMB, form.channels)) as small:
        for done, (entry, decoded) in enumerate(
            zip(listing.entries, decode_all(paths, form, executor), strict=True), 1
        ):
            if progress is not None:
                progress(done, len(paths), "images read")
            if decoded.pixels is None or decoded.fingerprint is None:
                problems[entry.name] = decoded.problem or ""
                continue
            images.append(decoded.pixels)
            small.append(decoded.fingerprint.thumb)
            entries.append(entry)
            digests.append(decoded.digest)
            exact.append(decoded.fingerprint.exact)
            difference.append(decoded.fingerprint.difference)
            converted.update(decoded.notes)
    return _Read(entries, digests, np.array(exact, np.uint64), np.array(difference, np.uint64), converted, problems)


def _parts(
    entries: list[Entry], group: npt.NDArray[np.int64], given: bool, wishes: Wishes
) -> tuple[npt.NDArray[np.uint8], list[str]]:
    """Take the parts that were given, draw those that were not, and say what is to be said about it."""
    names = sorted({entry.label for entry in entries})
    labels = np.array([names.index(entry.label) for entry in entries])
    if wishes.split:
        known = [wishes.split.get(entry.name, entry.part) for entry in entries]
        parts = np.array([UNKNOWN if part is None else PARTS.index(part) for part in known], np.uint8)
        return grow_parts(parts, labels, group, wishes.validation, wishes.test, wishes.seed), []
    if not given:
        return draw_parts(labels, group, wishes.validation, wishes.test, wishes.seed), []
    parts = np.array([PARTS.index(entry.part or "train") for entry in entries], np.uint8)
    notes = []
    if not (parts == VALIDATION).any() and wishes.validation:
        train = np.flatnonzero(parts == TRAIN)
        parts[train] = draw_parts(labels[train], group[train], wishes.validation, 0.0, wishes.seed)
        notes.append(f"validation images are drawn from the training images: {wishes.validation:.0%}")
    if not (parts == TEST).any():
        notes.append("there are no test images: the report uses the validation images")
    learned = np.unique(group[parts == TRAIN])
    if leaked := int(np.count_nonzero(np.isin(group[parts != TRAIN], learned))):
        notes.append(
            f"{leaked:,} validation or test images are near-duplicates of training images in the given split, so the "
            "result will look better than it is"
        )
    return parts, notes


def _arrange(source: Path, target: Path, order: npt.NDArray[np.intp], form: Form) -> float:
    """Write the images in that order, and give how light their edges are, 0 to 1."""
    decoded = np.load(source, mmap_mode="r")
    light, step = 0.0, max(1, _COPIED_BYTES // math.prod(form.shape))
    with ImagesFile(target, form.shape) as images:
        for start in range(0, len(order), step):
            block = decoded[order[start : start + step]]
            images.append(block)
            edges = [block[:, 0], block[:, -1], block[:, :, 0], block[:, :, -1]]
            light += float(np.concatenate(edges, axis=1).mean()) * len(block)
    return round(light / len(order) / 255, 4)


def _reason(listing: Listing, max_pixels: int | None) -> str:
    """Say why nothing can be read, of the first file: what is wrong with one is often wrong with all."""
    problems = dict(listing.skipped)
    if listing.entries:
        name = listing.entries[0].name
        smallest = Form(1, 1, 1, 0, "", "", max_pixels)
        problems = {name: decode(listing.root / name, smallest).problem or "it was changed during reading"}
    for name, reason in problems.items():
        return f"The first of them, {name}: {reason}."
    return "Are they PNG or JPEG files?"


def _advice(source: Path, listing: Listing, read: _Read, excluded: set[str]) -> str:
    """Say what may be the reason that too few classes have images."""
    if excluded:
        return f"{counted(len(excluded), 'image')} {agreeing(len(excluded), 'is', 'are')} excluded, as you asked."
    folders = {name: reason for name, reason in listing.skipped.items() if name.endswith("/")}
    problems = {**folders, **read.problems}
    if problems:
        name, reason = next(iter(problems.items()))
        cannot = f"{counted(len(problems), 'file')} cannot be read, the first of them {name}"
        return f"{cannot}: {reason.removeprefix('cannot be read: ')}."
    inner = {entry.name.split("/")[1] for entry in read.entries if entry.name.count("/") > 1}
    outer = {entry.name.split("/")[0] for entry in read.entries}
    if len(inner) > 1 and len(outer) == 1 and source.is_dir():
        return f"If its classes are the subfolders of {(only := outer.pop())}, train on {source / only}."
    return "Create a subfolder for each class, with its images in it."

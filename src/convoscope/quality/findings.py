"""What was found: a list of findings, as JSON, and as a table that can be edited and given back."""

from __future__ import annotations

import csv
import os
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field, replace
from io import StringIO
from pathlib import Path
from typing import Any

from convoscope.names import encodable, for_table
from convoscope.storage import write_atomically

LABEL, DUPLICATE, OUTLIER, BACKGROUND = "suspected label", "near-duplicate", "outlier", "background"
KINDS = (LABEL, DUPLICATE, OUTLIER, BACKGROUND)
COLUMNS = ("file", "kind", "label", "suggestion", "score", "reason")


@dataclass(frozen=True)
class Finding:
    """One thing that may be wrong with the data.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    label : str
        The class that it is about.
    score : float
        How sure it is, the higher the surer. ``suspected label``: the probability that the label is wrong.
        ``near-duplicate``: how well the pictures agree, up to 1. ``outlier``: how many spreads beyond the usual angle.
        ``background``: the accuracy without a look at what the pictures show.
    reason : str
        A sentence for people.
    file : str or None
        None where it is about no single image.
    index : int or None
        That image's position.
    suggestion : str or None
        The class that it more probably belongs to, or the other class of a pair.
    """

    kind: str
    label: str
    score: float
    reason: str
    file: str | None = None
    index: int | None = None
    suggestion: str | None = None


@dataclass(frozen=True)
class CopiedPicture:
    """Images that are one picture.

    Attributes
    ----------
    indices : tuple of int
        Their positions.
    kept : int
        The one of them that no finding is about: with one left, nothing is twice.
    across : tuple of str
        What they cross: ``"classes"``, ``"parts"``, both, or nothing.
    """

    indices: tuple[int, ...]
    kept: int
    across: tuple[str, ...] = ()


@dataclass(frozen=True)
class Findings:
    """What may be wrong with a set of images.

    Attributes
    ----------
    images : int
        How many were examined.
    items : list of Finding
        By kind, the surest of each first.
    copied : list of CopiedPicture
        Groups of near-duplicates, those across classes or parts first.
    estimated_label_errors : float
        How many labels are wrong, by confident learning; hard images count too.
    notes : list of str
        What could not be examined, and why.

    Examples
    --------
    >>> found = Findings(2, [Finding("outlier", "daisy", 4.2, "It is unlike all others.", "daisy/cat.jpg", 1)])
    >>> found.count("outlier"), [each.file for each in found.of("outlier")]
    (1, ['daisy/cat.jpg'])
    """

    images: int
    items: list[Finding]
    copied: list[CopiedPicture] = field(default_factory=list)
    estimated_label_errors: float = 0.0
    notes: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.items)

    def of(self, kind: str) -> list[Finding]:
        """Return the findings of a kind, the surest first."""
        return [each for each in self.items if each.kind == kind]

    def count(self, kind: str) -> int:
        """Return how many findings of a kind there are."""
        return len(self.of(kind))

    def without(self, files: Collection[str]) -> Findings:
        """Return the same without what was found about some files: somebody has looked at them, and they are right."""
        return replace(self, items=[each for each in self.items if each.file not in files])

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as plain JSON values, for ``report.json``."""
        return {
            "images": self.images,
            "counts": {kind: self.count(kind) for kind in KINDS},
            "estimated_label_errors": self.estimated_label_errors,
            "items": [{key: value for key, value in asdict(each).items() if value is not None} for each in self.items],
            "copied": [
                {"indices": list(each.indices), "kept": each.kept, "across": list(each.across)} for each in self.copied
            ],
            "notes": self.notes,
        }

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Findings:
        """Return what `as_dict` was made of."""
        return cls(
            content["images"],
            [Finding(**each) for each in content["items"]],
            [CopiedPicture(tuple(each["indices"]), each["kept"], tuple(each["across"])) for each in content["copied"]],
            content["estimated_label_errors"],
            list(content["notes"]),
        )

    def write_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the findings as a table, ``suspects.csv``, whose rows can be deleted: see `read_exclusions`.

        Parameters
        ----------
        path : path
            In a folder that exists.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        text = StringIO()
        table = csv.writer(text)
        table.writerow(COLUMNS)
        for each in self.items:
            names = encodable(each.file or ""), each.kind, encodable(each.label), encodable(each.suggestion or "")
            reason = for_table(encodable(each.reason))
            table.writerow((*map(for_table, names), f"{each.score:.4f}", reason))
        write_atomically(Path(path), [text.getvalue().encode()])


def in_order(items: Iterable[Finding]) -> list[Finding]:
    """Sort findings by kind, and leave the order of each kind as it is."""
    return sorted(items, key=lambda each: KINDS.index(each.kind))

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
        The class concerned.
    score : float
        The confidence; higher is surer. ``suspected label``: the probability that the label is wrong.
        ``near-duplicate``: how well the images agree, up to 1. ``outlier``: how many spreads beyond the usual angle.
        ``background``: the accuracy of a classifier that sees only colours, or only the border.
    reason : str
        A sentence for people.
    file : str or None
        None if it concerns no single image.
    index : int or None
        That image's position.
    suggestion : str or None
        The class that it more probably belongs to, or the other class of a pair.

    Examples
    --------
    >>> finding = Finding("suspected label", "cat", 0.93, "It looks like dog.", "cat/07.jpg", 6, "dog")
    >>> finding.file, finding.suggestion, finding.score
    ('cat/07.jpg', 'dog', 0.93)
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
        """Return the findings of a kind, the surest first.

        Examples
        --------
        >>> cat = Finding("outlier", "daisy", 4.2, "It is unlike all others.", "daisy/cat.jpg", 1)
        >>> rose = Finding("suspected label", "daisy", 0.9, "It looks like rose.", "daisy/7.jpg", 6, "rose")
        >>> found = Findings(20, [cat, rose])
        >>> [each.file for each in found.of("suspected label")]
        ['daisy/7.jpg']
        """
        return [each for each in self.items if each.kind == kind]

    def count(self, kind: str) -> int:
        """Return the number of findings of a kind.

        Examples
        --------
        >>> cat = Finding("outlier", "daisy", 4.2, "It is unlike all others.", "daisy/cat.jpg", 1)
        >>> rose = Finding("suspected label", "daisy", 0.9, "It looks like rose.", "daisy/7.jpg", 6, "rose")
        >>> found = Findings(20, [cat, rose])
        >>> found.count("outlier"), found.count("near-duplicate")
        (1, 0)
        """
        return len(self.of(kind))

    def without(self, files: Collection[str]) -> Findings:
        """Return the findings without those about some files, which somebody has looked at and found to be right.

        Examples
        --------
        >>> cat = Finding("outlier", "daisy", 4.2, "It is unlike all others.", "daisy/cat.jpg", 1)
        >>> rose = Finding("suspected label", "daisy", 0.9, "It looks like rose.", "daisy/7.jpg", 6, "rose")
        >>> found = Findings(20, [cat, rose])
        >>> [each.file for each in found.without({"daisy/cat.jpg"}).items]
        ['daisy/7.jpg']
        """
        return replace(self, items=[each for each in self.items if each.file not in files])

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON values, for ``report.json``.

        Examples
        --------
        >>> cat = Finding("outlier", "daisy", 4.2, "It is unlike all others.", "daisy/cat.jpg", 1)
        >>> rose = Finding("suspected label", "daisy", 0.9, "It looks like rose.", "daisy/7.jpg", 6, "rose")
        >>> found = Findings(20, [cat, rose])
        >>> found.as_dict()["counts"]["outlier"], found.as_dict()["items"][1]["suggestion"]
        (1, 'rose')
        """
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
        """Restore findings from what `as_dict` returned.

        Examples
        --------
        >>> cat = Finding("outlier", "daisy", 4.2, "It is unlike all others.", "daisy/cat.jpg", 1)
        >>> rose = Finding("suspected label", "daisy", 0.9, "It looks like rose.", "daisy/7.jpg", 6, "rose")
        >>> found = Findings(20, [cat, rose])
        >>> Findings.from_dict(found.as_dict()) == found
        True
        """
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
            The file, in a folder that exists.

        Raises
        ------
        StorageError
            If it cannot be written.

        Examples
        --------
        >>> import tempfile
        >>> cat = Finding("outlier", "daisy", 4.2, "It is unlike all others.", "daisy/cat.jpg", 1)
        >>> rose = Finding("suspected label", "daisy", 0.9, "It looks like rose.", "daisy/7.jpg", 6, "rose")
        >>> found = Findings(20, [cat, rose])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     found.write_csv(f"{folder}/suspects.csv")
        ...     print(Path(folder, "suspects.csv").read_text().splitlines()[1])
        daisy/cat.jpg,outlier,daisy,,4.2000,It is unlike all others.
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

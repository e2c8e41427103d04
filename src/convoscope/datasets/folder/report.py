"""What was found in a folder, and what was made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from convoscope.datasets.folder.survey import Form
from convoscope.names import for_terminal

IMBALANCED = 3.0
_NAMED = 20


@dataclass(frozen=True)
class FolderReport:
    """What was found in a folder, and what was made of it.

    Attributes
    ----------
    path : str
        The folder or the table.
    form : Form
        Which size and colour the images were scaled to, and why.
    counts : dict
        Of each class the number of images to train, to validate and to test with.
    skipped : dict
        The name of every file that was left out, with the reason. Nothing is deleted.
    empty_classes : list of str
        Classes without a readable training image; the model does not know them.
    converted : dict
        How many images were not plain grey or colour of 8 bits, or not upright, and what was done to them.
    duplicates : int
        Images that repeat another one. They are in the same part as that one if the split was drawn here.
    notes : list of str
        What else you should know.
    left_out : dict
        The folders that were not read, each with what is in it: the results of earlier runs, for instance.
    """

    path: str
    form: Form
    counts: dict[str, tuple[int, int, int]]
    skipped: dict[str, str]
    empty_classes: list[str]
    converted: dict[str, int]
    duplicates: int
    notes: list[str]
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def images(self) -> int:
        """How many images can be used."""
        return sum(sum(counts) for counts in self.counts.values())

    @property
    def imbalance(self) -> float:
        """How many times more training images the largest class has than the smallest."""
        train = [counts[0] for counts in self.counts.values()]
        return max(train) / min(train)

    @property
    def class_weight(self) -> str | None:
        """``"auto"`` for `fit` where a class is three times rarer than another, else None."""
        return "auto" if self.imbalance >= IMBALANCED else None

    def as_dict(self) -> dict[str, Any]:
        """Give everything as plain values, for a file in the run's folder."""
        return {**asdict(self), "images": self.images, "imbalance": round(self.imbalance, 3)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> FolderReport:
        """Take what `dataclasses.asdict` gave, after a journey through JSON."""
        counts = {name: (found[0], found[1], found[2]) for name, found in values["counts"].items()}
        return cls(**{**values, "form": Form(**values["form"]), "counts": counts})

    def lines(self) -> Iterator[str]:
        """Say it in lines for people; of many skipped files only the first are named."""
        return map(for_terminal, self._lines())

    def _lines(self) -> Iterator[str]:
        form = self.form
        yield f"{self.images:,} images of {len(self.counts)} classes in {self.path}"
        yield f"size {form.width} × {form.height}: {form.size_reason}"
        yield f"{'grey' if form.channels == 1 else 'colour'}: {form.colour_reason}"
        for what, count in self.converted.items():
            yield f"{count:,} {'image' if count == 1 else 'images'}: {what}"
        if self.class_weight:
            train = {name: counts[0] for name, counts in self.counts.items()}
            rare, common = min(train, key=lambda n: train[n]), max(train, key=lambda n: train[n])
            yield (
                f"{rare} is rare: {train[rare]:,} training images, compared with {train[common]:,} of {common}; "
                "class_weight='auto' compensates for that"
            )
        if self.duplicates:
            yield f"{self.duplicates:,} {'image repeats' if self.duplicates == 1 else 'images repeat'} another image"
        if self.empty_classes:
            yield f"left out for lack of training images: {', '.join(self.empty_classes)}"
        yield from self.notes
        yield from _some("folder", "not read", self.left_out)
        yield from _some("file", "skipped", self.skipped)


def _some(what: str, verb: str, reasons: Mapping[str, str]) -> Iterator[str]:
    if reasons:
        yield f"{len(reasons):,} {what if len(reasons) == 1 else f'{what}s'} {verb}"
    for name, reason in list(reasons.items())[:_NAMED]:
        yield f"  {name}: {reason}"
    if len(reasons) > _NAMED:
        yield f"  and {len(reasons) - _NAMED:,} more"

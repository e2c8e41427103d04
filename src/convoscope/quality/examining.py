"""Everything that may be wrong with a set of images, found at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from convoscope.errors import DataError, ShapeError
from convoscope.quality import background, labels as label_errors, outliers as outlying
from convoscope.quality.duplicates import Copies, copies
from convoscope.quality.findings import (
    BACKGROUND,
    DUPLICATE,
    LABEL,
    OUTLIER,
    CopiedPicture,
    Finding,
    Findings,
    in_order,
)
from convoscope.quality.neighbours import Neighbours, nearest
from convoscope.report.terminal import percent
from convoscope.wording import agreeing, counted

Indices = npt.NDArray[np.int64]

_NEIGHBOURS = 20
_BLANK = 3  # grey levels: a picture with a smaller range shows nothing
_STRIDE = 7


def examine(
    *,
    features: npt.NDArray[np.floating],
    labels: npt.ArrayLike,
    probabilities: npt.NDArray[np.floating],
    images: npt.NDArray[np.uint8],
    files: Sequence[str],
    class_names: Sequence[str],
    parts: Sequence[str] | None = None,
    false_alarms: float = 0.01,
) -> Findings:
    """Find suspected wrong labels, near-duplicates, outliers, and classes that the background gives away.

    Parameters
    ----------
    features : array of shape (N, D)
        The features of a network that was not trained on these images: the values before its last layer.
    labels : array of int, shape (N,)
        From 0 to K - 1.
    probabilities : array of shape (N, K)
        From cross-validation: each row from a model that was not trained on that image.
    images : array of uint8, shape (N, height, width, 1 or 3)
        May be mapped from a file.
    files : sequence of str
        Their names.
    class_names : sequence of str
        K of them.
    parts : sequence of str, optional
        Which split each image belongs to: ``"train"``, ``"validation"``, ``"test"``.
    false_alarms : float
        The share of ordinary images that may be called outliers.

    Returns
    -------
    Findings

    Raises
    ------
    ShapeError
        If the arrays do not belong together.
    DataError
        If labels are out of range, or features or probabilities are not finite.

    Examples
    --------
    >>> generator = np.random.default_rng(0)
    >>> truth = np.repeat([0, 1], 20)
    >>> labels = truth.copy()
    >>> labels[3] = 1  # a wrong label
    >>> found = examine(
    ...     features=generator.normal(size=(40, 8)) + 4 * np.eye(2, 8)[truth],
    ...     labels=labels,
    ...     probabilities=0.9 * np.eye(2)[truth] + 0.05,
    ...     images=generator.integers(0, 256, (40, 8, 8, 3), np.uint8),
    ...     files=[f"{number}.jpg" for number in range(40)],
    ...     class_names=["cat", "dog"],
    ... )
    >>> [(each.file, each.label, each.suggestion) for each in found.of("suspected label")]
    [('3.jpg', 'dog', 'cat')]
    """
    labels = np.asarray(labels)
    parts = [""] * len(labels) if parts is None else list(parts)
    _check(features, labels, probabilities, images, files, parts, class_names)
    labels = labels.astype(np.int64)
    neighbours = nearest(features, _NEIGHBOURS)
    suspected = label_errors.suspects(probabilities, labels, neighbours)
    twice = copies(neighbours, images)
    pictures = _kept(twice, labels, parts, probabilities)
    items = [
        *_labels(suspected, labels, files, class_names),
        *_duplicates(pictures, twice, labels, parts, files, class_names),
        *_outliers(neighbours, images, labels, files, class_names, false_alarms),
        *_backgrounds(images, labels, twice, class_names),
    ]
    return Findings(
        len(labels),
        in_order(items),
        pictures,
        suspected.estimated,
        list(_notes(labels, class_names)),
    )


def _check(
    features: npt.NDArray[np.floating],
    labels: npt.NDArray[np.generic],
    probabilities: npt.NDArray[np.floating],
    images: npt.NDArray[np.uint8],
    files: Sequence[str],
    parts: Sequence[str],
    class_names: Sequence[str],
) -> None:
    total, classes = len(files), len(class_names)
    wanted = {
        "features": (features.shape, features.ndim == 2 and len(features) == total, f"({total}, features)"),
        "labels": (labels.shape, labels.shape == (total,), f"({total},)"),
        "probabilities": (probabilities.shape, probabilities.shape == (total, classes), f"({total}, {classes})"),
        "images": (
            images.shape,
            images.ndim == 4 and len(images) == total and images.shape[3] in (1, 3),
            f"({total}, height, width, 1 or 3)",
        ),
        "parts": ((len(parts),), len(parts) == total, f"({total},)"),
    }
    for what, (shape, fits, expected) in wanted.items():
        if not fits:
            raise ShapeError(
                f"examine: {what} has the shape {shape}, but for {counted(total, 'file')} and "
                f"{counted(classes, 'class', 'classes')} it must have the shape {expected}."
            )
    if images.dtype != np.uint8:
        raise DataError(f"examine: images must be uint8, values from 0 to 255, but is {images.dtype}.")
    if labels.dtype.kind not in "iu":
        raise DataError(f"examine: labels must be whole numbers, but is {labels.dtype}.")
    numbers = labels.astype(np.int64)
    if total and not (numbers.min() >= 0 and numbers.max() < classes):
        raise DataError(
            f"examine: labels must be from 0 to {classes - 1}, one for each class name, but go from {numbers.min()} to "
            f"{numbers.max()}."
        )
    for what, values in (("features", features), ("probabilities", probabilities)):
        odd = np.flatnonzero(~np.isfinite(values).all(axis=1))
        if len(odd):
            raise DataError(
                f"examine: {what} must be finite numbers, but {counted(len(odd), 'row')} "
                f"{agreeing(len(odd), 'is', 'are')} not; the first is that of {files[odd[0]]!r}."
            )
    if total and (probabilities < 0).any():
        raise DataError("examine: probabilities must not be negative. Give what a softmax returns, not its logits.")


def _labels(
    suspected: label_errors.Suspects, labels: Indices, files: Sequence[str], names: Sequence[str]
) -> Iterator[Finding]:
    for index, suggestion, own in zip(
        suspected.indices.tolist(), suspected.suggestions.tolist(), suspected.label_probabilities.tolist(), strict=True
    ):
        label, better = names[labels[index]], names[suggestion]
        reason = f"It looks like {better}: judging by the other images, {label} has a probability of {percent(own)}."
        yield Finding(LABEL, label, 1 - own, reason, files[index], index, better)


def _kept(
    twice: Copies, labels: Indices, parts: Sequence[str], probabilities: npt.NDArray[np.floating]
) -> list[CopiedPicture]:
    """Choose of each group of copies the one to keep: a held-out one, so that figures stay comparable, and of those the
    one with the likeliest label."""
    pictures = []
    for group in twice.groups:
        members = group.tolist()
        across = [what for what, seen in (("classes", labels[group]), ("parts", [parts[i] for i in members])) if
                  len(set(np.asarray(seen).tolist())) > 1]  # fmt: skip
        kept = max(members, key=lambda i: (parts[i] not in ("", "train"), probabilities[i, labels[i]], -i))
        pictures.append(CopiedPicture(tuple(members), kept, tuple(across)))
    return sorted(pictures, key=lambda picture: (-len(picture.across), -len(picture.indices), picture.indices))


def _duplicates(
    pictures: Sequence[CopiedPicture],
    twice: Copies,
    labels: Indices,
    parts: Sequence[str],
    files: Sequence[str],
    names: Sequence[str],
) -> Iterator[Finding]:
    for picture in pictures:
        for index in picture.indices:
            if index == picture.kept:
                continue
            label, other = names[labels[index]], names[labels[picture.kept]]
            reason = f"It is the same picture as {files[picture.kept]}"
            if label != other:
                reason += f", which is in class {other}: at most one of the labels is right"
            if parts[index] != parts[picture.kept]:
                reason += (
                    f"; one is in {parts[index]}, the other in {parts[picture.kept]}, which makes the result look "
                    "better than it is"
                )
            similarity = float(twice.similarities[index])
            yield Finding(
                DUPLICATE, label, similarity, reason + ".", files[index], index, other if other != label else None
            )


def _outliers(
    neighbours: Neighbours,
    images: npt.NDArray[np.uint8],
    labels: Indices,
    files: Sequence[str],
    names: Sequence[str],
    false_alarms: float,
) -> Iterator[Finding]:
    blank = [index for index in range(len(images)) if _is_blank(images[index])]
    found = outlying.outliers(neighbours, labels, false_alarms)
    scores = dict(zip(found.indices.tolist(), found.scores.tolist(), strict=True))
    highest = max(scores.values(), default=0.0)
    for index in blank:
        score = max(scores.pop(index, 0.0), highest)
        reason = "It shows nothing but one colour."
        yield Finding(OUTLIER, names[int(labels[index])], score, reason, files[index], index)
    for index, score in scores.items():
        reason = "It is unlike all other images, both of its own class and of every other class."
        yield Finding(OUTLIER, names[int(labels[index])], score, reason, files[index], index)


def _is_blank(image: npt.NDArray[np.uint8]) -> bool:
    sample = image[::_STRIDE, ::_STRIDE]
    return bool((sample.max(axis=(0, 1)).astype(int) - sample.min(axis=(0, 1)) < _BLANK).all())


def _backgrounds(
    images: npt.NDArray[np.uint8], labels: Indices, twice: Copies, names: Sequence[str]
) -> Iterator[Finding]:
    groups = np.arange(len(labels))
    for group in twice.groups:
        groups[group] = group[0]
    what = {
        "border": ("The border of the pictures", "the background"),
        "colours": ("The rough colours of the pictures", "the background, or colours alone"),
    }
    for found in background.giveaways(images, labels, len(names), groups):
        seen, learnt = what[found.view]
        one, other = (names[int(each)] for each in found.classes)
        reason = (
            f"{seen} alone {agreeing(1 if found.view == 'border' else 2, 'tells', 'tell')} {one} from {other} in "
            f"{percent(found.accuracy, 0)} of cases ({percent(found.low, 0)} to {percent(found.high, 0)}): a model "
            f"may learn {learnt}. Photograph both in front of the same backgrounds."
        )
        yield Finding(BACKGROUND, one, found.accuracy, reason, suggestion=other)


def _notes(labels: Indices, names: Sequence[str]) -> Iterator[str]:
    counts = np.bincount(labels, minlength=len(names))
    few = [names[each] for each in np.flatnonzero((counts > 0) & (counts < label_errors.FEWEST)).tolist()]
    if few:
        yield (
            f"The labels of {', '.join(few)} were not examined: with fewer than {label_errors.FEWEST} images in a "
            "class, a wrong label cannot be told from a rare example."
        )
    if len(labels) < outlying.FEWEST:
        yield f"Outliers were not searched for, because that needs at least {outlying.FEWEST} images."

"""The numbers of a report: accuracy, a row for each class, the confusion matrix, the worst mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import DataError, ShapeError
from convoscope.report.calibration import calibration_error
from convoscope.report.interval import interval_of

Report = dict[str, Any]
WORST = 24


def classification_report(
    y_true: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    class_names: Sequence[str],
    *,
    worst: int = WORST,
    files: Sequence[str] | None = None,
) -> Report:
    """Compare a model's predictions for images with their true classes.

    Parameters
    ----------
    y_true : array of int, shape (images,)
        The true classes, counted from 0.
    probabilities : array of float, shape (images, classes)
        The model's probability for each class. The largest is its prediction; the first of equal ones.
    class_names : sequence of str
        One name a class.
    worst : int
        The largest number of mistakes to list.
    files : sequence of str, optional
        One name an image.

    Returns
    -------
    dict
        Plain values, ready for JSON: ``images``, ``mistakes`` (how many), ``accuracy`` with its 95 % ``interval``, the
        expected ``calibration_error``, ``classes`` (for each its ``name``, ``precision``, ``recall``, ``f1`` and
        ``support``), ``confusion_matrix`` (a row for each true class, a column for each prediction) and
        ``worst_mistakes``: those that the model was surest of, with the image's ``index``, the ``true`` and
        ``predicted`` class numbers, the ``probability`` it gave to its prediction and the ``true_probability`` it gave
        to the right one, and its ``file`` if `files` are given.

    Raises
    ------
    DataError
        If there are no images, or a label is not that of a class.
    ShapeError
        If the numbers of labels, probabilities and names do not match.

    Notes
    -----
    A class that is never predicted has precision 0, and a class without images has recall 0, as in scikit-learn.

    Examples
    --------
    >>> report = classification_report([0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]], ["cat", "dog"])
    >>> report["classes"][0]
    {'name': 'cat', 'precision': 0.5, 'recall': 1.0, 'f1': 0.6666666666666666, 'support': 1}
    >>> report["worst_mistakes"]
    [{'index': 2, 'true': 1, 'predicted': 0, 'probability': 0.7, 'true_probability': 0.3}]
    """
    given = np.asarray(probabilities, np.float64)  # (N, classes)
    labels = np.asarray(y_true).reshape(-1).astype(np.int64)  # (N,)
    classes = len(class_names)
    if given.ndim != 2 or given.shape[1] != classes or len(labels) != len(given):
        raise ShapeError(
            f"A report needs one probability for each of the {classes} classes and one label for each image, but the "
            f"probabilities have shape {given.shape} and there are {len(labels)} labels. Pass the outputs for exactly "
            "these images, from a model trained on these classes."
        )
    if files is not None and len(files) != len(labels):
        raise ShapeError(f"A report needs one file for each of the {len(labels)} images, but there are {len(files)}.")
    if len(labels) == 0:
        raise DataError("A report needs at least one image, but there are none.")
    if labels.min() < 0 or labels.max() >= classes:
        position = int(np.argmax((labels < 0) | (labels >= classes)))
        raise DataError(
            f"The label at index {position} is {labels[position]}, but the {classes} classes are numbered 0 to "
            f"{classes - 1}."
        )
    predictions = given.argmax(axis=1)
    matrix = np.bincount(labels * classes + predictions, minlength=classes**2).reshape(classes, classes)
    wrong = np.flatnonzero(predictions != labels)
    surest = wrong[np.argsort(-given[wrong, predictions[wrong]], kind="stable")][:worst]
    return {
        "images": len(labels),
        "mistakes": len(wrong),
        "accuracy": float(np.mean(predictions == labels)),
        "interval": list(interval_of(len(labels) - len(wrong), len(labels))),
        "calibration_error": calibration_error(given, labels),
        "classes": _per_class(matrix, class_names),
        "confusion_matrix": matrix.tolist(),
        "worst_mistakes": [
            {
                "index": int(index),
                "true": int(labels[index]),
                "predicted": int(predictions[index]),
                "probability": float(given[index, predictions[index]]),
                "true_probability": float(given[index, labels[index]]),
                **({} if files is None else {"file": files[index]}),
            }
            for index in surest
        ],
    }


def images_of(report: Report) -> str:
    """Say which images a report is about, and how many: in a run's report ``part`` tells them.

    Examples
    --------
    >>> images_of({"images": 1200}), images_of({"images": 1, "part": "validation"})
    ('1,200 images', '1 validation image')
    """
    part = f"{report['part']} " if report.get("part", "test") != "test" else ""
    return f"{report['images']:,} {part}image{'s' * (report['images'] != 1)}"


def _per_class(matrix: npt.NDArray[np.int64], class_names: Sequence[str]) -> list[dict[str, Any]]:
    hits = np.diag(matrix).astype(np.float64)
    predicted, support = matrix.sum(axis=0), matrix.sum(axis=1)
    precision = hits / np.maximum(predicted, 1)
    recall = hits / np.maximum(support, 1)
    f1 = 2 * hits / np.maximum(predicted + support, 1)
    return [
        {
            "name": str(name),
            "precision": float(precision[position]),
            "recall": float(recall[position]),
            "f1": float(f1[position]),
            "support": int(support[position]),
        }
        for position, name in enumerate(class_names)
    ]

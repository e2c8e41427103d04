"""What networks that were trained on ImageNet take and give, under Keras' names."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.applications.preparing import preprocess_input
from convoscope.checks import integer
from convoscope.errors import ShapeError

__all__ = ["class_names", "decode_predictions", "preprocess_input"]
_COUNT = 1000


@cache
def _classes() -> tuple[tuple[str, str], ...]:
    text = (files("convoscope.applications") / "imagenet_classes.txt").read_text(encoding="utf-8")
    pairs = (line.split(" ") for line in text.splitlines() if not line.startswith("#"))
    return tuple((identifier, name) for identifier, name in pairs)


def class_names() -> list[str]:
    """Return the names of ImageNet's 1,000 classes, in order.

    Examples
    --------
    >>> class_names()[985]
    'daisy'
    """
    return [name for _, name in _classes()]


def decode_predictions(preds: npt.ArrayLike, top: int = 5) -> list[list[tuple[str, str, Any]]]:
    """Return the names of the most probable classes of ImageNet.

    Parameters
    ----------
    preds : array (N, 1000)
        The predictions of a network with ImageNet's classes.
    top : int
        How many classes.

    Returns
    -------
    list of lists of tuples
        For each image, tuples of a class's WordNet identifier, its name and its score, the most probable first.

    Raises
    ------
    ShapeError
        If the predictions are not for 1,000 classes.

    Examples
    --------
    >>> decode_predictions(np.eye(1, 1000, 985), top=1)
    [[('n11939491', 'daisy', np.float64(1.0))]]
    """
    array = np.asarray(preds)
    if array.ndim != 2 or array.shape[1] != _COUNT:
        raise ShapeError(
            f"decode_predictions takes predictions of ImageNet's {_COUNT} classes, of shape (images, {_COUNT}), but "
            f"got shape {array.shape}. The classes of your own model are in model.class_names."
        )
    count = integer(top, "top", "decode_predictions", maximum=_COUNT)
    best = np.argsort(-array, axis=1, kind="stable")[:, :count]
    return [[(*_classes()[n], row[n]) for n in order] for row, order in zip(array, best, strict=True)]

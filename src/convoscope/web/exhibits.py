"""The images that the explorer's page is given: some of each class and of each mistake, packed as bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]

_MOST_OF_A_KIND = 20  # images of a class, and of a cell of the confusion matrix
_SMALL = 100  # pixels of a small picture, at least
_USUAL = (1, 16, 255)  # the largest values that are usual: images are 0..1, or whole numbers


@dataclass(frozen=True)
class Packed:
    """Images as bytes.

    Attributes
    ----------
    kind : {"uint8", "float32"}
    divisor : int
        What whole numbers were divided by: a value is byte / divisor.
    content : bytes
    """

    kind: str
    divisor: int
    content: bytes


def pack(images: npt.NDArray[Any]) -> Packed:
    """Write images as bytes from which float32 values come back exactly.

    Examples
    --------
    >>> pack(np.array([0.0, 1.0], np.float32) / np.float32(255)).content
    b'\\x00\\x01'
    >>> pack(np.array([-0.5])).kind
    'float32'
    """
    if images.dtype == np.uint8:
        return Packed("uint8", 1, images.tobytes())
    values = np.ascontiguousarray(images, np.float32)
    for divisor in _USUAL:
        whole = np.rint(values * np.float32(divisor))
        if values.size == 0 or (whole.min() >= 0 and whole.max() <= 255):
            small = whole.astype(np.uint8)
            if np.array_equal(small.astype(np.float32) / np.float32(divisor), values):
                return Packed("uint8", divisor, small.tobytes())
    return Packed("float32", 1, values.astype("<f4").tobytes())


def unpacking(packed: Packed) -> dict[str, Any]:
    """Return what the page has to know to unpack images."""
    return {"kind": packed.kind, "divisor": packed.divisor, "bytes": len(packed.content)}


def written(answer: dict[str, Any]) -> bytes:
    """Write an answer with pictures as bytes: the length of a JSON text (4), it, and then the pictures' values.

    Examples
    --------
    >>> written({"known": 1, "images": Packed("uint8", 1, b"abc")})[4:]
    b'{"known": 1, "packed": {"kind": "uint8", "divisor": 1, "bytes": 3}} abc'
    """
    packed = answer["images"]
    told = {name: value for name, value in answer.items() if name != "images"} | {"packed": unpacking(packed)}
    text = json.dumps(told).encode()
    text += b" " * (-len(text) % 4)  # values begin where a browser can look at them as they lie
    return b"".join([len(text).to_bytes(4, "little"), text, packed.content])


def reduced(images: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return images (N, height, width, channels) for a small picture: of large ones the means of squares of pixels.

    Examples
    --------
    >>> reduced(np.zeros((2, 224, 300, 3), np.uint8)).shape, reduced(np.zeros((2, 28, 28, 1))).shape
    ((2, 112, 150, 3), (2, 28, 28, 1))
    """
    if images.ndim != 4 or min(images.shape[1:3]) < 2 * _SMALL:
        return images
    step = min(images.shape[1:3]) // _SMALL
    height, width = (side // step * step for side in images.shape[1:3])
    sums = np.zeros((len(images), height // step, width // step, images.shape[3]), np.float32)
    for row, column in np.ndindex(step, step):
        sums += images[:, row:height:step, column:width:step]
    means = sums / np.float32(step**2)
    small: npt.NDArray[Any] = np.rint(means).astype(np.uint8) if images.dtype == np.uint8 else means
    return small


def bytes_of_each(images: npt.NDArray[Any]) -> int:
    """Return how many bytes one of several images takes, packed."""
    return int(np.prod(images.shape[1:])) * (1 if pack(images[:8]).kind == "uint8" else 4)


def value_range(images: npt.NDArray[Any] | None, max_value: float | None) -> tuple[float, float]:
    """Return the smallest and the largest value: those of the preprocessing, else what the images' own values suggest.

    Examples
    --------
    >>> value_range(np.array([0.0, 0.9]), None), value_range(np.array([-1.0, 2.0]), None), value_range(None, 16)
    ((0.0, 1.0), (-1.0, 2.0), (0.0, 16.0))
    """
    if max_value is not None:
        return 0.0, float(max_value)
    if images is None or images.size == 0:
        return 0.0, 1.0
    low, high = float(images.min()), float(images.max())
    if low < 0 or high > _USUAL[-1]:
        return low, high
    return 0.0, float(next(each for each in _USUAL if high <= each))


def choose(
    labels: Indices | None, predicted: Indices, surest: Indices, classes: int, most: int, wanted: Indices | None = None
) -> Indices:
    """Choose images: by turns one of each class and one of each kind of mistake, the surest first.

    Parameters
    ----------
    labels : array (N,) or None
        The true classes, if they are known; else those that the model chose count.
    predicted : array (N,)
    surest : array (N,)
        All places, those that the model is surest of first.
    classes : int
    most : int
        How many at most.
    wanted : array (M,), optional
        Places that come before all others, in a quarter of the room.

    Returns
    -------
    array
        Places in ascending order.
    """
    true = predicted if labels is None else labels
    wrong = surest[predicted[surest] != true[surest]]
    kinds: list[Indices] = [np.flatnonzero(true == each)[:_MOST_OF_A_KIND] for each in range(classes)]
    cells = true[wrong] * classes + predicted[wrong]
    kinds += [wrong[cells == cell][:_MOST_OF_A_KIND] for cell in np.unique(cells)]
    first = [] if wanted is None else wanted[: max(1, most // 4)].tolist()
    taken: dict[int, None] = dict.fromkeys(first)
    for index in _by_turns(kinds):
        if len(taken) >= most:
            break
        taken[index] = None
    return np.array(sorted(taken), np.int64)


def _by_turns(kinds: list[Indices]) -> Iterator[int]:
    for turn in zip_longest(*(kind.tolist() for kind in kinds)):
        yield from (index for index in turn if index is not None)


def tally(labels: Indices, predicted: Indices, classes: int) -> dict[str, Any]:
    """Count which class is predicted for which.

    Returns
    -------
    dict
        ``confusion``, a list of [true class, prediction, images] for every pair that occurs, and ``accuracy``.

    Examples
    --------
    >>> tally(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)["confusion"]
    [[0, 0, 1], [0, 1, 1], [1, 1, 1]]
    """
    cells, counts = np.unique(labels * classes + predicted, return_counts=True)
    pairs = [[*divmod(int(cell), classes), int(count)] for cell, count in zip(cells, counts, strict=True)]
    return {"confusion": pairs, "accuracy": float(np.mean(labels == predicted))}

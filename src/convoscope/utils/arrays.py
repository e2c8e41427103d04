"""Labels and rows of numbers in the form that models take."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import DataError


def to_categorical(x: npt.ArrayLike, num_classes: int | None = None) -> npt.NDArray[np.float32]:
    """Turn class numbers into rows with a single 1.

    Parameters
    ----------
    x : array of whole numbers
        Class numbers from 0, of any shape; a last axis of length 1 is dropped, as in Keras.
    num_classes : int, optional
        How many classes there are; if left out, one more than the largest number.

    Returns
    -------
    float32 array of shape (*x.shape, num_classes)

    Raises
    ------
    DataError
        If a number is negative, not whole, or not below `num_classes`.

    Examples
    --------
    >>> to_categorical([0, 2], num_classes=3)
    array([[1., 0., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    given = np.asarray(x)
    labels = given.astype(np.int64)
    if given.size == 0 and num_classes is None:
        raise DataError("to_categorical needs num_classes if there are no labels.")
    if (labels != given).any():
        raise DataError("to_categorical takes whole numbers, but some values are not whole.")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    classes = int(labels.max()) + 1 if num_classes is None else int(num_classes)
    outside = labels[(labels < 0) | (labels >= classes)]
    if outside.size:
        raise DataError(
            f"to_categorical: the label {outside[0]} is not one of the {classes} classes 0 to {classes - 1}."
        )
    result = np.zeros((*labels.shape, classes), np.float32)
    np.put_along_axis(result, labels[..., None], 1.0, axis=-1)
    return result


def normalize(x: npt.ArrayLike, axis: int = -1, order: int = 2) -> npt.NDArray[Any]:
    """Divide by the norm along an axis; zeros stay zero.

    Examples
    --------
    >>> normalize([[3.0, 4.0]])
    array([[0.6, 0.8]])
    """
    values = np.atleast_1d(np.asarray(x))
    norms = np.atleast_1d(np.linalg.norm(values, order, axis))
    norms[norms == 0] = 1
    normalized: npt.NDArray[Any] = values / np.expand_dims(norms, axis)
    return normalized

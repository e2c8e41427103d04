"""The value range of the images that a model takes, and images whose values do not suit it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import DataError
from convoscope.layers import Rescaling
from convoscope.models.network import Network

_LOOKED_AT = 256  # images
_TOO_LARGE = 8  # times the largest value that there should be: images with noise added are not that far off
_STANDARDIZED = 1 / 20  # of the largest value: images with mean 0 and spread 1 stay below


def largest_value_of(model: Network) -> float:
    """Return the largest value of the images that a model takes; the smallest is 0.

    It is what the model's file says; else what its first layer, a Rescaling, turns into 1; else 1.

    Examples
    --------
    >>> import convoscope as cs
    >>> conv = cs.layers.Conv2D(1, 3)
    >>> largest_value_of(cs.Sequential([cs.layers.Rescaling(1 / 127.5, offset=-1, input_shape=(8, 8, 1)), conv]))
    255.0
    """
    if model.preprocessing is not None:
        return float(model.preprocessing["max_value"])
    first = model.graph.calls[0].layer
    return float(round((1 - first.offset) / first.scale)) if isinstance(first, Rescaling) and first.scale else 1.0


def check_range(preprocessing: dict[str, Any] | None, x: Any, where: str) -> None:
    """Refuse images whose values are certainly not those that a model was trained on.

    Parameters
    ----------
    preprocessing : dict or None
        The model's; nothing is refused where it does not say the largest value.
    x : array (N, ...)
        Of anything else, such as a pipeline, nothing is known before it is read.
    where : str
        What was called: ``"predict"``.

    Raises
    ------
    DataError
        The model takes 0 to 255, for instance, and x has fractions of which none is above 1, or numbers around 0; or
        the largest value of x is more than eight times what it takes.

    Notes
    -----
    The first 256 images decide together. Whole numbers are never too small: an image may be dark, or black.

    Examples
    --------
    >>> check_range({"max_value": 255}, np.zeros((1, 2, 2, 1), np.float32), "predict")
    >>> check_range({"max_value": 255}, np.full((1, 2, 2, 1), 0.5), "predict")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
     ...
    convoscope.errors.DataError: predict: the largest value of x is 0.5, but this model takes images ...
    """
    most = None if preprocessing is None else preprocessing.get("max_value")
    if isinstance(most, bool) or not isinstance(most, (int, float)) or not most > 0:
        return
    if not isinstance(x, np.ndarray) or x.dtype.kind not in "iuf" or x.ndim < 2 or not x.size:
        return
    some: npt.NDArray[Any] = x[:_LOOKED_AT]
    low, high = float(some.min()), float(some.max())
    takes = f"this model takes images with values from 0 to {most:g}"
    if high > _TOO_LARGE * most or (most <= 1 and some.dtype.kind != "f" and high > most):
        raise DataError(
            f"{where}: the largest value of x is {high:g}, but {takes}. Scale them: "
            f"model.{where}({_scaling(high, most)})."
        )
    if most <= 1 or x.dtype.kind != "f":
        return
    if max(high, -low) <= 1 and not np.array_equal(some, np.rint(some)):
        how = f"x * {most:g}" if low >= 0 else f"(x + 1) * {most / 2:g}"
    elif low < 0 and max(high, -low) <= most * _STANDARDIZED:
        how = "x * std + mean"
    else:
        return
    raise DataError(
        f"{where}: the largest value of x is {high:g}, but {takes} and scales them itself. The images seem to be "
        f"scaled already. Pass them unscaled: model.{where}({how})."
    )


def _scaling(high: float, most: float) -> str:
    """Return what brings images of 8 or of 16 bits into the range."""
    white = 255 if high <= 255 else 65_535
    return f"x / {white}" if most == 1 else f"x * ({most:g} / {white})"

"""Models whose output is an image, such as an autoencoder: what comes out, and how far that is from what should."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from convoscope.engine.base import Array
from convoscope.engine.steps import ActivationStep
from convoscope.errors import DataError, ShapeError
from convoscope.explore.submodels import batches
from convoscope.models.sequential import Sequential

_BOUNDS = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}


def has_image_outputs(model: Sequential) -> bool:
    """Whether what a model puts out is an image: rows and columns of one value or of three colours.

    Examples
    --------
    >>> import convoscope as cs
    >>> layers = [cs.layers.Conv2D(3, 3, input_shape=(8, 8, 1)), cs.layers.Flatten()]
    >>> has_image_outputs(cs.Sequential(layers[:1])), has_image_outputs(cs.Sequential(layers))
    (True, False)
    """
    shape = model.output_shape[1:]
    return len(shape) == 3 and shape[2] in (1, 3)


def output_range(model: Sequential, inputs: tuple[float, float]) -> tuple[float, float]:
    """Return the value range of the images that a model makes: smallest and largest.

    Its last activation bounds them; without such a one they are taken to be those of the images that go in, `inputs`.
    """
    last = model.executable(fused=False).plan.steps[-1]
    return _BOUNDS.get(last.activation.name, inputs) if isinstance(last, ActivationStep) else inputs


def checked_targets(model: Sequential, y: Any, count: int) -> Array:
    """Return the images that should come out for `count` images, (N, *output_shape), or say what is wrong with them."""
    made = tuple(int(size or 0) for size in model.output_shape[1:])
    targets = np.asarray(y)
    if (*targets.shape, 1) == (count, *made):
        targets = targets[..., None]
    if targets.shape != (count, *made):
        raise ShapeError(
            f"Model {model.name!r} makes images of {'×'.join(map(str, made))}, so y holds the images that should come "
            f"out, of shape {(count, *made)}, but y has the shape {np.shape(y)}. Leave y out if they are not known."
        )
    if targets.dtype.kind not in "iufb" or not np.isfinite(targets).all():
        raise DataError("The images that should come out must be numbers, but y holds NaN, infinity or something else.")
    return targets.astype(np.float32)


def mean_squared_error(run: Callable[[Array], Array], images: Array, targets: Array) -> float:
    """Return how far what `run` makes of images is from what should come out, over all values of all images."""
    squares = 0.0
    for part in batches(len(images)):
        made = run(np.ascontiguousarray(images[part]))
        squares += float(np.square(made.astype(np.float64) - targets[part]).sum())
    return squares / targets.size

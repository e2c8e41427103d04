"""Models whose output is an image, such as an autoencoder: what comes out, and how far that is from what should."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from convoscope.engine.base import Array, Arrays
from convoscope.engine.steps import ActivationStep
from convoscope.errors import DataError, ShapeError
from convoscope.explore.submodels import input_batches, is_image, main_output, main_shape, main_target
from convoscope.models.network import Network

_BOUNDS = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}


def has_image_outputs(model: Network) -> bool:
    """Whether what a model puts out is an image: rows and columns of one value or of three colours.

    Examples
    --------
    >>> import convoscope as cs
    >>> layers = [cs.layers.Conv2D(3, 3, input_shape=(8, 8, 1)), cs.layers.Flatten()]
    >>> has_image_outputs(cs.Sequential(layers[:1])), has_image_outputs(cs.Sequential(layers))
    (True, False)
    """
    return is_image(main_shape(model))


def output_range(model: Network, inputs: tuple[float, float]) -> tuple[float, float]:
    """Return the value range of the images that a model makes: smallest and largest.

    Its last activation bounds them; without such a one they are taken to be those of the images that go in, `inputs`.
    """
    steps = model.executable(fused=False).plan
    last = steps.maker_of(steps.outputs[main_output(model)])
    return _BOUNDS.get(last.activation.name, inputs) if isinstance(last, ActivationStep) else inputs


def checked_targets(model: Network, y: Any, count: int) -> Array:
    """Return the images that should come out for `count` images, (N, *output_shape), or say what is wrong with them."""
    made = main_shape(model)
    targets = np.asarray(main_target(model, y))
    if (*targets.shape, 1) == (count, *made):
        targets = targets[..., None]
    if targets.shape != (count, *made):
        raise ShapeError(
            f"Model {model.name!r} outputs images of {'×'.join(map(str, made))}, so y must contain target images of "
            f"shape {(count, *made)}, but has the shape {np.shape(y)}. Leave y out if the targets are unknown."
        )
    if targets.dtype.kind not in "iufb" or not np.isfinite(targets).all():
        raise DataError("The target images in y must contain finite numbers, but contain NaN, infinity or no numbers.")
    return targets.astype(np.float32)


def mean_squared_error(run: Callable[[Any], Array], images: Arrays, targets: Array) -> float:
    """Return how far what `run` makes of images is from what should come out, over all values of all images."""
    squares = 0.0
    for part, inputs in input_batches(images):
        squares += float(np.square(run(inputs).astype(np.float64) - targets[part]).sum())
    return squares / targets.size

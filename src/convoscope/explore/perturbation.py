"""Pixels taken out of an image or put into it in some order, and what becomes of a probability on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from convoscope.engine.base import Array
from convoscope.errors import ConfigurationError, unknown_name
from convoscope.explore.predictions import predictions_of
from convoscope.explore.random_numbers import numbers
from convoscope.explore.submodels import in_batches, main_run
from convoscope.models.network import Network

BASELINES = ("mean", "blur")
_BLUR = 10  # the blur's standard deviation is a tenth of the image's longer side


def order(importance: Array, seed: int) -> Array:
    """Return the pixels of a map (height, width) from the most important on, (height × width,).

    Pixels that are equally important come in a random order, lest the top left corner count for more.

    Examples
    --------
    >>> order(np.array([[0.0, 2.0, 1.0]]), 0).tolist()
    [1, 2, 0]
    """
    flat = np.asarray(importance, np.float32).ravel()
    return np.lexsort((numbers(seed, flat.size), -flat))


def random_order(pixels: int, seed: int) -> Array:
    """Return the pixels in a random order, (pixels,)."""
    return np.argsort(numbers(seed, pixels), kind="stable")


def counts(pixels: int, steps: int) -> Array:
    """Return how many pixels are replaced at each of the steps, from 0 to all, (steps + 1,).

    Examples
    --------
    >>> counts(10, 4).tolist()
    [0, 3, 5, 8, 10]
    """
    return (2 * np.arange(steps + 1) * pixels + steps) // (2 * steps)


def baseline_of(image: Array, baseline: str | float | Sequence[float]) -> Array:
    """Return what replaces the pixels of an image (height, width, ...), in its shape.

    Examples
    --------
    >>> baseline_of(np.array([[[1.0], [3.0]]]), "mean").ravel().tolist()
    [2.0, 2.0]
    """
    if isinstance(baseline, str):
        if baseline not in BASELINES:
            raise unknown_name("baseline of faithfulness", baseline, BASELINES)
        if baseline == "blur":
            return _blurred(image)
        return np.broadcast_to(image.mean(axis=(0, 1), dtype=np.float64), image.shape).astype(np.float32)
    value = np.asarray(baseline, np.float32)
    if value.shape not in ((), image.shape[2:]) or not np.isfinite(value).all():
        raise ConfigurationError(
            f"faithfulness: a baseline is {' or '.join(map(repr, BASELINES))}, a finite number, or one for each "
            f"channel, but is {baseline!r} for images of shape {image.shape}."
        )
    return np.broadcast_to(value, image.shape)


def deletion(image: Array, base: Array, pixels: Array, steps: int) -> Array:
    """Return the image with ever more pixels replaced by those of `base`, (steps + 1, *shape of the image).

    Parameters
    ----------
    image, base : array (height, width, ...)
    pixels : array of int (height × width,)
        The order in which they are replaced: all of `image` at first, all of `base` in the end. With the two
        exchanged it is insertion.
    steps : int
    """
    height, width = image.shape[:2]
    ranks = np.empty(len(pixels), np.int64)
    ranks[pixels] = np.arange(len(pixels))
    gone = ranks < counts(len(pixels), steps)[:, None]  # (steps + 1, pixels)
    masks = gone.reshape(-1, height, width, *[1] * (image.ndim - 2))
    return np.where(masks, base, image).astype(np.float32)


def area(curves: Array) -> Array:
    """Return the areas under curves (..., steps + 1) whose points lie evenly from 0 to 1, by trapezoids: (...).

    Examples
    --------
    >>> float(area(np.array([1.0, 0.5, 0.0])))
    0.5
    """
    found: Array = ((curves[..., 1:] + curves[..., :-1]) / 2).mean(axis=-1)
    return found


def probability(model: Network, run: Callable[[Array], Array] | None = None) -> Callable[[Array, int], Array]:
    """Return a function from images (n, ...) and a class to its probability in each, float64 (n,).

    Parameters
    ----------
    model : Sequential or Model
        Where it ends in logits, a softmax follows (of a single output, a sigmoid).
    run : function, optional
        What computes the model's main output for a batch, if not the model as it is.
    """
    runs = run or main_run(model)

    def of(images: Array, class_index: int) -> Array:
        outputs = in_batches(runs, images)
        found = predictions_of(model, outputs)
        scores = found.scores.astype(np.float64)
        if not found.probabilities:
            if outputs.shape[1] == 1:
                scores /= 2  # of -z and z, the softmax would be the sigmoid of 2z
            scores = np.exp(scores - scores.max(axis=1, keepdims=True))
            scores /= scores.sum(axis=1, keepdims=True)
        chosen: Array = scores[:, class_index]
        return chosen

    return of


def _blurred(image: Array) -> Array:
    """Return an image under a Gaussian blur; at the edges only pixels of the image count."""
    spread = max(image.shape[:2]) / _BLUR
    rows, columns = (_gaussian(length, spread) for length in image.shape[:2])
    found = np.einsum("ij,jk...,lk->il...", rows, image.astype(np.float64), columns)
    return np.asarray(found, np.float32)


def _gaussian(length: int, spread: float) -> Array:
    at = np.arange(length)
    weights = np.exp(-((at[:, None] - at) ** 2) / (2 * spread**2))
    found: Array = weights / weights.sum(axis=1, keepdims=True)
    return found

"""Multinomial logistic regression with an L2 penalty: the head on the features of a frozen backbone."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
_MEMORY = 10  # steps that L-BFGS remembers
_MOST_STEPS = 200
_ALONE, _CACHED = 1 << 17, 1 << 22  # products of numbers, and numbers
_SUFFICIENT, _SHORTEST = 1e-4, 1e-6  # of the line search: Armijo's constant, and the step at which it gives up


@dataclass(frozen=True, eq=False)
class Basis:
    """Features turned to their principal axes: there the penalty stays what it is, and few steps suffice.

    Attributes
    ----------
    mean : array of shape (D,)
        What features are taken minus.
    scale : float
        What they are then divided by, the same for all: their mean square is then 1. A scale for each would make much
        of features that hardly change, which costs several points of accuracy with few images.
    axes : array of shape (D, R)
        Orthonormal; R is at most the number of the images.
    spread : array of shape (R,)
        The mean square along each axis.
    """

    mean: Array
    scale: float
    axes: Array
    spread: Array

    def turned(self, features: npt.ArrayLike) -> Array:
        """Bring features (N, D) to the axes: (N, R)."""
        return np.asarray((np.asarray(features, np.float64) - self.mean) / self.scale @ self.axes)


def basis_of(features: npt.ArrayLike) -> Basis:
    """Centre features, and find their principal axes.

    Parameters
    ----------
    features : array of shape (N, D)

    Examples
    --------
    >>> basis = basis_of([[0.0, 1.0, 5.0], [2.0, 1.0, 5.0], [4.0, 1.0, 5.0]])
    >>> basis.axes.shape, np.abs(basis.turned([[4.0, 1.0, 5.0]])).round(4)
    ((3, 1), array([[2.1213]]))
    """
    x = np.asarray(features, np.float64)  # (N, D)
    mean = x.mean(axis=0)
    x = x - mean
    scale = float(np.sqrt(np.mean(x * x)))
    if scale <= 1e-6 * max(float(np.abs(mean).max(initial=0.0)), 1e-30):
        scale = 1.0  # all are alike: what is left are rounding errors, and they say nothing
        x[...] = 0.0
    x /= scale
    count, width = x.shape
    gram = (x @ x.T if count < width else x.T @ x) / count
    values, vectors = np.linalg.eigh(gram)
    live = values > max(1e-10 * float(values[-1]), 1e-30)
    values, vectors = values[live][::-1], vectors[:, live][:, ::-1]
    axes = x.T @ vectors / np.sqrt(count * values) if count < width else vectors
    return Basis(mean, scale, axes, values)


class Problem:
    """Features and labels to fit weights to, at one strength after the other.

    Parameters
    ----------
    x : array of shape (N, R)
        Features, as `Basis.turned` gives them.
    labels : array of int, shape (N,)
    classes : int
    spread : array of shape (R,)
        The mean square of each feature, by which steps are scaled.
    weights : array of shape (N,), optional
        How much each image counts; their mean should be 1.
    """

    def __init__(
        self, x: Array, labels: npt.NDArray[np.integer], classes: int, *, spread: Array, weights: Array | None = None
    ) -> None:
        count, width = x.shape
        self._shape = width + 1, classes
        self._ones = np.concatenate([x, np.ones((count, 1))], axis=1)  # (N, R + 1)
        self._turned = np.ascontiguousarray(self._ones.T)
        self._right = np.arange(count), labels
        self._share = np.full(count, 1 / count) if weights is None else weights / count
        self._target = np.zeros((count, classes))
        self._target[self._right] = self._share
        self._curvature = 0.5 * np.append(spread, 1.0)[:, None]
        self._steepest = max(float(np.abs(self._of(np.zeros(self._shape), 0.0)[1]).max()), 1e-12)

    def fit(self, penalty: float, *, start: Array | None = None, tolerance: float = 1e-5) -> Array:
        """Find the weights with the least cross-entropy plus penalty.

        Parameters
        ----------
        penalty : float
            What half the sum of the squared weights is multiplied with and added to the mean cross-entropy. The biases
            are free. scikit-learn's ``C`` is ``1 / (penalty * N)``.
        start : array of shape (R + 1, classes), optional
            Weights to begin with, such as those of a similar penalty.
        tolerance : float
            The largest gradient to end at, beside that at zero weights.

        Returns
        -------
        array of shape (R + 1, classes)
            The last row are the biases.

        Notes
        -----
        L-BFGS [1]_ with memory 10. Its first guess of the Hessian is the bound of [2]_, diagonal on principal axes.

        References
        ----------
        .. [1] Liu and Nocedal, On the limited memory BFGS method for large scale optimization, 1989
        .. [2] Böhning, Multinomial logistic regression algorithm, 1992
        """
        penalties = np.full((self._shape[0], 1), penalty)
        penalties[-1] = 0.0
        inverse = np.broadcast_to(1 / (self._curvature + penalties), self._shape).reshape(-1)

        def value_and_gradient(flat: Array) -> tuple[float, Array]:
            value, gradient = self._of(flat.reshape(self._shape), penalties)
            return value, gradient.reshape(-1)

        w = np.zeros(self._shape) if start is None else start
        return _minimized(value_and_gradient, w.reshape(-1), inverse, tolerance * self._steepest).reshape(self._shape)

    def _of(self, w: Array, penalties: Array | float) -> tuple[float, Array]:
        """Return cross-entropy plus penalty of weights (R + 1, classes), and its gradient."""
        scores = _times(self._ones, w)  # (N, classes)
        scores -= scores.max(axis=1, keepdims=True)
        right = scores[self._right]
        exponentials = np.exp(scores, out=scores)
        sums = exponentials.sum(axis=1)
        gradient = penalties * w
        value = float((np.log(sums) - right) @ self._share) + 0.5 * float(np.vdot(gradient, w))
        exponentials *= (self._share / sums)[:, None]
        exponentials -= self._target
        gradient += _times(self._turned, exponentials)
        return value, gradient


def _times(large: Array, narrow: Array) -> Array:
    """Multiply a matrix with a narrow one, in pieces so small that BLAS takes one thread for each.

    For such products, thousands of them one after the other, its threads wait for each other longer than they compute:
    up to eight times as long where something else runs. Matrices beyond the cache are worth the threads.
    """
    if large.size > _CACHED:
        return np.asarray(large @ narrow)
    step = max(1, _ALONE // (narrow.shape[0] * narrow.shape[1]))
    return np.concatenate([large[start : start + step] @ narrow for start in range(0, len(large), step)])


def _minimized(function: Callable[[Array], tuple[float, Array]], w: Array, inverse: Array, enough: float) -> Array:
    """Go down by L-BFGS from `w` (M,), with `inverse` as the first guess of the inverse Hessian's diagonal."""
    loss, gradient = function(w)
    steps: deque[tuple[Array, Array, float]] = deque(maxlen=_MEMORY)
    for _ in range(_MOST_STEPS):
        if np.abs(gradient).max() <= enough:
            break
        direction = -_inverse_times(steps, inverse, gradient)
        slope = float(direction @ gradient)
        length = 1.0
        while True:
            following = w + length * direction
            next_loss, next_gradient = function(following)
            if next_loss <= loss + _SUFFICIENT * length * slope or length < _SHORTEST:
                break
            length /= 2
        moved, turned = following - w, next_gradient - gradient
        curvature = float(moved @ turned)
        if curvature > 0:
            steps.append((moved, turned, curvature))
        if length < _SHORTEST:
            break
        w, loss, gradient = following, next_loss, next_gradient
    return w


def _inverse_times(steps: Sequence[tuple[Array, Array, float]], inverse: Array, gradient: Array) -> Array:
    """Multiply a gradient with the inverse Hessian that the last steps let guess: the two loops of L-BFGS."""
    found = gradient.copy()
    shares = []
    for moved, turned, curvature in reversed(steps):
        shares.append(float(moved @ found) / curvature)
        found -= shares[-1] * turned
    found *= inverse
    for (moved, turned, curvature), share in zip(steps, reversed(shares), strict=True):
        found += (share - float(turned @ found) / curvature) * moved
    return np.asarray(found)

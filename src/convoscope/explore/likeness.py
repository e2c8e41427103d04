"""How alike two maps are: by the order of their values (Spearman), and by their structure (SSIM)."""

from __future__ import annotations

import numpy as np

from convoscope.engine.base import Array

_WINDOW = 7  # pixels


def spearman(one: Array, other: Array) -> float:
    """Return the rank correlation of two arrays of the same size: 1 for the same order, 0 for none, -1 for the reverse.

    Equal values share the mean of their ranks. Where all values of an array are equal there is no order: NaN.

    Examples
    --------
    >>> spearman(np.array([1.0, 2.0, 3.0]), np.array([10.0, 20.0, 15.0]))
    0.5
    """
    a, b = _ranks(one), _ranks(other)
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / size if size else float("nan")


def ssim(one: Array, other: Array) -> float:
    """Return the mean structural similarity of two maps (height, width), each divided by its largest size.

    Notes
    -----
    Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity" (2004), with uniform windows
    of 7×7 pixels (less, in smaller maps) and sample covariances; values range from -1 to 1.

    Examples
    --------
    >>> values = np.arange(64.0).reshape(8, 8)
    >>> round(ssim(values, 2 * values), 9)
    1.0
    """
    a, b = (np.asarray(each, np.float64) / (np.abs(each).max() or 1.0) for each in (one, other))
    window = min(_WINDOW, *a.shape)
    windows = [np.lib.stride_tricks.sliding_window_view(each, (window, window)) for each in (a, b)]
    (p, q), axes = windows, (-2, -1)
    mean_p, mean_q = p.mean(axes), q.mean(axes)
    sample = window**2 / max(window**2 - 1, 1)
    var_p, var_q = (sample * (each.var(axes)) for each in (p, q))
    both = sample * ((p * q).mean(axes) - mean_p * mean_q)
    c1, c2 = (0.01 * 2) ** 2, (0.03 * 2) ** 2  # from -1 to 1 is a range of 2
    found = (2 * mean_p * mean_q + c1) * (2 * both + c2)
    found /= (mean_p**2 + mean_q**2 + c1) * (var_p + var_q + c2)
    return float(found.mean())


def _ranks(values: Array) -> Array:
    """Return the rank of each value, (size,); equal ones have the mean of theirs."""
    _, which, counts = np.unique(np.asarray(values).ravel(), return_inverse=True, return_counts=True)
    ranks: Array = (np.cumsum(counts) - (counts - 1) / 2)[which.ravel()]
    return ranks

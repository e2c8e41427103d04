"""F scores: precision and recall in one number."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.checks import real
from convoscope.errors import ConfigurationError, ShapeError
from convoscope.tensors import tensor
from convoscope.training.metrics.base import Metric
from convoscope.training.metrics.counting import EPSILON
from convoscope.training.numbers import Number

_AVERAGES = (None, "micro", "macro", "weighted")


class FBetaScore(Metric):
    """The weighted harmonic mean of precision and recall of each class, for one-hot labels.

    Parameters
    ----------
    average : str or None
        None: the result is an array with a score for each class. ``"micro"``: of all labels together. ``"macro"``: the
        mean over the classes. ``"weighted"``: the mean weighted by how often classes occur.
    beta : float
        How many times as much as precision recall counts.
    threshold : float, optional
        Predictions above it are positive; if left out, the largest of each row is.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> score = FBetaScore(beta=2.0, threshold=0.5)
    >>> score([[1, 1, 1], [1, 0, 0], [1, 1, 0]], [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0.0]]).round(4)
    array([0.3846, 0.9091, 0.8333])
    """

    default_name = "fbeta_score"
    _sums: list[Any]

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = None,
        dtype: Any = None,
        **options: Any,
    ) -> None:
        where = type(self).__name__
        if average not in _AVERAGES:
            raise ConfigurationError(
                f"{where}: average must be one of {', '.join(map(repr, _AVERAGES))}, but is {average!r}."
            )
        self.average, self.beta = average, real(beta, "beta", where)
        self.threshold = None if threshold is None else real(threshold, "threshold", where)
        if self.beta <= 0 or not (self.threshold is None or 0 < self.threshold <= 1):
            raise ConfigurationError(
                f"{where}: beta must be above 0, and threshold above 0 and at most 1, but they are {beta!r} and "
                f"{threshold!r}."
            )
        super().__init__(name, dtype, **options)

    def update_state(
        self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> None:
        truth, predictions = np.asarray(y_true, np.float64), np.asarray(y_pred, np.float32)
        if truth.ndim != 2 or truth.shape != predictions.shape:
            raise ShapeError(
                f"{type(self).__name__} takes one-hot labels and predictions of one shape, (samples, classes), but "
                f"got {truth.shape} and {predictions.shape}. For class numbers: utils.to_categorical(y, classes)."
            )
        if self.threshold is None:
            chosen = (predictions >= predictions.max(axis=-1, keepdims=True)) & (np.abs(predictions) > 1e-9)
        else:
            chosen = predictions > np.float32(self.threshold)
        weights = np.ones(len(truth)) if sample_weight is None else np.asarray(sample_weight, np.float64).reshape(-1)
        axis = None if self.average == "micro" else 0
        parts = (chosen * truth, chosen * (1 - truth), (1 - chosen) * truth, truth)
        self._sums = [old + (part * weights[:, None]).sum(axis) for old, part in zip(self._sums, parts, strict=True)]

    def _begin(self) -> None:
        self._sums = [0.0] * 4  # true positives, false positives, false negatives, true labels

    def result(self) -> Any:
        """Return the score so far."""
        found, wrong, missed, labels = (np.asarray(each, np.float64) for each in self._sums)
        precision, recall = found / (found + wrong + EPSILON), found / (found + missed + EPSILON)
        squared = self.beta**2
        scores = precision * recall / (squared * precision + recall + EPSILON) * (1 + squared)
        if self.average == "weighted":
            return Number((scores * labels / (labels.sum() + EPSILON)).sum())
        return tensor(scores) if self.average is None else Number(scores.mean())

    def get_config(self) -> dict[str, Any]:
        own = {"average": self.average, "beta": self.beta, "threshold": self.threshold}
        return {**super().get_config(), **own}


class F1Score(FBetaScore):
    """The harmonic mean of precision and recall of each class, for one-hot labels. Arguments as `FBetaScore`.

    Examples
    --------
    >>> F1Score()([[1, 0], [1, 0], [0, 1]], [[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]]).round(4)  # for both classes
    array([0.6667, 0.6667])
    """

    default_name = "f1_score"

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = None,
        dtype: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype, **options)

    def get_config(self) -> dict[str, Any]:
        return {name: value for name, value in super().get_config().items() if name != "beta"}

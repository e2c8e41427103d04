"""AUC: the area under the curve that thresholds draw."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.checks import flag, integer
from convoscope.errors import ConfigurationError, ShapeError
from convoscope.training.metrics.base import Metric
from convoscope.training.metrics.counting import EPSILON, Counts, checked_thresholds, count, share
from convoscope.training.numbers import Number

_CURVES = ("ROC", "PR", "PRGAIN")
_HEIGHTS = {
    "interpolation": lambda y: (y[:-1] + y[1:]) / 2,
    "minoring": lambda y: np.minimum(y[:-1], y[1:]),
    "majoring": lambda y: np.maximum(y[:-1], y[1:]),
}


class AUC(Metric):
    """The area under a curve: how well predictions separate positive from negative labels, at any threshold.

    Parameters
    ----------
    num_thresholds : int
        How many thresholds from 0 to 1 the curve has.
    curve : str
        ``"ROC"``: the true positives' share by the false positives'. ``"PR"``: precision by recall. ``"PRGAIN"``: their
        gains.
    summation_method : str
        ``"interpolation"``, ``"minoring"`` (the lower end of each piece) or ``"majoring"``.
    name, dtype
        See `Metric`.
    thresholds : list of float, optional
        Instead of evenly spaced ones; 0 and 1 are added.
    multi_label : bool
        Whether each label, (N, L), has its own curve; the result is the mean of their areas.
    num_labels : int, optional
        L, for ``multi_label``.
    label_weights : list of float, optional
        The weights of the labels in that mean.
    from_logits : bool
        Whether a sigmoid is applied first.

    Examples
    --------
    >>> round(AUC(num_thresholds=3)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]), 6)
    0.75
    """

    default_name = ""

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Any = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
        **options: Any,
    ) -> None:
        self.curve = _among(str(curve).upper(), _CURVES, "curve")
        self.summation_method = _among(str(summation_method).lower(), _HEIGHTS, "summation_method")
        self.given_thresholds = thresholds
        if thresholds is None:
            inner = np.linspace(0, 1, integer(num_thresholds, "num_thresholds", "AUC", minimum=2))[1:-1]
        else:
            inner = np.sort(checked_thresholds(list(thresholds), 0.5, "AUC"))
        self.thresholds = np.array([-EPSILON, *inner, 1 + EPSILON])  # the ends are below and above all predictions
        self.num_thresholds = len(self.thresholds)
        self.multi_label = flag(multi_label, "multi_label", "AUC")
        if num_labels and not self.multi_label:
            raise ConfigurationError("AUC: num_labels can be used only with multi_label=True.")
        self.num_labels = None if num_labels is None else integer(num_labels, "num_labels", "AUC")
        self.label_weights = None if label_weights is None else np.asarray(label_weights, np.float64)
        self.from_logits = flag(from_logits, "from_logits", "AUC")
        super().__init__(name, dtype, **options)

    def update_state(
        self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> None:
        predictions = np.asarray(y_pred, np.float32)
        if self.multi_label and (predictions.ndim != 2 or self.num_labels not in (None, predictions.shape[1])):
            wanted = "labels" if self.num_labels is None else self.num_labels
            raise ShapeError(f"AUC: multi_label=True takes predictions (N, {wanted}), but got {predictions.shape}.")
        if self.from_logits:
            from convoscope.engine.reference.crossentropies import sigmoid

            predictions = sigmoid(predictions)
        more = count(
            y_true,
            predictions,
            self.thresholds,
            sample_weight,
            by_label=self.multi_label,
            label_weights=None if self.multi_label else self.label_weights,
        )
        self._counts.add(more)

    def _begin(self) -> None:
        self._counts = Counts()

    def result(self) -> Any:
        """Return the area so far."""
        counts = Counts(*(np.zeros(self.num_thresholds) if np.ndim(v) == 0 else v for v in vars(self._counts).values()))
        areas = self._areas(counts)
        if not self.multi_label or np.ndim(areas) == 0:
            return Number(areas)
        weights = np.ones(len(areas)) if self.label_weights is None else self.label_weights
        return Number(share((areas * weights).sum(), weights.sum()))

    def _areas(self, counts: Counts) -> Any:
        if self.curve == "PR" and self.summation_method == "interpolation":
            return _interpolated(counts)
        x, y = getattr(self, f"_{self.curve.lower()}")(counts)
        return ((x[:-1] - x[1:]) * _HEIGHTS[self.summation_method](y)).sum(axis=0)

    @staticmethod
    def _roc(counts: Counts) -> tuple[Any, Any]:
        x = share(counts.false_positives, counts.false_positives + counts.true_negatives)
        return x, share(counts.true_positives, counts.true_positives + counts.false_negatives)

    @staticmethod
    def _pr(counts: Counts) -> tuple[Any, Any]:
        x = share(counts.true_positives, counts.true_positives + counts.false_negatives)
        return x, share(counts.true_positives, counts.true_positives + counts.false_positives)

    @staticmethod
    def _prgain(counts: Counts) -> tuple[Any, Any]:
        positives, found = counts.true_positives + counts.false_negatives, counts.true_positives
        ratio = share(positives, counts.true_negatives + counts.false_positives)
        recall = np.where(found == 0, 0.0, 1 - ratio * share(counts.false_negatives, found))
        precision = np.where(found == 0, 1.0, 1 - ratio * share(counts.false_positives, found))
        return np.maximum(recall, 0), precision

    def get_config(self) -> dict[str, Any]:
        own = {
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "thresholds": None if self.given_thresholds is None else [float(each) for each in self.thresholds[1:-1]],
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": None if self.label_weights is None else self.label_weights.tolist(),
            "from_logits": self.from_logits,
        }
        return {**super().get_config(), **own}


def _interpolated(counts: Counts) -> Any:
    """Return the area under precision by recall, with precision interpolated between thresholds.

    Davis and Goadrich, "The Relationship Between Precision-Recall and ROC Curves" (2006).
    """
    found, chosen = counts.true_positives, counts.true_positives + counts.false_positives
    more = found[:-1] - found[1:]
    slope = share(more, np.maximum(chosen[:-1] - chosen[1:], 0))
    intercept = found[1:] - slope * chosen[1:]
    both = (chosen[:-1] > 0) & (chosen[1:] > 0)
    ratio = np.where(both, share(chosen[:-1], np.maximum(chosen[1:], 0)), 1)
    return share(slope * (more + intercept * np.log(ratio)), found[1:] + counts.false_negatives[1:]).sum(axis=0)


def _among(value: str, known: Any, argument: str) -> str:
    if value not in known:
        raise ConfigurationError(f"AUC: {argument} must be one of {', '.join(map(repr, known))}, but is {value!r}.")
    return value

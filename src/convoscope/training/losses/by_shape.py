"""What ``loss="crossentropy"`` means: the cross-entropy that the shapes of labels and predictions ask for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from convoscope.engine.loss_rule import LossRule
from convoscope.errors import NotReadyError
from convoscope.training.losses.base import Loss
from convoscope.training.losses.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from convoscope.types import Shape


class CrossentropyByShape(Loss):
    """The cross-entropy that labels and predictions ask for, as soon as both are seen.

    One output a sample is a yes or no; labels with an axis less than the predictions are class numbers; labels shaped
    as the predictions are one-hot.

    Examples
    --------
    >>> loss = CrossentropyByShape()
    >>> loss.settled((32,), (10,)), loss.settled((32, 1), (1,)).kind
    (SparseCategoricalCrossentropy(from_logits=False, label_smoothing=0.0, ignore_class=None), 'binary_crossentropy')
    """

    _chosen: Loss | None = None

    @property
    def kind(self) -> str:  # type: ignore[override]
        """That of the chosen loss."""
        return "crossentropy" if self._chosen is None else self._chosen.kind

    @property
    def judges(self) -> str:  # type: ignore[override]
        """That of the chosen loss."""
        return "values" if self._chosen is None else self._chosen.judges

    def settled(self, labels: Shape, outputs: Shape) -> Loss:
        self._chosen = _crossentropy(labels, outputs)(reduction=self.reduction)
        return self._chosen

    def rule(self) -> LossRule:
        if self._chosen is None:
            raise NotReadyError(
                "loss='crossentropy' depends on the labels, and none have been seen yet. Fit the model, or choose the "
                "loss: 'sparse_categorical_crossentropy', 'categorical_crossentropy' or 'binary_crossentropy'."
            )
        return self._chosen.rule()

    def rows(self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> npt.NDArray[np.float64]:
        return self.settled(np.shape(y_true), np.shape(y_pred)[1:]).rows(y_true, y_pred)


def _crossentropy(labels: Shape, outputs: Shape) -> type[Loss]:
    if outputs[-1] == 1:
        return BinaryCrossentropy
    sparse = len(labels) <= len(outputs) or labels[-1] == 1
    return SparseCategoricalCrossentropy if sparse else CategoricalCrossentropy

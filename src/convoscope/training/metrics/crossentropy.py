"""Cross-entropies as metrics."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.checks import flag, fraction, integer
from convoscope.training.losses import functions as losses
from convoscope.training.metrics.means import _OfFunction


class BinaryCrossentropy(_OfFunction):
    """The mean cross-entropy of yes-or-no labels.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    from_logits : bool
        Whether predictions are logits, before the sigmoid.
    label_smoothing : float
        How far labels are moved towards 0.5, from 0 to 1.

    Notes
    -----
    It is computed from the predictions. A *loss* is computed from the input of a final softmax or sigmoid, as in Keras;
    the two differ if probabilities are within 0.0000001 of 0 or 1.

    Examples
    --------
    >>> round(BinaryCrossentropy()([[1.0], [0.0]], [[0.5], [0.25]]), 4)  # -(log(0.5) + log(0.75)) / 2
    0.4904
    """

    default_name = "binary_crossentropy"
    function = staticmethod(losses.binary_crossentropy)

    def __init__(
        self,
        name: str | None = None,
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(name, dtype, **options)
        self.from_logits = flag(from_logits, "from_logits", type(self).__name__)
        self.label_smoothing = fraction(label_smoothing, "label_smoothing", type(self).__name__)

    @property
    def settings(self) -> dict[str, Any]:
        return {"from_logits": self.from_logits, "label_smoothing": self.label_smoothing}


class CategoricalCrossentropy(BinaryCrossentropy):
    """The mean cross-entropy of one-hot labels. Arguments as `BinaryCrossentropy`; the classes are on the last axis.

    Examples
    --------
    >>> round(CategoricalCrossentropy()([[0, 1], [1, 0]], [[0.75, 0.25], [0.5, 0.5]]), 4)  # -(log(0.25) + log(0.5)) / 2
    1.0397
    """

    default_name = "categorical_crossentropy"
    function = staticmethod(losses.categorical_crossentropy)

    def __init__(
        self,
        name: str | None = None,
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        **options: Any,
    ) -> None:
        super().__init__(name, dtype, from_logits, label_smoothing, axis=axis, **options)


class SparseCategoricalCrossentropy(_OfFunction):
    """The mean cross-entropy of labels that are class numbers.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    from_logits : bool
        Whether predictions are logits, before softmax.
    ignore_class : int, optional
        A label that marks rows without a class: their loss is 0. (With sample weights, they are not counted either, as
        in Keras.)
    axis : int
        The last one.

    Examples
    --------
    >>> round(SparseCategoricalCrossentropy()([1, 0], [[0.75, 0.25], [0.5, 0.5]]), 4)  # -(log(0.25) + log(0.5)) / 2
    1.0397
    """

    default_name = "sparse_categorical_crossentropy"
    function = staticmethod(losses.sparse_categorical_crossentropy)

    def __init__(
        self,
        name: str | None = None,
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
        **options: Any,
    ) -> None:
        super().__init__(name, dtype, axis=axis, **options)
        where = type(self).__name__
        self.from_logits = flag(from_logits, "from_logits", where)
        self.ignore_class = (
            None if ignore_class is None else integer(ignore_class, "ignore_class", where, minimum=-(2**31))
        )

    @property
    def settings(self) -> dict[str, Any]:
        return {"from_logits": self.from_logits, "ignore_class": self.ignore_class}

    def update_state(
        self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> None:
        values = self.values(np.asarray(y_true), np.asarray(y_pred))
        if sample_weight is not None and self.ignore_class is not None:
            counted = np.asarray(y_true).reshape(values.shape) != self.ignore_class
            weights = np.asarray(sample_weight, np.float64)
            sample_weight = weights.reshape(*weights.shape, *[1] * (values.ndim - weights.ndim)) * counted
        self._take(values, sample_weight)

"""Cross-entropies, plain and focal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.checks import flag, fraction, integer, real
from convoscope.engine.loss_rule import LossRule
from convoscope.training.losses import functions
from convoscope.training.losses.base import Loss


class _Crossentropy(Loss):
    """What the cross-entropies share: logits or probabilities, and label smoothing."""

    def __init__(self, from_logits: bool = False, label_smoothing: float = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.from_logits = flag(from_logits, "from_logits", type(self).__name__)
        self.label_smoothing = fraction(label_smoothing, "label_smoothing", type(self).__name__)

    @property
    def settings(self) -> dict[str, Any]:
        return {"from_logits": self.from_logits, "label_smoothing": self.label_smoothing}

    def rule(self) -> LossRule:
        return replace(super().rule(), from_logits=self.from_logits, label_smoothing=self.label_smoothing)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self.settings}


class SparseCategoricalCrossentropy(_Crossentropy):
    """Cross-entropy for labels that are class numbers.

    Parameters
    ----------
    from_logits : bool
        Whether predictions are logits, before softmax.
    ignore_class : int, optional
        A label that marks rows without a class, such as the edges of segmented images: they have no loss, and are not
        counted in the mean.
    reduction, axis, name, dtype
        See `Loss`.
    label_smoothing : float
        The share of each label that is distributed over all classes, below 1. (Keras has it for one-hot labels only.)

    Examples
    --------
    >>> round(SparseCategoricalCrossentropy()([1, 2], [[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]]), 4)
    1.1769
    """

    kind = "sparse_categorical_crossentropy"
    function = staticmethod(functions.sparse_categorical_crossentropy)
    judges = "classes"

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = None,
        label_smoothing: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(from_logits, label_smoothing, reduction=reduction, axis=axis, name=name, **options)
        ignored, where = ignore_class, type(self).__name__
        self.ignore_class = None if ignored is None else integer(ignored, "ignore_class", where, minimum=-(2**31))

    @property
    def settings(self) -> dict[str, Any]:
        return {**super().settings, "ignore_class": self.ignore_class}

    def rule(self) -> LossRule:
        return replace(super().rule(), ignore_class=self.ignore_class)

    def _counted(self, y_true: npt.ArrayLike, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        if self.ignore_class is None:
            return super()._counted(y_true, values)
        return np.asarray(np.asarray(y_true).reshape(values.shape) != self.ignore_class, np.float64)


class CategoricalCrossentropy(_Crossentropy):
    """Cross-entropy for one-hot labels, or shares of classes.

    Parameters
    ----------
    from_logits : bool
        Whether predictions are logits, before softmax.
    label_smoothing : float
        The share of each label that is distributed over all classes, below 1.
    axis, reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> round(CategoricalCrossentropy()([[0.0, 1.0]], [[0.75, 0.25]]), 4)  # -log(0.25)
    1.3863
    >>> round(CategoricalCrossentropy(label_smoothing=0.2)([[0.0, 1.0]], [[0.75, 0.25]]), 4)  # labels 0.1 and 0.9
    1.2764
    """

    kind = "categorical_crossentropy"
    function = staticmethod(functions.categorical_crossentropy)
    judges = "classes"

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(from_logits, label_smoothing, axis=axis, reduction=reduction, name=name, **options)


class BinaryCrossentropy(CategoricalCrossentropy):
    """Cross-entropy for yes-or-no labels, of one sigmoid unit or several.

    Parameters
    ----------
    from_logits : bool
        Whether predictions are logits, before the sigmoid.
    label_smoothing : float
        How far labels are moved towards 0.5, from 0 to 1.
    axis, reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> round(BinaryCrossentropy()([[1.0], [0.0]], [[0.5], [0.5]]), 4)  # log(2)
    0.6931
    >>> round(BinaryCrossentropy(from_logits=True)([[1.0], [0.0]], [[0.0], [0.0]]), 4)  # the sigmoid of 0 is 0.5
    0.6931
    """

    kind = "binary_crossentropy"
    function = staticmethod(functions.binary_crossentropy)
    judges = "yes or no"


class CategoricalFocalCrossentropy(_Crossentropy):
    """Cross-entropy for one-hot labels in which examples that are already predicted well count little.

    Lin et al., "Focal Loss for Dense Object Detection" (2017).

    Parameters
    ----------
    alpha : float
        A factor for the loss.
    gamma : float
        How much less well-predicted examples count: the exponent of 1 - the right class's probability.
    from_logits, label_smoothing
        See `CategoricalCrossentropy`.
    axis, reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> round(CategoricalFocalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]]), 4)  # -log(0.5) × 0.25 × 0.5²
    0.0433
    >>> round(CategoricalFocalCrossentropy()([[0.0, 1.0]], [[0.1, 0.9]]), 4)  # well predicted: -log(0.9) × 0.25 × 0.1²
    0.0003
    """

    kind = "categorical_focal_crossentropy"
    function = staticmethod(functions.categorical_focal_crossentropy)
    judges = "classes"

    def __init__(
        self,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(from_logits, label_smoothing, axis=axis, reduction=reduction, name=name, **options)
        self.alpha = real(alpha, "alpha", type(self).__name__)
        self.gamma = real(gamma, "gamma", type(self).__name__)

    @property
    def settings(self) -> dict[str, Any]:
        return {**super().settings, "alpha": self.alpha, "gamma": self.gamma}

    def rule(self) -> LossRule:
        return replace(super().rule(), alpha=self.alpha, gamma=self.gamma)


class BinaryFocalCrossentropy(CategoricalFocalCrossentropy):
    """Cross-entropy for yes-or-no labels in which examples that are already predicted well count little.

    Parameters
    ----------
    apply_class_balancing : bool
        Whether labels of 1 have the weight `alpha`, and labels of 0 the weight 1 - `alpha`.
    alpha, gamma, from_logits, label_smoothing
        See `CategoricalFocalCrossentropy`.
    axis, reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> round(BinaryFocalCrossentropy()([[0.0, 1.0]], [[0.1, 0.8]]), 5)
    0.00499
    """

    kind = "binary_focal_crossentropy"
    function = staticmethod(functions.binary_focal_crossentropy)  # type: ignore[assignment]
    judges = "yes or no"

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(alpha, gamma, from_logits, label_smoothing, axis, reduction, name, **options)
        self.apply_class_balancing = flag(apply_class_balancing, "apply_class_balancing", type(self).__name__)

    @property
    def settings(self) -> dict[str, Any]:
        return {**super().settings, "apply_class_balancing": self.apply_class_balancing}

    def rule(self) -> LossRule:
        return replace(super().rule(), balanced=self.apply_class_balancing)

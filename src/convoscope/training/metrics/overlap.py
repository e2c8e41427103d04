"""IoU, intersection over union: how well marked regions overlap with the true ones, for segmentation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.checks import flag, integer, real
from convoscope.errors import ConfigurationError, ShapeError
from convoscope.training.metrics.base import Metric
from convoscope.training.metrics.counting import EPSILON
from convoscope.training.numbers import Number

_TYPES = (None, "int", "int32", "int64", "float32", "float64")


class IoU(Metric):
    """The mean intersection over union of some classes: where both have the class, over where either has it.

    Parameters
    ----------
    num_classes : int
        How many classes there are. Labels and predictions outside are left out.
    target_class_ids : sequence of int
        The classes that the mean is taken over. Those that neither occur nor are predicted are left out.
    name : str, optional
    dtype : str, optional
        The type of the counts; ``"float32"`` keeps fractions of sample weights, which are cut off otherwise.
    ignore_class : int, optional
        Positions with this label are left out.
    sparse_y_true, sparse_y_pred : bool
        Whether labels, predictions, are class numbers rather than a value for each class.
    axis : int
        The axis of the classes, which is the last one, if there is a value for each.

    Examples
    --------
    >>> round(IoU(num_classes=2, target_class_ids=[0])([0, 0, 1, 1], [0, 1, 0, 1]), 6)
    0.333333
    """

    default_name = ""

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
        **options: Any,
    ) -> None:
        where = type(self).__name__
        if dtype not in _TYPES:
            raise ConfigurationError(f"{where}: dtype must be one of {', '.join(map(repr, _TYPES))}, but is {dtype!r}.")
        self.dtype = dtype
        self.num_classes = integer(num_classes, "num_classes", where)
        self.target_class_ids = [integer(each, "target_class_ids", where, minimum=0) for each in target_class_ids]
        if not self.target_class_ids or max(self.target_class_ids) >= self.num_classes:
            raise ConfigurationError(
                f"{where}: target_class_ids must be from 0 to {self.num_classes - 1}, but are {target_class_ids!r}."
            )
        self.ignore_class = (
            None if ignore_class is None else integer(ignore_class, "ignore_class", where, minimum=-(2**31))
        )
        self.sparse_y_true = flag(sparse_y_true, "sparse_y_true", where)
        self.sparse_y_pred = flag(sparse_y_pred, "sparse_y_pred", where)
        self.axis = axis
        super().__init__(name, axis=axis, **options)

    def update_state(
        self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> None:
        labels, guesses = np.asarray(y_true), np.asarray(y_pred)
        labels = (labels if self.sparse_y_true else labels.argmax(axis=-1)).astype(np.int64)
        guesses = (guesses if self.sparse_y_pred else guesses.argmax(axis=-1)).astype(np.int64)
        if labels.size != guesses.size:
            raise ShapeError(
                f"{type(self).__name__}: there are {labels.size} labels, of shape {labels.shape}, and {guesses.size} "
                f"predictions, of shape {guesses.shape}. If there is a value for each class, set sparse_y_true=False "
                "and sparse_y_pred=False."
            )
        weights = np.ones(()) if sample_weight is None else np.asarray(sample_weight, np.float64)
        if not str(self.dtype).startswith("float"):
            weights = np.trunc(weights)
        missing = labels.ndim - weights.ndim
        weights = weights.reshape(*weights.shape, *[1] * missing) if 0 < missing < labels.ndim else weights
        weights = np.broadcast_to(
            weights if weights.ndim <= labels.ndim else weights.reshape(labels.shape), labels.shape
        )
        labels, guesses, weights = labels.reshape(-1), guesses.reshape(-1), weights.reshape(-1)
        within = (labels >= 0) & (labels < self.num_classes) & (guesses >= 0) & (guesses < self.num_classes)
        if self.ignore_class is not None:
            within &= labels != self.ignore_class
        places = labels[within] * self.num_classes + guesses[within]
        more = np.bincount(places, weights[within], minlength=self.num_classes**2)
        self._matrix += more.reshape(self.num_classes, self.num_classes)

    def _begin(self) -> None:
        self._matrix = np.zeros((self.num_classes, self.num_classes))  # true classes in rows

    def result(self) -> Any:
        """Return the mean overlap so far."""
        both = np.diag(self._matrix)[self.target_class_ids]
        either = (self._matrix.sum(axis=0) + self._matrix.sum(axis=1))[self.target_class_ids] - both
        there = either > 1e-9
        return Number(np.where(there, both / (either + EPSILON), 0).sum() / (there.sum() + EPSILON))

    def get_config(self) -> dict[str, Any]:
        own = ("dtype", "num_classes", "target_class_ids", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}


class MeanIoU(IoU):
    """The mean over all classes of intersection over union. Arguments as `IoU`, without `target_class_ids`.

    Examples
    --------
    >>> round(MeanIoU(num_classes=2)([0, 0, 1, 1], [0, 1, 0, 1]), 6)
    0.333333
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
        **options: Any,
    ) -> None:
        count = integer(num_classes, "num_classes", type(self).__name__)
        super().__init__(count, range(count), name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis, **options)

    def get_config(self) -> dict[str, Any]:
        return {name: value for name, value in super().get_config().items() if name != "target_class_ids"}


class BinaryIoU(IoU):
    """Intersection over union of predictions above a threshold, for labels 0 and 1.

    Parameters
    ----------
    target_class_ids : sequence of int
        ``(1,)`` for the marked regions alone, ``(0, 1)`` for the mean of both.
    threshold : float
        Predictions at or above are 1.
    name, dtype
        See `IoU`.

    Examples
    --------
    >>> y_true, y_pred = [0, 1, 1, 1], [0.1, 0.9, 0.2, 0.7]
    >>> round(BinaryIoU((1,))(y_true, y_pred), 4)  # two in common, three in either
    0.6667
    >>> round(BinaryIoU((0, 1))(y_true, y_pred), 4)  # the mean of 1/2 and 2/3
    0.5833
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(2, target_class_ids, name, dtype, **options)
        self.threshold = real(threshold, "threshold", type(self).__name__)

    def update_state(
        self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> None:
        super().update_state(y_true, np.asarray(y_pred, np.float32) >= np.float32(self.threshold), sample_weight)

    def get_config(self) -> dict[str, Any]:
        own = super().get_config()
        return {name: own[name] for name in ("name", "dtype", "target_class_ids")} | {"threshold": self.threshold}


class OneHotIoU(IoU):
    """Intersection over union for one-hot labels; predictions are a value for each class. Arguments as `IoU`.

    Examples
    --------
    >>> y_true = [[1, 0], [0, 1], [0, 1]]
    >>> round(OneHotIoU(2, (1,))(y_true, [[0.9, 0.1], [0.3, 0.7], [0.6, 0.4]]), 4)  # one pixel in common, two in either
    0.5
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
        **options: Any,
    ) -> None:
        super().__init__(
            num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis, **options
        )

    def get_config(self) -> dict[str, Any]:
        return {name: value for name, value in super().get_config().items() if name != "sparse_y_true"}


class OneHotMeanIoU(MeanIoU):
    """The mean over all classes, for one-hot labels; predictions are a value for each class. Arguments as `MeanIoU`.

    Examples
    --------
    >>> y_true = [[1, 0], [0, 1], [0, 1]]
    >>> round(OneHotMeanIoU(2)(y_true, [[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]), 4)  # 1/2 for both classes
    0.5
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
        **options: Any,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis, **options)

    def get_config(self) -> dict[str, Any]:
        return {name: value for name, value in super().get_config().items() if name != "sparse_y_true"}

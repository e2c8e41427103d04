"""A loss as engines compute it: its kind and settings, what it is computed from, and how a batch's is made of rows'."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from convoscope.engine.plan import Plan
from convoscope.engine.steps import ActivationStep

Array = npt.NDArray[np.float64]

_CATEGORICAL = ("sparse_categorical_crossentropy", "categorical_crossentropy")
_FROM_HIDDEN = (*_CATEGORICAL, "binary_crossentropy", "binary_focal_crossentropy")

#: Every kind of loss, by Keras' names.
KINDS = (
    *_CATEGORICAL,
    "binary_crossentropy",
    "categorical_focal_crossentropy",
    "binary_focal_crossentropy",
    "mean_squared_error",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_logarithmic_error",
    "huber",
    "log_cosh",
    "poisson",
    "kl_divergence",
    "cosine_similarity",
    "hinge",
    "squared_hinge",
    "categorical_hinge",
)


@dataclass(frozen=True)
class LossRule:
    """A loss as an engine computes it.

    Parameters
    ----------
    kind : str
        Keras' name of the loss's function: ``"sparse_categorical_crossentropy"`` (labels int32, one for each row of
        outputs), or any other of `KINDS` (targets float32, shaped as the outputs).
    from_logits : bool
        Whether the model's outputs are logits, before softmax or sigmoid. Only cross-entropies ask.
    label_smoothing : float
        The share of each label that is spread over all classes. Only cross-entropies ask.
    weight : float
        What the output counts among several: its gradient is multiplied by that, the losses that are told are not.
    reduction : str
        What a batch's loss is of its rows': ``"mean"``, ``"sum"``, ``"none"`` (told as the mean, with the gradient of
        the sum, as in Keras) or ``"mean_with_sample_weight"`` (the sum over that of the sample weights).
    ignore_class : int, optional
        Rows with this label have no loss, and are not counted in the mean. Only for sparse labels.
    delta : float
        Where ``"huber"`` goes from squares to absolute values.
    alpha, gamma : float
        What focal losses multiply by, and the exponent of what is missing from the right probability.
    balanced : bool
        Whether the binary focal loss weights labels by `alpha` and 1 - `alpha`. (The categorical one always uses it.)

    Notes
    -----
    A row is the last axis of the outputs. A row's loss is that of its kind; a sample's loss is the mean over its rows;
    a batch's loss is the sum of sample weight × sample loss over the batch size, as in Keras, unless `reduction` says
    otherwise.

    Cross-entropies follow Keras with TensorFlow, which remembers what went into a softmax or a sigmoid: where the
    output comes from one of the two, whichever it is, the loss is computed from its inputto that step, as from
    logits, with or without `from_logits`. (The binary focal loss does so for its cross-entropy only, and not if
    `from_logits` is set; the categorical one never does.) Other outputs are probabilities unless `from_logits` says
    that they are logits. Probabilities are kept from 0 and 1 by 1e-7 in single precision: before they are divided by
    their sum for sparse labels, and after it for one-hot ones.
    """

    kind: str
    from_logits: bool = False
    label_smoothing: float = 0.0
    weight: float = 1.0
    reduction: str = "mean"
    ignore_class: int | None = None
    delta: float = 1.0
    alpha: float = 0.25
    gamma: float = 2.0
    balanced: bool = False

    @property
    def sparse(self) -> bool:
        """Whether labels are class numbers rather than arrays shaped as the outputs."""
        return self.kind == "sparse_categorical_crossentropy"

    @property
    def categorical(self) -> bool:
        """Whether the loss is the cross-entropy of classes, of which one is right."""
        return self.kind in _CATEGORICAL

    @property
    def plain(self) -> bool:
        """Whether a batch's loss is the mean of all its rows'."""
        return self.reduction == "mean" and self.ignore_class is None

    def hidden_activation(self, plan: Plan, output: int = 0) -> str | None:
        """Return the last activation, ``"softmax"`` or ``"sigmoid"``, if the loss is computed from its inputto it.

        None if the loss is computed from the output itself.
        """
        last = plan.maker_of(plan.outputs[output])
        if self.kind not in _FROM_HIDDEN or not isinstance(last, ActivationStep):
            return None
        if self.kind == "binary_focal_crossentropy" and self.from_logits:
            return None
        return last.activation.name if last.activation.name in ("softmax", "sigmoid") else None

    def shares(self, labels: npt.NDArray[np.int32] | None, weights: Array | None, count: int, rows: int) -> Shares:
        """Return what the samples of one batch count in its loss.

        Parameters
        ----------
        labels : int32 array of shape (count, ...), or None
            The batch's class numbers, if the loss is sparse.
        weights : array of shape (count,), or None
            Sample weights.
        count, rows : int
            Samples, and rows of each.
        """
        if self.plain:
            return Shares(1.0, 1.0 / count)
        valid = np.full(count, float(rows))
        if self.ignore_class is not None and labels is not None and self.reduction != "none":
            valid = (labels.reshape(count, rows) != self.ignore_class).sum(axis=1).astype(np.float64)
        if self.reduction == "mean_with_sample_weight" and weights is not None:
            valid = valid * weights
        total = float(valid.sum())
        whole = 0.0 if total == 0 else rows / total  # nothing counts: the loss is 0
        summed = self.reduction == "sum"
        told = float(rows) * count if summed else whole * count
        return Shares(told, float(rows) if summed or self.reduction == "none" else whole)


@dataclass(frozen=True)
class Shares:
    """What each sample's loss (times its weight) is multiplied by.

    ``told`` makes losses whose mean over the batch is the batch's loss; ``gradient`` is its part in that loss.
    """

    told: float
    gradient: float

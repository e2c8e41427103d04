"""How gradients change weights: what an optimizer tells an engine. The formulas are Keras'.

A rule says which formula, with which settings, which arrays it keeps beside each weight, and what all rules share:
weight decay, clipping, gradients added up over several batches, and a running average of the weights.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
WEIGHT_AVERAGE, GRADIENT_SUM = "weight_average", "gradient_sum"  # the slots that any rule may have


@dataclass(frozen=True, kw_only=True)
class UpdateRule:
    """What all rules share.

    Parameters
    ----------
    weight_decay : float
        Decoupled: weights shrink by rate × decay × weight before the update (AdamW).
    undecayed : tuple of int
        The trainable weights, by their places among these, that do not shrink.
    clipvalue, clipnorm, global_clipnorm : float, optional
        Bounds for gradients, which come first: of each value, of each weight array's norm, of the norm of all together.
    accumulation : int
        So many batches make a step: their gradients are added up, and the step takes the mean.
    ema_momentum : float, optional
        Keeps running averages of the weights, which forget as slowly as that.
    ema_overwrite_frequency : int, optional
        The averages take the weights' place after every so many steps.

    Notes
    -----
    The order is Keras': gradients are gathered and clipped, weights decay, the formula changes them, their averages
    follow (and may take their place), and constraints come last. The last two happen at every batch, also where
    gradients are only gathered. The averages are the weights themselves until the first step is over.
    """

    kind: ClassVar[str]

    weight_decay: float = 0.0
    undecayed: tuple[int, ...] = ()
    clipvalue: float | None = None
    clipnorm: float | None = None
    global_clipnorm: float | None = None
    accumulation: int = 1
    ema_momentum: float | None = None
    ema_overwrite_frequency: int | None = None

    @property
    def formula_slots(self) -> tuple[str, ...]:
        """The arrays that the formula keeps for each trainable weight."""
        raise NotImplementedError

    @property
    def slots(self) -> tuple[str, ...]:
        """All arrays that are kept for each trainable weight, in the order in which they are passed."""
        average = (WEIGHT_AVERAGE,) if self.ema_momentum is not None else ()
        gathered = (GRADIENT_SUM,) if self.accumulation > 1 else ()
        return (*self.formula_slots, *average, *gathered)

    def first_slots(self, weight: Array) -> tuple[Array, ...]:
        """Return the arrays of a weight that has not been trained, in the order of `slots`."""
        formula = tuple(self.first(name, weight) for name in self.formula_slots)
        more = {WEIGHT_AVERAGE: weight.copy, GRADIENT_SUM: lambda: np.zeros_like(weight)}
        return (*formula, *(more[name]() for name in self.slots[len(formula) :]))

    def first(self, name: str, weight: Array) -> Array:
        """Return one of the formula's arrays as it begins."""
        return np.zeros_like(weight)

    def describe(self) -> dict[str, Any]:
        """Return the kind and all settings, as the core is told them."""
        return {"kind": self.kind, **asdict(self), "undecayed": list(self.undecayed)}


@dataclass(frozen=True)
class SgdRule(UpdateRule):
    """A step down the gradient, perhaps with momentum."""

    kind = "sgd"
    momentum: float = 0.0
    nesterov: bool = False

    @property
    def formula_slots(self) -> tuple[str, ...]:
        return ("momentum",) if self.momentum else ()


@dataclass(frozen=True)
class AdamRule(UpdateRule):
    """Steps scaled by running means of the gradient and of its square; with `amsgrad` by the largest of the latter."""

    kind = "adam"
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7
    amsgrad: bool = False

    @property
    def formula_slots(self) -> tuple[str, ...]:
        return ("momentum", "velocity", *(("velocity_hat",) if self.amsgrad else ()))


@dataclass(frozen=True)
class RmspropRule(UpdateRule):
    """Steps divided by a running root mean square of the gradient."""

    kind = "rmsprop"
    rho: float = 0.9
    momentum: float = 0.0
    epsilon: float = 1e-7
    centered: bool = False

    @property
    def formula_slots(self) -> tuple[str, ...]:
        return ("velocity", *(("momentum",) if self.momentum else ()), *(("average",) if self.centered else ()))


@dataclass(frozen=True)
class AdamaxRule(UpdateRule):
    """Steps divided by the largest gradient so far, which fades."""

    kind = "adamax"
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    formula_slots = ("momentum", "norm")


@dataclass(frozen=True)
class NadamRule(UpdateRule):
    """Adam whose mean of gradients looks a step ahead, with a momentum that grows."""

    kind = "nadam"
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    formula_slots = ("momentum", "velocity")


@dataclass(frozen=True)
class AdagradRule(UpdateRule):
    """Steps divided by the root of the sum of all squares so far."""

    kind = "adagrad"
    initial_accumulator_value: float = 0.1
    epsilon: float = 1e-7

    formula_slots = ("accumulator",)

    def first(self, name: str, weight: Array) -> Array:
        return np.full_like(weight, self.initial_accumulator_value)


@dataclass(frozen=True)
class AdadeltaRule(UpdateRule):
    """Steps as large as the steps before were, for their gradients."""

    kind = "adadelta"
    rho: float = 0.95
    epsilon: float = 1e-7

    formula_slots = ("accumulated_gradient", "accumulated_step")


@dataclass(frozen=True)
class LionRule(UpdateRule):
    """Steps of one size for all weights: only the sign of a running mean counts."""

    kind = "lion"
    beta_1: float = 0.9
    beta_2: float = 0.99

    formula_slots = ("momentum",)


@dataclass(frozen=True)
class FtrlRule(UpdateRule):
    """Weights that solve for all gradients so far at once, under penalties."""

    kind = "ftrl"
    learning_rate_power: float = -0.5
    initial_accumulator_value: float = 0.1
    l1_regularization_strength: float = 0.0
    l2_regularization_strength: float = 0.0
    l2_shrinkage_regularization_strength: float = 0.0
    beta: float = 0.0

    formula_slots = ("accumulator", "linear")

    def first(self, name: str, weight: Array) -> Array:
        return np.full_like(weight, self.initial_accumulator_value if name == "accumulator" else 0.0)


_KINDS: dict[str, type[UpdateRule]] = {
    rule.kind: rule
    for rule in (
        SgdRule,
        AdamRule,
        RmspropRule,
        AdamaxRule,
        NadamRule,
        AdagradRule,
        AdadeltaRule,
        LionRule,
        FtrlRule,
    )
}


def update_rule(kind: str, **settings: Any) -> UpdateRule:
    """Return the rule of that kind.

    Examples
    --------
    >>> update_rule("sgd", momentum=0.9).slots
    ('momentum',)
    >>> update_rule("adam", ema_momentum=0.99).slots
    ('momentum', 'velocity', 'weight_average')
    """
    return _KINDS[kind](**settings)

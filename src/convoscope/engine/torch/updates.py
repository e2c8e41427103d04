"""How gradients change weights: `convoscope.engine.updates.UpdateRule` with all weights in one row of values.

A formula then runs once for all of them, and several processes sum one array. Nothing here writes: new values come
back, so that a step can be taken as a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from convoscope.engine.plan import PlannedWeight
from convoscope.engine.reference.formulas import FORMULAS
from convoscope.engine.reference.updates import Moment
from convoscope.engine.torch.draws import exact
from convoscope.engine.torch.row import Layout
from convoscope.engine.updates import GRADIENT_SUM, WEIGHT_AVERAGE, UpdateRule


class Update:
    """What a rule makes of a row of weights, its gradient and its slots.

    Parameters
    ----------
    rule : UpdateRule
    planned : what the plan says of each trainable weight
    layout : where each of them lies in the row
    device : torch.device
    """

    def __init__(
        self, rule: UpdateRule, planned: Sequence[PlannedWeight], layout: Layout, device: torch.device
    ) -> None:
        self._rule, self._planned, self._layout, self._device = rule, planned, layout, device
        self._decays = [float(place not in rule.undecayed) for place in range(len(planned))]
        regularizers = [weight.regularizer for weight in planned]
        self._l1 = self._row([0.0 if each is None else each.l1 for each in regularizers])
        self._l2 = self._row([0.0 if each is None else each.l2 for each in regularizers])
        self._decayed = None if not rule.weight_decay or all(self._decays) else self._row(self._decays)

    def _row(self, values: Sequence[float]) -> Tensor | None:
        """Return a value for each weight array as a row with one for each weight; None if all are 0."""
        given = torch.tensor(values, dtype=torch.float32, device=self._device)
        return self._layout.spread(given) if any(values) else None

    def __call__(
        self, weights: Tensor, gradient: Tensor, slots: Sequence[Tensor], rate: Any, moment: Moment
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return the new weights and slots. `rate` and `moment.count` may be tensors."""
        rule, kept = self._rule, dict(zip(self._rule.slots, slots, strict=True))
        gradient = self._regularized(weights, gradient)
        if rule.accumulation > 1:
            total = kept[GRADIENT_SUM] + gradient
            kept[GRADIENT_SUM] = torch.zeros_like(total) if moment.due else total
            gradient = total / rule.accumulation
        if moment.due:
            gradient = self._clipped(gradient)
            if rule.weight_decay:
                shrunk = weights * (rate * rule.weight_decay)
                weights = weights - (shrunk if self._decayed is None else shrunk * self._decayed)
            old = tuple(kept[name] for name in rule.formula_slots)
            weights, new = FORMULAS[type(rule)](rule, weights, gradient, old, rate, moment.count, torch)
            kept |= dict(zip(rule.formula_slots, new, strict=True))
        if rule.ema_momentum is not None:
            kept[WEIGHT_AVERAGE] = moment.momentum * kept[WEIGHT_AVERAGE] + (1 - moment.momentum) * weights
            weights = kept[WEIGHT_AVERAGE] if moment.overwrites else weights
        return self._held(weights), tuple(kept[name] for name in rule.slots)

    def penalty(self, weights: Tensor) -> Tensor:
        """Return what the regularizers add to the loss, for weights as they are before a step."""
        found = torch.zeros((), dtype=torch.float64, device=exact(self._device))
        for planned, piece in zip(self._planned, self._layout.pieces(weights), strict=True):
            if planned.regularizer is None:
                continue
            values = piece.to(found)
            found = found + planned.regularizer.l1 * values.abs().sum() + planned.regularizer.l2 * values.square().sum()
            if told := planned.regularizer.orthogonal:
                cosines = (_units(values, told)[1] @ _units(values, told)[1].T).abs()
                found = found + _share(told, len(cosines)) * (cosines.sum() - cosines.trace()) / 2
        return found

    def _regularized(self, weights: Tensor, gradient: Tensor) -> Tensor:
        if self._l1 is not None:
            gradient = gradient + self._l1 * weights.sign()
        if self._l2 is not None:
            gradient = gradient + 2.0 * self._l2 * weights

        def more(planned: PlannedWeight, piece: Tensor, weight: Tensor) -> Tensor:
            told = None if planned.regularizer is None else planned.regularizer.orthogonal
            return piece if told is None else piece + _orthogonal_gradient(weight, told)

        if any(each.regularizer is not None and each.regularizer.orthogonal for each in self._planned):
            return self._each(more, gradient, weights)
        return gradient

    def _clipped(self, gradient: Tensor) -> Tensor:
        rule = self._rule
        if rule.clipvalue is not None:
            gradient = gradient.clamp(-rule.clipvalue, rule.clipvalue)
        if rule.clipnorm is not None:
            norms = torch.stack([_norm(piece) for piece in self._layout.pieces(gradient)])
            gradient = gradient * self._layout.spread((rule.clipnorm / norms.clamp(min=rule.clipnorm)).to(gradient))
        if rule.global_clipnorm is not None:
            gradient = gradient * (rule.global_clipnorm / _norm(gradient).clamp(min=rule.global_clipnorm)).to(gradient)
        return gradient

    def _held(self, weights: Tensor) -> Tensor:
        """Return the weights within their constraints' bounds."""

        def held(planned: PlannedWeight, piece: Tensor) -> Tensor:
            return piece if planned.constraint is None else _bounded(planned.constraint.description(piece.shape), piece)

        return weights if all(each.constraint is None for each in self._planned) else self._each(held, weights)

    def _each(self, function: Callable[..., Tensor], *rows: Tensor) -> Tensor:
        """Apply a function to each weight array's pieces of some rows, and return the row of what comes out."""
        made = [function(*each) for each in zip(self._planned, *map(self._layout.pieces, rows), strict=True)]
        return self._layout.row(made)


def _norm(values: Tensor) -> Tensor:
    return values.to(exact(values.device), torch.float64).square().sum().sqrt().to(values.device, _widest(values))


def _widest(values: Tensor) -> torch.dtype:
    return torch.float32 if values.device.type == "mps" else torch.float64


def _bounded(told: dict[str, Any], values: Tensor) -> Tensor:
    """Return a weight as a constraint holds it: see `convoscope.constraints`."""
    if told["kind"] == "non_negative":
        return values.clamp(min=0)
    norms = values.to(_widest(values)).square().sum(dim=told["axes"], keepdim=True).sqrt()
    wanted = told["rate"] * norms.clamp(told["low"], told["high"]) + (1.0 - told["rate"]) * norms
    return values * (wanted / (1e-7 + norms)).to(values)


def _orthogonal_gradient(weight: Tensor, told: dict[str, Any]) -> Tensor:
    """See `convoscope.regularizers.OrthogonalRegularizer`."""
    lengths, units = _units(weight.to(_widest(weight)), told)
    pull = _share(told, len(units)) * (units @ units.T).sign().fill_diagonal_(0.0) @ units
    turning = pull - units * (pull * units).sum(dim=1, keepdim=True)
    found = torch.where(lengths > 0, turning / lengths, 0.0)
    return (found if told["rows"] else found.T).to(weight)


def _units(values: Tensor, told: dict[str, Any]) -> tuple[Tensor, Tensor]:
    rows = values if told["rows"] else values.T
    lengths = rows.square().sum(dim=1, keepdim=True).sqrt()
    return lengths, rows / lengths.clamp(min=1e-7)


def _share(told: dict[str, Any], count: int) -> float:
    return float(told["factor"]) / max(1, count * (count - 1) // 2)

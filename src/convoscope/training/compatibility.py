"""Whether each output's loss fits what the layer makes that it comes from.

Whatever Keras computes is computed, with Keras' numbers; where that is hardly what was meant, a warning says so, and
names what is.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

from convoscope.engine.plan import Plan
from convoscope.engine.steps import DropoutStep, ReshapeStep
from convoscope.errors import ConvoscopeWarning
from convoscope.training.losses import Loss
from convoscope.training.metrics import Accuracy
from convoscope.training.objective import Objective

_PROBABILITIES = ("softmax", "sigmoid")
_ABOVE_ZERO = (*_PROBABILITIES, "relu", "relu6", "softplus", "exponential", "hard_sigmoid")
_EXACT = (
    "metrics.Accuracy() counts predictions that equal the labels exactly, which probabilities hardly ever do. You "
    "probably want metrics=['accuracy']."
)


def last_activation(plan: Plan, output: int = 0) -> str:
    """Return the name of the activation that an output comes from; ``"linear"`` if there is none."""
    step = plan.maker_of(plan.outputs[output])
    while isinstance(step, (ReshapeStep, DropoutStep)):
        step = plan.maker_of(step.inputs[0])
    activation = getattr(step, "activation", None)
    return "linear" if activation is None else str(activation.name)


def check_losses(objective: Objective, plan: Plan) -> None:
    """Warn of losses, and of metrics, that are probably not meant for these outputs."""
    for output, goal in enumerate(objective.goals):
        if any(type(metric) is Accuracy for metric in (*goal.metrics, *goal.weighted_metrics)):
            warnings.warn(_EXACT, ConvoscopeWarning, stacklevel=4)
        if goal.loss is None:
            continue
        several = len(objective.goals) > 1
        made = _Made(
            last_activation(plan, output),
            plan.output_shapes[output][-1] if plan.output_shapes[output] else 1,
            f"output {goal.name!r}" if several else "the model",
            f"the layer of output {goal.name!r}" if several else "the model's last layer",
        )
        if advice := _ADVICE[goal.loss.judges](goal.loss, made):
            warnings.warn(advice, ConvoscopeWarning, stacklevel=5)


@dataclass(frozen=True)
class _Made:
    """What one output is made by: its last activation, how many units it has, and what messages call it."""

    activation: str
    units: int
    model: str
    layer: str

    @property
    def begins(self) -> str:
        return self.model[0].upper() + self.model[1:]


def _of_classes(loss: Loss, made: _Made) -> str:
    if made.units == 1:
        return (
            f"The loss {loss.kind} compares classes, but {made.layer} has only one unit, so every prediction would be "
            "correct. For two classes use Dense(1, activation='sigmoid') with loss='binary_crossentropy'; for more, "
            "one unit for each class, as in Dense(10, activation='softmax')."
        )
    if made.activation == "sigmoid" and not loss.rule().from_logits:
        return (
            f"{made.begins} ends in a sigmoid, and {loss.kind} compares classes: their probabilities should add up to "
            "1, as after a softmax. Use activation='softmax'. If each unit is an independent yes or no, use "
            "loss='binary_crossentropy'." + _hidden(loss, "a softmax of the sigmoid's input")
        )
    return _of_probabilities(loss, made, "softmax")


def _of_yes_or_no(loss: Loss, made: _Made) -> str:
    if made.activation == "softmax" and not loss.rule().from_logits:
        single = (
            " For two classes, a single unit also works: Dense(1, activation='sigmoid')." if made.units == 2 else ""
        )
        hidden = _hidden(loss, "a sigmoid of the softmax's input")
        return (
            f"{made.begins} ends in a softmax over {made.units} units, but the loss {loss.kind} treats each output as "
            "an independent yes or no. Use loss='sparse_categorical_crossentropy' with class numbers (or "
            "'categorical_crossentropy' with one-hot labels); for yes-or-no outputs, use "
            f"activation='sigmoid'.{single}{hidden}"
        )
    return _of_probabilities(loss, made, "sigmoid")


def _hidden(loss: Loss, of: str) -> str:
    """Say what is computed instead of what stands there, if it is."""
    return f" (As in Keras, the loss is computed from {of}.)" if loss.kind in _FROM_HIDDEN else ""


_FROM_HIDDEN = ("sparse_categorical_crossentropy", "categorical_crossentropy", "binary_crossentropy")


def _of_probabilities(loss: Loss, made: _Made, wanted: str) -> str:
    name = type(loss).__name__
    if loss.rule().from_logits and made.activation in _PROBABILITIES:
        happens = "has no effect, because the loss is computed from the activation's input, as in Keras"
        if loss.kind not in _FROM_HIDDEN:
            happens = "applies a second one"
        return (
            f"{made.begins} ends in a {made.activation}, and {name}(from_logits=True) {happens}. Leave out "
            "from_logits=True, or that activation."
        )
    if loss.rule().from_logits or made.activation in _PROBABILITIES:
        return ""
    if made.activation == "linear":
        return (
            f"The loss {loss.kind} takes probabilities, but {made.layer} has no activation. Give it "
            f"activation='{wanted}', or use {name}(from_logits=True)."
        )
    return (
        f"The loss {loss.kind} takes probabilities, but {made.model} ends in {made.activation}. Use "
        f"activation='{wanted}'. (As in Keras, values are clipped to 0.0000001 to 0.9999999.)"
    )


def _of_distribution(loss: Loss, made: _Made) -> str:
    if made.activation in _PROBABILITIES:
        return ""
    ends = "has no activation" if made.activation == "linear" else f"ends in {made.activation}"
    return (
        f"The loss {loss.kind} compares distributions, but {made.layer} {ends}. Give it activation='softmax': values "
        "below 0.0000001 and above 1 are clipped, and nothing is learned from them."
    )


def _of_counts(loss: Loss, made: _Made) -> str:
    if made.activation in _ABOVE_ZERO:
        return ""
    ends = "has no activation" if made.activation == "linear" else f"ends in {made.activation}"
    return (
        f"The loss {loss.kind} takes the logarithm of predictions, but {made.layer} {ends}, and can output values "
        "below 0. Give it activation='exponential' or 'softplus'."
    )


def _of_values(loss: Loss, made: _Made) -> str:
    return ""


_ADVICE = {
    "classes": _of_classes,
    "yes or no": _of_yes_or_no,
    "distribution": _of_distribution,
    "counts": _of_counts,
    "values": _of_values,
}

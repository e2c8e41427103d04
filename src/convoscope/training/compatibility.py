"""Whether each output's loss fits what the layer makes that it comes from."""

from __future__ import annotations

import warnings

from convoscope.engine.plan import Plan
from convoscope.engine.steps import DropoutStep, ReshapeStep
from convoscope.errors import ConfigurationError, ConvoscopeWarning
from convoscope.training.losses import Loss
from convoscope.training.objective import Objective

_CATEGORICAL = ("sparse_categorical_crossentropy", "categorical_crossentropy")


def last_activation(plan: Plan, output: int = 0) -> str:
    """Return the name of the activation that an output comes from; ``"linear"`` if there is none."""
    step = plan.maker_of(plan.outputs[output])
    while isinstance(step, (ReshapeStep, DropoutStep)):
        step = plan.maker_of(step.inputs[0])
    activation = getattr(step, "activation", None)
    return "linear" if activation is None else str(activation.name)


def check_losses(objective: Objective, plan: Plan) -> None:
    """Refuse losses that cannot be meant for these outputs, and warn of those that are probably not.

    Raises
    ------
    ConfigurationError
        If a categorical loss meets a single unit, or a binary one a softmax over more than two classes.
    """
    for output, goal in enumerate(objective.goals):
        if goal.loss is not None and goal.loss.kind != "mean_squared_error":
            several = len(objective.goals) > 1
            model = f"output {goal.name!r}" if several else "the model"
            layer = f"the layer of output {goal.name!r}" if several else "the model's last layer"
            units = plan.output_shapes[output][-1] if plan.output_shapes[output] else 1
            _check_loss(goal.loss, units, last_activation(plan, output), model, layer)


def _check_loss(loss: Loss, outputs: int, activation: str, model: str, layer: str) -> None:
    """Check one output's loss; `model` and `layer` are what messages call what it comes from."""
    if loss.kind in _CATEGORICAL and outputs == 1:
        raise ConfigurationError(
            f"The loss {loss.kind} compares classes, but {layer} has one unit. For two classes use "
            "Dense(1, activation='sigmoid') with loss='binary_crossentropy'; for more, one unit for each class, "
            "as in Dense(10, activation='softmax')."
        )
    if loss.kind == "binary_crossentropy" and activation == "softmax" and outputs != 2:
        raise ConfigurationError(
            "The loss binary_crossentropy takes each output as a yes or no of its own, but {model} ends in a softmax "
            f"over {outputs} units. Use loss='sparse_categorical_crossentropy' with class numbers (or "
            "'categorical_crossentropy' with one-hot labels); for yes-or-no outputs, use activation='sigmoid'."
        )
    from_logits = loss.rule().from_logits
    if from_logits and activation in ("softmax", "sigmoid"):
        warnings.warn(
            f"{model[0].upper()}{model[1:]} ends in a {activation}, and {type(loss).__name__}(from_logits=True) "
            "applies another. Leave out from_logits=True, or that activation.",
            ConvoscopeWarning,
            stacklevel=5,
        )
    if not from_logits and activation == "linear":
        wanted = "sigmoid" if loss.kind == "binary_crossentropy" else "softmax"
        warnings.warn(
            f"The loss {loss.kind} takes probabilities, but {layer} has no activation. Give it "
            f"activation='{wanted}', or use {type(loss).__name__}(from_logits=True).",
            ConvoscopeWarning,
            stacklevel=5,
        )

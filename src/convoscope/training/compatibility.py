"""Whether a loss fits what the model's last layer makes."""

from __future__ import annotations

import warnings

from convoscope.engine.plan import Plan
from convoscope.engine.steps import DropoutStep, ReshapeStep
from convoscope.errors import ConfigurationError, ConvoscopeWarning
from convoscope.training.losses import Loss

_CATEGORICAL = ("sparse_categorical_crossentropy", "categorical_crossentropy")


def last_activation(plan: Plan) -> str:
    """Return the name of the activation that the model's outputs come from; ``"linear"`` if there is none."""
    for step in reversed(plan.steps):
        if not isinstance(step, (ReshapeStep, DropoutStep)):
            activation = getattr(step, "activation", None)
            return "linear" if activation is None else str(activation.name)
    return "linear"


def check_loss(loss: Loss, plan: Plan) -> None:
    """Refuse a loss that cannot be meant for these outputs, and warn of one that is probably not.

    Raises
    ------
    ConfigurationError
        If a categorical loss meets a single output, or a binary one a softmax over more than two classes.
    """
    if loss.kind == "mean_squared_error":
        return
    outputs = plan.output_shape[-1] if plan.output_shape else 1
    activation = last_activation(plan)
    if loss.kind in _CATEGORICAL and outputs == 1:
        raise ConfigurationError(
            f"The loss {loss.kind} compares classes, but the model's last layer has one unit. For two classes use "
            "Dense(1, activation='sigmoid') with loss='binary_crossentropy'; for more, one unit for each class, "
            "as in Dense(10, activation='softmax')."
        )
    if loss.kind == "binary_crossentropy" and activation == "softmax" and outputs != 2:
        raise ConfigurationError(
            "The loss binary_crossentropy takes each output as a yes or no of its own, but the model ends in a softmax "
            f"over {outputs} units. Use loss='sparse_categorical_crossentropy' with class numbers (or "
            "'categorical_crossentropy' with one-hot labels); for yes-or-no outputs, use activation='sigmoid'."
        )
    from_logits = loss.rule().from_logits
    if from_logits and activation in ("softmax", "sigmoid"):
        warnings.warn(
            f"The model ends in a {activation}, and {type(loss).__name__}(from_logits=True) applies another. Leave out "
            f"from_logits=True, or the last layer's activation.",
            ConvoscopeWarning,
            stacklevel=4,
        )
    if not from_logits and activation == "linear":
        wanted = "sigmoid" if loss.kind == "binary_crossentropy" else "softmax"
        warnings.warn(
            f"The loss {loss.kind} takes probabilities, but the model's last layer has no activation. Give it "
            f"activation='{wanted}', or use {type(loss).__name__}(from_logits=True).",
            ConvoscopeWarning,
            stacklevel=4,
        )

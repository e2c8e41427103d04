"""The hyperparameters that a compiled model tells of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convoscope.names import encodable


def described(model: Any, params: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a model in training, in values that can be written anywhere.

    Parameters
    ----------
    model : Sequential
        Compiled.
    params : mapping
        What callbacks are told: ``epochs`` and ``steps``.

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Flatten(input_shape=(2, 2, 1)), cs.layers.Dense(3)])
    >>> model.compile(optimizer="sgd", loss="mean_squared_error")
    >>> told = described(model, {"epochs": 5, "steps": 10})
    >>> told["optimizer"], told["loss"], told["layers"], told["parameters"], told["epochs"]
    ('sgd', 'mean_squared_error', 'Flatten, Dense', 15, 5)
    """
    told: dict[str, Any] = {}
    if model.optimizer is not None:
        told |= {
            "optimizer": type(model.optimizer).__name__.lower(),
            "learning_rate": float(model.optimizer.learning_rate),
        }
    if model.objective is not None and model.objective.learned:
        told["loss"] = str(model.objective)
    told |= {
        "layers": ", ".join(type(layer).__name__ for layer in model.layers),
        "parameters": int(model.count_params()),
    }
    if "epochs" in params:
        told |= {"epochs": int(params["epochs"]), "steps_per_epoch": int(params["steps"])}
    return told


def as_text(value: Any) -> str:
    """Write a hyperparameter as a text.

    Examples
    --------
    >>> as_text(None), as_text(0.25), as_text((28, 28))
    ('none', '0.25', '28, 28')
    """
    if value is None:
        return "none"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(as_text, value))
    return encodable(str(value))

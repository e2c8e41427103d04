"""Optimizers under Keras' names, with Keras' arguments and defaults.

Each holds settings and state; see `Optimizer`. The arithmetic is the engine's, which is told by `Optimizer.rule`.
"""

from __future__ import annotations

from typing import Any

from convoscope.errors import ConfigurationError, unknown_name
from convoscope.training import schedules as schedules
from convoscope.training.optimizer import Optimizer
from convoscope.training.optimizers.adam import Adam, Adamax, AdamW, Nadam
from convoscope.training.optimizers.ftrl import Ftrl
from convoscope.training.optimizers.rmsprop import Adadelta, Adagrad, RMSprop
from convoscope.training.optimizers.sgd import SGD, Lion

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lion",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]

_KINDS: dict[str, type[Optimizer]] = {
    kind.__name__: kind for kind in (SGD, Adam, AdamW, RMSprop, Adadelta, Adagrad, Adamax, Nadam, Lion, Ftrl)
}
#: Keras' others, each with one of ours that serves the same end.
_UNSUPPORTED = {
    "adafactor": "'adagrad' needs as little extra memory",
    "lamb": "'adamw' is its basis",
    "muon": "'adamw' is its usual comparison",
    "schedulefreeadamw": "'adamw' with use_ema=True averages its weights too",
    "lossscaleoptimizer": "Training uses float32, which needs no loss scaling: pass the inner optimizer alone",
}


def get(identifier: str | dict[str, Any] | Optimizer | type[Optimizer]) -> Optimizer:
    """Return the optimizer that a name, a description, a class or an optimizer itself stands for.

    Examples
    --------
    >>> get("adam")
    Adam(learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-07, amsgrad=False)
    """
    if isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, type) and issubclass(identifier, Optimizer):
        return identifier()  # type: ignore[call-arg]
    for name, kind in _KINDS.items():
        if str(identifier).lower() == name.lower():
            return kind()  # type: ignore[call-arg]
    raise _unknown(identifier, [name.lower() for name in _KINDS])


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """Return the optimizer's kind and settings as plain JSON values.

    Examples
    --------
    >>> description = serialize(SGD(0.1, momentum=0.9))
    >>> description["class_name"], description["config"]["momentum"]
    ('SGD', 0.9)
    """
    return {"class_name": type(optimizer).__name__, "config": optimizer.get_config()}


def deserialize(description: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Optimizer:
    """Make an optimizer from what `serialize` returned.

    Parameters
    ----------
    description : dict
    custom_objects : dict, optional
        Learning-rate schedules of your own, by the names of their classes.

    Examples
    --------
    >>> deserialize(serialize(SGD(0.1, momentum=0.9)))
    SGD(learning_rate=0.1, momentum=0.9, nesterov=False)
    """
    name = description.get("class_name")
    if name not in _KINDS:
        raise _unknown(name, list(_KINDS))
    return _KINDS[name].from_config(description.get("config", {}), custom_objects)


def _unknown(name: Any, known: list[str]) -> Exception:
    instead = _UNSUPPORTED.get(str(name).lower())
    if instead is None:
        return unknown_name("optimizer", name, known)
    return ConfigurationError(f"The optimizer {name} is not supported. {instead}.")

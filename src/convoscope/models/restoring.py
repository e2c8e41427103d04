"""A model that goes on from what was saved of it: weights, the optimizer's state, and what was drawn."""

from __future__ import annotations

import os

from convoscope.errors import ConfigurationError
from convoscope.models.files import load_model
from convoscope.models.network import Network
from convoscope.training.optimizer import Optimizer


def restore_training(model: Network, path: str | os.PathLike[str]) -> None:
    """Set a compiled model to what `save_model` wrote of one like it: with the same seed, it trains on as that one.

    Parameters
    ----------
    model : Sequential or Model
        Made and compiled as the one that was saved.
    path : path

    Raises
    ------
    ShapeError
        If the weights do not fit.
    ConfigurationError
        If the saved model was not compiled, or with another optimizer. Nothing has been changed then.
    """
    custom = [*model.layers, model.optimizer and model.optimizer.schedule]
    saved = load_model(path, {type(each).__name__: type(each) for each in custom if each is not None})
    optimizer, other = model.optimizer, saved.optimizer
    if optimizer is None or other is None or _kind(optimizer) != _kind(other):
        raise ConfigurationError(
            f"{path} has a model with the optimizer {other!r}, so training cannot resume from it with {optimizer!r}. "
            "Compile the model as before, or remove the file."
        )
    model.set_weights(saved.get_weights())
    model.draws = saved.draws
    optimizer.take_state(other, model.own_trainable_weights, saved.own_trainable_weights)


def _kind(optimizer: Optimizer) -> tuple[type, tuple[str, ...]]:
    """Return what must be the same for one optimizer to go on from another's arrays."""
    return type(optimizer), optimizer.rule().slots

"""Which loss a name, a class, a function or a description stands for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from convoscope.errors import ConfigurationError, unknown_name
from convoscope.training.losses.base import Loss
from convoscope.training.losses.by_shape import CrossentropyByShape
from convoscope.training.losses.crossentropy import (
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    SparseCategoricalCrossentropy,
)
from convoscope.training.losses.values import (
    CategoricalHinge,
    CosineSimilarity,
    Hinge,
    Huber,
    KLDivergence,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    SquaredHinge,
)

KINDS: dict[str, type[Loss]] = {
    kind.kind: kind
    for kind in (
        SparseCategoricalCrossentropy,
        CategoricalCrossentropy,
        BinaryCrossentropy,
        CategoricalFocalCrossentropy,
        BinaryFocalCrossentropy,
        MeanSquaredError,
        MeanAbsoluteError,
        MeanAbsolutePercentageError,
        MeanSquaredLogarithmicError,
        Huber,
        LogCosh,
        Poisson,
        KLDivergence,
        CosineSimilarity,
        Hinge,
        SquaredHinge,
        CategoricalHinge,
    )
}
#: Keras' short names, and those of its earlier editions.
SHORT = {
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
    "bce": "binary_crossentropy",
    "kld": "kl_divergence",
    "kullback_leibler_divergence": "kl_divergence",
    "logcosh": "log_cosh",
    "huber_loss": "huber",
    "cosine_proximity": "cosine_similarity",
}
_SYNONYMS = SHORT | {kind.__name__.lower(): name for name, kind in KINDS.items()}
_FUNCTIONS: dict[Any, type[Loss]] = {kind.function: kind for kind in KINDS.values()}


def get(identifier: str | dict[str, Any] | Loss | type[Loss] | Callable[..., Any]) -> Loss:
    """Return the loss that a name, a description, a class, one of this module's functions or a loss stands for.

    Examples
    --------
    >>> get("mse"), get(SparseCategoricalCrossentropy(from_logits=True)).name
    (MeanSquaredError(), 'sparse_categorical_crossentropy')
    """
    if isinstance(identifier, Loss):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, type) and issubclass(identifier, Loss):
        return identifier()
    if callable(identifier):
        if identifier in _FUNCTIONS:
            return _FUNCTIONS[identifier]()
        raise ConfigurationError(
            f"{getattr(identifier, '__name__', identifier)!r} is not a supported loss. Supported: {', '.join(KINDS)}. "
            "Your own functions cannot be differentiated, but can be metrics."
        )
    name = str(identifier).lower()
    if name in ("crossentropy", "ce"):
        return CrossentropyByShape()
    name = _SYNONYMS.get(name, name)
    if name not in KINDS:
        raise unknown_name("loss", identifier, KINDS)
    return KINDS[name]()


def serialize(loss: Loss) -> dict[str, Any]:
    """Return the loss's kind and settings as plain JSON values.

    Examples
    --------
    >>> serialize(get("mse"))
    {'class_name': 'MeanSquaredError', 'config': {'name': 'mean_squared_error', 'reduction': 'sum_over_batch_size'}}
    """
    return {"class_name": type(loss).__name__, "config": loss.get_config()}


def deserialize(description: dict[str, Any]) -> Loss:
    """Make a loss from what `serialize` returned.

    Examples
    --------
    >>> deserialize({"class_name": "Huber", "config": {"delta": 2.0}})
    Huber(delta=2.0)
    """
    by_class: dict[str, type[Loss]] = {kind.__name__: kind for kind in (*KINDS.values(), CrossentropyByShape)}
    name = description.get("class_name")
    if name not in by_class:
        raise unknown_name("loss", name, by_class)
    return by_class[name].from_config(description.get("config", {}))

"""Which metric a name, a class, a function or a description stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from convoscope.errors import ConfigurationError, unknown_name
from convoscope.layers.registered import custom_object_scope, get_registered_object
from convoscope.training import functional, losses
from convoscope.training.losses import Loss, functions as loss_functions
from convoscope.training.metrics.accuracy import (
    Accuracy,
    AccuracyByShape,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
)
from convoscope.training.metrics.area import AUC
from convoscope.training.metrics.base import Metric, snake_case
from convoscope.training.metrics.confusion import (
    FalseNegatives,
    FalsePositives,
    Precision,
    PrecisionAtRecall,
    Recall,
    RecallAtPrecision,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
    TrueNegatives,
    TruePositives,
)
from convoscope.training.metrics.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from convoscope.training.metrics.f_score import F1Score, FBetaScore
from convoscope.training.metrics.means import (
    CategoricalHinge,
    CosineSimilarity,
    Hinge,
    KLDivergence,
    LogCoshError,
    Mean,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanMetricWrapper,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    RootMeanSquaredError,
    SquaredHinge,
    Sum,
)
from convoscope.training.metrics.overlap import BinaryIoU, IoU, MeanIoU, OneHotIoU, OneHotMeanIoU

#: All classes, by name.
CLASSES: dict[str, type[Metric]] = {
    kind.__name__: kind
    for kind in (
        Accuracy,
        BinaryAccuracy,
        CategoricalAccuracy,
        SparseCategoricalAccuracy,
        TopKCategoricalAccuracy,
        SparseTopKCategoricalAccuracy,
        Precision,
        Recall,
        AUC,
        F1Score,
        FBetaScore,
        TruePositives,
        FalsePositives,
        TrueNegatives,
        FalseNegatives,
        PrecisionAtRecall,
        RecallAtPrecision,
        SensitivityAtSpecificity,
        SpecificityAtSensitivity,
        MeanSquaredError,
        RootMeanSquaredError,
        MeanAbsoluteError,
        MeanAbsolutePercentageError,
        MeanSquaredLogarithmicError,
        LogCoshError,
        CosineSimilarity,
        KLDivergence,
        Poisson,
        Hinge,
        SquaredHinge,
        CategoricalHinge,
        BinaryCrossentropy,
        CategoricalCrossentropy,
        SparseCategoricalCrossentropy,
        IoU,
        MeanIoU,
        BinaryIoU,
        OneHotIoU,
        OneHotMeanIoU,
        Mean,
        Sum,
        MeanMetricWrapper,
    )
}
_NAMES: dict[str, type[Metric]] = {
    **{snake_case(name): kind for name, kind in CLASSES.items()},
    **{kind.default_name: kind for kind in CLASSES.values() if kind.default_name and kind.default_name != "metric"},
    **{name.lower(): kind for name, kind in CLASSES.items()},
    "accuracy": AccuracyByShape,  # in words it is what the shapes tell; the class asks for exact equality
    "acc": AccuracyByShape,
    "mse": MeanSquaredError,
    "rmse": RootMeanSquaredError,
    "mae": MeanAbsoluteError,
    "mape": MeanAbsolutePercentageError,
    "msle": MeanSquaredLogarithmicError,
    "bce": BinaryCrossentropy,
    "kld": KLDivergence,
    "cosine_proximity": CosineSimilarity,
    "log_cosh": LogCoshError,
}
#: Our functions, by name: those that a file may name.
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: getattr(module, name)
    for module, names in (
        (loss_functions, [name for name, made in vars(loss_functions).items() if callable(made)]),
        (functional, [name for name in vars(functional) if name.endswith("accuracy")]),
    )
    for name in names
}


def get(identifier: str | dict[str, Any] | Metric | type[Metric] | Callable[..., Any]) -> Metric:
    """Return the metric that a name, a description, a class, a function or a metric itself stands for.

    A name is kept as it was written, as in Keras: with ``metrics=["acc"]`` the logs say ``acc``. A function is one of
    `metrics` or `losses`, or your own: ``f(y_true, y_pred)`` of NumPy arrays.

    Examples
    --------
    >>> get("acc").name, type(get("AUC")).__name__
    ('acc', 'AUC')
    """
    if isinstance(identifier, Metric):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, type) and issubclass(identifier, Metric):
        return _made(identifier, identifier.__name__)
    if isinstance(identifier, Loss):
        return MeanMetricWrapper(identifier, name=identifier.name)
    if isinstance(identifier, str):
        kind = _NAMES.get(identifier) or _NAMES.get(identifier.lower())
        if kind is None:
            raise unknown_name("metric", identifier, dict.fromkeys(snake_case(name) for name in CLASSES))
        metric = _made(kind, identifier)
        metric.name = identifier
        return metric
    if callable(identifier):
        return MeanMetricWrapper(identifier)
    raise ConfigurationError(
        "A metric is a name, such as 'accuracy', a Metric object, or a function of y_true and y_pred, but got "
        f"{identifier!r}. For a custom metric, derive from metrics.Metric and override values(y_true, y_pred)."
    )


def _made(kind: type[Metric], written: str) -> Metric:
    try:
        return kind()
    except TypeError:
        raise ConfigurationError(
            f"The metric {written!r} needs arguments: metrics=[convoscope.metrics.{kind.__name__}(...)]. See "
            f"help(convoscope.metrics.{kind.__name__})."
        ) from None


def serialize(metric: Metric) -> dict[str, Any]:
    """Return the metric's kind and settings as plain JSON values.

    Examples
    --------
    >>> serialize(get("mae"))
    {'class_name': 'MeanAbsoluteError', 'config': {'name': 'mae'}}
    """
    return {"class_name": metric.class_name(), "config": metric.get_config()}


def deserialize(description: dict[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Metric:
    """Make a metric from what `serialize` returned.

    Parameters
    ----------
    description : dict
        ``class_name`` and ``config``.
    custom_objects : mapping, optional
        Your own functions and classes by name.

    Examples
    --------
    >>> deserialize({"class_name": "Precision", "config": {"thresholds": 0.8}}).thresholds
    array([0.8])
    """
    name, config = description.get("class_name"), dict(description.get("config", {}))
    with custom_object_scope(custom_objects):
        kind = CLASSES.get(str(name)) or get_registered_object(str(name))
        if kind is None:
            raise unknown_name("metric", name, CLASSES)
        if "fn" in config and kind is MeanMetricWrapper:
            config["fn"] = _function(config["fn"])
    made: Metric = kind.from_config(config)
    return made


def _function(name: Any) -> Any:
    if isinstance(name, dict):
        return losses.deserialize(name)
    found = _FUNCTIONS.get(str(name)) or get_registered_object(str(name))
    if found is None:
        raise ConfigurationError(
            f"The metric {name!r} is a custom function. Pass it by name: custom_objects={{{name!r}: {name}}}."
        )
    return found

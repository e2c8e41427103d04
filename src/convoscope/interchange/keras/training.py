"""What a model was compiled with, in Keras' words: so that training goes on where the file is opened."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from convoscope.errors import ConvoscopeError, ConvoscopeWarning
from convoscope.interchange.keras import optimizer_state
from convoscope.interchange.keras.container import Contents
from convoscope.models.architecture import UNMAKEABLE
from convoscope.models.network import Network
from convoscope.training import losses, metrics, optimizers, schedules
from convoscope.training.losses import Loss
from convoscope.training.metrics import AccuracyByShape, MeanMetricWrapper, Metric
from convoscope.training.optimizer import Optimizer
from convoscope.training.schedules import InverseTimeDecay, OneCycle, Scaled

# ---- out


def described(model: Network) -> dict[str, Any]:
    """Return what `compile` was told, as Keras' files have it.

    Raises
    ------
    InexpressibleError
        If Keras has no words for it; the message says what.
    """
    assert model.optimizer is not None
    assert model.objective is not None
    goals = model.objective.goals

    def of_outputs(values: list[Any]) -> Any:
        return values[0] if len(values) == 1 else values

    return {
        "optimizer": _optimizer(model.optimizer),
        "loss": of_outputs([None if goal.loss is None else _loss(goal.loss) for goal in goals]),
        "loss_weights": None if all(goal.weight == 1.0 for goal in goals) else [goal.weight for goal in goals],
        "metrics": of_outputs([list(map(_metric, goal.metrics)) for goal in goals]),
        "weighted_metrics": of_outputs([list(map(_metric, goal.weighted_metrics)) for goal in goals])
        if any(goal.weighted_metrics for goal in goals)
        else None,
        "run_eagerly": False,
        "steps_per_execution": 1,
        "jit_compile": False,
    }


class InexpressibleError(Exception):
    """Something that Keras has no words for."""


def _named(module: str, kind: str, config: dict[str, Any]) -> dict[str, Any]:
    return {"module": f"keras.{module}", "class_name": kind, "config": config, "registered_name": None}


def _optimizer(optimizer: Optimizer) -> dict[str, Any]:
    config = {name: value for name, value in optimizer.get_config().items() if name != "undecayed"}
    if optimizer.get_config().get("undecayed"):
        raise InexpressibleError("weights that are excluded from weight decay, which Keras' files do not keep")
    schedule = optimizer.schedule
    if decay := config.pop("decay", 0.0):
        schedule = InverseTimeDecay(config["learning_rate"], 1, decay)
    if schedule is not None:
        if type(schedule) in (OneCycle, Scaled) or type(schedule).__name__ not in schedules.KINDS:
            raise InexpressibleError(f"the learning-rate schedule {type(schedule).__name__}, which Keras does not have")
        config["learning_rate"] = _named("optimizers.schedules", type(schedule).__name__, schedule.get_config())
    return _named("optimizers", type(optimizer).__name__, config)


def _loss(loss: Loss) -> Any:
    if type(loss).__name__ == "CrossentropyByShape":
        return "crossentropy"
    return _named("losses", type(loss).__name__, loss.get_config())


def _metric(metric: Metric) -> Any:
    if isinstance(metric, AccuracyByShape):
        return metric.name if metric.name == "acc" else "accuracy"
    if isinstance(metric, MeanMetricWrapper) or type(metric).__name__ not in metrics.__all__:
        raise InexpressibleError(f"the metric {metric.name!r}, a function or class that Keras does not have")
    return _named("metrics", type(metric).__name__, metric.get_config())


# ---- in


def restore(model: Network, contents: Contents, path: Path) -> None:
    """Compile a model as a file says, with the optimizer's state; warn where that cannot be."""
    told = contents.training
    if not told or not isinstance(told, dict) or not (told.get("optimizer") or told.get("optimizer_config")):
        return
    try:
        model.compile(
            optimizer=_optimizer_of(told.get("optimizer") or told.get("optimizer_config")),
            loss=_nested(told.get("loss"), losses.get),
            loss_weights=told.get("loss_weights"),
            metrics=_nested(told.get("metrics"), metrics.get),
            weighted_metrics=_nested(told.get("weighted_metrics"), metrics.get),
        )
    except UNMAKEABLE as error:
        model.optimizer, model.objective = None, None
        warnings.warn(
            f"{path}: the model was loaded but not compiled, because {_reason(error)} Compile it before you train.",
            ConvoscopeWarning,
            stacklevel=5,
        )
        return
    if not optimizer_state.restore(model, contents.file) and optimizer_state.is_in(contents.file):
        warnings.warn(
            f"{path}: the optimizer's state does not fit {type(model.optimizer).__name__} in this model, so the "
            "optimizer starts with a fresh state.",
            ConvoscopeWarning,
            stacklevel=5,
        )


def _reason(error: Exception) -> str:
    if isinstance(error, ConvoscopeError):
        return f"{error!s:.400}"
    return f"the settings of compile cannot be read ({error!s:.200})."


def _optimizer_of(told: Any) -> Optimizer:
    if not isinstance(told, dict):
        return optimizers.get(told)
    config = {name: _plain(value) for name, value in dict(told.get("config") or {}).items()}
    for old in ("is_legacy_optimizer", "jit_compile"):
        config.pop(old, None)
    if config.get("epsilon", 0) is None:
        del config["epsilon"]  # Keras 2's word for the default
    kind = str(told.get("class_name")).rpartition(">")[2]
    if kind == "AdamW" and config.get("weight_decay") is None:
        kind = "Adam"
        config.pop("weight_decay", None)
    if config.get("weight_decay") is False:
        del config["weight_decay"]
    by_lower = {name.lower(): name for name in ("SGD", "Adam", "AdamW", "RMSprop", "Adadelta", "Adagrad", "Adamax")}
    return optimizers.deserialize({"class_name": by_lower.get(kind.lower(), kind), "config": config})


def _nested(told: Any, get: Callable[[Any], Any]) -> Any:
    """Return losses or metrics in the lists and dicts in which they were given to `compile`."""
    if told is None:
        return None
    if isinstance(told, dict) and "class_name" not in told:
        return {name: _nested(each, get) for name, each in told.items()}
    if isinstance(told, (list, tuple)):
        return [_nested(each, get) for each in told]
    return get(_plain(told))


def _plain(told: Any) -> Any:
    """Return a description without Keras' wrapping; a function by its name."""
    if not isinstance(told, dict) or "class_name" not in told:
        return told
    kind, config = told["class_name"], told.get("config")
    if kind == "function" and isinstance(config, str):
        return config
    if not isinstance(config, dict):
        return {"class_name": kind, "config": {}}
    inner = {name: _plain(value) for name, value in config.items()}
    if inner.get("dtype", "float32") == "float32":
        inner.pop("dtype", None)
    if "fn" in inner and kind in metrics.__all__ and kind != "MeanMetricWrapper":
        del inner["fn"]
    if kind == "MeanMetricWrapper" and inner.get("name") in ("accuracy", "acc"):
        return inner["name"]
    return {"class_name": kind, "config": inner}

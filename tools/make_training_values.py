"""Write the values that the training tests expect, computed by the tools that Convoscope is held to.

Run it once in an environment with Keras 3, and once in one with PyTorch; each fills in its part of the file:

    python tools/make_training_values.py keras
    python tools/make_training_values.py torch
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).parent.parent / "tests" / "training" / "keras_values.json"
STEPS = [0, 1, 5, 10, 11, 37, 99, 100, 150, 200, 201, 1000]


def probabilities(generator: np.random.Generator, rows: int, columns: int) -> Any:
    values = generator.random((rows, columns)) ** 2 + 0.01
    return (values / values.sum(axis=1, keepdims=True)).round(4).tolist()


def losses() -> list[dict[str, Any]]:
    import keras

    generator = np.random.default_rng(1)
    logits = (3 * generator.standard_normal((7, 4))).round(4).tolist()
    shares = probabilities(generator, 7, 4)
    labels = generator.integers(0, 4, 7).tolist()
    one_hot = np.eye(4)[labels].tolist()
    yes_no = generator.integers(0, 2, (7, 4)).tolist()
    sure = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], *shares[2:]]
    weights = generator.random(7).round(3).tolist()
    cases: list[tuple[str, dict[str, Any], Any, Any]] = [
        ("SparseCategoricalCrossentropy", {}, labels, shares),
        ("SparseCategoricalCrossentropy", {}, labels, sure),
        ("SparseCategoricalCrossentropy", {"from_logits": True}, labels, logits),
        ("CategoricalCrossentropy", {}, one_hot, shares),
        ("CategoricalCrossentropy", {"label_smoothing": 0.1}, one_hot, shares),
        ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.2}, one_hot, logits),
        ("BinaryCrossentropy", {}, yes_no, shares),
        ("BinaryCrossentropy", {"label_smoothing": 0.1}, yes_no, shares),
        ("BinaryCrossentropy", {"from_logits": True}, yes_no, logits),
        ("MeanSquaredError", {}, one_hot, logits),
    ]
    results = []
    for name, settings, y_true, y_pred in cases:
        loss = getattr(keras.losses, name)(**settings)
        true, predicted = np.array(y_true), np.array(y_pred, np.float32)
        results.append(
            {
                "class": name,
                "settings": settings,
                "y_true": y_true,
                "y_pred": y_pred,
                "sample_weight": weights,
                "value": float(loss(true, predicted)),
                "weighted": float(loss(true, predicted, sample_weight=np.array(weights, np.float32))),
            }
        )
    return results


def metrics() -> list[dict[str, Any]]:
    import keras

    generator = np.random.default_rng(2)
    shares = probabilities(generator, 12, 7)
    ties = generator.integers(0, 3, (12, 7)).astype(float).tolist()
    labels = generator.integers(0, 7, 12).tolist()
    one_hot = np.eye(7)[labels].tolist()
    single, yes_no = generator.random((12, 1)).round(2).tolist(), generator.integers(0, 2, (12, 1)).tolist()
    cases: list[tuple[str, dict[str, Any], Any, Any]] = [
        ("SparseCategoricalAccuracy", {}, labels, shares),
        ("SparseCategoricalAccuracy", {}, labels, ties),
        ("CategoricalAccuracy", {}, one_hot, shares),
        ("BinaryAccuracy", {}, yes_no, single),
        ("BinaryAccuracy", {"threshold": 0.25}, yes_no, single),
        ("SparseTopKCategoricalAccuracy", {"k": 2}, labels, shares),
        ("SparseTopKCategoricalAccuracy", {"k": 3}, labels, ties),
        ("SparseTopKCategoricalAccuracy", {}, labels, shares),
        ("TopKCategoricalAccuracy", {"k": 2}, one_hot, shares),
        ("TopKCategoricalAccuracy", {"k": 2}, one_hot, ties),
        ("MeanSquaredError", {}, one_hot, shares),
    ]
    results = []
    for name, settings, y_true, y_pred in cases:
        metric = getattr(keras.metrics, name)(**settings)
        for part in (slice(0, 5), slice(5, None)):
            metric.update_state(np.array(y_true)[part], np.array(y_pred, np.float32)[part])
        value = float(metric.result())
        results.append({"class": name, "settings": settings, "y_true": y_true, "y_pred": y_pred, "value": value})
    return results


def schedules() -> list[dict[str, Any]]:
    import keras

    cases: list[tuple[str, dict[str, Any]]] = [
        ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 100, "decay_rate": 0.5}),
        ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.96, "staircase": True}),
        ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 100}),
        ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 150, "alpha": 0.1}),
        (
            "CosineDecay",
            {
                "initial_learning_rate": 0.01,
                "decay_steps": 100,
                "alpha": 0.05,
                "warmup_target": 0.2,
                "warmup_steps": 37,
            },
        ),
        ("PiecewiseConstantDecay", {"boundaries": [10, 100, 200], "values": [0.1, 0.05, 0.01, 0.001]}),
    ]
    results = []
    for name, settings in cases:
        schedule = getattr(keras.optimizers.schedules, name)(**settings)
        rates = [float(schedule(step)) for step in STEPS]
        results.append({"class": name, "settings": settings, "steps": STEPS, "rates": rates})
    return results


def defaults() -> dict[str, dict[str, Any]]:
    """Return the settings of each optimizer as it is made without arguments."""
    import keras

    return {name: getattr(keras.optimizers, name)().get_config() for name in ("SGD", "Adam", "AdamW", "RMSprop")}


def runs() -> dict[str, Any]:
    """Train a small network from fixed weights, in the order of the samples, in many ways."""
    import keras

    generator = np.random.default_rng(3)
    x = generator.standard_normal((23, 6)).round(3)
    y = (x[:, 0] + x[:, 1] > 0).astype(int) + (x[:, 2] > 0.5)
    weights = [(0.5 * generator.standard_normal(shape)).round(3) for shape in ((6, 8), (8,), (8, 3), (3,))]
    sample_weight = generator.random(23).round(2)
    decay = {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.8}
    common = {"batch_size": 5, "epochs": 3, "validation_split": 0.25}
    cases: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("SGD", {"learning_rate": 0.1}, {}),
        ("SGD", {"learning_rate": {"class_name": "ExponentialDecay", "config": decay}}, {}),
        ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}, {}),
        ("SGD", {"learning_rate": 0.3, "clipnorm": 0.1}, {}),
        ("Adam", {"learning_rate": 0.05}, {}),
        ("Adam", {"learning_rate": 0.05, "global_clipnorm": 0.2}, {}),
        ("AdamW", {"learning_rate": 0.05, "weight_decay": 0.1}, {}),
        ("RMSprop", {"learning_rate": 0.01}, {}),
        ("RMSprop", {"learning_rate": 0.01, "momentum": 0.5, "centered": True, "clipvalue": 0.05}, {}),
        ("SGD", {"learning_rate": 0.1}, {"class_weight": {0: 1.0, 1: 0.25, 2: 3.0}}),
        ("SGD", {"learning_rate": 0.1}, {"sample_weight": sample_weight.tolist()}),
    ]
    results = []
    for name, settings, extra in cases:
        model = keras.Sequential(
            [
                keras.layers.Input((6,)),
                keras.layers.Dense(8, activation="relu"),
                keras.layers.Dense(3, activation="softmax"),
            ]
        )
        model.set_weights(weights)
        chosen = dict(settings)
        if isinstance(chosen["learning_rate"], dict):
            chosen["learning_rate"] = keras.optimizers.schedules.ExponentialDecay(**decay)
        model.compile(
            getattr(keras.optimizers, name)(**chosen), "sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        rates: list[float] = []
        record = keras.callbacks.LambdaCallback(
            on_train_batch_begin=lambda batch, logs, m=model, r=rates: r.append(float(m.optimizer.learning_rate))
        )
        options = {k: np.array(v, np.float32) if k == "sample_weight" else v for k, v in extra.items()}
        history = model.fit(x, y, verbose=0, shuffle=False, callbacks=[record], **common, **options).history
        evaluation = model.evaluate(x, y, verbose=0, sample_weight=options.get("sample_weight"))
        results.append(
            {"class": name, "settings": settings, "extra": extra, "history": history, "rates": rates}
            | {"evaluate": [float(value) for value in evaluation], "first_bias": model.get_weights()[1].tolist()}
        )
    data = {"x": x.tolist(), "y": y.tolist(), "weights": [weight.tolist() for weight in weights], "fit": common}
    return {**data, "cases": results}


class Stand:
    """As much of a model as callbacks want."""

    def __init__(self, optimizer: Any) -> None:
        self.optimizer = optimizer
        self.stop_training = False
        self.epoch = -1

    def get_weights(self) -> list[np.ndarray]:
        return [np.array([self.epoch])]

    def set_weights(self, weights: list[np.ndarray]) -> None:
        self.epoch = int(weights[0][0])


def callbacks() -> dict[str, Any]:
    """Show callbacks a series of losses and note what they do."""
    import keras

    series = {
        "dip": [1.0, 0.8, 0.7, 0.72, 0.71, 0.69, 0.75, 0.74, 0.73, 0.72, 0.71, 0.7],
        "flat": [0.5] * 12,
        "slow": [1.0 - 0.00003 * step for step in range(12)],
        "rising": [0.1 * step for step in range(1, 13)],
    }
    stopping: list[dict[str, Any]] = [
        {},
        {"patience": 2},
        {"patience": 2, "min_delta": 0.05},
        {"patience": 3, "restore_best_weights": True},
        {"patience": 2, "baseline": 0.71, "restore_best_weights": True},
        {"patience": 1, "start_from_epoch": 5, "restore_best_weights": True},
        {"patience": 1, "mode": "max"},
    ]
    plateaus: list[dict[str, Any]] = [
        {"patience": 2, "factor": 0.5},
        {"patience": 1, "cooldown": 2},
        {"patience": 2, "min_lr": 0.02, "factor": 0.3},
        {"patience": 1, "min_delta": 0.0},
    ]
    stops, reductions = [], []
    for name, values in series.items():
        for settings in stopping:
            model = Stand(keras.optimizers.SGD(0.1))
            stopper = keras.callbacks.EarlyStopping(**{"mode": "min", **settings})
            stopper.set_model(model)
            stopper.on_train_begin()
            for epoch, value in enumerate(values):
                model.epoch = epoch
                stopper.on_epoch_end(epoch, {"val_loss": value})
                if model.stop_training:
                    break
            stopper.on_train_end()
            stops.append(
                {
                    "series": name,
                    "settings": settings,
                    "stopped": stopper.stopped_epoch,
                    "best_epoch": stopper.best_epoch,
                    "weights_of": model.epoch,
                }
            )
        for settings in plateaus:
            model = Stand(keras.optimizers.SGD(0.1))
            reducer = keras.callbacks.ReduceLROnPlateau(**{"mode": "min", **settings})
            reducer.set_model(model)
            reducer.on_train_begin()
            rates = []
            for epoch, value in enumerate(values):
                reducer.on_epoch_end(epoch, {"val_loss": value})
                rates.append(float(model.optimizer.learning_rate))
            reductions.append({"series": name, "settings": settings, "rates": rates})
    return {"series": series, "early_stopping": stops, "reduce_lr_on_plateau": reductions}


def one_cycle() -> list[dict[str, Any]]:
    import torch

    cases: list[dict[str, Any]] = [
        {"max_rate": 0.1, "total_steps": 100},
        {"max_rate": 0.01, "total_steps": 57, "warmup_share": 0.2, "start_factor": 10.0, "end_factor": 100.0},
    ]
    results = []
    for settings in cases:
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings["max_rate"],
            total_steps=settings["total_steps"],
            pct_start=settings.get("warmup_share", 0.3),
            div_factor=settings.get("start_factor", 25.0),
            final_div_factor=settings.get("end_factor", 1e4),
        )
        rates = []
        for _ in range(settings["total_steps"]):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if len(rates) < settings["total_steps"]:
                schedule.step()
        results.append({"settings": settings, "rates": rates})
    return results


def main(peer: str) -> None:
    if peer == "torch":
        made: dict[str, Any] = {"one_cycle": one_cycle()}
    else:
        made = {
            "losses": losses(),
            "metrics": metrics(),
            "schedules": schedules(),
            "optimizer_defaults": defaults(),
            "runs": runs(),
            "callbacks": callbacks(),
        }
    kept = json.loads(FILE.read_text()) if FILE.exists() else {}
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(kept | made, sort_keys=True) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])

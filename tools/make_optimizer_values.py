"""Train, with Keras, under every optimizer and option: ``python tools/make_optimizer_values.py``.

It needs Keras 3 with TensorFlow; writes ``tests/training/optimizer_values.json``: the losses and the last weights of
twelve steps of a small network from given weights, what the epochs of ``fit`` report where an option is ``fit``'s,
every optimizer's defaults, and the rates of the schedules.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np

FILE = Path(__file__).parent.parent / "tests" / "training" / "optimizer_values.json"
STEPS, BATCH = 12, 5
RATES = {"SGD": 0.1, "Adadelta": 1.0, "Adagrad": 0.1, "Ftrl": 0.1, "Lion": 0.01}  # 0.02 for the others
OWN: dict[str, list[dict[str, Any]]] = {
    "SGD": [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}],
    "Adam": [{}, {"amsgrad": True, "beta_1": 0.8, "beta_2": 0.95}, {"epsilon": 0.001}],
    "AdamW": [{}, {"amsgrad": True, "weight_decay": 0.1}],
    "RMSprop": [{}, {"centered": True}, {"momentum": 0.5}, {"rho": 0.8, "momentum": 0.5, "centered": True}],
    "Adadelta": [{}, {"rho": 0.8, "epsilon": 1e-5}],
    "Adagrad": [{}, {"initial_accumulator_value": 0.01, "epsilon": 0.001}],
    "Adamax": [{}, {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 0.001}],
    "Nadam": [{}, {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 0.001}],
    "Lion": [{}, {"beta_1": 0.7, "beta_2": 0.8}],
    "Ftrl": [
        {},
        {"learning_rate_power": -0.3, "initial_accumulator_value": 0.5},
        {"l1_regularization_strength": 0.05, "l2_regularization_strength": 0.02, "beta": 0.1},
        {"l2_shrinkage_regularization_strength": 0.1},
    ],
}
COMMON: list[dict[str, Any]] = [
    {"weight_decay": 0.1},
    {"clipnorm": 0.1},
    {"clipvalue": 0.02},
    {"global_clipnorm": 0.2},
    {"use_ema": True, "ema_momentum": 0.8},
    {"use_ema": True, "ema_momentum": 0.7, "ema_overwrite_frequency": 3},
    {"loss_scale_factor": 8.0},
    {"gradient_accumulation_steps": 2},
    {
        "gradient_accumulation_steps": 3,
        "use_ema": True,
        "ema_momentum": 0.6,
        "ema_overwrite_frequency": 2,
        "global_clipnorm": 0.2,
        "weight_decay": 0.05,
    },
]
SCHEDULES: list[tuple[str, dict[str, Any]]] = [
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5, "staircase": True}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 100}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 30, "end_learning_rate": 0.02, "power": 2.0}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 30, "power": 0.5, "cycle": True}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 10}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 10, "t_mul": 1.0, "m_mul": 0.8}),
    (
        "CosineDecayRestarts",
        {"initial_learning_rate": 0.1, "first_decay_steps": 7, "t_mul": 1.5, "m_mul": 0.9, "alpha": 0.1},
    ),
]
AT = [0, 1, 5, 9, 10, 11, 29, 30, 31, 37, 60, 99, 100, 150, 200, 1000]


def data() -> dict[str, Any]:
    """Return samples, labels and first weights, rounded so that they are short."""
    generator = np.random.default_rng(14)
    count = STEPS * BATCH - 2
    x = generator.standard_normal((count, 6)).round(2)
    y = (x[:, 0] + x[:, 1] > 0).astype(int) + (x[:, 2] > 0.5)
    weights = [(0.5 * generator.standard_normal(shape)).round(2) for shape in ((6, 5), (5,), (5, 3), (3,))]
    return {"x": x.tolist(), "y": y.tolist(), "weights": [weight.tolist() for weight in weights], "batch": BATCH}


def network(weights: list[Any], **held: Any) -> keras.Sequential:
    """Make the network; what is held is held in its first layer."""
    # tanh, as a ReLU may be on either side of its corner by a rounding.
    layers = [keras.layers.Dense(5, activation="tanh", **held), keras.layers.Dense(3, activation="softmax")]
    model = keras.Sequential([keras.Input((6,)), *layers])
    model.set_weights([np.array(weight) for weight in weights])
    return model


def run(given: dict[str, Any], kind: str, settings: dict[str, Any], **held: Any) -> dict[str, Any]:
    """Take twelve steps; the weights are those after ``fit`` has put averages in their place."""
    x, y = np.array(given["x"], np.float32), np.array(given["y"])
    rate = RATES.get(kind, 0.02)
    model = network(given["weights"], **held)
    optimizer = getattr(keras.optimizers, kind)(learning_rate=rate, **settings)
    model.compile(optimizer, "sparse_categorical_crossentropy", run_eagerly=True)
    losses = []
    for start in range(0, len(x), BATCH):
        model.reset_metrics()
        losses.append(float(model.train_on_batch(x[start : start + BATCH], y[start : start + BATCH])))
    optimizer.finalize_variable_values(model.trainable_variables)
    last = [np.round(weight.astype(float), 7).tolist() for weight in model.get_weights()]
    return {"class": kind, "settings": {"learning_rate": rate, **settings}, "losses": losses, "weights": last}


def held_runs(given: dict[str, Any]) -> list[dict[str, Any]]:
    """Twelve steps under each regularizer and constraint, with weights averaged and gradients accumulated, too."""
    cases: list[tuple[str, str, dict[str, Any]]] = [
        ("kernel_regularizer", "OrthogonalRegularizer", {"factor": 0.5}),
        ("kernel_regularizer", "OrthogonalRegularizer", {"factor": 0.5, "mode": "columns"}),
        ("kernel_regularizer", "L1", {"l1": 0.02}),
        ("kernel_regularizer", "L2", {"l2": 0.05}),
        ("kernel_regularizer", "L1L2", {"l1": 0.02, "l2": 0.05}),
        ("kernel_constraint", "MaxNorm", {"max_value": 0.8}),
        ("kernel_constraint", "MinMaxNorm", {"min_value": 0.9, "max_value": 1.1, "rate": 0.4}),
        ("kernel_constraint", "UnitNorm", {"axis": 1}),
        ("kernel_constraint", "NonNeg", {}),
    ]
    results = []
    for argument, name, config in cases:
        module = keras.regularizers if argument == "kernel_regularizer" else keras.constraints
        for kind, settings in (
            ("Adam", {}),
            ("SGD", {"global_clipnorm": 0.5, "gradient_accumulation_steps": 2, "use_ema": True, "ema_momentum": 0.5}),
        ):
            case = run(given, kind, settings, **{argument: getattr(module, name)(**config)})
            results.append({**case, "held": {argument: {"class_name": name, "config": config}}})
    return results


def excluded(given: dict[str, Any]) -> list[dict[str, Any]]:
    """Twelve steps of AdamW that leave some weights undecayed."""
    x, y = np.array(given["x"], np.float32), np.array(given["y"])
    results = []
    for names, layer in ((["bias"], None), ([], 1), (["ker"], 0)):
        model = network(given["weights"])
        optimizer = keras.optimizers.AdamW(0.02, weight_decay=0.5)
        variables = [] if layer is None else [model.layers[layer].kernel]
        optimizer.exclude_from_weight_decay(var_list=variables, var_names=names)
        model.compile(optimizer, "sparse_categorical_crossentropy", run_eagerly=True)
        for start in range(0, len(x), BATCH):
            model.train_on_batch(x[start : start + BATCH], y[start : start + BATCH])
        last = [np.round(weight.astype(float), 7).tolist() for weight in model.get_weights()]
        results.append({"names": names, "kernel_of": layer, "weights": last})
    return results


def averaged_fit(given: dict[str, Any]) -> list[dict[str, Any]]:
    """Two epochs of ``fit`` with averages, and what is left after them, with and without SwapEMAWeights."""
    x, y = np.array(given["x"], np.float32), np.array(given["y"])
    results = []
    for swap in (None, False, True):
        model = network(given["weights"])
        model.compile(keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.8), "sparse_categorical_crossentropy")
        seen: list[float] = []
        callbacks = [] if swap is None else [keras.callbacks.SwapEMAWeights(swap_on_epoch=swap)]
        watch = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs, m=model, s=seen: s.append(float(m.get_weights()[0][0, 0]))
        )
        history = model.fit(
            x,
            y,
            batch_size=BATCH,
            epochs=2,
            shuffle=False,
            verbose=0,
            validation_data=(x, y),
            callbacks=[*callbacks, watch],
        ).history
        results.append(
            {
                "swap_on_epoch": swap,
                "history": history,
                "first_weight": seen,
                "first_bias": model.get_weights()[1].tolist(),
            }
        )
    return results


def main() -> None:
    """Write the file."""
    given = data()
    runs = [run(given, kind, settings) for kind, every in OWN.items() for settings in every]
    runs += [run(given, kind, common) for kind in OWN for common in COMMON]
    rates = [
        {"class": name, "settings": settings, "steps": AT, "rates": [float(schedule(step)) for step in AT]}
        for name, settings in SCHEDULES
        for schedule in [getattr(keras.optimizers.schedules, name)(**settings)]
    ]
    made = {
        "given": given,
        "runs": runs,
        "held": held_runs(given),
        "excluded": excluded(given),
        "averaged_fit": averaged_fit(given),
        "defaults": {kind: getattr(keras.optimizers, kind)().get_config() for kind in OWN},
        "schedules": rates,
    }
    FILE.write_text(json.dumps(made, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()

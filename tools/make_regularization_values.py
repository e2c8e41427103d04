"""Train, with Keras, under regularizers and constraints: ``python tools/make_regularization_values.py``.

As `make_peer_values`, whose environment it needs; writes ``tests/values/regularization.npz``: twelve steps of a small
network under each regularizer, constraint and optimizer, and three runs of ``fit`` as people would write them.
"""

from __future__ import annotations

import keras
import numpy as np
from make_peer_values import BATCH, RULES, STEPS
from peer_values import UNIT, Array, Description, Draw, Recorder, layer

INPUT = (5, 4, 2)
REGULARIZERS: dict[str, Description | str | None] = {
    "nothing": None,
    "l1": layer("L1", l1=0.02),
    "l2": "l2",
    "l1 and l2": layer("L1L2", l1=0.01, l2=0.03),
}
# Norms along these axes: of the first convolution, of the transposed one, of Dense; biases have one axis.
UNITS = ([0, 1, 2], [0, 1, 3], 0)
CONSTRAINTS: dict[str, tuple[str | None, Description, tuple[object, object, object]]] = {
    "free": (None, {}, UNITS),
    "max norm": ("MaxNorm", {"max_value": 0.7}, UNITS),
    "unit norm": ("UnitNorm", {}, UNITS),
    "not negative": ("NonNeg", {}, UNITS),
    "norm between, halfway": ("MinMaxNorm", {"min_value": 0.4, "max_value": 0.6, "rate": 0.5}, UNITS),
    "max norm along odd axes": ("MaxNorm", {"max_value": 0.3}, ([0, 2], [1, -1], 1)),
    "max norm along the first axis": ("MaxNorm", {"max_value": 0.3}, (0, 0, None)),
}
OPTIMIZERS = ("SGD with momentum", "Adam", "RMSprop")
CLIPPED = ("SGD clipped by value", "SGD clipped by norm", "SGD clipped by the norm of all", "AdamW")


def regulated(regularizer: Description | str | None, constraint: str) -> list[Description]:
    """Describe the network, every weight of which is held in the same way."""
    kind, config, axes = CONSTRAINTS[constraint]

    def held(axis: object, *weights: str) -> Description:
        settings: Description = {}
        for weight in weights:
            along = axis if weight == "kernel" else 0
            own = config if kind in (None, "NonNeg") else {**config, "axis": along}
            settings[f"{weight}_constraint"] = None if kind is None else layer(kind, **own)
            settings[f"{weight}_regularizer"] = regularizer
        return {name: value for name, value in settings.items() if value is not None}

    return [
        layer("Conv2D", filters=3, kernel_size=2, use_bias=False, **held(axes[0], "kernel")),
        layer("BatchNormalization", momentum=0.9, **held(0, "gamma", "beta")),
        layer("ReLU"),
        layer("Conv2DTranspose", filters=2, kernel_size=2, activation="tanh", **held(axes[1], "kernel", "bias")),
        layer("Flatten"),
        layer("Dense", units=3, activation="softmax", **held(axes[2], "kernel", "bias")),
    ]


def keras_model(layers: list[Description], weights: list[Array]) -> keras.Sequential:
    """Make the network from those weights."""
    made = [getattr(keras.layers, each["class_name"])(**each["config"]) for each in layers]
    model = keras.Sequential([keras.Input(INPUT), *made])
    model.set_weights(weights)
    return model


def drawn_weights(draw: Draw) -> list[Array]:
    """Return first weights: those of a network that nothing holds."""
    model = keras.Sequential(
        [keras.Input(INPUT), *(getattr(keras.layers, d["class_name"])(**d["config"]) for d in regulated(None, "free"))]
    )
    positive = ("gamma", "moving_variance")
    return [draw.positive(v.shape) if v.name in positive else draw.normal(v.shape, 0.5) for v in model.weights]


def twelve_steps(recorder: Recorder, names: tuple[str, str, str], x: Array, y: Array, weights: list[Array]) -> None:
    """Record the loss and the penalty of each of twelve steps, and the weights after them."""
    regularizer, constraint, optimizer_name = names
    layers = regulated(REGULARIZERS[regularizer], constraint)
    kind, options, rule = RULES[optimizer_name]
    rate = 0.05 if kind == "SGD" else 0.01
    model = keras_model(layers, weights)
    optimizer = getattr(keras.optimizers, kind)(learning_rate=rate, **options)
    model.compile(optimizer, "sparse_categorical_crossentropy", run_eagerly=True)
    losses, penalties = [], []
    labels = np.rint(y * UNIT).astype(np.int32)
    for start in range(0, len(x), BATCH):
        model.reset_metrics()
        batch = slice(start, start + BATCH)
        penalties.append(sum(float(loss) for loss in model.losses))
        losses.append(float(model.train_on_batch(x[batch].astype(np.float32), labels[batch])))
    case = {"name": ", ".join(names), "layers": layers, "input_shape": list(INPUT), "rule": rule, "batch_size": BATCH}
    given = {"x": x, "y": y, **{f"weight {i}": weight for i, weight in enumerate(weights)}}
    found = {"losses": np.array(losses), "penalties": np.array(penalties)}
    found |= {f"weight {i}": weight for i, weight in enumerate(model.get_weights())}
    recorder.add({**case, "learning_rates": [rate] * STEPS}, given, found)


def fits(recorder: Recorder, x: Array, y: Array, weights: list[Array]) -> None:
    """Record two epochs of ``fit`` with a validation set, and ``evaluate`` and ``model.losses`` after them."""
    layers = regulated(REGULARIZERS["l1 and l2"], "max norm")
    draw = Draw("sample weights")
    for name in ("plain", "with sample weights", "with a frozen layer"):
        model = keras_model(layers, weights)
        model.layers[-1].trainable = name != "with a frozen layer"
        model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
        sample_weight = draw.positive((len(x),)) if name == "with sample weights" else np.ones(len(x))
        labels, images = np.rint(y * UNIT).astype(np.int32), x.astype(np.float32)
        options = {"sample_weight": sample_weight.astype(np.float32), "verbose": 0, "batch_size": BATCH}
        history = model.fit(images, labels, epochs=2, shuffle=False, validation_split=0.2, **options).history
        found = {key: np.array(history[key]) for key in ("loss", "val_loss")}
        found["evaluate"] = np.array([model.evaluate(images, labels, **options)])
        found["test_on_batch"] = np.array([model.test_on_batch(images[:5], labels[:5])])
        found["penalties"] = np.array([float(loss) for loss in model.losses])
        case = {"name": name, "layers": layers, "input_shape": list(INPUT), "batch_size": BATCH}
        given = {"x": x, "y": y, "sample_weight": sample_weight}
        given |= {f"weight {i}": weight for i, weight in enumerate(weights)}
        recorder.add({**case, "frozen": [5] if name == "with a frozen layer" else []}, given, found)


def main() -> None:
    """Write both files."""
    draw = Draw("regularization")
    count = STEPS * BATCH - 2
    x, y = draw.normal((count, *INPUT)), draw.classes((count,), 3)
    weights = drawn_weights(draw)
    recorder = Recorder()
    for regularizer in REGULARIZERS:
        for constraint in CONSTRAINTS:
            for optimizer in OPTIMIZERS if (regularizer, constraint) != ("nothing", "free") else ():
                twelve_steps(recorder, (regularizer, constraint, optimizer), x, y, weights)
    for optimizer in CLIPPED:
        twelve_steps(recorder, ("l1 and l2", "max norm", optimizer), x, y, weights)
    recorder.write("regularization")
    recorder = Recorder()
    fits(recorder, x, y, weights)
    recorder.write("regularized_fit")


if __name__ == "__main__":
    main()

"""Write files of whole models with Keras, and read ours: the two halves of ``tests/peers/test_keras_files.py``.

Run in an environment that has Keras 3 and TensorFlow:

``python tools/keras_files.py write FOLDER``
    Every layer, the networks of ``tests/models/functional_networks.py``, and those of keras.applications with random
    weights: ``NAME.keras``, ``NAME.h5`` (Keras 2's form) and, in ``NAME.npz``, some inputs and what Keras predicts of
    them. ``layers``, ``graphs`` and ``applications`` write one kind.
``python tools/keras_files.py check FOLDER``
    Loads ``ours_NAME.keras`` and ``ours_NAME.h5``, trains those that are compiled for one step, and writes the largest
    differences to ``differences.json``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import layers  # noqa: E402
from tests.models.functional_networks import NETWORKS  # noqa: E402

Shapes = tuple[tuple[int, ...], ...]


def layer_cases() -> dict[str, tuple[keras.Layer, Shapes]]:
    """Each layer with settings that are not the defaults, and the shapes of its inputs."""
    image = (7, 6, 4)
    single = weighted() | sized() | valued() | random() | activations()
    found: dict[str, tuple[keras.Layer, Shapes]] = {name: (layer, (image,)) for name, layer in single.items()}
    found["RepeatVector"] = layers.RepeatVector(3), ((5,),)
    found["Conv2D large"] = layers.Conv2D(2, 5, 3, "same"), ((9, 9, 6),)
    for kind in (layers.Add, layers.Subtract, layers.Multiply, layers.Average, layers.Maximum, layers.Minimum):
        found[kind.__name__] = kind(), (image, image)
    found["Concatenate"] = layers.Concatenate(axis=2), (image, image)
    return found


def weighted() -> dict[str, keras.Layer]:
    """Convolutions and dense layers."""
    return {
        "Conv2D": layers.Conv2D(
            6,
            (3, 2),
            (2, 1),
            "same",
            groups=2,
            activation="gelu",
            kernel_regularizer=keras.regularizers.L1L2(0.01, 0.02),
            kernel_constraint=keras.constraints.MaxNorm(2, axis=[0, 1, 2]),
            kernel_initializer=keras.initializers.VarianceScaling(2.0, "fan_out", "uniform"),
        ),
        "Conv2D dilated": layers.Conv2D(3, 3, dilation_rate=2, use_bias=False, activation="leaky_relu"),
        "Conv2DTranspose": layers.Conv2DTranspose(3, 3, 2, "same", activation="tanh"),
        "Conv2DTranspose valid": layers.Conv2DTranspose(3, (2, 3), (1, 2)),
        "DepthwiseConv2D": layers.DepthwiseConv2D(3, 2, "same", 2, activation="relu6"),
        "SeparableConv2D": layers.SeparableConv2D(5, 3, padding="same", depth_multiplier=2, activation="silu"),
        "Dense": layers.Dense(5, "selu", kernel_constraint="unit_norm", bias_regularizer="l1"),
    }


def sized() -> dict[str, keras.Layer]:
    """Layers that change sizes and shapes."""
    return {
        "UpSampling2D": layers.UpSampling2D((2, 3)),
        "UpSampling2D bilinear": layers.UpSampling2D(2, interpolation="bilinear"),
        "MaxPooling2D": layers.MaxPooling2D((2, 3), 2, "same"),
        "AveragePooling2D": layers.AveragePooling2D(3, 2, "same"),
        "AveragePooling2D valid": layers.AveragePooling2D(2),
        "GlobalAveragePooling2D": layers.GlobalAveragePooling2D(keepdims=True),
        "GlobalMaxPooling2D": layers.GlobalMaxPooling2D(),
        "Flatten": layers.Flatten(),
        "Reshape": layers.Reshape((6, -1)),
        "ZeroPadding2D": layers.ZeroPadding2D(((1, 2), (0, 3))),
        "Cropping2D": layers.Cropping2D(((1, 2), (0, 3))),
        "CenterCrop": layers.CenterCrop(4, 3),
        "Resizing": layers.Resizing(11, 4),
        "Resizing nearest": layers.Resizing(4, 9, "nearest"),
        "Permute": layers.Permute((2, 3, 1)),
    }


def valued() -> dict[str, keras.Layer]:
    """Layers that compute value by value, or normalize."""
    return {
        "BatchNormalization": layers.BatchNormalization(momentum=0.9, epsilon=0.01, scale=False),
        "BatchNormalization frozen": layers.BatchNormalization(trainable=False),
        "ReLU": layers.ReLU(6.0, 0.1, 0.2),
        "LeakyReLU": layers.LeakyReLU(0.2),
        "ELU": layers.ELU(0.7),
        "Softmax": layers.Softmax(),
        "PReLU": layers.PReLU(shared_axes=[1, 2]),
        "Rescaling": layers.Rescaling(1 / 127.5, -1.0),
        "Normalization": layers.Normalization(),
        "LayerNormalization": layers.LayerNormalization(epsilon=0.01),
        "GroupNormalization": layers.GroupNormalization(2),
        "UnitNormalization": layers.UnitNormalization(),
    }


def random() -> dict[str, keras.Layer]:
    """Layers that draw random numbers in training."""
    return {
        "Dropout": layers.Dropout(0.3),
        "RandomFlip": layers.RandomFlip("horizontal"),
        "RandomTranslation": layers.RandomTranslation(0.1, 0.2, fill_mode="constant"),
        "RandomRotation": layers.RandomRotation(0.1, fill_mode="nearest"),
        "RandomErasing": layers.RandomErasing(value_range=(0, 1)),
        "RandomZoom": layers.RandomZoom(0.1, fill_mode="constant"),
        "RandomContrast": layers.RandomContrast(0.1),
        "RandomBrightness": layers.RandomBrightness(0.1),
        "RandomCrop": layers.RandomCrop(7, 6),
        "SpatialDropout2D": layers.SpatialDropout2D(0.1),
        "GaussianNoise": layers.GaussianNoise(0.1),
        "GaussianDropout": layers.GaussianDropout(0.1),
        "AlphaDropout": layers.AlphaDropout(0.1),
    }


def activations() -> dict[str, keras.Layer]:
    """Each activation as a layer."""
    names = "linear relu relu6 sigmoid tanh softmax elu selu gelu silu softplus softsign exponential hard_sigmoid"
    names += " hard_silu mish leaky_relu"
    return {f"Activation {name}": layers.Activation(name) for name in names.split()}


def of_layer(layer: keras.Layer, shapes: Shapes) -> keras.Model:
    inputs = [keras.Input(shape) for shape in shapes]
    if len(inputs) == 1:
        return keras.Sequential([inputs[0], layer])
    return keras.Model(inputs, layer(inputs))


# ---- graphs and known networks


OPTIMIZERS: tuple[Callable[[], keras.optimizers.Optimizer], ...] = (
    lambda: keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.5), amsgrad=True),
    lambda: keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True, clipnorm=1.0),
    lambda: keras.optimizers.RMSprop(0.001, momentum=0.5, centered=True),
    lambda: keras.optimizers.AdamW(0.001, weight_decay=0.01),
    lambda: keras.optimizers.Adam(0.002, use_ema=True, ema_momentum=0.9),
    lambda: keras.optimizers.Nadam(0.002),
    lambda: keras.optimizers.Adamax(0.002),
    lambda: keras.optimizers.Adagrad(0.01),
    lambda: keras.optimizers.Adadelta(0.5),
    lambda: keras.optimizers.Lion(0.0005),
)


def applications() -> dict[str, Callable[[], keras.Model]]:
    options = {"weights": None, "classes": 5}
    return {
        "MobileNetV2": lambda: keras.applications.MobileNetV2((96, 96, 3), alpha=0.35, **options),
        "MobileNet": lambda: keras.applications.MobileNet((96, 96, 3), alpha=0.25, **options),
        "ResNet50": lambda: keras.applications.ResNet50(input_shape=(64, 64, 3), **options),
        "EfficientNetB0": lambda: keras.applications.EfficientNetB0(input_shape=(64, 64, 3), **options),
        "DenseNet121": lambda: keras.applications.DenseNet121(input_shape=(64, 64, 3), **options),
    }


# ---- files


def filled(model: keras.Model, seed: int) -> keras.Model:
    """Give each weight values of its own: small, and those of variances not below 0."""
    draw = np.random.default_rng(seed)
    for weight in model.weights:
        if "seed" in weight.path or weight.dtype != "float32":
            continue
        fan = max(1, int(np.prod(weight.shape[:-1])))
        value = draw.normal(size=weight.shape) / np.sqrt(fan) if len(weight.shape) > 1 else draw.random(weight.shape)
        weight.assign(value.astype(np.float32) if len(weight.shape) > 1 else 0.5 + 0.5 * value.astype(np.float32))
    return model


def images(model: keras.Model, seed: int) -> list[np.ndarray]:
    draw = np.random.default_rng(seed)
    return [draw.random((2, *value.shape[1:])).astype(np.float32) for value in model.inputs]


def predictions(model: keras.Model, x: list[np.ndarray]) -> list[np.ndarray]:
    told = model.predict(x if len(x) > 1 else x[0], verbose=0)
    return [np.asarray(each) for each in (told if isinstance(told, list) else [told])]


def targets(model: keras.Model) -> list[np.ndarray]:
    draw = np.random.default_rng(3)
    return [draw.random((2, *value.shape[1:])).astype(np.float32) for value in model.outputs]


def trained(model: keras.Model, index: int) -> keras.Model:
    """Train a graph for two steps, so that its optimizer has a state."""
    outputs = len(model.outputs)
    accuracy: list[object] = ["mae", keras.metrics.RootMeanSquaredError()]
    model.compile(
        OPTIMIZERS[index](),
        ["mse", keras.losses.Huber(0.5)] if outputs > 1 else "mse",
        metrics=[accuracy, ["mae"]] if outputs > 1 else accuracy,
        loss_weights=[1.0, 0.5] if outputs > 1 else None,
    )
    x, y = images(model, 5), targets(model)
    for _ in range(2):
        model.train_on_batch(x if len(x) > 1 else x[0], y if outputs > 1 else y[0])
    return model


def keep(model: keras.Model, folder: Path, name: str) -> None:
    model.save(folder / f"{name}.keras")
    try:
        model.save(folder / f"{name}.h5")
    except TypeError:  # Keras 3.15 cannot copy what RandomBrightness is made of, as this form needs it
        (folder / f"{name}.h5").unlink(missing_ok=True)
    again = model
    if name == "Normalization":  # takes its numbers when it is loaded
        again = keras.models.load_model(folder / f"{name}.keras", compile=False)
    x = images(again, 7)
    told = predictions(again, x)
    after = one_step(keras.models.load_model(folder / f"{name}.keras")) if model.compiled else []
    kinds = {"x": x, "y": told, "after": after}
    arrays: dict[str, Any] = {f"{kind}_{n}": each for kind, found in kinds.items() for n, each in enumerate(found)}
    np.savez(folder / f"{name}.npz", **arrays)


def one_step(model: keras.Model) -> list[np.ndarray]:
    """Return what a model predicts that has been trained for one step more."""
    x, y = images(model, 11), targets(model)
    model.train_on_batch(x if len(x) > 1 else x[0], y if len(y) > 1 else y[0])
    return predictions(model, images(model, 7))


def write(folder: Path) -> None:
    write_layers(folder)
    write_graphs(folder)
    write_applications(folder)


def write_layers(folder: Path) -> None:
    for number, (name, (layer, shapes)) in enumerate(layer_cases().items()):
        if not (folder / f"{name}.npz").exists():
            keep(filled(of_layer(layer, shapes), number), folder, name)


def write_graphs(folder: Path) -> None:
    for number, (name, make) in enumerate(NETWORKS.items()):
        keras.utils.set_random_seed(number)
        keep(trained(make(keras), number % len(OPTIMIZERS)), folder, name)


def write_applications(folder: Path) -> None:
    for number, (name, build) in enumerate(applications().items()):
        keras.utils.set_random_seed(number)
        keep(build(), folder, name)


def check(folder: Path) -> None:
    found: dict[str, dict[str, Any]] = {}
    for path in sorted([*folder.glob("ours_*.keras"), *folder.glob("ours_*.h5")]):
        name = path.stem.removeprefix("ours_")
        with np.load(folder / f"{name}.npz") as kept:
            inputs = [kept[key] for key in kept.files if key.startswith("x_")]
            expected = [kept[key] for key in kept.files if key.startswith("y_")]
            after = [kept[key] for key in kept.files if key.startswith("after_")]
        try:
            model = keras.models.load_model(path)
            told = predictions(model, inputs)
            worst = max(float(np.abs(one - other).max()) for one, other in zip(told, expected, strict=True))
            found[path.name] = {"predictions": worst}
            if after and path.suffix == ".keras":  # of an .h5 file Keras begins with a new state
                pairs = zip(one_step(model), after, strict=True)
                found[path.name]["step"] = max(float(np.abs(one - other).max()) for one, other in pairs)
        except Exception as error:
            found[path.name] = {"error": f"{type(error).__name__}: {error}"[:2000]}
    (folder / "differences.json").write_text(json.dumps(found, indent=1))


def main() -> None:
    command, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(exist_ok=True, parents=True)
    kinds = {"layers": write_layers, "graphs": write_graphs, "applications": write_applications}
    ({"write": write, "check": check} | kinds)[command](folder)


if __name__ == "__main__":
    main()

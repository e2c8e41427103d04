"""Write files of whole models with Keras, and read ours: the two halves of ``tests/peers/test_keras_files.py``.

Run in an environment that has Keras 3 and TensorFlow:

``python tools/keras_files.py write FOLDER``
    Every layer, ten graphs, and networks of keras.applications with random weights: ``NAME.keras``, ``NAME.h5`` (Keras
    2's form) and, in ``NAME.npz``, some inputs and what Keras predicts of them.
``python tools/keras_files.py check FOLDER``
    Loads ``ours_NAME.keras`` and ``ours_NAME.h5``, trains those that are compiled for one step, and writes the largest
    differences to ``differences.json``.
``python tools/keras_files.py commit FOLDER``
    The small files in ``tests/interchange/keras``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

CLASSES = 3


def layer_cases() -> dict[str, tuple[keras.Layer, tuple[tuple[int, ...], ...]]]:
    """Each layer with settings that are not the defaults, and the shapes of its inputs."""
    image, many = (7, 6, 4), (9, 9, 6)
    pair = (image, image)
    single = {
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
        "UpSampling2D": layers.UpSampling2D((2, 3)),
        "UpSampling2D bilinear": layers.UpSampling2D(2, interpolation="bilinear"),
        "MaxPooling2D": layers.MaxPooling2D((2, 3), 2, "same"),
        "AveragePooling2D": layers.AveragePooling2D(3, 2, "same"),
        "AveragePooling2D valid": layers.AveragePooling2D(2),
        "GlobalAveragePooling2D": layers.GlobalAveragePooling2D(keepdims=True),
        "GlobalMaxPooling2D": layers.GlobalMaxPooling2D(),
        "Flatten": layers.Flatten(),
        "Reshape": layers.Reshape((6, -1)),
        "Dense": layers.Dense(5, "selu", kernel_constraint="unit_norm", bias_regularizer="l1"),
        "Dropout": layers.Dropout(0.3),
        "BatchNormalization": layers.BatchNormalization(momentum=0.9, epsilon=0.01, scale=False),
        "BatchNormalization frozen": layers.BatchNormalization(trainable=False),
        "ReLU": layers.ReLU(6.0, 0.1, 0.2),
        "LeakyReLU": layers.LeakyReLU(0.2),
        "ELU": layers.ELU(0.7),
        "Softmax": layers.Softmax(),
        "PReLU": layers.PReLU(shared_axes=[1, 2]),
        "ZeroPadding2D": layers.ZeroPadding2D(((1, 2), (0, 3))),
        "Cropping2D": layers.Cropping2D(((1, 2), (0, 3))),
        "Rescaling": layers.Rescaling(1 / 127.5, -1.0),
        "Normalization": layers.Normalization(),
        "RandomFlip": layers.RandomFlip("horizontal"),
        "RandomTranslation": layers.RandomTranslation(0.1, 0.2, fill_mode="constant"),
        "RandomRotation": layers.RandomRotation(0.1, fill_mode="nearest"),
        "RandomErasing": layers.RandomErasing(value_range=(0, 1)),
        "RandomZoom": layers.RandomZoom(0.1, fill_mode="constant"),
        "RandomContrast": layers.RandomContrast(0.1),
        "RandomBrightness": layers.RandomBrightness(0.1),
        "RandomCrop": layers.RandomCrop(7, 6),
        "CenterCrop": layers.CenterCrop(4, 3),
        "Resizing": layers.Resizing(11, 4),
        "Resizing nearest": layers.Resizing(4, 9, "nearest"),
        "SpatialDropout2D": layers.SpatialDropout2D(0.1),
        "GaussianNoise": layers.GaussianNoise(0.1),
        "GaussianDropout": layers.GaussianDropout(0.1),
        "AlphaDropout": layers.AlphaDropout(0.1),
        "LayerNormalization": layers.LayerNormalization(epsilon=0.01),
        "GroupNormalization": layers.GroupNormalization(2),
        "UnitNormalization": layers.UnitNormalization(),
        "Permute": layers.Permute((2, 3, 1)),
    }
    names = "linear relu relu6 sigmoid tanh softmax elu selu gelu silu softplus softsign exponential hard_sigmoid"
    for name in [*names.split(), "hard_silu", "mish", "leaky_relu"]:
        single[f"Activation {name}"] = layers.Activation(name)
    found: dict[str, tuple[keras.Layer, tuple[tuple[int, ...], ...]]]
    found = {name: (layer, (image,)) for name, layer in single.items()}
    found["RepeatVector"] = layers.RepeatVector(3), ((5,),)
    found["Conv2D large"] = layers.Conv2D(2, 5, 3, "same"), (many,)
    for kind in (layers.Add, layers.Subtract, layers.Multiply, layers.Average, layers.Maximum, layers.Minimum):
        found[kind.__name__] = kind(), pair
    found["Concatenate"] = layers.Concatenate(axis=2), pair
    return found


def of_layer(layer: keras.Layer, shapes: tuple[tuple[int, ...], ...]) -> keras.Model:
    inputs = [keras.Input(shape) for shape in shapes]
    if len(inputs) == 1:
        return keras.Sequential([inputs[0], layer])
    return keras.Model(inputs, layer(inputs))


# ---- ten graphs


def _head(inputs: object, x: object, name: str) -> keras.Model:
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(CLASSES, activation="softmax")(x), name=name)


def residual() -> keras.Model:
    inputs = keras.Input((12, 12, 3))
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(inputs)
    y = layers.Conv2D(8, 3, padding="same", use_bias=False)(x)
    y = layers.BatchNormalization()(y)
    return _head(inputs, layers.ReLU()(layers.Add()([x, y])), "residual")


def separable() -> keras.Model:
    inputs = keras.Input((12, 12, 3))
    x = layers.SeparableConv2D(8, 3, activation="relu")(inputs)
    x = layers.MaxPooling2D()(layers.SeparableConv2D(8, 3, padding="same")(x))
    return _head(inputs, x, "separable")


def branches() -> keras.Model:
    inputs = keras.Input((12, 12, 3))
    one = layers.Conv2D(4, 1, activation="relu")(inputs)
    three = layers.Conv2D(4, 3, padding="same")(one)
    pooled = layers.Conv2D(2, 1)(layers.MaxPooling2D(3, 1, padding="same")(inputs))
    return _head(inputs, layers.Concatenate()([one, three, pooled]), "branches")


def squeeze_excite() -> keras.Model:
    inputs = keras.Input((10, 10, 3))
    x = layers.Conv2D(8, 3, strides=2, padding="same", activation="swish")(inputs)
    s = layers.Reshape((1, 1, 8))(layers.GlobalAveragePooling2D()(x))
    s = layers.Conv2D(8, 1, activation="sigmoid")(layers.Conv2D(2, 1, activation="relu")(s))
    return _head(inputs, x * s, "squeeze_excite")


def two_inputs() -> keras.Model:
    image, numbers = keras.Input((8, 8, 1), name="image"), keras.Input((4,), name="numbers")
    x = layers.Flatten()(layers.Conv2D(3, 3, activation="relu")(image))
    x = layers.concatenate([x, layers.Dense(5, activation="relu")(numbers)])
    kind = layers.Dense(CLASSES, activation="softmax", name="kind")(x)
    return keras.Model([image, numbers], [kind, layers.Dense(1, name="size")(x)], name="two_inputs")


def shared() -> keras.Model:
    inputs = keras.Input((8, 8, 4))
    twice = layers.Conv2D(4, 3, padding="same", activation="relu")
    return _head(inputs, twice(twice(inputs)) - inputs / 2.0, "shared")


def nested() -> keras.Model:
    inner_input = keras.Input((8, 8, 3))
    inner = keras.Model(inner_input, layers.BatchNormalization()(layers.Conv2D(4, 3)(inner_input)), name="body")
    inner.trainable = False
    head = keras.Sequential([layers.Flatten(), layers.Dropout(0.0), layers.Dense(CLASSES)], name="head")
    return keras.Sequential([keras.Input((8, 8, 3)), inner, head, layers.Softmax()], name="nested")


def u_net() -> keras.Model:
    inputs = keras.Input((8, 8, 3))
    a = layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    b = layers.Conv2D(8, 3, padding="same", activation="relu")(layers.MaxPooling2D()(a))
    up = layers.Conv2DTranspose(4, 2, strides=2, padding="same")(b)
    x = layers.Concatenate()([a, up, layers.UpSampling2D()(b)])
    return keras.Model(inputs, layers.Conv2D(1, 1, activation="sigmoid")(x), name="u_net")


def dense_block() -> keras.Model:
    inputs = keras.Input((8, 8, 3))
    x = inputs
    for _ in range(3):
        y = layers.ReLU()(layers.BatchNormalization()(x))
        x = layers.Concatenate()([x, layers.Conv2D(2, 3, padding="same", use_bias=False)(y)])
    return _head(inputs, x, "dense_block")


def inverted_residual() -> keras.Model:
    inputs = keras.Input((9, 9, 4))
    x = layers.ReLU(6.0)(layers.BatchNormalization()(layers.Conv2D(8, 1, use_bias=False)(inputs)))
    x = layers.ZeroPadding2D(((0, 1), (0, 1)))(x)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(layers.DepthwiseConv2D(3, 2, use_bias=False)(x)))
    x = layers.BatchNormalization()(layers.Conv2D(4, 1, use_bias=False)(x))
    y = layers.DepthwiseConv2D(3, padding="same", activation="relu6")(x)
    return _head(inputs, layers.add([x, y]), "inverted_residual")


GRAPHS: tuple[Callable[[], keras.Model], ...] = (
    residual,
    separable,
    branches,
    squeeze_excite,
    two_inputs,
    shared,
    nested,
    u_net,
    dense_block,
    inverted_residual,
)
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
    for number, make in enumerate(GRAPHS):
        keras.utils.set_random_seed(number)
        keep(trained(make(), number), folder, make.__name__)


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
    commands = {"write": write, "check": check, "graphs": write_graphs, "applications": write_applications}
    commands[command](folder)


if __name__ == "__main__":
    main()

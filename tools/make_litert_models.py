"""Write LiteRT files with Keras and TensorFlow's converter, and what TensorFlow's interpreter makes of random images.

Run it where both are installed. ``python tools/make_litert_models.py`` writes the small files that the tests of
`convoscope.interchange.litert` have; ``python tools/make_litert_models.py --known FOLDER`` the networks that Keras has,
with random weights, for the comparison with peers.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

FOLDER = Path(__file__).parents[1] / "tests" / "interchange" / "files"
VALUES = "litert.npz"


def lesson() -> Any:
    """Return the lessons' network, with few maps."""
    return keras.Sequential(
        [
            layers.Input((14, 14, 1), name="image"),
            layers.Conv2D(3, 3, activation="relu", name="first"),
            layers.MaxPooling2D(),
            layers.Conv2D(4, 3, activation="relu", name="second"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(6, activation="relu", name="hidden"),
            layers.Dense(5, activation="softmax", name="classes"),
        ]
    )


def mobile() -> Any:
    """Return a network with an inverted residual block, and squeeze and excitation."""
    image = layers.Input((16, 16, 3), name="image")
    x = layers.Rescaling(1 / 127.5, -1)(image)
    x = layers.Conv2D(4, 3, strides=2, padding="same", use_bias=False)(x)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    y = layers.ReLU(6.0)(layers.BatchNormalization()(layers.Conv2D(8, 1, use_bias=False)(x)))
    y = layers.DepthwiseConv2D(3, use_bias=False)(layers.ZeroPadding2D(1)(y))
    y = layers.Activation("hard_swish")(layers.BatchNormalization()(y))
    gate = layers.Conv2D(2, 1, activation="relu")(layers.GlobalAveragePooling2D(keepdims=True)(y))
    y = layers.Multiply()([y, layers.Conv2D(8, 1, activation="hard_sigmoid")(gate)])
    x = layers.Add()([x, layers.BatchNormalization()(layers.Conv2D(4, 1, use_bias=False)(y))])
    x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(image, layers.Dense(3, activation="softmax")(x))


def mixed() -> Any:
    """Return a network with convolutions and poolings of most kinds, and two outputs."""
    image = layers.Input((10, 11, 4), name="image")
    wide = layers.Conv2D(4, 3, padding="same", dilation_rate=2)(image)
    grouped = layers.LeakyReLU(0.1)(layers.Conv2D(4, 3, padding="same", groups=2)(image))
    larger = layers.PReLU(shared_axes=[1, 2])(layers.Conv2DTranspose(3, 3, strides=2, padding="same")(image))
    joined = layers.Concatenate()([wide, grouped, layers.AveragePooling2D(2)(larger)])
    x = layers.ELU()(layers.BatchNormalization()(joined))
    y = layers.Cropping2D(1)(layers.UpSampling2D(2, interpolation="bilinear")(x))
    y = layers.Activation("gelu")(layers.AveragePooling2D(3, 2, padding="same")(y))
    z = layers.Activation("swish")(layers.MaxPooling2D(3, 2, padding="same")(layers.UpSampling2D(2)(x)))
    row = layers.Concatenate()([layers.GlobalMaxPooling2D()(z), layers.GlobalAveragePooling2D()(y)])
    return keras.Model(image, [layers.Dense(3)(row), layers.Dense(2, activation="sigmoid")(row)])


def rows() -> Any:
    """Return a network with dense layers along the last axis, axes in another order, and normalizations."""
    image = layers.Input((4, 5, 3), name="image")
    x = layers.Permute((2, 1, 3))(layers.Dense(6, activation="relu")(image))
    x = layers.LayerNormalization()(layers.Reshape((20, 6))(x))
    x = layers.Reshape((4, 5, 4))(layers.Dense(4)(x))
    x = layers.GroupNormalization(2)(layers.Conv2DTranspose(4, 3, strides=2)(x))
    x = layers.UnitNormalization()(layers.Flatten()(x))
    return keras.Model(image, layers.Dense(3)(x))


def two() -> Any:
    """Return a network with two inputs."""
    left, right = (layers.Input((8, 8, 3), name=name) for name in ("left", "right"))
    x = layers.Maximum()([layers.Subtract()([left, right]), left])
    x = layers.Conv2D(4, 3, dilation_rate=2)(layers.SeparableConv2D(4, 3, padding="same")(x))
    return keras.Model([left, right], layers.Flatten()(layers.Average()([x, layers.Activation("tanh")(x)])))


SMALL: dict[str, Callable[[], Any]] = {"lesson": lesson, "mobile": mobile, "mixed": mixed, "rows": rows, "two": two}
_A = keras.applications
KNOWN: dict[str, tuple[Any, int, dict[str, Any]]] = {
    "mobilenet": (_A.MobileNet, 96, {"alpha": 0.25}),
    "mobilenet_v2": (_A.MobileNetV2, 96, {"alpha": 0.35}),
    "mobilenet_v3": (_A.MobileNetV3Small, 96, {}),
    "efficientnet_b0": (_A.EfficientNetB0, 96, {}),
    "efficientnet_v2_b0": (_A.EfficientNetV2B0, 96, {}),
    "resnet50": (_A.ResNet50, 64, {}),
    "densenet121": (_A.DenseNet121, 64, {}),
    "inception_v3": (_A.InceptionV3, 96, {}),
    "nasnet_mobile": (_A.NASNetMobile, 224, {}),
    "convnext_tiny": (_A.ConvNeXtTiny, 64, {}),
    "xception": (_A.Xception, 96, {}),
}


def drawn(model: Any, seed: int = 1) -> Any:
    """Give a model weights as training might leave them."""
    generator = np.random.default_rng(seed)
    for weight in model.weights:
        name = weight.path.rsplit("/", 1)[-1]
        if name in ("gamma", "moving_variance"):
            weight.assign(generator.uniform(0.5, 1.5, weight.shape))
        elif name in ("bias", "beta", "moving_mean", "alpha"):
            weight.assign(generator.normal(0, 0.1, weight.shape))
        else:
            spread = 1.5 / np.sqrt(np.prod(weight.shape[:-1]) + 1)
            weight.assign(generator.normal(0, spread, weight.shape))
    return model


def images(shape: tuple[int, ...], count: int, seed: int = 2) -> Any:
    """Return random images, from 0 to 1."""
    return np.random.default_rng(seed).uniform(0, 1, (count, *shape)).astype(np.float32)


def converted(model: Any, kind: str, most: float) -> bytes:
    """Return the file of a model: of floats, halves, with quantized weights, or computed with bytes."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if kind != "float":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if kind == "half":
        converter.target_spec.supported_types = [tf.float16]
    if kind in ("bytes", "signed"):

        def examples() -> Iterator[list[Any]]:
            for number in range(50):
                yield [most * images(shape[1:], 1, number) for shape in [each.shape for each in model.inputs]]

        converter.representative_dataset = examples
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        inside = tf.uint8 if kind == "bytes" else tf.int8
        converter.inference_input_type = converter.inference_output_type = inside
    content: bytes = converter.convert()
    return content


def computed(content: bytes, most: float, count: int = 2) -> dict[str, Any]:
    """Return random inputs, and what TensorFlow's interpreter makes of them, as real numbers and as it has them."""
    interpreter = tf.lite.Interpreter(model_content=content, num_threads=1)
    arrays: dict[str, Any] = {}
    for number, told in enumerate(interpreter.get_input_details()):
        real = most * images(tuple(told["shape"][1:]), count, 10 + number)
        arrays[f"in{number}"] = given = real if told["dtype"] == np.float32 else _quantized(real, told)
        interpreter.resize_tensor_input(told["index"], given.shape)
    interpreter.allocate_tensors()
    for number, told in enumerate(interpreter.get_input_details()):
        interpreter.set_tensor(told["index"], arrays[f"in{number}"])
        if told["dtype"] == np.int8:
            arrays[f"in{number}"] = _real(arrays[f"in{number}"], told)
    interpreter.invoke()
    for number, told in enumerate(interpreter.get_output_details()):
        found = interpreter.get_tensor(told["index"])
        arrays[f"out{number}"] = found if found.dtype == np.float32 else _real(found, told)
    return arrays


def _quantized(real: Any, told: Any) -> Any:
    scale, zero = told["quantization"]
    limits = np.iinfo(told["dtype"])
    return np.clip(np.round(real / scale) + zero, limits.min, limits.max).astype(told["dtype"])


def _real(numbers: Any, told: Any) -> Any:
    scale, zero = told["quantization"]
    return ((numbers.astype(np.float64) - zero) * scale).astype(np.float32)


def write(folder: Path, files: dict[str, tuple[Any, str, float]], count: int) -> None:
    """Write files, and the values of all."""
    values: dict[str, Any] = {}
    for name, (model, kind, most) in files.items():
        content = converted(model, kind, most)
        (folder / f"{name}.tflite").write_bytes(content)
        values |= {f"{name}/{key}": array for key, array in computed(content, most, count).items()}
    np.savez_compressed(folder / VALUES, **values)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--known", type=Path)
    parser.add_argument("names", nargs="*", help="Of known networks; all if left out.")
    told = parser.parse_args()
    if told.known is None:
        made = {name: drawn(make()) for name, make in SMALL.items()}
        files = {name: (model, "float", 255.0 if name == "mobile" else 1.0) for name, model in made.items()}
        for kind in ("half", "bytes", "signed"):
            files[f"mobile_{kind}"] = (made["mobile"], kind, 255.0)
        write(FOLDER, files, 2)
        return
    files = {}
    for name in told.names or KNOWN:
        make, size, options = KNOWN[name]
        files[name] = (drawn(make(weights=None, input_shape=(size, size, 3), classes=20, **options)), "float", 1.0)
    for kind in ("half", "weights", "bytes", "signed"):
        if "mobilenet_v2" in files:
            files[f"mobilenet_v2_{kind}"] = (files["mobilenet_v2"][0], kind, 1.0)
    write(told.known, files, 1)


if __name__ == "__main__":
    main()

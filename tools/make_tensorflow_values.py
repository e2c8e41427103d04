"""Write what TensorFlow makes of small arrays and images: ``python tools/make_tensorflow_values.py``.

It needs TensorFlow.
`tests/keras/test_arrays.py` holds `convoscope.keras` to the values.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

TARGET = Path(__file__).resolve().parent.parent / "tests" / "keras" / "tensorflow_values.json"
IMAGE = np.random.default_rng(0).integers(0, 256, (7, 5, 3)).astype(np.uint8)
FLOATS = np.random.default_rng(1).normal(size=(3, 4)).astype(np.float32)

#: What is evaluated, by TensorFlow here and by Convoscope in the tests: `image`, `photo` (0 to 1) and `x` are given.
EXPRESSIONS = [
    "tf.image.resize(image, (4, 9))",
    "tf.image.resize(image[None], [14, 3])",
    "tf.image.resize(image, (4, 9), method='nearest')",
    "tf.image.flip_left_right(image)",
    "tf.image.flip_up_down(image)",
    "tf.image.rot90(image)",
    "tf.image.rot90(image, 3)",
    "tf.image.rgb_to_grayscale(photo)",
    "tf.image.rgb_to_grayscale(image)",
    "tf.image.grayscale_to_rgb(photo[:, :, :1])",
    "tf.image.adjust_brightness(photo, 0.2)",
    "tf.image.adjust_brightness(image, 0.2)",
    "tf.image.adjust_contrast(photo, 1.7)",
    "tf.image.adjust_contrast(image, 0.5)",
    "tf.image.adjust_saturation(photo, 2.0)",
    "tf.image.adjust_saturation(image, 0.5)",
    "tf.image.per_image_standardization(photo)",
    "tf.image.per_image_standardization(photo[None])",
    "tf.image.central_crop(image, 0.5)",
    "tf.image.central_crop(image, 0.875)",
    "tf.image.crop_to_bounding_box(image, 1, 2, 3, 2)",
    "tf.image.resize_with_crop_or_pad(image, 4, 8)",
    "tf.image.resize_with_crop_or_pad(image, 10, 2)",
    "tf.image.convert_image_dtype(image, tf.float32)",
    "tf.image.convert_image_dtype(photo, tf.uint8)",
    "tf.constant([1, 2, 3])",
    "tf.constant([1.5, 2])",
    "tf.constant(7, shape=(2, 2))",
    "tf.reduce_mean(x)",
    "tf.reduce_mean(x, axis=[0, 1], keepdims=True)",
    "tf.reduce_sum(x, axis=1)",
    "tf.reduce_max(x, axis=-1)",
    "tf.math.reduce_std(x, axis=0)",
    "tf.math.reduce_variance(x)",
    "tf.argmax(x)",
    "tf.argmax(x, axis=1)",
    "tf.math.top_k(x, 2)[0]",
    "tf.math.top_k(x, 2)[1]",
    "tf.sort(x, direction='DESCENDING')",
    "tf.argsort(x, axis=0, direction='DESCENDING')",
    "tf.one_hot([0, 2, 5], 3)",
    "tf.one_hot([0, 2], 3, on_value=5.0, off_value=-1.0, axis=0)",
    "tf.cast(x, tf.int32)",
    "tf.cast([True, False], tf.float32)",
    "tf.clip_by_value(x, -0.5, 0.5)",
    "tf.round([0.5, 1.5, -0.5, 2.4])",
    "tf.expand_dims(x, -1)",
    "tf.squeeze(x[None], axis=0)",
    "tf.transpose(x)",
    "tf.concat([x, x], axis=1)",
    "tf.stack([x, x], axis=-1)",
    "tf.split(x, 2, axis=1)[1]",
    "tf.split(x, [1, 3], axis=1)[1]",
    "tf.tile(x, [1, 2])",
    "tf.reverse(x, [1])",
    "tf.pad(x, [[1, 0], [0, 2]])",
    "tf.pad(x, [[1, 1], [1, 1]], 'REFLECT')",
    "tf.gather(x, [2, 0])",
    "tf.gather(x, [1, 1], axis=1)",
    "tf.where(x > 0)",
    "tf.where(x > 0, x, 0.0)",
    "tf.boolean_mask(x, x > 0)",
    "tf.reshape(x, (2, -1))",
    "tf.range(3)",
    "tf.range(2, 9, 3)",
    "tf.linspace(0.0, 1.0, 5)",
    "tf.eye(3)",
    "tf.matmul(x, x, transpose_b=True)",
    "tf.tensordot(x, tf.transpose(x), 1)",
    "tf.norm(x)",
    "tf.norm(x, axis=1)",
    "tf.math.l2_normalize(x, axis=1)",
    "tf.math.log(tf.abs(x) + 1)",
    "tf.math.exp(x)",
    "tf.math.pow(x, 2)",
    "tf.add_n([x, x, x])",
    "tf.nn.softmax(x)",
    "tf.nn.relu(x)",
    "tf.sigmoid(x)",
    "tf.math.cumsum(x, axis=1)",
    "tf.equal(x, x)",
    "tf.unstack(x)[1]",
    "tf.shape(x)",
    "tf.size(x)",
    "tf.rank(x)",
    "tf.clip_by_value(t=x, clip_value_min=-0.5, clip_value_max=0.5, name='c')",
    "tf.reduce_sum(input_tensor=x, axis=1, name='s')",
    "tf.reduce_max(x, 0, name='m')",
    "tf.expand_dims(input=x, axis=0)",
    "tf.transpose(a=x)",
    "tf.matmul(a=x, b=x, transpose_b=True)",
    "tf.abs(x=x, name='a')",
    "tf.cast(tf.greater(x=x, y=0.0), dtype=tf.int32)",
    "tf.one_hot([0, 2], depth=3, dtype=tf.int32)",
    "tf.nn.relu(features=x)",
    "tf.nn.softmax(logits=x, axis=0)",
    "tf.nn.leaky_relu(x, alpha=0.1)",
    "tf.math.confusion_matrix([0, 1, 2, 2], [0, 2, 2, 1])",
    "tf.math.confusion_matrix(labels=[0, 1], predictions=[1, 1], num_classes=4)",
    "tf.math.confusion_matrix([0, 1, 1], [0, 1, 1], weights=[2, 3, 4])",
    "tf.image.crop_to_bounding_box(image, offset_height=1, offset_width=2, target_height=3, target_width=2)",
]


def main() -> None:
    """Evaluate everything, and write it."""
    given: dict[str, Any] = {
        "tf": tf,
        "image": tf.constant(IMAGE),
        "photo": tf.constant((IMAGE / 255).astype(np.float32)),
        "x": tf.constant(FLOATS),
    }
    values = {}
    for expression in EXPRESSIONS:
        found = np.asarray(eval(expression, dict(given)))
        numbers = found.ravel().tolist()
        values[expression] = {"dtype": found.dtype.name, "shape": list(found.shape), "values": numbers}
    TARGET.parent.mkdir(exist_ok=True)
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in values.items()]
    arrays = {"image": IMAGE.tolist(), "x": FLOATS.tolist()}
    TARGET.write_text(
        "{\n" + json.dumps("given") + ": " + json.dumps(arrays) + ",\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()

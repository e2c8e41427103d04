"""Write ``tests/models/keras_configs.json``: models and layers as Keras describes them, and what the models predict.

Run in an environment that has Keras 3 (the committed file is from Keras 3.15.1 and TensorFlow 2.21.0):
``python tools/make_keras_configs.py``. With a file of descriptions that Convoscope wrote as the argument, Keras reads
these instead, and says what it made of them.
"""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

import keras
import numpy as np
from keras import layers

FILE = Path(__file__).parent.parent / "tests" / "models" / "keras_configs.json"


def every_layer() -> list[keras.Layer]:
    return [
        layers.Conv2D(4, 3, kernel_initializer="he_normal"),
        layers.Conv2DTranspose(4, 3),
        layers.DepthwiseConv2D(3),
        layers.SeparableConv2D(4, 3),
        layers.UpSampling2D(),
        layers.MaxPooling2D(),
        layers.AveragePooling2D(2),
        layers.GlobalAveragePooling2D(),
        layers.GlobalMaxPooling2D(),
        layers.Flatten(),
        layers.Reshape((4,)),
        layers.Dense(3, kernel_regularizer="l2", kernel_constraint="max_norm", activation="relu"),
        layers.Dropout(0.2),
        layers.BatchNormalization(),
        layers.Activation("relu"),
        layers.ReLU(6.0),
        layers.LeakyReLU(),
        layers.ELU(),
        layers.Softmax(),
        layers.PReLU(),
        layers.ZeroPadding2D(),
        layers.Cropping2D(),
        layers.Rescaling(1 / 255),
        layers.Normalization(),
        layers.RandomFlip(),
        layers.RandomTranslation(0.1, 0.1),
        layers.RandomRotation(0.1),
        layers.RandomErasing(),
        layers.RandomZoom(0.1),
        layers.RandomContrast(0.1),
        layers.RandomBrightness(0.1),
        layers.RandomCrop(2, 2),
        layers.CenterCrop(2, 2),
        layers.Resizing(4, 4),
        layers.Add(),
        layers.Subtract(),
        layers.Multiply(),
        layers.Average(),
        layers.Maximum(),
        layers.Minimum(),
        layers.Concatenate(),
        layers.SpatialDropout2D(0.1),
        layers.GaussianNoise(0.1),
        layers.GaussianDropout(0.1),
        layers.AlphaDropout(0.1),
        layers.LayerNormalization(),
        layers.GroupNormalization(1),
        layers.UnitNormalization(),
        layers.Permute((2, 1)),
        layers.RepeatVector(3),
    ]


def graph() -> keras.Model:
    """Branches, operators between symbols, a layer that is called twice, a model within, and two outputs."""
    inputs = keras.Input((6, 6, 1), name="image")
    x = layers.Conv2D(2, 3, padding="same")(inputs)
    twice = layers.Conv2D(2, 3, padding="same", activation="relu")
    y = twice(twice(x))
    z = layers.Add()([x, y])
    z = 1 - ((z + x) * 2 - 1) / 3.0
    z = z * y
    inner = keras.Sequential([keras.Input((6, 6, 2)), layers.Flatten(), layers.Dense(3)], name="inner")
    return keras.Model(inputs, [inner(z), layers.GlobalAveragePooling2D()(z)], name="graph")


def stack() -> keras.Model:
    return keras.Sequential(
        [keras.Input((4,)), layers.Dense(3, activation="tanh"), layers.Dropout(0.1), layers.Dense(2)], name="stack"
    )


def summaries() -> list[dict[str, object]]:
    """What Keras prints of a stack and of a graph with models in them, at some widths, with each option."""
    inner = keras.Sequential([keras.Input((6, 6, 2)), layers.Flatten(), layers.Dense(3)], name="inner")
    one = keras.Sequential([keras.Input((6, 6, 1)), layers.Conv2D(2, 3, padding="same"), inner, layers.Dense(2)])
    one.layers[0].trainable = False
    first, deep_input = keras.Input((6, 6, 1)), keras.Input((6, 6, 2))
    x = layers.Conv2D(2, 3, padding="same")(first)
    x = layers.Add()([x, layers.Conv2D(2, 3, padding="same")(x)])
    deep = keras.Model(deep_input, layers.Dense(2)(inner(deep_input)), name="deep")
    found: list[dict[str, object]] = []
    for index, model in enumerate((one, keras.Model(first, deep(x)))):
        for width in (50, 65, 88, 120):
            for options in ({"show_trainable": True}, {"expand_nested": True, "show_trainable": True}):
                texts: list[str] = []
                model.summary(line_length=width, print_fn=texts.append, **options)
                found.append({"model": index, "width": width, "options": options, "text": texts[0]})
    return found


def subclassed() -> dict[str, object]:
    """A model of a class of its own: where its weights are, in which order, in which file; what it predicts."""
    program = runpy.run_path(str(FILE.parent / "subclassed_networks.py"))
    model = program["network_of"](keras)()
    x = pattern((2, 6, 6, 1))
    model(x)
    filled(model)
    path = FILE.parent / "keras_weights" / "subclassed.weights.h5"
    model.save_weights(path)
    return {
        "name": model.name,
        "layers": [layer.name for layer in model.layers],
        "weights": [list(w.shape) for w in model.weights],
        "trainable": [list(w.shape) for w in model.trainable_weights],
        "params": [layer.count_params() for layer in model.layers],
        "predictions": model.predict(x, verbose=0).tolist(),
        "training": np.asarray(model.blocks[0](x, training=True)).tolist(),
    }


def filled(model: keras.Model) -> keras.Model:
    """Give the model weights that can be told from their shapes, and inputs likewise."""
    model.set_weights([pattern(w.shape) for w in model.get_weights()])
    return model


def pattern(shape: tuple[int, ...]) -> np.ndarray:
    return ((np.arange(np.prod(shape)).reshape(shape) % 7 - 2) / 8).astype(np.float32)


def main() -> None:
    if len(sys.argv) > 1:
        for text in json.loads(Path(sys.argv[1]).read_text()):
            model = filled(keras.models.model_from_json(text))
            told = model.predict(pattern((2, *model.input_shape[1:])), verbose=0)
            print(model.name, [layer.name for layer in model.layers], told)
        return
    models = {}
    for make in (graph, stack):
        model = filled(make())
        told = model.predict(pattern((2, *model.input_shape[1:])), verbose=0)
        outputs = [each.tolist() for each in (told if isinstance(told, list) else [told])]
        models[make.__name__] = {"json": model.to_json(), "predictions": outputs}
    described = [keras.saving.serialize_keras_object(layer) for layer in every_layer()]
    keras.backend.clear_session()
    program = runpy.run_path(str(FILE.parent.parent / "layers" / "naming_program.py"))
    kept: dict[str, object] = {"layers": described, "models": models, "names": program["names"](keras)}
    keras.backend.clear_session()
    kept["summaries"] = summaries()
    keras.backend.clear_session()
    kept["subclassed"] = subclassed()
    FILE.write_text(json.dumps(kept, separators=(",", ":"), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()

"""The lessons' own code runs, with nothing changed but the import."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import numpy as np
import pytest


def run(code: str) -> str:
    """Run a program as a user would, in a process of its own, warnings being errors; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_convolutional_lesson_runs_when_tensorflow_becomes_convoscope() -> None:
    out = run(
        """
        import convoscope as tf

        mnist = tf.keras.datasets.digits
        (training_images, training_labels), (test_images, test_labels) = mnist.load_data()
        training_images = training_images.reshape(-1, 8, 8, 1)
        training_images = training_images / 16.0
        test_images = test_images.reshape(-1, 8, 8, 1)
        test_images = test_images / 16.0

        class myCallback(tf.keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs={}):
                if logs.get('accuracy') > 0.9:
                    print("Reached 90% accuracy so cancelling training!")
                    self.model.stop_training = True

        model = tf.keras.models.Sequential([
            tf.keras.layers.Conv2D(64, (3, 3), activation='relu', input_shape=(8, 8, 1)),
            tf.keras.layers.MaxPooling2D(2, 2),
            tf.keras.layers.Flatten(),
            tf.keras.layers.Dense(128, activation=tf.nn.relu),
            tf.keras.layers.Dense(10, activation=tf.nn.softmax)
        ])
        model.compile(optimizer='adam', loss='sparse_categorical_crossentropy', metrics=['accuracy'])
        model.summary()
        model.fit(training_images, training_labels, epochs=50, callbacks=[myCallback()])
        test_loss, test_acc = model.evaluate(test_images, test_labels)
        print("accuracy", test_acc)

        layer_outputs = [layer.output for layer in model.layers]
        activation_model = tf.keras.models.Model(inputs=model.input, outputs=layer_outputs)
        maps = activation_model.predict(test_images[0].reshape(1, 8, 8, 1))[0]
        print("maps", maps.shape)
        """
    )
    assert "Reached 90% accuracy so cancelling training!" in out
    assert "maps (1, 6, 6, 64)" in out
    assert float(out.split("accuracy ")[-1].split()[0]) > 0.85


def test_the_perceptron_lesson_runs_when_only_the_import_changes() -> None:
    out = run(
        """
        from convoscope.keras.datasets import digits
        from convoscope.keras.models import Sequential
        from convoscope.keras.layers import Conv2D, MaxPooling2D, Dense, Dropout, Flatten
        from convoscope.keras.utils import to_categorical

        (X_train, y_train), (X_test, y_test) = digits.load_data()
        img_width, img_height = X_train.shape[1], X_train.shape[2]
        X_train = X_train.astype('float32') / 16.
        X_test = X_test.astype('float32') / 16.
        X_train = X_train.reshape(X_train.shape[0], img_width, img_height, 1)
        X_test = X_test.reshape(X_test.shape[0], img_width, img_height, 1)
        y_train, y_test = to_categorical(y_train), to_categorical(y_test)
        num_classes = y_train.shape[1]

        model = Sequential()
        model.add(Conv2D(32, (3, 3), input_shape=(img_width, img_height, 1), activation='relu'))
        model.add(MaxPooling2D(pool_size=(2, 2)))
        model.add(Dropout(0.4))
        model.add(Flatten())
        model.add(Dense(128, activation='relu'))
        model.add(Dropout(0.4))
        model.add(Dense(num_classes, activation='softmax'))
        model.compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])
        history = model.fit(X_train, y_train, validation_data=(X_test, y_test), epochs=12, verbose=2)
        print(sorted(history.history))
        print("last", history.history["val_accuracy"][-1])
        """
    )
    assert "['accuracy', 'loss', 'val_accuracy', 'val_loss']" in out
    assert float(out.split("last ")[-1]) > 0.93


def test_importing_loads_neither_pillow_nor_rich_nor_the_engines() -> None:
    out = run(
        """
        import sys
        import convoscope
        print([name for name in ("PIL", "rich", "safetensors", "numpy", "convoscope._native") if name in sys.modules])
        """
    )
    assert out.strip() == "[]"


def test_the_native_core_is_built_here() -> None:
    import convoscope as cs
    from convoscope.engine import available, current

    found = available()
    assert (found["native"], found["reference"]) == ("ok", "ok")
    assert current().name == "native"
    assert cs.__version__ == "0.1.0"


def test_bytes_can_be_fed_as_they_are_with_a_rescaling_layer() -> None:
    import convoscope as cs

    (x, y), (x_test, y_test) = cs.datasets.digits.load_data()
    assert x.dtype == np.uint8
    cs.utils.set_random_seed(1)
    model = cs.Sequential(
        [
            cs.Input(shape=(8, 8, 1)),
            cs.layers.Rescaling(1 / 16),
            cs.layers.Conv2D(16, 3, activation="relu"),
            cs.layers.Flatten(),
            cs.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x[..., None], y, epochs=10, verbose=0)
    scaled = model.predict(x_test[..., None].astype(np.float32), verbose=0)
    np.testing.assert_array_equal(model.predict(x_test[..., None], verbose=0), scaled)
    assert np.mean(scaled.argmax(1) == y_test) > 0.9


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_gives_the_same_model_bit_for_bit(seed: int) -> None:
    import convoscope as cs

    (x, y), _ = cs.datasets.digits.load_data()

    def train() -> list[np.ndarray]:
        cs.utils.set_random_seed(seed)
        model = cs.models.build_preset("cnn-1", (8, 8, 1), 10, dropout=0.3)
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x[:200, ..., None] / 16, y[:200], epochs=2, verbose=0)
        return model.get_weights()

    for first, second in zip(train(), train(), strict=True):
        np.testing.assert_array_equal(first, second)

"""Models that make images of images: targets shaped as the outputs, losses over every pixel."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from convoscope.engine.base import Engine
from convoscope.errors import DataError, ShapeError
from convoscope.layers import Conv2D, Conv2DTranspose, Input, MaxPooling2D, UpSampling2D
from convoscope.models import Sequential

Images = npt.NDArray[np.float32]


def images(count: int = 30, size: int = 8) -> Images:
    """Return images with a bright block somewhere, values from 0 to 1."""
    generator = np.random.default_rng(1)
    drawn = generator.uniform(0, 0.2, (count, size, size, 1))
    for image, (top, left) in zip(drawn, generator.integers(0, size - 3, (count, 2)), strict=True):
        image[top : top + 4, left : left + 4] += 0.7
    return drawn.astype(np.float32)


def autoencoder(loss: str, last: str = "sigmoid") -> Sequential:
    model = Sequential(
        [
            Input((8, 8, 1)),
            Conv2D(8, 3, padding="same", activation="relu"),
            MaxPooling2D(),
            Conv2DTranspose(8, 3, strides=2, padding="same", activation="relu"),
            MaxPooling2D(),
            UpSampling2D(2),
            Conv2D(1, 3, padding="same", activation=last),
        ],
        seed=2,
    )
    model.compile("adam", loss, metrics=["mse"])
    return model


def crossentropy(y: Images, p: Images) -> float:
    wanted, given = y.astype(float), p.astype(float)
    return float(-(wanted * np.log(given) + (1 - wanted) * np.log(1 - given)).mean())


@pytest.mark.parametrize(("loss", "last"), [("binary_crossentropy", "sigmoid"), ("mse", "linear"), ("mse", "sigmoid")])
def test_fit_evaluate_and_predict_take_images_for_labels(engine: Engine, loss: str, last: str) -> None:
    x = images()
    model = autoencoder(loss, last)
    before = model.evaluate(x, x, verbose=0)[0]
    history = model.fit(x, x, batch_size=8, epochs=8, validation_split=0.2, verbose=0).history
    assert set(history) == {"loss", "mse", "val_loss", "val_mse"}
    made = model.predict(x, verbose=0)
    assert made.shape == x.shape
    found = model.evaluate(x, x, verbose=0, return_dict=True)
    # Both from the definition, in double precision.
    squares = float(np.square(made.astype(float) - x).mean())
    assert found["mse"] == pytest.approx(squares, rel=1e-5)
    assert found["loss"] == pytest.approx(squares if loss == "mse" else crossentropy(x, made), rel=1e-5)
    assert found["loss"] < before


def test_a_channel_axis_that_is_missing_from_the_targets_is_seen(engine: Engine) -> None:
    x = images()
    model, other = autoencoder("mse"), autoencoder("mse")
    model.fit(x, x, epochs=1, verbose=0)
    other.fit(x, x[..., 0], epochs=1, verbose=0)
    for one, same in zip(model.weights, other.weights, strict=True):
        np.testing.assert_array_equal(one, same)


def test_the_loss_of_images_stays_finite_where_the_sigmoid_is_0_or_1(engine: Engine) -> None:
    x = np.round(images())
    model = autoencoder("binary_crossentropy")
    model.layers[-1].set_weights([np.zeros((3, 3, 8, 1)), [200.0]])  # every logit is 200: float32's sigmoid is 1
    assert model.predict(x, verbose=0).min() == 1.0
    loss = model.evaluate(x, x, verbose=0)[0]
    assert loss == pytest.approx(200 * (1 - x.mean()), rel=1e-5)  # what each dark pixel costs is its logit
    history = model.fit(x, x, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert all(np.isfinite(weight).all() for weight in model.weights)


@pytest.mark.parametrize(
    ("targets", "error", "words"),
    [
        (images(30, 6), ShapeError, r"images shaped as the model's outputs, 8×8×1, but those of y are 6×6×1"),
        (np.repeat(images(), 3, axis=3), ShapeError, r"8×8×1, but those of y are 8×8×3"),
        (images() * 255, DataError, r"from 0 to 1, but y\[0\] contains .* y / 255"),
    ],
)
def test_images_that_do_not_fit_are_refused_in_words(targets: Images, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        autoencoder("binary_crossentropy").fit(images(), targets, verbose=0)

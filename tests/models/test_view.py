"""Model: every layer's output, held against what SciPy and NumPy make of the same weights."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.signal import correlate
from scipy.special import softmax

from convoscope.engine.base import Engine
from convoscope.errors import ConfigurationError, NotReadyError, ShapeError, UnknownNameError
from convoscope.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from convoscope.models import Model, Sequential

Array = npt.NDArray[np.float64]


def model() -> Sequential:
    made = Sequential(
        [
            Conv2D(5, 3, activation="relu", input_shape=(12, 11, 2)),
            MaxPooling2D(2),
            Conv2D(4, (2, 3), bias_initializer="random_normal"),
            BatchNormalization(),
            Dropout(0.5),
            Flatten(),
            Dense(7, activation="relu"),
            Dense(3, activation="softmax"),
        ],
        seed=4,
    )
    generator = np.random.default_rng(8)
    made.set_weights([generator.uniform(0.2, 1.0, weight.shape) - 0.3 * (weight.ndim > 1) for weight in made.weights])
    return made


def images(count: int = 5) -> npt.NDArray[np.float32]:
    return np.random.default_rng(1).normal(size=(count, 12, 11, 2)).astype(np.float32)


def convolved(x: Array, kernel: Array, bias: Array) -> Array:
    maps = [[correlate(image, kernel[..., f], mode="valid")[..., 0] for f in range(kernel.shape[-1])] for image in x]
    return np.moveaxis(np.array(maps), 1, -1) + bias


def pooled(x: Array) -> Array:
    height, width = x.shape[1] // 2 * 2, x.shape[2] // 2 * 2
    return np.maximum.reduce([x[:, i:height:2, j:width:2] for i in (0, 1) for j in (0, 1)])


def expected_outputs(source: Sequential, x: npt.NDArray[np.float32]) -> list[Array]:
    weights = [weight.astype(float) for weight in source.weights]
    outputs = [np.maximum(convolved(x.astype(float), weights[0], weights[1]), 0)]
    outputs.append(pooled(outputs[-1]))
    outputs.append(convolved(outputs[-1], weights[2], weights[3]))
    gamma, beta, mean, variance = weights[4:8]
    outputs.append((outputs[-1] - mean) / np.sqrt(variance + 0.001) * gamma + beta)
    outputs.append(outputs[-1])
    outputs.append(outputs[-1].reshape(len(x), -1))
    outputs.append(np.maximum(outputs[-1] @ weights[8] + weights[9], 0))
    outputs.append(softmax(outputs[-1] @ weights[10] + weights[11], axis=-1))
    return outputs


def test_every_layers_output_is_what_scipy_computes(engine: Engine) -> None:
    source, x = model(), images()
    view = Model(inputs=source.input, outputs=[layer.output for layer in source.layers])
    expected = expected_outputs(source, x)
    found = view.predict(x, batch_size=2)
    assert len(found) == len(expected) == len(source.layers)
    for own, outside in zip(found, expected, strict=True):
        np.testing.assert_allclose(own, outside, rtol=2e-4, atol=2e-5)
    for own, outside in zip(source.layer_outputs(x), expected, strict=True):
        np.testing.assert_allclose(own, outside, rtol=2e-4, atol=2e-5)


def test_outputs_come_in_the_order_in_which_they_were_asked_for(engine: Engine) -> None:
    source, x = model(), images(2)
    late, early = source.get_layer("dense"), source.get_layer("conv2d")
    first, second = Model(source.input, [late.output, early.output]).predict(x)
    expected = expected_outputs(source, x)
    np.testing.assert_allclose(first, expected[6], rtol=2e-4, atol=2e-5)
    np.testing.assert_allclose(second, expected[0], rtol=2e-4, atol=2e-5)


def test_one_output_comes_back_outside_a_list_as_in_keras(engine: Engine) -> None:
    source, x = model(), images(2)
    alone = Model(source.input, source.layers[2].output)
    assert alone.predict(x).shape == (2, 4, 2, 4)
    assert alone.output_shape == (None, 4, 2, 4)
    listed = Model(inputs=[source.input], outputs=[source.output])
    assert listed.output_shape == source.output_shape
    np.testing.assert_array_equal(listed.predict(x), source.predict_on_batch(x))
    np.testing.assert_allclose(listed(x), source.predict_on_batch(x), rtol=1e-5, atol=1e-6)


def test_only_the_layers_that_are_needed_are_computed() -> None:
    source = model()
    view = Model(source.input, source.layers[1].output)
    assert [layer.name for layer in view.layers] == ["input_layer", "conv2d", "max_pooling2d"]
    assert view.count_params() == 3 * 3 * 2 * 5 + 5
    lines: list[str] = []
    view.summary(print_fn=lines.append)
    assert 'Model: "functional_1"' in lines[0]  # Keras counts the one that it makes of a stack
    assert "Total params: 95 " in lines[0]


def test_a_view_sees_what_the_model_learns(engine: Engine) -> None:
    source, x = model(), images()
    view = Model(source.input, source.layers[0].output)
    before = view.predict(x)
    source.compile("adam", "sparse_categorical_crossentropy")
    source.fit(x, np.arange(5) % 3, epochs=1, verbose=0)
    assert not np.array_equal(view.predict(x), before)


def test_a_view_on_shared_layers_belongs_to_the_model_whose_input_was_given(engine: Engine) -> None:
    base = model()
    other = Sequential([*base.layers[:2], Flatten(), Dense(2)])
    x = images(2)
    view = Model(other.input, [layer.output for layer in other.layers])
    np.testing.assert_allclose(view.predict(x)[1], expected_outputs(base, x)[1], rtol=2e-4, atol=2e-5)
    assert view.predict(x)[-1].shape == (2, 2)
    again = Model(base.layers[0].input, [layer.output for layer in base.layers])
    assert again.predict(x)[-1].shape == (2, 3)


def test_a_view_may_begin_within_the_model(engine: Engine) -> None:
    source, x = model(), images(2)
    inner = Model(source.layers[0].output, source.output)
    expected = expected_outputs(source, x)
    np.testing.assert_allclose(inner.predict(expected[0]), expected[-1], rtol=2e-4, atol=2e-5)
    assert inner.layers[0].name == "input_layer_1"


def test_wrong_ends_are_told_apart() -> None:
    source, stranger = model(), model()
    loose = Dense(3)
    loose.build((4,), np.random.default_rng(0))
    with pytest.raises(ConfigurationError, match=r"also needs InputLayer 'input_layer_1'.* not among inputs"):
        Model(source.input, stranger.layers[0].output)
    with pytest.raises(NotReadyError, match="is not part of a model"):
        Model(source.input, loose.output)
    with pytest.raises(ConfigurationError, match=r"not layers: outputs has Conv2D 'conv2d'"):
        Model(source.input, source.layers[0])
    with pytest.raises(ConfigurationError, match="outputs has 'dense'"):
        Model(source.input, ["dense"])
    with pytest.raises(ConfigurationError, match=r"outputs is \[\]"):
        Model(source.input, [])
    with pytest.raises(ConfigurationError, match="given twice"):
        Model([source.input, source.input], source.output)


def test_inputs_are_checked_as_the_model_checks_them() -> None:
    source = model()
    view = Model(source.input, source.output)
    with pytest.raises(ShapeError, match="12"):
        view.predict(np.zeros((2, 11, 11, 2)))
    with pytest.raises(UnknownNameError, match="Did you mean 'dense'"):
        view.get_layer("dens")

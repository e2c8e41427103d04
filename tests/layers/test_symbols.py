"""Layers called on symbols: what comes out, and what is said of calls that cannot be meant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.engine.base import Engine
from convoscope.errors import ConfigurationError, ConvoscopeError, ShapeError
from convoscope.layers import Add, Concatenate, Conv2D, Dense, Flatten, Maximum, Subtract
from convoscope.layers.symbols import Symbol


def image(channels: int = 3, name: str | None = None) -> Symbol:
    return cs.Input(shape=(6, 5, channels), name=name)


FORMULAS: dict[str, Callable[[Any, Any], Any]] = {
    "x + y": lambda x, y: x + y,
    "x - y": lambda x, y: x - y,
    "x * y": lambda x, y: x * y,
    "x + 2": lambda x, y: x + 2,
    "2 + x": lambda x, y: 2 + x,
    "x - 0.5": lambda x, y: x - 0.5,
    "1 - x": lambda x, y: 1 - x,
    "x / 255": lambda x, y: x / 255,
    "3 * x": lambda x, y: 3 * x,
    "-x": lambda x, y: -x,
    "x ** 3": lambda x, y: x**3,
    "all of it": lambda x, y: (x - y) * (x + y) / 2 - x**2 * y,
}


@pytest.mark.parametrize("formula", FORMULAS)
def test_symbols_are_put_together_as_numbers_are(formula: str, engine: Engine) -> None:
    generator = np.random.default_rng(1)
    x, y = generator.normal(size=(2, 4, 6, 5, 3))
    first, second = image(), image()
    model = cs.Model([first, second], [FORMULAS[formula](first, second), second])
    np.testing.assert_allclose(model.predict([x, y])[0], FORMULAS[formula](x, y), rtol=1e-5, atol=1e-5)


def test_a_layer_called_twice_has_its_weights_once() -> None:
    shared = Dense(3)
    first, second = cs.Input(shape=(4,)), cs.Input(shape=(4,))
    model = cs.Model([first, second], Subtract()([shared(first), shared(second)]))
    assert [weight.shape for weight in model.weights] == [(4, 3), (3,)]
    x = np.random.default_rng(0).random((5, 4))
    assert not model.predict([x, x]).any()


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "shapes that do not join": (
        lambda: image(3) + Conv2D(4, 3, padding="same")(image()),
        r"cannot combine its inputs: input 0 has shape \(None, 6, 5, 3\), input 1 has shape \(None, 6, 5, 4\)",
    ),
    "sides that do not meet": (
        lambda: Concatenate()([image(), Conv2D(4, 3)(image())]),
        r"along axis -1: input 0 has shape \(None, 6, 5, 3\), input 1 has shape \(None, 4, 3, 4\)",
    ),
    "the batch axis": (lambda: Concatenate(axis=0), "axis=0 is the batch axis"),
    "an axis that is not there": (lambda: Concatenate(axis=4)([image(), image()]), "have no axis 4"),
    "three where two are": (lambda: Subtract()([image()] * 3), "exactly 2 inputs.*called on 3"),
    "several where one is": (lambda: Flatten()([image(), image()]), "takes one input, but was called on 2"),
    "something else": (lambda: Dense(3)("image"), "was called on str: a layer is called on a symbol"),
    "a symbol and an array": (lambda: Add()([image(), np.zeros((2, 6, 5, 3))]), "of 2 inputs one is of type ndarray"),
    "a layer": (lambda: Dense(3)(Dense(2)), "called on Dense: a layer is called on a symbol"),
    "an input layer called": (lambda: cs.layers.InputLayer((3,))(image()), "the start of a model"),
    "training fixed": (lambda: Dense(3)(image(), training=True), "fit always uses True"),
    "an if": (lambda: bool(image()), "cannot contain an 'if'"),
    "a loop": (lambda: list(image()), "cannot be unpacked"),
    "a slice": (lambda: image()[:, 1:], "Cropping2D"),
    "a comparison": (lambda: image() > 0, "cannot be compared"),
    "a power": (lambda: image() ** 0.5, "whole power"),
    "a division by nothing": (lambda: image() / 0, "not by 0"),
    "a division by a word": (lambda: image() / "a", "not by 'a'"),
    "a sum with an array": (lambda: image() + np.ones(3), "use a layer"),
    "NumPy": (lambda: np.sin(image()), "a symbol without values"),  # type: ignore[call-overload]
    "a word": (lambda: image() + "a", "but got 'a'"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_meant_is_refused_in_words(what: str) -> None:
    call, message = REFUSED[what]
    with pytest.raises(ConvoscopeError, match=message):
        call()


def test_a_layer_keeps_to_the_shape_that_its_weights_fit() -> None:
    dense, convolution = Dense(3), Conv2D(4, 3)
    dense(cs.Input(shape=(4,)))
    with pytest.raises(ShapeError, match=r"built for inputs of shape \(4,\) and cannot take \(5,\)"):
        dense(cs.Input(shape=(5,)))
    convolution(image())
    assert convolution(cs.Input(shape=(9, 9, 3))).shape == (None, 7, 7, 4)  # the same weights fit a larger image


def test_what_an_output_needs_besides_the_inputs_is_named() -> None:
    first, second = image(name="left"), image(name="right")
    with pytest.raises(ConfigurationError, match=r"also needs InputLayer 'right'.*inputs=\['left'\]"):
        cs.Model(first, first + second)
    with pytest.raises(ConfigurationError, match="also needs InputLayer 'right'"):
        cs.Model(first, Maximum()([second, second]))

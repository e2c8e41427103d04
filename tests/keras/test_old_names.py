"""Names of Keras 1 and 2 are answered with the line to write instead."""

from __future__ import annotations

from typing import Any

import pytest

from convoscope import layers, old_keras
from convoscope.errors import UnknownNameError


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: layers.Conv2D(3, 3, border_mode="same"), "padding='same'"),
        (lambda: layers.Conv2D(nb_filter=3, nb_row=3, nb_col=3), "filters=3"),
        (lambda: layers.Dropout(p=0.5), "rate=0.5"),
        (lambda: layers.Dense(output_dim=3), "units=3"),
        (lambda: layers.Dense(3, init="normal"), "kernel_initializer='normal'"),
        (lambda: layers.MaxPooling2D(dim_ordering="tf"), "data_format='channels_last'"),
        (lambda: layers.BatchNormalization(mode=2), "Leave it out"),
    ],
)
def test_an_old_argument_says_the_new_one(make: Any, line: str) -> None:
    with pytest.raises(UnknownNameError, match=r"(belongs to|is an argument of) an older Keras") as told:
        make()
    assert line in str(told.value)


def test_arguments_that_are_still_there_are_left_alone() -> None:
    assert layers.RandomFlip(mode="horizontal").mode == "horizontal"
    assert old_keras.argument("fit", "epochs", 3) is None
    assert isinstance(old_keras.unknown_argument("fit", {"foo": 1}), TypeError)
    assert old_keras.unknown_argument("fit", {}) is None


def test_every_old_name_has_a_line() -> None:
    for name in old_keras.ARGUMENTS:
        assert "Write " in str(old_keras.argument("f", name, 1)) or "Leave it out" in str(old_keras.argument("f", name))
    for name in old_keras.METHODS:
        assert str(old_keras.method("model", name)).endswith(".")

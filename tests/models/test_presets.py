"""The lessons' networks by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from convoscope.errors import ConfigurationError, ShapeError, UnknownNameError
from convoscope.layers import Conv2D, Dropout
from convoscope.models import Sequential
from convoscope.models.presets import build_preset, preset_names


def kinds(model: Sequential) -> list[str]:
    return [type(layer).__name__ for layer in model.layers]


# Parameters by hand: inputs × units + units, kernel cells × channels × filters + filters.
@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("perceptron", 784 * 10 + 10),
        ("dense", 784 * 128 + 128 + 128 * 10 + 10),
        ("cnn-1", 693_962),
        ("cnn-2", 243_786),
    ],
)
def test_each_preset_has_the_lessons_number_of_parameters(name: str, params: int) -> None:
    model = build_preset(name, (28, 28, 1), 10)
    assert model.count_params() == params
    assert (model.name, model.output_shape) == (name, (None, 10))


def test_all_presets_are_listed() -> None:
    assert preset_names() == ["perceptron", "dense", "cnn-1", "cnn-2"]


def test_the_convolutional_networks_are_those_of_the_lessons() -> None:
    top = ["Flatten", "Dense", "Dense"]
    assert kinds(build_preset("cnn-1", (28, 28, 1), 10)) == ["Conv2D", "MaxPooling2D", *top]
    two = build_preset("cnn-2", (28, 28, 1), 10)
    assert kinds(two) == ["Conv2D", "MaxPooling2D", "Conv2D", "MaxPooling2D", *top]
    configs = [layer.get_config() for layer in two.layers]
    assert [c["activation"] for c in configs if "activation" in c] == ["relu", "relu", "relu", "softmax"]


def test_dropout_stands_after_the_last_pooling_and_after_the_dense_layer() -> None:
    model = build_preset("cnn-2", (28, 28, 1), 10, dropout=0.4)
    assert kinds(model)[3:] == ["MaxPooling2D", "Dropout", "Flatten", "Dense", "Dropout", "Dense"]
    assert [layer.rate for layer in model.layers if isinstance(layer, Dropout)] == [0.4, 0.4]
    assert kinds(build_preset("dense", (28, 28), 10, dropout=0.2)) == ["Flatten", "Dense", "Dropout", "Dense"]


def test_filters_are_one_number_for_all_or_one_for_each() -> None:
    def filters(**options: Any) -> list[int]:
        layers = build_preset("cnn-2", (28, 28, 1), 10, **options).layers
        return [layer.filters for layer in layers if isinstance(layer, Conv2D)]

    assert filters() == [64, 64]
    assert filters(filters=16) == [16, 16]
    assert filters(filters=(32, 48)) == [32, 48]


# 28 becomes 13 and 6 by strides; 26, 13, 11, 5, 3 and 1 by three convolutions with poolings; 24, 12, 8 and 4 by 5×5.
@pytest.mark.parametrize(
    ("options", "params"),
    [
        ({"pooling": "stride"}, 640 + 36_928 + 6 * 6 * 64 * 128 + 128 + 1_290),
        ({"convolutions": 3, "filters": 16, "dense_units": 32}, 160 + 2 * (9 * 16 * 16 + 16) + 16 * 32 + 32 + 330),
        ({"kernel_size": 5}, 25 * 64 + 64 + 25 * 64 * 64 + 64 + 4 * 4 * 64 * 128 + 128 + 1_290),
        ({"convolutions": 0, "dropout": 0.5}, 784 * 128 + 128 + 1_290),
        ({"dense_units": 0}, 640 + 36_928 + 1_600 * 10 + 10),
    ],
)
def test_what_the_lessons_vary_changes_the_network_by_that_alone(options: dict[str, Any], params: int) -> None:
    assert build_preset("cnn-2", (28, 28, 1), 10, **options).count_params() == params


def test_the_pooling_can_be_another_or_none() -> None:
    for pooling, kind in (("average", "AveragePooling2D"), ("min", "MinPooling2D"), ("max", "MaxPooling2D")):
        assert kinds(build_preset("cnn-1", (28, 28, 1), 10, pooling=pooling))[1] == kind
    strided = build_preset("cnn-1", (28, 28, 1), 10, pooling="stride")
    assert kinds(strided) == ["Conv2D", "Flatten", "Dense", "Dense"]
    assert strided.layers[0].output_shape == (None, 13, 13, 32)


def test_small_images_are_padded() -> None:
    model = build_preset("cnn-2", (8, 8, 1), 10)
    assert [layer.output_shape[1:] for layer in model.layers][:4] == [(8, 8, 64), (4, 4, 64), (4, 4, 64), (2, 2, 64)]


def test_a_scale_goes_first() -> None:
    model = build_preset("cnn-1", (28, 28, 1), 10, scale=1 / 255, seed=4)
    assert kinds(model)[0] == "Rescaling"
    assert model.seed == 4


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: build_preset("cnn2", (28, 28, 1), 10), UnknownNameError, "Did you mean 'cnn-2'"),
        (lambda: build_preset("cnn-2", (28, 28, 1), 10, filters=(1, 2, 3)), ConfigurationError, "gives 3 numbers"),
        (lambda: build_preset("dense", (28, 28), 10, filters=8), ConfigurationError, "has no convolutions"),
        (lambda: build_preset("dense", (28, 28), 10, convolutions=2), ConfigurationError, "has no convolutions"),
        (lambda: build_preset("perceptron", (28, 28), 10, dense_units=9), ConfigurationError, "no dense layer before"),
        (lambda: build_preset("cnn-1", (28, 28, 1), 10, pooling="mix"), UnknownNameError, "no pooling named 'mix'"),
        (lambda: build_preset("perceptron", (28, 28), 10, dropout=0.2), ConfigurationError, "no place for dropout"),
        (lambda: build_preset("dense", (28, 28), 10, dropout=1.0), ConfigurationError, "below 1"),
        (lambda: build_preset("dense", (28, 28), 1), ConfigurationError, "classes must be at least 2"),
        (lambda: build_preset("cnn-1", (28, 28), 10), ShapeError, "channel axis is missing"),
        (lambda: build_preset("cnn-2", (2, 2, 1), 10), ShapeError, "Layer 4 of 7"),
    ],
)
def test_what_cannot_be_meant_is_refused(call: Callable[[], Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        call()

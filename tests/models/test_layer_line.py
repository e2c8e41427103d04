"""Networks written in a line."""

from __future__ import annotations

from typing import Any

import pytest

from convoscope import layers as L  # noqa: N812 - as lessons write it
from convoscope.errors import ConfigurationError, UnknownNameError
from convoscope.models import Sequential
from convoscope.models.layer_line import parse_layers
from convoscope.models.presets import build_preset


def configs(layers: list[L.Layer]) -> list[tuple[str, dict[str, Any]]]:
    """Return what layers are; automatic names only say when they were made."""
    return [(type(layer).__name__, {**layer.get_config(), "name": None}) for layer in layers]


def test_the_lessons_network_in_a_line_is_the_preset() -> None:
    line = "conv 64 3 relu, maxpool 2, conv 64 3 relu, maxpool 2, flatten, dense 128 relu, dense 10 softmax"
    model = Sequential([L.Input((28, 28, 1)), *parse_layers(line)])
    assert configs(model.layers) == configs(build_preset("cnn-2", (28, 28, 1), 10).layers)


@pytest.mark.parametrize(
    ("line", "layer"),
    [
        ("conv 8 3x5 same strides=2 dilation_rate=1 use_bias=no", L.Conv2D(8, (3, 5), 2, "same", use_bias=False)),
        ("Conv2D 8 3 ReLU name=first", L.Conv2D(8, 3, activation="relu", name="first")),
        ("conv 8 3 kernel_initializer=he_normal", L.Conv2D(8, 3, kernel_initializer="he_normal")),
        ("maxpool", L.MaxPooling2D()),
        ("MaxPooling2D 3 2 same", L.MaxPooling2D(3, 2, "same")),
        ("avgpool 2x3", L.AveragePooling2D((2, 3))),
        ("minpool 2", L.MinPooling2D(2)),
        ("globalavgpool", L.GlobalAveragePooling2D()),
        ("globalmaxpool", L.GlobalMaxPooling2D()),
        ("flatten", L.Flatten()),
        ("reshape 7 -1 2", L.Reshape((7, -1, 2))),
        ("dense 10", L.Dense(10)),
        ("dropout .4 seed=3", L.Dropout(0.4, seed=3)),
        ("batchnorm momentum=0.9", L.BatchNormalization(momentum=0.9)),
        ("zeropad 2", L.ZeroPadding2D(2)),
        ("rescale 1/255", L.Rescaling(1 / 255)),
        ("rescale 0.5 -1", L.Rescaling(0.5, -1)),
        ("leakyrelu 0.1", L.LeakyReLU(0.1)),
        ("flip", L.RandomFlip()),
        ("RandomFlip horizontal seed=3", L.RandomFlip("horizontal", seed=3)),
        ("shift 0.1", L.RandomTranslation(0.1, 0.1)),
        ("shift 0.1 1/4 fill_mode=constant", L.RandomTranslation(0.1, 0.25, fill_mode="constant")),
        ("rotate 0.05 interpolation=nearest", L.RandomRotation(0.05, interpolation="nearest")),
        ("zoom 0.2", L.RandomZoom(0.2)),
        ("RandomZoom 0.2 0.1 fill_mode=constant", L.RandomZoom(0.2, 0.1, fill_mode="constant")),
        ("contrast 0.3 seed=3", L.RandomContrast(0.3, (0, 1), seed=3)),
        ("brightness 0.15", L.RandomBrightness(0.15, (0, 1))),
        ("erase", L.RandomErasing()),
        ("erase .5 scale=0.2 fill_value=0", L.RandomErasing(0.5, 0.2, fill_value=0)),
        ("gelu", L.Activation("gelu")),
        ("leaky_relu", L.Activation("leaky_relu")),
        ("softmax", L.Softmax()),
    ],
)
def test_each_word_makes_its_layer(line: str, layer: L.Layer) -> None:
    assert configs(parse_layers(line)) == configs([layer])


@pytest.mark.parametrize(
    ("line", "kind", "message"),
    [
        ("conv 32 3 reluu", UnknownNameError, "Layer 1, 'conv 32 3 reluu': word 4, 'reluu'.*Did you mean 'relu'"),
        ("flatten, densee 10", UnknownNameError, "Layer 2, 'densee 10'.*Did you mean 'dense'"),
        ("conv 32", ConfigurationError, "kernel_size is missing: write conv FILTERS KERNEL_SIZE"),
        ("dense", ConfigurationError, "units is missing"),
        ("dense 10 20", ConfigurationError, "word 3, '20', is one number too many"),
        ("flatten, , dense 3", ConfigurationError, "Layer 2 is empty"),
        (" ", ConfigurationError, "no layer in the line"),
        ("relu 3", ConfigurationError, "word 2, '3', is not allowed"),
        ("maxpool 2 relu", ConfigurationError, "word 3, 'relu', is not allowed here"),
        ("conv 8 3 stride=2", UnknownNameError, r"setting of conv \(word 4\) named 'stride'. Did you mean 'strides'"),
        ("maxpool 2 2 strides=1", ConfigurationError, "strides is given twice"),
        ("dropout 1.5", ConfigurationError, "Layer 1, 'dropout 1.5': Dropout: rate must be"),
        ("rescale 1/0", ConfigurationError, "'1/0', is not allowed here"),
        ("shift", ConfigurationError, "height_factor is missing: write shift HEIGHT_FACTOR"),
        ("rotate 2", ConfigurationError, "factor must be from -1 to 1, but is 2"),
        ("flip sideways", ConfigurationError, "word 2, 'sideways', is not allowed here"),
        ("shift 0.1 fill_mode=zeros", UnknownNameError, "fill mode for RandomTranslation named 'zeros'"),
        ("conv 0 3", ConfigurationError, "filters must be at least 1"),
        ("dense 10 foo=1", UnknownNameError, "named 'foo'"),
    ],
)
def test_a_wrong_word_is_named_with_its_place(line: str, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        parse_layers(line)


@pytest.mark.parametrize("line", [f"dense {5000 * '9'}", f"conv 4 {5000 * '9'}x3", f"conv 4 3 strides={5000 * '9'}"])
def test_a_number_of_thousands_of_digits_is_refused_in_words(line: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_layers(line)

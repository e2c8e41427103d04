"""Layers are named as Keras 3 names them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.layers import naming_program

from convoscope import keras
from convoscope.layers import Conv2D, Dense, Layer
from convoscope.layers.serialization import KINDS
from convoscope.utils import clear_session

# What keras.src.utils.naming.to_snake_case makes of each class name.
NAMES = {
    "InputLayer": "input_layer",
    "Conv2D": "conv2d",
    "Conv2DTranspose": "conv2d_transpose",
    "DepthwiseConv2D": "depthwise_conv2d",
    "SeparableConv2D": "separable_conv2d",
    "UpSampling2D": "up_sampling2d",
    "MaxPooling2D": "max_pooling2d",
    "AveragePooling2D": "average_pooling2d",
    "MinPooling2D": "min_pooling2d",
    "GlobalAveragePooling2D": "global_average_pooling2d",
    "GlobalMaxPooling2D": "global_max_pooling2d",
    "Flatten": "flatten",
    "Reshape": "reshape",
    "Dense": "dense",
    "Dropout": "dropout",
    "BatchNormalization": "batch_normalization",
    "Activation": "activation",
    "ReLU": "re_lu",
    "LeakyReLU": "leaky_re_lu",
    "ELU": "elu",
    "Softmax": "softmax",
    "PReLU": "p_re_lu",
    "SpatialDropout2D": "spatial_dropout2d",
    "GaussianNoise": "gaussian_noise",
    "GaussianDropout": "gaussian_dropout",
    "AlphaDropout": "alpha_dropout",
    "LayerNormalization": "layer_normalization",
    "GroupNormalization": "group_normalization",
    "UnitNormalization": "unit_normalization",
    "LocalResponseNormalization": "local_response_normalization",
    "Normalization": "normalization",
    "Cropping2D": "cropping2d",
    "Permute": "permute",
    "RepeatVector": "repeat_vector",
    "Resizing": "resizing",
    "CenterCrop": "center_crop",
    "RandomCrop": "random_crop",
    "RandomZoom": "random_zoom",
    "RandomContrast": "random_contrast",
    "RandomBrightness": "random_brightness",
    "ZeroPadding2D": "zero_padding2d",
    "Rescaling": "rescaling",
    "RandomFlip": "random_flip",
    "RandomTranslation": "random_translation",
    "RandomRotation": "random_rotation",
    "RandomErasing": "random_erasing",
    "Add": "add",
    "Subtract": "subtract",
    "Multiply": "multiply",
    "Average": "average",
    "Maximum": "maximum",
    "Minimum": "minimum",
    "Divide": "divide",
    "Concatenate": "concatenate",
}


@pytest.mark.parametrize(("name", "kind"), KINDS.items())
def test_the_automatic_name_is_that_of_keras(name: str, kind: type[Layer]) -> None:
    assert kind.base_name() == NAMES[name]


def test_a_given_name_wins_over_an_automatic_one() -> None:
    named, nameless = Conv2D(2, 3, name="edges"), Conv2D(2, 3)
    assert (named.name, nameless.name) == ("edges", "conv2d")  # a name that was given is not counted
    assert (named.describe(), nameless.describe()) == ("Conv2D 'edges'", "Conv2D 'conv2d'")


def test_a_program_gets_the_names_that_keras_gives() -> None:
    """The same program ran with Keras: `tools/make_keras_configs.py`."""
    kept = json.loads((Path(__file__).parent.parent / "models" / "keras_configs.json").read_text())["names"]
    assert naming_program.names(keras) == kept


def test_clear_session_begins_again() -> None:
    assert [Dense(1).name, Dense(1).name] == ["dense", "dense_1"]
    clear_session()
    assert Dense(1).name == "dense"

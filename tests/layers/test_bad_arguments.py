"""A wrong argument is refused where it is given: the message says which layer, what was expected, and what came."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convoscope import constraints, initializers, regularizers
from convoscope.errors import ConfigurationError, NotReadyError, ShapeError, UnknownNameError
from convoscope.layers import (
    Activation,
    AlphaDropout,
    AveragePooling2D,
    BatchNormalization,
    CenterCrop,
    Conv2D,
    Conv2DTranspose,
    Cropping2D,
    Dense,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GaussianDropout,
    GaussianNoise,
    GlobalMaxPooling2D,
    GroupNormalization,
    Input,
    InputLayer,
    Lambda,
    LayerNormalization,
    LeakyReLU,
    MaxPooling2D,
    Normalization,
    Permute,
    PReLU,
    RandomBrightness,
    RandomContrast,
    RandomCrop,
    RandomErasing,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    RandomZoom,
    ReLU,
    RepeatVector,
    Rescaling,
    Reshape,
    Resizing,
    SeparableConv2D,
    Softmax,
    SpatialDropout2D,
    UnitNormalization,
    UpSampling2D,
    ZeroPadding2D,
    deserialize,
)
from convoscope.layers.stack import infer_shapes

# What is made, and the words that the message must have: the layer, the argument, what is right, what came.
ARGUMENTS: list[tuple[Callable[[], Any], list[str]]] = [
    (lambda: Conv2D(0, 3), ["Conv2D", "filters", "at least 1", "is 0"]),
    (lambda: Conv2D("8", 3), ["Conv2D", "filters", "whole number", "'8'"]),
    (lambda: Conv2D(8.5, 3), ["Conv2D", "filters", "whole number", "8.5"]),  # type: ignore[arg-type]
    (lambda: Conv2D(True, 3), ["Conv2D", "filters", "whole number", "True"]),
    (lambda: Conv2D(8, (3, 3, 3)), ["Conv2D", "kernel_size", "two (height, width)", "has 3"]),
    (lambda: Conv2D(8, "3x3"), ["Conv2D", "kernel_size", "whole number", "'3x3'"]),
    (lambda: Conv2D(8, (3, -1)), ["Conv2D", "kernel_size", "at least 1", "-1"]),
    (lambda: Conv2D(8, 3, strides=0), ["Conv2D", "strides", "at least 1", "is 0"]),
    (lambda: Conv2D(8, 3, dilation_rate=0), ["Conv2D", "dilation_rate", "at least 1"]),
    (lambda: Conv2D(8, 3, data_format="channels_first"), ["Conv2D", "data_format", "channels_last", "channels_first"]),
    (lambda: Conv2D(8, 3, activity_regularizer="l2"), ["Conv2D", "kernel_regularizer", "activity_regularizer='l2'"]),
    (lambda: Dense(3, kernel_regularizer=abs), ["regularizer is one of L1, L2, L1L2", "Your own", "built-in"]),
    (lambda: Dense(3, kernel_regularizer=0.01), ["regularizer is one of", "0.01"]),
    (lambda: Dense(3, kernel_regularizer={"l2": 0.1}), ["'class_name' and 'config'", "{'l2': 0.1}"]),
    (lambda: regularizers.OrthogonalRegularizer(0.1, mode="row"), ["mode of OrthogonalRegularizer", "'rows'"]),
    (lambda: regularizers.OrthogonalRegularizer(-1.0), ["OrthogonalRegularizer", "factor", "at least 0"]),
    (lambda: regularizers.get({"class_name": "L2", "config": {"l1": 1}}), ["L2", "{'l1': 1}", "takes l2"]),
    (lambda: regularizers.L2(-0.1), ["L2", "l2", "at least 0", "-0.1"]),
    (lambda: regularizers.L1(float("inf")), ["L1", "l1", "finite", "inf"]),
    (lambda: regularizers.L1L2(l2="much"), ["L1L2", "l2", "number", "'much'"]),  # type: ignore[arg-type]
    (lambda: Dense(3, bias_constraint=[1, 2]), ["constraint is one of MaxNorm", "[1, 2]"]),
    (lambda: constraints.MaxNorm(-1), ["MaxNorm", "max_value", "at least 0", "-1"]),
    (lambda: constraints.MaxNorm(axis="rows"), ["MaxNorm", "axis", "whole number", "'rows'"]),  # type: ignore[arg-type]
    (lambda: constraints.UnitNorm(axis=[]), ["UnitNorm", "axis", "at least one", "[]"]),
    (lambda: constraints.UnitNorm(axis=[0, 1.5]), ["UnitNorm", "axis", "1.5"]),  # type: ignore[list-item]
    (lambda: constraints.MinMaxNorm(2.0, 1.0), ["MinMaxNorm", "min_value 2.0", "max_value 1.0"]),
    (lambda: constraints.MinMaxNorm(rate=2), ["MinMaxNorm", "rate", "0 to 1", "2"]),
    (lambda: Conv2D(8, 3, gamma_regularizer="l2"), ["Conv2D", "gamma_regularizer"]),
    (lambda: Conv2D(8, 3, groups=0), ["Conv2D", "groups", "at least 1", "is 0"]),
    (lambda: Conv2D(8, 3, groups=3), ["Conv2D", "filters", "divisible by groups", "8 filters", "3 equal groups"]),
    (lambda: DepthwiseConv2D((3, 0)), ["DepthwiseConv2D", "kernel_size", "at least 1", "is 0"]),
    (lambda: DepthwiseConv2D(3, depth_multiplier=0), ["DepthwiseConv2D", "depth_multiplier", "at least 1"]),
    (lambda: DepthwiseConv2D(3, data_format="channels_first"), ["DepthwiseConv2D", "data_format", "channels_last"]),
    (lambda: SeparableConv2D(0, 3), ["SeparableConv2D", "filters", "at least 1", "is 0"]),
    (lambda: SeparableConv2D(8, 3, depth_multiplier=1.5), ["SeparableConv2D", "depth_multiplier", "1.5"]),  # type: ignore[arg-type]
    (lambda: Conv2D(8, 3, name=""), ["Conv2D", "name", "not empty", "''"]),
    (lambda: Conv2D(8, 3, input_shape=(28, 28, None)), ["Conv2D", "input_shape", "every axis needs a size", "None"]),
    (lambda: Conv2D(8, 3, input_shape="28"), ["Conv2D", "input_shape", "tuple of whole numbers", "'28'"]),
    (lambda: Conv2DTranspose(0, 3), ["Conv2DTranspose", "filters", "at least 1", "is 0"]),
    (lambda: Conv2DTranspose(8, 3, strides=2, dilation_rate=(1, 2)), ["strides (2, 2)", "dilation_rate (1, 2)", "1"]),
    (lambda: Conv2DTranspose(8, 3, 2, output_padding=2), ["output_padding", "smaller than strides", "(2, 2)"]),
    (lambda: Conv2DTranspose(8, 3, 2, output_padding=-1), ["output_padding", "at least 0", "-1"]),
    (lambda: UpSampling2D(0), ["UpSampling2D", "size", "at least 1", "is 0"]),
    (lambda: UpSampling2D(1.5), ["UpSampling2D", "size", "whole number", "1.5"]),  # type: ignore[arg-type]
    (lambda: UpSampling2D(2, data_format="channels_first"), ["UpSampling2D", "data_format", "channels_first"]),
    (lambda: MaxPooling2D("2"), ["MaxPooling2D", "pool_size", "whole number", "'2'"]),
    (lambda: MaxPooling2D(2, strides=(1, 0)), ["MaxPooling2D", "strides", "at least 1", "is 0"]),
    (lambda: AveragePooling2D(1.5), ["AveragePooling2D", "pool_size", "whole number", "1.5"]),  # type: ignore[arg-type]
    (lambda: Dense(-1), ["Dense", "units", "at least 1", "-1"]),
    (lambda: Dense(None), ["Dense", "units", "whole number", "None"]),  # type: ignore[arg-type]
    (lambda: Dropout(1.0), ["Dropout", "rate", "below 1", "1.0"]),
    (lambda: Dropout(-0.1), ["Dropout", "rate", "at least 0", "-0.1"]),
    (lambda: Dropout("half"), ["Dropout", "rate", "number", "'half'"]),  # type: ignore[arg-type]
    (lambda: Dropout(float("nan")), ["Dropout", "rate", "at least 0", "nan"]),
    (lambda: Dropout(0.5, seed="x"), ["Dropout", "seed", "whole number", "'x'"]),  # type: ignore[arg-type]
    (lambda: BatchNormalization(momentum=2), ["BatchNormalization", "momentum", "from 0 to 1", "2"]),
    (lambda: BatchNormalization(epsilon=0), ["BatchNormalization", "epsilon", "above 0", "0"]),
    (lambda: Reshape((-1, -1)), ["Reshape", "only one axis", "-1"]),
    (lambda: Reshape((4, 0)), ["Reshape", "target_shape", "at least 1", "is 0"]),
    (lambda: Reshape("4x4"), ["Reshape", "target_shape", "tuple of whole numbers", "'4x4'"]),
    (lambda: Reshape(None), ["Reshape", "target_shape", "tuple of whole numbers", "None"]),  # type: ignore[arg-type]
    (lambda: ZeroPadding2D(-1), ["ZeroPadding2D", "padding", "at least 0", "-1"]),
    (lambda: ZeroPadding2D((1, 2, 3)), ["ZeroPadding2D", "padding", "two", "has 3"]),
    (lambda: ZeroPadding2D(((1, 2), (3, -4))), ["ZeroPadding2D", "padding", "at least 0", "-4"]),
    (lambda: Softmax(axis=1), ["Softmax", "last axis", "axis=1"]),
    (lambda: ReLU(max_value=-1), ["ReLU", "max_value", "at least 0", "-1"]),
    (lambda: ReLU(threshold=-0.5), ["ReLU", "threshold", "at least 0", "-0.5"]),
    (lambda: PReLU(shared_axes="12"), ["PReLU", "shared_axes", "whole number", "'12'"]),
    (lambda: PReLU(shared_axes=[1, 1]), ["PReLU", "shared_axes", "axis twice", "[1, 1]"]),
    (lambda: SpatialDropout2D(1.0), ["SpatialDropout2D", "rate", "below 1", "1.0"]),
    (lambda: GaussianNoise(2), ["GaussianNoise", "stddev", "from 0 to 1", "2"]),
    (lambda: GaussianDropout(1), ["GaussianDropout", "rate", "below 1"]),
    (lambda: AlphaDropout(0.5, seed=-1), ["AlphaDropout", "seed", "at least 0", "-1"]),
    (lambda: Cropping2D(-1), ["Cropping2D", "cropping", "at least 0", "-1"]),
    (lambda: Permute((1, 3)), ["Permute", "dims", "every axis from 1 to 2", "(1, 3)"]),
    (lambda: Permute((0, 1)), ["Permute", "dims", "batch axis", "(0, 1)"]),
    (lambda: RepeatVector(0), ["RepeatVector", "n must be at least 1", "is 0"]),
    (lambda: LayerNormalization(axis=None), ["LayerNormalization", "axis", "whole number", "None"]),  # type: ignore[arg-type]
    (lambda: LayerNormalization(epsilon=0), ["LayerNormalization", "epsilon", "above 0"]),
    (lambda: LayerNormalization(rms_scaling=True), ["LayerNormalization", "rms_scaling", "Leave it out"]),
    (lambda: GroupNormalization(0), ["GroupNormalization", "groups", "-1", "is 0"]),
    (lambda: UnitNormalization(1.5), ["UnitNormalization", "axis", "1.5"]),  # type: ignore[arg-type]
    (lambda: Normalization(mean=1.0), ["Normalization", "variance is missing", "adapt"]),
    (lambda: Normalization(mean="a", variance=1), ["Normalization", "mean", "number", "'a'"]),
    (lambda: Normalization(mean=0, variance=-1), ["Normalization", "variance", "at least 0"]),
    (lambda: Resizing(0, 4), ["Resizing", "height", "at least 1", "is 0"]),
    (lambda: Resizing(4, 4, antialias=True), ["Resizing", "antialias", "AveragePooling2D"]),
    (lambda: Resizing(4, 4, fill_mode="wrap"), ["Resizing", "fill_mode", "constant", "wrap"]),
    (
        lambda: Resizing(4, 4, crop_to_aspect_ratio=True, pad_to_aspect_ratio=True),
        ["Resizing", "crop_to_aspect_ratio or pad_to_aspect_ratio", "not both"],
    ),
    (lambda: CenterCrop(4, -4), ["CenterCrop", "width", "at least 1", "-4"]),
    (lambda: RandomCrop(4, 4, seed=0.5), ["RandomCrop", "seed", "whole number", "0.5"]),  # type: ignore[arg-type]
    (lambda: RandomZoom(-1.5), ["RandomZoom", "height_factor", "from -1 to 1", "-1.5"]),
    (lambda: RandomZoom((-1, 0)), ["RandomZoom", "height_factor", "above -1", "-1"]),
    (lambda: RandomContrast(-0.5), ["RandomContrast", "factor", "from 0 to 1", "-0.5"]),
    (lambda: RandomContrast(0.5, value_range=(1, 0)), ["RandomContrast", "value_range", "(smaller, larger)"]),
    (lambda: RandomBrightness(3), ["RandomBrightness", "factor", "from -1 to 1", "3"]),
    (lambda: Lambda(lambda x: x / 255), ["Lambda", "not supported", "Rescaling(1/255)"]),
    (lambda: deserialize({"class_name": "Lambda", "config": {}}), ["Lambda", "not supported", "Rescaling(1/255)"]),
    (lambda: ReLU(negative_slope=-1), ["ReLU", "negative_slope", "at least 0", "-1"]),
    (lambda: LeakyReLU(negative_slope="a"), ["LeakyReLU", "negative_slope", "number", "'a'"]),  # type: ignore[arg-type]
    (lambda: Rescaling("1/255"), ["Rescaling", "scale", "number", "'1/255'"]),  # type: ignore[arg-type]
    (lambda: RandomFlip(seed=-1), ["RandomFlip", "seed", "at least 0", "-1"]),
    (lambda: RandomFlip(data_format="channels_first"), ["RandomFlip", "data_format", "channels_first"]),
    (lambda: RandomTranslation(1.5, 0), ["RandomTranslation", "height_factor", "from -1 to 1", "1.5"]),
    (lambda: RandomTranslation(0, (0.1,)), ["RandomTranslation", "width_factor", "one number or two", "has 1"]),
    (lambda: RandomTranslation(0, float("nan")), ["RandomTranslation", "width_factor", "from -1 to 1", "nan"]),
    (lambda: RandomTranslation(0, 0, fill_value="a"), ["RandomTranslation", "fill_value", "number"]),  # type: ignore[arg-type]
    (lambda: RandomRotation("90"), ["RandomRotation", "factor", "must be a number", "'90'"]),  # type: ignore[arg-type]
    (lambda: RandomRotation((-2, 0)), ["RandomRotation", "factor", "from -1 to 1", "(-2, 0)"]),
    (lambda: RandomErasing(-0.1), ["RandomErasing", "factor", "from 0 to 1", "-0.1"]),
    (lambda: RandomErasing(scale=(0.1, 1.2)), ["RandomErasing", "scale", "from 0 to 1", "1.2"]),
    (lambda: RandomErasing(fill_value=(1, 2, 3)), ["RandomErasing", "fill_value", "number"]),  # type: ignore[arg-type]
    (lambda: RandomErasing(value_range=255), ["RandomErasing", "value_range", "two numbers", "255"]),  # type: ignore[arg-type]
    (lambda: RandomErasing(value_range=(1, 0)), ["RandomErasing", "value_range", "(smaller, larger)", "(1, 0)"]),
    (lambda: InputLayer(), ["Input", "shape", "Input(shape=(28, 28, 1))"]),
    (lambda: Input((28, 28, None)), ["Input", "every axis needs a size", "None"]),  # type: ignore[arg-type]
    (lambda: deserialize({"class_name": "Dense"}), ["Dense", "no config", "dict", "None"]),
]

# The same for names: the message has the nearest right one.
NAMES: list[tuple[Callable[[], Any], list[str]]] = [
    (lambda: Dense(3, kernel_regularizer="l3"), ["regularizer", "'l3'", "Did you mean"]),
    (lambda: Dense(3, kernel_constraint="max_nrm"), ["constraint", "'max_nrm'", "Did you mean 'MaxNorm'"]),
    (lambda: Dense(3, kernel_regulariser="l2"), ["Dense", "Did you mean 'kernel_regularizer'"]),
    (lambda: Flatten(kernel_regularizer="l2"), ["argument of Flatten", "'kernel_regularizer'"]),
    (lambda: Conv2D(8, 3, padding="sme"), ["Conv2D", "padding", "'sme'", "Did you mean 'same'"]),
    (lambda: Conv2D(8, 3, activation="rleu"), ["activation", "'rleu'", "Did you mean 'relu'"]),
    (lambda: Conv2D(8, 3, stride=2), ["Conv2D", "'stride'", "Did you mean 'strides'"]),
    (lambda: Conv2D(8, 3, kernel_initializer="he_norml"), ["initializer", "'he_norml'", "Did you mean 'he_normal'"]),
    (lambda: Conv2DTranspose(8, 3, padding="full"), ["Conv2DTranspose", "padding", "'full'", "valid, same"]),
    (lambda: UpSampling2D(interpolation="bicubic"), ["interpolation of UpSampling2D", "'bicubic'", "bilinear"]),
    (lambda: DepthwiseConv2D(3, kernel_initializer="ones"), ["'kernel_initializer'", "'depthwise_initializer'"]),
    (lambda: Resizing(4, 4, "bicubic"), ["interpolation of Resizing", "'bicubic'", "bilinear, nearest"]),
    (lambda: Dense(8, activation=np.sin), ["activation", "'sin'", "Known: linear, relu"]),
    (lambda: Dense(8, unit=3), ["Dense", "'unit'", "Did you mean 'units'"]),
    (lambda: RandomFlip("horizntal"), ["RandomFlip", "'horizntal'", "Did you mean 'horizontal'"]),
    (lambda: RandomRotation(0.1, fill_mode="mirror"), ["fill mode", "RandomRotation", "'mirror'", "constant, nearest"]),
    (lambda: RandomRotation(0.1, interpolation="cubic"), ["interpolation", "'cubic'", "nearest, bilinear"]),
    (lambda: RandomTranslation(0.1, 0.1, fil_mode="wrap"), ["'fil_mode'", "Did you mean 'fill_mode'"]),
    (lambda: Activation("sofmax"), ["activation", "'sofmax'", "Did you mean 'softmax'"]),
    (lambda: deserialize({"class_name": "Conv3D", "config": {}}), ["layer", "'Conv3D'", "Did you mean 'Conv2D'"]),
    (lambda: deserialize({}), ["layer", "None", "Known: "]),
    (lambda: initializers.get({"class_name": "He", "config": {}}), ["initializer", "'He'", "Known: "]),
    (lambda: initializers.VarianceScaling(mode="fan"), ["mode of VarianceScaling", "'fan'", "fan_in"]),
]

# Shapes that do not fit.
SHAPES: list[tuple[Callable[[], Any], list[str]]] = [
    (
        lambda: Dense(3, kernel_constraint=constraints.MaxNorm(axis=2)).compute_output_shape((None, 4)),
        ["Dense 'dense': kernel_constraint", "MaxNorm(max_value=2.0, axis=2)", "(4, 3)", "0 to 1", "axis=0 computes"],
    ),
    (
        lambda: Conv2D(3, 2, kernel_constraint=constraints.UnitNorm([0, -4])).compute_output_shape((None, 4, 4, 1)),
        ["Conv2D 'conv2d': kernel_constraint", "axis=(0, -4)", "given only once", "axis=[0, 1, 2] computes"],
    ),
    (
        lambda: BatchNormalization(gamma_constraint=constraints.UnitNorm(1)).compute_output_shape((None, 4)),
        ["BatchNormalization 'batch_normalization': gamma_constraint", "(4,)", "0 to 0", "axis=0"],
    ),
    (lambda: RandomFlip().infer_shape((28, 28)), ["RandomFlip", "channel axis is missing", "(28, 28, 1)"]),
    (lambda: RandomErasing().infer_shape((10,)), ["RandomErasing", "(height, width, channels)", "before Flatten"]),
    (lambda: Conv2D(8, 5).infer_shape((3, 9, 1)), ["Conv2D 'conv2d'", "5×5", "3×9", "padding='same'"]),
    (
        lambda: Conv2D(8, 3, name="edges").infer_shape((28, 28)),
        ["Conv2D 'edges'", "channel axis is missing", "input_shape=(28, 28, 1)", "x[..., None]"],
    ),
    (lambda: MaxPooling2D().infer_shape((10,)), ["MaxPooling2D", "(height, width, channels)", "(10,)", "Flatten"]),
    (lambda: GlobalMaxPooling2D().infer_shape((2, 3, 4, 5)), ["GlobalMaxPooling2D", "(2, 3, 4, 5)"]),
    (lambda: UpSampling2D().infer_shape((3, 3)), ["UpSampling2D", "channel axis is missing"]),
    (lambda: Conv2DTranspose(2, 3).infer_shape((12,)), ["Conv2DTranspose", "(height, width, channels)", "(12,)"]),
    (
        lambda: Conv2DTranspose(2, 2, 2, padding="same", output_padding=0).infer_shape((1, 4, 1)),
        ["Conv2DTranspose", "1×4", "output_padding (0, 0)", "leaves nothing"],
    ),
    (lambda: ZeroPadding2D().infer_shape((3, 3)), ["ZeroPadding2D", "channel axis is missing"]),
    (lambda: Conv2D(4, 3, groups=2).infer_shape((5, 5, 3)), ["Conv2D", "3 channels", "2 equal groups"]),
    (lambda: DepthwiseConv2D(5).infer_shape((3, 9, 1)), ["DepthwiseConv2D", "5×5", "3×9", "padding='same'"]),
    (lambda: SeparableConv2D(4, 3).infer_shape((9, 9)), ["SeparableConv2D", "channel axis is missing"]),
    (lambda: PReLU(shared_axes=[0]).infer_shape((4, 3)), ["PReLU", "shared_axes", "from 1 to 2", "batch axis is 0"]),
    (lambda: SpatialDropout2D(0.5).infer_shape((4,)), ["SpatialDropout2D", "(height, width, channels)"]),
    (lambda: Cropping2D(2).infer_shape((4, 9, 1)), ["Cropping2D", "leaves nothing", "4×9"]),
    (lambda: Permute((2, 1)).infer_shape((4, 3, 2)), ["Permute", "(2, 1)", "2 axes", "(4, 3, 2)"]),
    (lambda: RepeatVector(2).infer_shape((4, 3)), ["RepeatVector", "(4, 3)", "Flatten"]),
    (
        lambda: LayerNormalization(1).infer_shape((4, 3)),
        ["LayerNormalization", "last axis", "(1,)", "(4, 3)", "Permute"],
    ),
    (lambda: LayerNormalization([0, 1]).infer_shape((4,)), ["LayerNormalization", "batch axis is 0"]),
    (lambda: GroupNormalization().infer_shape((4, 4, 48)), ["GroupNormalization", "48 channels", "32 equal groups"]),
    (lambda: UnitNormalization(3).infer_shape((4, 3)), ["UnitNormalization", "last axis", "(3,)"]),
    (lambda: Normalization(0).infer_shape((4, 3)), ["Normalization", "from 1 to 2", "batch axis"]),
    (lambda: Normalization(mean=[1, 2], variance=1).infer_shape((4, 3)), ["Normalization", "(2,)", "(4, 3)", "(3,)"]),
    (lambda: Resizing(4, 4).infer_shape((3, 3)), ["Resizing", "channel axis is missing"]),
    (lambda: Reshape((4, 4)).infer_shape((5, 3)), ["Reshape", "(5, 3)", "15 values", "(4, 4)", "stay the same"]),
    (lambda: Reshape((4, -1)).infer_shape((5, 3)), ["Reshape", "15 values", "(4, -1)"]),
    (lambda: Dense(3).infer_shape(()), ["Dense", "at least one axis", "has none"]),
    (lambda: BatchNormalization(axis=1).infer_shape((4, 4, 3)), ["BatchNormalization", "axis=-1", "axis=1"]),
    (
        lambda: infer_shapes([Conv2D(4, 3), MaxPooling2D(), MaxPooling2D(), MaxPooling2D(), Flatten()], (8, 8, 1)),
        ["Layer 4 of 5", "MaxPooling2D", "2×2", "1×1", "fewer pooling layers"],
    ),
]


def in_words(value: object) -> str:
    """Return how pytest calls a case."""
    return " ".join(value) if isinstance(value, list) else ""


@pytest.mark.parametrize(
    ("make", "words"), ARGUMENTS, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_a_wrong_argument_is_refused_and_named(make: Callable[[], Any], words: list[str]) -> None:
    assert_words(ConfigurationError, make, words)


@pytest.mark.parametrize(("make", "words"), NAMES, ids=in_words)
def test_an_unknown_name_brings_the_nearest_right_one(make: Callable[[], Any], words: list[str]) -> None:
    assert_words(UnknownNameError, make, words)


@pytest.mark.parametrize(
    ("make", "words"), SHAPES, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_a_shape_that_does_not_fit_is_refused_with_a_remedy(make: Callable[[], Any], words: list[str]) -> None:
    assert_words(ShapeError, make, words)


def assert_words(kind: type[Exception], make: Callable[[], Any], words: list[str]) -> None:
    with pytest.raises(kind) as caught:
        make()
    message = str(caught.value)
    assert [word for word in words if word not in message] == [], message
    assert "\n" not in message  # one paragraph


def test_a_layer_without_a_shape_says_how_to_give_it_one() -> None:
    with pytest.raises(NotReadyError, match=r"Dense 'dense' has no shape yet.*Input\(shape="):
        _ = Dense(3).output


def test_weights_of_the_wrong_shapes_are_refused_and_nothing_is_set() -> None:
    layer = Dense(2)
    layer.build((3,), np.random.default_rng(0))
    before = layer.get_weights()
    with pytest.raises(ShapeError, match=r"Dense 'dense' takes 2 weights \(kernel \(3, 2\), bias \(2,\)\)"):
        layer.set_weights([np.zeros((3, 2)), np.zeros(3)])
    for now, then in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_a_built_layer_does_not_take_another_shape() -> None:
    layer = Dense(2)
    layer.build((3,), np.random.default_rng(0))
    layer.build((3,), np.random.default_rng(1))  # the same shape again is nothing
    with pytest.raises(ShapeError, match=r"built for inputs of shape \(3,\) and cannot take \(4,\)"):
        layer.build((4,), np.random.default_rng(0))


@pytest.mark.parametrize("value", [None, "channels_last"])
def test_arguments_left_at_what_we_compute_are_taken(value: str | None) -> None:
    layer = Conv2D(2, 3, data_format=value, groups=1, activity_regularizer=None, dtype="float32")
    assert layer.infer_shape((5, 5, 1)) == (3, 3, 2)

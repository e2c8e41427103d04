"""A row for each layer and setting: what the generic tests of layers go through, here and elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from convoscope import activations
from convoscope.constraints import MaxNorm, MinMaxNorm
from convoscope.engine.plan import Plan, build_graph
from convoscope.layers import (
    ELU,
    Activation,
    Add,
    AlphaDropout,
    Average,
    AveragePooling2D,
    BatchNormalization,
    CenterCrop,
    Concatenate,
    Conv2D,
    Conv2DTranspose,
    Cropping2D,
    Dense,
    DepthwiseConv2D,
    Divide,
    Dropout,
    Flatten,
    GaussianDropout,
    GaussianNoise,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    GroupNormalization,
    InputLayer,
    Layer,
    LayerNormalization,
    LeakyReLU,
    LocalResponseNormalization,
    Maximum,
    MaxPooling2D,
    Minimum,
    MinPooling2D,
    Multiply,
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
    Subtract,
    UnitNormalization,
    UpSampling2D,
    ZeroPadding2D,
)
from convoscope.layers.graph import Call, Graph
from convoscope.types import Shape

Array = npt.NDArray[Any]

#: Of these the spans are exact, padding aside.
WITHOUT_HOLES = (Cropping2D, CenterCrop, RandomCrop, LayerNormalization, GroupNormalization, SeparableConv2D)


@dataclass(frozen=True)
class Row:
    """A layer, the shape that goes in, and the shape that must come out, worked out by hand.

    A layer that joins several inputs takes a tuple of shapes.
    """

    layer: Layer
    takes: Any
    makes: Shape

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes of all inputs."""
        return self.takes if self.joins else (self.takes,)

    @property
    def joins(self) -> bool:
        """Whether the layer is called on a list."""
        return isinstance(self.takes[0], tuple)

    def plan(self, *, layer: Layer | None = None, fused: bool = True) -> Plan:
        """Return the plan of the layer alone, or of another one in its place."""
        layer, count = layer or self.layer, len(self.shapes)
        call = Call(layer, tuple(range(count)), self.shapes, self.makes)
        return build_graph(Graph(self.shapes, (call,), (count,), (layer,)), fused=fused)

    def inputs(self, generator: np.random.Generator, count: int) -> list[Array]:
        """Return random inputs, so many of each, with values on both sides of 0."""
        return [generator.normal(size=(count, *shape)) for shape in self.shapes]


ROWS = [
    Row(InputLayer((4, 5, 2)), (4, 5, 2), (4, 5, 2)),
    Row(Conv2D(3, 2), (5, 4, 2), (4, 3, 3)),
    Row(Conv2D(4, (3, 2), strides=(2, 1), padding="same", activation="relu"), (7, 6, 3), (4, 6, 4)),
    Row(Conv2D(2, 3, dilation_rate=(2, 1), use_bias=False, activation="silu"), (7, 6, 1), (3, 4, 2)),
    Row(Conv2D(2, 3, padding="same", strides=2, dilation_rate=2, activation="elu"), (7, 6, 2), (4, 3, 2)),
    Row(Conv2D(17, 5, kernel_initializer="filter_bank", bias_initializer="ones"), (5, 6, 1), (1, 2, 17)),
    Row(Conv2D(3, 2, kernel_regularizer="l1", kernel_constraint=MaxNorm(1, [0, 1, 2])), (5, 4, 2), (4, 3, 3)),
    Row(Conv2DTranspose(3, 2, bias_regularizer="l2", bias_constraint="non_neg"), (5, 4, 2), (6, 5, 3)),
    Row(Conv2D(6, 3, groups=2), (5, 4, 4), (3, 2, 6)),
    Row(Conv2D(3, (2, 3), strides=2, padding="same", groups=3, activation="tanh"), (5, 6, 6), (3, 3, 3)),
    Row(Conv2D(34, 1, groups=2, use_bias=False), (3, 4, 34), (3, 4, 34)),
    Row(Conv2D(4, 3, groups=4, dilation_rate=(1, 2), activation="silu"), (4, 7, 4), (2, 3, 4)),
    Row(DepthwiseConv2D(3), (5, 6, 4), (3, 4, 4)),
    Row(DepthwiseConv2D(3, 2, "same", activation="relu6"), (7, 6, 5), (4, 3, 5)),
    Row(DepthwiseConv2D(5, padding="same", use_bias=False), (6, 9, 17), (6, 9, 17)),
    Row(DepthwiseConv2D((3, 2), depth_multiplier=3, activation="gelu"), (4, 5, 2), (2, 4, 6)),
    Row(DepthwiseConv2D(3, (2, 1), "same", 2, dilation_rate=(1, 2), bias_initializer="ones"), (5, 6, 3), (3, 6, 6)),
    Row(DepthwiseConv2D(2, depthwise_regularizer="l2", bias_constraint="non_neg"), (3, 4, 2), (2, 3, 2)),
    Row(SeparableConv2D(2, 2, depthwise_constraint="max_norm", pointwise_regularizer="l1"), (3, 4, 2), (2, 3, 2)),
    Row(PReLU(alpha_regularizer="l1", alpha_constraint="non_neg"), (4, 3), (4, 3)),
    Row(LayerNormalization(gamma_constraint="non_neg", beta_regularizer="l2"), (4, 3), (4, 3)),
    Row(DepthwiseConv2D(1, depthwise_initializer="he_normal"), (3, 3, 33), (3, 3, 33)),
    Row(SeparableConv2D(4, 3), (5, 6, 3), (3, 4, 4)),
    Row(SeparableConv2D(5, (3, 2), 2, "same", depth_multiplier=2, activation="relu"), (5, 4, 3), (3, 2, 5)),
    Row(SeparableConv2D(2, 3, dilation_rate=2, use_bias=False, activation="softmax"), (6, 6, 2), (2, 2, 2)),
    Row(Conv2DTranspose(3, 2), (5, 4, 2), (6, 5, 3)),
    Row(Conv2DTranspose(2, (3, 4), strides=2), (3, 4, 2), (7, 10, 2)),
    Row(Conv2DTranspose(4, (3, 2), strides=(2, 1), padding="same", activation="relu"), (3, 5, 3), (6, 5, 4)),
    Row(Conv2DTranspose(2, 3, dilation_rate=(2, 1), use_bias=False, activation="silu"), (3, 4, 1), (7, 6, 2)),
    Row(Conv2DTranspose(3, 3, padding="same", dilation_rate=3, activation="elu"), (4, 6, 2), (4, 6, 3)),
    Row(Conv2DTranspose(2, 2, strides=3, output_padding=(0, 2), bias_initializer="ones"), (2, 2, 3), (5, 7, 2)),
    Row(Conv2DTranspose(2, 3, strides=2, padding="same", output_padding=0), (3, 4, 17), (5, 7, 2)),
    Row(Conv2DTranspose(17, 2, strides=(2, 4), activation="softmax"), (2, 3, 2), (4, 12, 17)),
    Row(UpSampling2D(), (3, 4, 2), (6, 8, 2)),
    Row(UpSampling2D((1, 3)), (3, 2, 5), (3, 6, 5)),
    Row(UpSampling2D((3, 2), interpolation="bilinear"), (2, 4, 3), (6, 8, 3)),
    Row(UpSampling2D(5, interpolation="bilinear"), (1, 2, 1), (5, 10, 1)),
    Row(MaxPooling2D(), (7, 5, 3), (3, 2, 3)),
    Row(MaxPooling2D(3, 2, padding="same"), (7, 6, 2), (4, 3, 2)),
    Row(AveragePooling2D(), (7, 5, 3), (3, 2, 3)),
    Row(AveragePooling2D((3, 2), (1, 2), padding="same"), (4, 5, 1), (4, 3, 1)),
    Row(MinPooling2D(), (7, 5, 3), (3, 2, 3)),
    Row(MinPooling2D(2, 1, padding="same"), (3, 4, 2), (3, 4, 2)),
    Row(GlobalAveragePooling2D(), (3, 5, 4), (4,)),
    Row(GlobalAveragePooling2D(keepdims=True), (3, 5, 4), (1, 1, 4)),
    Row(GlobalMaxPooling2D(), (3, 5, 4), (4,)),
    Row(GlobalMaxPooling2D(keepdims=True), (3, 5, 4), (1, 1, 4)),
    Row(Flatten(), (3, 5, 2), (30,)),
    Row(Flatten(), (4,), (4,)),
    Row(Reshape((5, -1)), (3, 5, 2), (5, 6)),
    Row(Reshape((2, 3, 5)), (30,), (2, 3, 5)),
    Row(Dense(4), (6,), (4,)),
    Row(Dense(3, activation="softmax", use_bias=False), (2, 5), (2, 3)),
    Row(Dense(2, activation="gelu", kernel_initializer="he_normal"), (7,), (2,)),
    Row(Dense(4, kernel_regularizer={"class_name": "L1L2", "config": {"l2": 0.5}}), (6,), (4,)),
    Row(Dense(4, kernel_constraint=MinMaxNorm(0.5, 2, 0.25, axis=None), bias_constraint="unit_norm"), (6,), (4,)),
    Row(BatchNormalization(beta_regularizer="l1_l2", gamma_constraint="max_norm"), (6,), (6,)),
    Row(Dropout(0.4), (6, 3), (6, 3)),
    Row(Dropout(0.25, seed=7), (5,), (5,)),
    Row(SpatialDropout2D(0.4), (3, 2, 6), (3, 2, 6)),
    Row(SpatialDropout2D(0.5, seed=3), (2, 2, 5), (2, 2, 5)),
    Row(GaussianNoise(0.3), (6, 3), (6, 3)),
    Row(GaussianNoise(1.0, seed=7), (5,), (5,)),
    Row(GaussianDropout(0.4), (3, 3, 2), (3, 3, 2)),
    Row(GaussianDropout(0.1, seed=2), (7,), (7,)),
    Row(AlphaDropout(0.3), (6, 3), (6, 3)),
    Row(AlphaDropout(0.5, seed=1), (5,), (5,)),
    Row(LayerNormalization(), (4, 3, 5), (4, 3, 5)),
    Row(LayerNormalization([1, 2, 3], epsilon=0.1), (3, 4, 2), (3, 4, 2)),
    Row(LayerNormalization((-2, -1), center=False), (2, 3, 17), (2, 3, 17)),
    Row(LayerNormalization(scale=False), (6,), (6,)),
    Row(GroupNormalization(2), (3, 4, 6), (3, 4, 6)),
    Row(GroupNormalization(-1, scale=False), (3, 2, 5), (3, 2, 5)),
    Row(GroupNormalization(1, center=False), (2, 3, 4), (2, 3, 4)),
    Row(GroupNormalization(4, epsilon=0.1), (24,), (24,)),
    Row(GroupNormalization(2, axis=3), (2, 2, 34), (2, 2, 34)),
    Row(UnitNormalization(), (4, 5), (4, 5)),
    Row(LocalResponseNormalization(), (3, 2, 4), (3, 2, 4)),
    Row(LocalResponseNormalization((1, 2), 0.5, 0.3, 0.75), (2, 3, 17), (2, 3, 17)),
    Row(LocalResponseNormalization([2, 1], 2.0, 0.1, 1.25), (7,), (7,)),
    Row(UnitNormalization([1, 2, 3]), (2, 3, 4), (2, 3, 4)),
    Row(UnitNormalization((2, 3)), (2, 3, 17), (2, 3, 17)),
    Row(Normalization(), (4, 3, 5), (4, 3, 5)),
    Row(Normalization([1, -1], invert=True), (4, 3, 2), (4, 3, 2)),
    Row(Normalization(None), (6,), (6,)),
    Row(Normalization(mean=[0.5, -1.0], variance=4.0), (3, 2), (3, 2)),
    Row(Normalization(None, 0.25, 0.5), (3, 4, 2), (3, 4, 2)),
    Row(Normalization((1, 2), [[1.0, 2.0], [3.0, 4.0]], 2.0, invert=True), (2, 2, 3), (2, 2, 3)),
    Row(BatchNormalization(), (4, 3, 5), (4, 3, 5)),
    Row(BatchNormalization(center=False, momentum=0.5, epsilon=0.1), (6,), (6,)),
    Row(BatchNormalization(scale=False, trainable=False), (2, 3), (2, 3)),
    *(Row(Activation(name), (3, 4), (3, 4)) for name in activations.BY_NAME),
    Row(ReLU(), (3, 4), (3, 4)),
    Row(ReLU(negative_slope=0.1), (3, 4), (3, 4)),
    Row(ReLU(6.0), (3, 4), (3, 4)),
    Row(ReLU(1.5, negative_slope=0.1), (3, 4), (3, 4)),
    Row(ReLU(threshold=0.5), (3, 4, 2), (3, 4, 2)),
    Row(ReLU(1.25, 0.25, 0.75), (5,), (5,)),
    Row(PReLU(), (3, 4, 2), (3, 4, 2)),
    Row(PReLU("he_normal", shared_axes=[1, 2]), (5, 4, 3), (5, 4, 3)),
    Row(PReLU(shared_axes=2), (4, 3, 17), (4, 3, 17)),
    Row(PReLU(shared_axes=(1,)), (6,), (6,)),
    Row(LeakyReLU(), (3, 4, 2), (3, 4, 2)),
    Row(LeakyReLU(negative_slope=0.0), (5,), (5,)),
    Row(ELU(), (3, 4, 2), (3, 4, 2)),
    Row(ELU(0.3), (5,), (5,)),
    Row(Softmax(), (3, 4), (3, 4)),
    Row(ZeroPadding2D(((1, 0), (2, 3))), (3, 4, 2), (4, 9, 2)),
    Row(ZeroPadding2D(0), (3, 4, 2), (3, 4, 2)),
    Row(Cropping2D(), (3, 4, 2), (3, 4, 2)),
    Row(Cropping2D(((1, 0), (2, 1))), (4, 5, 2), (3, 2, 2)),
    Row(Cropping2D((0, 1)), (2, 4, 17), (2, 2, 17)),
    Row(Permute((2, 1)), (3, 4), (4, 3)),
    Row(Permute((2, 1, 3)), (3, 4, 2), (4, 3, 2)),
    Row(Permute((3, 1, 2)), (3, 4, 2), (2, 3, 4)),
    Row(Permute((1,)), (5,), (5,)),
    Row(Permute((2, 4, 1, 3)), (2, 3, 4, 5), (3, 5, 2, 4)),
    Row(RepeatVector(3), (5,), (3, 5)),
    Row(Resizing(4, 9), (5, 6, 2), (4, 9, 2)),
    Row(Resizing(3, 7, "nearest"), (6, 4, 3), (3, 7, 3)),
    Row(Resizing(4, 4, crop_to_aspect_ratio=True), (5, 9, 1), (4, 4, 1)),
    Row(Resizing(6, 4, "nearest", pad_to_aspect_ratio=True, fill_value=0.5), (3, 5, 2), (6, 4, 2)),
    Row(Resizing(3, 8, pad_to_aspect_ratio=True, fill_value=-1.0), (7, 4, 2), (3, 8, 2)),
    Row(Resizing(1, 1), (2, 2, 17), (1, 1, 17)),
    Row(CenterCrop(2, 3), (5, 6, 2), (2, 3, 2)),
    Row(CenterCrop(4, 8), (6, 4, 2), (4, 8, 2)),
    Row(RandomCrop(3, 4), (5, 6, 2), (3, 4, 2)),
    Row(RandomCrop(5, 2, seed=4), (5, 6, 3), (5, 2, 3)),
    Row(RandomCrop(6, 6), (4, 5, 1), (6, 6, 1)),
    Row(Rescaling(0.5, offset=-1.0), (3, 4, 2), (3, 4, 2)),
    Row(RandomFlip(), (5, 4, 2), (5, 4, 2)),
    Row(RandomFlip("horizontal", seed=3), (1, 7, 1), (1, 7, 1)),
    Row(RandomTranslation(0.3, (-0.1, 0.4)), (6, 5, 1), (6, 5, 1)),
    Row(RandomTranslation(1, 1, "constant", fill_value=2.0), (4, 5, 3), (4, 5, 3)),
    Row(RandomTranslation(0.5, 0, "wrap", "nearest"), (4, 5, 1), (4, 5, 1)),
    Row(RandomRotation(0.5), (6, 5, 2), (6, 5, 2)),
    Row(RandomRotation((0.0, 0.2), "nearest", seed=5), (7, 7, 1), (7, 7, 1)),
    Row(RandomRotation(1, "constant", "nearest", fill_value=-1.0), (5, 8, 3), (5, 8, 3)),
    Row(RandomZoom(0.4), (6, 5, 2), (6, 5, 2)),
    Row(RandomZoom((-0.5, 0.2), (0.1, 0.9), "nearest", "nearest", seed=5), (7, 4, 1), (7, 4, 1)),
    Row(RandomZoom(0.9, 0, "constant", fill_value=-1.0), (5, 8, 3), (5, 8, 3)),
    Row(RandomContrast(0.5, value_range=(-1.5, 1.0)), (6, 5, 3), (6, 5, 3)),
    Row(RandomContrast((-0.5, 0.9), seed=2, value_range=(-9, 9)), (3, 4, 17), (3, 4, 17)),
    Row(RandomBrightness(0.4, value_range=(-1, 2)), (4, 5, 2), (4, 5, 2)),
    Row(RandomErasing((1, 1), (0.3, 0.5), value_range=(-1, 1)), (6, 7, 3), (6, 7, 3)),
    Row(RandomErasing(fill_value=0.5, seed=1), (8, 5, 1), (8, 5, 1)),
    Row(Add(), ((3, 4, 2), (3, 4, 2)), (3, 4, 2)),
    Row(Add(), ((3, 4, 2), (1, 1, 2), (2,), (3, 1, 1)), (3, 4, 2)),
    Row(Add(), ((3, 4),), (3, 4)),
    Row(Subtract(), ((5,), (5,)), (5,)),
    Row(Subtract(), ((1, 3), (4, 1)), (4, 3)),
    Row(Multiply(), ((3, 4, 2), (1, 1, 2)), (3, 4, 2)),
    Row(Multiply(), ((4, 1), (3,), (4, 3)), (4, 3)),
    Row(Divide(), ((3, 4, 2), (3, 1, 2)), (3, 4, 2)),
    Row(Divide(), ((1, 3), (4, 1)), (4, 3)),
    Row(Average(), ((2, 3, 2), (2, 3, 2), (2, 1, 2)), (2, 3, 2)),
    Row(Maximum(), ((2, 3, 2), (2, 3, 1), (2, 3, 2)), (2, 3, 2)),
    Row(Minimum(), ((6,), (1,)), (6,)),
    Row(Concatenate(), ((2, 3, 1), (2, 3, 4), (2, 3, 2)), (2, 3, 7)),
    Row(Concatenate(axis=1), ((2, 3, 2), (1, 3, 2)), (3, 3, 2)),
    Row(Concatenate(-2), ((2, 3, 2), (2, 1, 2)), (2, 4, 2)),
    Row(Concatenate(), ((2,), (3,)), (5,)),
]

every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.layer!r} of {row.takes}")
every_computing_row = pytest.mark.parametrize(
    "row",
    [row for row in ROWS if not isinstance(row.layer, InputLayer)],  # models leave it out of the plan
    ids=lambda row: f"{row.layer!r} of {row.takes}",
)


def weights_for(row: Row, generator: np.random.Generator) -> list[Array]:
    """Return random weights for the row's layer; variances are positive."""
    specs = row.layer.weight_specs(row.shapes[0])
    drawn = [generator.normal(0, 0.5, spec.shape) for spec in specs]
    positive = [np.abs(w) + 0.5 if spec.name.endswith("variance") else w for w, spec in zip(drawn, specs, strict=True)]
    return [np.asarray(weight) for weight in positive]  # a single number too


def single(arrays: list[Array]) -> Any:
    """Return arrays as engines take them: float32, and one alone not in a list."""
    cast = [array.astype(np.float32) for array in arrays]
    return cast[0] if len(cast) == 1 else cast

"""Stacks of layers drawn at random: the shapes that are promised come out, and fusing changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings, strategies as st

from convoscope.activations import BY_NAME
from convoscope.engine import use
from convoscope.engine.base import Gradients, LossRule
from convoscope.engine.plan import Plan, build
from convoscope.engine.reference import ReferenceEngine
from convoscope.engine.steps import ActivationStep, ConvolutionStep, DenseStep, PoolingStep
from convoscope.errors import ShapeError
from convoscope.layers import (
    ELU,
    Activation,
    AveragePooling2D,
    BatchNormalization,
    CenterCrop,
    Conv2D,
    Conv2DTranspose,
    Dense,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    GroupNormalization,
    Layer,
    LayerNormalization,
    LeakyReLU,
    MaxPooling2D,
    MinPooling2D,
    Permute,
    PReLU,
    RandomErasing,
    RandomFlip,
    RandomRotation,
    ReLU,
    Resizing,
    SeparableConv2D,
    UpSampling2D,
    ZeroPadding2D,
)
from convoscope.layers.augmentation import FILL_MODES
from convoscope.layers.stack import infer_shapes

Array = npt.NDArray[Any]
# Stacked, exponentials grow beyond all numbers.
ACTIVATIONS = tuple(name for name in BY_NAME if name != "exponential")

few = st.integers(1, 3)
pairs = st.tuples(few, few)
paddings = st.sampled_from(["valid", "same"])
activations = st.sampled_from(ACTIVATIONS)
convolutions = st.builds(
    Conv2D,
    st.integers(1, 9),
    kernel_size=pairs,
    strides=pairs,
    dilation_rate=st.just((1, 1)) | pairs,
    padding=paddings,
    activation=activations,
    use_bias=st.booleans(),
)
transposed = st.builds(
    lambda filters, size, strides, dilation, **options: Conv2DTranspose(
        filters, size, strides, dilation_rate=dilation if max(strides) == 1 else 1, **options
    ),
    st.integers(1, 9),
    pairs,
    pairs,
    st.just((1, 1)) | pairs,
    padding=paddings,
    activation=activations,
    use_bias=st.booleans(),
)
enlargements = transposed | st.builds(UpSampling2D, pairs, interpolation=st.sampled_from(["nearest", "bilinear"]))
poolings = st.one_of(
    *(
        st.builds(kind, pairs, strides=st.none() | pairs, padding=paddings)
        for kind in (MaxPooling2D, MinPooling2D, AveragePooling2D)
    )
)
depthwise = st.builds(
    DepthwiseConv2D,
    kernel_size=pairs | st.just((5, 5)),
    strides=pairs,
    dilation_rate=st.just((1, 1)) | pairs,
    padding=paddings,
    depth_multiplier=st.integers(1, 2),
    activation=activations,
    use_bias=st.booleans(),
)
separable = st.builds(SeparableConv2D, st.integers(1, 9), pairs, padding=paddings, activation=activations)
sizes = st.integers(1, 6)
image_layers = st.one_of(
    convolutions,
    depthwise,
    separable,
    st.builds(Resizing, sizes, sizes, interpolation=st.sampled_from(["nearest", "bilinear"])),
    st.builds(CenterCrop, sizes, sizes),
    st.builds(Permute, st.permutations([1, 2, 3])),
    st.builds(LayerNormalization, st.sampled_from([-1, [2, 3], [1, 2, 3]])),
    st.builds(GroupNormalization, st.sampled_from([1, -1])),
    st.builds(PReLU, shared_axes=st.none() | st.just([1, 2])),
    st.builds(ReLU, st.sampled_from([None, 1.5, 6.0]), st.sampled_from([0.0, 0.1]), st.sampled_from([0.0, 0.25])),
    poolings,
    st.builds(ZeroPadding2D, pairs),
    st.builds(Activation, activations),
    st.builds(ReLU),
    st.builds(LeakyReLU),
    st.builds(ELU, st.sampled_from([0.0, 0.5, 2.0])),
    st.builds(BatchNormalization),
    st.builds(Dropout, st.sampled_from([0.0, 0.3])),
    st.builds(RandomFlip),
    st.builds(RandomRotation, st.just(0.2), st.sampled_from(FILL_MODES)),
    st.builds(RandomErasing),
)
endings = st.one_of(
    st.just([]),
    st.builds(lambda: [GlobalMaxPooling2D()]),
    st.builds(lambda units, last: [GlobalAveragePooling2D(), Dense(units, activation=last)], few, activations),
    st.builds(lambda units, last: [Flatten(), Dense(units), Activation(last)], few, activations),
)
bodies = st.lists(image_layers, max_size=3)
stacks = st.builds(
    lambda body, larger, rest, end: [*body, *larger, *rest, *end],
    bodies,
    st.lists(enlargements, max_size=1),
    bodies,
    endings,
)
shapes = st.tuples(st.integers(1, 12), st.integers(1, 12), few)


def weights_for(plan: Plan) -> list[Array]:
    generator = np.random.default_rng(0)
    drawn = [generator.normal(size=weight.shape) for weight in plan.weights]
    return [np.abs(w) + 0.5 if p.name == "moving_variance" else w for w, p in zip(drawn, plan.weights, strict=True)]


@settings(deadline=None, max_examples=200)
@given(stacks, shapes)
def test_each_layer_makes_the_promised_shape_or_is_refused(stack: list[Layer], shape: tuple[int, int, int]) -> None:
    try:
        promised = infer_shapes(stack, shape)
    except ShapeError as error:
        place = int(str(error).removeprefix("Layer ").split(" of ")[0])
        assert len(infer_shapes(stack[: place - 1], shape)) == place - 1  # the layers before are all right
        with pytest.raises(ShapeError):
            infer_shapes(stack[:place], shape)
        return
    assert all(min(made) > 0 for made in promised)
    plan = build(stack, shape, fused=False)
    outputs = ReferenceEngine().prepare(plan, weights_for(plan)).step_outputs(np.zeros((2, *shape)))
    made = [outputs[plan.last_step_of(layer)].shape for layer in range(len(stack))]
    assert made == [(2, *one) for one in promised]


@settings(deadline=None, max_examples=200)
@given(stacks, shapes)
def test_a_fused_plan_gives_what_the_plan_that_is_not_fused_gives(
    stack: list[Layer], shape: tuple[int, int, int]
) -> None:
    try:
        fused, plain = build(stack, shape), build(stack, shape, fused=False)
    except ShapeError:
        return
    assert (fused.weights, fused.output_shape) == (plain.weights, plain.output_shape)
    weights = weights_for(plain)
    generator = np.random.default_rng(1)
    x, sent_back = generator.normal(size=(2, *shape)), generator.normal(size=(2, *plain.output_shape))
    ours, theirs = (
        ReferenceEngine().prepare(plan, weights, np.float64).pullback(x, sent_back, training=True, seed=2)
        for plan in (fused, plain)
    )
    np.testing.assert_array_equal(ours.outputs, theirs.outputs)
    np.testing.assert_array_equal(ours.input, theirs.input)
    for one, other in zip(ours.weights, theirs.weights, strict=True):
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            np.testing.assert_array_equal(one, other)


blocks = st.one_of(
    st.builds(lambda layer: [layer], image_layers),
    st.builds(lambda layer, pooling: [layer, pooling], convolutions, poolings),
    st.builds(lambda larger, layer: [larger, layer], enlargements, image_layers),
    st.builds(lambda units, last: [Flatten(), Dense(units, activation=last)], st.integers(1, 40), activations),
)


# The same examples at every run: a value that happens to lie within a rounding of ReLU's bend has another gradient.
@pytest.mark.parametrize("name", ["reference", "native"])
@settings(deadline=None, max_examples=300, derandomize=True)
@given(blocks, shapes, st.sampled_from([1, 2, 9, 33]), st.booleans())
def test_single_precision_is_double_precision_to_rounding(
    name: str, stack: list[Layer], shape: tuple[int, int, int], batch: int, training: bool
) -> None:
    try:
        plan = build(stack, shape)
    except ShapeError:
        return
    weights = [weight.astype(np.float32) for weight in weights_for(plan)]
    generator = np.random.default_rng([batch, *shape])
    x = generator.normal(size=(batch, *shape)).astype(np.float32)
    sent_back = generator.normal(size=(batch, *plan.output_shape)).astype(np.float32)
    double_precision = ReferenceEngine().prepare(plan, weights, np.float64)
    rounded = x * (1 + 6e-8 * generator.choice([-1.0, 1.0], x.shape))
    ours, exact, shaken = (
        executable.pullback(images, sent_back, training=training, seed=3)
        for executable, images in (
            (use(name).prepare(plan, weights), x),
            (double_precision, x),
            (double_precision, rounded),
        )
    )
    for single, double, other in zip(*map(_arrays, (ours, exact, shaken)), strict=True):
        if double is None or single is None or other is None:
            assert single is double is other
        else:
            # Where values cancel out, a rounding of what goes in is felt more than its own size.
            felt = float(np.abs(other - double).max())
            allowed = max(2e-5 * max(1e-2, float(np.abs(double).max())), 16 * felt)
            np.testing.assert_allclose(single, double, rtol=1e-5, atol=allowed)


def _arrays(found: Gradients) -> list[Any]:
    return [found.outputs, found.input, *found.weights]


def test_the_lesson_s_network_becomes_six_steps() -> None:
    stack = [
        Conv2D(8, 3, activation="relu"),
        MaxPooling2D(),
        Conv2D(8, 3),
        ReLU(),
        MaxPooling2D(),
        Flatten(),
        Dense(16, activation="relu"),
        Dense(10, activation="softmax"),
    ]
    plan = build(stack, (28, 28, 1))
    assert [type(step).__name__ for step in plan.steps] == [
        "ConvolutionStep",
        "ConvolutionStep",
        "ReshapeStep",
        "DenseStep",
        "DenseStep",
        "ActivationStep",
    ]
    assert [step.calls for step in plan.steps] == [(0, 1), (2, 3, 4), (5,), (6,), (7,), (7,)]
    assert plan.steps[1].output_shape == (5, 5, 8)


def test_an_average_stays_on_its_own_and_so_does_what_follows_a_pooling() -> None:
    assert [type(s) for s in build([Conv2D(2, 3), AveragePooling2D()], (6, 6, 1)).steps] == [
        ConvolutionStep,
        PoolingStep,
    ]
    plan = build([Conv2D(2, 3), MaxPooling2D(), ReLU(), MaxPooling2D()], (8, 8, 1))
    assert [type(step) for step in plan.steps] == [ConvolutionStep, ActivationStep, PoolingStep]


@pytest.mark.parametrize("name", ["gelu", "silu", "softmax"])
def test_an_activation_whose_gradient_needs_its_input_stays_on_its_own(name: str) -> None:
    plan = build([Conv2D(2, 3, activation=name), MaxPooling2D()], (6, 6, 1))
    assert [type(step) for step in plan.steps] == [ConvolutionStep, ActivationStep, PoolingStep]


@pytest.mark.parametrize(
    ("name", "kind"), [("sigmoid", "binary_crossentropy"), ("softmax", "categorical_crossentropy")]
)
def test_the_last_activation_stays_apart_for_the_loss(name: str, kind: str) -> None:
    plan = build([Dense(3, activation=name)], (4,))
    assert [type(step) for step in plan.steps] == [DenseStep, ActivationStep]
    assert LossRule(kind).hidden_activation(plan) == name
    assert LossRule(kind, from_logits=True).hidden_activation(plan) == name
    assert LossRule("mean_squared_error").hidden_activation(plan) is None

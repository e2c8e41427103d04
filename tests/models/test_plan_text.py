"""The plan as people read it."""

from __future__ import annotations

import numpy as np
import pytest

from convoscope.engine import use
from convoscope.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Dropout,
    Flatten,
    Layer,
    MaxPooling2D,
    ReLU,
    UpSampling2D,
)
from convoscope.models import Sequential
from convoscope.models.plan_text import plan_text


def text_of(layers: list[Layer], shape: tuple[int, ...] = (20, 20, 16)) -> str:
    model = Sequential(layers)
    model.build((None, *shape))
    return plan_text(model, 80)


def unwrapped(text: str) -> str:
    return " ".join(text.split())


def test_each_step_names_its_layers_its_kernel_and_why() -> None:
    use("native")
    text = unwrapped(text_of([Conv2D(32, 3, activation="relu"), MaxPooling2D(), Flatten(), Dense(10)]))
    assert "1. conv2d + max_pooling2d → 9×9×32 convolution, relu, max pooling: Winograd with pooling" in text
    assert "why: stride 1, 16 channels and filters or more: 1296 multiplications for 2916" in text
    assert "backward: through live winners" in text
    assert "3. dense → 10 dense: matrix product" in text
    assert text.endswith("In prediction: the same steps")


@pytest.mark.parametrize(
    ("convolution", "channels", "reason"),
    [
        (Conv2D(32, (1, 3)), 16, "the kernel is one pixel wide or high"),
        (Conv2D(32, 9), 16, "the kernel has a side of more than 7 pixels"),
        (Conv2D(32, 3, strides=2), 16, "the stride is not 1"),
        (Conv2D(32, 3, dilation_rate=2), 16, "the kernel is dilated"),
        (Conv2D(32, 3), 3, "fewer than 16 channels"),
        (Conv2D(8, 3), 16, "fewer than 16 filters"),
    ],
)
def test_a_direct_convolution_says_what_speaks_against_winograd(
    convolution: Conv2D, channels: int, reason: str
) -> None:
    use("native")
    assert f"why: no Winograd: {reason}" in unwrapped(text_of([convolution], (20, 20, channels)))


@pytest.mark.parametrize(
    ("layers", "reason"),
    [
        ([Conv2D(4, 3), ReLU(), Dropout(0.5), MaxPooling2D()], "dropout is in between"),
        ([Conv2D(4, 3), BatchNormalization()], "its mean and variance are the whole batch's"),
        ([Conv2D(4, 3), BatchNormalization(), MaxPooling2D()], "batch normalization is in between"),
        ([Conv2D(4, 3), AveragePooling2D()], "an average is not one of the pooled values"),
        ([Conv2DTranspose(4, 3), BatchNormalization()], "transposed convolutions are not fused with it"),
        ([Conv2DTranspose(4, 3, activation="gelu")], "the gradient of gelu needs its input"),
        ([Conv2D(4, 3, activation="gelu")], "the gradient of gelu needs its input"),
        ([Conv2D(4, 3), MaxPooling2D(), ReLU()], "it comes after the pooling"),
        ([Conv2D(4, 3), MaxPooling2D(), MaxPooling2D()], "the convolution already has a pooling"),
        ([Flatten(), Dense(3, activation="softmax")], "the loss is computed from its input"),
    ],
)
@pytest.mark.parametrize("engine", ["native", "reference"])
def test_what_is_not_fused_in_training_says_why(engine: str, layers: list[Layer], reason: str) -> None:
    use(engine)
    text = unwrapped(text_of(layers))
    assert f"not fused: {reason}" in text.split("In prediction")[0]


def test_layers_that_enlarge_are_named() -> None:
    use("native")
    text = unwrapped(text_of([Conv2DTranspose(4, 3, strides=2), ReLU(), UpSampling2D()]))
    assert "3 layers in 2 steps" in text
    assert "conv2d_transpose + re_lu" in text
    assert "transposed convolution, relu: scattered product" in text
    assert "upsampling: rows, then columns" in text


def test_prediction_shows_what_is_folded_in_and_what_is_idle() -> None:
    use("native")
    layers = [Conv2D(4, 3), BatchNormalization(), ReLU(), Dropout(0.5), Flatten(), Dense(3), Activation("softmax")]
    training, prediction = map(unwrapped, text_of(layers).split("In prediction"))
    assert "7 layers in 6 steps" in training
    assert "batch_normalization + re_lu" in training
    assert "normalization, relu: columns" in training
    assert "7 layers in 4 steps" in prediction
    assert "conv2d + batch_normalization + re_lu" in prediction
    assert "convolution, batch normalization folded in, relu" in prediction
    assert "idle before it: dropout" in prediction


def test_lines_fit_into_80_columns_and_go_into_the_summary(capsys: pytest.CaptureFixture[str]) -> None:
    use("native")
    names = {"name": "a_layer_with_a_name_that_is_very_long_but_has_to_go_somewhere"}
    model = Sequential([Conv2D(16, 3, input_shape=(9, 9, 1), **names), BatchNormalization(), ReLU(), MaxPooling2D()])
    assert max(map(len, plan_text(model, 80).splitlines())) <= 80
    model.summary(line_length=80, plan=True)
    out = capsys.readouterr().out
    assert "In training (native engine): 4 layers in 3 steps" in out
    assert plan_text(model, 80) in out
    assert model.predict(np.zeros((1, 9, 9, 1))).shape == (1, 3, 3, 16)

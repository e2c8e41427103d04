"""`preprocess_input` and `decode_predictions`, held to the formulas of Keras 3.15."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope import keras
from convoscope.applications import imagenet_utils, mobilenet_v2, resnet, squeezenet, vgg
from convoscope.errors import ConfigurationError, DataError, OutsideImportError, OutsideNameError, ShapeError

# What keras.applications.imagenet_utils.preprocess_input makes of one pixel, (10, 100, 250).
KERAS = {
    "caffe": [146.06100463867188, -16.77899932861328, -113.68000030517578],
    "tf": [-0.9215686321258545, -0.21568626165390015, 0.9607843160629272],
    "torch": [-1.9466564655303955, -0.28501397371292114, 2.552854299545288],
}


@pytest.mark.parametrize("mode", KERAS)
def test_pixels_are_kerass(mode: str) -> None:
    pixels = np.full((2, 3, 4, 3), [10, 100, 250])
    for given in (pixels, pixels.astype(np.uint8), pixels.astype(np.float64)):
        before = given.copy()
        found = imagenet_utils.preprocess_input(given, mode=mode)
        np.testing.assert_allclose(found, np.broadcast_to(KERAS[mode], pixels.shape), rtol=1e-5)
        assert found.dtype == (np.float64 if given.dtype == np.float64 else np.float32)
        assert (given == before).all()
    first = imagenet_utils.preprocess_input(pixels.transpose(0, 3, 1, 2), "channels_first", mode)
    np.testing.assert_allclose(first.transpose(0, 2, 3, 1), found, rtol=1e-6)
    np.testing.assert_allclose(imagenet_utils.preprocess_input(pixels[0], mode=mode), found[0], rtol=1e-6)


@pytest.mark.parametrize("mode", KERAS)
def test_symbols_are_prepared_in_the_model(mode: str) -> None:
    inputs = cs.Input(shape=(3, 4, 3))
    model = cs.Model(inputs, imagenet_utils.preprocess_input(inputs, mode=mode))
    found = model.predict(np.full((2, 3, 4, 3), [10, 100, 250]), verbose=0)
    np.testing.assert_allclose(found, np.broadcast_to(KERAS[mode], found.shape), rtol=1e-5)
    assert model.trainable_weights == []


def test_each_network_has_its_own() -> None:
    pixel = np.array([[[10.0, 100.0, 250.0]]])
    modes = {mobilenet_v2: "tf", resnet: "caffe", vgg: "caffe", squeezenet: "torch"}
    for module, mode in modes.items():
        np.testing.assert_allclose(module.preprocess_input(pixel)[0, 0], KERAS[mode], rtol=1e-5)
    assert cs.applications.efficientnet_lite.preprocess_input(pixel).tolist() == pixel.tolist()


@pytest.mark.parametrize(
    ("given", "options", "error", "message"),
    [
        (np.zeros((2, 2, 3)), {"mode": "pytorch"}, ConfigurationError, "Did you mean 'torch'"),
        (np.zeros((2, 2, 3)), {"data_format": "first"}, ConfigurationError, "no data_format of preprocess_input"),
        (np.zeros((2, 2, 1)), {}, ShapeError, r"red, green and blue, but got shape \(2, 2, 1\)"),
        (np.zeros((2, 3)), {}, ShapeError, r"but got shape \(2, 3\)"),
        (["a"], {}, DataError, "an array of numbers or a symbol, but got list"),
    ],
)
def test_what_cannot_be_prepared(given: Any, options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        imagenet_utils.preprocess_input(given, **options)


def test_predictions_have_names() -> None:
    scores = np.zeros((2, 1000), np.float32)
    scores[0, [0, 985, 7]] = 0.2, 0.5, 0.3
    scores[1, 999] = 1
    first, second = keras.applications.vgg16.decode_predictions(scores, top=3)
    assert [each[:2] for each in first] == [("n11939491", "daisy"), ("n01514668", "cock"), ("n01440764", "tench")]
    assert second[0] == ("n15075141", "toilet_tissue", np.float32(1))
    assert len(imagenet_utils.decode_predictions(scores)[0]) == 5
    assert len(set(imagenet_utils.class_names())) == 998  # two cranes and two maillots, as in Keras
    for wrong in (scores[0], scores[:, :10]):
        with pytest.raises(ShapeError, match=r"ImageNet's 1000 classes, of shape \(images, 1000\), but got shape"):
            imagenet_utils.decode_predictions(wrong)


def test_programs_find_them_where_keras_has_them() -> None:
    from convoscope.keras.applications import VGG16, MobileNetV2
    from convoscope.keras.applications.mobilenet_v2 import preprocess_input
    from convoscope.keras.applications.resnet50 import ResNet50, decode_predictions

    assert VGG16 is cs.applications.VGG16
    assert MobileNetV2 is cs.keras.applications.mobilenet_v2.MobileNetV2
    assert ResNet50 is cs.applications.ResNet50
    assert preprocess_input is mobilenet_v2.preprocess_input
    assert decode_predictions is imagenet_utils.decode_predictions
    with pytest.raises(OutsideNameError, match="EfficientNetLite0 is small and accurate"):
        _ = keras.applications.DenseNet121
    with pytest.raises(OutsideImportError, match="there are EfficientNetLite0 to 4"):
        from convoscope.keras.applications.xception import Xception  # noqa: F401

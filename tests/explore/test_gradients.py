"""Saliency and Grad-CAM against what PyTorch's autograd finds (tools/make_explore_values.py)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import convoscope as cs
from convoscope import layers as cl
from convoscope.engine.base import Engine
from convoscope.errors import ConfigurationError, ShapeError, UnknownNameError

from .networks import colour, dense, grey, inverted, values

NETWORKS: dict[str, Callable[[], cs.Sequential]] = {"grey": grey, "colour": colour}
CLOSE = {"rtol": 1e-4, "atol": 1e-5}


@pytest.mark.parametrize("name", NETWORKS)
def test_saliency_is_autograds_gradient_of_the_score_before_softmax(name: str, engine: Engine) -> None:
    result = cs.explore.saliency(NETWORKS[name](), values(f"{name}_images"), values(f"{name}_classes"))
    np.testing.assert_allclose(result.gradients, values(f"{name}_saliency"), **CLOSE)
    np.testing.assert_allclose(result.maps, np.abs(values(f"{name}_saliency")).max(axis=3), **CLOSE)


@pytest.mark.parametrize("method", ["grad_cam", "hires_cam"])
@pytest.mark.parametrize("name", NETWORKS)
def test_class_activation_maps_are_those_of_autograd(name: str, method: str, engine: Engine) -> None:
    result = cs.explore.grad_cam(NETWORKS[name](), values(f"{name}_images"), values(f"{name}_classes"), method=method)
    expected = values(f"{name}_{method}")
    assert result.layer == "conv2d_1"
    np.testing.assert_allclose(result.raw, expected, **CLOSE)
    np.testing.assert_allclose(result.heat, np.maximum(expected, 0), **CLOSE)
    assert result.has_evidence.tolist() == (expected > 0).any(axis=(1, 2)).tolist()


@pytest.mark.parametrize("method", ["grad_cam", "hires_cam"])
def test_class_activation_maps_within_a_residual_block_are_those_of_autograd(method: str, engine: Engine) -> None:
    model, images, classes = inverted(), values("inverted_images"), values("inverted_classes")
    result = cs.explore.grad_cam(model, images, classes, "block1a_project_conv", method)
    np.testing.assert_allclose(result.raw, values(f"inverted_{method}"), **CLOSE)
    np.testing.assert_allclose(
        cs.explore.saliency(model, images, classes).gradients, values("inverted_saliency"), **CLOSE
    )


def test_a_model_without_softmax_gives_the_same_gradients_as_with_it() -> None:
    images, classes = values("grey_images"), values("grey_classes")
    plain = cs.explore.saliency(grey(None), images, classes)
    np.testing.assert_allclose(plain.gradients, values("grey_saliency"), **CLOSE)


def test_the_class_is_the_models_own_answer_if_none_is_given() -> None:
    best = values("grey_scores").argmax(axis=1)
    assert cs.explore.saliency(grey(), values("grey_images")).classes.tolist() == best.tolist()
    assert cs.explore.grad_cam(grey(), values("grey_images")).classes.tolist() == best.tolist()


def test_more_images_than_a_batch_give_the_same_as_each_alone() -> None:
    images = np.tile(values("grey_images"), (7, 1, 1, 1))
    expected = np.tile(values("grey_grad_cam"), (7, 1, 1))
    result = cs.explore.grad_cam(grey(), images, np.tile(values("grey_classes"), 7))
    np.testing.assert_allclose(result.raw, expected, **CLOSE)


def test_without_positive_evidence_there_is_no_heat_and_it_says_so() -> None:
    model = cs.Sequential(
        [
            cl.Conv2D(1, 1, use_bias=False, kernel_initializer="ones", input_shape=(2, 2, 1)),
            cl.Flatten(),
            cl.Dense(2, use_bias=False, activation="softmax"),
        ]
    )
    model.layers[2].set_weights([np.array([[-1.0, 1.0]] * 4)])
    result = cs.explore.grad_cam(model, np.ones((2, 2, 1)), class_index=0)
    assert result.raw.tolist() == [[[-1, -1], [-1, -1]]]
    assert result.has_evidence.tolist() == [False]
    assert not result.heat.any()
    assert "no positive evidence" in result.plot().axes[0].get_title()


def test_a_single_output_with_sigmoid_is_followed_before_the_sigmoid() -> None:
    model = cs.Sequential([cl.Flatten(input_shape=(2, 2, 1)), cl.Dense(1, activation="sigmoid")])
    kernel = np.array([[1.0], [-2.0], [3.0], [100.0]])
    model.layers[1].set_weights([kernel, [0.0]])
    result = cs.explore.saliency(model, np.ones((2, 2, 1)))
    assert result.gradients.ravel().tolist() == kernel.ravel().tolist()


def test_saliency_works_without_a_convolution_and_grad_cam_says_what_is_missing() -> None:
    assert cs.explore.saliency(dense(), np.ones((2, 6, 6, 1))).maps.shape == (2, 6, 6)
    with pytest.raises(ConfigurationError, match="needs a convolution, but model 'sequential' has none"):
        cs.explore.grad_cam(dense(), np.ones((2, 6, 6, 1)))


def test_a_layer_without_maps_or_a_wrong_name_is_refused() -> None:
    images = values("grey_images")
    with pytest.raises(ShapeError, match=r"needs feature maps.*Dense 'dense'"):
        cs.explore.grad_cam(grey(), images, layer="dense")
    with pytest.raises(UnknownNameError, match="Did you mean 'conv2d_1'"):
        cs.explore.grad_cam(grey(), images, layer="conv2d_11")
    with pytest.raises(UnknownNameError, match="hires_cam"):
        cs.explore.grad_cam(grey(), images, method="hirescam")


@pytest.mark.parametrize("wrong", [3, -1, 0.5, [0, 1]])
def test_a_class_that_is_not_there_is_refused(wrong: object) -> None:
    with pytest.raises(ConfigurationError, match="class_index must be"):
        cs.explore.saliency(grey(), values("grey_images"), wrong)


def test_outputs_that_are_no_row_of_scores_are_refused() -> None:
    model = cs.Sequential([cl.Conv2D(2, 3, input_shape=(5, 5, 1))])
    with pytest.raises(ShapeError, match="one score for each class"):
        cs.explore.saliency(model, np.ones((1, 5, 5, 1)))


def test_looking_changes_no_weight() -> None:
    model = colour()
    before = model.get_weights()
    cs.explore.saliency(model, values("colour_images"))
    cs.explore.grad_cam(model, values("colour_images"))
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_eight_bit_images_and_frozen_layers_give_the_same_gradients(engine: Engine) -> None:
    model = grey()
    images = np.random.default_rng(0).integers(0, 255, (2, 9, 9, 1), dtype=np.uint8)
    plain = cs.explore.saliency(model, images.astype(np.float32), 0), cs.explore.grad_cam(model, images * 1.0, 0)
    model.trainable = False
    np.testing.assert_allclose(cs.explore.saliency(model, images, 0).gradients, plain[0].gradients, rtol=1e-5)
    np.testing.assert_allclose(cs.explore.grad_cam(model, images, 0).raw, plain[1].raw, rtol=1e-5)

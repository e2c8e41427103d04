"""Activations, filters, dead filters, occlusion, top images, embedding and neighbours: small cases worked by hand."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import convoscope as cs
from convoscope import layers as cl
from convoscope.errors import ConfigurationError, DataError, NotReadyError, ShapeError, UnknownNameError

from .networks import colour, dense, grey, values


def test_activations_are_those_of_the_view_and_take_one_image() -> None:
    model, images = grey(), values("grey_images")
    result = cs.explore.activations(model, images)
    expected = cs.Model(model.input, [layer.output for layer in model.layers]).predict(images)
    assert result.layers == tuple(layer.name for layer in model.layers)
    for found, wanted in zip(result.outputs, expected, strict=True):
        np.testing.assert_array_equal(found, wanted)
    one = cs.explore.activations(model, images[2], layers=["conv2d_1", -1])
    np.testing.assert_allclose(one["conv2d_1"], result["conv2d_1"][2:3], rtol=1e-6)
    assert one.layers == ("conv2d_1", "dense_1")


def test_one_filter_is_followed_through_all_convolutions_and_poolings() -> None:
    model, images = grey(), values("grey_images")[:3]
    result = cs.explore.common_features(model, images, channel=3)
    assert result.layers == ("conv2d", "max_pooling2d", "conv2d_1")
    inner = cs.explore.activations(model, images)
    for name, maps in zip(result.layers, result.maps, strict=True):
        np.testing.assert_array_equal(maps, inner[name][..., 3])
    assert cs.explore.common_features(model, images, channel=[0, 1, 4]).channels == (0, 1, 4)
    with pytest.raises(ConfigurationError, match="has 4 channels, numbered 0 to 3, but got channel 4"):
        cs.explore.common_features(model, images, channel=4)
    with pytest.raises(ConfigurationError, match="3 convolutions and poolings"):
        cs.explore.common_features(model, images, channel=[0, 1])
    with pytest.raises(ConfigurationError, match="no convolution and no pooling"):
        cs.explore.common_features(dense(), np.ones((1, 6, 6, 1)))


def test_filters_are_copies_of_the_kernels_one_image_each() -> None:
    model = colour()
    result = cs.explore.filters(model)
    assert result.kernels.shape == (4, 3, 3, 3)
    np.testing.assert_array_equal(result.kernels[2], model.layers[0].weights[0][..., 2])
    result.kernels[:] = 0
    assert model.layers[0].weights[0].all()
    with pytest.raises(ConfigurationError, match="is not a convolution"):
        cs.explore.filters(model, "dense")


def test_the_kernel_of_a_single_filter_is_a_copy_too() -> None:
    """It lies in its order already, and what is written into it must not be learned by the model."""
    model = cs.Sequential([cs.Input((5, 5, 2)), cl.Conv2D(1, 3)])
    before = model.get_weights()[0]
    cs.explore.filters(model).kernels[...] = 7
    assert np.array_equal(model.get_weights()[0], before)


def test_a_filter_is_dead_behind_its_normalization_and_activation() -> None:
    model = cs.Sequential(
        [
            cl.Conv2D(3, 1, use_bias=False, input_shape=(2, 2, 1)),
            cl.BatchNormalization(),
            cl.ReLU(),
            cl.Flatten(),
            cl.Dense(2, activation="relu"),
            cl.Dense(2),
        ],
        seed=0,
    )
    model.layers[0].set_weights([np.array([1.0, -1.0, -1.0]).reshape(1, 1, 1, 3)])
    model.layers[1].set_weights([np.ones(3), [0, 0, 5], np.zeros(3), np.ones(3)])
    model.layers[4].set_weights([np.zeros((12, 2)), [-1.0, 1.0]])
    images = np.random.default_rng(0).random((40, 2, 2, 1))
    result = cs.explore.dead_filters(model, images)
    assert result.dead == {"conv2d": [1], "dense": [0, 1]}
    high = np.float32(1 / np.sqrt(1.001)) * images.max()
    np.testing.assert_allclose(result.maxima[0][0], high, rtol=1e-5)


def test_occlusion_by_hand_with_a_ragged_edge() -> None:
    model = cs.Sequential([cl.Flatten(input_shape=(3, 2, 1)), cl.Dense(2, use_bias=False)])
    kernel = np.array([[1, 0], [2, 0], [3, 0], [4, 0], [5, 0], [-6, 0]], float)
    model.set_weights([kernel])
    result = cs.explore.occlusion(model, np.ones((3, 2, 1)), class_index=0, size=(2, 1), stride=2)
    assert result.score == 9
    assert (result.rows.tolist(), result.columns.tolist()) == ([0, 1], [0, 1])
    assert result.drops.tolist() == [[1 + 3, 2 + 4], [3 + 5, 4 - 6]]
    assert result.map.tolist() == [[4, 6], [(4 + 8) / 2, (6 - 2) / 2], [8, -2]]
    doubled = cs.explore.occlusion(model, np.ones((3, 2, 1)), class_index=0, size=1, fill=2.0)
    assert doubled.drops.tolist() == [[-1, -2], [-3, -4], [-5, 6]]


def test_occlusion_takes_the_models_answer_and_one_image_only() -> None:
    model, images = colour(), values("colour_images")
    result = cs.explore.occlusion(model, images[0])
    assert result.class_index == values("colour_scores")[0].argmax()
    assert result.drops.shape == (7, 7)
    with pytest.raises(ShapeError, match="one image"):
        cs.explore.occlusion(model, images)
    with pytest.raises(ConfigurationError, match=r"9×9 pixels is larger than the image, 8×8"):
        cs.explore.occlusion(model, images[0], size=9)
    with pytest.raises(ConfigurationError, match="from 0 to 3"):
        cs.explore.occlusion(model, images[0], class_index=4)


def test_the_top_patches_are_what_the_filter_looks_for() -> None:
    model = cs.Sequential([cl.Conv2D(2, 2, kernel_initializer="zeros", input_shape=(5, 5, 1)), cl.MaxPooling2D()])
    model.layers[0].weights[0][..., 0, 1] = [[1, 0], [0, 1]]
    images = np.zeros((40, 5, 5, 1))
    images[37, 3, 2] = images[37, 4, 3] = 1
    images[5, 0, 0] = images[5, 1, 1] = 0.75
    result = cs.explore.top_activating(model, "conv2d", 1, images, count=2)
    assert result.indices.tolist() == [37, 5]
    assert result.values.tolist() == [2, 1.5]
    assert result.units.tolist() == [[3, 2], [0, 0]]
    assert result.patches[0][..., 0].tolist() == [[1, 0], [0, 1]]
    pooled = cs.explore.top_activating(model, "max_pooling2d", 1, images, count=1)
    assert pooled.patches[0].shape == (3, 3, 1)
    with pytest.raises(ConfigurationError, match="but got channel 2"):
        cs.explore.top_activating(model, "conv2d", 2, images)


def test_padding_makes_patches_smaller_at_the_edge_and_a_neuron_sees_the_whole_image() -> None:
    model = cs.Sequential(
        [
            cl.Conv2D(1, 3, padding="same", kernel_initializer="ones", input_shape=(4, 4, 1)),
            cl.Flatten(),
            cl.Dense(2),
        ]
    )
    image = np.zeros((1, 4, 4, 1))
    image[0, 0, 0] = 1
    assert cs.explore.top_activating(model, 0, 0, image).patches[0].shape == (2, 2, 1)
    neuron = cs.explore.top_activating(model, "dense", 1, image)
    assert (neuron.patches[0].shape, neuron.units.shape) == ((4, 4, 1), (1, 0))


@pytest.mark.parametrize("images", [3, 40])
def test_the_embedding_is_the_principal_components_of_the_last_hidden_layer(images: int) -> None:
    model = cs.Sequential([cl.Dense(7, activation="tanh", input_shape=(9,)), cl.Dropout(0.5), cl.Dense(3)], seed=2)
    x = np.random.default_rng(1).normal(size=(images, 9))
    result = cs.explore.embedding(model, x)
    hidden = model.layer_outputs(x)[0].astype(np.float64)
    left, sizes, _ = np.linalg.svd(hidden - hidden.mean(axis=0), full_matrices=False)
    expected = (left * sizes)[:, :2]
    np.testing.assert_allclose(np.abs(result.points), np.abs(expected), atol=1e-6)
    assert result.layer == "dropout"
    assert result.explained == pytest.approx(tuple(sizes[:2] ** 2 / (sizes**2).sum()))


def test_a_hidden_layer_of_one_neuron_and_a_single_layer_still_give_two_dimensions() -> None:
    model = cs.Sequential([cl.Dense(1, input_shape=(4,)), cl.Dense(2)], seed=2)
    points = cs.explore.embedding(model, np.eye(4)).points
    assert points.shape == (4, 2)
    assert not points[:, 1].any()
    assert cs.explore.embedding(cs.Sequential([cl.Dense(2, input_shape=(4,))]), np.eye(4)).layer == "the input"


def test_missing_extras_are_named_with_their_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.manifold", None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(NotReadyError, match="pip install scikit-learn"):
        cs.explore.embedding(dense(), np.ones((3, 6, 6, 1)), method="tsne")
    with pytest.raises(NotReadyError, match=r"pip install 'convoscope\[plots\]'"):
        cs.explore.filters(grey()).plot()
    with pytest.raises(UnknownNameError, match="pca"):
        cs.explore.embedding(dense(), np.ones((3, 6, 6, 1)), method="umap")


def test_the_nearest_are_near_in_the_hidden_layer() -> None:
    model = cs.Sequential([cl.Dense(2, use_bias=False, input_shape=(3,)), cl.Dense(2)], seed=2)
    model.layers[0].set_weights([np.array([[1.0, 0], [0, 1], [0, 0]])])  # the third value is not seen
    known = np.array([[5, 5, 0], [1, 1, 9], [0, 0, 0], [1, 2, 0]])
    result = cs.explore.nearest(model, np.array([1, 1, 0]), known, count=3)
    assert result.indices.tolist() == [[1, 3, 2]]
    assert result.distances.tolist() == [[0, 1, pytest.approx(np.sqrt(2))]]


def test_wrong_images_and_strange_layers_are_refused() -> None:
    with pytest.raises(ShapeError, match="9, 9, 1"):
        cs.explore.activations(grey(), np.ones((2, 8, 8, 1)))
    with pytest.raises(DataError):
        cs.explore.activations(grey(), np.ones((0, 9, 9, 1)))
    with pytest.raises(ConfigurationError, match="is not a layer of model"):
        cs.explore.activations(grey(), values("grey_images"), layers=[cl.Dense(2)])
    with pytest.raises(ConfigurationError, match="no layer at index 9"):
        cs.explore.activations(grey(), values("grey_images"), layers=[9])


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize("name", ["grey", "colour"])
def test_everything_has_a_figure(name: str) -> None:
    model = {"grey": grey, "colour": colour}[name]()
    images, labels = values(f"{name}_images"), np.array([0, 1, 2, 0, 1, 2])
    explore = cs.explore
    results = [
        explore.ablate(model, "conv2d", [0], images, labels),
        explore.activations(model, images),
        explore.common_features(model, images[:3], 1),
        explore.confusion(model, images, labels),
        explore.dead_filters(model, images),
        explore.embedding(model, images, labels),
        explore.embedding(model, images),
        explore.filters(model, "conv2d_1"),
        explore.grad_cam(model, images),
        explore.mistakes(model, images, labels),
        explore.nearest(model, images[:2], images, 3),
        explore.occlusion(model, images[0]),
        explore.receptive_field(model, "conv2d_1", (0, 0)),
        explore.saliency(model, images),
        explore.top_activating(model, "conv2d_1", 0, images),
        explore.top_activating(model, "dense", 0, images),
    ]
    for result in results:
        figure = result.plot()
        figure.canvas.draw()
        assert any(axes.has_data() for axes in figure.axes), type(result).__name__
    explore.receptive_field(model, "conv2d_1", (0, 0)).plot(images[0]).canvas.draw()

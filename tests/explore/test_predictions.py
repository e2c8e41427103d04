"""Mistakes, confusion and ablation, by hand and against recomputed accuracy."""

from __future__ import annotations

import numpy as np
import pytest

import convoscope as cs
from convoscope import layers as cl
from convoscope.engine.base import Engine
from convoscope.errors import ConfigurationError, DataError, ShapeError

from .networks import colour, dense, grey, values

LABELS = np.array([0, 1, 2, 0, 1, 2])


def passing(classes: int = 3, activation: str = "linear") -> cs.Sequential:
    """A model whose outputs are its inputs."""
    return cs.Sequential([cl.Activation(activation, input_shape=(classes,))])


def test_confusion_counts_true_classes_in_rows_and_answers_in_columns() -> None:
    model = passing()
    model.class_names = ["cat", "dog", "owl"]
    answers = np.eye(3)[[0, 0, 1, 2, 0]]
    result = cs.explore.confusion(model, answers, [0, 1, 1, 1, 1])
    assert result.matrix.tolist() == [[1, 0, 0], [2, 1, 1], [0, 0, 0]]
    assert result.accuracy == pytest.approx(2 / 5)
    assert result.most_confused == (1, 0)
    assert result.names == ("cat", "dog", "owl")


def test_mistakes_come_with_the_surest_first_and_can_be_those_of_one_cell() -> None:
    x = np.array([[0.6, 0.4, 0], [0.9, 0.1, 0], [0.2, 0.3, 0.5], [1, 0, 0]])
    result = cs.explore.mistakes(passing(), x, [1, 1, 1, 0])
    assert result.indices.tolist() == [1, 0, 2]
    assert result.predicted.tolist() == [0, 0, 2]
    assert result.true_scores.tolist() == pytest.approx([0.1, 0.4, 0.3])
    assert (result.total, result.probabilities) == (3, False)
    cell = cs.explore.mistakes(passing(), x, [1, 1, 1, 0], count=1, true=1, predicted=0)
    assert (cell.indices.tolist(), cell.total) == ([1], 2)
    assert cs.explore.mistakes(passing(activation="softmax"), x, [1, 1, 1, 0]).probabilities


def test_no_mistakes_is_an_answer_too() -> None:
    result = cs.explore.mistakes(passing(), np.eye(3), [0, 1, 2])
    assert (result.total, len(result.images)) == (0, 0)
    result.plot()


@pytest.mark.parametrize(("activation", "x"), [("sigmoid", [[-1], [2], [0.5]]), ("linear", [[-1], [2], [0.5]])])
def test_a_single_output_is_two_classes(activation: str, x: list[list[float]]) -> None:
    result = cs.explore.confusion(passing(1, activation), np.array(x), [0, 1, 0])
    assert result.matrix.tolist() == [[1, 1], [0, 1]]


def test_one_hot_labels_are_taken() -> None:
    assert cs.explore.confusion(passing(), np.eye(3), np.eye(3)).accuracy == 1.0


@pytest.mark.parametrize("labels", [[0, 1, 3], [0, -1, 1], [0, 0.5, 1]])
def test_labels_that_are_no_classes_are_refused(labels: list[float]) -> None:
    with pytest.raises(DataError, match="from 0 to 2, but the label at index"):
        cs.explore.confusion(passing(), np.eye(3), labels)


def test_names_are_not_taken_for_class_numbers() -> None:
    with pytest.raises(DataError, match="Turn names into numbers"):
        cs.explore.confusion(passing(), np.eye(3), ["cat", "dog", "owl"])


def test_too_few_labels_are_refused() -> None:
    with pytest.raises(ShapeError, match="3 images and 2 labels"):
        cs.explore.confusion(passing(), np.eye(3), [0, 1])


@pytest.mark.parametrize("layer", ["conv2d", "max_pooling2d", "conv2d_1"])
def test_ablation_is_what_zero_weights_give(layer: str, engine: Engine) -> None:
    images = np.tile(values("grey_images"), (6, 1, 1, 1))
    labels = np.tile(LABELS, 6)
    result = cs.explore.ablate(grey(), layer, [1, -1], images, labels)
    silenced = grey()
    convolution = silenced.get_layer("conv2d" if layer == "max_pooling2d" else layer)
    for weight in convolution.weights:
        weight[..., [1, -1]] = 0
    outputs = silenced.predict(images, verbose=0)
    np.testing.assert_allclose(result.outputs, outputs, rtol=1e-5, atol=1e-6)
    assert result.accuracy == pytest.approx(np.mean(outputs.argmax(axis=1) == labels))
    assert result.accuracy_before == pytest.approx(np.mean(values("grey_scores").argmax(axis=1) == LABELS))
    for true in range(3):
        of_class = labels == true
        right = np.mean(outputs[of_class].argmax(axis=1) == true)
        assert result.class_accuracy[true] == pytest.approx(right)


def test_silencing_nothing_changes_nothing() -> None:
    model = colour()
    result = cs.explore.ablate(model, "conv2d", [], values("colour_images"), LABELS)
    np.testing.assert_allclose(result.outputs, model.predict(values("colour_images"), verbose=0), rtol=1e-5, atol=1e-6)
    assert result.accuracy == result.accuracy_before


def test_the_last_layer_and_a_dense_one_can_be_silenced() -> None:
    images = values("grey_images")
    outputs = cs.explore.ablate(grey(), -1, 0, images, LABELS).outputs
    assert not outputs[:, 0].any()
    assert outputs[:, 1:].all()
    all_off = cs.explore.ablate(dense(), "dense", range(5), np.ones((2, 6, 6, 1)), [0, 1])
    assert not all_off.outputs.any()  # nothing is left but the biases, which are 0


@pytest.mark.parametrize(("channels", "labels"), [([4], LABELS), ([0], LABELS[:2]), ([0], LABELS + 1)])
def test_the_model_is_as_before_also_after_an_error(channels: list[int], labels: np.ndarray) -> None:
    model = grey()
    before, outputs = model.get_weights(), model.predict(values("grey_images"), verbose=0)
    with pytest.raises((ConfigurationError, ShapeError, DataError)):
        cs.explore.ablate(model, "conv2d", channels, values("grey_images"), labels)
    cs.explore.ablate(model, "conv2d", [0], values("grey_images"), LABELS)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert np.array_equal(outputs, model.predict(values("grey_images"), verbose=0))


def test_a_thousand_classes_work() -> None:
    model = cs.Sequential([cl.Flatten(input_shape=(4, 4, 3)), cl.Dense(1000, activation="softmax")], seed=0)
    x = np.random.default_rng(0).random((3, 4, 4, 3))
    result = cs.explore.confusion(model, x, [0, 1, 999])
    assert result.matrix.sum() == 3
    result.plot()


def test_one_mistake_is_counted_as_one() -> None:
    figures = pytest.importorskip("matplotlib.figure")
    model = cs.Sequential([cs.layers.Flatten(input_shape=(1, 2)), cs.layers.Activation("softmax")])
    figure = cs.explore.mistakes(model, np.array([[[1.0, 0.0]], [[0.0, 1.0]]]), [1, 1]).plot()
    assert isinstance(figure, figures.Figure)
    assert "1 mistake" in [text.get_text() for text in figure.findobj(lambda part: hasattr(part, "get_text"))]

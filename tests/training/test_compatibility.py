"""What a loss cannot be meant for is computed as Keras does, with a warning that names what is meant."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.engine.base import Engine
from convoscope.errors import ConvoscopeWarning
from convoscope.initializers import Constant
from convoscope.layers import Activation, Dense, Input
from convoscope.models import Sequential

SPARSE, CATEGORICAL, BINARY = (
    "sparse_categorical_crossentropy",
    "categorical_crossentropy",
    "binary_crossentropy",
)
FOCAL = "categorical_focal_crossentropy"
LABELS = {SPARSE: np.arange(8) % 3, BINARY: np.eye(3)[np.arange(8) % 2], "poisson": np.ones((8, 3))}


def fitted(activation: str, loss: Any, units: int = 3, y: Any = None) -> list[str]:
    """Fit a model on a few samples, and return what is warned of."""
    model = Sequential([Input((4,)), Dense(units, bias_initializer=Constant(4.0)), Activation(activation)])
    model.compile(cs.optimizers.SGD(1e-3), loss)
    x = np.random.default_rng(0).normal(size=(8, 4))
    y = LABELS.get(model.loss.kind, np.eye(3)[np.arange(8) % 3]) if y is None else y
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvoscopeWarning)
        history = model.fit(x, y, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    return [str(each.message) for each in caught]


@pytest.mark.parametrize(
    ("activation", "loss"),
    [
        ("softmax", SPARSE),
        ("softmax", CATEGORICAL),
        ("softmax", FOCAL),
        ("sigmoid", BINARY),
        ("sigmoid", "binary_focal_crossentropy"),
        ("linear", cs.losses.SparseCategoricalCrossentropy(from_logits=True)),
        ("linear", cs.losses.BinaryCrossentropy(from_logits=True)),
        ("linear", cs.losses.BinaryFocalCrossentropy(from_logits=True)),
        ("linear", "mse"),
        ("softmax", "kl_divergence"),
        ("softplus", "poisson"),
        ("tanh", "hinge"),
    ],
)
def test_what_belongs_together_is_not_warned_of(activation: str, loss: Any) -> None:
    assert fitted(activation, loss) == []


@pytest.mark.parametrize(
    ("activation", "loss", "words"),
    [
        ("sigmoid", SPARSE, ("ends in a sigmoid", "activation='softmax'", "'binary_crossentropy'", "As in Keras")),
        ("sigmoid", CATEGORICAL, ("ends in a sigmoid", "activation='softmax'")),
        ("sigmoid", FOCAL, ("ends in a sigmoid", "activation='softmax'")),
        ("softmax", BINARY, ("The model ends in a softmax over 3 units", "sparse_categorical", "As in Keras")),
        ("softmax", "binary_focal_crossentropy", ("softmax over 3 units", "activation='sigmoid'")),
        ("softmax", cs.losses.SparseCategoricalCrossentropy(True), ("from_logits=True) has no effect", "Leave out")),
        ("sigmoid", cs.losses.BinaryCrossentropy(True), ("ends in a sigmoid", "has no effect")),
        ("sigmoid", cs.losses.BinaryFocalCrossentropy(from_logits=True), ("ends in a sigmoid", "applies a second one")),
        ("softmax", cs.losses.CategoricalFocalCrossentropy(from_logits=True), ("applies a second one",)),
        ("linear", SPARSE, ("has no activation", "activation='softmax'", "from_logits=True")),
        ("linear", BINARY, ("has no activation", "activation='sigmoid'", "from_logits=True")),
        ("relu", SPARSE, ("the model ends in relu", "activation='softmax'")),
        ("tanh", BINARY, ("ends in tanh", "activation='sigmoid'")),
        ("linear", "kl_divergence", ("compares distributions", "has no activation", "activation='softmax'")),
        ("tanh", "kl_divergence", ("compares distributions", "ends in tanh")),
        ("elu", "poisson", ("logarithm of predictions", "ends in elu", "activation='exponential'")),
    ],
)
def test_a_mistake_runs_and_is_warned_of_once(activation: str, loss: Any, words: tuple[str, ...]) -> None:
    (told,) = fitted(activation, loss)
    for part in words:
        assert part in told
    assert "{" not in told


def test_a_single_unit_is_no_choice_of_classes() -> None:
    (told,) = fitted("sigmoid", SPARSE, 1, np.zeros(8))
    assert "the model's last layer has only one unit" in told
    assert "Dense(1, activation='sigmoid') with loss='binary_crossentropy'" in told
    (told,) = fitted("softmax", CATEGORICAL, 1, np.ones((8, 1)))
    assert "has only one unit" in told
    (told,) = fitted("softmax", BINARY, 2, np.eye(2)[np.arange(8) % 2])
    assert "For two classes, a single unit also works" in told


def test_exact_equality_is_hardly_the_accuracy_that_is_meant() -> None:
    model = Sequential([Input((4,)), Dense(3, activation="softmax")])
    model.compile("sgd", SPARSE, metrics=[cs.metrics.Accuracy()])
    with pytest.warns(ConvoscopeWarning, match=r"metrics=\['accuracy'\]"):
        model.fit(np.zeros((3, 4)), np.eye(3).argmax(axis=1)[:, None], verbose=0)


@pytest.mark.parametrize(
    ("units", "activation", "y", "kind"),
    [
        (1, "sigmoid", [0, 1, 1, 0], BINARY),
        (3, "softmax", [0, 1, 2, 0], SPARSE),
        (3, "softmax", [[0], [1], [2], [0]], SPARSE),
        (3, "softmax", [[0, 1, 0]] * 4, CATEGORICAL),
    ],
)
@pytest.mark.parametrize("word", ["ce", "crossentropy"])
def test_a_crossentropy_is_chosen_by_labels_and_outputs(
    word: str, units: int, activation: str, y: list[Any], kind: str
) -> None:
    found = []
    for loss in (word, kind):
        model = Sequential([Input((4,)), Dense(units, activation=activation)], seed=3)
        model.compile("sgd", loss, metrics=["accuracy"])
        assert model.metrics_names == ["loss", "accuracy"]
        model.fit(np.ones((4, 4)), np.array(y), verbose=0)
        found.append(model.evaluate(np.ones((4, 4)), np.array(y), verbose=0))
        assert model.loss.kind == kind
    assert found[0] == found[1]


def sure_of_the_wrong_class(*layers: Any) -> float:
    """Return the loss of a model whose logits are 300 and -300, the larger one for the wrong class."""
    model = Sequential([Input((2,)), *layers])
    model.compile("sgd", SPARSE)
    model.set_weights([np.float32([[300, -300], [300, -300]])])
    return float(model.evaluate(np.float32([[1, 0]]), [1], verbose=0))


def test_hidden_logits_are_known_through_models_within_models_and_not_through_what_reshapes(engine: Engine) -> None:
    plain = Dense(2, use_bias=False)
    assert sure_of_the_wrong_class(Sequential([plain, Activation("softmax")])) == 600.0
    plain = Dense(2, use_bias=False, activation="softmax")
    assert sure_of_the_wrong_class(plain, Activation("linear")) == 600.0
    plain = Dense(2, use_bias=False, activation="softmax")
    clipped = sure_of_the_wrong_class(plain, cs.layers.Reshape((2,)))
    assert clipped == pytest.approx(-np.log(1e-7), rel=1e-5)

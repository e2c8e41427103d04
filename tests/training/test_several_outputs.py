"""Training with several inputs and outputs: forms of data, what cannot be meant, saving, repeatability."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.engine.base import Engine
from convoscope.errors import (
    ConfigurationError,
    ConvoscopeError,
    ConvoscopeWarning,
    DataError,
    NotReadyError,
    ShapeError,
    TrainingDivergedError,
    UnknownNameError,
)
from convoscope.layers import Conv2D, Dense, Dropout, Flatten, Input
from convoscope.training import loop

SPARSE = "sparse_categorical_crossentropy"
COUNT = 43


def network(seed: int = 3, *, dropout: float = 0.0) -> cs.Model:
    """Make a network with inputs image and facts, and outputs kind (3 classes) and size (2 values)."""
    cs.utils.set_random_seed(seed)
    image, facts = Input(shape=(5, 5, 1), name="image"), Input(shape=(3,), name="facts")
    x = Flatten()(Conv2D(3, 3, activation="relu")(image))
    x = Dropout(dropout)(cs.layers.Concatenate()([x, Dense(4, activation="tanh")(facts)]))
    outputs = [Dense(3, activation="softmax", name="kind")(x), Dense(2, name="size")(x)]
    return cs.Model([image, facts], outputs, seed=seed)


def compiled(seed: int = 3, *, dropout: float = 0.0, **options: Any) -> cs.Model:
    model = network(seed, dropout=dropout)
    model.compile("adam", **{"loss": [SPARSE, "mse"], "loss_weights": [1.0, 0.3], **options})
    return model


@pytest.fixture
def x() -> list[Any]:
    generator = np.random.default_rng(1)
    image = generator.random((COUNT, 5, 5, 1)).astype(np.float32)
    return [image, generator.integers(0, 255, (COUNT, 3)).astype(np.uint8)]


@pytest.fixture
def y() -> list[Any]:
    generator = np.random.default_rng(2)
    return [generator.integers(0, 3, COUNT), generator.random((COUNT, 2))]


# ---- forms of data


def test_lists_and_dicts_of_data_mean_the_same(x: list[Any], y: list[Any]) -> None:
    weights = [np.linspace(0, 1, COUNT), None]
    histories = [
        compiled().fit(*data[:2], sample_weight=data[2], epochs=2, verbose=0).history
        for data in (
            (x, y, weights),
            (tuple(x), tuple(y), tuple(weights)),
            ({"facts": x[1], "image": x[0]}, {"size": y[1], "kind": y[0]}, {"kind": weights[0]}),
            (x, [y[0].tolist(), y[1].tolist()], {"kind": weights[0].tolist(), "size": None}),
        )
    ]
    assert list(histories[0]) == ["loss", "kind_loss", "size_loss"]
    assert all(history == histories[0] for history in histories)


def test_one_array_of_weights_counts_for_all_outputs(x: list[Any], y: list[Any]) -> None:
    weights = np.linspace(0, 1, COUNT)
    one, each = (compiled().evaluate(x, y, sample_weight=w, verbose=0) for w in (weights, [weights, weights]))
    assert one == each
    assert one != compiled().evaluate(x, y, verbose=0)


def test_a_single_output_takes_its_data_alone_in_a_list_and_by_name(x: list[Any], y: list[Any]) -> None:
    inputs = Input(shape=(3,), name="facts")
    model = cs.Model(inputs, Dense(3, activation="softmax", name="kind")(inputs))
    model.compile("sgd", loss={"kind": SPARSE}, metrics={"kind": ["accuracy"]}, loss_weights={"kind": 1.0})
    facts, weights = x[1] / 255, np.linspace(0, 1, COUNT)
    expected = model.evaluate(facts, y[0], sample_weight=weights, verbose=0)
    assert model.evaluate([facts], [y[0]], sample_weight=[weights], verbose=0) == expected
    assert model.evaluate({"facts": facts}, {"kind": y[0]}, sample_weight={"kind": weights}, verbose=0) == expected


def test_an_output_without_a_loss_needs_no_targets(engine: Engine, x: list[Any], y: list[Any]) -> None:
    for targets in ([y[0]], y[0], [y[0], None], {"kind": y[0]}, y):
        model = compiled(loss=[SPARSE, None], loss_weights=None)
        before = [weight.copy() for weight in model.get_layer("size").get_weights()]
        assert list(model.fit(x, targets, verbose=0, validation_data=(x, targets)).history) == ["loss", "val_loss"]
        for weight, then in zip(model.get_layer("size").get_weights(), before, strict=True):
            np.testing.assert_array_equal(weight, then)


def test_validation_and_predictions_come_in_the_form_of_the_outputs(x: list[Any], y: list[Any]) -> None:
    model = compiled(metrics={"kind": "accuracy"})
    history = model.fit(x, y, verbose=0, validation_data=(x, y, np.ones(COUNT)), steps_per_epoch=1).history
    names = ["loss", "kind_loss", "size_loss", "kind_accuracy"]
    assert list(history) == [*names, *(f"val_{name}" for name in names)]
    assert list(model.evaluate(x, y, verbose=0, return_dict=True)) == names
    kind, size = model.predict(x)
    assert (kind.shape, size.shape) == ((COUNT, 3), (COUNT, 2))
    for made, single in zip((kind, size), model.predict_on_batch({"image": x[0], "facts": x[1]}), strict=True):
        np.testing.assert_allclose(made, single, rtol=1e-6)


def test_the_total_is_the_weighted_sum_of_the_outputs_losses(engine: Engine, x: list[Any], y: list[Any]) -> None:
    logs = compiled().fit(x, y, batch_size=10, verbose=0).history
    assert logs["loss"][0] == pytest.approx(logs["kind_loss"][0] + 0.3 * logs["size_loss"][0], rel=1e-12)


def test_the_same_layer_twice_among_the_outputs_gets_numbers(x: list[Any], y: list[Any]) -> None:
    facts = Input(shape=(3,))
    shared = Dense(3, activation="softmax", name="shared")
    model = cs.Model(facts, [shared(facts), shared(facts * 0.5)])
    model.compile("sgd", loss=SPARSE, metrics=[["accuracy"], ["accuracy"]])
    logs = model.evaluate(x[1] / 255, [y[0], y[0]], return_dict=True, verbose=0)
    assert list(logs) == ["loss", "shared_loss", "shared_loss_1", "shared_accuracy", "shared_accuracy_1"]
    assert logs["loss"] == pytest.approx(logs["shared_loss"] + logs["shared_loss_1"])


def test_the_line_of_an_epoch_has_all_losses(capsys: Any, x: list[Any], y: list[Any]) -> None:
    compiled(metrics={"kind": "accuracy"}).fit(x, y, verbose=2)
    words = capsys.readouterr().out
    assert [part.split(":")[0] for part in words.strip().split(" - ")[3:]] == [
        "loss",
        "kind_loss",
        "size_loss",
        "kind_accuracy",
    ]


def test_callbacks_know_which_way_is_better(x: list[Any], y: list[Any]) -> None:
    for monitor, higher in (("val_size_loss", False), ("kind_accuracy", True), ("loss", False)):
        stopper = cs.callbacks.EarlyStopping(monitor, patience=1)
        compiled(metrics=[["accuracy"], []]).fit(x, y, epochs=1, validation_data=(x, y), callbacks=stopper, verbose=0)
        assert stopper.improves(2.0, 1.0) is higher


# ---- what cannot be meant

ROW = np.zeros((COUNT, 3), np.float32)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"loss": [SPARSE]}, ConfigurationError, "2 outputs ('kind', 'size'), but loss is a list of 1"),
        ({"loss": {"kind": SPARSE}}, ConfigurationError, "leaves out 'size'"),
        ({"loss": {"kind": SPARSE, "sise": "mse"}}, UnknownNameError, "Did you mean 'size'? Known: kind, size"),
        ({"loss": [SPARSE, "mes"]}, UnknownNameError, "no loss named 'mes'"),
        ({"loss": "mse", "loss_weights": [1.0]}, ConfigurationError, "loss_weights is a list of 1"),
        ({"loss": "mse", "loss_weights": {"kind": 1.0}}, ConfigurationError, "loss_weights leaves out 'size'"),
        ({"loss": "mse", "loss_weights": ["a", 1.0]}, ConfigurationError, "loss_weights (of output 'kind')"),
        ({"loss": "mse", "loss_weights": [1.0, float("nan")]}, ConfigurationError, "loss_weights (of output 'size')"),
        ({"loss": "mse", "loss_weights": {"klnd": 1.0}}, UnknownNameError, "Known: kind, size"),
        ({"loss": "mse", "metrics": ["accuracy"]}, ConfigurationError, "metrics is a list of 1"),
        ({"loss": "mse", "metrics": "accuracy"}, ConfigurationError, "metrics={'kind': ['accuracy']}"),
        ({"loss": "mse", "weighted_metrics": {"x": "mse"}}, UnknownNameError, "compile's weighted_metrics"),
        ({"loss": "mse", "loss_weight": 1.0}, UnknownNameError, "Did you mean 'loss_weights'?"),
    ],
)
def test_compile_says_what_is_wrong(options: dict[str, Any], error: type[Exception], words: str) -> None:
    model = network()
    with pytest.raises(error) as raised:
        model.compile("sgd", **options)
    assert words in str(raised.value)
    assert not model.compiled


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"x": lambda x, y: x[0]}, ShapeError, "2 inputs (image, facts)"),
        ({"x": lambda x, y: x[:1]}, ShapeError, "2 inputs (image, facts)"),
        ({"x": lambda x, y: {"image": x[0], "fact": x[1]}}, ConfigurationError, "'image', 'facts'"),
        ({"x": lambda x, y: [x[0][:5], x[1]]}, ShapeError, "5, 43 samples"),
        ({"y": lambda x, y: None}, DataError, "y is missing"),
        ({"y": lambda x, y: y[1]}, ShapeError, "2 outputs ('kind', 'size')"),
        ({"y": lambda x, y: [*y, y[0]]}, ShapeError, "but got a list of 3"),
        ({"y": lambda x, y: {"kind": y[0]}}, DataError, "output 'size' has a loss but no targets"),
        ({"y": lambda x, y: {"kind": y[0], "sice": y[1]}}, UnknownNameError, "Did you mean 'size'?"),
        ({"y": lambda x, y: [y[0][:7], y[1]]}, ShapeError, "fit, output 'kind': there must be a label"),
        ({"y": lambda x, y: [y[0] + 1, y[1]]}, DataError, "fit, output 'kind': label 3"),
        ({"y": lambda x, y: [y[0], ROW]}, ShapeError, "fit, output 'size'"),
        ({"sample_weight": lambda x, y: [y[0]] * 3}, ShapeError, "sample_weight is a list of 3 arrays"),
        ({"sample_weight": lambda x, y: {"kid": y[0]}}, UnknownNameError, "Did you mean 'kind'?"),
        ({"sample_weight": lambda x, y: [None, y[0][:3]]}, ShapeError, "fit, output 'size': sample_weight"),
        ({"class_weight": lambda x, y: {0: 2.0}}, ConfigurationError, "class_weight is for models with one output"),
        ({"validation_data": lambda x, y: (x, y[:1])}, ShapeError, "validation_data: the model has 2 outputs"),
    ],
)
def test_fit_says_what_is_wrong(
    x: list[Any], y: list[Any], change: dict[str, Any], error: type[Exception], words: str
) -> None:
    model = compiled()
    before = model.get_weights()
    with pytest.raises(error) as raised:
        model.fit(**{"x": x, "y": y, "verbose": 0, **{name: made(x, y) for name, made in change.items()}})
    assert words in str(raised.value)
    for weight, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, then)


def test_targets_that_only_metrics_ask_for_are_missed_by_name(x: list[Any], y: list[Any]) -> None:
    model = compiled(loss=[SPARSE, None], metrics=[None, ["mse"]])
    with pytest.raises(DataError, match="output 'size' has metrics but no targets"):
        model.evaluate(x, [y[0], None], verbose=0)
    with pytest.raises(ShapeError, match="output 'size': there must be a label for each sample"):
        model.evaluate(x, [y[0], y[1][:5]], verbose=0)


def test_a_model_none_of_whose_outputs_has_a_loss_is_not_trained(x: list[Any], y: list[Any]) -> None:
    for loss in (None, [None, None], {"kind": None, "size": None}):
        model = compiled(loss=loss, loss_weights=None)
        with pytest.raises(NotReadyError, match="without a loss for any of its 2 outputs"):
            model.fit(x, y, verbose=0)


def test_a_loss_that_does_not_fit_names_its_output(x: list[Any], y: list[Any]) -> None:
    facts = Input(shape=(3,))
    one, plain = Dense(1, activation="sigmoid", name="one")(facts), Dense(3, name="plain")(facts)
    model = cs.Model(facts, [plain, one])
    model.compile("sgd", loss=["mse", SPARSE])
    with pytest.warns(ConvoscopeWarning, match="the layer of output 'one' has only one unit"):
        model.fit(x[1], [ROW, np.zeros(COUNT)], verbose=0)
    model.compile("sgd", loss=[SPARSE, "mse"])
    with pytest.warns(ConvoscopeWarning, match="the layer of output 'plain' has no activation"):
        model.evaluate(x[1] / 255, [y[0], y[0][:, None]], verbose=0)


def test_an_unknown_output_of_a_stack_is_found_before_it_is_built() -> None:
    model = cs.Sequential([Flatten(), Dense(2, name="last")])
    model.compile("sgd", loss={"last": "mse"}, metrics={"last": ["mse"]})
    with pytest.raises(UnknownNameError, match="Known: last"):
        model.compile("sgd", loss={"first": "mse"})


# ---- divergence, interruptions, repeatability, saving


def test_divergence_of_any_output_leaves_the_model_as_it_was(engine: Engine, x: list[Any], y: list[Any]) -> None:
    model = compiled()
    model.fit(x, y, verbose=0)
    before, steps = model.get_weights(), model.optimizer.iterations
    model.optimizer.learning_rate = 1e30
    with pytest.raises(TrainingDivergedError, match="in epoch 1, step 2 of 5"):
        model.fit(x, y, batch_size=10, verbose=0)
    for weight, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, then)
    assert model.optimizer.iterations == steps


def _history(monkeypatch: pytest.MonkeyPatch, x: Any, y: Any, stretches: list[int]) -> dict[str, list[float]]:
    """Train; each stretch ends after so many steps, as if the clock had said so."""
    model = compiled(metrics=[["accuracy"], []], weighted_metrics=[[], ["mse"]], dropout=0.3)
    lengths, run = itertools.cycle(stretches), loop._run

    def cut(executable: Any, stretch: Any, *others: Any) -> int:
        size = stretch.batch_size * next(lengths)
        stretch.rows = stretch.rows[:size]
        stretch.losses, stretch.outputs = ([own[:size] for own in of] for of in (stretch.losses, stretch.outputs))
        return run(executable, stretch, *others)

    monkeypatch.setattr(loop, "_run", cut)
    weights = [np.linspace(0.1, 1, COUNT), np.linspace(2, 1, COUNT)]
    history = model.fit(x, y, batch_size=5, epochs=2, verbose=0, validation_split=0.3, sample_weight=weights).history
    monkeypatch.undo()
    return history


def test_equal_runs_give_equal_histories_whatever_the_stretches(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, x: list[Any], y: list[Any]
) -> None:
    expected = _history(monkeypatch, x, y, [1000])
    for stretches in ([1], [2, 1, 3]):
        assert _history(monkeypatch, x, y, stretches) == expected


def test_a_saved_copy_and_a_pickled_one_train_on_bit_for_bit(engine: Engine, x: list[Any], y: list[Any]) -> None:
    import copy
    import pickle

    options: dict[str, Any] = {"batch_size": 10, "verbose": 0}
    model = compiled(metrics=[["accuracy"], []], weighted_metrics=[[], ["mse"]], dropout=0.3)
    model.fit(x, y, epochs=1, **options)
    twins = [copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    expected = model.fit(x, y, initial_epoch=1, epochs=2, **options).history
    for twin in twins:
        assert twin.fit(x, y, initial_epoch=1, epochs=2, **options).history == expected
        for ours, theirs in zip(twin.weights, model.weights, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_what_was_compiled_is_kept_in_files() -> None:
    from convoscope.models.file_content import described_training
    from convoscope.models.file_reading import set_training

    model = compiled(
        loss={"kind": cs.losses.SparseCategoricalCrossentropy(label_smoothing=0.1), "size": None},
        metrics={"kind": ["accuracy"]},
        weighted_metrics={"kind": ["acc"], "size": ["mse"]},
    )
    twin = network()
    set_training(twin, described_training(model), {}, Path("model.safetensors"))
    assert twin.objective.names == model.objective.names == ["loss", "kind_acc", "kind_accuracy", "size_mse"]
    assert [goal.weight for goal in twin.objective.goals] == [1.0, 0.3]
    assert repr(twin.loss) == repr(model.loss)
    assert twin.loss[0].label_smoothing == 0.1
    plain = cs.Sequential([Dense(3, input_shape=(2,))])
    plain.compile("sgd", "mse", metrics=["mse"])
    assert set(described_training(plain)) == {"optimizer", "loss", "metrics", "iterations"}  # as in version 1
    with pytest.raises(ConvoscopeError):
        set_training(plain, described_training(model), {}, Path("model.safetensors"))

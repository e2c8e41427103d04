"""Whatever is given to whatever argument: a message of ours, or it works. Nothing bare."""

from __future__ import annotations

import inspect
import tracemalloc
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.layers.needed import NEEDED

import convoscope as cs
from convoscope.errors import ConfigurationError, ConvoscopeError, ConvoscopeWarning, DataError, ShapeError
from convoscope.layers.serialization import KINDS

ODD: list[Any] = [
    None, float("nan"), float("inf"), "abc", b"abc", object(), [], {}, 10**30, -1, 0, 1.5, True, [None], [1, 2, 3],
    (1,), "", lambda: 3, np.array([1, 2]), np.float64("nan"), np.zeros((0,)), [[1], [2, 3]], set(), 1j, int, range(3),
    np.array(None), "a" * 5000,
]  # fmt: skip
X, Y = np.random.default_rng(0).random((12, 6, 6, 1)).astype(np.float32), np.arange(12) % 3


def _model() -> cs.Sequential:
    layers = cs.layers
    model = cs.Sequential(
        [cs.Input((6, 6, 1)), layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(3, activation="softmax")], seed=1
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def _ours(call: Callable[[Any], Any], leave_out: Callable[[Any], bool] = lambda odd: False) -> None:
    for odd in ODD:
        if leave_out(odd):
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                call(odd)
        except ConvoscopeError:
            pass
        except Exception as error:
            raise AssertionError(f"{odd!r} gives a bare {type(error).__name__}: {error}") from error


FIT = [name for name in inspect.signature(cs.Sequential.fit).parameters if name != "self"]
EVALUATE = [name for name in inspect.signature(cs.Sequential.evaluate).parameters if name != "self"]
ON_BATCH = ["x", "y", "sample_weight", "return_dict"]


@pytest.mark.parametrize("argument", FIT)
def test_fit(argument: str) -> None:
    too_long = lambda odd: argument == "epochs" and type(odd) is int and odd > 1000  # noqa: E731
    _ours(lambda odd: _model().fit(**{"x": X, "y": Y, "verbose": 0, argument: odd}), too_long)


def test_fit_with_odd_parts() -> None:
    _ours(lambda odd: _model().fit(X, Y, verbose=0, class_weight={0: odd}))
    _ours(lambda odd: _model().fit(X, Y, verbose=0, validation_data=(X, odd)))
    _ours(lambda odd: _model().fit(X, Y, verbose=0, validation_data=(odd, Y)))
    _ours(lambda odd: _model().fit(X, Y, verbose=0, callbacks=[odd]))
    unbuilt = lambda: cs.Sequential([cs.layers.Flatten(), cs.layers.Dense(3)])  # noqa: E731
    _ours(lambda odd: unbuilt().predict(odd))


@pytest.mark.parametrize("argument", EVALUATE)
def test_evaluate(argument: str) -> None:
    _ours(lambda odd: _model().evaluate(**{"x": X, "y": Y, "verbose": 0, argument: odd}))


@pytest.mark.parametrize("argument", ["x", "batch_size", "verbose", "callbacks"])
def test_predict(argument: str) -> None:
    _ours(lambda odd: _model().predict(**{"x": X, argument: odd}))


@pytest.mark.parametrize("argument", ON_BATCH)
def test_one_batch(argument: str) -> None:
    _ours(lambda odd: _model().train_on_batch(**{"x": X, "y": Y, argument: odd}))
    _ours(lambda odd: _model().test_on_batch(**{"x": X, "y": Y, argument: odd}))
    _ours(lambda odd: _model().train_on_batch(X, Y, class_weight=odd))


METHODS = ["predict_on_batch", "__call__", "layer_outputs", "add", "get_layer", "set_weights", "build", "compile"]


@pytest.mark.parametrize("method", METHODS)
def test_methods_of_models(method: str) -> None:
    _ours(lambda odd: getattr(_model(), method)(odd))


def test_views_and_weights() -> None:
    model = _model()
    view = cs.Model(model.input, [layer.output for layer in model.layers])
    for call in (
        view.predict_on_batch,
        view,
        view.get_layer,
        lambda odd: view.predict(X, batch_size=odd),
        lambda odd: cs.Model(odd, model.output),
        lambda odd: cs.Model(model.input, odd),
        lambda odd: cs.Model(model.input, [odd]),
        lambda odd: model.set_weights([odd]),
        lambda odd: model.set_weights([odd] * 4),
        lambda odd: model.layers[0].set_weights(odd),
        lambda odd: model.layers[0].set_weights([odd, odd]),
        lambda odd: model.layers[0].compute_output_shape(odd),
        lambda odd: model.get_layer(index=odd),
        lambda odd: model.summary(line_length=odd, print_fn=lambda text: None),
        cs.Sequential,
        lambda odd: cs.Sequential([odd]),
        lambda odd: cs.Sequential([], name=odd),
        lambda odd: cs.Sequential([], seed=odd),
        cs.Sequential.from_config,
        lambda odd: cs.Sequential.from_config({"layers": [odd]}),
        lambda odd: cs.Sequential.from_config({"layers": odd, "input_shape": odd}),
    ):
        _ours(call)


def test_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _ours(cs.load_model)
    _ours(lambda odd: _model().save(odd))

    def save_with(name: str, odd: Any) -> None:
        model = _model()
        setattr(model, name, odd)
        model.save(tmp_path / "model.safetensors")

    _ours(lambda odd: save_with("class_names", odd))
    _ours(lambda odd: save_with("preprocessing", odd))


GIVEN: dict[str, dict[str, Any]] = NEEDED | {
    "ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5},
    "CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 10},
    "PiecewiseConstantDecay": {"boundaries": [1], "values": [0.1, 0.2]},
    "OneCycle": {"max_rate": 0.1, "total_steps": 10},
    "CSVLogger": {"filename": "log.csv"},
    "ModelCheckpoint": {"filepath": "model.safetensors"},
    "LearningRateScheduler": {"schedule": lambda epoch: 0.1},
}


def _arguments(kind: type) -> list[str]:
    told = inspect.signature(kind.__init__).parameters.values()
    return [each.name for each in told if each.name != "self" and each.kind is not each.VAR_KEYWORD]


@pytest.mark.parametrize("kind", KINDS.values())
def test_layers(kind: type) -> None:
    for argument in (*_arguments(kind), "name", "trainable", "input_shape", "dtype", "data_format"):
        _ours(lambda odd, argument=argument: kind(**{**GIVEN.get(kind.__name__, {}), argument: odd}))


INITIALIZERS = ["Constant", "RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling", "HeNormal"]


@pytest.mark.parametrize("name", INITIALIZERS)
def test_initializers(name: str) -> None:
    kind = getattr(cs.initializers, name)

    def make(argument: str, odd: Any) -> None:
        layer = cs.layers.Dense(2, kernel_initializer=kind(**{argument: odd}))
        layer.build((3,), np.random.default_rng(0))

    of_another_shape = lambda odd: name == "Constant" and isinstance(odd, np.ndarray)  # noqa: E731
    for argument in _arguments(kind):
        _ours(lambda odd, argument=argument: make(argument, odd), of_another_shape)


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop"])
def test_optimizers(name: str) -> None:
    kind = getattr(cs.optimizers, name)
    for argument in (*_arguments(kind), "name", "clipnorm", "clipvalue", "global_clipnorm", "weight_decay"):
        _ours(lambda odd, argument=argument: kind(**{argument: odd}))


@pytest.mark.parametrize("name", ["ExponentialDecay", "CosineDecay", "PiecewiseConstantDecay", "OneCycle"])
def test_schedules(name: str) -> None:
    kind = getattr(cs.optimizers.schedules, name)

    def train(argument: str, odd: Any) -> None:
        model = _model()
        model.compile(cs.optimizers.SGD(kind(**{**GIVEN[name], argument: odd})), "sparse_categorical_crossentropy")
        model.fit(X, Y, verbose=0)

    for argument in _arguments(kind):
        _ours(lambda odd, argument=argument: train(argument, odd))


def test_losses_and_metrics() -> None:
    for module, names in (
        (cs.losses, ["SparseCategoricalCrossentropy", "BinaryCrossentropy", "MeanSquaredError"]),
        (cs.metrics, ["Accuracy", "BinaryAccuracy", "SparseTopKCategoricalAccuracy"]),
    ):
        for kind in (getattr(module, name) for name in names):
            for argument in (*_arguments(kind), "name"):
                _ours(lambda odd, kind=kind, argument=argument: kind(**{argument: odd}))


CALLBACKS = ["EarlyStopping", "ReduceLROnPlateau", "ModelCheckpoint", "CSVLogger", "LearningRateScheduler"]


@pytest.mark.parametrize("name", CALLBACKS)
def test_callbacks(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    kind = getattr(cs.callbacks, name)
    arguments = _arguments(kind)

    def train(argument: str, odd: Any) -> None:
        watched = {"monitor": "loss"} if "monitor" in arguments else {}
        _model().fit(X, Y, verbose=0, callbacks=kind(**{**watched, **GIVEN.get(name, {}), argument: odd}))

    for argument in arguments:
        # A function of your own may raise what it likes.
        own = lambda odd, argument=argument: argument == "schedule" and callable(odd)  # noqa: E731
        _ours(lambda odd, argument=argument: train(argument, odd), own)


# ---- what is said


def test_a_batch_is_no_larger_than_the_data() -> None:
    """Of 64 images a batch of 10⁹ was given 11 GB."""
    x, y = np.zeros((64, 6, 6, 1), np.uint8), np.zeros(64, int)
    model = _model()
    model.fit(x, y, verbose=0)
    tracemalloc.start()
    for size in (10**9, 2**62, 10**30):
        model.fit(x, y, batch_size=size, verbose=0, validation_split=0.5, validation_batch_size=size)
        model.evaluate(x, y, batch_size=size, verbose=0)
        model.predict(x, batch_size=size)
        cs.Model(model.input, model.output).predict(x, batch_size=size)
    assert tracemalloc.get_traced_memory()[1] < 10e6
    tracemalloc.stop()
    small, large = _model(), _model()
    small.fit(X, Y, batch_size=12, verbose=0)
    large.fit(X, Y, batch_size=10**9, verbose=0)
    assert all((a == b).all() for a, b in zip(small.weights, large.weights, strict=True))


ENDINGS = {
    ".onnx": "ONNX Runtime", ".pt": "PyTorch", ".pth": "PyTorch",
    ".tflite": "TensorFlow Lite", ".pb": "TensorFlow", ".npz": "NumPy", ".pkl": "pickle", ".PT": "PyTorch",
}  # fmt: skip


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_ending_that_promises_another_format_is_answered(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"model{ending}"
    with pytest.warns(ConvoscopeWarning, match=rf"{ENDINGS[ending]} cannot read.*(model\.safetensors|model\.export\()"):
        _model().save(path)
    assert cs.load_model(path).count_params() == _model().count_params()


@pytest.mark.parametrize("ending", [".safetensors", "", ".bin", ".model", ".v2"])
def test_other_endings_are_nobodys_business(tmp_path: Path, ending: str) -> None:
    _model().save(tmp_path / f"model{ending}")


WANTED: list[tuple[tuple[int, ...], tuple[int, ...], str]] = [
    ((6, 6, 1), (6, 6, 1), r"x\[np.newaxis\] adds it"),
    ((6, 6, 1), (6, 6), r"x\[np.newaxis, ..., np.newaxis\] adds both"),
    ((6, 6, 1), (400, 500, 1), r"without the batch axis, an image of 400 × 500 pixels: x\[np.newaxis\]"),
    ((6, 6, 1), (400, 500, 3), r"without the batch axis, an image of 400 × 500 pixels: x\[np.newaxis\]"),
    ((6, 6, 3), (400, 500, 3), r"without the batch axis, an image of 400 × 500 pixels: x\[np.newaxis\]"),
    ((6, 6, 1), (400, 500), r"an image of 400 × 500 pixels: x\[np.newaxis, ..., np.newaxis\]"),
    ((6, 6, 1), (12, 36), r"x.reshape\(-1, 6, 6, 1\)"),
    ((6, 6, 1), (12, 8, 9), "The images are 8 × 9 pixels, not 6 × 6"),
    ((36,), (36,), r"x\[np.newaxis\] adds it"),
    ((36,), (35,), r"without the batch axis, of shape \(35,\): x\[np.newaxis\]"),
    ((36,), (6, 6), r"x.reshape\(1, 36\)"),
    ((4, 5), (4, 5), r"x\[np.newaxis\] adds it"),
    ((4, 5), (3, 5), r"without the batch axis, of shape \(3, 5\): x\[np.newaxis\]"),
]


@pytest.mark.parametrize(("wanted", "given", "words"), WANTED)
def test_one_sample_is_told_from_many(wanted: tuple[int, ...], given: tuple[int, ...], words: str) -> None:
    model = cs.Sequential([cs.Input(wanted), cs.layers.Flatten(), cs.layers.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    x = np.zeros(given)
    view = cs.Model(model.input, model.output)
    labels = np.zeros(len(x), int)
    for call in (
        model.predict,
        model,
        view.predict,
        view,
        lambda x: model.evaluate(x, labels, verbose=0),
        lambda x: model.fit(x, labels, verbose=0),
    ):
        with pytest.raises(ShapeError, match=words):
            call(x)


def test_the_examples_of_people() -> None:
    model = _model()
    with pytest.raises(ConfigurationError, match=r"validation_split.*nan"):
        model.fit(X, Y, validation_split=float("nan"), verbose=0)
    with pytest.raises(ConfigurationError, match="weights must be a list"):
        model.set_weights(None)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="weight 0 must be an array of numbers, but is a NoneType"):
        model.set_weights([None])  # type: ignore[list-item]
    with pytest.raises(ConfigurationError, match=r"class_weight\[0\].*nan"):
        model.fit(X, Y, class_weight={0: float("nan")}, verbose=0)
    with pytest.raises(ConfigurationError, match=r"is a class\. Write History"):
        model.fit(X, Y, callbacks=[cs.callbacks.History], verbose=0)
    with pytest.raises(ShapeError, match="x has 12 samples and y has 13 labels"):
        model.fit(X, np.zeros(13), verbose=0)
    with pytest.raises(DataError, match="x is missing"):
        model.fit(None, Y, verbose=0)


@pytest.mark.parametrize("one", [1, True, 1.0, np.int8(1), np.float32(1)])
def test_class_weights_are_of_the_class_that_the_key_equals(one: Any) -> None:
    weighted = [_model().train_on_batch(X, Y, class_weight={key: 5.0}) for key in (1, one)]
    assert weighted[0] == weighted[1]


@pytest.mark.parametrize("text", ["1", b"1", ""])
def test_text_is_no_validation_frequency(text: Any) -> None:
    with pytest.raises(ConfigurationError, match="validation_freq must be a whole number"):
        _model().fit(X, Y, validation_split=0.5, validation_freq=text, verbose=0)


def test_steps_taken_are_a_whole_number(tmp_path: Path) -> None:
    model = _model()
    for odd in (1.0, "x", None, 10**30, -1, True):
        with pytest.raises(ConfigurationError, match="Adam: iterations must be"):
            model.optimizer.iterations = odd  # type: ignore[union-attr]
    model.fit(X, Y, verbose=0)
    model.optimizer.iterations = np.int16(7)  # type: ignore[union-attr]
    model.save(tmp_path / "model.safetensors")
    assert cs.load_model(tmp_path / "model.safetensors").optimizer.iterations == 7  # type: ignore[union-attr]

"""Copies of models and of what belongs to them: copy, pickle, and what other packages make of these."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import numpy.typing as npt
import pytest
from tests.layers.needed import NEEDED

import convoscope as cs
from convoscope.engine import select
from convoscope.layers import moments
from convoscope.layers.joining import Join
from convoscope.layers.serialization import KINDS
from convoscope.training.callbacks import History, ProgressPrinter

Copier = Callable[[Any], Any]


def _by_pickle(protocol: int) -> Copier:
    return lambda thing: pickle.loads(pickle.dumps(thing, protocol))


COPIERS = {"deepcopy": copy.deepcopy, **{f"pickle {p}": _by_pickle(p) for p in (0, 1, 2, 4, 5)}}


@pytest.fixture(params=COPIERS)
def copied(request: pytest.FixtureRequest) -> Copier:
    return COPIERS[request.param]


@pytest.fixture(params=["native", "reference"])
def engine(request: pytest.FixtureRequest) -> Any:
    yield select.use(request.param)
    select.use("auto")


def _data() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    return np.random.default_rng(0).random((48, 8, 8, 1)).astype(np.float32), np.arange(48) % 3


def _model() -> cs.Sequential:
    layers = cs.layers
    return cs.Sequential(
        [
            cs.Input((8, 8, 1)),
            layers.RandomFlip("horizontal"),
            layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dropout(0.25),
            layers.Dense(3, activation="softmax"),
        ],
        seed=1,
    )


def _compiled(optimizer: Any = "adam") -> cs.Sequential:
    model = _model()
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def _same(first: cs.Sequential, second: cs.Sequential) -> bool:
    return all((a == b).all() for a, b in zip(first.get_weights(), second.get_weights(), strict=True))


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    "optimizer", ["adam", cs.optimizers.SGD(0.1, momentum=0.9), cs.optimizers.RMSprop(centered=True)]
)
def test_a_copy_of_a_trained_model_goes_on_as_the_model_does(copied: Copier, optimizer: Any) -> None:
    x, y = _data()
    model = _compiled(copy.deepcopy(optimizer))
    model.fit(x, y, epochs=2, verbose=0)
    twin = copied(model)
    assert (twin.predict(x) == model.predict(x)).all()
    first = model.fit(x, y, epochs=4, initial_epoch=2, verbose=0)
    assert not _same(twin, model)  # a copy shares nothing
    second = twin.fit(x, y, epochs=4, initial_epoch=2, verbose=0)
    assert _same(twin, model)
    assert first.history == second.history
    assert twin.optimizer.iterations == model.optimizer.iterations == 8


def test_a_model_is_copied_at_any_stage(copied: Copier) -> None:
    x, y = _data()
    unbuilt = cs.Sequential([cs.layers.Flatten(), cs.layers.Dense(3)], seed=1)
    assert (copied(unbuilt).predict(x) == unbuilt.predict(x)).all()
    built = _model()
    assert (copied(built).predict(x) == built.predict(x)).all()
    predicted = copied(built)
    assert [layer.owner for layer in predicted.layers] == [predicted] * len(built.layers)
    assert [layer.name for layer in predicted.layers] == [layer.name for layer in built.layers]
    compiled = _compiled()
    twin = copied(compiled)
    compiled.fit(x, y, verbose=0)
    twin.fit(x, y, verbose=0)
    assert _same(compiled, twin)


def test_a_frozen_layer_and_its_slots_are_copied(copied: Copier) -> None:
    x, y = _data()
    model = _compiled()
    model.fit(x, y, verbose=0)
    model.layers[1].trainable = False  # slots of its weights are there, and no longer wanted
    twin = copied(model)
    model.fit(x, y, verbose=0)
    twin.fit(x, y, verbose=0)
    assert _same(model, twin)


def test_models_that_share_layers_share_them_in_the_copy(copied: Copier) -> None:
    base = _model()
    other = cs.Sequential([cs.Input((8, 8, 1)), *base.layers[:-1], cs.layers.Dense(2)], seed=2)
    first, second = copied((base, other))
    assert first.layers[1] is second.layers[1]
    assert [layer.owner is first for layer in first.layers] == [layer.owner is base for layer in base.layers]
    assert [layer.owner is second for layer in second.layers] == [layer.owner is other for layer in other.layers]


def test_a_view_and_its_places_are_copied(copied: Copier) -> None:
    x, _ = _data()
    model = _model()
    view = cs.Model(inputs=model.input, outputs=[layer.output for layer in model.layers])
    for _ in range(2):  # before and after it has predicted
        twin = copied(view)
        assert all((a == b).all() for a, b in zip(twin.predict(x), view.predict(x), strict=True))
    first, symbol = copied((model.input, model.layers[1].output))
    assert (cs.Model(first, symbol).predict(x) == cs.Model(model.input, model.layers[1].output)(x)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_every_layer_is_copied(copied: Copier, kind: str) -> None:
    layer = KINDS[kind](**NEEDED.get(kind, {}), name="own")
    assert copied(layer).get_config() == layer.get_config()
    shape = (6,) if kind == "RepeatVector" else (6, 6, 1)
    layer.build([shape] * 2 if isinstance(layer, Join) else shape, np.random.default_rng(0))
    twin = copied(layer)
    assert (twin.get_config(), twin.output_shape) == (layer.get_config(), layer.output_shape)
    assert all((a == b).all() and a is not b for a, b in zip(twin.weights, layer.weights, strict=True))


def test_a_copied_layer_leaves_its_model_behind(copied: Copier) -> None:
    model = _model()
    assert copied(model.layers[1]).owner is None
    assert model.layers[1].owner is model


@pytest.mark.parametrize(
    "thing",
    [
        cs.optimizers.Adam(0.01, clipnorm=1.0),
        cs.optimizers.SGD(cs.optimizers.schedules.CosineDecay(0.1, 100)),
        cs.losses.SparseCategoricalCrossentropy(label_smoothing=0.1),
        cs.metrics.SparseTopKCategoricalAccuracy(3),
        cs.initializers.get("he_normal"),
        cs.callbacks.EarlyStopping(patience=2),
        cs.callbacks.ReduceLROnPlateau(),
        cs.callbacks.CSVLogger("log.csv"),
        cs.callbacks.ModelCheckpoint("best.safetensors"),
        cs.callbacks.TensorBoard("logs"),
        cs.callbacks.TerminateOnNaN(),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_settings_are_copied(copied: Copier, thing: Any) -> None:
    twin = copied(thing)
    assert type(twin) is type(thing)
    config = getattr(thing, "get_config", lambda: vars(thing))
    assert getattr(twin, "get_config", lambda: vars(twin))().keys() == config().keys()
    if hasattr(thing, "get_config"):
        assert twin.get_config() == thing.get_config()


def test_history_and_used_callbacks_are_copied(copied: Copier, tmp_path: Path) -> None:
    x, y = _data()
    model = _compiled()
    used = [
        cs.callbacks.EarlyStopping("loss", restore_best_weights=True),
        cs.callbacks.CSVLogger(tmp_path / "log.csv"),
        cs.callbacks.TensorBoard(tmp_path / "logs", test_data=(x, y)),
        ProgressPrinter(),
    ]
    history = model.fit(x, y, epochs=2, verbose=0, callbacks=used)
    twin = copied(history)
    assert isinstance(twin, History)
    assert twin.history == history.history
    assert _same(twin.model, model)  # as in Keras
    for callback in used:
        assert type(copied(callback)) is type(callback)
    again, early = copied((model, used[0]))
    again.fit(x, y, verbose=0, callbacks=[early])


def test_an_optimizer_copied_alone_takes_its_state_along(copied: Copier) -> None:
    x, y = _data()
    model = _compiled()
    model.fit(x, y, verbose=0)
    twin = _compiled(copied(model.optimizer))
    twin.set_weights(model.get_weights())
    model.fit(x, y, epochs=2, initial_epoch=1, verbose=0)
    twin.fit(x, y, epochs=2, initial_epoch=1, verbose=0)
    assert _same(model, twin)
    other = cs.Sequential([cs.layers.Flatten(), cs.layers.Dense(3, activation="softmax")])
    other.compile(copied(model.optimizer), "sparse_categorical_crossentropy")
    with pytest.raises(cs.errors.ConfigurationError, match="has trained another model"):
        other.fit(x, y, verbose=0)


def test_data_sets_are_copied(copied: Copier) -> None:
    digits = cs.datasets.load("digits")
    twin = copied(digits)
    assert (twin.x_train == digits.x_train).all()
    assert twin.info == digits.info


def test_a_shallow_copy_shares_the_layers_and_leaves_them_where_they_are() -> None:
    x, y = _data()
    model = _compiled()
    twin = copy.copy(model)
    assert twin.layers == model.layers
    assert model.layers[0].owner is model
    model.fit(x, y, verbose=0)
    assert (twin.predict(x) == model.predict(x)).all()
    twin.pop()
    assert len(model.layers) == len(twin.layers) + 1


def test_arrays_that_cannot_be_written_become_copies() -> None:
    """As joblib.load(..., mmap_mode="r") has them: views of a file, and each for itself."""
    x, y = _data()
    model = _compiled()
    model.fit(x, y, verbose=0)
    buffers: list[pickle.PickleBuffer] = []
    text = pickle.dumps(model, 5, buffer_callback=buffers.append)
    twin = pickle.loads(text, buffers=[bytes(buffer.raw()) for buffer in buffers])  # bytes are read-only
    model.fit(x, y, epochs=2, initial_epoch=1, verbose=0)
    twin.fit(x, y, epochs=2, initial_epoch=1, verbose=0)
    assert _same(model, twin)


def test_joblib_brings_a_model_back(tmp_path: Path) -> None:
    x, y = _data()
    model = _compiled()
    model.fit(x, y, verbose=0)
    joblib.dump(model, tmp_path / "model.joblib")
    for mode in (None, "r"):
        twin = joblib.load(tmp_path / "model.joblib", mmap_mode=mode)
        again = copy.deepcopy(model)
        twin.fit(x, y, epochs=2, initial_epoch=1, verbose=0)
        again.fit(x, y, epochs=2, initial_epoch=1, verbose=0)
        assert _same(again, twin)


def test_other_processes_predict() -> None:
    x, _ = _data()
    model = _model()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        (found,) = pool.map(model.predict, [x])
    assert (found == model.predict(x)).all()


class _StepMeanwhile:
    """Takes a training step while a model that holds it is pickled, as a thread that trains does."""

    def __init__(self, model: cs.Sequential) -> None:
        self.model = model

    def __reduce__(self) -> Any:
        x, y = _data()
        self.model.train_on_batch(x, y)
        return (str, ("as a thread would",))


def test_a_pickle_made_while_another_thread_trains_is_of_one_moment() -> None:
    x, y = _data()
    model = _compiled()
    model.fit(x, y, verbose=0)
    then = copy.deepcopy(model)
    begun, done = threading.Event(), threading.Event()

    def train() -> None:
        with moments.training():
            begun.set()
            done.wait(60)

    thread = threading.Thread(target=train)
    thread.start()
    begun.wait(60)
    model.class_names = _StepMeanwhile(model)  # type: ignore[assignment] - pickled before the layers
    state = pickle.dumps(model)
    done.set()
    thread.join()
    twin = pickle.loads(state)
    assert not _same(model, then)
    assert _same(twin, then)
    for each in (twin, then):  # with the optimizer's state of that moment, too
        each.fit(x, y, epochs=2, initial_epoch=1, verbose=0)
    assert _same(twin, then)
    assert len(pickle.dumps(then)) < len(state)  # nobody else trains: nothing twice

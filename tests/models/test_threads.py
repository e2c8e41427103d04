"""One thread trains; others save, copy and predict meanwhile."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.engine import select
from convoscope.layers import moments


@pytest.fixture(params=["native", "reference"])
def engine(request: pytest.FixtureRequest) -> Iterator[Any]:
    yield select.use(request.param)
    select.use("auto")


RNG = np.random.default_rng(0)
X, Y = RNG.random((256, 8, 8, 1)).astype(np.float32), RNG.integers(0, 3, 256)


def _model() -> cs.Sequential:
    layers = cs.layers
    model = cs.Sequential(
        [
            cs.Input((8, 8, 1)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ],
        seed=1,
    )
    model.compile(cs.optimizers.Adam(), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@contextmanager
def _training(model: cs.Sequential) -> Iterator[Callable[[], bool]]:
    """Train in another thread for as long as the block lasts."""
    failures: list[BaseException] = []

    class Stop(cs.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            model.stop_training = done.is_set()

    def work() -> None:
        try:
            model.fit(X, Y, batch_size=4, epochs=100_000, verbose=0, callbacks=[Stop()])
        except BaseException as error:
            failures.append(error)

    done = threading.Event()
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield thread.is_alive
    finally:
        done.set()
        thread.join(60)
    assert not thread.is_alive()
    assert not failures


def test_files_saved_during_training_load_and_are_of_one_moment(engine: Any, tmp_path: Path) -> None:
    count = 30 if engine.name == "native" else 6
    path = tmp_path / "model.safetensors"
    model = _model()
    found: dict[int, list[Any]] = {}
    with _training(model) as goes_on:
        for _ in range(count):
            model.save(path)
            read = cs.load_model(path)
            found[read.optimizer.iterations] = read.get_weights()
            model.save(path, half=True)
            cs.load_model(path)
            assert goes_on()
    assert max(found) > min(found)
    # The same training without another thread, step by step, up to the first files that were saved.
    again = _model()
    until = sorted(found)[: 3 if engine.name == "native" else 1]

    class Compare(cs.callbacks.Callback):
        compared = 0

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            step = again.optimizer.iterations
            if step in until:
                assert all((a == b).all() for a, b in zip(found[step], again.get_weights(), strict=True))
                self.compared += 1
            again.stop_training = step >= until[-1]

    compare = Compare()
    again.fit(X, Y, batch_size=4, epochs=-(-until[-1] // 64), verbose=0, callbacks=[compare])
    assert compare.compared == len([step for step in until if step])


@pytest.mark.usefixtures("engine")
def test_others_predict_evaluate_and_copy_weights_meanwhile() -> None:
    model = _model()
    view = cs.Model(model.input, [layer.output for layer in model.layers])
    with _training(model):
        for _ in range(5):
            assert np.isfinite(model.predict(X[:64])).all()
            assert np.isfinite(model.evaluate(X[:64], Y[:64], verbose=0)).all()
            assert all(np.isfinite(output).all() for output in view.predict(X[:8]))
            model.set_weights(model.get_weights())
            model.layers[0].set_weights(model.layers[0].get_weights())
            assert np.isfinite(copy.deepcopy(model).predict(X[:8])).all()


def test_who_reads_goes_before_who_writes_and_is_not_kept_waiting_by_itself() -> None:
    order: list[str] = []
    with moments.writing():
        with moments.reading():  # a signal handler that saves within a step
            order.append("own")
        reader = threading.Thread(target=lambda: _within(moments.reading, order, "read"))
        reader.start()
        reader.join(0.05)
        assert reader.is_alive()
        writer = threading.Thread(target=lambda: _within(moments.writing, order, "write"))
        writer.start()
        writer.join(0.05)
        assert writer.is_alive()  # it lets the reader go first
    reader.join(60)
    writer.join(60)
    assert order == ["own", "read", "write"]


def _within(moment: Callable[[], Any], order: list[str], word: str) -> None:
    with moment():
        order.append(word)

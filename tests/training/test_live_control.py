"""A training that is watched and steered from another thread while it runs."""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.callbacks import LambdaCallback, LiveControl
from convoscope.errors import ConfigurationError
from convoscope.training.callbacks.loss_curve import LossCurve
from convoscope.training.schedules import ExponentialDecay, Scaled

BATCHES, SIZE, EPOCHS = 6, 8, 2
X = np.random.default_rng(1).random((BATCHES * SIZE, 6, 6, 1)).astype(np.float32)
Y = np.arange(len(X)) % 3


def made(rate: Any = 0.01) -> Any:
    layers = cs.layers
    model = cs.Sequential(
        [
            layers.Conv2D(4, 3, activation="relu", input_shape=(6, 6, 1)),
            layers.Dropout(0.3),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ],
        seed=5,
    )
    model.compile(cs.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def trained(model: Any, *callbacks: Any) -> dict[str, Any]:
    options = {"epochs": EPOCHS, "batch_size": SIZE, "validation_data": (X[:9], Y[:9]), "verbose": 0}
    return dict(model.fit(X, Y, callbacks=list(callbacks), **options).history)


@contextmanager
def beside(model: Any, control: LiveControl, *others: Any) -> Iterator[threading.Thread]:
    """Train in a thread of its own."""
    thread = threading.Thread(target=trained, args=(model, control, *others), daemon=True)
    thread.start()
    try:
        yield thread
    except BaseException:
        control.stop()
        raise
    finally:
        thread.join(120)
    assert not thread.is_alive()


def until(control: LiveControl, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Wait until a status is as it is to be."""
    limit, found = time.monotonic() + 60, control.status()
    while not holds(found):
        assert time.monotonic() < limit, found
        found = control.status(found["version"], 5)
    return found


def at(epoch: int, batch: int) -> Callable[[dict[str, Any]], bool]:
    return lambda found: (found["epoch"], found["batch"]) == (epoch, batch) and found["stage"] == "train"


def same(one: Any, other: Any) -> bool:
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def test_watched_paused_and_stepped_it_comes_to_the_same_bits() -> None:
    plain, steered = made(), made()
    history = trained(plain)
    control = LiveControl(paused=True, patience=None)
    with beside(steered, control):
        until(control, at(1, 0))
        for batch in range(1, BATCHES + 1):  # all of the first epoch, batch by batch
            control.one_batch()
            until(control, at(1, batch))
            before = steered.get_weights()
            assert int(steered.draws.steps) == batch
            assert all(np.array_equal(a, b) for a, b in zip(before, steered.get_weights(), strict=True))
        control.one_batch()  # over the end of the epoch, with its validation
        until(control, at(2, 1))
        control.set_pace(500)
        control.resume()
    assert steered.history.history == history
    assert same(plain, steered)
    assert control.idle_seconds() > 0
    assert control.status()["stage"] == "ended"


def test_without_anybody_it_trains_as_ever() -> None:
    plain, watched = made(), made()
    control = LiveControl()
    assert trained(plain) == trained(watched, control)
    assert same(plain, watched)
    assert control.idle_seconds() == 0
    assert not control.wants_one_batch()


def test_another_learning_rate_counts_from_the_next_batch_on() -> None:
    """As a callback of Keras' kind sets it before that batch."""

    def change(batch: int, logs: Any) -> None:
        if int(keras.optimizer.iterations) == 4:
            keras.optimizer.learning_rate = 0.25

    keras, steered = made(), made()
    trained(keras, LambdaCallback(on_train_batch_begin=change))
    said: list[str] = []
    control = LiveControl(paused=True, patience=None, say=said.append)
    with beside(steered, control):
        for batch in range(4):
            until(control, at(1, batch))
            control.one_batch()
        until(control, at(1, 4))
        control.set_rate(0.25)
        found = until(control, lambda found: found["learning_rate"] == 0.25)
        control.resume()
    assert same(keras, steered)
    assert found["changes"] == [{"epoch": 1, "batch": 4, "before": 0.01, "after": 0.25}]
    assert control.changes_in(1) == [{"batch": 4, "before": 0.01, "after": 0.25}]
    assert control.changes_in(2) == []
    assert said[0].startswith("Training is paused.")
    assert said[1:] == ["Learning rate changed in epoch 1, batch 4: 0.01 → 0.25."]


def test_a_schedule_is_multiplied_and_kept_with_the_model(tmp_path: Path) -> None:
    schedule = ExponentialDecay(0.02, decay_steps=3, decay_rate=0.5)

    def change(batch: int, logs: Any) -> None:
        if int(keras.optimizer.iterations) == 3:
            keras.optimizer.learning_rate = Scaled(schedule, 0.1)

    keras, steered = made(schedule), made(schedule)
    trained(keras, LambdaCallback(on_train_batch_begin=change))
    control = LiveControl(paused=True, patience=None)
    with beside(steered, control):
        for batch in range(3):
            until(control, at(1, batch))
            control.one_batch()
        until(control, at(1, 3))
        with pytest.raises(ConfigurationError, match="follows a schedule: give a factor"):
            control.set_rate(0.1)
        control.scale_rate(5)
        until(control, lambda found: found["factor"] == 5)
        control.scale_rate(0.1)  # of the schedule's own rates, not of those before
        found = until(control, lambda found: found["factor"] == 0.1)
        control.resume()
    assert found["learning_rate"] == pytest.approx(0.1 * 0.02 * 0.5)
    assert same(keras, steered)
    steered.save(tmp_path / "model.safetensors")
    kept = cs.load_model(tmp_path / "model.safetensors").optimizer.schedule
    assert kept == Scaled(schedule, 0.1)
    assert kept(7) == 0.1 * schedule(7)


def test_stop_ends_fit_after_the_batch_that_is_under_way() -> None:
    model = made()
    control = LiveControl(paused=True, patience=None)
    with beside(model, control):
        until(control, at(1, 0))
        control.one_batch()
        until(control, at(1, 1))
        control.stop()
    assert int(model.optimizer.iterations) == 1
    trained(model, control)  # another call begins anew
    assert int(model.optimizer.iterations) == 1 + BATCHES * EPOCHS


def test_a_pause_that_nobody_looks_at_ends_by_itself_and_is_no_training_time() -> None:
    said: list[str] = []
    control = LiveControl(paused=True, patience=0.3, say=said.append)
    seconds: list[float] = []
    began = time.perf_counter()
    model = made()
    trained(model, control, LambdaCallback(on_progress=lambda progress: seconds.append(progress.seconds)))
    assert time.perf_counter() - began >= 0.3
    assert control.idle_seconds() >= 0.3
    assert said[-1] == "No page has been open for 0.3 seconds: training resumes."
    assert int(model.optimizer.iterations) == BATCHES * EPOCHS


def test_a_page_has_time_to_be_opened_from_the_pause_on() -> None:
    """However long the data and the model took before."""
    control = LiveControl(paused=True, patience=0.3)
    time.sleep(0.5)
    trained(made(), control)
    assert control.idle_seconds() >= 0.3


def test_the_curve_has_the_loss_of_every_stretch() -> None:
    """The losses of single batches are those that a callback of every batch computes from Keras' running means."""
    means: list[tuple[int, float]] = []
    trained(made(), LambdaCallback(on_train_batch_end=lambda batch, logs: means.append((batch, logs["loss"]))))
    losses = [
        mean if batch == 0 else mean * (batch + 1) - means[place - 1][1] * batch
        for place, (batch, mean) in enumerate(means)
    ]
    control = LiveControl(paused=True, patience=None)
    with beside(made(), control):
        for batch in range(3):
            control.one_batch()
            until(control, at(1, batch + 1))
        control.resume()
    points = control.status()["curve"]
    ends = [0, *(end for end, _ in points)]
    assert ends[:4] == [0, 1, 2, 3]
    assert ends[-1] == BATCHES * EPOCHS
    expected = [np.mean(losses[begin:end]) for begin, end in itertools.pairwise(ends)]
    assert [loss for _, loss in points] == pytest.approx(expected, rel=1e-6)


def test_a_long_curve_keeps_its_means_in_few_points() -> None:
    rng = np.random.default_rng(3)
    losses, curve = rng.random(5000), LossCurve(most=100)
    for loss in losses:
        curve.add(1, float(loss))
    points = curve.points()
    assert 25 <= len(points) <= 100
    ends = [0, *(end for end, _ in points)]
    assert ends[-1] == curve.batches == len(losses)
    for (begin, end), (_, mean) in zip(itertools.pairwise(ends), points, strict=True):
        assert mean == pytest.approx(losses[begin:end].mean())
    curve.add(1, math.nan)
    assert all(math.isfinite(mean) for _, mean in curve.points()[:-1])


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (lambda control: control.set_rate(-1), "at least 0"),
        (lambda control: control.set_rate("fast"), "number"),
        (lambda control: control.set_pace(0), "batches a second"),
        (lambda control: control.set_pace(1e9), "batches a second"),
    ],
)
def test_what_cannot_be_done_is_refused(wish: Callable[[LiveControl], None], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        wish(LiveControl())


def test_of_several_processes_none_can_be_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    from convoscope.processes import World
    from convoscope.training.callbacks import live_control

    monkeypatch.setattr(live_control, "world", lambda: World(rank=0, size=2, local_rank=0, address="", port=1))
    control = LiveControl(paused=True)
    for wish in (control.pause, control.resume, control.one_batch, control.stop, lambda: control.set_rate(0.1)):
        with pytest.raises(ConfigurationError, match="several processes train together"):
            wish()
    model = made()
    trained(model, control)
    assert int(model.optimizer.iterations) == BATCHES * EPOCHS
    assert "several processes" in control.status()["refusal"]

"""Training that goes wrong or is interrupted leaves a model that can be used."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convoscope.engine.base import Engine, Stretch
from convoscope.errors import TrainingDivergedError
from convoscope.training.callbacks import Callback, LambdaCallback, LearningRateScheduler, TerminateOnNaN
from convoscope.training.optimizers import SGD, Adam


def bad_from_epoch_two(epoch: int, rate: float) -> float:
    """A learning rate that ruins any model from the third epoch on."""
    return rate if epoch < 2 else 1e38


@pytest.mark.parametrize("optimizer", [SGD(0.01, momentum=0.9), Adam(0.01)])
def test_a_diverged_model_is_put_back_to_where_the_epoch_began(
    new_model: Any, images: Any, optimizer: Any, engine: Engine
) -> None:
    x, y = images
    kind, settings = type(optimizer), optimizer.get_config()
    model, other = (new_model(optimizer=kind.from_config(settings)) for _ in range(2))
    with pytest.raises(TrainingDivergedError) as caught:
        model.fit(x, y, epochs=5, callbacks=[LearningRateScheduler(bad_from_epoch_two)], verbose=0)
    message = str(caught.value)
    assert "in epoch 3, step " in message
    assert "of 4" in message
    assert "1e+38" in message
    assert "the largest value in x is 219" in message
    assert "clipnorm" in message
    other.fit(x, y, epochs=2, verbose=0)
    assert model.optimizer.iterations == other.optimizer.iterations == 8
    model.optimizer.learning_rate = 0.01
    # Weights, slots and step count are those after two epochs: both go on alike.
    for each in (model, other):
        each.fit(x, y, initial_epoch=2, epochs=3, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), other.get_weights(), strict=True))


def test_weights_ruined_by_the_very_last_step_are_noticed(new_model: Any, images: Any) -> None:
    model = new_model(optimizer=SGD(1e38), dropout=0.0)
    before = model.get_weights()
    with pytest.raises(TrainingDivergedError, match="step 1 of 1"):
        model.train_on_batch(1e4 * images[0], images[1])
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_terminate_on_nan_ends_training_quietly(
    new_model: Any, images: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    model = new_model(optimizer=SGD(0.01))
    ended: list[Any] = []
    callbacks = [
        LearningRateScheduler(bad_from_epoch_two),
        TerminateOnNaN(),
        LambdaCallback(on_train_end=lambda logs: ended.append(logs)),
    ]
    history = model.fit(*images, epochs=5, callbacks=callbacks, verbose=0)
    assert history.epoch == [0, 1]
    assert len(ended) == 1
    assert "Training diverged" in capsys.readouterr().out
    assert np.isfinite(model.evaluate(*images, verbose=0)).all()
    with pytest.raises(TrainingDivergedError):
        model.fit(*images, epochs=5, callbacks=[callbacks[0], TerminateOnNaN(raise_error=True)], verbose=0)


def test_an_interruption_passes_through_and_leaves_the_model_usable(new_model: Any, images: Any) -> None:
    class Impatient(Callback):
        ended = False

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if batch == 2:
                raise KeyboardInterrupt

        def on_train_end(self, logs: Any = None) -> None:
            self.ended = True

    model, callback = new_model(), Impatient()
    with pytest.raises(KeyboardInterrupt):
        model.fit(*images, batch_size=16, callbacks=[callback], verbose=0)
    assert not callback.ended
    assert model.optimizer.iterations == 3
    model.fit(*images, verbose=0)
    assert np.isfinite(model.evaluate(*images, verbose=0)).all()


def test_steps_are_counted_when_the_engine_is_interrupted(model: Any, images: Any, monkeypatch: Any) -> None:
    executable = model.executable()

    class Interrupted:
        plan = executable.plan
        keeping_memory = executable.keeping_memory

        def train(self, stretch: Stretch, budget: float | None = None) -> int:
            stretch.losses[: 2 * stretch.batch_size + 3] = 1.0
            raise KeyboardInterrupt

    monkeypatch.setattr(model, "executable", lambda fused=True: Interrupted())
    with pytest.raises(KeyboardInterrupt):
        model.fit(*images, batch_size=10, verbose=0)
    assert model.optimizer.iterations == 2

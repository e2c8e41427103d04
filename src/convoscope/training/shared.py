"""Training in many processes: what all must have the same, and callbacks, which run in the first process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from convoscope import processes
from convoscope.layers import moments
from convoscope.processes import Single
from convoscope.training.callbacks import CallbackList, History
from convoscope.training.callbacks.base import Logs
from convoscope.training.draws import Draws
from convoscope.training.progress import Progress, numbers_in
from convoscope.training.samples import compiled
from convoscope.training.trainable import Trainable


def begin_together(model: Trainable, where: str) -> None:
    """Make sure that all processes have the same model, and give all the first one's weights.

    Raises
    ------
    ConfigurationError
        If one has another model, or learns it in another way.
    """
    team = processes.team()
    if team.size == 1:
        return
    optimizer, objective = compiled(model, where)
    shapes = [[weight.name, list(weight.shape)] for weight in model.executable().plan.weights]
    settings = {name: value for name, value in optimizer.get_config().items() if name != "learning_rate"}
    told = json.dumps([type(optimizer).__name__, settings, objective.names, shapes], default=str)
    team.check_same(told, "model and settings")
    model.seed = team.told(model.seed)  # type: ignore[misc]
    _take_over(model, team)


def _take_over(model: Trainable, team: Single) -> None:
    """Give all processes the first one's weights, what its optimizer keeps, and how far it is."""
    optimizer, _ = compiled(model, "fit")
    with moments.writing():
        slots = optimizer.slots_for(model.own_trainable_weights)
        team.spread([*model.own_weights, *(slot for each in slots for slot in each)])
    rate = None if optimizer.schedule is not None else float(optimizer.learning_rate)
    iterations, draws, rate = team.told([int(optimizer.iterations), model.draws.described(), rate])
    optimizer.iterations, model.draws = iterations, Draws.of(draws)
    _set_rate(model, rate)


def _set_rate(model: Trainable, rate: float | None) -> None:
    optimizer, _ = compiled(model, "fit")
    if rate is not None and optimizer.schedule is None:
        optimizer.learning_rate = rate


def shared(callbacks: Any, model: Any, params: Mapping[str, Any]) -> CallbackList:
    """Return callbacks as all processes have them."""
    kind = CallbackList if processes.team().size == 1 else SharedCallbacks
    return kind(callbacks, model, params)


class SharedCallbacks(CallbackList):
    """Callbacks of the first process, whose effects reach all of them.

    These are: ``model.stop_training``, the learning rate, weights and what the optimizer keeps, and numbers in the
    logs. Beside the first process only histories are written.
    """

    def __init__(self, callbacks: Any, model: Any, params: Mapping[str, Any]) -> None:
        self._team = processes.team()
        own = callbacks if self._team.rank == 0 else [each for each in callbacks if isinstance(each, History)]
        self._own = CallbackList(own, model, params)
        super().__init__(own, model, params)
        self._watched: dict[str, bool] = {}

    def watches(self, hook: str) -> bool:
        # Asked again and again, and answered once.
        if hook not in self._watched:
            self._watched[hook] = self._team.told(self._own.watches(hook))
        return self._watched[hook]

    @property
    def watches_train_batches(self) -> bool:
        return self._watches_any("watches_train_batches")

    @property
    def watches_test_batches(self) -> bool:
        return self._watches_any("watches_test_batches")

    def _watches_any(self, name: str) -> bool:
        if name not in self._watched:
            self._watched[name] = self._team.told(getattr(self._own, name))
        return self._watched[name]

    def wants_one_batch(self) -> bool:
        return False  # how far a stretch goes is agreed by the engine

    def first_epoch(self) -> int | None:
        with processes.alone():
            found = self._own.first_epoch()
        epoch: int | None = self._team.told(found)
        return epoch

    def on_diverged(self, message: str) -> bool:
        with processes.alone():
            found = self._own.on_diverged(message)
        return bool(self._team.told(found))

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._hook("on_train_begin", logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._hook("on_train_end", logs)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._hook("on_epoch_begin", epoch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._hook("on_epoch_end", epoch, logs)

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._hook("on_train_batch_begin", batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._hook("on_train_batch_end", batch, logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self._hook("on_test_begin", logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        self._hook("on_test_end", logs)

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._hook("on_test_batch_begin", batch, logs)

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._hook("on_test_batch_end", batch, logs)

    def on_progress(self, progress: Progress) -> None:
        self._hook("on_progress", progress)

    def _hook(self, name: str, *given: Any) -> None:
        """Call a hook in the first process, and let its effects reach the others, which write their histories then."""
        logs = given[-1] if isinstance(given[-1], dict) else {}
        if self._team.rank:
            self._take_effects(None, logs)
            getattr(self._own, name)(*given)
            return
        before, known = moments.now(), dict(logs)
        with processes.alone():
            getattr(self._own, name)(*given)
        optimizer, _ = compiled(self.model, name)
        effects = {
            "stop": bool(self.model.stop_training),
            "logs": {key: value for key, value in numbers_in(logs).items() if known.get(key) is not logs[key]},
            "wrote": moments.now() != before,
            "rate": None if optimizer.schedule is not None else float(optimizer.learning_rate),
            "interrupted": self._team.is_interrupted,
        }
        self._take_effects(effects, {})

    def _take_effects(self, own: dict[str, Any] | None, logs: Any) -> None:
        told = self._team.told(own)
        logs.update(told["logs"])
        self.model.stop_training = told["stop"]
        if told["wrote"]:
            _take_over(self.model, self._team)
        _set_rate(self.model, told["rate"])
        if told["interrupted"]:
            raise KeyboardInterrupt

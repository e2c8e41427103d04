"""What a model is asked for, with Keras' arguments: fit, evaluate, predict, and the same for one batch."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.checks import equal, flag, integer
from convoscope.engine.base import Array, each, plain
from convoscope.errors import ConfigurationError, TrainingDivergedError
from convoscope.training import loop
from convoscope.training.callbacks import CallbackList, History, ProgressPrinter
from convoscope.training.callbacks.sequence import as_list
from convoscope.training.compatibility import check_losses
from convoscope.training.progress import Progress
from convoscope.training.samples import Samples, compiled, gather, gather_validation
from convoscope.training.trainable import Trainable

__all__ = ["evaluate", "fit", "predict", "test_on_batch", "train_on_batch"]

DEFAULT_BATCH_SIZE = 32


def fit(
    model: Trainable,
    x: Any,
    y: Any,
    *,
    batch_size: int | None = None,
    epochs: int = 1,
    verbose: int | str = "auto",
    callbacks: Any = None,
    validation_split: float = 0.0,
    validation_data: Any = None,
    shuffle: bool = True,
    class_weight: Mapping[int, float] | str | None = None,
    sample_weight: Any = None,
    initial_epoch: int = 0,
    steps_per_epoch: int | None = None,
    validation_batch_size: int | None = None,
    validation_freq: int | Container[int] = 1,
) -> History:
    """Train a model.

    Parameters
    ----------
    model : Trainable
        Compiled.
    x : array of shape (N, *input_shape), list or dict
        Images, of uint8, float32 or float64; used as they are, without a copy and without scaling. For several inputs
        a list with an array for each, or a dict by their names.
    y : array, list or dict
        Class numbers (N,) or, depending on the loss, an array shaped as the outputs. For several outputs a list with
        an array for each, or for each that has a loss; or a dict by their names.
    batch_size : int
        Images to a step; 32 if left out.
    epochs : int
        The epoch to train up to; with `initial_epoch`, so many fewer are trained.
    verbose : {"auto", 0, 1, 2}
        0 shows nothing, 1 and ``"auto"`` a bar that moves where the output is a terminal, and a line for each epoch;
        2 only the lines.
    callbacks : Callback or list of Callback
    validation_split : float
        The share of the samples, the last ones as they are given, that is kept for validation.
    validation_data : (x, y) or (x, y, sample_weight)
        Measured after each epoch. Goes before `validation_split`.
    shuffle : bool
        Whether each epoch has an order of its own, which follows from the model's seed and the number of the epoch.
    class_weight : dict of class number to weight, or ``"auto"``
        How much each class counts; ``"auto"`` makes all classes count the same. For models with one output.
    sample_weight : array of shape (N,), list or dict
        How much each sample counts: for all outputs, or a list with an array or None for each, or a dict by name.
    initial_epoch : int
        The epoch to go on from: an epoch depends on nothing but the weights, the optimizer's state and its number,
        so that 2 epochs and then 2 more give what 4 give at once, to the bit.
    steps_per_epoch : int
        Take only so many steps of each epoch's order.
    validation_batch_size : int
        Images to a batch in validation.
    validation_freq : int or list of int
        Validate every so many epochs, or after those epochs, counted from 1.

    Returns
    -------
    History
        ``history.history`` has a list for each measured value, with one entry for each epoch.

    Raises
    ------
    NotReadyError
        If the model has not been compiled.
    ConfigurationError, ShapeError, DataError
        If settings or data cannot be trained with. Nothing has been changed then.
    TrainingDivergedError
        If the loss is no longer a number. The model is then as it was when that epoch began.
    """
    _, objective = compiled(model, "fit")
    batch = _batch_size(batch_size, "fit")
    shuffle = flag(shuffle, "shuffle", "fit")
    epochs = integer(epochs, "epochs", "fit", minimum=0)
    first = integer(initial_epoch, "initial_epoch", "fit", minimum=0)
    check_losses(objective, model.executable().plan)
    samples = gather(model, x, y, sample_weight)
    samples, validation = _held_out(model, samples, validation_split, validation_data)
    samples = samples.weighted(class_weight, model, "fit")
    batch = min(batch, len(samples))  # a batch has no room for more
    count = _samples_an_epoch(len(samples), batch, steps_per_epoch)
    validation_batch = batch if validation_batch_size is None else _batch_size(validation_batch_size, "fit")
    is_validated = _validated(validation_freq)

    history, printer, listed = _listening(callbacks, verbose)
    run = CallbackList(listed, model, {"verbose": verbose, "epochs": epochs, "steps": -(-count // batch)})
    model.stop_training = False
    logs: dict[str, float] = {}
    try:
        run.on_train_begin()
        for epoch in range(first, epochs):
            run.on_epoch_begin(epoch)
            clock = _Clock("train", count, run, epoch + 1, epochs)
            order = _order(model.seed, epoch, len(samples), shuffle)[:count]
            try:
                with model.executable().keeping_memory():
                    logs = loop.train(model, samples, order, batch, run, clock.report, f"epoch {epoch + 1}")
            except TrainingDivergedError as error:
                if not run.on_diverged(str(error)):
                    raise
                break
            if validation is not None and is_validated(epoch + 1):
                logs |= _validate(model, validation, validation_batch, run)
            if printer:
                printer.finish(clock.now(count, logs))
            run.on_epoch_end(epoch, logs)
            if model.stop_training:
                break
    finally:
        if printer:
            printer.clear()
    run.on_train_end(logs)
    return history


def evaluate(
    model: Trainable,
    x: Any,
    y: Any,
    *,
    batch_size: int | None = None,
    verbose: int | str = "auto",
    sample_weight: Any = None,
    return_dict: bool = False,
    callbacks: Any = None,
) -> float | list[float] | dict[str, float]:
    """Measure loss and metrics without training.

    Parameters
    ----------
    model, x, y, batch_size, verbose, sample_weight, callbacks
        As in `fit`.
    return_dict : bool
        Whether the values come by name.

    Returns
    -------
    float, list of float or dict
        The loss; with metrics or several losses, a list of the loss, that of each output, and the metrics, as in Keras
        (of several outputs they come by their names); with `return_dict`, a dict of all.
    """
    _, objective = compiled(model, "evaluate")
    check_losses(objective, model.executable().plan)
    batch = _batch_size(batch_size, "evaluate")
    samples = gather(model, x, y, sample_weight, "evaluate")
    return_dict = flag(return_dict, "return_dict", "evaluate")
    printer = _printer(verbose)
    listed = [*as_list(callbacks), *([printer] if printer else [])]
    run = CallbackList(listed, model, {"verbose": verbose, "epochs": 1, "steps": -(-len(samples) // batch)})
    clock = _Clock("evaluate", len(samples), run)
    try:
        logs = loop.measure(model, samples, batch, run, clock.report)
        if printer:
            printer.finish(clock.now(len(samples), logs))
    finally:
        if printer:
            printer.clear()
    return _returned(logs, return_dict)


def predict(
    model: Trainable,
    x: Any,
    *,
    batch_size: int | None = None,
    verbose: int | str = "auto",
    callbacks: Any = None,
) -> list[Array]:
    """Return the model's outputs, each (N, *output_shape), for inputs (N, *input_shape).

    With ``verbose`` other than 0 a terminal shows a bar while it lasts; nothing is printed otherwise (Keras prints a
    line for every call).
    """
    batch = _batch_size(batch_size, "predict")
    inputs = each(model.check_inputs(x, "predict"), 1)
    printer = _printer(verbose, final=False)
    listed = as_list(callbacks)
    count = len(inputs[0])
    if not listed and (printer is None or count <= loop.BLOCK):  # over before a bar could be looked at
        return each(model.executable().forward(plain(inputs)), 1)
    if printer:
        listed = [*listed, printer]
    run = CallbackList(listed, model, {"verbose": verbose, "epochs": 1, "steps": -(-count // batch)})
    try:
        return loop.forward(model, inputs, batch, run, _Clock("predict", count, run).report)
    finally:
        if printer:
            printer.clear()


def train_on_batch(
    model: Trainable,
    x: Any,
    y: Any,
    *,
    sample_weight: Any = None,
    class_weight: Mapping[int, float] | str | None = None,
    return_dict: bool = False,
) -> float | list[float] | dict[str, float]:
    """Take one step on one batch, of any size, and return its loss and metrics from before the step.

    Arguments, results and errors are those of `fit` and `evaluate`.
    """
    _, objective = compiled(model, "train_on_batch")
    check_losses(objective, model.executable().plan)
    return_dict = flag(return_dict, "return_dict", "train_on_batch")
    samples = gather(model, x, y, sample_weight, "train_on_batch").weighted(class_weight, model, "train_on_batch")
    order = np.arange(len(samples), dtype=np.int64)
    logs = loop.train(model, samples, order, len(samples), CallbackList(), _unreported, "train_on_batch")
    return _returned(logs, return_dict)


def test_on_batch(
    model: Trainable,
    x: Any,
    y: Any,
    *,
    sample_weight: Any = None,  # noqa: PT028 - not a test, but Keras' name
    return_dict: bool = False,  # noqa: PT028
) -> float | list[float] | dict[str, float]:
    """Measure loss and metrics on one batch. Arguments and results are those of `evaluate`."""
    return evaluate(model, x, y, verbose=0, sample_weight=sample_weight, return_dict=return_dict)


# ---- what they share


class _Clock:
    """Knows when a stage began, and tells callbacks how far it is."""

    def __init__(self, stage: str, total: int, callbacks: CallbackList, epoch: int = 1, epochs: int = 1) -> None:
        self._stage, self._total, self._epoch, self._epochs = stage, total, epoch, epochs
        self._callbacks = callbacks
        self._heard = callbacks.watches("on_progress")
        self._began = time.perf_counter()

    def now(self, done: int, logs: Mapping[str, float]) -> Progress:
        seconds = time.perf_counter() - self._began
        return Progress(self._stage, done, self._total, seconds, self._epoch, self._epochs, dict(logs))

    def report(self, done: int, logs: Mapping[str, float]) -> None:
        if self._heard:
            self._callbacks.on_progress(self.now(done, logs))


def _unreported(done: int, logs: Mapping[str, float]) -> None:
    """Say nothing."""


def _held_out(
    model: Trainable, samples: Samples, validation_split: float | None, validation_data: Any
) -> tuple[Samples, Samples | None]:
    """Return the samples to train with, and those to validate with, if any."""
    if validation_data is not None:
        return samples, gather_validation(model, validation_data)
    if validation_split is not None and not equal(validation_split, 0):
        return samples.split(validation_split)
    return samples, None


def _listening(callbacks: Any, verbose: int | str) -> tuple[History, ProgressPrinter | None, list[Any]]:
    """Return the history, what prints if anything does, and all callbacks of `fit`, these two among them."""
    listed = as_list(callbacks)
    history = next((each for each in listed if isinstance(each, History)), None) or History()
    printer = _printer(verbose)
    return history, printer, [*listed, *([] if history in listed else [history]), *([printer] if printer else [])]


def _validate(model: Trainable, validation: Samples, batch: int, callbacks: CallbackList) -> dict[str, float]:
    """Measure after an epoch."""
    measured = loop.measure(model, validation, batch, callbacks, _unreported)
    return {f"val_{name}": value for name, value in measured.items()}


def _order(seed: int, epoch: int, count: int, shuffle: bool) -> npt.NDArray[np.int64]:
    """Return the order of an epoch, which follows from the seed and the epoch alone."""
    if not shuffle:
        return np.arange(count, dtype=np.int64)
    return np.random.default_rng([seed, epoch]).permutation(count)


def _samples_an_epoch(count: int, batch_size: int, steps_per_epoch: int | None) -> int:
    if steps_per_epoch is None:
        return count
    steps = integer(steps_per_epoch, "steps_per_epoch", "fit")
    if steps > -(-count // batch_size):
        raise ConfigurationError(
            f"fit: steps_per_epoch={steps} is more than the {-(-count // batch_size)} batches of {batch_size} that "
            f"{count} samples make. Train for more epochs instead."
        )
    return min(count, steps * batch_size)


def _validated(frequency: int | Container[int]) -> Callable[[int], bool]:
    """Return what says whether an epoch, counted from 1, ends with a validation."""
    if isinstance(frequency, Container) and not isinstance(frequency, (str, bytes)):
        return lambda epoch: epoch in frequency
    every = integer(frequency, "validation_freq", "fit")
    return lambda epoch: epoch % every == 0


def _batch_size(batch_size: int | None, where: str) -> int:
    return DEFAULT_BATCH_SIZE if batch_size is None else integer(batch_size, "batch_size", where)


def _printer(verbose: int | str, final: bool = True) -> ProgressPrinter | None:
    if not any(equal(verbose, known) for known in ("auto", 0, 1, 2)):
        raise ConfigurationError(f"verbose must be 'auto', 0, 1 or 2, but is {verbose!r}.")
    return ProgressPrinter(live=verbose != 2, final=final) if verbose else None


def _returned(logs: dict[str, float], return_dict: bool) -> float | list[float] | dict[str, float]:
    if return_dict:
        return logs
    values = list(logs.values())
    return values if len(values) > 1 else values[0]

"""What a model is asked for, with Keras' arguments: fit, evaluate and predict."""

from __future__ import annotations

import warnings
from collections.abc import Container
from contextlib import closing
from dataclasses import replace
from typing import Any

from convoscope import processes
from convoscope.checks import equal, flag, integer
from convoscope.engine.base import Array
from convoscope.errors import ConfigurationError, ConvoscopeWarning, DataError, TrainingDivergedError
from convoscope.training import loop
from convoscope.training.callbacks import CallbackList, History, ProgressPrinter
from convoscope.training.callbacks.sequence import as_list
from convoscope.training.compatibility import check_losses
from convoscope.training.course import Course
from convoscope.training.data.batches import Batch, hands_out_batches
from convoscope.training.feeding import (
    ClassWeight,
    array_feed,
    checked_steps,
    labelled_feed,
    split,
    unlabelled_feed,
    validation_batch,
)
from convoscope.training.one_call import outputs_of
from convoscope.training.samples import Samples, compiled
from convoscope.training.shared import begin_together, shared
from convoscope.training.single_step import returned
from convoscope.training.trainable import Trainable
from convoscope.training.validation import Clock, Validation, measured

__all__ = ["evaluate", "fit", "predict", "test_on_batch"]


@processes.together()
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
    class_weight: ClassWeight = None,
    sample_weight: Any = None,
    initial_epoch: int = 0,
    steps_per_epoch: int | None = None,
    validation_steps: int | None = None,
    validation_batch_size: int | None = None,
    validation_freq: int | Container[int] = 1,
    workers: int | None = None,
    max_queue_size: int | None = None,
) -> History:
    """Train a model; `convoscope.models.Sequential.fit` explains the arguments."""
    optimizer, objective = compiled(model, "fit")
    begin_together(model, "fit")
    batch_size = _checked_size(batch_size, "fit")
    seed = model.seed if flag(shuffle, "shuffle", "fit") else None
    epochs = integer(epochs, "epochs", "fit", minimum=0)
    first = integer(initial_epoch, "initial_epoch", "fit", minimum=0)
    steps = checked_steps(steps_per_epoch, "steps_per_epoch", "fit")
    check_losses(objective, model.executable().plan)
    given = Batch(x, y, sample_weight)
    held = None if validation_data is not None else split(model, given, validation_split)
    if held is not None:
        feed = array_feed(held[0].weighted(class_weight, model, "fit"), batch_size, steps, seed)
    else:
        feed = labelled_feed(
            model,
            given,
            "fit",
            batch_size=batch_size,
            steps=steps,
            seed=seed,
            class_weight=class_weight,
            steps_argument="steps_per_epoch",
            workers=workers,
            room=max_queue_size,
        )
    validation_size = _checked_size(validation_batch_size, "fit") or batch_size
    validation = _validation(model, validation_data, held, validation_steps, validation_size, validation_freq)
    course = Course(feed, steps, model.draws, first)
    history, printer, listed = _listening(callbacks, verbose)
    run = shared(listed, model, {"verbose": verbose, "epochs": epochs, "steps": course.steps})
    model.stop_training = False
    course.begin()
    try:
        run.on_train_begin()
        if (resumed := run.first_epoch()) is not None:
            first, course = resumed, Course(feed, steps, model.draws, resumed)
        logs = _epochs(model, course, run, validation, printer, range(first, epochs))
    finally:
        feed.close()
        validation.close()
        if printer:
            printer.clear()
    if epochs:
        optimizer.finalize_variable_values()
    run.on_train_end(logs)
    return history


def _validation(
    model: Trainable,
    given: Any,
    held: tuple[Samples, Samples] | None,
    steps: int | None,
    batch_size: int | None,
    frequency: int | Container[int],
) -> Validation:
    """Return what is measured after epochs: the data given for it, or the samples held back from training."""
    batch = None if given is None else validation_batch(given)
    validation = Validation(model, batch, checked_steps(steps, "validation_steps", "fit"), batch_size, frequency)
    if held is not None:
        validation.measure_samples(held[1])
    return validation


def _epochs(
    model: Trainable,
    course: Course,
    run: CallbackList,
    validation: Validation,
    printer: ProgressPrinter | None,
    epochs: range,
) -> dict[str, float]:
    """Train epoch after epoch until the last, or until somebody or the data ends it; return the last one's logs."""
    logs: dict[str, float] = {}
    for epoch in epochs:
        run.on_epoch_begin(epoch)
        clock = Clock("train", course, run, epoch + 1, epochs.stop)
        try:
            logs = _epoch(model, course, run, clock, f"epoch {epoch + 1}")
        except TrainingDivergedError as error:
            if not run.on_diverged(str(error)):
                raise
            break
        if course.is_over and not clock.steps:
            break  # a generator that has ended: nothing was trained, so this was no epoch
        if validation.follows(epoch + 1):
            logs |= validation.logs(run)
        if printer:
            printer.finish(clock.now(logs))
        run.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
        if course.is_over:
            _warn_of_epochs_left(epochs.stop - epoch - 1, course.asked_steps)
            break
    return logs


def _warn_of_epochs_left(epochs: int, steps: int | None) -> None:
    """Say that training ends early, where nobody has: a generator of unknown length has ended with an epoch."""
    if epochs and steps is None:
        warnings.warn(
            f"fit: the generator ended and cannot start again, so the remaining {epochs} epochs are not trained. Use "
            "an endless generator with steps_per_epoch, or a PyDataset or Dataset, which can start again.",
            ConvoscopeWarning,
            stacklevel=4,
        )


def _epoch(model: Trainable, course: Course, run: CallbackList, clock: Clock, where: str) -> dict[str, float]:
    """Train for an epoch, and note in the model what it has drawn."""
    before = model.draws
    # If this is interrupted, the next training begins a new pass.
    model.draws = replace(before, position=course.position.next_pass)
    try:
        with model.executable().keeping_memory(), closing(course.portions()) as portions:
            logs, taken = loop.train(model, portions, run, clock.report, where, course.steps)
    except TrainingDivergedError:
        model.draws = before
        raise
    course.took(taken, not model.stop_training, f"fit, {where}")
    model.draws = replace(model.draws, position=course.position)
    return logs


@processes.together()
def evaluate(
    model: Trainable,
    x: Any,
    y: Any,
    *,
    batch_size: int | None = None,
    verbose: int | str = "auto",
    sample_weight: Any = None,
    steps: int | None = None,
    return_dict: bool = False,
    callbacks: Any = None,
) -> float | list[float] | dict[str, float]:
    """Measure loss and metrics; `convoscope.models.Sequential.evaluate` explains the arguments."""
    _, objective = compiled(model, "evaluate")
    check_losses(objective, model.executable().plan)
    batch_size, steps = _checked_size(batch_size, "evaluate"), checked_steps(steps, "steps", "evaluate")
    feed = labelled_feed(model, Batch(x, y, sample_weight), "evaluate", batch_size=batch_size, steps=steps)
    return_dict = flag(return_dict, "return_dict", "evaluate")
    course = Course(feed, steps)
    printer = _printer(verbose)
    listed = [*as_list(callbacks), *([printer] if printer else [])]
    run = shared(listed, model, {"verbose": verbose, "epochs": 1, "steps": course.steps})
    clock = Clock("evaluate", course, run)
    try:
        logs = measured(model, course, run, clock, "evaluate")
        if printer:
            printer.finish(clock.now(logs))
    finally:
        feed.close()
        if printer:
            printer.clear()
    if not clock.steps:
        raise DataError(f"evaluate: the {type(x).__name__} yielded no batches. A generator can be used only once.")
    return returned(logs, return_dict)


def predict(
    model: Trainable,
    x: Any,
    *,
    batch_size: int | None = None,
    verbose: int | str = "auto",
    steps: int | None = None,
    callbacks: Any = None,
) -> list[Array]:
    """Return the model's outputs, each (N, *output_shape), for inputs (N, *input_shape).

    With ``verbose`` other than 0 a line says how many batches that were, as in Keras.
    """
    batch_size, steps = _checked_size(batch_size, "predict"), checked_steps(steps, "steps", "predict")
    printer, listed = _printer(verbose), as_list(callbacks)
    if printer is None and not listed and steps is None and not hands_out_batches(x):
        return outputs_of(model, x, "predict")
    feed = unlabelled_feed(model, x, "predict", batch_size=batch_size, steps=steps)
    course = Course(feed, steps)
    if printer:
        listed = [*listed, printer]
    run = CallbackList(listed, model, {"verbose": verbose, "epochs": 1, "steps": course.steps})
    clock = Clock("predict", course, run)
    try:
        with closing(course.portions()) as portions:
            outputs, taken = loop.forward(model, portions, course.samples, run, clock.report)
        course.took(taken, whole=True, where="predict")
        if printer:
            printer.finish(clock.now({}))
    finally:
        feed.close()
        if printer:
            printer.clear()
    if not taken:
        raise DataError(f"predict: the {type(x).__name__} yielded no batches. A generator can be used only once.")
    return outputs


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


def _listening(callbacks: Any, verbose: int | str) -> tuple[History, ProgressPrinter | None, list[Any]]:
    """Return the history, what prints if anything does, and all callbacks of `fit`, these two among them."""
    listed = as_list(callbacks)
    history = next((each for each in listed if isinstance(each, History)), None) or History()
    printer = _printer(verbose)
    return history, printer, [*listed, *([] if history in listed else [history]), *([printer] if printer else [])]


def _checked_size(batch_size: int | None, where: str) -> int | None:
    return None if batch_size is None else integer(batch_size, "batch_size", where)


def _printer(verbose: int | str) -> ProgressPrinter | None:
    if not any(equal(verbose, known) for known in ("auto", 0, 1, 2)):
        raise ConfigurationError(f"verbose must be 'auto', 0, 1 or 2, but is {verbose!r}.")
    return ProgressPrinter(live=verbose != 2) if verbose and processes.is_first() else None

"""What is measured without training: by `evaluate`, and after the epochs of `fit`."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Container, Mapping
from contextlib import closing

from convoscope.checks import integer
from convoscope.errors import ConvoscopeWarning
from convoscope.training import loop
from convoscope.training.callbacks import CallbackList
from convoscope.training.course import Course
from convoscope.training.data.batches import Batch
from convoscope.training.feeding import array_feed, labelled_feed
from convoscope.training.feeds import Feed
from convoscope.training.progress import Progress
from convoscope.training.samples import Samples
from convoscope.training.trainable import Trainable


class Clock:
    """Knows when a stage began, how far it is, and tells callbacks."""

    def __init__(self, stage: str, course: Course, callbacks: CallbackList, epoch: int = 1, epochs: int = 1) -> None:
        self._stage, self._epoch, self._epochs = stage, epoch, epochs
        self._total, self._total_steps = course.samples, course.steps
        self._callbacks = callbacks
        self._heard = callbacks.watches("on_progress")
        self._began = time.perf_counter() - callbacks.idle_seconds()
        self.steps = self._samples = 0

    def now(self, logs: Mapping[str, float]) -> Progress:
        return Progress(
            self._stage,
            self._samples,
            self._total,
            time.perf_counter() - self._began - self._callbacks.idle_seconds(),
            self._epoch,
            self._epochs,
            dict(logs),
            self.steps,
            self._total_steps,
        )

    def report(self, steps: int, samples: int, logs: Mapping[str, float]) -> None:
        self.steps, self._samples = steps, samples
        if self._heard:
            self._callbacks.on_progress(self.now(logs))


class Validation:
    """What is measured after an epoch, and when."""

    def __init__(
        self,
        model: Trainable,
        batch: Batch | None,
        steps: int | None,
        batch_size: int | None,
        frequency: int | Container[int],
    ) -> None:
        self._model, self._steps, self._batch_size = model, steps, batch_size
        self._is_due = _validated(frequency)
        self._feed: Feed | None = None
        if batch is not None:
            self._feed = labelled_feed(
                model, batch, "validation_data", batch_size=batch_size, steps=steps, steps_argument="validation_steps"
            )

    def measure_samples(self, samples: Samples) -> None:
        """Measure these: a part of the samples that are trained on."""
        self._feed = array_feed(samples, self._batch_size, self._steps)

    def follows(self, epoch: int) -> bool:
        """Whether an epoch, counted from 1, ends with a validation."""
        return self._feed is not None and self._is_due(epoch)

    def logs(self, callbacks: CallbackList) -> dict[str, float]:
        """Measure after an epoch."""
        assert self._feed is not None
        course = Course(self._feed, self._steps)
        clock = Clock("evaluate", course, CallbackList())
        found = measured(self._model, course, callbacks, clock, "validation")
        if not clock.steps:
            warnings.warn(
                "validation: the data yielded no batches, so nothing was measured. A generator can be used only once; "
                "a PyDataset or Dataset can be used again.",
                ConvoscopeWarning,
                stacklevel=4,
            )
            return {}
        return {f"val_{name}": value for name, value in found.items()}

    def close(self) -> None:
        if self._feed is not None:
            self._feed.close()


def measured(model: Trainable, course: Course, run: CallbackList, clock: Clock, where: str) -> dict[str, float]:
    """Measure without training."""
    course.begin()
    with closing(course.portions()) as portions:
        logs, taken = loop.measure(model, portions, run, clock.report)
    course.took(taken, whole=True, where=where)
    return logs


def _validated(frequency: int | Container[int]) -> Callable[[int], bool]:
    """Return what says whether an epoch, counted from 1, ends with a validation."""
    if isinstance(frequency, Container) and not isinstance(frequency, (str, bytes)):
        return lambda epoch: epoch in frequency
    every = integer(frequency, "validation_freq", "fit")
    return lambda epoch: epoch % every == 0

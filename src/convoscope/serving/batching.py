"""Images of all clients, decoded in several threads and predicted in one, some at a time.

An image waits for others only while there are some that are being decoded, and only for `Limits.wait`; what comes while
a batch is computed is the next one. A model's answer to an image is the same in any company, to the last digit.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace

from convoscope.datasets.images.preprocessing import Prepared
from convoscope.datasets.images.sources import source_of
from convoscope.errors import ConvoscopeError
from convoscope.explore.image_predictions import ImagePrediction
from convoscope.serving.loaded import Loaded
from convoscope.serving.settings import Limits

Found = ImagePrediction | ConvoscopeError


class BusyError(Exception):
    """There is no room for more at the moment."""


class Question:
    """The images of one request, and what is found of them.

    Parameters
    ----------
    loaded : Loaded
        The model that answers all of them.
    images : sequence of (str, bytes)
        Names and contents.
    top : int
        How many classes are named.
    """

    def __init__(self, loaded: Loaded, images: Sequence[tuple[str, bytes]], top: int) -> None:
        self.loaded, self.images, self.top = loaded, images, top
        #: Whether nobody waits for the answer any more. To be set before the waiting is cancelled, which takes a while.
        self.given_up = False
        self._found: list[Found | Exception | None] = [None] * len(images)
        self._left = len(images)
        self._lock = threading.Lock()
        self._end: Callable[[], None] = lambda: None

    def when_answered(self, end: Callable[[], None]) -> None:
        """Have a function called, in any thread, after the last image."""
        self._end = end

    def put(self, number: int, found: Found | Exception) -> None:
        """Keep what was found of an image."""
        with self._lock:
            self._found[number] = found
            self._left -= 1
            is_last = not self._left
        if is_last:
            self._end()

    def found(self) -> list[Found]:
        """Return what was found of all images, or raise what is nobody's picture's fault."""
        answers: list[Found] = []
        for each in self._found:
            assert each is not None
            if not isinstance(each, Found):
                raise each
            answers.append(each)
        return answers


@dataclass(frozen=True, eq=False)
class _Job:
    question: Question
    number: int
    prepared: Prepared
    since: float


class Batcher:
    """Answers questions.

    Parameters
    ----------
    limits : Limits
    observe : function
        Is told the size of each batch, and the seconds that it took.
    """

    def __init__(self, limits: Limits, observe: Callable[[int, float], None] = lambda size, seconds: None) -> None:
        self._limits, self._observe = limits, observe
        self._decoders = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="convoscope-decode")
        self._changed = threading.Condition()
        self._ready: deque[_Job] = deque()
        self._preparing = 0
        self._closed = False
        #: Images waiting or being computed. Only the server's loop changes it.
        self.waiting = 0
        self._thread = threading.Thread(target=self._run, name="convoscope-predict", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it predicts."""
        return self._thread.is_alive()

    async def answer(self, question: Question) -> list[Found]:
        """Return what is found of a question's images, in their order. To be called in one loop only.

        Raises
        ------
        BusyError
            Too many images wait.
        """
        count = len(question.images)
        if self.waiting + count > self._limits.queue:
            raise BusyError
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self.waiting += count

        def settle() -> None:
            self.waiting -= count
            if not done.done():  # else nobody waits for it any more
                done.set_result(None)

        def end() -> None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(settle)

        question.when_answered(end)
        with self._changed:
            self._preparing += count
        for number in range(count):
            self._decoders.submit(self._prepare, question, number)
        await done
        return question.found()

    def close(self) -> None:
        """End, and compute nothing more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._decoders.shutdown(wait=False, cancel_futures=True)
        self._thread.join()

    def _prepare(self, question: Question, number: int) -> None:
        """Decode an image, in one of several threads."""
        name, content = question.images[number]
        made: Prepared | Exception
        try:
            if question.given_up:
                raise BusyError
            made = question.loaded.preprocessing.prepare(source_of(content, name), max_pixels=self._limits.max_pixels)
        except Exception as error:  # whoever waits for it is told
            made = error
        with self._changed:
            self._preparing -= 1
            if isinstance(made, Prepared):
                self._ready.append(_Job(question, number, made, time.monotonic()))
            self._changed.notify_all()
        if not isinstance(made, Prepared):
            question.put(number, made)

    def _run(self) -> None:
        """Predict one batch after the other, in one thread."""
        while (batch := self._next()) is not None:
            if not batch:
                continue
            loaded, top = batch[0].question.loaded, max(job.question.top for job in batch)
            began = time.monotonic()
            found: Sequence[Found | Exception]
            try:
                found = loaded.classifier.predict([job.prepared for job in batch], top)
            except Exception as error:  # whoever waits for it is told
                found = [error] * len(batch)
            self._observe(len(batch), time.monotonic() - began)
            for job, each in zip(batch, found, strict=True):
                if isinstance(each, ImagePrediction):
                    each = replace(each, classes=each.classes[: job.question.top])
                job.question.put(job.number, each)

    def _next(self) -> list[_Job] | None:
        """Wait for images, and return those that one model is to answer at once; None at the end."""
        most = self._limits.batch
        with self._changed:
            while not self._ready and not self._closed:
                self._changed.wait()
            if self._closed:
                return None
            limit = self._ready[0].since + self._limits.wait
            while len(self._ready) < most and self._preparing and (left := limit - time.monotonic()) > 0:
                self._changed.wait(left)
            loaded = self._ready[0].question.loaded
            taken: list[_Job] = []
            while self._ready and len(taken) < most and self._ready[0].question.loaded is loaded:
                taken.append(self._ready.popleft())
        wanted: list[_Job] = []
        for job in taken:
            if job.question.given_up:
                job.question.put(job.number, BusyError())
            else:
                wanted.append(job)
        return wanted

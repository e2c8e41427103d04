"""What a page asks of a training that goes on in this process: how it stands, its weights, and what is to happen."""

from __future__ import annotations

import json
import struct
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from convoscope.errors import ConfigurationError, ConvoscopeError
from convoscope.models.files import content_of
from convoscope.models.tensorfile import file_of
from convoscope.training.callbacks import LiveControl
from convoscope.web.site import BYTES, Response

_HELD = 10.0  # seconds that a question for news is kept until there are some
_SOONEST, _LATEST, _SHARE = 0.2, 1.0, 200  # seconds between copies of the weights, and how many times what one takes
_CROSSENTROPIES = ("SparseCategoricalCrossentropy", "CategoricalCrossentropy", "CrossentropyByShape")

_ACTIONS: dict[str, Callable[[LiveControl, Any], None]] = {
    "pause": lambda control, _: control.pause(),
    "resume": lambda control, _: control.resume(),
    "one-batch": lambda control, _: control.one_batch(),
    "stop": lambda control, _: control.stop(),
    "rate": lambda control, value: control.set_rate(value),
    "factor": lambda control, value: control.scale_rate(value),
    "pace": lambda control, value: control.set_pace(value),
}


class Live:
    """The questions of a page beside a training, and their answers.

    Parameters
    ----------
    control : LiveControl
        Whose model is trained.
    after_stop : str
        What the page says once somebody has stopped training: how to go on.

    Notes
    -----
    Weights are copied when somebody asks for them, between two stretches of training, and so seldom that this takes
    half a hundredth of the time for all pages together: up to five times a second, and once for a large network. With
    no page open nothing is copied.
    """

    def __init__(self, control: LiveControl, after_stop: str = "") -> None:
        self._control = control
        self._after_stop = after_stop
        self._copying = threading.Lock()
        self._copied: tuple[float, int, bytes] = (float("-inf"), -1, b"")  # until when it will do, the step, the file
        self.questions: Mapping[str, Callable[[dict[str, Any]], Response]] = {
            "ask/live": self._status,
            "ask/live-weights": self._weights,
            "ask/live-control": self._act,
        }

    def described(self) -> dict[str, Any]:
        """Say what the page has to know to begin with."""
        return {"smoothing": self._smoothing(), "refusal": self._control.refusal, "afterStop": self._after_stop}

    def _smoothing(self) -> float | None:
        """Return how far the labels of a cross-entropy are smoothed; None where training has another loss."""
        goals = self._control.model.objective.goals
        losses = [goal.loss for goal in goals if goal.loss is not None]
        if len(losses) != 1 or type(losses[0]).__name__ not in _CROSSENTROPIES:
            return None
        return float(getattr(losses[0], "label_smoothing", 0.0) or 0.0)

    def _status(self, question: dict[str, Any]) -> Response:
        after = question.get("after", -1)
        if isinstance(after, bool) or not isinstance(after, int):
            raise ConfigurationError(f"A version is a whole number, but is {after!r}.")
        return _json(self._control.status(after, _HELD))

    def _act(self, question: dict[str, Any]) -> Response:
        action = _ACTIONS.get(str(question.get("do")))
        if action is None:
            raise ConfigurationError(f"The action must be one of {', '.join(_ACTIONS)}, not {question.get('do')!r}.")
        action(self._control, question.get("value"))
        return _json(self._control.status())

    def _weights(self, question: dict[str, Any]) -> Response:
        """Give the weights of one moment: how long a JSON text is, that text, which says the moment, and the file."""
        try:
            return Response(self._newest(), BYTES)
        except ConvoscopeError as error:
            raise ConfigurationError(f"These weights cannot be shown: {error}") from error

    def _newest(self) -> bytes:
        with self._copying:
            good_until, step, content = self._copied
            if step == int(self._control.model.draws.steps):
                return content
            begun = time.monotonic()
            if begun < good_until and not self._control.is_paused:
                return content
            tensors, metadata = content_of(self._control.model)
            step = int(metadata["model"].get("draws", {}).get("steps", 0))
            said = json.dumps({"step": step, **self._control.position_of(step)}).encode()
            content = struct.pack("<I", len(said)) + said + file_of(tensors, metadata)
            now = time.monotonic()
            self._copied = now + min(_LATEST, max(_SOONEST, _SHARE * (now - begun))), step, content
            return content


def _json(told: dict[str, Any]) -> Response:
    return Response(json.dumps(told).encode(), "application/json")

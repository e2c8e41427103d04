"""The answers of the running Python to what the explorer's page asks."""

from __future__ import annotations

import json
import threading
from typing import Any

from convoscope.web.epochs import Moments
from convoscope.web.exciting import Pulls, peaks
from convoscope.web.exhibits import written
from convoscope.web.explored import Explored
from convoscope.web.faithful import curve
from convoscope.web.own_image import rejection
from convoscope.web.questions import accuracy, cell, error, image
from convoscope.web.runs import Runs
from convoscope.web.site import BYTES, Response
from convoscope.web.training_images import features, nearest


class Answers:
    """What answers the page's questions, one at a time: what was computed is kept for the next question."""

    def __init__(self, explored: Explored, moments: Moments) -> None:
        self._explored = explored
        self._moments = moments
        self._one_at_a_time = threading.Lock()

    def questions(self) -> dict[str, Any]:
        """Return what answers each question, by address."""
        runs, pulls = Runs(), Pulls()
        return {
            "ask/accuracy": self._answering(accuracy),
            "ask/error": self._answering(error),
            "ask/cell": self._giving(cell),
            "ask/nearest": self._giving(lambda about, question: written(nearest(about, question, runs))),
            "ask/features": self._giving(lambda about, question: written(features(about, question))),
            "ask/epoch": self._answering(self._moments.count),
            "ask/image": self._giving(image),
            "ask/rejection": self._answering(rejection),
            "ask/values": self._giving(runs.values),
            "ask/curve": self._answering(curve),
            "ask/pull": self._giving(pulls.pull),
            "ask/peaks": self._giving(peaks),
            "ask/evidence": self._giving(runs.evidence),
            "ask/saliency": self._giving(runs.saliency),
        }

    def _answering(self, answer: Any) -> Any:
        """Return what answers with JSON."""

        def respond(question: dict[str, Any]) -> Response:
            with self._one_at_a_time:
                told = answer(self._moments.at(question), question)
                return Response(json.dumps(told).encode(), "application/json")

        return respond

    def _giving(self, answer: Any) -> Any:
        """Return what answers with bytes."""

        def respond(question: dict[str, Any]) -> Response:
            with self._one_at_a_time:
                return Response(answer(self._moments.at(question), question), BYTES)

        return respond

    def taking(self, take: Any) -> Any:
        """Return what takes a file, and answers with JSON."""

        def respond(content: bytes) -> Response:
            with self._one_at_a_time:
                return Response(json.dumps(take(self._explored, content)).encode(), "application/json")

        return respond

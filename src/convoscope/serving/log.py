"""A server's log: an object of JSON on each line."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from datetime import datetime, timezone
from io import TextIOBase
from typing import Any, TextIO

from starlette.types import Scope

from convoscope.streams import Output

_LONGEST = 300  # characters of what a client sent


class Log:
    """Lines of JSON about what happens; tokens and contents are never in them.

    Parameters
    ----------
    stream : text stream or None
        Where they are written; None for nowhere.

    Examples
    --------
    >>> import io
    >>> kept = io.StringIO()
    >>> Log(kept).write("ready", address="http://127.0.0.1:8770")
    >>> sorted(json.loads(kept.getvalue()))
    ['address', 'event', 'time']
    """

    def __init__(self, stream: TextIO | TextIOBase | None) -> None:
        self._output = None if stream is None else Output(stream)
        self._lock = threading.Lock()

    def write(self, event: str, **told: Any) -> None:
        """Write that something happened."""
        if self._output is None:
            return
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        line = json.dumps({"time": now, "event": event, **told})  # in ASCII: nothing in it does something to a terminal
        with self._lock:
            self._output.write(f"{line}\n")
            self._output.flush()

    def request(self, scope: Scope, status: int, seconds: float, told: Mapping[str, Any]) -> None:
        """Write that a request was answered; the status is 0 if its client had gone."""
        client = scope.get("client")
        self.write(
            "request",
            client=client[0] if client else None,
            method=scope["method"][:_LONGEST],
            path=scope["path"][:_LONGEST],
            status=status,
            seconds=round(seconds, 6),
            **told,
        )

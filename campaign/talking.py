"""Raw connections to a server: any bytes are sent, and what comes back is taken apart."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

_PATIENCE, _QUIET = 15.0, 0.25  # seconds: for an answer, and without another byte after one
_MOST_READ = 8_000_000
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})[ \r]")


@dataclass(frozen=True)
class Answer:
    """What came back on one connection: all bytes, and whether something came, or the end, before patience ran out."""

    content: bytes
    in_time: bool

    @property
    def statuses(self) -> list[int]:
        """The status of each answer, in order. What stands in a body is not one."""
        found, at = [], 0
        while (match := _STATUS.match(self.content, at)) is not None:
            found.append(int(match[1]))
            end = self.content.find(b"\r\n\r\n", at)
            length = re.search(rb"\r\ncontent-length: *(\d+)", self.content[at:end], re.IGNORECASE)
            at = len(self.content) if end < 0 else end + 4 + (int(length[1]) if length else 0)
        return found

    def leaks(self, token: str) -> bool:
        """Say whether a refusal has the token in it."""
        return bool(self.statuses) and self.statuses[0] >= 400 and token.encode() in self.content

    def told(self) -> str:
        """Tell what came: statuses, and the beginning."""
        return f"{self.statuses} {self.content[:80]!r}"


def talk(port: int, sent: bytes, *, half_closed: bool = False, cut: bool = False) -> Answer:
    """Send bytes on a new connection, and take what comes back.

    Parameters
    ----------
    port : int
    sent : bytes
    half_closed : bool
        Whether to say that nothing more will be sent.
    cut : bool
        Whether to close the connection without reading anything.
    """
    with socket.create_connection(("127.0.0.1", port), _PATIENCE) as connection:
        with suppress(OSError):  # refused before all was sent: the answer says why
            connection.sendall(sent)
            if half_closed:
                connection.shutdown(socket.SHUT_WR)
        if cut:
            return Answer(b"", True)
        return _received(connection)


def _received(connection: socket.socket) -> Answer:
    content, limit = b"", time.monotonic() + _PATIENCE
    while time.monotonic() < limit and len(content) < _MOST_READ:
        # A server may wait for more, rightly; one that has answered need not end the connection.
        connection.settimeout(_QUIET if content else 1.0)
        try:
            piece = connection.recv(1 << 16)
        except TimeoutError:
            return Answer(content, True)
        except OSError:
            return Answer(content, True)
        if not piece:
            return Answer(content, True)
        content += piece
    return Answer(content, False)


@contextmanager
def hold(port: int, count: int, beginning: bytes) -> Iterator[None]:
    """Hold connections open that have sent only the beginning of a request."""
    held = []
    try:
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", port), _PATIENCE)
            connection.sendall(beginning)
            held.append(connection)
        yield
    finally:
        for connection in held:
            connection.close()

"""A server that is spoken to byte by byte."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from convoscope.web.server import Response, Server, Site

PATIENCE = 60  # seconds that an answer may take on a busy machine
JSON = "Content-Type: application/json"


def echo(question: dict[str, Any]) -> Response:
    return Response(repr(sorted(question)).encode(), "text/plain")


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Server]:
    site = Site(folder, {"": lambda: Response(b"page", "text/plain")}, {"ask/echo": echo})
    with Server(site, port=0) as server:
        server.start()
        yield server


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)


def head(server: Server, first: str, *more: str) -> bytes:
    """A request's head: its first line, with TOKEN for the token, and headers besides Host."""
    lines = [first.replace("TOKEN", server.token), f"Host: 127.0.0.1:{server.port}", *more, "", ""]
    return "\r\n".join(lines).encode("latin-1")


def read_to_end(connection: socket.socket) -> bytes:
    """Return what comes until the server closes the connection."""
    found = b""
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(65_536):
            found += part
    return found


def exchange(server: Server, *parts: bytes) -> bytes:
    """Send bytes on one connection, and return all that comes until the server closes it."""
    with connect(server) as connection:
        for part in parts:
            connection.sendall(part)
        return read_to_end(connection)


def statuses(answer: bytes) -> list[int]:
    """The status of each response in what came back."""
    return [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]


def sent_until_refused(connection: socket.socket, piece: bytes, most: int, pause: float = 0) -> int:
    """Send a piece again and again until the server has closed the connection; return how often that went well."""
    for count in range(most):
        try:
            connection.sendall(piece)
        except ConnectionError:
            return count
        time.sleep(pause)
    return most

"""A server with planted faults, and one without."""

from __future__ import annotations

import socketserver
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from campaign import hostile
from campaign.outcome import Options, Outcome
from campaign.served import Served
from campaign.talking import Answer, hold, talk

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
TOKEN = "secret-token-of-the-page"
REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"


@contextmanager
def answering(content: bytes) -> Iterator[Served]:
    """Serve the same bytes to everyone, and end each connection."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(1 << 20)
            self.request.sendall(content)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing."""

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        served = Served.__new__(Served)
        served.port, served.token = server.server_address[1], TOKEN
        yield served
        server.shutdown()


def found(served: Served) -> str:
    findings = hostile._attack_all(served, range(80), Outcome("hostile"), Options(3, True, 1))
    return "\n".join(finding.what for finding in findings)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # type: ignore[arg-type]


def test_refusals_are_right() -> None:
    with answering(REFUSED) as served:
        assert found(served) == ""


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", "was answered with 500"),
        (b"HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n\r\n", "was answered with 301"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "has no token, but was answered"),
        (REFUSED + REFUSED, "was taken for 2 requests"),
        (b"HTTP/1.1 403 No\r\nContent-Length: 50\r\n\r\n" + TOKEN.encode(), "with the token in the answer"),
    ],
)
def test_a_planted_fault_is_found(content: bytes, told: str) -> None:
    with answering(content) as served:
        assert told in found(served)


def test_statuses_are_those_of_answers_and_not_of_bodies() -> None:
    body = b"HTTP/1.1 500 in the body\r\n\r\n"
    first = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body
    assert Answer(first + REFUSED, True).statuses == [200, 403]


def test_connections_are_held_and_let_go() -> None:
    with answering(REFUSED) as served:
        with hold(served.port, 3, b"GET / HTTP/1.1\r\n"):
            assert talk(served.port, b"GET /").statuses == [403]
        assert talk(served.port, b"GET /").statuses == [403]

"""The explorer's server under a thousand requests of all kinds, many of them malformed, from several threads."""

from __future__ import annotations

import http.client
import json
import os
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.explore.interventions import intervene
from convoscope.web.explored import Explored
from convoscope.web.explorer import site
from convoscope.web.server import Server

REQUESTS, THREADS = 1_000, 6
PATIENCE = 60  # seconds that one answer may take on a busy machine


@pytest.fixture(scope="module")
def explored() -> Explored:
    generator = np.random.default_rng(1)
    layers = [
        cs.layers.Conv2D(4, 3, activation="relu", input_shape=(6, 6, 1)),
        cs.layers.Flatten(),
        cs.layers.Dense(3, activation="softmax"),
    ]
    images, labels = generator.random((40, 6, 6, 1)), generator.integers(0, 3, 40)
    return Explored(cs.Sequential(layers, seed=2), images, labels, images, labels)


def send(port: int, content: bytes, *, answered: bool = True) -> bytes:
    """Send bytes as they are, and return what comes back; without waiting for an answer if there is to be none."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        try:
            connection.sendall(content)
            if not answered:
                return b""
            connection.shutdown(socket.SHUT_WR)
            found = b""
            while part := connection.recv(65_536):
                found += part
        except ConnectionError:  # it was refused before all of it was sent
            return b""
    return found


def status(answer: bytes) -> int:
    return int(answer.split(None, 2)[1]) if answer.startswith(b"HTTP/1.") else 0


Request = Callable[[], None]


def kinds(server: Server, explored: Explored) -> dict[str, Request]:
    """All kinds of requests, each checking what comes back."""
    port, token = server.port, server.token
    host = f"Host: 127.0.0.1:{port}\r\n"
    head = "Content-Type: application/json\r\n" + host
    right = intervene(explored.model, {0: [1]}, [], explored.images, explored.labels).accuracy
    given = site(explored).answer("data/model.safetensors")
    assert given is not None
    model = given.body

    def good(path: str, expected: bytes | None = None) -> Request:
        def request() -> None:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            connection.request("GET", f"/{token}/{path}")
            response = connection.getresponse()
            body = response.read()
            connection.close()
            assert response.status == 200, path
            assert body if expected is None else body == expected

        return request

    def asking(question: bytes, wanted: int) -> Request:
        def request() -> None:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            connection.request("POST", f"/{token}/ask/accuracy", question, {"Content-Type": "application/json"})
            response = connection.getresponse()
            body = response.read()
            connection.close()
            assert response.status == wanted, body
            assert wanted != 200 or json.loads(body)["accuracy"] == right

        return request

    def raw(text: str | bytes, *wanted: int) -> Request:
        content = text.encode("latin-1") if isinstance(text, str) else text

        def request() -> None:
            found = status(send(port, content))
            assert found in wanted, (content[:80], found)

        return request

    def dropped(text: str) -> Request:
        def request() -> None:
            send(port, text.encode(), answered=False)

        return request

    def post(more: str, body: str = "") -> str:
        return f"POST /{token}/ask/accuracy HTTP/1.1\r\n{head}{more}\r\n{body}"

    return {
        "page": good(""),
        "module": good("static/explorer/main.js"),
        "data": good("data/explorer.json"),
        "model": good("data/model.safetensors", model),
        "question": asking(b'{"silenced": {"0": [1]}, "changes": []}', 200),
        "broken JSON": asking(b'{"silenced": {', 400),
        "no object": asking(b"[1, 2]", 400),
        "deep": asking(b"[" * 100_000, 400),
        "no number": asking(b'{"silenced": {"0": [1e999]}, "changes": []}', 400),
        "no text": asking(b"\xff\xfe\x00", 400),
        "wrong token": raw(f"GET /{token[:-1]}x/ HTTP/1.1\r\n{host}\r\n", 403),
        "no token": raw(f"GET /data/explorer.json HTTP/1.1\r\n{host}\r\n", 403),
        "wrong host": raw(f"GET /{token}/ HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403),
        "no host": raw(f"GET /{token}/ HTTP/1.1\r\n\r\n", 400),
        "unknown": raw(f"GET /{token}/data/nothing HTTP/1.1\r\n{host}\r\n", 404),
        "way out": raw(f"GET /{token}/static/../../server.py HTTP/1.1\r\n{host}\r\n", 404),
        "no address": raw(f"GET http://[x/ HTTP/1.1\r\n{host}\r\n", 400),
        "huge length": raw(post(f"Content-Length: {'9' * 6_000}\r\n"), 400, 413),
        "large length": raw(post("Content-Length: 99999999999\r\n"), 413),
        "negative length": raw(post("Content-Length: -5\r\n"), 400),
        "no length": raw(post(""), 400),
        "odd length": raw(post("Content-Length: ²\r\n"), 400),
        "chunks": raw(post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"), 400),
        "body cut short": raw(post("Content-Length: 500\r\n", "{"), 0),
        "unknown method": raw(f"BREW /{token}/ HTTP/1.1\r\n{host}\r\n", 405),
        "unknown version": raw(f"GET /{token}/ HTTP/9.9\r\n{host}\r\n", 505),
        "long line": raw(b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 400, 414, 431),
        "many headers": raw(f"GET /{token}/ HTTP/1.1\r\n" + host + "X: y\r\n" * 300 + "\r\n", 431),
        "long header": raw(f"GET /{token}/ HTTP/1.1\r\n{host}X: {'y' * 70_000}\r\n\r\n", 431),
        "noise": raw(bytes(range(256)) * 4, 400),
        "nothing": dropped(""),
        "half a line": dropped(f"GET /{token}"),
        "half a head": dropped(f"GET /{token}/ HTTP/1.1\r\nHost: 127.0"),
        "half a question": dropped(post("Content-Length: 400\r\n", '{"sil')),
        "gone before the answer": dropped(f"GET /{token}/data/model.safetensors HTTP/1.1\r\n{host}\r\n"),
    }


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def settled() -> tuple[int, int]:
    """Return how many threads and files there are once that has stayed the same for a while."""
    before = None
    while before != (now := (threading.active_count(), descriptors())):
        before = now
        time.sleep(0.4)
    return now


def until_at_most(most: int, count: Callable[[], int]) -> int:
    """Return a count once it is small enough, or after a while what it then is."""
    end = time.monotonic() + PATIENCE
    while (found := count()) > most and time.monotonic() < end:
        time.sleep(0.05)
    return found


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="what is open is counted where Linux shows it")
def test_a_thousand_mixed_requests_leave_it_as_it_was(explored: Explored, monkeypatch: pytest.MonkeyPatch) -> None:
    failures: list[object] = []

    def note(loop: object, context: dict[str, Any]) -> None:
        failures.append(context)

    def note_logged(*told: object, **_: object) -> None:
        failures.append(told)

    monkeypatch.setattr("convoscope.web.listener._on_error", note)
    monkeypatch.setattr("convoscope.web.listener._SILENT.error", note_logged)
    with Server(site(explored), port=0) as server:
        thread = threading.Thread(target=server.serve, daemon=True)
        thread.start()
        each = kinds(server, explored)
        for request in each.values():  # one of each, so that whatever is loaded later is loaded
            request()
        threads, files = settled()
        names = random.Random(7).choices(list(each), k=REQUESTS)
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(lambda name: each[name](), names))
        assert len(Counter(names)) == len(each)
        assert until_at_most(threads, threading.active_count) <= threads
        assert until_at_most(files, descriptors) <= files
        for name in ("page", "module", "data", "model", "question"):
            each[name]()
        assert thread.is_alive()
        server.stop()
        thread.join(PATIENCE)
    assert not thread.is_alive()
    assert failures == []


def test_a_connection_that_says_nothing_keeps_nobody_waiting(explored: Explored) -> None:
    with Server(site(explored), port=0) as server:
        thread = threading.Thread(target=server.serve, daemon=True)
        thread.start()
        silent = [socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) for _ in range(40)]
        kinds(server, explored)["question"]()
        for connection in silent:
            connection.close()
        server.stop()
        thread.join(PATIENCE)

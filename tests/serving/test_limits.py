"""What clients may take of a server, who may ask, and what they are told otherwise."""

from __future__ import annotations

import contextlib
import io
import json
import socket
import struct
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from convoscope.errors import ConfigurationError
from convoscope.serving import Client, Limits, Server, ServingError
from convoscope.serving.loaded import Loaded
from convoscope.serving.metrics import Metrics
from convoscope.serving.rates import Rates
from convoscope.web import listener

from .conftest import PATIENCE, ask, photo, serving

TOKEN = "a-token-of-some-length"


def png_of(width: int, height: int) -> bytes:
    """A small file of a large image, all black: a bomb."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))

    head = struct.pack(">LLBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(width + 1) * 100)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_who_does_not_know_the_token_gets_nothing(model_file: Path) -> None:
    with serving(model_file, token=TOKEN) as server:
        for given in (None, "", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x", "Bearer \xe9"):
            headers = {} if given is None else {"Authorization": given}
            for method, address in (("POST", "/predict"), ("GET", "/metrics"), ("GET", "/models")):
                status, answered, told = ask(server, method, address, b"", "image/png", **headers)
                assert (status, answered["www-authenticate"]) == (401, "Bearer")
                assert "token is required" in told["error"]
        assert Client(server.address, TOKEN).predict(photo(1))["classes"]
        with pytest.raises(ServingError, match="token is required"):
            Client(server.address, "another token").predict(photo(1))
        assert ask(server, "GET", "/health")[0] == ask(server, "GET", "/ready")[0] == 200
        assert ask(server, "GET", "/openapi.json")[2]["components"]["securitySchemes"]


def test_too_much_is_refused_before_it_is_read(model_file: Path) -> None:
    with serving(model_file, limits=Limits(max_bytes=10_000, max_files=2)) as server:
        status, headers, told = ask(server, "POST", "/predict", bytes(10_001), "image/png")
        assert (status, headers["connection"]) == (413, "close")
        assert "10000 bytes" in told["error"]
        with pytest.raises(ServingError, match="answered 413: A request has at most 10000 bytes"):
            Client(server.address).predict(bytes(40_000_000))  # refused before all of it is sent
        with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as connection:
            connection.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n")
            connection.sendall(b"Transfer-Encoding: chunked\r\n\r\n" + 11 * (b"400\r\n" + bytes(1_024) + b"\r\n"))
            assert connection.recv(100).startswith(b"HTTP/1.1 413")
        bomb = png_of(10_000, 10_000)
        assert len(bomb) < 10_000
        status, _, told = ask(server, "POST", "/predict", bomb, "image/png")
        assert status == 422
        assert "10,000 × 10,000 pixels" in told["predictions"][0]["error"]
        assert server._state.held == server._state.batcher.waiting == 0


def test_who_asks_too_often_is_told_when_to_come_again(model_file: Path) -> None:
    with serving(model_file, limits=Limits(rate=1)) as server:
        found = [ask(server, "GET", "/models")[0] for _ in range(22)]
        assert found == [200] * 20 + [429] * 2
        status, headers, told = ask(server, "POST", "/predict", photo(1), "image/png")
        assert status == 429
        assert 50 <= int(headers["retry-after"]) <= 60
        assert "More than 1 requests per minute" in told["error"]


def test_tokens_of_a_bucket_come_back_and_old_clients_are_forgotten() -> None:
    now = 0.0
    rates = Rates(30, burst=2, clock=lambda: now)
    assert [rates.wait("a") for _ in range(3)] == [0, 0, 2]
    assert rates.wait("b") == 0
    now = 2.0
    assert [rates.wait("a") for _ in range(2)] == [0, 2]
    for number in range(10_000):
        rates.wait(str(number))
    assert len(rates._left) == 10_000
    assert "a" not in rates._left


def test_beyond_the_queue_clients_are_told_to_come_again(model_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    with serving(model_file, limits=Limits(queue=4, max_files=4, batch=1)) as server:
        classifier = server.models["insects"].current.classifier
        predict = classifier.predict

        def slow(images: list[object], top: int) -> object:
            go_on.wait(PATIENCE)
            return predict(images, top)  # type: ignore[arg-type]

        monkeypatch.setattr(classifier, "predict", slow)
        with ThreadPoolExecutor(4) as executor:
            waiting = [executor.submit(ask, server, "POST", "/predict", photo(1), "image/png") for _ in range(4)]
            while server._state.batcher.waiting < 4:
                time.sleep(0.01)
            status, headers, told = ask(server, "POST", "/predict", photo(1), "image/png")
            assert (status, headers["retry-after"]) == (503, "1")
            assert "4 images are waiting" in told["error"]
            go_on.set()
            assert [each.result()[0] for each in waiting] == [200] * 4
        assert Client(server.address).predict(photo(1))["classes"]


def test_an_answer_that_nobody_waits_for_is_not_computed(model_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, computed = threading.Event(), []
    with serving(model_file, limits=Limits(batch=1, seconds=0.3)) as server:
        classifier = server.models["insects"].current.classifier
        predict = classifier.predict

        def slow(images: list[object], top: int) -> object:
            go_on.wait(PATIENCE)
            computed.extend(images)
            return predict(images, top)  # type: ignore[arg-type]

        monkeypatch.setattr(classifier, "predict", slow)
        assert ask(server, "POST", "/predict", photo(1), "image/png")[0] == 503  # it took too long
        with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as connection:
            content = photo(1)
            head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
            connection.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
            while server._state.batcher.waiting < 2:
                time.sleep(0.01)
        while server._state.held:  # until it is noticed that the connection is closed
            time.sleep(0.01)
        go_on.set()
        assert ask(server, "POST", "/predict", photo(1), "image/png")[0] == 200
        assert len(computed) == 2  # the one that was being computed, and the last one
        assert server._state.batcher.waiting == 0


def test_a_mistake_is_told_to_the_log_and_not_to_clients(model_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    with serving(model_file, log=log) as server:

        def failing(images: object, top: int) -> object:
            raise RuntimeError("a secret path")

        monkeypatch.setattr(server.models["insects"].current.classifier, "predict", failing)
        status, _, told = ask(server, "POST", "/predict", photo(1), "image/png", Authorization="Bearer secret")
        assert status == 500
        assert "secret" not in json.dumps(told)
        monkeypatch.undo()
        assert ask(server, "POST", "/predict", photo(1), "image/png")[0] == 200
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["ready", "mistake", "request", "request", "ended"]
    assert "a secret path" in lines[1]["error"]
    assert [line.get("status") for line in lines[2:4]] == [500, 200]
    assert lines[3]["model"] == "insects"
    assert "Bearer" not in log.getvalue()


def test_slow_senders_give_way_where_there_is_no_room(model_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "SLOW", 0.2)
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 1000\r\n\r\n"
    with serving(model_file, limits=Limits(connections=8)) as server, contextlib.ExitStack() as held:
        for _ in range(8):
            slow = held.enter_context(socket.create_connection(("127.0.0.1", server.port), PATIENCE))
            slow.sendall(head + bytes(10))
        while sum(each._stage[:1] == ("body",) for each in server._listener._server.server_state.connections) < 8:
            time.sleep(0.05)
        time.sleep(0.3)
        for _ in range(3):
            assert ask(server, "POST", "/predict", photo(1), "image/png")[0] == 200


def test_other_names_are_refused_unless_they_are_allowed(model_file: Path) -> None:
    log = io.StringIO()
    with serving(model_file, names=["photos.example"], log=log) as server:
        assert ask(server, "GET", "/health", Host="photos.example")[0] == 200
        assert ask(server, "GET", "/health", Host="evil.example")[0] == 403
    assert [json.loads(line).get("status") for line in log.getvalue().splitlines()] == [None, 200, 403, None]


@pytest.mark.parametrize(
    "wrong",
    [{"max_bytes": 0}, {"rate": 0}, {"wait": -1}, {"queue": 3}, {"held": 5}, {"batch": 1.5}, {"max_pixels": 0}],
)
def test_limits_are_checked(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError):
        Limits(**wrong)  # type: ignore[arg-type]


def test_metrics_are_in_prometheus_format() -> None:
    metrics = Metrics()
    metrics.requests.add(model='a"\\\n', status="200")
    metrics.batch(3, 0.02)
    metrics.batch(100, 99)
    lines = metrics.text(7, {"a": "1f"}).splitlines()
    assert r'convoscope_requests_total{model="a\"\\\n",status="200"} 1' in lines
    assert 'convoscope_batch_images_bucket{le="2"} 0' in lines
    assert 'convoscope_batch_images_bucket{le="4"} 1' in lines
    assert 'convoscope_batch_images_bucket{le="+Inf"} 2' in lines
    assert "convoscope_batch_images_sum 103" in lines
    assert "convoscope_batch_seconds_sum 99.02" in lines
    assert "convoscope_waiting_images 7" in lines
    assert 'convoscope_model_info{model="a",version="1f"} 1' in lines


def test_a_server_counts(server: Server) -> None:
    ask(server, "POST", "/predict/same", photo(1), "image/png")
    _, headers, text = ask(server, "GET", "/metrics")
    assert headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'convoscope_requests_total{model="same",status="200"}' in text
    assert 'convoscope_images_total{model="same",outcome="predicted"}' in text
    loaded: Loaded = server.models["same"].current
    assert f'convoscope_model_info{{model="same",version="{loaded.version}"}} 1' in text

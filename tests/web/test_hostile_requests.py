"""What is sent byte by byte, on purpose or by accident: no byte is read twice, and nobody takes more than his share."""

from __future__ import annotations

import http.client
import logging
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.web.raw import JSON, PATIENCE, connect, exchange, head, read_to_end, sent_until_refused, serving, statuses

from convoscope.web import listener
from convoscope.web.server import Server

QUESTION = b'{"a": 1}'
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"  # to be answered would give a second response


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("static")) as running:
        yield running


def length_of(body: bytes) -> str:
    return f"Content-Length: {len(body)}"


def test_a_question_may_ask_for_the_connection_to_be_closed(server: Server) -> None:
    started = time.monotonic()
    asked = head(server, "POST /TOKEN/ask/echo HTTP/1.1", JSON, length_of(QUESTION), "Connection: close") + QUESTION
    answer = exchange(server, asked)
    assert statuses(answer) == [200]
    assert answer.endswith(b"['a']")
    assert b"connection: close" in answer.lower()
    assert time.monotonic() - started < listener.HEAD_SECONDS / 2


def test_without_it_the_connection_serves_further_requests(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    sockets = set()
    for _ in range(3):
        connection.request("POST", f"/{server.token}/ask/echo", QUESTION, {"Content-Type": "application/json"})
        assert connection.getresponse().read() == b"['a']"
        connection.request("GET", f"/{server.token}/")
        assert connection.getresponse().read() == b"page"
        sockets.add(connection.sock)
    connection.close()
    assert len(sockets) == 1


def test_requests_that_are_sent_at_once_are_answered_in_turn(server: Server) -> None:
    one = head(server, "GET /TOKEN/ HTTP/1.1")
    two = head(server, "POST /TOKEN/ask/echo HTTP/1.1", JSON, length_of(QUESTION)) + QUESTION
    three = head(server, "GET /TOKEN/nothing HTTP/1.1", "Connection: close")
    assert statuses(exchange(server, one + two + three)) == [200, 200, 404]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("address", ["", "nothing"])
def test_what_follows_a_get_as_its_body_is_no_request(server: Server, method: str, address: str) -> None:
    answer = exchange(server, head(server, f"{method} /TOKEN/{address} HTTP/1.1", length_of(HIDDEN)) + HIDDEN)
    assert statuses(answer) == [200 if address == "" else 404]


def test_nor_is_a_get_s_body_in_chunks(server: Server) -> None:
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN)
    assert statuses(exchange(server, head(server, "GET /TOKEN/ HTTP/1.1", "Transfer-Encoding: chunked") + body)) == [
        200
    ]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "framing",
    [
        ["Content-Length: 8", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: chunked", "Content-Length: 8"],
        ["Content-Length: 8", "Content-Length: 9"],
        ["Content-Length: 8, 9"],
        ["Content-Length: +8"],
        ["Content-Length: 0x8"],
        ["Content-Length: 8 8"],
        ["Content-Length:"],
        ["Content-Length: -1"],
        ["Transfer-Encoding: chunked, identity"],
        ["Transfer-Encoding: xchunked"],
        ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding : chunked"],
        ["Transfer-Encoding:\x0bchunked"],
    ],
)
def test_lengths_that_can_be_read_in_two_ways_are_refused(server: Server, method: str, framing: list[str]) -> None:
    answer = exchange(server, head(server, f"{method} /TOKEN/ask/echo HTTP/1.1", JSON, *framing) + QUESTION + HIDDEN)
    found = statuses(answer)
    assert len(found) == 1
    assert found[0] in (400, 501)


def test_chunks_in_an_old_version_are_refused(server: Server) -> None:
    body = b"0\r\n\r\n" + HIDDEN
    sent = head(server, "POST /TOKEN/ask/echo HTTP/1.0", JSON, "Transfer-Encoding: chunked") + body
    assert statuses(exchange(server, sent)) == [400]


def test_a_question_may_come_in_chunks(server: Server) -> None:
    sent = head(server, "POST /TOKEN/ask/echo HTTP/1.1", JSON, "Transfer-Encoding: chunked", "Connection: close")
    answer = exchange(server, sent, b"3\r\n" + QUESTION[:3] + b"\r\n", b"5\r\n" + QUESTION[3:] + b"\r\n0\r\n\r\n")
    assert statuses(answer) == [200]


@pytest.mark.parametrize("size", ["-1", "g", "FFFFFFFFFFFFFFFFFFFFFFFF", "0x1", ""])
def test_chunks_of_no_size_are_refused(server: Server, size: str) -> None:
    sent = head(server, "POST /TOKEN/ask/echo HTTP/1.1", JSON, "Transfer-Encoding: chunked")
    answer = exchange(server, sent + f"{size}\r\nx\r\n0\r\n\r\n".encode() + HIDDEN)
    assert statuses(answer) == [400]


def test_chunks_without_an_end_are_bounded(server: Server) -> None:
    with connect(server) as connection:
        connection.sendall(head(server, "POST /TOKEN/ask/echo HTTP/1.1", JSON, "Transfer-Encoding: chunked"))
        chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
        assert sent_until_refused(connection, chunk, 100) < 40  # megabytes, most of them in the system's buffers


@pytest.mark.parametrize("length", [8_000_001, 10**12, 10**19])
def test_a_question_that_is_too_long_is_refused_before_it_is_read(server: Server, length: int) -> None:
    answer = exchange(server, head(server, "POST /TOKEN/ask/echo HTTP/1.1", JSON, f"Content-Length: {length}"))
    assert statuses(answer) == [413]


def test_without_a_length_a_question_is_empty(server: Server) -> None:
    answer = exchange(server, head(server, "POST /TOKEN/ask/echo HTTP/1.1", JSON, "Connection: close"))
    assert statuses(answer) == [400]


@pytest.mark.parametrize(
    ("first", "more", "status"),
    [
        ("GET /TOKEN/static/" + "a" * 300 + ".js HTTP/1.1", ["Connection: close"], 404),
        ("GET /TOKEN/static/" + "a/" * 3_000 + "b.js HTTP/1.1", ["Connection: close"], 404),
        ("GET /TOKEN/static/" + "%00" * 300 + ".js HTTP/1.1", ["Connection: close"], 404),
        ("GET /TOKEN/static/" + "%ED%B0%80" * 9 + ".js HTTP/1.1", ["Connection: close"], 404),
        ("GET /TOKEN/static/" + "a" * 10_000 + ".js HTTP/1.1", [], 414),
        ("GET /TOKEN/?" + "a" * 10_000 + " HTTP/1.1", [], 414),
        ("GET /" + "a" * 300_000 + " HTTP/1.1", [], 431),
        ("GET /TOKEN/ HTTP/1.1", ["A: b"] * 200, 431),
        ("GET /TOKEN/ HTTP/1.1", ["A: " + "b" * 40_000], 431),
        ("GET /TOKEN/ HTTP/1.1", ["A: " + "b" * 300_000], 431),
        ("GET /TOKEN/ HTTP/1.1", ["Host: evil.example"], 400),
        ("GET http://evil.example/TOKEN/ HTTP/1.1", [], 403),
        ("GET //TOKEN/ HTTP/1.1", ["Connection: close"], 200),
        ("GET http://127.0.0.1/TOKEN/ HTTP/1.1", ["Connection: close"], 200),
        ("GET http://[x/TOKEN/ HTTP/1.1", [], 400),
        ("GET http://127.0.0.1 HTTP/1.1", [], 403),
        ("GET * HTTP/1.1", [], 400),
        ("GET TOKEN/ HTTP/1.1", [], 400),
        ("CONNECT 127.0.0.1:80 HTTP/1.1", [], 400),
        ("OPTIONS * HTTP/1.1", [], 400),
        ("GET /TOKEN/ HTTP/9.9", [], 505),
        ("GET /TOKEN/ HTTP/1.1 x", [], 400),
        ("GET  /TOKEN/ HTTP/1.1", [], 400),
        ("GET /TOKEN/\x00 HTTP/1.1", [], 400),
        ("GET /TOKEN/\xe9 HTTP/1.1", [], 400),
        ("GET /TOKEN/ HTTP/1.1", ["A\x00: b"], 400),
        ("GET /TOKEN/ HTTP/1.1", ["A: b\x00"], 400),
        ("GET /TOKEN/ HTTP/1.1", ["Upgrade: websocket", "Connection: Upgrade, close"], 200),
        ("GET /TOKEN/ HTTP/1.1", ["Upgrade: h2c", "Connection: Upgrade, close"], 200),
        ("PRI * HTTP/2.0", [], 505),
        ("GET /TOKEN/ HTTP/1.0", [], 200),
        ("POST /TOKEN/ask/echo HTTP/1.1", ["Content-Length: 2"], 400),
        ("POST /TOKEN/ask/echo HTTP/1.1", ["Content-Type: text/plain; application/json", "Content-Length: 2"], 400),
        ("POST /x/ask/echo HTTP/1.1", [JSON, "Content-Length: 2"], 403),
    ],
)
def test_odd_heads_are_answered_and_never_with_a_mistake_of_the_server(
    server: Server, first: str, more: list[str], status: int
) -> None:
    answer = exchange(server, head(server, first, *more))
    assert statuses(answer) == [status]
    headers = answer.partition(b"\r\n\r\n")[0].lower()
    assert b"x-content-type-options: nosniff" in headers
    assert b"content-security-policy: default-src 'none'" in headers
    assert b"referrer-policy: no-referrer" in headers
    assert b"uvicorn" not in headers
    assert server.token.encode() not in answer


def test_a_token_may_come_with_its_letters_encoded(server: Server) -> None:
    encoded = "".join(f"%{ord(letter):02X}" for letter in server.token)
    for token, status in ((encoded, 200), (encoded[:-3] + "%FF", 403), (encoded.replace("%", "%25"), 403)):
        first = f"GET /{token}/ HTTP/1.1"
        assert statuses(exchange(server, head(server, first, "Connection: close"))) == [status]


def test_who_sends_no_more_but_listens_is_answered(server: Server) -> None:
    with connect(server) as connection:
        connection.sendall(head(server, "GET /TOKEN/ HTTP/1.1"))
        connection.shutdown(socket.SHUT_WR)
        assert read_to_end(connection).endswith(b"page")


def test_a_question_that_is_cut_short_is_not_answered_as_if_it_were_whole(server: Server) -> None:
    with connect(server) as connection:
        sent = head(server, "POST /TOKEN/ask/echo HTTP/1.1", JSON, "Content-Length: 500")
        connection.sendall(sent + QUESTION)
        connection.shutdown(socket.SHUT_WR)
        assert 200 not in statuses(read_to_end(connection))


def test_nothing_is_logged_not_even_where_a_program_logs_everything(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(tmp_path) as server:
        exchange(server, head(server, "GET /TOKEN/ HTTP/1.1", "Connection: close"))
        exchange(server, head(server, "GET /TOKEN/ HTTP/1.1", "Upgrade: websocket", "Connection: Upgrade, close"))
        exchange(server, b"\x00\r\n\r\n")
        with connect(server) as gone:
            gone.sendall(head(server, "GET /TOKEN/ HTTP/1.1"))
    assert server.token not in caplog.text
    assert "127.0.0.1" not in caplog.text
    assert capfd.readouterr() == ("", "")


def test_a_program_s_own_uvicorn_keeps_its_logs(tmp_path: Path) -> None:
    logger = logging.getLogger("uvicorn.access")
    handler = logging.NullHandler()
    logger.addHandler(handler)
    try:
        with serving(tmp_path):
            assert logger.handlers == [handler]
            assert logger.propagate
    finally:
        logger.removeHandler(handler)

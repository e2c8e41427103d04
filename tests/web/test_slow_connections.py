"""Connections that are slow, idle or too many: they keep nobody waiting, and the server ends at once."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.web.raw import JSON, PATIENCE, connect, exchange, head, read_to_end, sent_until_refused, serving, statuses

from convoscope.web import listener
from convoscope.web.server import Response, Server, Site


def test_who_sends_a_head_slowly_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "HEAD_SECONDS", 1)
    with serving(tmp_path) as server, connect(server) as slow, connect(server) as silent, connect(server) as idle:
        idle.sendall(head(server, "GET /TOKEN/ HTTP/1.1"))
        slow.sendall(head(server, "GET /TOKEN/ HTTP/1.1").removesuffix(b"\r\n") + b"A: ")
        assert sent_until_refused(slow, b"b", 500, pause=0.05) < 500
        assert read_to_end(silent) == b""
        assert statuses(read_to_end(idle)) == [200]


def test_who_sends_a_question_slowly_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "BODY_SECONDS", 1)
    with serving(tmp_path) as server, connect(server) as slow:
        slow.sendall(head(server, "POST /TOKEN/ask/echo HTTP/1.1", JSON, "Content-Length: 1000"))
        assert sent_until_refused(slow, b" ", 500, pause=0.05) < 500


def test_who_does_not_read_his_answer_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "READING_SECONDS", 1)
    large = bytes(30_000_000)
    with Server(Site(tmp_path, {"": lambda: Response(large, "text/plain")}), port=0) as server:
        server.start()
        with connect(server) as lazy, connect(server) as slow:
            for each in (lazy, slow):
                each.sendall(head(server, "GET /TOKEN/ HTTP/1.1", "Connection: close"))
            found = 0
            for _ in range(15):  # for longer than a second, but it reads
                found += len(slow.recv(1_000_000))
                time.sleep(0.1)
            found += len(read_to_end(slow))
            assert found > len(large)
            time.sleep(1)
            assert len(read_to_end(lazy)) < len(large)


def test_more_connections_than_there_is_room_for_close_those_that_do_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "MOST_CONNECTIONS", 10)
    with serving(tmp_path) as server:
        many = [connect(server) for _ in range(60)]
        answer = exchange(server, head(server, "GET /TOKEN/ HTTP/1.1", "Connection: close"))
        assert statuses(answer) == [200]
        closed = sum(_is_closed(each) for each in many)
        assert 50 <= closed < 60
        for each in many:
            each.close()


def _is_closed(connection: socket.socket) -> bool:
    connection.settimeout(0.05)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def test_where_all_connections_are_busy_no_more_are_let_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "MOST_CONNECTIONS", 2)
    asked_of, go_on = threading.Semaphore(0), threading.Event()

    def slow() -> Response:
        asked_of.release()
        go_on.wait(PATIENCE)
        return Response(b"at last", "text/plain")

    with Server(Site(tmp_path, {"": slow}), port=0) as server:
        server.start()
        asked = head(server, "GET /TOKEN/ HTTP/1.1", "Connection: close")
        busy = [connect(server), connect(server)]
        for each in busy:
            each.sendall(asked)
        assert all(asked_of.acquire(timeout=PATIENCE) for _ in busy)
        with connect(server) as third:
            assert read_to_end(third) == b""
        go_on.set()
        for each in busy:
            assert read_to_end(each).endswith(b"at last")
            each.close()


def test_it_ends_at_once_whatever_goes_on(tmp_path: Path) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def forever() -> Response:
        asked.set()
        go_on.wait(PATIENCE)
        return Response(b"", "text/plain")

    with Server(Site(tmp_path, {"": forever}, {"ask/echo": lambda question: forever()}), port=0) as server:
        server.start()
        busy, silent, half = connect(server), connect(server), connect(server)
        busy.sendall(head(server, "GET /TOKEN/ HTTP/1.1"))
        half.sendall(head(server, "POST /TOKEN/ask/echo HTTP/1.1", JSON, "Content-Length: 9"))
        assert asked.wait(PATIENCE)
        started = time.monotonic()
        server.stop()
        took = time.monotonic() - started
    go_on.set()
    assert took < PATIENCE / 2  # a second; others may be busy too
    for each in (busy, silent, half):
        assert read_to_end(each) == b""
        each.close()


_WITHOUT_FILES = """
import json, os, resource, socket, sys, time
from pathlib import Path
from convoscope.web.server import Response, Server, Site

with Server(Site(Path(sys.argv[1]), {"": lambda: Response(b"page", "text/plain")}), port=0) as server:
    server.start()
    asked = f"GET /{server.token}/ HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\nConnection: close\\r\\n\\r\\n".encode()
    def ask():
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            connection.sendall(asked)
            return connection.recv(100)[:15].decode()
    first = ask()
    waiting = socket.socket()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
    taken = []
    try:
        while True:
            taken.append(os.dup(0))
    except OSError:
        pass
    waiting.connect(("127.0.0.1", server.port))
    waiting.sendall(asked)
    before = time.process_time()
    time.sleep(2.5)
    used = time.process_time() - before
    for each in taken:
        os.close(each)
    waiting.settimeout(20)
    late = waiting.recv(100)[:15].decode()
    waiting.close()
    print(json.dumps({"first": first, "used": used, "late": late, "again": ask()}))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the number of open files is bounded as POSIX has it")
def test_without_a_file_left_it_waits_and_goes_on_once_there_is_one(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", _WITHOUT_FILES, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert [told["first"], told["late"], told["again"]] == ["HTTP/1.1 200 OK"] * 3
    assert told["used"] < 0.5  # seconds of the processor, in 2.5

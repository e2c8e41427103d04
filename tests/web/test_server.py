"""The server on this machine: what it gives out, and what it refuses."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest

from convoscope.errors import ConfigurationError
from convoscope.web.server import Response, Server, Site


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    outside = tmp_path_factory.mktemp("served")
    inside = outside / "static"
    (inside / "deep").mkdir(parents=True)
    (inside / "main.js").write_text("export const x = 1;")
    (inside / "deep" / "style.css").write_text("p { margin: 0 }")
    (inside / "notes.txt").write_text("not for pages")
    (outside / "secret.js").write_text("secret")
    (inside / "link.js").symlink_to(outside / "secret.js")
    return inside


def broken() -> Response:
    raise RuntimeError("out of order")


@contextlib.contextmanager
def serving(server: Server) -> Iterator[Server]:
    with server:
        thread = threading.Thread(target=server.serve)
        thread.start()
        try:
            yield server
        finally:
            server.stop()
            thread.join(60)
    assert not thread.is_alive()


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    routes = {
        "": lambda: Response(b"<!DOCTYPE html>", "text/html; charset=utf-8"),
        "data/x.json": lambda: Response(b"{}", "application/json"),
        "data/broken.json": broken,
    }
    with serving(Server(Site(folder, routes), port=0)) as running:
        yield running


def ask(
    server: Server, path: str, *, host: str | None = None, method: str = "GET"
) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)
    try:
        connection.putrequest(method, path, skip_host=True)
        connection.putheader("Host", f"127.0.0.1:{server.port}" if host is None else host)
        connection.endheaders()
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def test_the_page_its_files_and_its_data_are_given_out_with_their_types(server: Server) -> None:
    for path, kind, body in (
        ("", "text/html; charset=utf-8", b"<!DOCTYPE html>"),
        ("?a=b", "text/html; charset=utf-8", b"<!DOCTYPE html>"),
        ("static/main.js", "text/javascript; charset=utf-8", b"export const x = 1;"),
        ("static/deep/style.css", "text/css; charset=utf-8", b"p { margin: 0 }"),
        ("data/x.json", "application/json", b"{}"),
    ):
        status, headers, found = ask(server, f"/{server.token}/{path}")
        assert (status, headers["Content-Type"], found) == (200, kind, body)


def test_no_answer_waits_for_an_acknowledgement_of_what_was_sent_before(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)
    connection.request("GET", f"/{server.token}/data/x.json")
    assert connection.getresponse().read() == b"{}"
    # By the type, not by isinstance, which asks objects of others for their __class__: PyTorch's warn of that.
    found = [each for each in gc.get_objects() if issubclass(type(each), asyncio.Transport)]
    ends = [each for each in found if not each.is_closing()]
    sockets = [end.get_extra_info("socket") for end in ends]
    ours = [each for each in sockets if each is not None and each.getpeername()[:2] == connection.sock.getsockname()]
    assert [each.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0 for each in ours] == [True]
    connection.close()


def test_every_answer_forbids_what_pages_of_others_could_do(server: Server) -> None:
    for path in ("", "static/main.js", "nothing"):
        _, headers, _ = ask(server, f"/{server.token}/{path}")
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "Access-Control-Allow-Origin" not in headers
        assert "Python" not in headers["Server"]


def test_a_browser_keeps_the_pages_own_files_and_nothing_else(server: Server) -> None:
    """The data are somebody's own, and may be others a moment later."""
    _, headers, _ = ask(server, f"/{server.token}/static/main.js")
    assert headers["Cache-Control"] == "private, max-age=3600"
    for path in ("", "data/x.json", "data/broken.json", "nothing", "static/nothing.js"):
        _, headers, _ = ask(server, f"/{server.token}/{path}")
        assert headers["Cache-Control"] == "no-store"
    _, headers, _ = ask(server, "/static/main.js")
    assert headers["Cache-Control"] == "no-store"
    with socket.create_connection(("127.0.0.1", server.port)) as raw:
        raw.sendall(b"no HTTP\r\n\r\n")
        assert b"cache-control: no-store\r\n" in raw.recv(4096).lower()


def test_a_head_request_is_answered_without_a_body(server: Server) -> None:
    status, headers, body = ask(server, f"/{server.token}/static/main.js", method="HEAD")
    assert (status, headers["Content-Length"], body) == (200, "19", b"")


@pytest.mark.parametrize("path", ["/", "/static/main.js", "/wrong/", "/%74/static/main.js", "//static/main.js", "/é/"])
def test_without_the_token_nothing_is_given_out(server: Server, path: str) -> None:
    status, _, body = ask(server, quote(path, safe="/%"))
    assert status == 403
    assert b"token" in body
    assert server.token.encode() not in body


def test_a_token_with_a_part_missing_or_too_much_is_wrong(server: Server) -> None:
    for token in (server.token[:-1], server.token + "x", server.token.swapcase()):
        assert ask(server, f"/{token}/")[0] == 403


@pytest.mark.parametrize(
    "path",
    [
        "static/../secret.js",
        "static/%2e%2e/secret.js",
        "static/..%2fsecret.js",
        "static/%2e%2e%2fsecret.js",
        "static/deep/../../secret.js",
        "static/..%5csecret.js",
        "static/..\\secret.js",
        "static/link.js",
        "static//main.js",
        "static/main.js%00.css",
        "static/%c0%ae%c0%ae/secret.js",
        "static/c:/main.js",
        "static/notes.txt",
        "static/",
        "static/deep",
        "../secret.js",
        "data/y.json",
    ],
)
def test_nothing_outside_the_folder_is_given_out_by_whatever_address(server: Server, path: str) -> None:
    status, _, body = ask(server, f"/{server.token}/{path}")
    assert status == 404
    assert b"secret" not in body


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "localhost.evil.example"]
)
def test_a_server_called_by_another_name_answers_nothing(server: Server, host: str) -> None:
    status, _, body = ask(server, f"/{server.token}/", host=host)
    assert status == 403
    assert b"--host" in body


@pytest.mark.parametrize("host", ["localhost", "localhost:99", "127.0.0.1", "[::1]", "[::1]:8760", "LOCALHOST"])
def test_this_machines_own_names_are_known(server: Server, host: str) -> None:
    assert ask(server, f"/{server.token}/", host=host)[0] == 200


def test_a_notebooks_proxy_can_be_allowed_by_name(folder: Path) -> None:
    site = Site(folder, {"": lambda: Response(b"page", "text/plain")})
    with serving(Server(site, port=0, hosts=["Hub.Example.org"])) as server:
        assert ask(server, f"/{server.token}/", host="hub.example.org")[0] == 200
        assert ask(server, f"/{server.token}/", host="example.org")[0] == 403


def test_what_goes_wrong_in_one_answer_does_not_end_the_server(server: Server) -> None:
    status, headers, body = ask(server, f"/{server.token}/data/broken.json")
    assert (status, body) == (500, b"RuntimeError: out of order\n")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert ask(server, f"/{server.token}/")[0] == 200


def test_only_reading_is_allowed(server: Server) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "BREW"):
        status, headers, _ = ask(server, f"/{server.token}/", method=method)
        assert status == 405
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_it_listens_on_this_machine_only(server: Server) -> None:
    assert server.address.startswith("http://127.0.0.1:")
    assert server._listener._socket.getsockname()[0] == "127.0.0.1"


def test_where_the_port_is_taken_another_is_found(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        site = Site(folder, {"": lambda: Response(b"page", "text/plain")})
        with serving(Server(site, port=port)) as server:
            assert server.port != port
            assert ask(server, f"/{server.token}/")[0] == 200


def test_at_the_end_it_listens_no_more(folder: Path) -> None:
    with serving(Server(Site(folder), port=0)) as server:
        listening = server._listener._socket
        assert listening.fileno() >= 0
    assert listening.fileno() == -1  # that the port is free cannot be asked: by now it may be another program's


def test_each_server_has_a_token_of_its_own(folder: Path) -> None:
    with Server(Site(folder), port=0) as one, Server(Site(folder), port=0) as other:
        assert one.token != other.token
        assert len(one.token) >= 32


@pytest.mark.parametrize("port", [-1, 70_000, True])
def test_a_port_that_is_none_is_refused(folder: Path, port: int) -> None:
    with pytest.raises(ConfigurationError, match="65535"):
        Server(Site(folder), port=port)


def test_it_serves_where_an_event_loop_runs_already_and_leaves_signals_alone(folder: Path) -> None:
    handlers = []

    def answer() -> Response:
        handlers.append(signal.getsignal(signal.SIGINT))
        return Response(b"page", "text/plain")

    async def cell_of_a_notebook() -> None:
        handlers.append(signal.getsignal(signal.SIGINT))
        with Server(Site(folder, {"": answer}), port=0) as server:
            asked = threading.Thread(target=lambda: (ask(server, f"/{server.token}/"), server.stop()))
            asked.start()
            server.serve()
            asked.join()

    asyncio.run(cell_of_a_notebook())
    before, during = handlers
    assert before == during


def test_a_server_may_end_before_it_begins_and_more_than_once(folder: Path) -> None:
    server = Server(Site(folder), port=0)
    server.stop()
    server.serve()
    server.close()
    server.close()


@pytest.mark.skipif(os.name != "posix", reason="signals are sent as POSIX has them")
def test_ctrl_c_ends_it_cleanly_while_a_browser_holds_a_connection(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-m", "convoscope", "lab", "--no-browser", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as lab:
        assert lab.stdout is not None
        address = lab.stdout.readline().split()[-1]
        port, path = address.removeprefix("http://127.0.0.1:").split("/", 1)
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=300)
        connection.request("GET", f"/{path}data/start.json")
        assert connection.getresponse().status == 200  # and the connection stays open
        lab.send_signal(signal.SIGINT)
        out, err = lab.communicate(timeout=300)
        connection.close()
    assert (lab.returncode, err) == (0, "")
    assert out.endswith("The filter lab was stopped.\n")


def _represented(what: object) -> Response:
    return Response(repr(what).encode(), "text/plain")


def test_a_server_that_is_closed_lets_go_of_what_it_gave_out_though_a_browser_stays_connected(folder: Path) -> None:
    class Large:
        """A model, say."""

    large = Large()
    route = partial(_represented, large)
    server = Server(Site(folder, {"": route}), port=0)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)
    with serving(server):
        connection.request("GET", f"/{server.token}/")
        assert b"Large" in connection.getresponse().read()
    gone = weakref.ref(large)
    del large, route
    end = time.monotonic() + 60
    while gone() is not None and time.monotonic() < end:  # what was cut off in the middle goes with the next collection
        gc.collect()
        time.sleep(0.01)
    assert gone() is None
    connection.close()

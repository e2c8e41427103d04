"""The explorer in a notebook's page: directly, behind a proxy with a prefix and a name of its own, without a server.

The proxy does as jupyter-server-proxy: it takes its prefix away and hands on everything else, also the name by which it
was called. (``hub.localhost`` is this machine to Chromium, and yet another name.)
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

import convoscope as cs
from convoscope.web.explorer import explore

from .conftest import watched
from .explored import plain
from .support import until

pytest.importorskip("playwright.sync_api", reason="the page's tests need Playwright")

PREFIX = "/user/ann/"
ICON = '<link rel="icon" href="data:,">'


class Hub(BaseHTTPRequestHandler):
    """A notebook's page at PREFIX/lab, and its machine's ports behind PREFIX/proxy/."""

    shown = ""

    def do_GET(self) -> None:
        if self.path == f"{PREFIX}lab":
            self.answer(
                200, {"Content-Type": "text/html; charset=utf-8"}, f"<!DOCTYPE html>{ICON}{self.shown}".encode()
            )
        elif self.path.startswith(f"{PREFIX}proxy/"):
            self.hand_on()
        else:
            self.answer(404, {}, b"")

    do_POST = do_GET  # noqa: N815

    def hand_on(self) -> None:
        port, _, path = self.path.removeprefix(f"{PREFIX}proxy/").partition("/")
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)
        connection.request(self.command, f"/{path}", sent or None, dict(self.headers))
        response = connection.getresponse()
        self.answer(response.status, dict(response.headers), response.read())
        connection.close()

    def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@contextmanager
def notebook(shown: str) -> Iterator[int]:
    """Serve a notebook's page that shows something, and give its port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("ThisHub", (Hub,), {"shown": shown}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def options() -> dict[str, Any]:
    """What is explored: a small model and some images, with their labels."""
    _, (x, y) = cs.datasets.digits.load_data()
    return {"model": plain(), "x": x[:60, ..., None], "y": y[:60]}


def frame_of(page: Any, address: str) -> Any:
    page.goto(address)
    frame = page.frame_locator("iframe")
    frame.locator("html[data-ready=true]").wait_for()
    return frame


def use(page: Any, frame: Any) -> None:
    """Choose another image, and a map: the page works."""
    frame.locator("#view-network").click()
    before = frame.locator("#received").screenshot()
    frame.locator(".thumbnails .picture").nth(2).click()
    page.wait_for_timeout(500)
    assert frame.locator("#received").screenshot() != before
    frame.locator(".layer[data-position='2'] canvas").click(position={"x": 5, "y": 5})
    frame.locator("#arithmetic b").first.wait_for()


def test_on_one_machine_the_notebook_shows_the_servers_page(browser: Any, options: dict[str, Any]) -> None:
    opened = explore(**options, port=0, browser=False, wait=False)
    assert opened is not None
    try:
        with notebook(opened._repr_html_()) as port, watched(browser) as page:
            use(page, frame_of(page, f"http://localhost:{port}{PREFIX}lab"))
    finally:
        opened.close()


def test_a_frame_stays_open_as_long_as_the_page_is_there_and_folds_up_when_it_is_gone(
    browser: Any, options: dict[str, Any]
) -> None:
    opened = explore(**options, port=0, browser=False, wait=False)
    assert opened is not None
    saved = opened._repr_html_()
    with notebook(saved) as port:
        try:
            with watched(browser) as page:
                frame_of(page, f"http://localhost:{port}{PREFIX}lab")
                page.wait_for_timeout(2500)  # longer than the notebook waits for an answer
                assert page.locator("iframe").bounding_box()["height"] == 860
        finally:
            opened.close()
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"http://localhost:{port}{PREFIX}lab")
        until(page, "document.querySelector('iframe').clientHeight === 120")
        words = page.locator("p").inner_text()
        context.close()
    assert "open while the notebook's kernel runs" in words
    assert "Run the cell again" in words


def test_behind_a_hubs_proxy_the_page_and_its_questions_work(browser: Any, options: dict[str, Any]) -> None:
    opened = explore(
        **options, port=0, browser=False, wait=False, proxy=f"{PREFIX}proxy/{{port}}/", hosts=["hub.localhost"]
    )
    assert opened is not None
    try:
        shown = opened._repr_html_()
        assert f'src="{PREFIX}proxy/' in shown
        with notebook(shown) as port, watched(browser) as page:
            frame = frame_of(page, f"http://hub.localhost:{port}{PREFIX}lab")
            use(page, frame)
            frame.locator("#silence").click()
            frame.locator("#count").click()
            frame.locator("#accuracy", has_text="→").wait_for()
    finally:
        opened.close()


def test_a_hub_whose_name_was_not_allowed_is_told_what_to_do(browser: Any, options: dict[str, Any]) -> None:
    opened = explore(**options, port=0, browser=False, wait=False, proxy=f"{PREFIX}proxy/{{port}}/")
    assert opened is not None
    try:
        with notebook(opened._repr_html_()) as port:
            context = browser.new_context()
            page = context.new_page()
            page.goto(f"http://hub.localhost:{port}{PREFIX}lab")
            words = page.frame_locator("iframe").locator("body").inner_text()
            context.close()
        assert "This host name is not allowed (hub.localhost)" in words
        assert "hosts=[...]" in words
    finally:
        opened.close()


def test_without_a_server_the_notebook_has_the_page_in_it(browser: Any, options: dict[str, Any]) -> None:
    shown = explore(**options, server=False)
    assert shown is not None
    with notebook(shown._repr_html_()) as port, watched(browser) as page:
        frame = frame_of(page, f"http://localhost:{port}{PREFIX}lab")
        page.route("**/*", lambda route: route.abort())  # from here on nothing is fetched
        use(page, frame)
        frame.locator(".skip").focus()
        page.keyboard.press("Enter")
        page.wait_for_timeout(200)
        assert frame.locator("#tower").is_visible()  # and the frame has not become the notebook
        until(page, "document.querySelectorAll('iframe').length === 1")

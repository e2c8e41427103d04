"""The pages in other people's frames, and where something that they use is forbidden."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from convoscope.web.explorer import explore
from convoscope.web.lab import Start, offline

from .conftest import sample, serving
from .explored import plain
from .support import settled, until

pytest.importorskip("playwright.sync_api", reason="the page's tests need Playwright")

ICON = '<link rel="icon" href="data:,">'


@contextmanager
def around(body: str) -> Iterator[str]:
    """Serve a page of somebody else."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = f"<!DOCTYPE html>{ICON}{body}".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """Both pages, each in one file."""
    x = np.random.default_rng(0).random((12, *plain().input_shape[1:]))
    explorer = explore(model=plain(), x=x, server=False)
    assert explorer is not None
    return {"lab": offline(Start("sample.png", sample())), "explorer": explorer.html}


@contextmanager
def opened(browser: Any, **options: Any) -> Iterator[tuple[Any, list[str]]]:
    """An empty page, and the uncaught errors on it."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, **options)
    page = context.new_page()
    uncaught: list[str] = []
    page.on("pageerror", lambda error: uncaught.append(str(error)))
    yield page, uncaught
    context.close()


@pytest.mark.parametrize("allowed", [None, "allow-scripts"])
@pytest.mark.parametrize("name", ["lab", "explorer"])
def test_in_somebodys_srcdoc_frame_the_page_works_and_nothing_is_left_uncaught(
    browser: Any, pages: dict[str, str], name: str, allowed: str | None
) -> None:
    sandbox = "" if allowed is None else f'sandbox="{allowed}"'
    frame_html = f'<iframe srcdoc="{escape(pages[name])}" width="1300" height="900" {sandbox}></iframe>'
    with around(frame_html) as address, opened(browser) as (page, uncaught):
        page.goto(address)
        frame = page.frame_locator("iframe")
        frame.locator("html[data-ready=true]").wait_for()
        frame.locator("#theme").click()
        if name == "lab":
            frame.locator("#kernel input").first.fill("7")
            frame.locator("#kernel input").first.press("Enter")
            frame.locator("#share").click()
            assert "convolve;kernel=7" in frame.locator("#share-link").input_value()
        else:
            frame.locator(".thumbnails .picture").nth(2).click()
        page.wait_for_timeout(700)  # the address is kept a moment later
        assert frame.locator("#message").is_hidden()
        assert page.url == address
        assert uncaught == []


@pytest.mark.parametrize("policy", ["worker-src 'none'", "default-src 'self'; worker-src data:"])
def test_without_workers_the_page_computes_itself(browser: Any, policy: str) -> None:
    with serving(Start("sample.png", sample()), policy) as stricter, opened(browser) as (page, uncaught):
        page.goto(stricter)
        page.wait_for_selector("html[data-ready=true]")
        settled(page)
        assert page.locator("#message").is_hidden()
        assert page.locator("#output-size").inner_text() != ""
        assert uncaught == []


def test_without_storage_the_page_works(browser: Any, address: str) -> None:
    with opened(browser) as (page, uncaught):
        page.add_init_script(
            "for (const name of ['localStorage', 'sessionStorage'])"
            "  Object.defineProperty(window, name, { get() { throw new DOMException('no', 'SecurityError'); } });"
        )
        page.goto(address)
        page.wait_for_selector("html[data-ready=true]")
        page.locator("#theme").click()
        settled(page)
        assert page.locator("#message").is_hidden()
        assert uncaught == []


@pytest.mark.parametrize("policy", ["default-src 'none'", "sandbox"])
def test_a_policy_that_forbids_scripts_leaves_words(browser: Any, policy: str) -> None:
    with serving(Start("sample.png", sample()), policy) as stricter, opened(browser) as (page, _):
        page.goto(stricter)
        page.locator(".unstarted").wait_for(state="visible")


def test_a_module_that_cannot_be_loaded_leaves_words(browser: Any, address: str) -> None:
    with opened(browser) as (page, _):
        page.route("**/lab/main.js", lambda route: route.abort())
        page.goto(address)
        page.locator(".unstarted").wait_for(state="visible")


def test_data_that_cannot_be_had_is_said(browser: Any, address: str) -> None:
    with opened(browser) as (page, _):
        page.route("**/data/kernels.json", lambda route: route.abort())
        page.goto(address)
        page.locator("#message.error").wait_for()
        words = page.locator("#message").inner_text()
        assert "could not start" in words
        assert "start it again" in words


def test_in_a_sandbox_without_its_origin_the_servers_page_says_why_it_is_empty(browser: Any) -> None:
    with (
        serving(Start("sample.png", sample()), ancestors=["*"]) as inner,
        around(f'<iframe src="{inner}" width="900" height="500" sandbox="allow-scripts"></iframe>') as outer,
        opened(browser) as (page, _),
    ):
        page.goto(outer)
        page.frame_locator("iframe").locator(".unstarted").wait_for(state="visible")


def test_a_mistake_of_the_pages_own_is_said(page: Any) -> None:
    page.evaluate("setTimeout(() => window.dispatchEvent(new ErrorEvent('error', { message: 'x is undefined' })))")
    until(page, "document.querySelector('#message').textContent.includes('x is undefined')")

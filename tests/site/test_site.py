"""The built site in a browser: narrow, dark, by axe, without a network, with its live pages alive: `make test-docs`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.browser.support import flaws

import convoscope

PAGES = [
    "index",
    "tutorial",
    "filters/index",
    "filters/2_filters_that_look_for_lines",
    "lessons/index",
    "lessons/15_two_convolutions",
    "lessons",
    "classroom",
    "serving",
    "contributing",
    "backward",
    "winograd",
    "assignment",
    "comparison",
    "benchmarks",
    "changelog",
    "reference/index",
    "reference/convoscope.filters",
    "reference/convoscope.models",
    "reference/further",
    "reference/commands",
]
PHONE = 360


@pytest.fixture(params=["light", "dark"])
def page(request: pytest.FixtureRequest, browser: Any, site: str) -> Iterator[Any]:
    """An empty page of a phone's width, which may ask the site alone."""
    context = browser.new_context(viewport={"width": PHONE, "height": 780}, color_scheme=request.param)
    opened = context.new_page()
    asked: list[str] = []
    opened.on("request", lambda each: asked.append(each.url))
    yield opened
    context.close()
    assert [url for url in asked if not url.startswith((site, "data:", "blob:"))] == []


def test_the_site_has_the_mark_of_the_pages(page: Any, site: str) -> None:
    page.goto(f"{site}/filters/index.html")  # a page in a folder: the address of the mark is relative
    address = page.evaluate("document.querySelector('link[rel~=icon]').href")
    mark = page.request.get(address)
    assert mark.ok
    assert "svg" in mark.headers["content-type"]
    paths = re.findall(r" d=.([^\"']+)", mark.text())
    explorer = (Path(convoscope.__file__).parent / "web" / "static" / "explorer" / "index.html").read_text("utf-8")
    assert paths == re.findall(r" d='([^']+)", explorer)[: len(paths)]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_readable_on_a_phone_and_axe_finds_nothing(name: str, page: Any, site: str) -> None:
    page.goto(f"{site}/{name}.html")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE
    assert flaws(page, iframes=False) == []


@pytest.mark.parametrize(("name", "sign"), [("index", "#products .cell"), ("tutorial", "#tower, main")])
def test_a_live_page_is_alive(name: str, sign: str, page: Any, site: str) -> None:
    page.goto(f"{site}/{name}.html")
    frame = page.frame_locator("iframe.live")
    page.locator("iframe.live").scroll_into_view_if_needed()
    frame.locator("html[data-ready=true]").wait_for(state="attached")
    assert frame.locator(sign).count() > 0


def test_the_lab_begins_with_what_the_page_speaks_of(page: Any, site: str) -> None:
    page.goto(f"{site}/filters/2_filters_that_look_for_lines.html")
    page.locator("iframe.live").scroll_into_view_if_needed()
    frame = page.frame_locator("iframe.live")
    frame.locator("html[data-ready=true]").wait_for(state="attached")
    assert page.frames[1].evaluate("location.hash").count("-1,2,-1") == 3

"""The gallery as somebody walks through it: rooms, the lab and back, the digits, sharing, a run, a lesson."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.exhibition.folders import fill

from convoscope.exhibition.page import site
from convoscope.web.server import Server

from .conftest import watched
from .support import flaws, numbers, settled, tab_to, until, widths_needed

# What tools/look_at_pages.py prints of a page, too.
FAULTS = (Path(__file__).parents[2] / "tools" / "page_faults.js").read_text(encoding="utf-8")
CARDS = "#rooms figure[aria-busy=false]"


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    place = tmp_path_factory.mktemp("gallery") / "runs"
    place.mkdir()
    fill(place)
    with Server(site(place), port=0) as server:
        thread = threading.Thread(target=server.serve, daemon=True)
        thread.start()
        yield server.address
        server.stop()
        thread.join()


def ready(page: Any) -> None:
    page.wait_for_selector("html[data-ready=true]")


def follow(page: Any, go: Callable[[], object]) -> None:
    """Do what leads to another page, and wait for that one: until it comes, this one is ready still."""
    page.evaluate("document.documentElement.dataset.ready = 'left'")
    go()
    ready(page)


def painted(page: Any) -> list[int]:
    """How many colours each room's picture has."""
    return page.evaluate(  # type: ignore[no-any-return]
        """() => [...document.querySelectorAll("#rooms canvas")].map((canvas) => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return new Set(new Uint32Array(data.buffer)).size;
        })"""
    )


@pytest.mark.long
def test_a_walk_through_the_gallery(browser: Any, gallery: str, tmp_path: Path) -> None:
    with watched(browser) as page:
        page.goto(gallery)
        ready(page)
        assert page.locator("#rooms h2").count() == 7  # before anything is trained
        assert page.locator(CARDS).count() == 7
        assert min(painted(page)) > 5
        assert numbers(page.locator("[data-room=network] .caption").inner_text())[0] > 94
        # The lab, at a prepared state, and back by the link and by the browser.
        tab_to(page, "[data-room=pooling] .enter")
        follow(page, lambda: page.keyboard.press("Enter"))
        assert page.locator("#output-size").inner_text() == "16 × 16"
        follow(page, page.locator("#to-gallery").click)
        follow(page, page.go_back)
        page.go_back()
        until(page, "document.querySelector('#rooms') !== null")
        # The digits: the whole card leads there.
        follow(page, lambda: page.locator("[data-room=network]").click(position={"x": 60, "y": 60}))
        assert page.locator("#model-title").inner_text() == "Digits"
        page.locator("#view-mistakes").click()
        settled(page)
        shared_and_opened_again(page, browser, tmp_path)
        follow(page, page.locator("#to-gallery").click)
        # A run of this machine, asked something that only Python knows; and one that cannot be opened.
        follow(page, page.locator("#run-list a", has_text="first").click)
        assert page.locator("#model-title").inner_text() == "first"
        page.locator("#view-mistakes").click()
        until(page, "document.querySelectorAll('#nearest canvas').length > 0")
        page.go_back()
        follow(page, page.go_back)
        page.locator("#run-list a", has_text="unreadable").click()
        assert "not a safetensors file" in page.locator("article .error").inner_text()
        follow(page, page.locator("article a").click)
        assert "config.json is damaged" in page.locator(".run.damaged .reason").inner_text()
        page.locator("#run-list a", has_text="rates").click()
        assert page.locator(".report svg.chart").count() == 3


def shared_and_opened_again(page: Any, browser: Any, tmp_path: Path) -> None:
    """Save the page as one file, and find it there as it was, also when that file saves itself."""
    page.locator("#share").click()
    assert "view=mistakes" in page.locator("#share-link").input_value()
    file = tmp_path / "digits.html"
    for source in (page, None):
        with watched(browser, offline=True) as alone:
            shown = source or alone
            if source is None:
                alone.goto(file.as_uri())
                ready(alone)
                assert alone.locator("#to-gallery").count() == 0
                alone.locator("#share").click()
            with shown.expect_download() as saved:
                shown.locator("#share-html").click()
            assert saved.value.suggested_filename == "Digits.html"
            saved.value.save_as(file)
            if source is not None:
                continue
            alone.goto(file.as_uri())
            ready(alone)
            assert alone.locator("#view-mistakes").get_attribute("aria-pressed") == "true"
    page.locator("dialog[open] button", has_text="Close").click()


@pytest.mark.long
def test_the_pages_are_without_flaws_and_narrow_enough(browser: Any, gallery: str) -> None:
    with watched(browser, reduced_motion="reduce") as page:
        page.goto(gallery)
        ready(page)
        widths = (360, 768)
        assert widths_needed(page, widths) == list(widths)
        assert min(painted(page)) > 5  # also in their new size
        assert flaws_in_both(page) == []
        follow(page, page.locator("#lesson-list a").last.click)
        assert widths_needed(page, widths) == list(widths)
        assert flaws_in_both(page) == []
        follow(page, page.locator(".top-bar a").click)
        follow(page, page.locator("#run-list a", has_text="rates").click)
        assert flaws_in_both(page) == []
        page.set_viewport_size({"width": 360, "height": 800})
        assert page.locator(".report svg.chart text").count() > 10
        assert [fault for fault in page.evaluate(FAULTS) if fault.startswith("text of")] == []  # it is readable


def flaws_in_both(page: Any) -> list[str]:
    """What axe finds wrong in light and in dark colours."""
    found = []
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        settled(page)
        found += flaws(page)
    return found


def test_a_command_and_a_program_are_copied(browser: Any, gallery: str) -> None:
    with watched(browser, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.goto(gallery)
        ready(page)
        page.locator("#commands .copy").nth(3).click()
        until(page, "document.getElementById('announce').textContent === 'Copied.'")
        assert page.evaluate("navigator.clipboard.readText()") == "convoscope compare digits --vary filters=8,16,32"
        page.goto(f"{gallery}lessons/11/")
        ready(page)
        page.locator(".code .copy").nth(1).click()
        until(page, "document.getElementById('announce').textContent === 'Copied.'")
        assert page.evaluate("navigator.clipboard.readText()").startswith("import warnings\n")

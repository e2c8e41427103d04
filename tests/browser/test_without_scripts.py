"""What a person sees of a page whose scripts may not run."""

from __future__ import annotations

from html import escape
from typing import Any

from tests.browser.conftest import watched

from convoscope.web.lab import Start, offline

NEEDED = "This page needs JavaScript"


def test_a_browser_without_scripts_says_what_is_missing(browser: Any, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    page.get_by_text(NEEDED).wait_for(state="visible", timeout=15_000)
    context.close()


def test_so_does_a_page_in_a_frame_that_forbids_scripts(browser: Any) -> None:
    policy = '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'">'
    context = browser.new_context()
    page = context.new_page()
    page.set_content(f'<html><head>{policy}</head><body><iframe srcdoc="{escape(offline(Start()))}"></iframe></body>')
    page.frame_locator("iframe").get_by_text(NEEDED).wait_for(state="visible", timeout=15_000)
    context.close()


def test_where_scripts_run_nobody_sees_it(browser: Any, address: str) -> None:
    with watched(browser, reduced_motion="reduce") as page:
        page.goto(address)
        page.wait_for_selector("html[data-ready=true]")
        page.wait_for_timeout(4_500)
        assert not page.get_by_text(NEEDED).is_visible()

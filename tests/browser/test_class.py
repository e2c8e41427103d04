"""A class's file, from disk and without a network: models, lab, exercises, and links that open a state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.exhibition.class_lessons import lessons
from convoscope.exhibition.lesson_texts import listed
from convoscope.web.class_file import class_file
from convoscope.web.explored import Explored

from .conftest import watched
from .support import flaws, numbers, until, widths_needed

IMAGES = np.random.default_rng(4).random((6, 8, 8, 1)).astype(np.float32)


def network(filters: int) -> cs.Sequential:
    last = [cs.layers.Flatten(), cs.layers.Dense(4, activation="softmax")]
    model = cs.Sequential([cs.Input(shape=(8, 8, 1)), cs.layers.Conv2D(filters, 3, activation="relu"), *last])
    model.class_names = ["ant", "bee", "cat", "dog"]
    return model


@pytest.fixture(scope="module")
def models() -> dict[str, cs.Sequential]:
    return {"small": network(2), "large": network(3)}


@pytest.fixture(scope="module")
def file(models: dict[str, cs.Sequential], tmp_path_factory: pytest.TempPathFactory) -> Path:
    labels = np.arange(6) % 4
    explored = {name: Explored(model, IMAGES, labels, title=name) for name, model in models.items()}
    place = tmp_path_factory.mktemp("class") / "class.html"
    place.write_text(class_file(explored, lessons=lessons(list(models)), title="Class 9b"), encoding="utf-8")
    return place


@pytest.fixture
def alone(browser: Any) -> Iterator[Any]:
    """A page in a browser that has no network; it is an error if it asks for anything but the file."""
    with watched(browser, offline=True) as page:
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        yield page
        assert [url for url in requests if not url.startswith(("file:", "data:", "blob:", "about:"))] == []


def opened(page: Any) -> Any:
    """The page in the frame, ready."""
    page.locator("iframe").wait_for()
    frame = page.locator("iframe").element_handle().content_frame()
    frame.wait_for_selector("html[data-ready=true]")
    return frame


def test_a_class_goes_through_its_file_from_disk_without_a_network(
    alone: Any, file: Path, models: dict[str, cs.Sequential]
) -> None:
    page = alone
    page.goto(file.as_uri())
    page.wait_for_selector("html[data-ready=true]")
    assert page.locator(".room h2").all_inner_texts() == ["Small", "Large", "Filter lab", "Exercises"]
    assert flaws(page) == []
    assert widths_needed(page, (360, 1366)) == [360, 1366]
    page.get_by_role("link", name="Open the network").first.press("Enter")
    shares = models["small"].predict(IMAGES[:1], verbose=0)[0]
    frame = opened(page)
    until(frame, "document.querySelector('#verdict').textContent")
    assert models["small"].class_names[int(shares.argmax())] in frame.locator("#verdict").inner_text()
    assert frame.locator("#theme").is_hidden()
    page.locator("#theme").click()
    chosen = page.locator("html").get_attribute("data-theme")
    until(frame, f"document.documentElement.dataset.theme === {chosen!r}")
    # A link to one value, in the page that is open; its kernel goes to the lab, and back to the same network.
    page.evaluate("location.hash = '#page=small&view=network&image=0&layer=1&unit=5'")
    frame.locator("#to-lab").click()
    until(page, "location.hash.startsWith('#page=lab&')")
    lab = opened(page)
    lab.locator("#back").click()
    until(page, "location.hash.startsWith('#page=small')")
    # What a pupil types.
    page.locator("#home").click()
    page.locator("#typed").fill("size 7")
    page.keyboard.press("Enter")
    exercises = opened(page)
    assert exercises.locator(".exercise h2").inner_text() == "What size comes out?"
    exercises.locator("input.typed").fill("26")
    exercises.locator("input.typed").press("Enter")
    assert "Right." in exercises.locator(".feedback").inner_text()
    exercises.get_by_role("button", name="New numbers").click()
    until(page, "/^#page=exercises&exercise=size&seed=(?!7$)/.test(location.hash)")
    page.go_back()
    until(page, "location.hash === '#page=exercises&exercise=size&seed=7'")
    until(exercises, "document.querySelector('.question').textContent.includes('28 × 28')")


def test_a_link_opens_the_same_state_on_every_screen(alone: Any, file: Path, models: dict[str, cs.Sequential]) -> None:
    page = alone
    page.goto(f"{file.as_uri()}#page=large&image=5")
    frame = opened(page)
    shares = models["large"].predict(IMAGES[5:6], verbose=0)[0]
    until(frame, "document.querySelector('#verdict').textContent")
    said = frame.locator("#verdict").inner_text()
    assert models["large"].class_names[int(shares.argmax())] in said
    assert abs(numbers(said)[-1] - 100 * shares.max()) < 0.06
    assert page.locator("#pages [aria-current=page]").inner_text() == "Large"
    page.get_by_role("link", name="Filter lab").click()
    lab = opened(page)
    lab.locator("#share").click()
    assert lab.locator("#share-link").input_value().startswith("#page=lab&image=photograph&step=convolve;")
    page.get_by_role("link", name="Large").click()
    until(page, "location.hash.includes('image=5')")


@pytest.mark.long
def test_the_lessons_are_read_in_the_file_and_lead_to_its_other_pages(
    alone: Any, file: Path, models: dict[str, cs.Sequential]
) -> None:
    page = alone
    page.goto(file.as_uri())
    page.wait_for_selector("html[data-ready=true]")
    assert page.locator("#lesson-list b").all_inner_texts() == [each["title"] for each in listed()]
    page.locator("#lesson-list a", has_text="Summary and pooling").press("Enter")
    lesson = opened(page)
    assert lesson.locator("article .over").inner_text() == "Lesson 12 and 13"
    assert lesson.locator(".top-bar").is_hidden()
    assert lesson.locator("svg.chart").count() > 0
    assert flaws(page, iframes=False) + flaws(lesson) == []
    # The skip link stays on the page, and the next lesson is a step of the history.
    lesson.locator("a.skip").press("Enter")
    assert lesson.evaluate("document.activeElement.id") == "main"
    lesson.locator(".neighbours [rel=next]").click()
    until(page, "location.hash === '#page=lesson-14'")
    assert page.locator("#pages [aria-current=page]").inner_text() == "Lessons"
    page.go_back()
    until(page, "location.hash === '#page=lesson-12'")
    # What it is about, in the lab and in the file's network.
    opened(page).get_by_role("link", name="Pool an image step by step").click()
    until(page, "location.hash.startsWith('#page=lab&image=drawing&step=pool')")
    assert opened(page).locator("#output-size").inner_text() == "16 × 16"
    page.locator("#pages a", has_text="Lessons").click()
    opened(page).get_by_role("link", name="See every layer of a network").click()
    until(page, "location.hash.startsWith('#page=small')")
    # From the start, a state of the lab.
    page.locator("#home").click()
    page.get_by_role("link", name="A filter that looks for red").click()
    until(page, "location.hash.startsWith('#page=lab&image=photograph&step=convolve')")
    for scheme in ("dark", "light"):
        page.goto("about:blank")
        page.emulate_media(color_scheme=scheme)
        page.goto(f"{file.as_uri()}#page=lesson-19")
        assert flaws(page, iframes=False) + flaws(opened(page)) == []
    for width in (360, 768):
        page.set_viewport_size({"width": width, "height": 800})
        assert opened(page).evaluate("document.documentElement.scrollWidth") <= width

"""The explorer beside a training that it steers, in Chromium: what it shows is held to the model that is trained."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import convoscope as cs

from .conftest import watched
from .support import flaws, numbers, until, widths_needed

pytest.importorskip("playwright.sync_api", reason="the page's tests need Playwright")
IMAGE = 11


def shares(page: Any) -> list[float]:
    """The probability of each class, to all its digits: the width of its bar."""
    bars = "[...document.querySelectorAll('.prediction .fill')].map((bar) => parseFloat(bar.style.width))"
    return [width / 100 for width in page.evaluate(bars)]


def seen(page: Any, moment: str) -> None:
    """Wait until the weights of a moment are in the network, and what it makes of them is drawn."""
    until(page, f"document.querySelector('#live').dataset.shown === '{moment}'")


@pytest.mark.long
def test_a_training_is_paused_stepped_changed_and_stopped_from_the_page(
    browser: Any, beginning: Callable[[], tuple[Any, Any, threading.Thread]], digits: tuple[Any, ...]
) -> None:
    _, _, x_test, y_test = digits
    model, live, thread = beginning()
    image, label = x_test[IMAGE : IMAGE + 1], y_test[IMAGE : IMAGE + 1]
    with watched(browser) as page:
        page.goto(f"{live.address}#view=network&image={IMAGE}")
        page.wait_for_selector("html[data-ready=true]")
        seen(page, "1 0")
        assert page.locator("#live-state").inner_text() == "Paused"
        page.locator("#live-one").focus()
        for batch in (1, 2, 3):
            page.keyboard.press("Enter")
            seen(page, f"1 {batch}")
            assert int(model.optimizer.iterations) == batch
            np.testing.assert_allclose(shares(page), model.predict(image, verbose=0)[0], atol=1e-6)
            loss = model.evaluate(image, label, verbose=0, return_dict=True)["loss"]
            assert numbers(page.locator("#live-image b").inner_text()) == [float(f"{loss:.2f}")]
            assert page.locator("#live-news").inner_text() == f"One more batch: batch {batch} of 45."
        assert page.locator("#epoch-words").inner_text().startswith("In epoch 1 of 5000, after batch 3")
        weights = model.get_weights()
        page.get_by_label("Learning rate", exact=True).fill("0.004")
        page.keyboard.press("Enter")
        until(page, "document.querySelector('#live-changes').textContent === '0.001 → 0.004 in epoch 1 after batch 3'")
        assert all(np.array_equal(a, b) for a, b in zip(weights, model.get_weights(), strict=True))
        assert float(model.optimizer.learning_rate) == 0.004
        page.get_by_role("button", name="÷ 2").click()
        until(page, "document.querySelector('#live-rate').value === '0.002'")
        assert flaws_of(browser, live.address) == []
        assert [width <= 360 or width for width in widths_needed(page, [360])] == [True]
        page.set_viewport_size({"width": 1440, "height": 1000})
        page.locator("#live-pause").click()  # resume
        until(page, "/^In epoch ([3-9]|\\d\\d)/.test(document.querySelector('#epoch-words').textContent)")
        page.locator("#live-pause").click()
        until(page, "document.querySelector('#live-state').textContent === 'Paused'")
        step = live.status()
        # An epoch's end is the next one's beginning, and has two names.
        shown = "document.querySelector('#live').dataset.shown.split(' ').map(Number)"
        until(page, f"(([e, b]) => 45 * (e - 1) + b)({shown}) === {45 * (step['epoch'] - 1) + step['batch']}")
        np.testing.assert_allclose(shares(page), model.predict(image, verbose=0)[0], atol=1e-6)
        raw = page.locator("#live .key.raw b").inner_text()
        assert numbers(raw)[0] == pytest.approx(step["curve"][-1][1], rel=0.01)
        until(page, "!document.querySelector('#epoch').disabled")  # the page has heard of the epochs that are over
        page.locator("#epoch").focus()  # back in time, while training waits
        page.keyboard.press("Home")
        until(page, "document.querySelector('#epoch-words').textContent === 'Before training'")
        page.keyboard.press("End")
        until(page, "document.querySelector('#epoch-words').textContent.startsWith('In epoch')")
        page.locator("#live-stop").click()
        page.locator("#live-stop").click()
        until(page, "document.querySelector('#live').hidden")
        until(page, "document.querySelector('#message').textContent.includes('Training has ended')")
        thread.join(60)
        assert not thread.is_alive()
        until(page, "document.querySelector('#time').getAttribute('aria-busy') === 'false'")
        np.testing.assert_allclose(shares(page), model.predict(image, verbose=0)[0], atol=1e-3)  # of 16 bits
    assert [(each.before, each.after) for each in live.changes] == [(0.001, 0.004), (0.004, 0.002)]


def flaws_of(browser: Any, address: str) -> list[str]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="dark", bypass_csp=True)
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("html[data-ready=true]")
    until(page, "!document.querySelector('#live').hidden")
    found = flaws(page)
    context.close()
    return found


@pytest.fixture(scope="module")
def digits() -> tuple[Any, ...]:
    (x, y), (x_test, y_test) = cs.datasets.digits.load_data()
    return x[..., None], y, x_test[..., None], y_test


@pytest.fixture
def beginning(digits: tuple[Any, ...]) -> Any:
    """What begins a training that waits for the page; it ends with the test, whatever happens."""
    x, y, x_test, y_test = digits
    live = cs.callbacks.LivePage(x_test, y_test, paused=True, patience=None, port=0, browser=False)
    threads: list[threading.Thread] = []

    def begin() -> tuple[Any, Any, threading.Thread]:
        layers = cs.layers
        model = cs.Sequential(
            [
                layers.Rescaling(1 / 16, input_shape=(8, 8, 1)),
                layers.Conv2D(4, 3, activation="relu"),
                layers.Flatten(),
                layers.Dense(10, activation="softmax"),
            ],
            seed=3,
        )
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        options = {"epochs": 5000, "validation_data": (x_test, y_test), "verbose": 0, "callbacks": [live]}
        threads.append(threading.Thread(target=lambda: model.fit(x, y, **options), daemon=True))
        threads[0].start()
        while live.address is None:
            live.status(live.status()["version"], 0.1)
        return model, live, threads[0]

    yield begin
    live.stop()
    for thread in threads:
        thread.join(60)
    live.close()

"""Reading the lab's page, and the arithmetic that it should show, by SciPy."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import signal

Image = npt.NDArray[Any]
#: Seconds until a page is given up that does not come to something: only what fails takes them.
PATIENCE = 120.0


def numbers(text: str) -> list[float]:
    """The numbers in a text that has real minus signs, also those written as powers of ten (4e-5)."""
    plain = text.replace("−", "-").replace(",", "")
    return [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", plain)]


def summed(image: Image, kernel: Any, padding: int = 0, stride: int = 1) -> npt.NDArray[np.float64]:
    """Each channel through the kernel, and the results added."""
    padded = np.pad(image.astype(np.float64), ((padding, padding), (padding, padding), (0, 0)))
    channels = (signal.correlate2d(padded[..., c], np.asarray(kernel, float), "valid") for c in range(image.shape[2]))
    return sum(channels)[::stride, ::stride]  # type: ignore[index,no-any-return]


def place(page: Any) -> tuple[int, int]:
    """The output pixel that the arithmetic is of."""
    row, column = numbers(page.locator("#where").inner_text())[:2]
    return int(row), int(column)


def sum_shown(page: Any) -> float:
    """The sum that the page shows."""
    return numbers(page.locator("#sum b").inner_text())[0]


def output_shown(page: Any) -> float:
    """The output pixel that the page shows."""
    return numbers(page.locator("#output-value b").inner_text())[0]


def products(page: Any) -> list[float]:
    """The products that the page shows."""
    return [numbers(text)[0] for text in page.locator("#products .cell b").all_inner_texts()]


def point(page: Any, view: str, row: float, column: float, shape: tuple[int, int]) -> None:
    """Move the mouse to a pixel of an image on the page."""
    box = page.locator(f"{view} .stage").bounding_box()
    page.mouse.move(
        box["x"] + (column + 0.5) * box["width"] / shape[1], box["y"] + (row + 0.5) * box["height"] / shape[0]
    )
    settled(page)


def settled(page: Any) -> None:
    """Wait until the page has drawn what was asked of it."""
    page.evaluate(
        """() => new Promise((done) => {
            const busy = () => document.querySelector("[aria-busy=true]") !== null;
            const look = () => (busy() ? requestAnimationFrame(look) : done());
            requestAnimationFrame(look);
        })"""
    )


def rested(page: Any) -> None:
    """Wait until the page has begun what was asked of it, some of that a moment later, and has computed and drawn."""
    page.evaluate(
        "() => new Promise((done) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(done)), 100))"
    )
    until(page, "document.querySelector('[aria-busy=true]') === null")
    settled(page)


def to_address(page: Any, fragment: str) -> None:
    """Change the address in the same tab. The page writes there what it shows, but a moment later."""
    page.evaluate("history.replaceState(null, '', '#')")  # an address that is there already would change nothing
    page.evaluate(f"location.hash = {json.dumps(fragment)}")


def until(page: Any, condition: str) -> None:
    """Wait until JavaScript finds a condition true. (Playwright's own waiting needs what the page's policy forbids.)"""
    end = time.monotonic() + PATIENCE
    while not page.evaluate(f"() => Boolean({condition})"):
        assert time.monotonic() < end, f"still not true: {condition}"
        page.wait_for_timeout(30)


def widths_needed(page: Any, widths: Sequence[int]) -> list[int]:
    """Make the page as wide as each of these, and return the width that it takes then."""
    needed = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 800})
        settled(page)
        needed.append(page.evaluate("document.documentElement.scrollWidth"))
    return needed


def flaws(page: Any, *, iframes: bool = True) -> list[str]:
    """What axe finds wrong with a page, however small: also best practice, and names without their visible text.

    Frames of other origins are asked by messages, about which the console complains.
    """
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python").Axe()
    options = {"iframes": iframes, "rules": {"label-content-name-mismatch": {"enabled": True}}}
    found = axe.run(page, options=options).response["violations"]
    return [f"{each['id']}: {node['html'][:160]} {node['failureSummary']}" for each in found for node in each["nodes"]]


def choose(page: Any, field: str, value: str) -> None:
    """Choose a setting."""
    page.locator(field).select_option(value)
    settled(page)


def drop(page: Any, name: str, content: bytes, kind: str = "image/png") -> None:
    """Drop a file onto the page."""
    page.evaluate(
        """([name, kind, content]) => {
            const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
            const data = new DataTransfer();
            data.items.add(new File([bytes], name, { type: kind }));
            document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
        }""",
        [name, kind, base64.b64encode(content).decode()],
    )


def visit(page: Any, address: str) -> None:
    """Open an address from scratch, as somebody does who was handed a link."""
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_selector("html[data-ready=true]")
    settled(page)


def in_layers(address: str) -> str:
    """Return an address that leads to the explorer's layers, where it names no view: else it is the overview."""
    if "view=" in address:
        return address
    page, _, state = address.partition("#")
    return f"{page}#view=network{'&' * bool(state)}{state}"


def tab_to(page: Any, selector: str) -> None:
    """Press Tab until an element has the focus, as somebody without a mouse does."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
            return
    pytest.fail(f"{selector} cannot be reached with Tab")

"""What leaves the lab's page: a PNG, one HTML file that works without a network, and Python code."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from .conftest import png, sample
from .support import choose, drop, numbers, output_shown, place, point, settled, sum_shown, summed, until

SOBEL = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]


def saved(page: Any, button: str) -> Path:
    """The file that a button of the export dialog saves."""
    page.locator("#export").click()
    with page.expect_download() as download:
        page.locator(button).click()
    page.get_by_role("button", name="Close").click()
    return Path(download.value.path())


def test_the_png_has_the_output_pixel_for_pixel(page: Any) -> None:
    choose(page, "#preset", "identity")
    choose(page, "#channels", "apart")
    choose(page, "#padding", "same")
    with Image.open(saved(page, "#export-png")) as image:
        assert np.array_equal(np.asarray(image.convert("RGB")), sample())


def test_the_html_file_works_from_disk_without_a_network(page: Any, browser: Any, tmp_path: Path) -> None:
    image = np.random.default_rng(5).integers(0, 256, (11, 12, 3), np.uint8)
    drop(page, "mine <b>.png", png(image))
    until(page, "document.querySelector('#input-size').textContent.startsWith('11')")
    settled(page)
    file = tmp_path / "lab.html"
    file.write_bytes(saved(page, "#export-html").read_bytes())

    context = browser.new_context(offline=True, accept_downloads=True, viewport={"width": 1280, "height": 900})
    alone = context.new_page()
    problems: list[str] = []
    requests: list[str] = []
    alone.on("console", lambda message: message.type in ("error", "warning") and problems.append(message.text))
    alone.on("pageerror", lambda error: problems.append(str(error)))
    alone.on("request", lambda request: requests.append(request.url))
    alone.goto(file.as_uri())
    alone.wait_for_selector("html[data-ready=true]")
    settled(alone)
    assert alone.locator("#sample option:checked").inner_text() == "mine <b>.png"
    point(alone, "#output-view", 4, 7, (9, 10))
    assert sum_shown(alone) == summed(image, SOBEL)[4, 7]
    choose(alone, "#stride", "2")
    assert sum_shown(alone) == summed(image, SOBEL, stride=2)[place(alone)]

    # The file can make the next file.
    again = tmp_path / "again.html"
    again.write_bytes(saved(alone, "#export-html").read_bytes())
    alone.goto(again.as_uri())
    alone.wait_for_selector("html[data-ready=true]")
    settled(alone)
    assert alone.locator("#stride").input_value() == "2"
    assert [url for url in requests if not url.startswith(("file:", "data:", "blob:"))] == []
    assert problems == []
    context.close()


def test_the_python_code_gives_what_the_page_shows(page: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("convoscope.filters", reason="the Python library is not here yet")
    image = np.random.default_rng(6).integers(0, 256, (20, 21, 3), np.uint8)
    drop(page, "mine.png", png(image))
    until(page, "document.querySelector('#input-size').textContent.startsWith('20')")
    choose(page, "#padding", "same")
    choose(page, "#padMode", "reflect")
    choose(page, "#stride", "2")
    choose(page, "#activation", "leaky_relu")
    page.locator("#bias").fill("7")
    page.locator("#bias").press("Enter")
    page.locator("#add-pool").click()
    settled(page)
    page.locator("#export").click()
    code = page.locator("#python-code").input_value()
    page.get_by_role("button", name="Close").click()
    Image.fromarray(image).save(tmp_path / "mine.png")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(code, "exported", "exec"), names)
    result = names["result"]
    assert numbers(page.locator("#output-size").inner_text()) == list(result.shape[:2])
    for row, column in ((0, 0), (2, 3), (4, 4)):
        point(page, "#output-view", row, column, result.shape[:2])
        assert output_shown(page) == pytest.approx(float(result[row, column].item()), abs=0.01)

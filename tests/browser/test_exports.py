"""What leaves the lab's page: a PNG, one HTML file that works without a network, and Python code."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from convoscope import filters
from convoscope.filters.chain import Filter, Pooling, run
from convoscope.web.lab import Start

from .conftest import png, sample, serving, watched
from .support import choose, drop, numbers, output_shown, place, point, settled, sum_shown, summed, until, visit

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


@contextlib.contextmanager
def without_a_network(browser: Any, file: Path) -> Iterator[Any]:
    """Open a file from disk in a browser that has no network; it is an error if it asks for anything else."""
    with watched(browser, offline=True) as alone:
        requests: list[str] = []
        alone.on("request", lambda request: requests.append(request.url))
        visit(alone, file.as_uri())
        yield alone
        assert [url for url in requests if not url.startswith(("file:", "data:", "blob:", "about:"))] == []


def test_the_html_file_works_from_disk_without_a_network(page: Any, browser: Any, tmp_path: Path) -> None:
    image = np.random.default_rng(5).integers(0, 256, (11, 12, 3), np.uint8)
    drop(page, "mine <b>.png", png(image))
    until(page, "document.querySelector('#input-size').textContent.startsWith('11')")
    settled(page)
    file, again = tmp_path / "lab.html", tmp_path / "again.html"
    file.write_bytes(saved(page, "#export-html").read_bytes())
    with without_a_network(browser, file) as alone:
        assert alone.locator("#sample option:checked").inner_text() == "mine <b>.png"
        point(alone, "#output-view", 4, 7, (9, 10))
        assert sum_shown(alone) == summed(image, SOBEL)[4, 7]
        choose(alone, "#stride", "2")
        assert sum_shown(alone) == summed(image, SOBEL, stride=2)[place(alone)]
        again.write_bytes(saved(alone, "#export-html").read_bytes())
    with without_a_network(browser, again) as alone:
        assert alone.locator("#stride").input_value() == "2"
        assert sum_shown(alone) == summed(image, SOBEL, stride=2)[place(alone)]


@pytest.mark.parametrize("name", ["photograph", "drawing", "mine.png"])
def test_the_command_lines_file_works_from_disk_without_a_network(browser: Any, tmp_path: Path, name: str) -> None:
    image = sample() if name == "mine.png" else filters.samples.load(name)
    Image.fromarray(sample()).save(tmp_path / "mine.png")
    words = ["lab", *([] if name == "photograph" else [name]), "--export", "lab.html"]
    subprocess.run([sys.executable, "-m", "convoscope", *words], cwd=tmp_path, check=True, capture_output=True)
    with without_a_network(browser, tmp_path / "lab.html") as alone:
        size = "×".join(map(str, image.shape))
        assert alone.locator("#input-size").inner_text().replace(" ", "") == size
        point(alone, "#output-view", 5, 8, (image.shape[0] - 2, image.shape[1] - 2))
        assert sum_shown(alone) == summed(image.reshape(*image.shape[:2], -1), SOBEL)[place(alone)]


def test_the_page_makes_what_the_library_makes_of_the_same_chain(browser: Any) -> None:
    image = filters.samples.photograph()[100:164, 200:271]
    steps = [
        Filter("gaussian-5", {"padding": "same", "pad_mode": "reflect"}),
        Filter("outline", {"stride": 2, "weight": 0.5, "bias": 20}),
        Pooling(3, 2, "max"),
    ]
    with serving(Start("mine.png", image, steps)) as address, watched(browser) as page:
        visit(page, address)
        page.locator(".step").nth(2).click()
        settled(page)
        with Image.open(saved(page, "#export-png")) as written:
            assert np.array_equal(np.asarray(written.convert("RGB")), run(image, steps)[-1])


def test_the_python_code_gives_what_the_page_shows(page: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
    page.get_by_role("button", name="Average").click()
    settled(page)  # a button that moves under the pointer is not clicked
    page.locator("#add-filter").click()
    choose(page, "#preset", "gaussian-3")
    page.locator("#clip").check()
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
    for row, column in ((0, 0), (1, 2), (2, 2)):
        point(page, "#output-view", row, column, result.shape[:2])
        assert output_shown(page) == float(result[row, column].item())

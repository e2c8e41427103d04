"""The widgets' pages in a notebook: a page that does as anywidget's front end, with the kernel's half behind it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import convoscope as cs
from convoscope.explore import activations

from .conftest import watched
from .explored import convolutional
from .support import flaws, until

pytest.importorskip("playwright.sync_api", reason="the page's tests need Playwright")
comm = pytest.importorskip("comm", reason="widgets need anywidget")
pytest.importorskip("anywidget", reason="widgets need anywidget")

ADDRESS = "http://notebook.localhost/"
HTML = (
    '<!DOCTYPE html><html lang="en"><head><title>Notebook</title><link rel="icon" href="data:,"></head>'
    '<body data-jp-theme-light="true"><main><h1>Notebook</h1></main><script>{script}</script></body></html>'
)


class Notebook:
    """A notebook's page, and the kernel's channels: what the kernel sends waits until it is delivered."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.widgets: dict[str, Any] = {}
        self.waiting: list[dict[str, Any]] = []
        self.silent = False
        script = Path(__file__).with_name("widget_host.js").read_text(encoding="utf-8")
        page.expose_function("toKernel", self.hear)
        page.route(ADDRESS, lambda route: route.fulfill(body=HTML.format(script=script), content_type="text/html"))
        page.goto(ADDRESS)

    def publish(
        self, channel: Any, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **_: Any
    ) -> None:
        texts = [base64.b64encode(bytes(each)).decode() for each in buffers or []]
        if msg_type == "comm_open":
            data = {**data, "method": "update"}
        if msg_type != "comm_close":
            self.waiting.append({"id": channel.comm_id, "data": data, "buffers": texts})

    def hear(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        """Take a message of the page; return all that the kernel has to say."""
        if not self.silent:
            buffers = [memoryview(base64.b64decode(text)) for text in message["buffers"]]
            channel = self.widgets[message["id"]].comm
            channel.handle_msg({"content": {"data": message["data"]}, "buffers": buffers})
        waiting, self.waiting = self.waiting, []
        return waiting

    def deliver(self) -> None:
        """Deliver what Python has set."""
        waiting, self.waiting = self.waiting, []
        self.page.evaluate("(messages) => deliver(messages)", waiting)

    def show(self, widget: Any) -> Any:
        """Show a widget in a cell of its own; return its frame, ready."""
        self.widgets[widget.model_id] = widget
        self.deliver()
        self.page.evaluate("(id) => show(id)", widget.model_id)
        return self.frame(widget)

    def frame(self, widget: Any) -> Any:
        frame = self.page.frame_locator(f"#cell-{widget.model_id} iframe")
        frame.locator("html[data-ready=true]").wait_for()
        return frame

    def until(self, condition: Any) -> None:
        """Wait until Python finds a condition true of what the page has told."""
        for _ in range(1000):
            if condition():
                return
            self.page.wait_for_timeout(20)
        pytest.fail("the page has not told it")


@pytest.fixture
def notebook(browser: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    from comm.base_comm import BaseComm

    with watched(browser) as page:
        made = Notebook(page)
        monkeypatch.setattr(
            comm, "create_comm", type("Comm", (BaseComm,), {"publish_msg": lambda *a, **o: made.publish(*a, **o)})
        )
        yield made


@pytest.fixture(scope="module")
def model() -> cs.Sequential:
    return convolutional(2)


@pytest.fixture(scope="module")
def digits() -> tuple[Any, Any]:
    _, (x, y) = cs.datasets.digits.load_data()
    return x[..., None], y


def test_python_and_the_page_are_in_step(notebook: Notebook, model: cs.Sequential, digits: tuple[Any, Any]) -> None:
    x, y = digits
    widget = model.widget(x, y, x_train=x[:40], y_train=y[:40])
    widget.image = 3
    frame = notebook.show(widget)
    notebook.until(lambda: widget.prediction is not None)
    assert (widget.image, widget.view, widget.layer) == (3, "overview", None)
    assert_allclose(widget.prediction["probabilities"], model.predict(x[3:4], verbose=0)[0], atol=1e-6)

    frame.locator(".thumbnails .picture").nth(2).click()  # from the page to Python
    frame.locator("#view-network").click()
    frame.locator(".layer[data-position='3'] canvas").first.click(position={"x": 5, "y": 5})
    notebook.until(lambda: widget.image not in (None, 3) and widget.layer == 3 and widget.value is not None)
    index, (row, column) = widget.image, widget.pixel
    assert_array_equal(widget.received, x[index])
    found = activations(model, x[index : index + 1])[model.layers[3].name]
    assert_allclose(widget.value, found[0, row, column, widget.map], rtol=1e-5)
    assert widget.prediction["class"] == model.predict(x[index : index + 1], verbose=0).argmax()

    given = json.loads(widget._given["data/explorer.json"])["indices"]
    absent = next(i for i in range(len(x)) if i not in given)  # from Python to the page
    widget.image, widget.layer, widget.map, widget.pixel = absent, 1, 2, (1, 4)
    notebook.deliver()
    found = activations(model, x[absent : absent + 1])[model.layers[1].name]
    notebook.until(lambda: widget.value is not None and widget.prediction is not None)
    assert widget.value == pytest.approx(found[0, 1, 4, 2], rel=1e-5)
    assert (widget.image, widget.layer, widget.map, widget.pixel) == (absent, 1, 2, (1, 4))
    assert "row 1, column 4" in frame.locator("#inspector").inner_text()

    drawing = np.zeros((8, 8))
    drawing[1:7, 3:5] = 16
    widget.drawing = drawing
    notebook.deliver()
    expected = model.predict(drawing[None, ..., None], verbose=0)[0]
    notebook.until(lambda: widget.prediction is not None)
    assert_allclose(widget.prediction["probabilities"], expected, atol=1e-6)
    assert_array_equal(widget.received[..., 0], drawing)

    frame.locator("#silence").click()  # the kernel counts
    frame.locator("#count").click()
    frame.locator("#accuracy", has_text="→").wait_for()
    notebook.until(lambda: "off=1:2" in widget.address)

    notebook.page.evaluate(
        "(id) => document.querySelector('main').append(document.getElementById(`cell-${id}`))", widget.model_id
    )
    frame = notebook.frame(widget)  # the notebook has moved the cell, and the page begins anew where it was
    frame.locator("#touch", has_text="without 2").wait_for()
    assert frame.locator("[data-kind=draw]").get_attribute("aria-pressed") == "true"


def test_widgets_of_one_notebook_do_not_meddle_with_each_other(
    notebook: Notebook, model: cs.Sequential, digits: tuple[Any, Any]
) -> None:
    one, other = (model.widget(*digits, height=height) for height in (500, 400))
    frames = [notebook.show(each) for each in (one, other)]
    notebook.until(lambda: one.prediction is not None and other.prediction is not None)
    before = other.image
    one.image = 11
    notebook.deliver()
    notebook.until(lambda: one.prediction is not None)
    assert one.prediction["class"] == model.predict(digits[0][11:12], verbose=0).argmax()
    frames[0].locator("#view-mistakes").click()
    notebook.until(lambda: one.view == "mistakes")
    assert (other.image, other.view) == (before, "overview")

    page = notebook.page
    until(page, "document.querySelectorAll('iframe')[1].getBoundingClientRect().height === 400")
    page.locator(f"#cell-{other.model_id} .convoscope-handle").focus()
    page.keyboard.press("ArrowDown")
    notebook.until(lambda: other.height == 440)
    assert flaws(page, iframes=False) == []  # their pages have tests of their own
    themes = [frame.locator("html").get_attribute("data-theme") for frame in frames]
    page.evaluate("document.body.dataset.jpThemeLight = 'false'")
    for frame in frames:
        frame.locator("html[data-theme=dark]").wait_for()
    assert themes == ["light", "light"]


def test_a_widget_lives_on_without_its_kernel(
    notebook: Notebook, model: cs.Sequential, digits: tuple[Any, Any]
) -> None:
    notebook.silent = True  # from the beginning, as in a saved notebook that is only looked at
    widget = model.widget(*digits)
    widget.view = "network"
    frame = notebook.show(widget)
    frame.locator(".thumbnails .picture").nth(2).click()
    frame.locator(".thumbnails .picture[aria-pressed=true]").nth(0).wait_for()
    frame.locator("#silence").click()
    frame.locator("#touch", has_text="without").wait_for()
    assert widget.image is None
    bar = notebook.page.locator(".convoscope-bar")
    bar.wait_for()
    assert "run this cell again" in bar.inner_text()
    notebook.silent = False
    frame.locator("#count").click()
    bar.wait_for(state="hidden")


def test_the_labs_kernel_and_image_are_read_and_set(notebook: Notebook) -> None:
    image = np.add.outer(np.arange(20), np.arange(24)).astype(np.uint8) * 5
    widget = cs.LabWidget(image, "sobel-x")
    frame = notebook.show(widget)
    notebook.until(lambda: widget.image is not None)
    assert_array_equal(widget.image, image)
    frame.locator("#preset").select_option("box-blur")
    notebook.until(lambda: widget.kernel is not None and (widget.kernel == 1).all())
    assert widget.weight == pytest.approx(1 / 9)
    widget.kernel = [[0, 0, 0], [0, 2, 0], [0, 0, 0]]
    notebook.deliver()
    numbers = frame.locator("#kernel-editor input").evaluate_all
    notebook.until(lambda: "2" in numbers("(all) => all.map((each) => each.value)"))

"""The explorer's widget: its traits, and the answers to its page (tests/browser/test_widget.py has the page)."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import convoscope as cs
from convoscope.errors import ConfigurationError, NotReadyError, ShapeError
from convoscope.web.explorer import site

from .conftest import Channel


@pytest.fixture
def widget(channel: Channel, model: cs.Sequential, digits: tuple[Any, Any]) -> Any:
    return model.widget(*digits, x_train=digits[0][:50], y_train=digits[1][:50])


def test_the_widget_takes_its_page_along_in_less_than_a_megabyte(channel: Channel, widget: Any) -> None:
    state = widget.get_state()
    assert len(state["_esm"].encode()) < 1_000_000
    assert "export default widgetOf(" in state["_esm"]
    assert not re.search(r"^import\b", state["_esm"], re.MULTILINE)  # nothing is fetched
    given = state["_given"]
    assert set(given) == {"data/explorer.json", "data/model.safetensors", "data/images.bin", "data/epochs.json"}
    assert all(isinstance(each, bytes) for each in given.values())  # they go as buffers
    assert given["data/model.safetensors"] == widget.explored.file


def test_what_would_be_too_much_for_a_saved_notebook_is_asked_for(channel: Channel) -> None:
    large = cs.Sequential([cs.layers.Flatten(input_shape=(40, 40, 1)), cs.layers.Dense(1000)])  # 6.4 MB
    widget = large.widget(np.zeros((3, 40, 40, 1)))
    assert widget.get_state()["_given"] == {}
    answer, body = channel.ask(widget, "GET", "data/model.safetensors")
    assert (answer["status"], body) == (200, widget.explored.file)


@pytest.mark.parametrize(
    ("address", "question"),
    [
        ("ask/accuracy", {"silenced": {"0": [1]}, "changes": []}),
        ("ask/nearest", {"image": 5}),
        ("ask/values", {"image": 5, "silenced": {}, "changes": [], "wanted": [0, 3]}),
        ("ask/accuracy", {"silenced": 1}),
    ],
)
def test_the_kernel_answers_what_the_server_answers(
    channel: Channel, widget: Any, address: str, question: dict[str, Any]
) -> None:
    sent = json.dumps(question).encode()
    answer, body = channel.ask(widget, "POST", address, sent)
    served = site(widget.explored).reply(address, sent)
    assert served is not None
    assert (answer["status"], answer["type"], answer["id"]) == (served.status, served.type, "1")
    assert body == served.body


def test_a_question_that_nobody_knows_and_one_that_fails_are_answered(channel: Channel, widget: Any) -> None:
    assert channel.ask(widget, "GET", "data/other")[0]["status"] == 404
    assert channel.ask(widget, "POST", "ask/other", b"{}")[0]["status"] == 404
    assert channel.ask(widget, "HELLO", "")[0]["status"] == 200
    widget._site.questions["ask/accuracy"] = lambda question: 1 / 0
    answer, body = channel.ask(widget, "POST", "ask/accuracy", b"{}")
    assert (answer["status"], body) == (500, b"ZeroDivisionError: division by zero")


def test_a_test_image_that_the_page_was_not_given_is_sent(
    channel: Channel, widget: Any, digits: tuple[Any, Any]
) -> None:
    _, body = channel.ask(widget, "POST", "ask/image", b'{"image": 359}')
    length = int.from_bytes(body[:4], "little")
    told = json.loads(body[4 : 4 + length])
    values = np.frombuffer(body[4 + length :], np.uint8) / told["packed"]["divisor"]
    assert_array_equal(values, digits[0][359].ravel())
    assert told["label"] == digits[1][359]
    assert told["predicted"] == widget.explored.found.predicted[359]


def test_what_the_page_tells_is_heard_and_goes_together(channel: Channel, widget: Any, digits: tuple[Any, Any]) -> None:
    heard: list[Any] = []
    widget.observe(lambda change: heard.append((change.name, change.new)), ["image", "map"])
    channel.tell(widget, image=7, layer=0, map=3, pixel=[2, 4], value=0.5, view="beside", address="image=7")
    assert heard == [("image", 7), ("map", 3)]
    assert (widget.layer, widget.map, widget.pixel, widget.value, widget.view) == (0, 3, (2, 4), 0.5, "compare")
    assert_array_equal(widget.received, digits[0][7])
    greys = np.arange(64, dtype=np.uint8)
    channel.tell(widget, image=None, drawing=greys.tobytes(), layer="input", map=0, pixel=[7, 7])
    assert (widget.image, widget.layer, widget.map) == (None, "input", 0)
    assert_array_equal(widget.drawing, (greys / 255).astype(np.float32).reshape(8, 8))
    assert widget.received.shape == (8, 8, 1)
    upload = np.linspace(0, 1, 64, dtype=np.float32)
    channel.tell(widget, drawing=None, upload=upload.tobytes(), map=None)
    assert_array_equal(widget.received.ravel(), upload)


def test_what_python_sets_is_sent_and_takes_the_former_choice_away(channel: Channel, widget: Any) -> None:
    channel.tell(widget, image=7, layer=0, map=3, pixel=[2, 4], value=1.5)
    channel.updates()
    widget.layer = "max_pooling2d"
    assert channel.updates() == {"layer": 1, "map": None, "pixel": None, "value": None}
    widget.map = 2
    widget.pixel = (0, 2)
    assert channel.updates() == {"map": 2, "pixel": (0, 2)}
    widget.drawing = np.eye(8)
    assert channel.updates() == {"drawing": (np.eye(8, dtype=np.uint8) * 255).tobytes(), "image": None}
    widget.image = 9
    assert channel.updates() == {"image": 9, "drawing": None}
    widget.view = "compare"
    assert channel.updates() == {"view": "beside"}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("image", 360, "no image 360: x has 360 images"),
        ("image", -1, "no image -1"),
        ("layer", "conv", "conv2d"),
        ("layer", 4, "has 4 layers"),
        ("map", 4, "no map 4: layer 0 has 4"),
        ("pixel", (6, 0), "6×6 pixels"),
        ("drawing", np.zeros((28, 28)), "height and width"),
    ],
)
def test_what_is_not_there_is_an_error_and_changes_nothing(widget: Any, name: str, value: Any, said: str) -> None:
    widget.layer = 0
    before = getattr(widget, name)
    with pytest.raises((ConfigurationError, ShapeError), match=said):
        setattr(widget, name, value)
    assert getattr(widget, name) == before


def test_a_value_without_a_map_has_no_pixel_and_one_without_a_layer_no_map(widget: Any) -> None:
    with pytest.raises(ConfigurationError, match="Set layer before map"):
        widget.map = 1
    widget.layer = "dense"
    widget.map = 9
    with pytest.raises(ConfigurationError, match="has no maps"):
        widget.pixel = (0, 0)


def test_a_notebook_is_shown_the_widget_and_a_line_for_later(
    widget: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    display = pytest.importorskip("IPython.display")
    shown: list[Any] = []
    monkeypatch.setattr(display, "display", lambda data, **options: shown.append(data))
    widget._ipython_display_()
    assert shown[0]["application/vnd.jupyter.widget-view+json"]["model_id"] == widget.model_id
    assert f"class='{widget._hint}'" in shown[1]["text/html"]
    assert "Run this cell again" in shown[1]["text/html"]
    widget.save_html(tmp_path / "page.html")
    assert "data-notebook" not in (tmp_path / "page.html").read_text(encoding="utf-8")[:2000]


def test_without_anywidget_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch, model: cs.Sequential) -> None:
    for name in [*filter(lambda each: each.startswith("convoscope.widgets."), sys.modules)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(NotReadyError, match=r"pip install 'convoscope\[widget\]'"):
        model.widget()

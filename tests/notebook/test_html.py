"""What a notebook shows of models, data and histories: read back with HTML's, XML's and Pillow's own readers."""

from __future__ import annotations

import base64
import io
import math
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

import convoscope as cs
from convoscope.layers import Conv2D, Dense, Flatten
from convoscope.training.callbacks import History

BAD = "<script>alert(1)</script>&\"'"


class Read(HTMLParser):
    """The tags, the cells and the pictures of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.rows: list[list[str]] = []
        self.pictures: list[tuple[str, Image.Image]] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.in_cell = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attributes}
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self.in_cell = True
        elif tag == "img":
            given = {name: value or "" for name, value in attributes}
            content = base64.b64decode(given["src"].removeprefix("data:image/png;base64,"))
            self.pictures.append((given["alt"], Image.open(io.BytesIO(content))))

    def handle_endtag(self, tag: str) -> None:
        self.in_cell = self.in_cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.in_cell:
            self.rows[-1][-1] += data


def read(html: str) -> Read:
    found = Read(html)
    assert not found.tags & {"script", "style", "link", "iframe", "object"}
    assert not [name for name in found.attributes if name.startswith("on")]
    assert not re.search(r"background|[^-]color:", html)  # the notebook's theme decides
    return found


def history(**logs: list[Any]) -> History:
    made = History()
    made.history = logs
    made.epoch = list(range(len(next(iter(logs.values()), []))))
    return made


def test_a_history_says_what_was_measured() -> None:
    found = history(loss=[0.5, 0.25, 0.375], accuracy=[0.75, 0.875, 0.5], val_loss=[1.0, 0.5, 0.75])
    assert repr(found) == "<History of 3 epochs, at the end loss: 0.3750 - accuracy: 0.5000 - val_loss: 0.7500>"
    shown = read(found._repr_html_())
    assert shown.rows == [
        ["", "first", "last", "lowest (epoch)", "highest (epoch)"],
        ["loss", "0.5000", "0.3750", "0.2500 (2)", "0.5000 (1)"],
        ["accuracy", "0.7500", "0.5000", "0.5000 (3)", "0.8750 (2)"],
        ["val_loss", "1.0000", "0.7500", "0.5000 (2)", "1.0000 (1)"],
    ]
    drawings = [ElementTree.fromstring(svg) for svg in re.findall("<svg.*?</svg>", found._repr_html_())]
    lines = [[each.get("d") for each in drawing.iter("{http://www.w3.org/2000/svg}path")] for drawing in drawings]
    assert [len(each) for each in lines] == [2, 1]  # loss with val_loss, accuracy
    points = [tuple(map(float, pair.split())) for pair in re.split("[ML]", str(lines[0][0]))[1:]]
    (x0, y0), (x1, y1), (x2, y2) = points
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.2)  # one step across for each epoch
    assert (y1 - y0) == pytest.approx(2 * (y1 - y2), abs=0.3)  # and down by as much as the loss falls: 0.25 and 0.125


def test_a_history_of_anything_can_be_shown() -> None:
    assert repr(history()) == "<History of 0 epochs>"
    assert read(history()._repr_html_()).rows == []
    one = history(loss=[0.5])
    assert repr(one) == "<History of 1 epoch, at the end loss: 0.5000>"
    assert "<svg" in one._repr_html_()
    odd = history(loss=[math.nan, math.inf, 0.5], note=["a", "b", "c"], **{BAD: [1, 2, 3]}, val_loss=[math.nan] * 3)
    shown = read(odd._repr_html_())
    assert [row[0] for row in shown.rows] == ["", "loss", BAD, "val_loss"]
    assert shown.rows[1][1:] == ["nan", "0.5000", "0.5000 (3)", "0.5000 (3)"]
    assert shown.rows[3][3:] == ["-", "-"]
    assert "nan" not in "".join(re.findall("<svg.*?</svg>", odd._repr_html_()))
    long = history(loss=list(np.linspace(1, 0, 10_000)), **{f"m{i}": [0.0] * 10_000 for i in range(40)})
    assert len(long._repr_html_()) < 20_000


def test_fit_returns_what_shows_itself(tmp_path: Path) -> None:
    model = cs.Sequential([Dense(2, input_shape=(3,), activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    found = model.fit(np.ones((9, 3)), np.zeros(9, int), epochs=2, verbose=0)
    assert [row[0] for row in read(found._repr_html_()).rows] == ["", "loss", "accuracy"]
    assert repr(found).startswith("<History of 2 epochs, at the end loss: ")


def test_a_model_shows_its_layers() -> None:
    model = cs.Sequential([Conv2D(4, 3, input_shape=(8, 8, 1), name=BAD[:60]), Flatten(), Dense(10)])
    shown = read(model._repr_html_())
    assert shown.rows == [
        ["layer", "type", "output", "parameters"],
        [BAD[:60], "Conv2D", "6 × 6 × 4", "40"],
        ["flatten", "Flatten", "144", "0"],
        ["dense", "Dense", "10", "1,450"],
    ]
    assert f"{model.count_params():,} parameters" in shown.text
    view = cs.Model(model.input, model.layers[0].output)
    assert len(read(view._repr_html_()).rows) == 3  # the heading, the input layer, and the convolution


def test_a_model_without_shapes_and_one_of_very_many_layers_are_shown() -> None:
    assert "2 layers, not built" in read(cs.Sequential([Flatten(), Dense(3)])._repr_html_()).text
    assert "0 layers" in read(cs.Sequential()._repr_html_()).text
    deep = cs.Sequential([Dense(2, input_shape=(2,)), *(Dense(2) for _ in range(199))])
    rows = read(deep._repr_html_()).rows
    assert len(rows) == 62
    assert rows[31][0] == "140 more layers"


def test_a_data_set_shows_its_classes_and_an_image_of_each() -> None:
    data = cs.datasets.load("digits")
    shown = read(data._repr_html_())
    assert shown.rows[0] == ["class", "train", "test"]
    assert shown.rows[4] == ["3", str((data.y_train == 3).sum()), str((data.y_test == 3).sum())]
    assert shown.rows[-1] == ["all", "1,437", "360"]
    assert [name for name, _ in shown.pictures] == list("0123456789")
    for number, (_, picture) in enumerate(shown.pictures):
        first = data.x_train[list(data.y_train).index(number)]
        np.testing.assert_array_equal(np.asarray(picture), np.rint(first * (255 / 16)))
    assert len(data._repr_html_()) < 10_000


def test_a_folder_shows_its_parts_its_pictures_and_what_was_left_out(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    for name in ("a & <b>", "rose"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(12):
            pixels = generator.integers(0, 256, (300, 200, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{number}.png")
    (tmp_path / "photos" / "rose" / "damaged.png").write_bytes(b"no image")
    data = cs.datasets.from_folder(tmp_path / "photos", cache_dir=tmp_path / "cache")
    shown = read(data._repr_html_())
    assert shown.rows[0] == ["class", "train", "val", "test"]
    assert [row[0] for row in shown.rows[1:]] == ["a & <b>", "rose", "all"]
    assert sum(map(int, shown.rows[-1][1:])) == 24
    assert [name for name, _ in shown.pictures] == ["a & <b>", "rose"]
    assert all(max(picture.size) <= 96 and picture.mode == "RGB" for _, picture in shown.pictures)
    assert "1 file left out" in shown.text
    assert len(data._repr_html_()) < 80_000

"""plot_model draws what the model is: boxes that do not touch, edges that end at them, and texts that fit."""

from __future__ import annotations

import io
import itertools
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from convoscope.drawing.network import NetworkPicture, model_to_dot, plot_model
from convoscope.drawing.network.rendering import width_of
from convoscope.drawing.network.scene import Panel
from convoscope.errors import ConfigurationError, NotReadyError, UnknownNameError
from convoscope.layers import Add, Concatenate, Conv2D, Dense, Flatten, Input, MaxPooling2D, UpSampling2D
from convoscope.models import Model, Sequential


def stack() -> Sequential:
    return Sequential([Input((28, 28, 1)), Conv2D(4, 3, activation="relu"), MaxPooling2D(), Flatten(), Dense(10)])


def residual() -> Model:
    x = first = Input((8, 8, 3))
    for _ in range(2):
        x = Add()([x, Conv2D(3, 3, padding="same")(Conv2D(3, 3, padding="same")(x))])
    return Model(first, x)


def branches() -> Model:
    x = Input((8, 8, 3))
    ways = [Conv2D(2, 1)(x), Conv2D(4, 3, padding="same")(Conv2D(2, 1)(x)), Conv2D(1, 1)(MaxPooling2D(3, 1, "same")(x))]
    return Model(x, Concatenate()(ways))


def hourglass() -> Model:
    x = first = Input((16, 16, 3))
    passed = []
    for width in (4, 8):
        x = Conv2D(width, 3, padding="same")(x)
        passed.append(x)
        x = MaxPooling2D()(x)
    for other in reversed(passed):
        x = Concatenate()([UpSampling2D()(x), other])
    return Model(first, x)


def nested() -> Model:
    inner = Sequential([Input((8, 8, 3)), Conv2D(2, 3), MaxPooling2D()], name="encoder")
    one, other = Input((8, 8, 3)), Input((8, 8, 3))
    return Model([one, other], Dense(2)(Flatten()(Concatenate()([inner(one), inner(other)]))))


NETWORKS = [stack, residual, branches, hourglass, nested]
SEEN = {"show_shapes": True, "show_dtype": True, "show_layer_names": True, "show_trainable": True}


def overlap(one: Panel, other: Panel) -> bool:
    return (
        one.left < other.left + other.width
        and other.left < one.left + one.width
        and one.top < other.top + other.height
        and other.top < one.top + one.height
    )


def inside(panel: Panel, point: tuple[float, float], margin: float = 0.0) -> bool:
    x, y = point
    return (
        panel.left - margin <= x <= panel.left + panel.width + margin
        and panel.top - margin <= y <= panel.top + panel.height + margin
    )


def on_the_way(curve: Any) -> list[tuple[float, float]]:
    """Return points of a curve, between its ends."""
    points, start = [], curve.start
    for first, second, end in curve.pieces:
        for t in np.linspace(0.05, 0.95, 15):
            corners = np.array([start, first, second, end])
            x, y = np.array([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3]) @ corners
            points.append((float(x), float(y)))
        start = end
    return points


@pytest.mark.parametrize("rankdir", ["TB", "LR"])
@pytest.mark.parametrize("network", NETWORKS, ids=lambda make: make.__name__)
def test_boxes_do_not_touch_and_edges_lead_from_one_to_another(network: Any, rankdir: str) -> None:
    scene = plot_model(network(), None, rankdir=rankdir, expand_nested=True, **SEEN).scene  # type: ignore[arg-type]
    assert not any(overlap(one, other) for one, other in itertools.combinations(scene.boxes, 2))
    for curve in scene.curves:
        start, end = (
            [box for box in scene.boxes if inside(box, point, margin=1.5)]
            for point in (curve.start, curve.pieces[-1][-1])
        )
        assert len(start) == len(end) == 1
        # Between its ends an edge passes no box.
        assert not any(inside(box, point) for point in on_the_way(curve) for box in scene.boxes)
    for panel in (*scene.boxes, *scene.groups):
        assert panel.left >= 0
        assert panel.top >= 0
        assert panel.left + panel.width <= scene.width
        assert panel.top + panel.height <= scene.height


@pytest.mark.parametrize("network", NETWORKS, ids=lambda make: make.__name__)
def test_each_text_stands_in_its_box(network: Any) -> None:
    scene = plot_model(network(), None, show_layer_activations=True, **SEEN).scene  # type: ignore[arg-type]
    for label in scene.labels:
        width = width_of(label.text, label.size, label.bold)
        left = label.x - width / 2 if label.centred else label.x
        assert any(inside(box, (left, label.y)) and inside(box, (left + width, label.y)) for box in scene.boxes)


def test_chains_are_straight_and_shortcuts_pass_on_one_side() -> None:
    scene = plot_model(hourglass(), None).scene
    middles = [box.left + box.width / 2 for box in scene.boxes]
    np.testing.assert_allclose(middles, middles[0], atol=0.01)
    shortcuts = [curve for curve in scene.curves if len(curve.pieces) > 1]
    assert len(shortcuts) == 2
    lanes = [{round(point[0], 3) for piece in curve.pieces for point in piece[1:]} for curve in shortcuts]
    assert all(len(lane) == 2 for lane in lanes)  # its lane, and the middle at its end
    assert scene.boxes[0].left < middles[0] < min(map(max, lanes))


def test_branches_stand_side_by_side_under_what_they_come_from() -> None:
    scene = plot_model(branches(), None).scene
    first, *others = scene.boxes
    heads = [box for box in others if abs(box.top - min(each.top for each in others)) < 10]
    assert len(heads) == 3
    middles = [box.left + box.width / 2 for box in (*heads, first)]
    assert middles[3] == pytest.approx(np.mean(middles[:3]), abs=1)


def test_boxes_say_what_they_are_asked_to() -> None:
    model = stack()
    model.layers[-1].trainable = False
    assert [label.text for label in plot_model(model, None).scene.labels] == [
        "InputLayer",
        "Conv2D",
        "MaxPooling2D",
        "Flatten",
        "Dense",
    ]
    everything = plot_model(model, None, show_layer_activations=True, **SEEN)  # type: ignore[arg-type]
    words = [label.text for label in everything.scene.labels]
    for word in ("28×28×1 → 26×26×4", "relu", "float32", "trainable", "not trainable", model.layers[0].name):
        assert word in words
    assert words.count("trainable") == 1


def test_models_within_are_one_box_or_a_frame_around_theirs() -> None:
    closed, opened = (plot_model(nested(), None, expand_nested=expanded).scene for expanded in (False, True))
    assert (len(closed.boxes), len(closed.groups)) == (7, 0)
    assert (len(opened.boxes), len(opened.groups)) == (9, 2)
    assert [label.text for label in opened.labels].count("encoder") == 2
    for frame in opened.groups:
        held = [box for box in opened.boxes if inside(frame, (box.left, box.top))]
        assert len(held) == 2
        assert all(inside(frame, (box.left + box.width, box.top + box.height)) for box in held)


def test_files_are_what_their_names_say(tmp_path: Path) -> None:
    picture = plot_model(stack(), tmp_path / "new" / "model.png", show_shapes=True, dpi=48)
    read = Image.open(tmp_path / "new" / "model.png")
    assert read.size == (-(-picture.scene.width // 2), -(-picture.scene.height // 2))  # half of 96 pixels to an inch
    pixels = np.asarray(read.convert("RGB"))
    box = picture.scene.boxes[1]
    inner = pixels[round((box.top + box.height - 6) / 2), round((box.left + box.width / 2) / 2)]
    assert inner.tolist() == [0xDB, 0xE8, 0xF7]  # a convolution's fill
    plot_model(stack(), str(tmp_path / "model.svg"))
    drawn = ET.parse(tmp_path / "model.svg").getroot()
    assert [each.text for each in drawn.iter("{http://www.w3.org/2000/svg}text")][:2] == ["InputLayer", "Conv2D"]
    assert len(list(drawn.iter("{http://www.w3.org/2000/svg}path"))) == 4
    with pytest.raises(ConfigurationError, match=r"\.png and \.svg files"):
        plot_model(stack(), tmp_path / "model.pdf")


def test_a_notebook_shows_what_comes_back() -> None:
    picture = plot_model(stack(), None, dpi=24)
    assert isinstance(picture, NetworkPicture)
    assert picture._repr_svg_().startswith("<svg ")
    assert Image.open(io.BytesIO(picture._repr_png_())).format == "PNG"
    assert repr(picture) == "<picture of a network with 5 boxes>"


def test_odd_names_and_large_networks_are_drawn() -> None:
    model = Sequential([Input((3,)), Dense(3, name="a<b&" + "c" * 90)])
    svg = plot_model(model, None, show_layer_names=True).svg
    assert "a&lt;b&amp;" in svg
    assert "…" in svg
    ET.fromstring(svg)
    deep = Sequential([Input((3,)), *(Dense(3) for _ in range(300))])
    assert len(plot_model(deep, None).scene.boxes) == 301


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(NotReadyError):
        plot_model(Sequential([Dense(3)]), None)
    with pytest.raises(UnknownNameError, match="rankdir"):
        plot_model(stack(), None, rankdir="XY")
    with pytest.raises(ConfigurationError, match=r"plot_model\(model, 'model.svg'\)"):
        model_to_dot(stack())


def test_the_text_of_an_svg_fits_its_box_whatever_the_font() -> None:
    drawn = ET.fromstring(plot_model(stack(), None, show_shapes=True, show_layer_names=True).svg)
    space = "{http://www.w3.org/2000/svg}"
    boxes = [{key: float(each.get(key, 0)) for key in ("x", "width")} for each in drawn.iter(f"{space}rect")][1:]
    texts = list(drawn.iter(f"{space}text"))
    assert texts
    for text in texts:
        assert text.get("lengthAdjust") == "spacingAndGlyphs"
        width = float(text.get("textLength", "nan"))
        left = float(text.get("x", "nan")) - (width / 2 if text.get("text-anchor") == "middle" else 0)
        assert any(box["x"] < left and left + width < box["x"] + box["width"] for box in boxes)

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from convoscope.report import classification_report
from convoscope.report.pixels import draw, resized, to_rgb
from convoscope.report.terminal import percent, print_report

FASHION = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]


def example(classes: int, names: list[str] | None = None, wrong: int = 30) -> tuple[dict[str, Any], np.ndarray]:
    rng = np.random.default_rng(1)
    labels = np.arange(10_000) % classes
    answers = np.where(np.arange(10_000) < wrong, (labels + 1) % classes, labels)
    images = rng.integers(0, 256, (10_000, 28, 28), np.uint8)
    report = classification_report(
        labels, np.eye(classes, dtype=np.float32)[answers], names or [f"class {number}" for number in range(classes)]
    )
    return report, images


def printed(console: Console, report: dict[str, Any], images: np.ndarray) -> str:
    print_report(console, report, images, 255, "test images")
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.fixture
def terminal() -> Console:
    return Console(
        file=io.StringIO(), force_terminal=True, color_system="truecolor", width=80, legacy_windows=False, _environ={}
    )


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize(("classes", "names"), [(10, FASHION), (2, ["no", "yes"]), (47, None), (3, ["x" * 60] * 3)])
def test_no_line_is_wider_than_a_terminal_of_80_columns(
    terminal: Console, classes: int, names: list[str] | None
) -> None:
    lines = plain(printed(terminal, *example(classes, names))).splitlines()
    assert max(map(len, lines)) <= 80


def test_the_confusions_of_ten_classes_are_a_matrix_and_of_many_a_list(terminal: Console) -> None:
    assert "Confusion: rows are true classes" in printed(terminal, *example(10, FASHION))
    text = plain(printed(terminal, *example(47)))
    assert "most frequent confusions" in text.split("Accuracy")[-1]


def test_the_worst_mistakes_are_drawn_in_a_terminal(terminal: Console) -> None:
    text = printed(terminal, *example(10, FASHION))
    assert text.count("▀") > 500
    assert "predicted" in text


def test_elsewhere_than_in_a_terminal_there_are_no_codes_and_no_drawings() -> None:
    console = Console(file=io.StringIO(), width=80, _environ={})
    text = printed(console, *example(10, FASHION))
    assert "\x1b" not in text
    assert "▀" not in text
    assert "The worst mistakes" in text


def test_without_colour_images_are_drawn_in_shades_of_ink() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, no_color=True, color_system=None, width=80, _environ={})
    text = printed(console, *example(10, FASHION))
    assert "▒" in text
    assert "38;2" not in text


def test_without_mistakes_there_is_neither_matrix_nor_picture(terminal: Console) -> None:
    text = printed(terminal, *example(10, FASHION, wrong=0))
    assert "Confusion" not in text
    assert "100 %" in text


def test_a_percentage_is_never_rounded_to_perfection() -> None:
    assert percent(9999 / 10_000, 2) == "99.99 %"
    assert percent(9999.9 / 10_000, 1) == "> 99.9 %"
    assert percent(0.5, 0) == "50 %"


def test_a_drawing_has_the_upper_pixel_as_ink_and_the_lower_as_paper() -> None:
    colours = np.array([[[255, 0, 0]], [[0, 0, 255]]], np.uint8)
    (line,) = draw(colours)
    assert line.plain == "▀"
    assert str(line.spans[0].style) == "rgb(255,0,0) on rgb(0,0,255)"


def test_grey_values_are_brought_to_ordinary_colours() -> None:
    assert to_rgb(np.array([[[0], [8], [16]]]), 16)[0].tolist() == [[0] * 3, [128] * 3, [255] * 3]


def test_a_shrunk_image_has_the_means_of_its_blocks() -> None:
    colours = np.zeros((4, 4, 3), np.uint8)
    colours[:2, :2] = [[[100] * 3, [200] * 3], [[0] * 3, [100] * 3]]
    assert resized(colours, 2)[0, 0].tolist() == [100, 100, 100]


def test_an_enlarged_image_keeps_its_pixels_square() -> None:
    colours = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    assert (resized(colours, 6) == colours.repeat(3, 0).repeat(3, 1)).all()


def test_the_files_of_the_worst_mistakes_are_listed_below_their_pictures(terminal: Console) -> None:
    report, images = example(3, wrong=3)
    for mistake in report["worst_mistakes"]:
        mistake["file"] = f"photos/{mistake['index']} of a long walk.jpg"
    text = plain(printed(terminal, report, images))
    assert text.index("sure #0") < text.index("photos/0 of a long walk.jpg")
    assert max(map(len, text.splitlines())) <= 80

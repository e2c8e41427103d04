from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageEnhance
from tests.datasets.folder.conftest import picture

from convoscope.datasets.folder.duplicates import fingerprint, groups


def grouped(images: Sequence[Image.Image]) -> list[int]:
    prints = [fingerprint(np.asarray(image).reshape(image.height, image.width, -1)) for image in images]
    exact: NDArray[np.uint64] = np.array([p.exact for p in prints], np.uint64)
    difference: NDArray[np.uint64] = np.array([p.difference for p in prints], np.uint64)
    return [int(group) for group in groups(exact, difference, np.stack([p.thumb for p in prints]))]


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_copies_and_what_was_saved_anew_are_one_group(mode: str) -> None:
    one = picture(1, (64, 64), mode)
    file = BytesIO()
    one.save(file, "JPEG", quality=60)
    smaller = one.resize((50, 50)).resize((64, 64))
    brighter = ImageEnhance.Brightness(one).enhance(0.95)
    others = [picture(100 + i, (64, 64), mode) for i in range(60)]
    found = grouped([*others[:30], one, *others[30:], one.copy(), Image.open(file), smaller, brighter])
    assert found[-4:] == [30] * 4
    assert found[:61] == list(range(61)), "no others are taken for the same"


def test_a_chain_of_pairs_is_one_group() -> None:
    first, last = picture(1, (32, 32)), picture(2, (32, 32))
    steps = [Image.blend(first, last, share) for share in np.linspace(0, 0.9, 100)]
    assert set(grouped(steps)) == {0}
    assert grouped([steps[0], steps[-1]]) == [0, 1], "the ends alone are two"


def test_plain_images_are_the_same_only_if_their_values_are() -> None:
    assert grouped([Image.new("L", (16, 16), value) for value in (10, 200, 10)]) == [0, 1, 0]


def test_plain_colours_are_the_same_only_if_their_values_are() -> None:
    colours = [(200, 30, 30), (180, 20, 35), (30, 30, 200), (200, 30, 30)]
    assert grouped([Image.new("RGB", (16, 16), colour) for colour in colours]) == [0, 1, 2, 0]


def test_the_same_drawing_in_another_colour_is_another_image() -> None:
    shape = np.zeros((32, 32, 3), np.uint8)
    red, green = shape.copy(), shape.copy()
    red[8:24, 8:24, 0] = 200
    green[8:24, 8:24, 1] = 102  # as light as the red when grey
    assert grouped([Image.fromarray(red), Image.fromarray(green)]) == [0, 1]

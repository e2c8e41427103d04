"""The pages under docs that show what networks can do besides classifying run, and hold what they say."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from tests.pages import DOCS, run_page

pytestmark = pytest.mark.long

PICTURES = {"autoencoder": (10 * (8 + 4) * 10, 5 * (8 + 4) * 10), "transfer": (506, 418)}  # pixels: width, height


@pytest.mark.parametrize("page", PICTURES)
def test_the_page_runs_on_the_digits_in_the_package_and_draws(page: str, tmp_path: Path) -> None:
    assert f"{page}.png" in run_page(DOCS / f"{page}.py", "digits", folder=tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == [f"{page}.png"]
    with Image.open(tmp_path / f"{page}.png") as picture:
        assert picture.size == PICTURES[page]
        assert len(set(picture.convert("L").tobytes())) > 20

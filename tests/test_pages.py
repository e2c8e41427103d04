"""The pages under docs that show what networks can do besides classifying run, and hold what they say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

DOCS = Path(__file__).parents[1] / "docs"
PICTURES = {"autoencoder": (10 * (8 + 4) * 10, 5 * (8 + 4) * 10), "transfer": (506, 418)}  # pixels: width, height


@pytest.mark.parametrize("page", PICTURES)
def test_the_page_runs_on_the_digits_in_the_package_and_draws(page: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(DOCS / f"{page}.py"), "digits"],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert f"{page}.png" in done.stdout
    assert [file.name for file in tmp_path.iterdir()] == [f"{page}.png"]
    with Image.open(tmp_path / f"{page}.png") as picture:
        assert picture.size == PICTURES[page]
        assert len(set(picture.convert("L").tobytes())) > 20

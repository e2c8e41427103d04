"""What pages begin with comes as one file, with all that it imports."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from convoscope.web.bundled import BEGINNINGS, bundled
from convoscope.web.site import Site, page_files

_IMPORTS = re.compile(r'^\s*(import|export)\b.*"\.{1,2}/', re.MULTILINE)


@pytest.mark.parametrize("place", BEGINNINGS)
def test_a_beginning_imports_nothing(place: str) -> None:
    file = page_files() / place
    assert _IMPORTS.search(file.read_text(encoding="utf-8"))
    made = bundled(page_files(), place)
    assert made is not None
    assert not _IMPORTS.search(made.decode())


def test_the_largest_pages_are_among_them() -> None:
    for name in ("explorer", "lab", "gallery", "exercises"):
        html = (page_files() / name / "index.html").read_text(encoding="utf-8")
        assert f'src="static/{name}/main.js"' in html
        assert f"{name}/main.js" in BEGINNINGS


def test_other_modules_are_given_out_as_they_are() -> None:
    assert bundled(page_files(), "shared/session.js") is None
    found = Site(page_files()).answer("static/shared/session.js")
    assert found is not None
    assert found.body == (page_files() / "shared/session.js").read_bytes()


def test_where_a_module_is_missing_the_file_itself_is_given_out(tmp_path: Path) -> None:
    folder = tmp_path / "static"
    shutil.copytree(Path(str(page_files())), folder)
    (folder / "shared" / "session.js").unlink()
    assert bundled(folder, "explorer/main.js") is None

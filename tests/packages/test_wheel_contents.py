"""What ``tools/wheel_contents.py`` finds in wheels: one that is right, and each way to be wrong."""

from __future__ import annotations

import hashlib
import string
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from tests.modules import tool_named

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "tools" / "wheel_contents.py"
INFORMATION = "convoscope-1.2.3.dist-info"
BOM = f"{INFORMATION}/sboms/convoscope.cdx.json"
NOTICES = f"{INFORMATION}/licenses/THIRD_PARTY_NOTICES.md"
DIGITS = "convoscope/datasets/data/digits.npz"
# Files that are no text, and where they come from: of others, or drawn by tools/make_samples.py.
OTHERS, OURS = {DIGITS}, {"convoscope/filters/samples/drawing.png", "convoscope/filters/samples/photograph.png"}


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    return tool_named("wheel_contents")


@pytest.fixture(scope="module")
def right(tool: ModuleType) -> dict[str, bytes]:
    """All files of a wheel as it should be; the module is a stand-in."""
    package, docs = ROOT / "src", ROOT / "docs"
    files = {}
    for name in tool.expected_files():
        behind = name.removeprefix("convoscope/lessons/docs/")
        files[name] = (package / name if behind == name else docs / behind).read_bytes()
    files["convoscope/_native.abi3.so"] = b"\x7fELF"
    for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt"):
        files[f"{INFORMATION}/{name}"] = b""
    for name in ("LICENSE", "THIRD_PARTY_NOTICES.md", "src/convoscope/datasets/data/README.md"):
        files[f"{INFORMATION}/licenses/{name}"] = (ROOT / name).read_bytes()
    bom = string.Template((ROOT / "native" / "sbom" / "convoscope.cdx.json.in").read_text("utf-8"))
    files[BOM] = bom.safe_substitute(
        SKBUILD_PROJECT_VERSION="1.2.3",
        CMAKE_CXX_COMPILER_ID="GNU",
        CMAKE_CXX_COMPILER_VERSION="12.2.0",
        CMAKE_VERSION="3.25.1",
        nanobind_release="3.1.0",
        robin_map_release="1.4.0",
        digits_digest=hashlib.sha256(files[DIGITS]).hexdigest(),
        imagenet_classes_digest=hashlib.sha256(files["convoscope/applications/imagenet_classes.txt"]).hexdigest(),
    ).encode()
    return files


def wheel(folder: Path, files: dict[str, bytes]) -> Path:
    path = folder / "convoscope-1.2.3-cp312-abi3-manylinux_2_28_x86_64.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_a_wheel_that_is_right(tool: ModuleType, right: dict[str, bytes], tmp_path: Path) -> None:
    assert tool.problems(wheel(tmp_path, right)) == []
    assert BOM in right
    assert b"${" not in right[BOM]  # `$schema` is JSON's own


Change = Callable[[dict[str, bytes]], object]
WRONG: dict[str, tuple[Change, str]] = {
    "a file of the pages is missing": (
        lambda files: files.pop("convoscope/web/static/package.json"),
        "lacks convoscope/web/static/package.json",
    ),
    "a document too many": (
        lambda files: files.update({"convoscope/lessons/docs/serving.md": b""}),
        "has convoscope/lessons/docs/serving.md, which is no part of it",
    ),
    "something beside the package": (
        lambda files: files.update({"tests/test_names.py": b""}),
        "has tests/test_names.py, which is no part of it",
    ),
    "no module": (lambda files: files.pop("convoscope/_native.abi3.so"), "has 0 compiled modules"),
    "two modules": (
        lambda files: files.update({"convoscope/_native.cp312-win_amd64.pyd": b""}),
        "has 2 compiled modules",
    ),
    "no list": (lambda files: files.pop(BOM), f"lacks {BOM}"),
    "no notices": (lambda files: files.pop(NOTICES), f"lacks {NOTICES}"),
    "a licence's text is missing": (
        lambda files: files.update({NOTICES: files[NOTICES].replace(b"## robin-map", b"## other")}),
        "has robin-map in it, whose licence is not in THIRD_PARTY_NOTICES.md",
    ),
    "other digits": (lambda files: files.update({DIGITS: b"other"}), f"has another {DIGITS} than the list"),
    "a version that was not found": (
        lambda files: files.update({BOM: files[BOM].replace(b'"version": "1.4.0"', b'"version": "unknown"')}),
        "lists robin-map without a version: unknown",
    ),
    "another release's list": (
        lambda files: files.update({BOM: files[BOM].replace(b'"version": "1.2.3"', b'"version": "1.2.2"')}),
        "is 1.2.3, but its list of others' works is of 1.2.2",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wheel_that_is_wrong(what: str, tool: ModuleType, right: dict[str, bytes], tmp_path: Path) -> None:
    change, says = WRONG[what]
    files = dict(right)
    change(files)
    (found,) = tool.problems(wheel(tmp_path, files))
    assert says in found


def test_the_program_fails_for_a_wheel_that_is_wrong(right: dict[str, bytes], tmp_path: Path) -> None:
    def status(files: dict[str, bytes]) -> int:
        return subprocess.run(
            [sys.executable, TOOL, wheel(tmp_path, files)], capture_output=True, check=False
        ).returncode

    assert status(right) == 0
    assert status({**right, "stray.txt": b""}) == 1


def test_it_is_known_where_every_file_that_is_no_text_comes_from(tool: ModuleType) -> None:
    inside = (name for name in tool.expected_files() if (ROOT / "src" / name).is_file())
    assert {name for name in inside if b"\0" in (ROOT / "src" / name).read_bytes()} == OTHERS | OURS

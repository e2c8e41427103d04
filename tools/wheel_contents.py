"""Say whether a wheel has just what it should have: ``python tools/wheel_contents.py dist/*.whl``.

Its files are those of the package, the lessons' documents, one compiled module, the licences, and the list of others'
works (CycloneDX, in ``.dist-info/sboms``). That list must agree with ``THIRD_PARTY_NOTICES.md`` and with the files.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_MODULE = re.compile(r"convoscope/_native\.[\w.-]*(so|pyd)")
_BOM = "sboms/convoscope.cdx.json"
_NOTICES = "THIRD_PARTY_NOTICES.md"
_LICENCES = ("LICENSE", _NOTICES, "src/convoscope/datasets/data/README.md")
_METADATA = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", _BOM, *(f"licenses/{name}" for name in _LICENCES)}
_DATA_BY_OTHERS = ("datasets/data/digits.npz", "applications/imagenet_classes.txt")


def expected_files(root: Path = ROOT) -> set[str]:
    """Return the files of the package, and those of the documents that it shows."""
    package = root / "src" / "convoscope"
    found = {path.relative_to(root / "src").as_posix() for path in package.rglob("*") if path.is_file()}
    found = {name for name in found if "__pycache__" not in name and not name.endswith((".pyc", ".so", ".pyd"))}
    docs = root / "docs"
    shown = [docs / "lessons.md", *(docs / "lessons").glob("*.*"), *(docs / "images").glob("lesson-*.svg")]
    return found | {f"convoscope/lessons/docs/{path.relative_to(docs).as_posix()}" for path in shown}


def problems(wheel: Path, root: Path = ROOT) -> list[str]:
    """Return what is wrong with a wheel, a line each."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
        information = next(name.split("/")[0] for name in names if name.endswith(".dist-info/METADATA"))
        metadata = {name.removeprefix(f"{information}/") for name in names if name.startswith(f"{information}/")}
        modules = {name for name in names if _MODULE.fullmatch(name)}
        package = {name for name in names if not name.startswith(f"{information}/")} - modules
        found = [f"has {name}, which is no part of it" for name in sorted(package - expected_files(root))]
        found += [f"lacks {name}" for name in sorted(expected_files(root) - package)]
        found += [f"has {information}/{name}, which is unknown" for name in sorted(metadata - _METADATA)]
        found += [f"lacks {information}/{name}" for name in sorted(_METADATA - metadata)]
        if len(modules) != 1:
            found.append(f"has {len(modules)} compiled modules, where one was expected: {', '.join(sorted(modules))}")
        if _BOM in metadata and f"licenses/{_NOTICES}" in metadata:
            bom = json.loads(archive.read(f"{information}/{_BOM}"))
            notices = archive.read(f"{information}/licenses/{_NOTICES}").decode()
            data = {
                name: archive.read(f"convoscope/{name}") for name in _DATA_BY_OTHERS if f"convoscope/{name}" in names
            }
            found += bom_problems(bom, notices, data, version=information.split("-")[1].removesuffix(".dist"))
    return found


def bom_problems(bom: dict[str, Any], notices: str, data: dict[str, bytes], version: str) -> list[str]:
    """Return where the list of others' works disagrees with the notices, the files or the version."""
    found = []
    if (said := bom["metadata"]["component"]["version"]) != version:
        found.append(f"is {version}, but its list of others' works is of {said}")
    listed = {component["bom-ref"]: component for component in bom["components"]}
    for component in listed.values():
        if component["type"] == "library":
            if not re.fullmatch(r"\d+(\.\d+)+", component["version"]):
                found.append(f"lists {component['name']} without a version: {component['version']}")
            if f"\n## {component['name']}\n" not in notices:
                found.append(f"has {component['name']} in it, whose licence is not in {_NOTICES}")
    for name, content in data.items():
        reference = f"convoscope/{name}"
        if reference not in listed:
            found.append(f"has {reference} in it, which is not in the list of others' works")
        elif listed[reference]["hashes"][0]["content"] != hashlib.sha256(content).hexdigest():
            found.append(f"has another {reference} than the list of others' works says")
        if f"`{reference}`" not in notices:
            found.append(f"has {reference} in it, which is not in {_NOTICES}")
    return found


def main() -> int:
    """Check the wheels that are named."""
    wrong = 0
    for wheel in map(Path, sys.argv[1:]):
        found = problems(wheel)
        wrong += len(found)
        print("\n".join(f"{wheel.name} {problem}" for problem in found) or f"{wheel.name}: its contents are right")
    if len(sys.argv) < 2:
        print(__doc__)
    return 1 if wrong or len(sys.argv) < 2 else 0


if __name__ == "__main__":
    sys.exit(main())

"""Arrows point one way: a module imports from floors below its own, and from its own package."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import convoscope

ROOT = Path(convoscope.__file__).parent
# From the ground up. What stands on one floor does not know of one another.
FLOORS = (
    {"background", "errors", "names", "notebook", "pickles", "streams", "tensors", "types", "wording", "_native"},
    {"checks", "locks", "old_keras", "paths", "processes"},
    {"initial_values", "seeds", "storage"},
    {"activations", "constraints", "initializers", "regularizers"},
    {"layers"},
    {"engine"},
    {"datasets", "drawing", "filters", "report", "training"},
    {"data", "losses", "metrics", "optimizers", "nn", "preprocessing", "quality", "tracking"},
    {"callbacks"},
    {"models"},
    {"explore", "recipes"},
    {"interchange"},
    {"applications"},
    {"transfer"},
    {"runs", "web"},
    {"classifier", "exercises", "experiments", "plots", "serving", "teach", "widgets"},
    {"lessons"},
    {"exhibition"},
    {"utils"},
    {"keras"},
    {"cli"},
    {"__main__"},
)
#: A callback opens a page beside training. Two calls open a person's own model, one says what their images show, and a
#: layer called on arrays computes. Two read and write files of any format, which the models' own is one of.
EXCEPTIONS = [
    ("callbacks", "web.live_page"),
    ("models.endings", "interchange.formats"),
    ("models.files", "interchange.formats"),
    ("models.network", "interchange.formats"),
    ("models.network", "web.explorer"),
    ("models.network", "widgets"),
    ("models.network", "explore.image_predictions"),
    ("layers.base", "models"),
]


def height(package: str) -> int:
    return next(number for number, floor in enumerate(FLOORS) if package in floor)


def imports(module: Path) -> Iterator[str]:
    """Give what a module imports of the package, whenever it does; not what only its type hints name."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    hints = {
        id(below)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for below in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in hints:
            continue
        if isinstance(node, ast.ImportFrom) and node.module == "convoscope":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("convoscope."):
            yield str(node.module).removeprefix("convoscope.")
        elif isinstance(node, ast.Import):
            yield from (a.name.removeprefix("convoscope.") for a in node.names if a.name.startswith("convoscope."))


MODULES = [path for path in sorted(ROOT.rglob("*.py")) if path != ROOT / "__init__.py"]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_from_below(module: Path) -> None:
    name = ".".join(module.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    own = name.partition(".")[0]
    for imported in imports(module):
        package = imported.partition(".")[0]
        if package in (own, "__version__") or (name, imported) in EXCEPTIONS:
            continue
        assert height(package) < height(own), f"{name} imports {imported}, which stands on the same floor or above"


def test_every_package_has_its_floor() -> None:
    packages = {path.relative_to(ROOT).parts[0].removesuffix(".py") for path in MODULES}
    placed = [package for floor in FLOORS for package in floor]
    assert sorted(placed) == sorted(packages | {"_native"})


@pytest.mark.parametrize(("module", "imported"), EXCEPTIONS)
def test_the_exceptions_are_needed(module: str, imported: str) -> None:
    assert imported in set(imports(ROOT / (module.replace(".", "/") + ".py")))

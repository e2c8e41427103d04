"""The pages where Python imported the package from a zip file, as bundled programs do."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import convoscope
from convoscope.web import lab
from convoscope.web.bundled import bundled

PACKAGE = Path(convoscope.__file__).parent

_PROGRAM = """
import json, sys, urllib.error, urllib.request, warnings
from importlib.machinery import BuiltinImporter, FrozenImporter, PathFinder
sys.meta_path[:] = [BuiltinImporter, FrozenImporter, PathFinder]  # not the one that finds the source tree
sys.path.insert(0, sys.argv[1])
import convoscope as cs
assert cs.__file__.startswith(sys.argv[1]), cs.__file__
warnings.filterwarnings("ignore", category=cs.errors.EngineFallbackWarning)  # a core in a zip cannot be loaded
from convoscope.web import explorer, lab
from convoscope.web.explored import Explored
from convoscope.web.server import Server

_, (x, y) = cs.datasets.digits.load_data()
model = cs.Sequential([cs.layers.Flatten(input_shape=(8, 8, 1)), cs.layers.Dense(10, activation="softmax")], seed=1)
explored = Explored(model, x[:50, ..., None] / 16, y[:50])
found = {"offline lab": len(lab.offline(lab.Start())), "offline explorer": len(explorer.offline(explored))}
with Server(explorer.site(explored), port=0) as server:
    server.start()
    for path in sys.argv[2:]:
        try:
            with urllib.request.urlopen(server.address + path) as answer:
                found[path] = len(answer.read())
        except urllib.error.HTTPError as error:
            found[path] = -error.code
            error.close()
print(json.dumps(found))
"""


def given_out(pages: Path, path: str) -> bytes:
    """What stands at an address below ``static/``: a file, or a module with all that it imports."""
    place = path.removeprefix("lab/").removeprefix("static/")
    return bundled(pages, place) or (pages / place).read_bytes()


def test_the_pages_are_the_same_from_a_zip_and_nothing_else_is_given_out(tmp_path: Path) -> None:
    packed = tmp_path / "convoscope.zip"
    with zipfile.ZipFile(packed, "w") as file:
        for path in PACKAGE.rglob("*"):
            if path.is_file() and path.suffix in (".py", ".html", ".js", ".css", ".json", ".png", ".npz", ".svg"):
                file.write(path, path.relative_to(PACKAGE.parent))
    static = ["static/explorer/main.js", "static/shared/theme.css", "lab/static/lab/main.js"]
    others = [
        "static/../server.py",
        "static/%2e%2e/lab.py",
        "static/explorer",
        "static/lab/../../../x.js",
        "static/no.js",
    ]
    more = ["", "lab/", "lab/data/samples/drawing.png", "lab/data/kernels.json"]
    command = [sys.executable, "-W", "error", "-c", _PROGRAM, str(packed), *static, *others, *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    pages = PACKAGE / "web" / "static"
    assert {path: found[path] for path in static} == {path: len(given_out(pages, path)) for path in static}
    assert {path: found[path] for path in others} == dict.fromkeys(others, -404)
    assert found[""] == (pages / "explorer" / "index.html").stat().st_size
    assert found["lab/"] == (pages / "lab" / "index.html").stat().st_size
    assert found["lab/data/samples/drawing.png"] == (PACKAGE / "filters" / "samples" / "drawing.png").stat().st_size
    assert found["lab/data/kernels.json"] == (PACKAGE / "filters" / "kernels.json").stat().st_size
    assert found["offline lab"] == len(lab.offline(lab.Start()))
    assert found["offline explorer"] > 300_000

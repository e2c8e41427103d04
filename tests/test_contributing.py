"""CONTRIBUTING's walk for a new layer, followed in a copy: it works, and whoever leaves out a piece is told.

The blocks of code are taken from the text itself. Nothing is compiled but the walk's own file, against the core that is
built already.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.long
ROOT = Path(__file__).parent.parent
# A line that begins with a file's name, and then a block.
_BLOCK = re.compile(r"^`([\w./-]+)`[^\n]*:\n\n```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# An editable install finds the package where it lies; here it is the copy's.
_RUN = """
import sys
sys.meta_path[:] = [each for each in sys.meta_path if "editable" not in type(each).__module__]
sys.path.insert(0, "src")
"""
_MOMENTS = itertools.count(1_000_000_000)  # seconds since 1970
_PYTEST = "import pytest; sys.exit(pytest.main(sys.argv[1:]))"


@dataclass(frozen=True)
class Piece:
    """A block of the walk: a whole new file, or a change of one."""

    path: str
    language: str
    text: str

    @property
    def is_change(self) -> bool:
        return self.language == "diff"

    def apply(self, before: str) -> str:
        """Return the file with the piece in it."""
        if not self.is_change:
            return self.text
        for part in self.text.split("@@\n"):
            lines = part.splitlines(keepends=True)
            if all(line[0] == "+" for line in lines):
                before += "".join(line[1:] for line in lines)
                continue
            old = "\n" + "".join(line[1:] for line in lines if line[0] == " ")
            new = "\n" + "".join(line[1:] for line in lines)
            count = ("\n" + before).count(old)
            assert count == 1, f"CONTRIBUTING.md: {self.path} has {count} places like this, not 1:\n{old}"
            before = ("\n" + before).replace(old, new)[1:]
        return before


def pieces() -> list[Piece]:
    """Return the walk's pieces in order."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    walk = text.split("## A new layer, step by step\n")[1].split("\n## ")[0]
    assert walk.count("```") == 2 * len(_BLOCK.findall(walk)), "a block of code has no file's name before it"
    return [Piece(*found) for found in _BLOCK.findall(walk)]


@dataclass(frozen=True)
class Copy:
    """A copy of the repository's Python and pages, with the walk's pieces in it."""

    root: Path

    def write(self, *left_out: str) -> None:
        """Put all pieces in their files, but for those of these files."""
        for piece in pieces():
            before = (ROOT / piece.path).read_text(encoding="utf-8") if piece.is_change else ""
            if piece.path not in left_out:
                self.put(piece.path, piece.apply(before))
            elif piece.is_change:
                self.put(piece.path, before)
            else:
                (self.root / piece.path).unlink(missing_ok=True)

    def put(self, path: str, text: str) -> None:
        """Write a file if it is another one, and with a time of its own: what Python compiled tells them by that."""
        file = self.root / path
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
            moment = next(_MOMENTS)
            os.utime(file, (moment, moment))

    def python(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a program with the copy's package."""
        return subprocess.run(
            [sys.executable, "-c", _RUN + program, *arguments],
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
            # Loading pytest's plugins takes longer than these tests do.
            env={**os.environ, "PYTHONPATH": "", "COLUMNS": "200", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        )

    def tests(self, *arguments: str) -> str:
        """Run tests of the copy, and return what they say."""
        done = self.python(_PYTEST, "-q", "-p", "no:cacheprovider", "-p", "pytest_timeout", *arguments)
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """A copy with all pieces, and with the core that is built here, if one is."""
    root = tmp_path_factory.mktemp("copy")
    for folder in ("src", "tests"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.pyd"))
    shutil.copyfile(ROOT / "pyproject.toml", root / "pyproject.toml")
    shutil.copytree(ROOT / "native", root / "native")
    spec = importlib.util.find_spec("convoscope._native")
    if spec is not None and spec.origin is not None:
        shutil.copy(spec.origin, root / "src" / "convoscope")
    made = Copy(root)
    made.write()
    return made


@pytest.fixture
def whole(copy: Copy) -> Copy:
    """The copy with all pieces in it."""
    copy.write()
    return copy


# What of the tests has to do with the layer.
_ITS_TESTS = ["-k", "(LayerScale or layer_scale or left_out or values_from_keras) and not native"]
_FILES = [
    "tests/layers",
    "tests/models/test_files.py",
    "tests/models/test_copies.py",
    "tests/values/test_against_keras.py",
    "tests/web/test_every_layer.py",
    "tests/interchange/test_onnx_writing.py",
    "tests/interchange/test_litert_writing.py",
    "tests/interchange/test_pytorch_source.py",
]

_PROGRAM = """
import sys
import numpy as np
import convoscope as cs
from convoscope import engine, layers

engine.use(sys.argv[1])
(x, y), _ = cs.datasets.digits.load_data()
x = x[..., np.newaxis]
model = cs.Sequential(
    [
        cs.Input(shape=(8, 8, 1)),
        layers.Rescaling(1 / 16),
        layers.Conv2D(8, 3, activation="relu"),
        layers.LayerScale(name="factors"),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ],
    seed=1,
)
model.compile("adam", "sparse_categorical_crossentropy")
losses = model.fit(x[:200], y[:200], epochs=15, verbose=0).history["loss"]
assert losses[-1] < 0.8 * losses[0], losses
gamma, = model.get_layer("factors").get_weights()
assert (gamma != 1).all()
model.save("model.safetensors")
again = cs.models.load_model("model.safetensors")
assert again.predict(x[:20]).tobytes() == model.predict(x[:20]).tobytes()
again.summary()
"""


def check_program(copy: Copy, engine: str) -> None:
    """Train, save, load, and read the summary's line."""
    done = copy.python(_PROGRAM, engine)
    assert done.returncode == 0, done.stderr
    assert re.search(r"factors \(LayerScale\)\W+\(None, 6, 6, 8\)\W+8\W", done.stdout), done.stdout


def test_the_walk_gives_a_layer_that_passes_its_tests(whole: Copy) -> None:
    said = whole.tests(*_FILES, *_ITS_TESTS)
    assert re.search(r"^\d\d passed", said, re.MULTILINE), said[-3000:]
    assert not re.search("failed|error", said), said[-3000:]


def test_its_model_is_trained_saved_loaded_and_summed_up(whole: Copy) -> None:
    check_program(whole, "reference")


def test_the_walk_keeps_to_the_style(whole: Copy) -> None:
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent))
    if ruff is None:
        pytest.skip("style is checked where ruff is installed: make lint")
    changed = [piece.path for piece in pieces() if piece.path.endswith(".py")]
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run([ruff, *command, *changed], cwd=whole.root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


_LAYER = "src/convoscope/layers/layer_scale.py"
_STEP = "src/convoscope/engine/steps/layer_scale.py"
_ENGINE, _STATIC = "src/convoscope/engine/", "src/convoscope/web/static/"
_GENERIC = "tests/layers/test_every_layer.py"
_PAGE = ["tests/web/test_every_layer.py", "-k", "LayerScale"]
_NODES = ["tests/interchange/test_onnx_writing.py", "-k", "every_layer_has_its_nodes"]
_OPERATORS = ["tests/interchange/test_litert_writing.py", "-k", "every_layer_has_its_operators"]
_SOURCE = ["tests/interchange/test_pytorch_source.py", "-k", "every_layer_and_activation"]
_IN_KERAS = ["tests/interchange/test_keras_files.py", "-k", "every_layer_is_in_keras"]
_USE = [_GENERIC, "-k", "left_out or (LayerScale and shape and reference)"]
#: For each piece: the tests that notice it is not there, and the words that say what is missing.
NOTICED: dict[str, tuple[list[str], str]] = {
    _LAYER: (_USE, r"No module named 'convoscope\.layers\.layer_scale'"),
    "src/convoscope/layers/__init__.py": (_USE, "'convoscope.layers' has no attribute 'LayerScale'"),
    "src/convoscope/layers/serialization.py": (_USE, "test_no_layer_is_left_out(.|\n)*'LayerScale'"),
    _STEP: (_USE, r"No module named 'convoscope\.engine\.steps\.layer_scale'"),
    _ENGINE + "steps/__init__.py": (_USE, "cannot import name 'LayerScaleStep' from 'convoscope.engine.steps'"),
    _ENGINE + "lowering.py": (_USE, r"LayerScale is unknown to the engine: register it in lowering\.py"),
    _ENGINE + "reference/layer_scale.py": (_USE, r"No module named 'convoscope\.engine\.reference\.layer_scale'"),
    _ENGINE + "reference/known.py": (_USE, "LayerScaleStep .*engine/reference"),
    _STATIC + "engine/layer-steps.js": (_PAGE, "The page does not support layers of type LayerScale yet"),
    _STATIC + "engine/operations.js": (_PAGE, "a step's operation is one of .* but got scale_channels"),
    _STATIC + "explorer/explain.js": (_PAGE, r"explain\.js has no arithmetic for the operation scale_channels yet"),
    _STATIC + "explorer/layer-words.js": (_PAGE, "The page has no sentence for layers of type LayerScale yet"),
    "src/convoscope/interchange/onnx/writer/normalization_nodes.py": (_NODES, "LayerScale"),
    "src/convoscope/interchange/litert/writer/normalizations.py": (_OPERATORS, "LayerScale"),
    "src/convoscope/interchange/pytorch/source/values.py": (_SOURCE, "LayerScale"),
    "src/convoscope/interchange/keras/limits.py": (_IN_KERAS, "LayerScale"),
    "tests/layers/rows.py": (_USE, "test_no_layer_is_left_out(.|\n)*'LayerScale'"),
    "tests/layers/test_names.py": (["tests/layers/test_names.py", "-k", "LayerScale"], "KeyError: 'LayerScale'"),
    "tests/engine/test_core_kinds.py": (["tests/engine/test_core_kinds.py", "-k", "no_other"], "LayerScaleStep"),
    "tests/layers/test_layer_scale.py": (
        ["tests/values/test_against_keras.py", "-k", "values_from_keras"],
        "layers/test_layer_scale.py",
    ),
    "tests/values/test_against_keras.py": (
        ["tests/values/test_against_keras.py", "-k", "values_from_keras"],
        "'LayerScale'",
    ),
}
#: For those that are compiled: the compiler's words, or the loader's.
NATIVE = {
    "native/steps/layer_scale.cpp": r"undefined symbol: \w*kinds\w*layer_scale",
    "native/steps/kinds.hpp": r"kinds::layer_scale|'layer_scale' is not a member of .*kinds",
}


def test_each_piece_of_the_walk_is_left_out_once() -> None:
    assert {piece.path for piece in pieces()} == {*NOTICED, *NATIVE}


@pytest.mark.parametrize("path", NOTICED)
def test_a_piece_that_is_left_out_is_noticed(copy: Copy, path: str) -> None:
    if path == "tests/engine/test_core_kinds.py":
        pytest.importorskip("convoscope._native")
    copy.write(path)
    arguments, words = NOTICED[path]
    said = copy.tests(*arguments)
    assert re.search("failed|error", said, re.IGNORECASE), said
    assert re.search(words, said), said


@pytest.mark.parametrize(
    ("path", "method", "words"),
    [
        (_LAYER, "infer_shape", "LayerScale does not define its output shape: override infer_shape"),
        (_LAYER, "weight_specs", "IndexError|test_the_first_weights|count_params|list index out of range"),
        (_LAYER, "get_config", "made_again_from_its_json"),
        (_STEP, "label", "abstract.*label"),
        (_STEP, "multiply_adds", "abstract.*multiply_adds"),
        (_STEP, "readings", "abstract.*readings"),
        (_STEP, "describe", "abstract.*describe"),
    ],
)
def test_a_method_that_is_left_out_is_noticed(whole: Copy, path: str, method: str, words: str) -> None:
    text = (whole.root / path).read_text(encoding="utf-8")
    without = re.sub(rf"\n(    @property\n)?    def {method}\(.*\n(        .*\n)+", "", text)
    assert len(without) < len(text)
    whole.put(path, without)
    said = whole.tests(_GENERIC, "-k", "LayerScale and not native")
    assert re.search("failed|error", said, re.IGNORECASE), said
    assert re.search(words, said), said


# ---- the core


def built() -> Path:
    """Return the folder of the core's objects, as an installation or ``make core`` leaves it; the newest."""
    found = [file.parent.parent for file in ROOT.glob("build/*/native/libconvoscope_core.a")]
    found = [folder for folder in found if list(folder.glob("CMakeFiles/_native.dir/native/*.o"))]
    if not found and not os.environ.get("CONVOSCOPE_REQUIRE_NATIVE"):
        pytest.skip("the core was not built here: make core")
    assert found, "the core's objects are not under build/, where an installation leaves them: make core"
    return max(found, key=lambda folder: (folder / "native/libconvoscope_core.a").stat().st_mtime)


def compiled(copy: Copy) -> str:
    """Compile the walk's step and the list of kinds, and link them with the rest; return what the compiler says."""
    folder = built()
    sources = (copy.root / "native/steps").glob("*.cpp")
    own = [str(file) for file in sources if file.stem in ("layer_scale", "kinds")]
    objects = [*folder.glob("CMakeFiles/_native.dir/native/*.o"), folder / "native/libconvoscope_core.a"]
    objects += folder.glob("libnanobind-static*.a")
    flags = ["-std=c++17", "-O1", "-fPIC", "-shared", "-pthread", "-Wall", "-Wextra", "-Wshadow", "-Werror", "-Inative"]
    done = subprocess.run(
        ["c++", *flags, *own, *map(str, objects), "-o", str(core_of(copy))],
        cwd=copy.root,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr


def core_of(copy: Copy) -> Path:
    """Return the copy's compiled core."""
    return next((copy.root / "src/convoscope").glob("_native*.so"))


@pytest.fixture
def core(whole: Copy, tmp_path: Path) -> Iterator[Copy]:
    """The copy, which may get a core of its own; afterwards it has the one from here again."""
    pytest.importorskip("convoscope._native")
    shutil.copy(core_of(whole), tmp_path / "before")
    yield whole
    shutil.copy(tmp_path / "before", core_of(whole))


def test_the_core_has_the_step_once_it_is_compiled(core: Copy) -> None:
    said = core.tests(_GENERIC, "-k", "LayerScale and native")
    assert re.search(r"no step 'layer scale'; it knows .*'activation'", said), said
    assert compiled(core) == ""
    tests = [_GENERIC, "tests/layers/test_every_layer_in_a_model.py", "tests/layers/test_layer_scale.py"]
    said = core.tests(
        *tests, "tests/engine/test_core_kinds.py", "-k", "(LayerScale or layer_scale or core) and not ref"
    )
    assert re.search(r"^\d\d passed", said, re.MULTILINE), said[-3000:]
    assert not re.search("failed|error", said), said[-3000:]
    check_program(core, "native")


@pytest.mark.parametrize(("path", "words"), NATIVE.items())
def test_a_piece_of_the_core_that_is_left_out_is_noticed(core: Copy, path: str, words: str) -> None:
    core.write(path)
    said = compiled(core) or core.python("import convoscope._native").stderr
    assert re.search(words, said.replace("‘", "'").replace("’", "'")), said

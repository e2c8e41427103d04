"""Models as PyTorch source: it is Python, it says what it needs, and every layer has its row.

What the modules predict is compared live in ``tests/peers/test_pytorch_source.py``.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file
from tests.interchange.onnx_files import LAYERS, model_of, network
from tests.models.functional_networks import NETWORKS

import convoscope as cs
from convoscope import activations
from convoscope.errors import ConfigurationError, StorageError
from convoscope.interchange.pytorch.source import text
from convoscope.interchange.pytorch.source.activations import EXPRESSIONS
from convoscope.interchange.pytorch.source.helpers import HELPERS
from convoscope.interchange.pytorch.source.meaning import expression
from convoscope.layers import BatchNormalization, Conv2D, Dense, Flatten, Input, MaxPooling2D
from convoscope.layers.serialization import KINDS
from convoscope.models import Model, Sequential


def test_every_layer_and_activation_has_its_row() -> None:
    unknown = expression.dispatch(object)
    assert [name for name, kind in KINDS.items() if expression.dispatch(kind) is unknown] == ["InputLayer"]
    assert set(EXPRESSIONS) == set(activations.BY_NAME)
    with pytest.raises(ConfigurationError, match=r"a InputLayer cannot be written for PyTorch.*model\.save"):
        expression(KINDS["InputLayer"](shape=(3,)), None)


def checked(model: Any) -> ast.ClassDef:
    """Return the class that is written, after a look at what it uses."""
    source = text.source_of(model, "net.safetensors")
    tree = ast.parse(source.text)
    assert {type(node).__name__ for node in tree.body} <= {
        *("Expr", "Import", "ImportFrom", "Assign", "FunctionDef", "ClassDef")
    }
    written = next(node for node in tree.body if isinstance(node, ast.ClassDef))
    init, *_, forward = (node for node in written.body if isinstance(node, ast.FunctionDef))
    made = {
        node.targets[0].attr
        for node in ast.walk(init)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute)
    }
    buffers = [node.args[0] for node in ast.walk(init) if isinstance(node, ast.Call) and len(node.args) == 2]
    made |= {node.value for node in buffers if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    used = {
        node.attr
        for node in ast.walk(forward)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
    }
    assert used - {"training"} <= made
    assert {name.split(".")[0] for name in source.weights} <= made
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert functions <= names
    assert names & set(HELPERS) <= functions
    return written


@pytest.mark.parametrize("row", LAYERS, ids=lambda row: f"{row.layer!r} of {row.takes}")
def test_a_layers_source_has_all_that_it_uses(row: Any) -> None:
    checked(model_of(row))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_networks_source_has_all_that_it_uses(name: str) -> None:
    checked(network(name))


def lesson() -> Sequential:
    model = Sequential(
        [
            Input((28, 28, 1)),
            Conv2D(4, (3, 3), activation="relu", name="edges"),
            MaxPooling2D(),
            Flatten(),
            Dense(3, activation="softmax", name="class"),
        ],
        name="the_lesson",
    )
    model.class_names = ["T-shirt", 'a "quoted" one', "third"]
    model.preprocessing = cs.Preprocessing(28, channels=1, fit="crop", max_value=1.0).as_dict()
    return model


def test_the_source_of_the_lessons_network(tmp_path: Path) -> None:
    model = lesson()
    model.export(tmp_path / "net.py")
    written = (tmp_path / "net.py").read_text()
    for line in (
        "class TheLesson(nn.Module):",
        "        self.edges = nn.Conv2d(1, 4, 3)",
        "        self.class_ = nn.Linear(676, 3)",
        "        images = images.permute(0, 3, 1, 2)  # the channels first, as PyTorch has them",
        "        x = F.relu(self.edges(images))",
        "        x = F.max_pool2d(x, 2, 2)",
        "        x = x.permute(0, 2, 3, 1).flatten(1)",
        "        x = F.softmax(self.class_(x), dim=1)",
        r'CLASS_NAMES = ["T-shirt", "a \"quoted\" one", "third"]',
        "        x = x * (1 / 255)",
    ):
        assert line in written.splitlines(), written
    weights = load_file(tmp_path / "net.safetensors")
    kernel, bias, wide, _ = model.get_weights()
    np.testing.assert_array_equal(weights["edges.weight"], kernel.transpose(3, 2, 0, 1))
    np.testing.assert_array_equal(weights["edges.bias"], bias)
    np.testing.assert_array_equal(weights["class_.weight"], wide.T)


HOSTILE = '"""\nimport os\nos.abort()\n"""'


def test_names_out_of_a_file_are_never_code() -> None:
    inputs = Input((4, 4, 1), name="self")
    x = Conv2D(2, 3, name="forward")(inputs)
    x = BatchNormalization(name=HOSTILE)(x)
    model = Model({HOSTILE: inputs}, {HOSTILE: Flatten(name="2nd layer")(x), "é": x}, name=HOSTILE)
    model.class_names = [HOSTILE]
    model.preprocessing = {"height": 4, "width": 4, "fit": HOSTILE, "max_value": HOSTILE}
    written = checked(model)
    assert not any(isinstance(node, (ast.Import, ast.ImportFrom)) for node in ast.walk(written))
    assert not any(isinstance(node, ast.Name) and node.id == "os" for node in ast.walk(written))
    assert ast.parse(text.source_of(model, HOSTILE).text)


def test_a_model_of_ours_is_not_replaced(tmp_path: Path) -> None:
    model = lesson()
    model.save(tmp_path / "net.safetensors")
    before = (tmp_path / "net.safetensors").read_bytes()
    with pytest.raises(StorageError, match=r"is a model of Convoscope. Give the source another name than net\.py"):
        model.export(tmp_path / "net.py")
    assert (tmp_path / "net.safetensors").read_bytes() == before
    assert not (tmp_path / "net.py").exists()
    with pytest.raises(ConfigurationError, match=r"written to a \.py file, not to"):
        model.export(tmp_path / "net.txt", format="pytorch")


def test_from_torch_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ConfigurationError, match=r"torch is not installed\. Install it: pip install torch onnx"):
        cs.from_torch(None, np.zeros((1, 3, 8, 8)))

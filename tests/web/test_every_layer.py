"""Every layer on the page: its values, gradients, arithmetic and reach, for the rows of the generic layer test."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from tests.layers.rows import Row, every_computing_row, weights_for
from tests.layers.test_every_layer_in_a_model import model_of

from convoscope.engine.base import each
from convoscope.engine.reference import ReferenceEngine

Array = npt.NDArray[Any]


def told(array: Array) -> dict[str, Any]:
    """Return one image's array as the script reads tensors."""
    return {"shape": list(array.shape[1:]), "data": array[0].ravel().tolist()}


def case(row: Row, file: Path) -> dict[str, Any]:
    """Save the row's layer as a model, and return what the reference engine makes of it in double precision."""
    model_of(row).save(file)
    generator = np.random.default_rng(12)
    x = [array.astype(np.float32).astype(np.float64) for array in row.inputs(generator, 1)]
    sent_back = generator.normal(size=(1, *row.makes)).astype(np.float32).astype(np.float64)
    weights = [weight.astype(np.float32) for weight in weights_for(row, np.random.default_rng(3))]
    exact = ReferenceEngine().prepare(row.plan(), weights, np.float64)
    found = exact.pullback(x if row.joins else x[0], sent_back)
    return {
        "file": str(file),
        "inputs": list(map(told, x)),
        "outputs": told(found.outputs),
        "sentBack": told(sent_back),
        "slopes": list(map(told, each(found.input, 1))),
    }


@pytest.fixture(scope="module")
def said(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What is wrong with each row, by its representation: nothing where all is right. Node runs once for all.

    All that were asked for: the tests may be a selection.
    """
    node = shutil.which("node")
    if node is None:
        pytest.skip("the page's engine is tested with Node: apt install nodejs")
    folder = tmp_path_factory.mktemp("rows")
    here = [item for item in request.session.items if item.path == request.path]
    rows = [item.callspec.params["row"] for item in here]  # type: ignore[attr-defined]
    cases = [case(row, folder / f"{number}.safetensors") for number, row in enumerate(rows)]
    (folder / "cases.json").write_text(json.dumps(cases), encoding="utf-8")
    script = Path(__file__).parent / "every-layer.js"
    run = subprocess.run([node, script, folder / "cases.json"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    return dict(zip(map(repr, rows), json.loads(run.stdout), strict=True))


@every_computing_row
def test_the_page_computes_and_explains_what_the_reference_engine_does(row: Row, said: dict[str, str]) -> None:
    assert said[repr(row)] == ""

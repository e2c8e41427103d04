"""All of ONNX's own cases of the operators that are read: each is right, or says why it cannot be a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnxruntime
import pytest
from tests.interchange.onnx_nodes import REASONS, check, collected

#: The modules of the operators, in parts that take alike.
PARTS = (
    "conv convtranspose maxpool averagepool globalaveragepool globalmaxpool batch_normalization gemm matmul lrn",
    "abs add sub mul div clip relu leakyrelu prelu elu selu celu sigmoid hardsigmoid hardswish tanh softplus softsign",
    "gelu mish exp neg min max sum mean pow thresholdedrelu identity dropout softmax logsoftmax cast pad concat",
    "layernormalization groupnormalization instance_normalization reshape flatten transpose squeeze unsqueeze slice",
    "split gather expand reducemean reducesum reducemax reducemin reducel1 reducel2 reducesumsquare",
    "resize upsample depthtospace spacetodepth",
)


#: How many of onnx 1.23's cases cannot be models, and why. docs/onnx.md has this table in words.
REFUSED = {
    "numbers that are no floats": 30,
    "the batch axis is moved, joined or divided": 70,
    "not an image: one axis or three": 14,
    "a matrix for each image, or for each part of it": 3,
    "powers that no layer has": 7,
    "training": 6,
}


def _run(path: Path, inputs: Sequence[Any]) -> Sequence[Any]:
    session = onnxruntime.InferenceSession(path)
    names = [each.name for each in session.get_inputs()]
    made: Sequence[Any] = session.run(None, dict(zip(names, inputs, strict=True)))
    return made


def test_all_cases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As a model, and once more as the file that the model is exported to, in ONNX Runtime."""
    found = Counter(check(case, tmp_path, _run) or "right" for case in collected(" ".join(PARTS).split()))
    with capsys.disabled():
        print("\n" + "\n".join(f"{count:5} {reason}" for reason, count in found.most_common()))
    assert found["right"] >= 370
    assert {reason: found[reason] for reason in REASONS} == REFUSED

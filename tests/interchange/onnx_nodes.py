"""ONNX's own cases of its operators: files of one node each, with what goes in and what comes out."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case import node as cases

from convoscope.errors import FileFormatError
from convoscope.interchange.onnx.reader.context import OPERATORS
from convoscope.interchange.onnx.reader.file import read_converted
from convoscope.interchange.onnx.reader.network import NEWEST

#: What several computed values go into; of any other operator all but the first input are weights and settings.
_JOINING = {"Add", "Sub", "Mul", "Div", "Sum", "Mean", "Max", "Min", "Concat", "Pow"}
#: Of these only the first output is compared: no layer says where a maximum was, or what was dropped.
_FIRST = {"LayerNormalization", "MaxPool", "Dropout"}
#: Why a case cannot be a model, as the message says it.
REASONS = {
    "no axis behind the batch axis": r"a batch axis and at least one axis behind it are needed",
    "numbers that are no floats": r"takes \w+, and models take floats or pixels|it makes \S+ of a computed value",
    "the batch axis is moved, joined or divided": (
        r"batch axis|images of a batch|not all of length 1|for a batch of|turns the batch axis round|"
        r"bias has shape \(3, 4\)"
    ),
    "not an image: one axis or three": r"it takes images|it convolves along [13] axes",
    "dilated poolings": r"its windows are dilated",
    "two computed factors or divisors": r"divides by a computed value|a kernel of shape|computed matrices",
    "powers that no layer has": r"exponent (is neither|must be a constant)",
    "training": r"in training mode",
    "resizing that no layer does": (
        r"it resizes with the mode|looks between other pixels|coordinate_transformation|keeps the ratio"
    ),
    "an index that is not there, or no numbers": r"takes nothing|a value without numbers|no row of whole numbers",
    "repeats": r"repeats values along an axis",
    "a slope for each image": r"its slope has shape",
}


@dataclass(frozen=True)
class Case:
    """A file of one node, or of a few that mean the same."""

    name: str
    content: bytes
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    rtol: float
    atol: float


def collected(operators: Sequence[str]) -> Iterator[Case]:
    """Give the cases of some operators of which all nodes are read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # how ONNX makes its cases
        for operator in operators:
            import_module(f"{cases.__name__}.{operator}")
    for case in cases._NodeTestCases:
        if not {node.op_type for node in case.model.graph.node} <= {*OPERATORS, "Constant", "Shape"}:
            continue
        made = _case(case)
        if made is not None:
            yield made


def _case(case: Any) -> Case | None:
    whole = onnx.ModelProto()
    whole.CopyFrom(case.model)
    operators = {node.op_type for node in whole.graph.node}
    inputs, outputs = case.data_sets[0]
    if not all(isinstance(each, (np.ndarray, np.generic)) for each in (*inputs, *outputs)):
        return None  # sequences, and types that NumPy has not
    if any(np.asarray(each).dtype.kind not in "fiub" or 0 in np.shape(each) for each in (*inputs[:1], *outputs)):
        return None
    if operators & _FIRST:
        del whole.graph.output[1:]
    for value, array in list(zip(whole.graph.input, inputs, strict=True))[1:]:
        if not operators & _JOINING:
            whole.graph.initializer.append(numpy_helper.from_array(np.asarray(array), value.name))
    for each in whole.opset_import:
        each.version = min(each.version, NEWEST)
    free = inputs if operators & _JOINING else inputs[:1]
    half = any(np.asarray(each).dtype == np.float16 for each in inputs)
    rtol, atol = (1e-2, 1e-3) if half else (case.rtol, case.atol)
    return Case(case.name, whole.SerializeToString(), tuple(free), tuple(outputs), rtol, atol)


def check(case: Case, folder: Path) -> str | None:
    """Hold a case to its outputs; return the reason, by its name in `REASONS`, if it cannot be a model."""
    path = folder / "case.onnx"
    path.write_bytes(case.content)
    try:
        found = read_converted(path)
    except FileFormatError as error:
        said = str(error)
        reasons = [name for name, pattern in REASONS.items() if re.search(pattern, said)]
        if not reasons:
            raise
        return reasons[0]
    given = [
        np.ascontiguousarray(np.asarray(array, np.float32).transpose(order))
        for array, order in zip(case.inputs, found.inputs, strict=True)
    ]
    outputs = found.model.predict(given if len(given) > 1 else given[0], verbose=0)
    made = outputs if isinstance(outputs, list) else [outputs]
    for ours, theirs, order in zip(made, case.outputs, found.outputs, strict=False):
        wanted = np.asarray(theirs, np.float32).transpose(order)
        np.testing.assert_allclose(ours, wanted, rtol=case.rtol, atol=case.atol, err_msg=case.name)
    return None

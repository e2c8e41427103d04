"""ONNX's own cases of its operators: files of one node each, with what goes in and what comes out."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper
from onnx.backend.test.case import node as cases

from convoscope.errors import FileFormatError
from convoscope.interchange.onnx.reader.context import OPERATORS
from convoscope.interchange.onnx.reader.converting import Converted
from convoscope.interchange.onnx.reader.file import read_converted
from convoscope.interchange.onnx.reader.network import NEWEST

Array = npt.NDArray[Any]

#: What several computed values go into; of any other operator all but the first input are weights and settings.
_JOINING = {"Add", "Sub", "Mul", "Div", "Sum", "Mean", "Max", "Min", "Concat"}
#: Of these only the first output is compared: no layer says where a maximum was, or what was dropped.
_FIRST = {"LayerNormalization", "MaxPool", "Dropout"}
#: Why a case cannot be a model, as the message says it.
REASONS = {
    "numbers that are no floats": (
        r"takes \w+, but models take floats or pixels|it makes \S+ of a computed value|it divides whole numbers"
    ),
    "the batch axis is moved, joined or divided": (
        r"batch axis|images of a batch|not all of length 1|for a batch of|"
        r"bias has shape \(3, 4\)"
    ),
    "not an image: one axis or three": r"it takes images|it convolves along [13] axes",
    "a matrix for each image, or for each part of it": r"a kernel of shape",
    "powers that no layer has": r"its exponent is neither",
    "training": r"in training mode",
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
    computed = [number == 0 or _goes_in(array, inputs[0], operators) for number, array in enumerate(inputs)]
    for value, array, goes_in in zip(whole.graph.input, inputs, computed, strict=True):
        if not goes_in:
            whole.graph.initializer.append(numpy_helper.from_array(np.asarray(array), value.name))
    for each in whole.opset_import:
        each.version = min(each.version, NEWEST)
    free = [array for array, goes_in in zip(inputs, computed, strict=True) if goes_in]
    half = any(np.asarray(each).dtype == np.float16 for each in inputs)
    rtol, atol = (1e-2, 1e-3) if half else (case.rtol, case.atol)
    return Case(case.name, whole.SerializeToString(), tuple(free), tuple(outputs), rtol, atol)


def _goes_in(array: Any, first: Any, operators: set[str]) -> bool:
    """Return whether an input is computed like the first, and no weight: a row for each image."""
    return bool(operators & _JOINING) and np.shape(array)[:1] == np.shape(first)[:1]


def _as_ours(array: Any, order: tuple[int, ...]) -> Array:
    """Return an array with its axes as a model has them; one number for each image is a row of length 1."""
    placed = np.ascontiguousarray(np.asarray(array, np.float32).transpose(order))
    return placed if placed.ndim > 1 else placed[:, None]


#: Computes what a file makes of arrays.
Runtime = Callable[[Path, Sequence[Array]], Sequence[Array]]


def check(case: Case, folder: Path, runtime: Runtime | None = None) -> str | None:
    """Hold a case to its outputs; return the reason, by its name in `REASONS`, if it cannot be a model.

    With a runtime the model is exported, and the file held to the same outputs.
    """
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
    given = [_as_ours(array, order) for array, order in zip(case.inputs, found.inputs, strict=True)]
    outputs = found.model.predict(given if len(given) > 1 else given[0], verbose=0)
    _compare(case, found, outputs if isinstance(outputs, list) else [outputs])
    if runtime is not None:
        found.model.export(folder / "again.onnx")
        _compare(case, found, runtime(folder / "again.onnx", given))
    return None


def _compare(case: Case, found: Converted, made: Sequence[Array]) -> None:
    for ours, theirs, order in zip(made, case.outputs, found.outputs, strict=False):
        wanted = _as_ours(theirs, order)
        np.testing.assert_allclose(ours, wanted, case.rtol, case.atol, err_msg=case.name, strict=True)

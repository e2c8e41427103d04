"""What our files of int8 say beside their network, which does not come back as it was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from convoscope.datasets.images.preprocessing import Preprocessing
from convoscope.errors import ConvoscopeError
from convoscope.interchange.litert.reader.records import GraphRecord
from convoscope.interchange.litert.schema import TensorType
from convoscope.interchange.onnx.reader.network import ODD

#: What our files give beside the probabilities if a model refuses images: no layer compares them.
REFUSALS = ("none_of_these_score", "none_of_these")
_THRESHOLD = "none_of_these_threshold"
_LARGEST_BYTE = 255


def preprocessing(record: GraphRecord, input_shape: Any) -> dict[str, Any] | None:
    """Return how images are prepared for a model of that input shape, the batch axis included; None if it is not told.

    A file that takes bytes brings these into the model's own range itself.
    """
    if len(record.inputs) != 1:
        return None
    try:
        told: Mapping[str, Any] = json.loads(record.texts.get("preprocessing", "null"))
        takes_bytes = record.tensors[record.inputs[0]].kind == TensorType.UINT8
        found = Preprocessing.from_dict({**told, "max_value": _LARGEST_BYTE} if takes_bytes else told)
    except (*ODD, RecursionError, ConvoscopeError):
        return None
    return found.as_dict() if (*input_shape[1:], 1)[:3] == found.shape else None


def leave_out_refusals(record: GraphRecord) -> bool:
    """Let only the probabilities come out, and return whether more did."""
    kept = [number for number in record.outputs if record.tensors[number].name not in REFUSALS]
    if _THRESHOLD not in record.texts or not kept or kept == record.outputs:
        return False
    record.outputs = kept
    return True

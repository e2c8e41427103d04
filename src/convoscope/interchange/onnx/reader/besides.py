"""What a file of ours says beside its network, where the whole model does not come back as it was.

That is so of LiteRT files of int8, and of files that another program has changed, as one that simplifies graphs does.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from convoscope.datasets.images.preprocessing import Preprocessing
from convoscope.errors import ConvoscopeError, ConvoscopeWarning
from convoscope.interchange.exported import REFUSED, SCALING, SCORE
from convoscope.interchange.onnx.reader.messages import ValueRecord
from convoscope.interchange.onnx.reader.network import ODD, OnnxGraph

_FLOAT, _BYTE = 1, 2  # ONNX's numbers of types
_THRESHOLD = "none_of_these_threshold"
_LARGEST_BYTE = 255
_MOST_STEPS = 4  # a cast, a factor, and rounding; one more to be sure


def preprocessing(texts: Mapping[str, str], graph: OnnxGraph) -> Preprocessing | None:
    """Return how images are prepared for a network, if a file tells; the network then begins with what comes of it.

    What brings bytes into the range that the model takes stands in our files between the input and the first layer,
    under a name of its own. It is left out: `Preprocessing` does the same.
    """
    if len(graph.inputs) != 1:
        return None
    try:
        told: Mapping[str, Any] = json.loads(texts.get("preprocessing", "null"))
        found = Preprocessing.from_dict(told)
        if graph.inputs[0].data_type == _BYTE and not _begin_behind_scaling(graph):
            found = Preprocessing.from_dict({**told, "max_value": _LARGEST_BYTE})  # the first layer does it
    except (*ODD, RecursionError, ConvoscopeError):
        return None
    return found


def _begin_behind_scaling(graph: OnnxGraph) -> bool:
    """Let a graph begin where our operators have brought bytes into the model's range; return whether there are any."""
    start = value = graph.inputs[0].name
    passed = set()
    for _ in range(_MOST_STEPS):
        readers = [node for node in graph.nodes if value in node.inputs]
        if len(readers) != 1 or len(readers[0].outputs) != 1 or not readers[0].outputs[0].startswith(f"{SCALING}/"):
            break
        passed.add(id(readers[0]))
        value = readers[0].outputs[0]
    if value == start:
        return False
    graph.inputs = [ValueRecord(value, _FLOAT, graph.inputs[0].sizes)]
    graph.nodes = [node for node in graph.nodes if id(node) not in passed]
    return True


def fits(found: Preprocessing, input_shape: Any) -> bool:
    """Return whether images that were prepared like that are what a model takes; the batch axis is in its shape."""
    return bool((*input_shape[1:], 1)[:3] == found.shape)


def leave_out_refusals(texts: Mapping[str, str], graph: OnnxGraph, path: Path) -> None:
    """Let only the probabilities come out: no layer compares the others. It is said if they are left out."""
    kept = [record for record in graph.outputs if record.name not in (SCORE, REFUSED)]
    if _THRESHOLD not in texts or not kept or len(kept) == len(graph.outputs):
        return
    graph.outputs = kept
    graph.needed()
    warnings.warn(
        f"{path} rejects images that belong to none of its classes. The imported model does not: it only gives "
        "probabilities.",
        ConvoscopeWarning,
        stacklevel=5,  # where the person calls `load_model`
    )

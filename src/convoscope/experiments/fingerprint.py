"""What makes two experiments the same study, wherever they are trained: varied settings and set, and on which
images."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

import convoscope
from convoscope.datasets import Dataset
from convoscope.datasets.registry import is_custom

_OF_A_MACHINE = ("data_dir",)
_LABELS = {
    "convoscope": "Convoscope's version",
    "kind": "kind of experiment",
    "dataset": "data set",
    "images": "images and labels (SHA-256)",
    "varied": "varied settings",
    "fixed": "settings for all runs",
    "seeds": "seeds",
    "seed": "seed",
}
_LONGEST = 300  # characters of either side of a difference


def fingerprint(content: Mapping[str, Any], data: Dataset) -> dict[str, Any]:
    """Return what two machines must have alike to work on one study; not what depends on the machine.

    Parameters
    ----------
    content : mapping
        As ``experiment.json`` has it.
    data : Dataset
    """
    own = is_custom(content["dataset"])  # found elsewhere on each machine
    parts = {
        "convoscope": convoscope.__version__,
        "kind": content["kind"],
        "dataset": "your own images" if own else content["dataset"],
        "images": checksum(data),
        "varied": content["varied"],
        "fixed": {name: value for name, value in content["fixed"].items() if name not in _OF_A_MACHINE},
        **{name: content[name] for name in ("seeds", "seed") if name in content},
    }
    read: dict[str, Any] = json.loads(json.dumps(parts))
    return read


def digest(parts: Mapping[str, Any]) -> str:
    """Return a short name of a fingerprint."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def differences(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> list[str]:
    """Say what differs between a study and what is to join it.

    Examples
    --------
    >>> differences({"seeds": [0]}, {"seeds": [0, 1]})
    ['seeds: the study has [0], this command [0, 1]']
    """
    return [
        f"{_LABELS.get(name, name)}: the study has {_written(theirs.get(name))}, this command "
        f"{_written(ours.get(name))}"
        for name in dict.fromkeys((*theirs, *ours))
        if theirs.get(name) != ours.get(name)
    ]


def checksum(data: Dataset) -> str:
    """Return the SHA-256 of all images and labels in their order, and of the classes' names."""
    found = hashlib.sha256(json.dumps(list(data.info.class_names)).encode())
    for array in (data.x_train, data.y_train, data.x_val, data.y_val, data.x_test, data.y_test):
        if array is not None:
            found.update(f"{array.shape} {array.dtype.str}".encode())
            found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()


def _written(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."

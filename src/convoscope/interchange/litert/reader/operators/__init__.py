"""The nodes of ONNX for each operator. A module has those that belong together."""

from convoscope.interchange.litert.reader.operators import (
    activations,
    arithmetic,
    dense,
    moving,
    parts,
    recognized,
    windows,
)

__all__ = ["activations", "arithmetic", "dense", "moving", "parts", "recognized", "windows"]

"""The meaning of each operator, as layers. A module has those that belong together."""

from convoscope.interchange.onnx.reader.operators import (
    activations,
    arithmetic,
    convolutions,
    dense,
    joining,
    normalizations,
    poolings,
    reductions,
    resizing,
    shapes,
    slices,
    tiling,
)

__all__ = [
    "activations",
    "arithmetic",
    "convolutions",
    "dense",
    "joining",
    "normalizations",
    "poolings",
    "reductions",
    "resizing",
    "shapes",
    "slices",
    "tiling",
]

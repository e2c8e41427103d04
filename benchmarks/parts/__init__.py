"""What is measured together: the measurements of each part, and how its results read."""

from __future__ import annotations

from benchmarks.parts import (
    accuracy,
    best,
    bfloat16,
    cold,
    inference,
    layers,
    lesson,
    photos,
    profile,
    rounding,
    serving,
)
from benchmarks.parts.part import Part

PARTS: dict[str, Part] = {
    part.name: part
    for part in (
        lesson.PART,
        profile.PART,
        accuracy.PART,
        bfloat16.PART,
        bfloat16.LAYERS_PART,
        best.PART,
        layers.SWEEP,
        layers.NETWORKS,
        rounding.PART,
        inference.PART,
        photos.PART,
        serving.PART,
        cold.PART,
    )
}
#: What the parts were called before they had names.
ALIASES = {"a": "epoch", "b": "accuracy", "c": "sweep", "d": "inference", "e": "startup"}

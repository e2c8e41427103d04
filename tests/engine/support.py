"""Weights for plans that no training has touched."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.engine.plan import Plan

Array = npt.NDArray[Any]


def random_weights(plan: Plan, rng: np.random.Generator) -> list[Array]:
    """Return weights of sensible sizes: variances are positive, and no sum grows with the patch."""
    weights = []
    for planned in plan.weights:
        values = rng.standard_normal(planned.shape).astype(np.float32)
        if planned.name == "kernel":
            values /= np.sqrt(np.prod(planned.shape[:-1]))
        weights.append(np.abs(values) + 0.5 if "variance" in planned.name else values)
    return weights

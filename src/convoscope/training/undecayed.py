"""Which weights an optimizer's weight decay leaves alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from convoscope.engine.base import Array
from convoscope.errors import ConfigurationError


def undecayed(
    arrays: Sequence[Array], patterns: Sequence[str], weights: Sequence[Array], names: Sequence[str]
) -> tuple[int, ...]:
    """Return the indices of the weights that are among the arrays, or have a name that a pattern is found in."""
    given = [np.asarray(array) for array in arrays]
    if any(not any(np.shares_memory(array, weight) for weight in weights) for array in given):
        raise ConfigurationError(
            "exclude_from_weight_decay got a weight that the model does not have. Pass weights of the model itself, "
            "such as [layer.bias], not copies; or names: var_names=['bias']."
        )
    return tuple(
        index
        for index, (weight, name) in enumerate(zip(weights, names, strict=True))
        if any(np.shares_memory(array, weight) for array in given) or any(re.search(each, name) for each in patterns)
    )

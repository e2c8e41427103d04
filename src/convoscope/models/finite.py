"""Whether a model's weights are numbers that it can predict with."""

from __future__ import annotations

import numpy as np

from convoscope.errors import DataError
from convoscope.layers import moments
from convoscope.models.network import Network


def check_finite(model: Network) -> None:
    """Raise DataError, which names the layer, if a weight is not a finite number."""
    with moments.reading():
        for layer in model.leaf_layers:
            if not all(np.isfinite(weight).all() for weight in layer.own_weights):
                raise DataError(
                    f"{layer.describe()} has weights that are not finite numbers, so its predictions are meaningless "
                    "and it is not written. Train it again with a lower learning rate."
                )

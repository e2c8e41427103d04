"""A number as losses and metrics give it."""

from __future__ import annotations

from typing import Any

import numpy as np


class Number(float):
    """A float that has ``numpy()``, as results have in programs written for TensorFlow.

    Examples
    --------
    >>> Number(0.5).numpy(), Number(0.5) + 1
    (np.float64(0.5), 1.5)
    """

    def numpy(self) -> Any:
        """Return the value as NumPy's number."""
        return np.float64(self)

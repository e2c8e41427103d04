"""The images for which tools/make_application_values.py has PyTorch's outputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from convoscope.filters import samples


def images(size: int) -> npt.NDArray[Any]:
    """Return cuts of the sample photograph as values from 0 to 255: (4, size, size, 3)."""
    with Image.open(f"{samples.__path__[0]}/photograph.png") as file:
        photograph = np.asarray(file.convert("RGB"))
    corners = [photograph[:size, :size], photograph[-size:, -size:], photograph[:size, -size:]]
    return np.stack([*corners, photograph[::-1, ::-1][:size, -size:]])

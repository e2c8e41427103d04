"""How bytes become what a model takes, in the single precision that files of other programs compute in."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from convoscope.datasets.images.preprocessing import Preprocessing

#: Of all values: ``multiply``, ``divide`` or ``round``, and by what.
Step = tuple[str, np.float32 | None]


def scaling(preprocessing: Preprocessing) -> tuple[list[Step] | None, npt.NDArray[np.float32]]:
    """Return steps that bring bytes to the largest value that a model takes, or None; and a table of all 256.

    `Preprocessing.prepare` computes in double precision. The ways in single precision are tried out on all 256 bytes;
    if none gives the same numbers, only the table does.

    Examples
    --------
    >>> scaling(Preprocessing(8, max_value=1.0))[0]
    [('divide', np.float32(255.0))]
    """
    pixels = np.arange(256, dtype=np.uint8)
    wanted = preprocessing.scaled(pixels).astype(np.float32)
    factor = np.float32(preprocessing.max_value / 255)
    divisor = np.float32(255 / preprocessing.max_value)
    exact = pixels.astype(np.float32)
    ways: list[tuple[list[Step], npt.NDArray[np.float32]]] = [
        ([("multiply", factor)], exact * factor),
        ([("divide", divisor)], exact / divisor),
        ([("multiply", factor), ("round", None)], np.rint(exact * factor)),
    ]
    found = next((steps for steps, made in ways if np.array_equal(made, wanted)), None)
    return found, wanted

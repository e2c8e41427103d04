"""The image that a command of the filter lab is given: a file, or a sample that comes with the package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import PIL.Image


def load(name: Path) -> npt.NDArray[Any]:
    """Return an image, its channels and alpha as in the file: uint8, or uint16 where it has 16 bits.

    Parameters
    ----------
    name : Path
        Of a file; where there is none, a sample's name.
    """
    from convoscope.datasets.folder.opening import LARGEST
    from convoscope.datasets.folder.reading import read_image
    from convoscope.errors import MissingFileError
    from convoscope.filters import samples
    from convoscope.paths import refuse_address

    if not name.exists():
        if str(name) in samples.names():
            return samples.load(str(name))
        refuse_address(name)
        raise MissingFileError(
            f"There is no file {name}. Convoscope's sample images are: {', '.join(samples.names())}."
        )
    # One image that was asked for by its name may be as large as can be; the bound is for folders of them.
    return _as_array(read_image(name, max_pixels=LARGEST)[0], name)


def _as_array(image: PIL.Image.Image, path: Path) -> npt.NDArray[Any]:
    from convoscope.errors import DataError

    transparent = "A" in image.getbands() or "transparency" in image.info
    if image.mode in ("L", "RGB", "LA", "RGBA") and not (transparent and image.mode in ("L", "RGB")):
        return np.asarray(image)
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image)
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise DataError(f"{path} has values that are NaN or infinite. Correct the file or leave it out.")
        if values.min() >= 0 and values.max() <= 65_535 and values.dtype.kind != "f":
            return values.astype(np.uint16)
        low, high = float(values.min()), float(values.max())  # any other range has no place in a PNG
        return np.rint((values.astype(np.float64) - low) * (255 / ((high - low) or 1))).astype(np.uint8)
    if image.mode == "1":
        return np.asarray(image.convert("L"))
    return np.asarray(image.convert("RGBA" if transparent else "RGB"))

"""The UCI optical handwritten digits: 1,797 of them, 8 × 8 pixels, in the package (see ``data/README.md``)."""

from __future__ import annotations

import os
from importlib import resources

import numpy as np

from convoscope.datasets.description import BUNDLED, DatasetInfo, FileInfo, Pair

CLASS_NAMES = tuple("0123456789")
class_names = CLASS_NAMES  # as lessons write it

INFO = DatasetInfo(
    name="digits",
    title="handwritten digits, 8 × 8, grey",
    image_shape=(8, 8, 1),
    max_value=16,
    class_names=CLASS_NAMES,
    train_count=1_437,
    test_count=360,
    licence="CC BY 4.0",
    source="E. Alpaydin and C. Kaynak (1998), UCI Machine Learning Repository, https://doi.org/10.24432/C50P49",
    urls=(),
    files=(FileInfo("digits.npz", 46_492, "f3d8f5ef6e8e3542c87d6f97a2dc788e6a34e4fa95ed1003bc363e92bf9e1ff1"),),
    where=BUNDLED,
)


def load_data(*, data_dir: str | os.PathLike[str] | None = None) -> tuple[Pair, Pair]:
    """Load the handwritten digits that come with the package.

    Parameters
    ----------
    data_dir : str or path-like, optional
        Accepted so that every data set is loaded in the same way, but not used: these images are always available.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        Images ``(1437, 8, 8)`` and ``(360, 8, 8)`` of values 0 to 16, labels ``(1437,)`` and ``(360,)`` of 0 to 9, all
        uint8. Divide by 16 for values between 0 and 1.

    Notes
    -----
    The split is fixed and has every class in the same proportion. The same 13 people wrote the images of both
    parts, so a test accuracy says less about strangers' handwriting than UCI's own split by writers does.

    Examples
    --------
    >>> (x_train, y_train), (x_test, y_test) = load_data()
    >>> x_train.shape, x_test.shape, int(x_train.max()), CLASS_NAMES[y_train[0]]
    ((1437, 8, 8), (360, 8, 8), 16, '6')
    """
    path = resources.files("convoscope.datasets") / "data" / INFO.files[0].name
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])

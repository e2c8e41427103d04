"""MNIST: 70,000 handwritten digits, 28 × 28 pixels, grey."""

from __future__ import annotations

import os

from convoscope.datasets.description import DatasetInfo, Pair
from convoscope.datasets.mnist_files import load, published
from convoscope.datasets.progress import Progress

CLASS_NAMES = tuple("0123456789")
class_names = CLASS_NAMES  # as lessons write it

INFO = DatasetInfo(
    name="mnist",
    title="handwritten digits, 28 × 28, grey",
    image_shape=(28, 28, 1),
    max_value=255,
    class_names=CLASS_NAMES,
    train_count=60_000,
    test_count=10_000,
    licence="CC BY-SA 3.0",
    source="Yann LeCun and Corinna Cortes, http://yann.lecun.com/exdb/mnist/",
    urls=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    files=published(
        (9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
        (28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
        (1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
        (4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    ),
)


def load_data(
    *,
    data_dir: str | os.PathLike[str] | None = None,
    download: bool = True,
    progress: Progress | None = None,
) -> tuple[Pair, Pair]:
    """Load MNIST, the handwritten digits.

    Looked for in `data_dir`, in the folder ``CONVOSCOPE_DATA`` names and in the cache, and downloaded (about 12 MB)
    where it is in none of them.

    Parameters
    ----------
    data_dir : str or path-like, optional
        A folder with data sets, or with this one; downloads go there.
    download : bool
        Whether the internet may be asked.
    progress : callable, optional
        ``progress(done_bytes, total_bytes_or_None, name)``. By default one line on stderr, if that is a terminal.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        Images ``(60000, 28, 28)`` and ``(10000, 28, 28)`` of values 0 to 255, labels ``(60000,)`` and ``(10000,)`` of
        0 to 9, all uint8.

    Raises
    ------
    MissingFileError, DownloadError, StorageError
        It could not be had; the message has every place and address tried.
    FileFormatError, DataError
        The files found are damaged or another data set's.

    Examples
    --------
    >>> (x_train, y_train), (x_test, y_test) = load_data()  # doctest: +SKIP
    >>> x_train.shape  # doctest: +SKIP
    (60000, 28, 28)
    >>> CLASS_NAMES[9]
    '9'
    """
    return load(INFO, data_dir, download=download, progress=progress).pairs

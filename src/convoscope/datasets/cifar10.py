"""CIFAR-10: 60,000 photos of ten kinds of things, 32 × 32 pixels, in colour."""

from __future__ import annotations

import os

from convoscope.datasets.cifar_batches import Binary, Pickled
from convoscope.datasets.cifar_files import Cifar
from convoscope.datasets.description import DatasetInfo, FileInfo, Pair
from convoscope.datasets.progress import Progress

CLASS_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
class_names = CLASS_NAMES  # as lessons write it

INFO = DatasetInfo(
    name="cifar10",
    title="photos of ten kinds of things, 32 × 32, in colour",
    image_shape=(32, 32, 3),
    max_value=255,
    class_names=CLASS_NAMES,
    train_count=50_000,
    test_count=10_000,
    licence="not stated",
    source="Alex Krizhevsky (2009), https://www.cs.toronto.edu/~kriz/cifar.html",
    # The second is where the first sends on to; the third is PaddlePaddle's mirror.
    urls=(
        "https://www.cs.toronto.edu/~kriz/",
        "https://cave.cs.toronto.edu/kriz/",
        "https://dataset.bj.bcebos.com/cifar/",
    ),
    # The sum is the one in Keras' source.
    files=(
        FileInfo(
            "cifar-10-python.tar.gz", 170_498_071, "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
        ),
    ),
)

CIFAR = Cifar(
    INFO,
    (
        Pickled(
            "cifar-10-batches-py",
            ("cifar-10-python.tar.gz", "cifar-10-batches-py.tar.gz", "cifar-10-batches-py-target_archive"),
            [f"data_batch_{number}" for number in range(1, 6)],
            ["test_batch"],
            {"labels": "labels"},
        ),
        Binary(
            "cifar-10-batches-bin",
            ("cifar-10-binary.tar.gz",),
            [f"data_batch_{number}.bin" for number in range(1, 6)],
            ["test_batch.bin"],
            {"labels": 0},
        ),
    ),
    "labels",
)


def load_data(
    *,
    data_dir: str | os.PathLike[str] | None = None,
    download: bool = True,
    progress: Progress | None = None,
) -> tuple[Pair, Pair]:
    """Load CIFAR-10, the photos of ten kinds of things.

    It is looked for in `data_dir`, in the folder that ``CONVOSCOPE_DATA`` names, in the cache and in Keras' folder
    ``~/.keras``, as the published archive or unpacked, and downloaded (about 170 MB) if it is in none of them. The
    pickled batches are read without running code.

    Parameters
    ----------
    data_dir : str or path-like, optional
        A folder with data sets, or with this one; downloads go there.
    download : bool
        Whether it may be downloaded.
    progress : callable, optional
        ``progress(done_bytes, total_bytes_or_None, name)``. By default one line on stderr, if that is a terminal.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        Images ``(50000, 32, 32, 3)`` and ``(10000, 32, 32, 3)`` of values 0 to 255, labels ``(50000, 1)`` and
        ``(10000, 1)`` of 0 to 9, all uint8.

    Raises
    ------
    MissingFileError, DownloadError, StorageError
        If it is not found; the message lists every folder and address tried.
    FileFormatError, DataError
        If the files found are damaged or belong to another data set.

    Examples
    --------
    >>> (x_train, y_train), (x_test, y_test) = load_data()  # doctest: +SKIP
    >>> CLASS_NAMES[9]
    'truck'
    """
    data = CIFAR.load(data_dir, download=download, progress=progress)
    return (data.x_train, data.y_train[:, None]), (data.x_test, data.y_test[:, None])

"""Fashion-MNIST: 70,000 pieces of clothing, 28 × 28 pixels, grey."""

from __future__ import annotations

import os

from convoscope.datasets.description import DatasetInfo, Pair
from convoscope.datasets.mnist_files import load, published
from convoscope.datasets.progress import Progress

CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
class_names = CLASS_NAMES  # as lessons write it

INFO = DatasetInfo(
    name="fashion-mnist",
    title="clothes, 28 × 28, grey",
    image_shape=(28, 28, 1),
    max_value=255,
    class_names=CLASS_NAMES,
    train_count=60_000,
    test_count=10_000,
    licence="MIT",
    source="Zalando SE, https://github.com/zalandoresearch/fashion-mnist",
    urls=(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    ),
    files=published(
        (26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
        (29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
        (4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
        (5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    ),
)


def load_data(
    *,
    data_dir: str | os.PathLike[str] | None = None,
    download: bool = True,
    progress: Progress | None = None,
) -> tuple[Pair, Pair]:
    """Load Fashion-MNIST, the clothes.

    Looked for in `data_dir`, in the folder ``CONVOSCOPE_DATA`` names and in the cache, and downloaded (about 31 MB)
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
    'Ankle boot'
    """
    return load(INFO, data_dir, download=download, progress=progress).pairs

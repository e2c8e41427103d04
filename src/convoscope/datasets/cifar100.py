"""CIFAR-100: 60,000 photos of a hundred kinds of things in twenty groups, 32 × 32 pixels, in colour."""

from __future__ import annotations

import os

import numpy as np

from convoscope.datasets.cifar_batches import Binary, Pickled
from convoscope.datasets.cifar_files import Cifar
from convoscope.datasets.description import DatasetInfo, FileInfo, Pair
from convoscope.datasets.progress import Progress
from convoscope.errors import unknown_name

_FINE = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant
flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree
motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate
poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider
squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle
wardrobe whale willow_tree wolf woman worm
"""
_COARSE = """
aquatic_mammals fish flowers food_containers fruit_and_vegetables household_electrical_devices household_furniture
insects large_carnivores large_man-made_outdoor_things large_natural_outdoor_scenes
large_omnivores_and_herbivores medium_mammals non-insect_invertebrates people reptiles small_mammals trees
vehicles_1 vehicles_2
"""

CLASS_NAMES = tuple(_FINE.split())
class_names = CLASS_NAMES  # as lessons write it
#: The groups that the classes belong to, five classes each.
COARSE_CLASS_NAMES = tuple(_COARSE.split())

INFO = DatasetInfo(
    name="cifar100",
    title="photos of a hundred kinds of things, 32 × 32, in colour",
    image_shape=(32, 32, 3),
    max_value=255,
    class_names=CLASS_NAMES,
    train_count=50_000,
    test_count=10_000,
    licence="not stated",
    source="Alex Krizhevsky (2009), https://www.cs.toronto.edu/~kriz/cifar.html",
    urls=(
        "https://www.cs.toronto.edu/~kriz/",
        "https://cave.cs.toronto.edu/kriz/",
        "https://dataset.bj.bcebos.com/cifar/",
    ),
    # The sum is the one in Keras' source.
    files=(
        FileInfo(
            "cifar-100-python.tar.gz", 169_001_437, "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"
        ),
    ),
)

CIFAR = Cifar(
    INFO,
    (
        Pickled(
            "cifar-100-python",
            ("cifar-100-python.tar.gz", "cifar-100-python-target_archive"),
            ["train"],
            ["test"],
            {"fine": "fine_labels", "coarse": "coarse_labels"},
        ),
        Binary("cifar-100-binary", ("cifar-100-binary.tar.gz",), ["train.bin"], ["test.bin"], {"coarse": 0, "fine": 1}),
    ),
    "fine",
)


def load_data(
    label_mode: str = "fine",
    *,
    data_dir: str | os.PathLike[str] | None = None,
    download: bool = True,
    progress: Progress | None = None,
) -> tuple[Pair, Pair]:
    """Load CIFAR-100, the photos of a hundred kinds of things.

    It is looked for in `data_dir`, in the folder that ``CONVOSCOPE_DATA`` names, in the cache and in Keras' folder
    ``~/.keras``, as the published archive or unpacked, and downloaded (about 169 MB) if it is in none of them. The
    pickled batches are read without running code.

    Parameters
    ----------
    label_mode : {"fine", "coarse"}
        Whether the labels are those of the hundred `CLASS_NAMES`, or of the twenty `COARSE_CLASS_NAMES`.
    data_dir : str or path-like, optional
        A folder with data sets, or with this one; downloads go there.
    download : bool
        Whether it may be downloaded.
    progress : callable, optional
        ``progress(done_bytes, total_bytes_or_None, name)``. By default one line on stderr, if that is a terminal.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        uint8 images ``(50000, 32, 32, 3)`` and ``(10000, 32, 32, 3)`` of values 0 to 255; labels ``(50000, 1)`` and
        ``(10000, 1)``, which are int64 here, as in Keras.

    Raises
    ------
    UnknownNameError
        `label_mode` is neither.
    MissingFileError, DownloadError, StorageError
        If it is not found; the message lists every folder and address tried.
    FileFormatError, DataError
        If the files found are damaged or belong to another data set.

    Examples
    --------
    >>> (x_train, y_train), (x_test, y_test) = load_data("coarse")  # doctest: +SKIP
    >>> CLASS_NAMES[99], COARSE_CLASS_NAMES[19]
    ('worm', 'vehicles_2')
    """
    classes = {"fine": len(CLASS_NAMES), "coarse": len(COARSE_CLASS_NAMES)}
    if label_mode not in classes:
        raise unknown_name("label_mode", label_mode, classes)
    data = CIFAR.load(data_dir, download=download, progress=progress, kind=label_mode, classes=classes[label_mode])
    y_train, y_test = (labels[:, None].astype(np.int64) for labels in (data.y_train, data.y_test))
    return (data.x_train, y_train), (data.x_test, y_test)

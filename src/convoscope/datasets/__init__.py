"""Data sets: bundled digits, MNIST, its variants and CIFAR (from disk or the internet), IDX files, your own images.

A module for each, with ``load_data()`` and ``CLASS_NAMES``, as in Keras; and all of them by name:

>>> from convoscope import datasets
>>> (x_train, y_train), (x_test, y_test) = datasets.digits.load_data()
>>> datasets.info("digits").max_value
16
>>> for name in datasets.names():
...     print(name)
digits
mnist
fashion-mnist
kmnist
cifar10
cifar100

Your own images are loaded with `from_folder`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convoscope.datasets import (
        cifar10 as cifar10,
        cifar100 as cifar100,
        digits as digits,
        fashion_mnist as fashion_mnist,
        idx as idx,
        kmnist as kmnist,
        mnist as mnist,
    )
    from convoscope.datasets.description import Dataset as Dataset, DatasetInfo as DatasetInfo, FileInfo as FileInfo
    from convoscope.datasets.folder.loading import FolderDataset as FolderDataset, from_folder as from_folder
    from convoscope.datasets.registry import info as info, load as load, names as names

_MODULES = ("cifar10", "cifar100", "digits", "fashion_mnist", "idx", "kmnist", "mnist")
_FOUND_IN = {
    "Dataset": "description",
    "DatasetInfo": "description",
    "FileInfo": "description",
    "FolderDataset": "folder.loading",
    "from_folder": "folder.loading",
    "info": "registry",
    "load": "registry",
    "names": "registry",
}
__all__ = [*_MODULES, *_FOUND_IN]


def __getattr__(name: str) -> Any:
    # Read when first used, so that `import convoscope` opens neither gzip nor zip modules.
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name in _FOUND_IN:
        return getattr(import_module(f"{__name__}.{_FOUND_IN[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted(__all__)

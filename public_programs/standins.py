"""Small data in place of what programs download: the right form, hardly any content.

Whether a program *runs* does not depend on 60,000 digits, and two frameworks are compared by what they make of the same
files, so these are drawn, the same in every run.
"""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt
from PIL import Image

from public_programs import pretrained

TRAIN, TEST = 160, 64  # different samples of a data set; they are repeated to the real number
PHOTOS = 40  # in each folder

Arrays = tuple[tuple[npt.NDArray[Any], npt.NDArray[Any]], tuple[npt.NDArray[Any], npt.NDArray[Any]]]

# Folders in archives, by the last part of the address.
_FOLDERS = {
    "horse-or-human.zip": ("horses", "humans"),
    "validation-horse-or-human.zip": ("horses", "humans"),
    "rps.zip": ("rps/rock", "rps/paper", "rps/scissors"),
    "rps-test-set.zip": ("rps-test-set/rock", "rps-test-set/paper", "rps-test-set/scissors"),
    "happy-or-sad.zip": ("happy", "sad"),
    "cats_and_dogs_filtered.zip": tuple(
        f"cats_and_dogs_filtered/{part}/{kind}" for part in ("train", "validation") for kind in ("cats", "dogs")
    ),
    "kagglecatsanddogs_3367a.zip": ("PetImages/Cat", "PetImages/Dog"),
    "flower_photos.tgz": tuple(
        f"flower_photos/{kind}" for kind in ("daisy", "dandelion", "roses", "sunflowers", "tulips")
    ),
    "dogcat.zip": tuple(f"dogcat-data/{part}/{kind}" for part in ("train", "validation") for kind in ("cat", "dog")),
    "dogcat-small.zip": tuple(
        f"dogcat-data/{part}/{kind}" for part in ("train", "validation") for kind in ("cat", "dog")
    ),
    "dogcat-data.tgz": tuple(
        f"dogcat-data/{part}/{kind}" for part in ("train", "validation") for kind in ("cat", "dog")
    ),
}


def arrays(name: str) -> Arrays:
    """Return what ``load_data()`` of a data set returns, in its real form: ``"mnist"``, ``"cifar10"``, ..."""
    coloured = name.startswith("cifar")
    classes, shape = (100 if name == "cifar100" else 10), ((32, 32, 3) if coloured else (28, 28))
    rng = np.random.default_rng(len(name))
    parts = []
    for count, real in ((TRAIN, 50_000 if coloured else 60_000), (TEST, 10_000)):
        labels = np.arange(count) % classes
        noise = rng.integers(0, 80, (count, *shape))
        images = noise + (labels * 160 // max(1, classes - 1)).reshape(count, *[1] * len(shape))
        order = np.arange(real) % count
        targets = labels.astype(np.uint8)[order]
        parts.append((images.astype(np.uint8)[order], targets[:, None] if coloured else targets))
    return parts[0], parts[1]


def photo(seed: int, size: tuple[int, int] = (200, 180), kind: str = "JPEG", shade: int = 0) -> bytes:
    """Return a small photo-like image file."""
    rng = np.random.default_rng(seed)
    rough = rng.integers(0, 160, (6, 6, 3), dtype=np.uint8) + np.uint8(shade)
    file = io.BytesIO()
    Image.fromarray(rough).resize(size, Image.Resampling.BICUBIC).save(file, kind)
    return file.getvalue()


def download(address: str) -> bytes:
    """Return the stand-in for what lies at an address.

    Raises
    ------
    LookupError
        If there is none.
    """
    name = PurePosixPath(urlsplit(address).path).name
    if name in _FOLDERS:
        return archive(name, _members(name))
    if name == "mnist.npz":
        (x, y), (x_test, y_test) = arrays("mnist")
        file = io.BytesIO()
        np.savez(file, x_train=x, y_train=y, x_test=x_test, y_test=y_test)
        return file.getvalue()
    if name.lower().endswith((".jpg", ".jpeg")):
        return photo(1, (592, 480))
    if name.lower().endswith(".png"):
        return photo(1, (592, 480), "PNG")
    if name == "sign-language-data.tar.gz":
        return archive(name, ((f"sign-language/sign_mnist_{part}.csv", _signs()) for part in ("train", "test")))
    if name == "images.tar.gz":
        return archive(name, ((f"images/Pet_{n}.jpg", photo(n)) for n in range(PHOTOS)))
    if name == "annotations.tar.gz":
        return archive(name, ((f"annotations/trimaps/Pet_{n}.png", _trimap(n)) for n in range(PHOTOS)))
    if "SMILEsmileD" in address:
        return archive("master.zip", _smiles())
    return pretrained.download(address)


def archive(name: str, members: Iterator[tuple[str, bytes]]) -> bytes:
    """Return a zip or tar file with those members."""
    file = io.BytesIO()
    if name.endswith(".zip"):
        with zipfile.ZipFile(file, "w") as zipped:
            for path, data in members:
                zipped.writestr(path, data)
    else:
        with tarfile.open(fileobj=file, mode="w:gz") as tarred:
            for path, data in members:
                entry = tarfile.TarInfo(path)
                entry.size = len(data)
                tarred.addfile(entry, io.BytesIO(data))
    return file.getvalue()


def unpack(name: str, data: bytes, folder: Path) -> None:
    """Unpack an archive into a folder."""
    if name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(data)) as zipped:
            zipped.extractall(folder)
    else:
        with tarfile.open(fileobj=io.BytesIO(data)) as tarred:
            tarred.extractall(folder, filter="data")


def _members(name: str) -> Iterator[tuple[str, bytes]]:
    kind = "PNG" if name.startswith(("horse", "validation", "rps", "happy")) else "JPEG"
    for index, folder in enumerate(_FOLDERS[name]):
        stem = folder.rsplit("/", 1)[-1].lower().rstrip("s")
        for n in range(PHOTOS):
            file = f"{n}.jpg" if "PetImages" in folder else f"{stem}.{n}.{'png' if kind == 'PNG' else 'jpg'}"
            yield f"{folder}/{file}", photo(1000 * index + n, kind=kind, shade=40 * (index % 3))
    if name.startswith("kaggle"):
        yield "PetImages/Cat/666.jpg", b""  # the real archive has such files, and lessons skip them


def _signs() -> bytes:
    rows = [f"label,{','.join(f'pixel{n}' for n in range(1, 785))}"]
    for n, pixels in enumerate(np.random.default_rng(0).integers(0, 256, (PHOTOS, 784))):
        rows.append(f"{n % 25},{','.join(map(str, pixels))}")
    return "\n".join(rows).encode()


def _trimap(seed: int) -> bytes:
    labels = np.random.default_rng(seed).integers(1, 4, (180, 200), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(labels).save(file, "PNG")
    return file.getvalue()


def _smiles() -> Iterator[tuple[str, bytes]]:
    for index, folder in enumerate(("negatives/negatives7", "positives/positives7")):
        for n in range(PHOTOS):
            grey = np.random.default_rng(100 * index + n).integers(0, 255, (64, 64), dtype=np.uint8)
            file = io.BytesIO()
            Image.fromarray(grey).save(file, "JPEG")
            yield f"SMILEsmileD-master/SMILEs/{folder}/{n}.jpg", file.getvalue()

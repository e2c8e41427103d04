"""Make ``src/convoscope/datasets/data/digits.npz`` from scikit-learn's copy of the UCI digits.

Needs scikit-learn and NumPy, no network. Run it again and the same bytes come out:

    python tools/make_digits.py

The split is drawn without a random generator, so that anybody can draw it again in any language. Each image has a
rank for a seed word: the SHA-256 of the word followed by the image's 64 bytes, row by row. Of every class the images of
lowest rank for ``split`` are for testing, one in five by the method of largest remainders (on a tie, the lower class);
the others are for training. Both sets are then in the order of the images' rank for ``order``, which mixes the classes.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

TARGET = Path(__file__).parents[1] / "src/convoscope/datasets/data/digits.npz"
TEST_COUNT = 360


def test_counts(labels: NDArray[np.uint8]) -> list[int]:
    """Share the test images out among the classes in proportion, by largest remainders."""
    counts = np.bincount(labels)
    shares, remainders = np.divmod(counts * TEST_COUNT, counts.sum())
    for label in np.argsort(-remainders, kind="stable")[: TEST_COUNT - shares.sum()]:
        shares[label] += 1
    return [int(share) for share in shares]


def ranked(images: NDArray[np.uint8], seed: bytes) -> NDArray[np.intp]:
    """Give the indices of the images from the lowest rank to the highest."""
    return np.array(sorted(range(len(images)), key=lambda i: hashlib.sha256(seed + images[i].tobytes()).digest()))


def split(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> dict[str, NDArray[np.uint8]]:
    """Give the four arrays of the file."""
    is_test = np.zeros(len(images), bool)
    drawn = ranked(images, b"split")
    for label, count in enumerate(test_counts(labels)):
        is_test[drawn[labels[drawn] == label][:count]] = True
    order = ranked(images, b"order")
    train, test = order[~is_test[order]], order[is_test[order]]
    return {"x_train": images[train], "y_train": labels[train], "x_test": images[test], "y_test": labels[test]}


def packed(arrays: dict[str, NDArray[np.uint8]]) -> bytes:
    """Give an ``.npz`` file without the time of day, which `numpy.savez` would write into it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3  # the same on every platform
            content = io.BytesIO()
            np.lib.format.write_array(content, array, version=(1, 0), allow_pickle=False)
            archive.writestr(member, content.getvalue(), compresslevel=9)
    return file.getvalue()


def main() -> None:
    """Write the file and print what its attribution says of it."""
    bunch = load_digits()
    images, labels = bunch.images.astype(np.uint8), bunch.target.astype(np.uint8)
    if not (images == bunch.images).all():
        raise SystemExit("These digits are not whole numbers from 0 to 16; is this another version of the data?")
    arrays = split(images, labels)
    data = packed(arrays)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_bytes(data)
    print(f"{TARGET.name}  {len(data)} bytes  SHA-256 {hashlib.sha256(data).hexdigest()}")
    for name, array in arrays.items():
        print(f"{name}  {array.shape}  SHA-256 of its bytes {hashlib.sha256(array.tobytes()).hexdigest()}")


if __name__ == "__main__":
    main()

"""Write MNIST or Fashion-MNIST as PNG files in folders, with the troubles that people's folders have.

    python tools/make_folders.py fashion-mnist folder --damaged 20 --rare Bag

A subfolder for each class; among the images, ``--damaged`` files that cannot be read (cut short, no images, empty),
three in another mode (palette, colour with alpha, 16 bits), an empty folder of a class, and with ``--rare`` a class
that is ten times rarer. With ``--parts`` the published split is kept, in ``train`` and ``test``. What was done is
printed, the damaged files by name.
"""

from __future__ import annotations

import argparse
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from convoscope import datasets

_RARER = 10


def png(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def damaged(whole: bytes, kind: int) -> bytes:
    """Give what cannot be read: a cut file, a text, nothing at all, or a head whose body is zeros."""
    return (whole[: len(whole) // 2], b"This is no image.\n", b"", whole[:45] + bytes(len(whole) - 45))[kind % 4]


def in_another_mode(pixels: npt.NDArray[np.uint8], kind: int) -> Image.Image:
    image = Image.fromarray(pixels)
    if kind == 2:
        return Image.fromarray(pixels.astype(np.uint16) * 257)
    return image.convert("P" if kind == 0 else "RGBA")


def write(
    folder: Path, images: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8], names: tuple[str, ...], rare: int | None
) -> list[Path]:
    """Write images into the folders of their classes, and give the files."""
    for name in names:
        (folder / name).mkdir(parents=True)
    written = []
    seen = 0
    for number, (pixels, label) in enumerate(zip(images, labels, strict=True)):
        if label == rare:
            seen += 1
            if seen % _RARER:
                continue
        path = folder / names[label] / f"{number:05}.png"
        Image.fromarray(pixels).save(path)
        written.append(path)
    return written


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", choices=["mnist", "fashion-mnist"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data-dir", type=Path, help="where the data set is")
    parser.add_argument("--parts", action="store_true", help="keep the published split")
    parser.add_argument("--count", type=int, help="only the first images of each part")
    parser.add_argument("--damaged", type=int, default=20, help="how many files to spoil (default: 20)")
    parser.add_argument("--rare", help="the class that is made ten times rarer (default: none)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    data = datasets.load(options.dataset, options.data_dir)
    names = tuple(name.replace("/", " or ") for name in data.info.class_names)
    rare = None if options.rare is None else names.index(options.rare)
    parts = {"train": (data.x_train, data.y_train), "test": (data.x_test, data.y_test)}
    if not options.parts:
        parts = {"": (np.concatenate([data.x_train, data.x_test]), np.concatenate([data.y_train, data.y_test]))}
    written: list[Path] = []
    for part, (images, labels) in parts.items():
        count = options.count or len(images)
        written += write(options.folder / part, images[:count], labels[:count], names, rare)
        (options.folder / part / "empty").mkdir()
    drawn = np.random.default_rng(options.seed).permutation(len(written))[: options.damaged + 3]
    chosen = [written[index] for index in drawn]
    for kind, path in enumerate(chosen[:3]):
        in_another_mode(np.asarray(Image.open(path)), kind).save(path)
        print(f"in another mode: {path}")
    for kind, path in enumerate(chosen[3:]):
        path.write_bytes(damaged(path.read_bytes(), kind))
        print(f"damaged: {path}")
    print(f"{len(written)} files in {options.folder}")


if __name__ == "__main__":
    main()

"""IDX files, tables of images, and the cache of decoded images."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
import PIL.Image

from campaign.containers import damage_gzip
from campaign.mutation import damage, damage_json_text
from convoscope.datasets.folder.loading import from_folder
from convoscope.datasets.folder.table import list_table
from convoscope.datasets.idx import read_idx, write_idx

_INDEX, _IMAGES = "index.json", "images.npy"


class IdxTrial:
    """An IDX file, packed or not."""

    def __init__(self, folder: Path) -> None:
        arrays: tuple[npt.NDArray[Any], ...] = (
            np.arange(3 * 5 * 4, dtype=np.uint8).reshape(3, 5, 4),
            np.arange(10, dtype=np.uint8),
            np.linspace(0, 1, 6, dtype=np.float64).reshape(2, 3),
            np.zeros((2, 0, 3), np.int16),
        )
        self.samples = []
        for index, array in enumerate(arrays):
            for ending in "idx", "gz":
                path = folder / f"{index}.{ending}"
                write_idx(path, array)
                self.samples.append(path.read_bytes())

    def make(self, rng: Random) -> bytes:
        """Damage one of the files."""
        content = rng.choice(self.samples)
        return damage_gzip(rng, content) if content[:2] == b"\x1f\x8b" else damage(rng, content, self.samples)

    def read(self, content: bytes, folder: Path) -> None:
        """Read it."""
        path = folder / "values.idx"
        path.write_bytes(content)
        read_idx(path)


class TableTrial:
    """A CSV file of paths and labels."""

    _SAMPLES = (
        'path,label,split\na/1.png,a,train\na/2.png,a,test\n"b, c/3.png","b ""c""",val\nb/4.png,b,train\n',
        "file;class\r\na.png;1\r\nb.png;2\r\n",
        "\ufeffimage\tcategory\nx/ä.jpg\tä\ny/ß.jpg\tß\n",
    )

    def __init__(self, folder: Path) -> None:
        self.samples = [text.encode() for text in self._SAMPLES]

    def make(self, rng: Random) -> bytes:
        """Damage one, often by what separates cells and lines."""
        content = damage(rng, rng.choice(self.samples), self.samples)
        for _ in range(rng.randrange(3)):
            at = rng.randrange(len(content) + 1)
            marks = (b'"', b",", b"\n", b"\r", b"\0", b"\x0b", b"\x85", "\u2028".encode(), b"../", b"~", b"y" * 140_000)
            content = content[:at] + rng.choice(marks) + content[at:]
        return content

    def read(self, content: bytes, folder: Path) -> None:
        """List the images that it names."""
        path = folder / "table.csv"
        path.write_bytes(content)
        list_table(path)


class CacheTrial:
    """A file of the cache of decoded images is damaged: the images must be those of the files, not of the cache."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "photos"
        for label, light in ("dark", 20), ("light", 200):
            (self.source / label).mkdir(parents=True)
            for number in range(5):
                PIL.Image.new("L", (6, 5), light + 7 * number).save(self.source / label / f"{number}.png")
        self.cache = folder / "cache"
        self.x = self._load(self.cache)
        index = next(self.cache.rglob(_INDEX))
        self.place = index.parent.relative_to(self.cache)
        self.samples = {name: (index.parent / name).read_bytes() for name in (_INDEX, _IMAGES)}

    def make(self, rng: Random) -> bytes:
        """Damage the index or the images."""
        name = rng.choice((_INDEX, _IMAGES))
        damaged = damage_json_text if name == _INDEX else damage
        return name.encode() + b"\n" + damaged(rng, self.samples[name])

    def read(self, content: bytes, folder: Path) -> None:
        """Load the folder with that cache, and compare with what the files have."""
        cache = folder / "cache"
        shutil.rmtree(cache, ignore_errors=True)
        shutil.copytree(self.cache, cache)
        name, _, damaged = content.partition(b"\n")
        (cache / self.place / name.decode()).write_bytes(damaged)
        if not np.array_equal(self._load(cache), self.x):
            raise AssertionError("the images are not those of the files")

    def _load(self, cache: Path) -> npt.NDArray[Any]:
        data = from_folder(self.source, cache_dir=cache, threads=1, progress=lambda *told: None)
        labels = data.y_train.reshape(-1, 1)
        return np.concatenate([np.asarray(data.x_train).reshape(len(labels), -1), labels], axis=1)

"""Your own images: ``from_folder``."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.datasets.description import Dataset, DatasetInfo
from convoscope.datasets.folder.building import Wishes, build
from convoscope.datasets.folder.cache import cache_folder, stored
from convoscope.datasets.folder.listing import PARTS, list_folder
from convoscope.datasets.folder.opening import as_max_pixels
from convoscope.datasets.folder.report import FolderReport
from convoscope.datasets.folder.splitting import check_share
from convoscope.datasets.folder.survey import Form, as_channels, as_size
from convoscope.datasets.folder.table import list_table
from convoscope.datasets.images.preprocessing import Preprocessing
from convoscope.datasets.progress import Progress, ProgressLine
from convoscope.errors import ConfigurationError, MissingFileError
from convoscope.names import legible, native_path, portable_path
from convoscope.paths import check_regular, is_there, refuse_address, user_path
from convoscope.seeds import check_seed

_MADE_BY = 4  # to be counted up when decoding, fingerprints or the split change: what is stored is then made anew


@dataclass(frozen=True, eq=False, kw_only=True)
class FolderDataset(Dataset):
    """Your own images, decoded and split.

    Attributes
    ----------
    x_train, x_val, x_test : ndarray of uint8, shape (N, height, width, channels)
        Mapped from the disk, read-only; they may be larger than the memory.
    y_train, y_val, y_test : ndarray of uint8 (uint16 above 256 classes), shape (N,)
        Indices into `class_names`.
    train_files, val_files, test_files : tuple of str
        The files of the images in order, relative to the folder.
    train_digests, val_digests, test_digests : tuple of str
        The SHA-256 of each of these files' bytes, in hexadecimal.
    info : DatasetInfo
        Named after the folder.
    report : FolderReport
        What was found, what was left out, and why.
    edge : float
        The mean brightness of the images' edges, from 0 to 1.
    test_part : {"test", "validation", "all"}
        Which images are in ``x_test``: the validation images if there are no others.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> generator = np.random.default_rng(0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("dark", "light"):
    ...         Path(folder, "photos", name).mkdir(parents=True)
    ...         for number in range(20):
    ...             pixels = generator.integers(0, 100 if name == "dark" else 256, (8, 8), np.uint8)
    ...             Image.fromarray(pixels).save(Path(folder, "photos", name, f"{number}.png"))
    ...     photos, cache = Path(folder, "photos"), Path(folder, "cache")
    ...     data = from_folder(photos, cache_dir=cache, validation_split=0.2, test_split=0)
    ...     data.x_train.shape, data.x_val.shape, data.test_part
    ((32, 8, 8, 1), (8, 8, 8, 1), 'validation')
    """

    x_val: npt.NDArray[np.uint8] = field(repr=False)
    y_val: npt.NDArray[Any] = field(repr=False)
    train_files: tuple[str, ...] = field(repr=False)
    val_files: tuple[str, ...] = field(repr=False)
    test_files: tuple[str, ...] = field(repr=False)
    train_digests: tuple[str, ...] = field(repr=False)
    val_digests: tuple[str, ...] = field(repr=False)
    test_digests: tuple[str, ...] = field(repr=False)
    report: FolderReport = field(repr=False)
    edge: float = field(repr=False)

    @property
    def class_names(self) -> tuple[str, ...]:
        """What each label stands for, in natural order."""
        return self.info.class_names

    def _surroundings(self) -> dict[str, Any]:
        # Known since they were decoded: there may be more images than memory.
        form = self.report.form
        resize = {} if form.resize is None else {"resize": form.resize}
        fit = {"fit": form.fit, **resize, "interpolation": form.interpolation}
        return {"edge": self.edge, "background": form.background, **fit}

    @property
    def root(self) -> Path:
        """What the names of files begin at: the folder, or that of the table."""
        source = Path(self.info.where)
        return source if source.is_dir() else source.parent

    def split(self) -> dict[str, str]:
        """Return the part of each file, as `from_folder` takes it."""
        parts = {"train": self.train_files, "validation": self.val_files, "test": self.test_files}
        if self.test_part != "test":
            del parts["test"]
        return {name: part for part, names in parts.items() for name in names}

    def record(self) -> dict[str, Any]:
        """Return the report, and under ``files`` each file with its class, its part and the digest of its bytes."""
        parts = [
            ("train", self.train_files, self.y_train, self.train_digests),
            ("validation", self.val_files, self.y_val, self.val_digests),
            ("test", self.test_files, self.y_test, self.test_digests),
        ]
        files = [
            {"file": portable_path(name), "class": self.class_names[label], "part": part, "sha256": digest}
            for part, *columns in parts[: 3 if self.test_part == "test" else 2]
            for name, label, digest in zip(*columns, strict=True)
        ]
        return {**self.report.as_dict(), "files": files}

    def digest(self) -> str:
        """Return a checksum of the files' names, their labels and their parts: it changes with the split."""
        parts = [list(map(portable_path, files)) for files in (self.train_files, self.val_files, self.test_files)]
        labels = (self.y_train, self.y_val, self.y_test)
        return _checksum(*(repr((files, y.tolist())) for files, y in zip(parts, labels, strict=True)))


def from_folder(
    path: str | os.PathLike[str],
    *,
    image_size: int | Sequence[int] | None = None,
    color_mode: str | None = None,
    fit: str = "letterbox",
    resize: int | None = None,
    interpolation: str = "bilinear",
    validation_split: float = 0.1,
    test_split: float = 0.1,
    seed: int = 0,
    max_pixels: int | None = None,
    exclude: Iterable[str] = (),
    split: Mapping[str, str] | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> FolderDataset:
    """Load your own images.

    Parameters
    ----------
    path : str or path-like
        A folder with a subfolder for each class; or one with such folders in ``train``, ``val`` and ``test``; or a CSV
        file with the columns path and label, and perhaps split.
    image_size : int or (height, width), optional
        The size that all images are scaled to. Chosen from their sizes by default.
    color_mode : {"grayscale", "rgb"}, optional
        By default, chosen by whether the images have colour.
    fit : {"letterbox", "crop", "stretch"}
        How images are fitted to that size: whole, with the rest filled in the colour of their edges; their centre; or
        stretched.
    resize : int, optional
        With ``fit="crop"``: the length of the shorter side before the centre is cropped; see
        `convoscope.Preprocessing`.
    interpolation : {"bilinear", "bicubic", "lanczos"}
        How images are resized.
    validation_split, test_split : float
        The shares of validation and test images, drawn equally from each class; near-duplicates stay together. If the
        data is already split, only the validation images are drawn, and only if there are none.
    seed : int
        The seed of the split. Keep it while you compare networks.
    max_pixels : int, optional
        The largest number of pixels, width times height, of an image that is read, so that no file fills the memory.
        Default: 50 million, for JPEGs after decoding at a smaller scale; at most 178,956,970.
    exclude : iterable of str
        Files to leave out, relative to the folder. The others stay in the part that they would be in otherwise.
    split : mapping of str to str, optional
        The known parts of files, such as those of an earlier run: ``"train"``, ``"validation"`` or ``"test"``. Only the
        parts of other files are drawn; a near-duplicate gets the part of the image that it resembles.
    cache_dir : str or path-like, optional
        Where decoded images are kept; by default in the user's cache. They are used again until a file changes.
    threads : int, optional
        How many threads decode. Default: one for each core.
    progress : callable, optional
        ``progress(done, total, what)``. By default one line on stderr, if that is a terminal.

    Returns
    -------
    FolderDataset

    Raises
    ------
    MissingFileError
        There is no such folder or file.
    DataError
        There are not two classes with images, or the CSV file lacks a column.
    ConfigurationError
        An invalid size, colour mode or fraction.
    StorageError
        The decoded images could not be written.

    Notes
    -----
    Files that cannot be read are left out and named in ``report.skipped``. Folders that hold the results of programs,
    such as runs, and system folders are named in ``report.left_out``. Images of any mode are converted, and turned
    upright as their EXIF orientation says; see `convoscope.datasets.folder.listing` for how folders are understood,
    `survey` for size and colour, and `duplicates` for what a near-duplicate is.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, value in ("dark", 30), ("light", 220):
    ...         Path(folder, "images", name).mkdir(parents=True)
    ...         for i in range(10):
    ...             Image.new("L", (32, 24), value + i).save(Path(folder, "images", name, f"{i}.png"))
    ...     data = from_folder(Path(folder, "images"), cache_dir=Path(folder, "cache"))
    ...     data.x_train.shape, data.x_val.shape, data.x_test.shape, data.class_names
    ((16, 24, 32, 1), (2, 24, 32, 1), (2, 24, 32, 1), ('dark', 'light'))
    """
    if isinstance(path, (str, bytes)):
        path = native_path(os.fsdecode(path))
    source = Path(os.path.abspath(user_path(path)))
    wishes = Wishes(
        as_size(image_size),
        as_channels(color_mode),
        check_share(validation_split, "validation_split"),
        check_share(test_split, "test_split"),
        seed if seed is None else check_seed(seed),
        None if max_pixels is None else as_max_pixels(max_pixels),
        _as_fit(fit, resize, interpolation, as_size(image_size)),
        frozenset(exclude),
        _as_split(split or {}),
    )
    if not is_there(source):
        refuse_address(path)
        raise MissingFileError(f"There is no folder or CSV file {path}. Check the path.")
    if not source.is_dir():
        check_regular(source)
    listing = list_folder(source) if source.is_dir() else list_table(source)
    others = {
        **({} if max_pixels is None else {"max_pixels": max_pixels}),
        **({"exclude": sorted(wishes.exclude)} if wishes.exclude else {}),
        **({"split": sorted(wishes.split.items())} if wishes.split else {}),
    }
    asked = [str(source), repr(wishes), *(f"{name}={value}" for name, value in (others | wishes.fit).items())]
    place = cache_folder(cache_dir) / f"{_slug(source.stem)}-{_checksum(*asked)}"
    line = ProgressLine(sys.stderr, counted=True) if progress is None else None

    def make(folder: Path) -> None:
        with ThreadPoolExecutor(threads or os.cpu_count()) as executor:
            build(folder, source, listing, wishes, executor, progress or line)

    try:
        found = stored(place, _checksum(str(_MADE_BY), listing.digest()), make)
    finally:
        if line is not None:
            line.close()
    return _dataset(source, found.images, found.index, listing.left_out)


def _dataset(
    source: Path, images: npt.NDArray[np.uint8], index: dict[str, Any], left_out: dict[str, str]
) -> FolderDataset:
    # What is left out changes with every run that is kept in the folder, and the images do not.
    report = replace(FolderReport.from_dict(index["report"]), left_out=left_out)
    train, validation, _ = index["parts"]
    names, digests, class_names = (tuple(index[key]) for key in ("names", "digests", "class_names"))
    labels: npt.NDArray[Any] = np.array(index["labels"], np.min_scalar_type(len(class_names) - 1))
    parts = slice(0, train), slice(train, train + validation), slice(train + validation, None)
    has_tests = len(images) > train + validation
    tests = parts[2] if has_tests else parts[1]
    form = report.form
    info = DatasetInfo(
        name=_name(source),
        title=f"{'colour' if form.channels == 3 else 'grey'} images, {form.width} × {form.height}, your own",
        image_shape=form.shape,
        max_value=255,
        class_names=class_names,
        train_count=train,
        test_count=len(images[tests]),
        licence="your own",
        source=str(source),
        urls=(),
        files=(),
        where=str(source),
    )
    return FolderDataset(
        x_train=images[parts[0]],
        y_train=labels[parts[0]],
        x_test=images[tests],
        y_test=labels[tests],
        info=info,
        x_val=images[parts[1]],
        y_val=labels[parts[1]],
        train_files=names[parts[0]],
        val_files=names[parts[1]],
        test_files=names[tests],
        train_digests=digests[parts[0]],
        val_digests=digests[parts[1]],
        test_digests=digests[tests],
        report=report,
        test_part="test" if has_tests else "validation",
        edge=index["edge"],
    )


def _as_split(split: Mapping[str, str]) -> dict[str, str]:
    for name, part in split.items():
        if part not in PARTS:
            raise ConfigurationError(
                f"split must map each file to 'train', 'validation' or 'test', but maps {name!r} to {part!r}."
            )
    return dict(split)


def _as_fit(fit: str, resize: int | None, interpolation: str, size: tuple[int, int] | None) -> dict[str, Any]:
    """Check how images get into their size, and return what is not the default."""
    if resize is not None and size is None:
        raise ConfigurationError(
            "resize is the shorter side before images are cropped to image_size: give image_size too, as in "
            "image_size=224, resize=256."
        )
    Preprocessing(size or 1, fit=fit, resize=resize, interpolation=interpolation)
    asked = {"fit": fit, "resize": resize, "interpolation": interpolation}
    usual = {each.name: each.default for each in fields(Form) if each.name in asked}
    return {name: value for name, value in asked.items() if value != usual[name]}


def _name(source: Path) -> str:
    return legible(source.name if source.is_dir() else source.stem) or "images"


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:40] or "images"


def _checksum(*words: str) -> str:
    return hashlib.blake2b("\n".join(words).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()

"""Where data sets are looked for: the folder that was given, ``CONVOSCOPE_DATA``, the cache."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from convoscope.datasets.description import folded
from convoscope.errors import MissingFileError
from convoscope.paths import home_path, session_folder, user_path

VARIABLE = "CONVOSCOPE_DATA"


@dataclass(frozen=True)
class Place:
    """A folder that may hold data sets, and what says so.

    Attributes
    ----------
    folder : Path
        The folder; it need not exist.
    why : str
        ``"data_dir"``, ``"CONVOSCOPE_DATA"``, ``"the cache"`` or ``"Keras' folder"``.
    """

    folder: Path
    why: str


@dataclass(frozen=True)
class Search:
    """What looking for a data set came to.

    Attributes
    ----------
    files : dict of str to Path, or None
        Each published name with the file that was found for it, or None if no folder has them all.
    looked : tuple of str
        Every place that does not have it, and what is lacking there, for a message.
    partial : tuple of Path
        The files that were found in folders without the others.
    """

    files: dict[str, Path] | None
    looked: tuple[str, ...]
    partial: tuple[Path, ...]


def cache_dir() -> Path | None:
    """Give the folder for downloaded data sets in the platform's cache, or None where there is no home folder."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", "")
    elif sys.platform == "darwin":
        base = "~/Library/Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME", "")
        if not os.path.isabs(base):  # the XDG specification: a relative path is to be ignored
            base = "~/.cache"
    if not base or (base.startswith("~") and not _has_home()):
        return None
    return Path(os.path.expanduser(base)) / "convoscope" / "datasets"


def _has_home() -> bool:
    """Say whether there is a home folder, or may be: that of a service is often one that cannot exist."""
    home = home_path("~")
    if home is None:
        return False
    there = next(folder for folder in (home, *home.parents) if os.path.lexists(folder))
    return home.is_dir() or (there.is_dir() and os.access(there, os.W_OK))


def places(data_dir: str | os.PathLike[str] | None = None) -> list[Place]:
    """List the folders to look at, in order.

    Parameters
    ----------
    data_dir : str or path-like, optional
        A folder that goes before all others.

    Returns
    -------
    list of Place
        Those that are set; the cache is the last. Without any, a temporary folder.

    Raises
    ------
    MissingFileError
        What was given as a folder is a file.
    """
    given = [(data_dir, "data_dir"), (os.environ.get(VARIABLE) or None, VARIABLE), (cache_dir(), "the cache")]
    found = [Place(user_path(folder), why) for folder, why in given if folder is not None]
    if not found:
        found = [Place(session_folder() / "datasets", "a temporary folder")]
    for place in found:
        if os.path.isfile(place.folder):
            raise MissingFileError(
                f"{place.why} must be a folder with data sets, but {place.folder} is a file. Give the folder that "
                "contains it."
            )
    return found


def places_to_look(data_dir: str | os.PathLike[str] | None = None) -> list[Place]:
    """List the folders to look at for what is there already: `places`, and Keras' own folder if there is one.

    Examples
    --------
    >>> places_to_look()[: len(places())] == places()
    True
    """
    own = home_path(os.environ.get("KERAS_HOME") or os.path.join("~", ".keras"))
    found = places(data_dir)
    if own is not None and os.path.isdir(own / "datasets"):
        found.append(Place(own / "datasets", "Keras' folder"))
    return found


def candidates(root: Path, name: str) -> Iterator[Path]:
    """Give the folders under `root` that the files of a data set may be in.

    ``fashion-mnist``, ``fashion_mnist`` and the like, torchvision's ``FashionMNIST/raw``, and `root` itself.
    """
    try:
        children = sorted(child for child in root.iterdir() if folded(child.name) == folded(name) and child.is_dir())
    except OSError:  # not there, or not for us to read
        children = []
    for folder in (*children, root):
        yield folder
        yield folder / "raw"


def variants(folder: Path, file: str) -> list[Path]:
    """Give the names a published ``.gz`` file goes by: itself, unpacked, and unpacked with a dot before ``idx``."""
    unpacked = file.removesuffix(".gz")
    # Packed first: gzip has a checksum.
    return [folder / file, folder / unpacked, folder / unpacked.replace("-idx", ".idx")]


def find(name: str, files: Sequence[str], data_dir: str | os.PathLike[str] | None = None) -> Search:
    """Look for a folder that has all files of a data set.

    Parameters
    ----------
    name : str
        The data set: ``"fashion-mnist"``.
    files : sequence of str
        The published names of its files, ending in ``.gz``.
    data_dir : str or path-like, optional
        A folder that goes before all others.

    Returns
    -------
    Search
        Never a mixture: all files are from one folder.
    """
    looked: list[str] = []
    partial: list[Path] = []
    for place in places_to_look(data_dir):
        best: dict[str, Path] = {}
        here: list[Path] = []
        for folder in candidates(place.folder, name):
            found = _in_folder(folder, files)
            if len(found) == len(files):
                return Search(found, tuple(looked), tuple(partial))
            best = max(best, found, key=len)
            here += found.values()
        looked.append(f"{place.folder} ({place.why}) {lacks(place.folder, files, best)}")
        partial += here
    return Search(None, tuple(looked), tuple(partial))


def _in_folder(folder: Path, files: Sequence[str]) -> dict[str, Path]:
    found = {}
    for file in files:
        for path in variants(folder, file):
            if os.path.isfile(path):  # false, not an error, where we may not look
                found[file] = path
                break
    return found


def lacks(folder: Path, files: Sequence[str], found: Collection[str]) -> str:
    """Say what a folder lacks of the files of a data set, as the end of a sentence."""
    if not os.path.isdir(folder):
        return "does not exist"
    if not os.access(folder, os.R_OK | os.X_OK):
        return "may not be read"
    if found:
        missing = ", ".join(file for file in files if file not in found)
        return f"has {len(found)} of the {len(files)} files but not {missing}"
    return "does not have it"

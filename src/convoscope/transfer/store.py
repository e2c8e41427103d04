"""Features that were computed once, kept by what they were computed from."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from convoscope.datasets.locate import cache_dir as user_cache_dir
from convoscope.paths import session_folder, user_path

Features = npt.NDArray[np.float32]
_FILE = "features.sqlite"
_WAIT = 30.0  # seconds for another process to finish writing
_ASKED = 500  # keys in a question: SQLite's older versions take 999
_TABLES = (
    "CREATE TABLE IF NOT EXISTS features (recipe TEXT, image TEXT, vector BLOB, PRIMARY KEY (recipe, image)) "
    "WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS links (recipe TEXT PRIMARY KEY, kept_as TEXT) WITHOUT ROWID",
)


class FeatureStore:
    """Vectors by recipe and image, in an SQLite file: safe against kills, and shared by processes.

    Parameters
    ----------
    folder : path, optional
        Where the file is, or will be. Default: the user's cache.

    Notes
    -----
    It is a cache: what cannot be read or written is computed again, and nothing fails.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> store = FeatureStore(folder.name)
    >>> store.put("lite0", ["a"], np.ones((1, 3), np.float32))
    >>> store.get("lite0", ["a", "b"])
    {'a': array([1., 1., 1.], dtype=float32)}
    >>> folder.cleanup()
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        if folder is not None:
            place = user_path(folder)
        else:
            cache = user_cache_dir()
            place = session_folder() if cache is None else cache.parent
        self._path = Path(place) / _FILE

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._path

    def get(self, recipe: str, images: Sequence[str]) -> dict[str, Features]:
        """Return the vectors that are kept of some images, by their digests.

        Parameters
        ----------
        recipe : str
            What they were computed with: a digest of the backbone and of how images are prepared for it.
        images : sequence of str
            The digests of their files.
        """
        found: dict[str, Features] = {}
        if not self._path.is_file():
            return found
        with contextlib.suppress(sqlite3.Error, OSError), self._opened() as connection:
            kept_as = _kept_as(connection, recipe)
            for start in range(0, len(images), _ASKED):
                asked = images[start : start + _ASKED]
                marks = ",".join("?" * len(asked))
                rows = connection.execute(
                    f"SELECT image, vector FROM features WHERE recipe = ? AND image IN ({marks})", (kept_as, *asked)
                )
                found |= {image: np.frombuffer(vector, "<f4") for image, vector in rows if len(vector) % 4 == 0}
        return found

    def put(self, recipe: str, images: Sequence[str], vectors: Features) -> None:
        """Keep vectors (N, D) of images."""
        rows = [(image, vector.astype("<f4").tobytes()) for image, vector in zip(images, vectors, strict=True)]
        with contextlib.suppress(sqlite3.Error, OSError), self._written() as connection:
            kept_as = _kept_as(connection, recipe)
            connection.executemany(
                "INSERT OR REPLACE INTO features VALUES (?, ?, ?)", [(kept_as, *row) for row in rows]
            )

    def link(self, recipe: str, kept_as: str) -> None:
        """Say that the vectors of a recipe are those that are kept as another's, which is no such name itself.

        >>> import tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> store = FeatureStore(folder.name)
        >>> store.put("lite0", ["a"], np.ones((1, 3), np.float32))
        >>> store.link("the network of my run", "lite0")
        >>> store.get("the network of my run", ["a"])
        {'a': array([1., 1., 1.], dtype=float32)}
        >>> folder.cleanup()
        """
        with contextlib.suppress(sqlite3.Error, OSError), self._written() as connection:
            connection.execute("INSERT OR REPLACE INTO links VALUES (?, ?)", (recipe, kept_as))

    @contextlib.contextmanager
    def _written(self) -> Iterator[sqlite3.Connection]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._opened() as connection:
            for table in _TABLES:
                connection.execute(table)
            yield connection

    @contextlib.contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, timeout=_WAIT)
        try:
            with connection:  # commits
                yield connection
        except sqlite3.DatabaseError as error:
            # A damaged file would be of no use for ever.
            if not isinstance(error, sqlite3.OperationalError):
                with contextlib.suppress(OSError):
                    self._path.unlink()
            raise
        finally:
            connection.close()


def _kept_as(connection: sqlite3.Connection, recipe: str) -> str:
    """Return the name under which vectors of a recipe are kept; files of earlier versions know no others."""
    with contextlib.suppress(sqlite3.OperationalError):
        for (kept_as,) in connection.execute("SELECT kept_as FROM links WHERE recipe = ?", (recipe,)):
            return str(kept_as)
    return recipe

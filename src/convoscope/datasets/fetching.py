"""Where the files of a data set go when they are downloaded."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from convoscope.datasets.description import DatasetInfo, folded
from convoscope.datasets.locate import VARIABLE, places
from convoscope.datasets.progress import Progress
from convoscope.errors import StorageError


def fetch(info: DatasetInfo, data_dir: str | os.PathLike[str] | None, progress: Progress | None) -> Path:
    """Download the files of a data set into the first place that may be written to, and return their folder.

    Raises
    ------
    DownloadError
        No address delivered a file.
    StorageError
        There is no place for it, or the disk is full.
    """
    from convoscope.datasets.download import download  # urllib takes longer to import than all of this package

    refused = []
    for place in places(data_dir):
        named = folded(place.folder.name) == folded(info.name)
        folder = place.folder if named else place.folder / info.name
        new = [path for path in (folder, *folder.parents) if not os.path.exists(path)]
        try:
            if reason := _unwritable(folder):
                refused.append(f"{folder} ({place.why}): {reason}")
                continue
            download(folder, info.files, info.urls, progress=progress)
            return folder
        finally:
            for path in new:  # nothing came: leave no empty folders behind
                with suppress(OSError):
                    path.rmdir()
    raise StorageError(
        f"{info.name} must be downloaded, but there is no folder for it: {'; '.join(refused)}. Give a writable "
        f"folder, as data_dir, with --data-dir or in {VARIABLE}."
    )


def _unwritable(folder: Path) -> str | None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error.strerror or str(error)

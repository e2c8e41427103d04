"""A run's folder and the files in it. Each is whole at any moment: written beside, then put in its place."""

from __future__ import annotations

import csv
import json
import os
import re
from contextlib import suppress
from io import BytesIO, StringIO
from itertools import count
from pathlib import Path
from typing import Any

from convoscope.errors import ConfigurationError, FileFormatError, MissingFileError, StorageError
from convoscope.names import encodable, for_table, for_terminal, native_path
from convoscope.paths import is_there, refuse_address, user_path
from convoscope.runs.contents import CONFIG, TRAINING_STATE, end_last_line, epochs_in, read_report
from convoscope.runs.reading import check
from convoscope.storage import read_json, remedy, remove_leftovers, write_atomically, write_json

_UNFIT = re.compile(r'[\\/:*?"<>|]')
_LONGEST_STEM = 200  # bytes, of the 255 that a name may have
FORMAT = "convoscope-run"
VERSION = 1
_COMPRESSION = 3  # of PNG: a twentieth larger than with the usual 6, in half the time


class RunFolder:
    """The folder of one training run.

    Parameters
    ----------
    path : str or path-like
        The folder. Nothing is read or written yet: see `create` and `open`.

    Attributes
    ----------
    config : Path
        ``config.json``: all settings, versions, where the data came from.
    history : Path
        ``history.jsonl``: a line an epoch, appended as it goes.
    checkpoint : Path
        ``checkpoint.safetensors``: the last complete epoch, with the optimizer's state, for resuming the run.
    data : Path
        ``data.json``, of your own images: what was found, every file with its class, its part and the digest of its
        bytes, and every file that was skipped, with the reason.
    model : Path
        ``model.safetensors``: the model to use, of the best epoch by validation accuracy or else the last.
    report : Path
        ``report.json``: the closing report. It is there once the run has ended.
    mistakes, confusion : Path
        Pictures of the report.
    mistaken : Path
        ``mistakes.csv``, of your own images: the file of every test image that was taken for something else.
    suspects : Path
        ``suspects.csv``, of photos: what may be wrong with them, a file a row; `train --exclude` takes it.
    suspected, duplicates, outliers : Path
        Pictures of these.
    example : Path
        One test image, to try ``convoscope predict`` with.
    snapshots : Path
        The folder of the weights after each epoch, in a run that keeps them.
    files : tuple of Path
        All of these but that folder.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = user_path(path)
        self.config = self.path / "config.json"
        self.data = self.path / "data.json"
        self.history = self.path / "history.jsonl"
        self.checkpoint = self.path / "checkpoint.safetensors"
        self.model = self.path / "model.safetensors"
        self.report = self.path / "report.json"
        self.mistakes = self.path / "mistakes.png"
        self.confusion = self.path / "confusion.png"
        self.mistaken = self.path / "mistakes.csv"
        self.suspects = self.path / "suspects.csv"
        self.suspected = self.path / "suspects.png"
        self.duplicates = self.path / "duplicates.png"
        self.outliers = self.path / "outliers.png"
        self.example = self.path / "example.png"
        self.snapshots = self.path / "snapshots"
        self.files = (
            *(self.config, self.data, self.history, self.checkpoint, self.model),
            *(self.report, self.mistakes, self.confusion, self.mistaken, self.example),
            *(self.suspects, self.suspected, self.duplicates, self.outliers),
        )

    def __str__(self) -> str:
        return str(self.path)

    @classmethod
    def create(cls, path: str | os.PathLike[str]) -> RunFolder:
        """Make a new folder, or take an empty one.

        Raises
        ------
        ConfigurationError
            It is there and has something in it.
        StorageError
            It cannot be made, or not be written into.
        """
        folder = cls(path)
        try:
            folder.path.mkdir(parents=True, exist_ok=True)
            folder.remove_leftovers()  # of a kill before config.json was whole
            occupied = any(folder.path.iterdir())
        except FileExistsError as error:
            raise StorageError(
                f"{path} is a file and cannot be a run's folder. Give another name with --out."
            ) from error
        except OSError as error:
            raise StorageError(
                f"The run's folder {path} cannot be created: {error.strerror or error}. Give another with --out."
            ) from error
        if occupied:
            if is_there(folder.config):
                has, go_on = (
                    "contains an earlier run",
                    f"Resume that run (train --resume {path}), or give",
                )
            else:
                has, go_on = "contains files", "Give"
            raise ConfigurationError(
                f"The folder {path} is not empty: it {has}, which are not overwritten. {go_on} another folder with "
                "--out."
            )
        return folder

    @classmethod
    def create_numbered(cls, parent: str | os.PathLike[str], stem: str) -> RunFolder:
        """Make the first folder ``parent/stem-1``, ``-2`` and so on that is not there yet.

        In a `stem` from a name of yours, letters that a path or a terminal takes for something else become hyphens.
        """
        name = _UNFIT.sub("-", stem) if stem.isprintable() else _UNFIT.sub("-", for_terminal(stem))
        name = name.encode()[-_LONGEST_STEM:].decode(errors="ignore")
        try:
            parent = user_path(parent)
            parent.mkdir(parents=True, exist_ok=True)
            for number in count(1):
                path = parent / native_path(f"{name}-{number}")
                with suppress(FileExistsError):
                    path.mkdir()
                    return cls(path)
                remove_leftovers(path)  # of one that was killed before its first file was whole
        except OSError as error:
            raise StorageError(
                f"A folder for the run cannot be created in {parent}: {error.strerror or error}. Give one with --out."
            ) from error
        raise AssertionError("count() does not end")

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> RunFolder:
        """Open the folder of a run that was begun.

        Raises
        ------
        MissingFileError
            There is no such folder, or no run in it.
        """
        folder = cls(path)
        if not folder.path.is_dir():
            refuse_address(path)
            raise MissingFileError(
                f"There is no run in {path}: the folder does not exist. Give a run's folder, as printed by train."
            )
        if not is_there(folder.config):
            raise MissingFileError(
                f"There is no run in {path}: it has no config.json. Give a run's folder, as printed by train."
            )
        return folder

    # ---- reading

    def read_config(self) -> dict[str, Any]:
        """Read ``config.json``; FileFormatError if it is damaged or not a run's."""
        config = read_json(self.config)
        if config.get("format") != FORMAT:
            raise FileFormatError(
                f"{self.config} does not describe a run of Convoscope: it lacks 'format': '{FORMAT}'."
            )
        if (version := config.get("version")) != VERSION or isinstance(version, bool):
            raise FileFormatError(
                f"{self.config} has a different format version; this version of Convoscope reads version {VERSION}. "
                "Upgrade Convoscope, or use the version named in that file."
            )
        check(config, CONFIG, self.config)
        return config

    def read_history(self) -> list[dict[str, Any]]:
        """Read ``history.jsonl``: a dictionary for each epoch. A last line that a kill cut short is left out.

        Raises
        ------
        FileFormatError
            A line is damaged, or says what no epoch can.
        """
        return self._epochs()

    def read_history_up_to(self, epoch: int) -> list[dict[str, Any]]:
        """Read the lines of the first epochs, as far as they are whole."""
        return [line for line in self._epochs(careless=True) if line["epoch"] <= epoch]

    def _epochs(self, *, careless: bool = False) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        try:
            for line in epochs_in(self.history) if is_there(self.history) else ():
                # Earlier versions wrote the epochs that were done again after a kill behind those of before.
                while found and found[-1]["epoch"] >= line["epoch"]:
                    found.pop()
                found.append(line)
        except FileFormatError:
            if not careless:
                raise
        return found

    def read_report(self) -> dict[str, Any]:
        """Read ``report.json``; FileFormatError if it is damaged."""
        return read_report(self.report)

    def read_training_state(self) -> dict[str, Any] | None:
        """Read how far the checkpoint is, or None if there is none yet; FileFormatError if it is damaged."""
        from convoscope.models import read_header

        if not is_there(self.checkpoint):
            return None
        state = read_header(self.checkpoint)["training_state"]
        if state is None:
            raise FileFormatError(
                f"{self.checkpoint} is a model but not a run's checkpoint: its header does not contain the state of "
                "training."
            )
        check(state, TRAINING_STATE, f"The training state in {self.checkpoint}")
        return dict(state)

    # ---- writing

    def write_config(self, config: dict[str, Any]) -> None:
        """Write ``config.json``."""
        write_json(self.config, {"format": FORMAT, "version": VERSION, **config})

    def write_data(self, found: dict[str, Any]) -> None:
        """Write ``data.json``."""
        write_json(self.data, found)

    def append_epoch(self, epoch: dict[str, Any]) -> None:
        """Add a line to ``history.jsonl``, and see it onto the disk. It costs the same however long the file is."""
        try:
            with open(self.history, "ab+") as file:
                end_last_line(file)
                file.write((json.dumps(epoch) + "\n").encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StorageError(
                f"{self.history} could not be written: {error.strerror or error}. {remedy(error)}; resume the run "
                f"after its last complete epoch with train --resume {self.path}."
            ) from error

    def forget_history(self) -> None:
        """Remove ``history.jsonl``: the run begins again."""
        self.history.unlink(missing_ok=True)

    def rewrite_history(self, epochs: list[dict[str, Any]]) -> None:
        """Replace ``history.jsonl``, so that it has exactly these epochs."""
        write_atomically(self.history, ["".join(json.dumps(epoch) + "\n" for epoch in epochs).encode()])

    def write_report(self, report: dict[str, Any]) -> None:
        """Write ``report.json``."""
        write_json(self.report, report)

    def write_mistakes(self, report: dict[str, Any]) -> None:
        """Write ``mistakes.csv`` from a report that has the mistakes with their files."""
        names = [row["name"] for row in report["classes"]]
        text = StringIO()
        table = csv.writer(text)
        table.writerow(("file", "is", "taken for", "probability"))
        for each in report["worst_mistakes"]:
            cells = encodable(each["file"]), names[each["true"]], names[each["predicted"]]
            table.writerow((*map(for_table, cells), f"{each['probability']:.4f}"))
        write_atomically(self.mistaken, [text.getvalue().encode()])

    def write_picture(self, path: Path, picture: Any) -> None:
        """Write a Pillow image as PNG."""
        buffer = BytesIO()
        picture.save(buffer, "PNG", compress_level=_COMPRESSION)
        write_atomically(path, [buffer.getvalue()])

    def remove_leftovers(self) -> None:
        """Remove what a kill in the middle of writing left beside the files."""
        remove_leftovers(self.path)
        remove_leftovers(self.snapshots)

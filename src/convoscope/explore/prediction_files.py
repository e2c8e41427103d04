"""Files of predictions that are written row by row: whatever ends the program, it goes on after the last whole row.

Nothing else is kept beside such a file. Who goes on compares the files that rows name with those that are to be
predicted, predicts the last few again, and compares every byte: rows of another model are noticed, and nothing of a
file that was something else is written over.
"""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from convoscope.errors import ConfigurationError, FileFormatError, InUseError, StorageError
from convoscope.explore.prediction_rows import CsvRows, Found, JsonRows, Rows, cells, columns, record
from convoscope.locks import try_lock
from convoscope.names import encodable
from convoscope.storage import remedy
from convoscope.wording import counted, installing

ENDINGS = (".csv", ".jsonl", ".parquet")
_AGAIN = 8  # rows that are predicted again, to see that the file's are those of this model
_LONGEST_TAIL = 16 << 20
_GROUP = 10_000  # rows of a Parquet file that are in memory


def predictions_file(path: Path, top: int, refuses: bool) -> PredictionsFile:
    """Return a file of predictions to write or to go on with; its ending says of which kind.

    Parameters
    ----------
    path : Path
        Ends in .csv, .jsonl or .parquet.
    top : int
        How many classes each row names.
    refuses : bool
        Whether the model can tell images that belong to none of its classes.

    Raises
    ------
    ConfigurationError
        It has another ending, or PyArrow, which writes Parquet, is not installed.
    """
    ending = path.suffix.lower()
    if ending not in _KINDS:
        raise ConfigurationError(f"{path}: prediction files must end in {', '.join(ENDINGS)}.")
    return _KINDS[ending](path, top, refuses)


class PredictionsFile:
    """A file of predictions, written in the order of the images.

    Parameters
    ----------
    path : Path
    rows : Rows
    """

    def __init__(self, path: Path, rows: Rows) -> None:
        self.path, self.rows = path, rows
        #: How many rows there were before, how many there are, and how many of them say why a file cannot be read.
        self.before = self.count = self.errors = 0
        self._header = self._to_compare = b""
        self._file: BinaryIO | None = None

    def __enter__(self) -> PredictionsFile:
        try:
            self._file = _opened(self.path)
            if try_lock(self._file.fileno()) is False:
                self._file.close()
                raise InUseError(f"Another process is writing {self.path}. Wait until it finishes.")
        except OSError as error:
            raise self._unwritten(error) from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        assert self._file is not None
        try:
            self._file.close()
            if self.path.exists() and not os.path.getsize(self.path):
                self.path.unlink()  # nothing came of it
        except OSError as failure:
            if error is None:
                raise self._unwritten(failure) from failure

    def begin(self, files: Iterable[Path]) -> Iterator[Path]:
        """Return the files that are to be predicted, in order: those without a row, and the last few with one.

        Raises
        ------
        ConfigurationError
            The rows are of other files, or in another order.
        FileFormatError
            It is no such file.
        """
        assert self._file is not None
        coming, stream = iter(files), self._file
        last: deque[tuple[int, Path, bool]] = deque(maxlen=_AGAIN)
        position = self._after_header()
        try:
            for row in self.rows.whole(stream):
                named, failed = self.rows.file_and_error(row)
                file = next(coming, None)
                if file is None or self.rows.name(file) != named:
                    raise self._of_others(named, file)
                last.append((position, file, failed))
                self.before, self.errors, position = self.before + 1, self.errors + failed, position + len(row)
        except ValueError as error:
            if isinstance(error, ConfigurationError):
                raise
            raise FileFormatError(
                f"{self.path} is not a prediction file that can be continued: in row {self.before + 1} {error}. "
                "Choose another name."
            ) from error
        self.count = self.before - len(last)
        self.errors -= sum(failed for _, _, failed in last)
        position = last[0][0] if last else position
        stream.seek(position)
        self._to_compare = stream.read(_LONGEST_TAIL)
        stream.seek(position)
        return chain((file for _, file, _ in last), coming)

    def write(self, file: Path, found: Found) -> None:
        """Write a row.

        Raises
        ------
        ConfigurationError
            There is one, and it says something else.
        StorageError
            It cannot be written.
        """
        told = record(file, found)
        self._put(self._header + self.rows.encoded(told))
        self._header = b""
        self.count, self.errors = self.count + 1, self.errors + ("error" in told)

    def finish(self) -> None:
        """Make sure that all rows are on the disk."""
        assert self._file is not None
        if self._to_compare:
            raise ConfigurationError(
                f"{self.path} contains more than the rows of these files. Choose another name, or remove it."
            )
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._unwritten(error) from error

    def _after_header(self) -> int:
        """Return where rows begin: at the beginning where the header is still to be written, before the first of them.

        Raises
        ------
        ConfigurationError
            It begins with something else.
        """
        assert self._file is not None
        header = self.rows.header
        there = self._file.read(len(header))
        if there == header:
            return len(header)
        if not header.startswith(there):
            raise self._of_another_model()
        self._header = header
        return 0

    def _put(self, content: bytes) -> None:
        """Write a piece; what stands there already must be the same, or its beginning."""
        assert self._file is not None
        there = self._to_compare[: len(content)]
        if content[: len(there)] != there:
            raise self._of_another_model()
        self._to_compare = self._to_compare[len(content) :]
        try:
            self._file.write(content)
            self._file.flush()
        except OSError as error:
            raise self._unwritten(error) from error

    def _of_another_model(self) -> ConfigurationError:
        return ConfigurationError(
            f"{self.path} differs from what this command would write: its rows come from another model, other options "
            "or another kind of processor. Choose another name, or remove it."
        )

    def _of_others(self, named: str, file: Path | None) -> ConfigurationError:
        expected = "there is no further file" if file is None else f"{file} comes next"
        return ConfigurationError(
            f"{self.path} has a row of {named} where {expected}, so it was written for different files. Choose "
            "another name, or remove it."
        )

    def _unwritten(self, error: OSError) -> StorageError:
        return StorageError(
            f"{self.path} cannot be written: {error.strerror or error}. {remedy(error)}. The same command continues "
            "after the last complete row."
        )


class _ParquetFile(PredictionsFile):
    """A Parquet file, which is only whole with its end: until then the rows lie beside it, as lines of JSON."""

    def __init__(self, path: Path, top: int, refuses: bool) -> None:
        super().__init__(path.with_name(f"{path.name}.rows.jsonl"), JsonRows(top, refuses))
        self._whole, self._arrow, self._is_whole = path, _pyarrow(path), False

    def begin(self, files: Iterable[Path]) -> Iterator[Path]:
        """Do as `PredictionsFile` does; of a file that is whole there is nothing left to do."""
        if not self._whole.exists() or os.path.getsize(self.path):
            return super().begin(files)
        self._compare(iter(files))
        self._is_whole, self.count = True, self.before
        return iter(())

    def finish(self) -> None:
        """Put the file together, in its place."""
        if not self._is_whole:
            super().finish()
            self._put_together()
        self.path.unlink()

    def _compare(self, files: Iterator[Path]) -> None:
        """Compare the names in a whole file with those of the files, and count its rows."""
        try:
            with self._arrow.parquet.ParquetFile(self._whole) as known:
                for batch in known.iter_batches(_GROUP, columns=["file", "error"]):
                    for named, why in zip(batch["file"].to_pylist(), batch["error"].to_pylist(), strict=True):
                        file = next(files, None)
                        if file is None or self.rows.name(file) != named:
                            raise self._of_others(named, file)
                        self.before, self.errors = self.before + 1, self.errors + (why is not None)
        except (self._arrow.ArrowException, KeyError, OSError) as error:
            raise FileFormatError(f"{self._whole} is not a prediction file ({error}). Choose another name.") from error
        if (file := next(files, None)) is not None:
            raise ConfigurationError(
                f"{self._whole} is complete, with {counted(self.before, 'row')}, and none for {file}. Choose another "
                "name, or remove it."
            )

    def _put_together(self) -> None:
        arrow, new = self._arrow, self._whole.with_name(f".{self._whole.name}.unfinished")
        names = columns(self.rows.top, self.rows.refuses)
        schema = arrow.schema([(name, _arrow_type(arrow, name)) for name in names])
        try:
            with open(self.path, "rb") as lines, arrow.parquet.ParquetWriter(new, schema) as writer:
                for group in _groups(self.rows.whole(lines), _GROUP):
                    table = [cells(_decoded(row), self.rows.top, self.rows.refuses) for row in group]
                    arrays = [
                        arrow.array(list(values), field.type)
                        for field, values in zip(schema, zip(*table, strict=True), strict=True)
                    ]
                    writer.write_table(arrow.table(arrays, schema=schema))
            with open(new, "rb") as whole:
                os.fsync(whole.fileno())
            os.replace(new, self._whole)
        except OSError as error:
            raise self._unwritten(error) from error


def _opened(path: Path) -> BinaryIO:
    if path.exists() and not path.is_file():
        raise StorageError(f"{path} is a folder, a device or a pipe. Give a file name.")
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666), "r+b")


def _groups(rows: Iterator[bytes], size: int) -> Iterator[list[bytes]]:
    group: list[bytes] = []
    for row in rows:
        group.append(row)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group


def _decoded(row: bytes) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(row)
    # Parquet has no text that is not Unicode.
    return told | {name: encodable(told[name]) for name in ("file", "error") if name in told}


def _arrow_type(arrow: Any, column: str) -> Any:
    if column == "none_of_these":
        return arrow.bool_()
    return arrow.float64() if column == "score" or column.startswith("probability") else arrow.string()


def _pyarrow(path: Path) -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ConfigurationError(
            f"{path}: Parquet files need PyArrow, which is not installed. Install it: {installing('parquet')}. "
            "Without it, use a name that ends in .csv or .jsonl."
        ) from None
    return pyarrow


_KINDS: dict[str, Callable[[Path, int, bool], PredictionsFile]] = {
    ".csv": lambda path, top, refuses: PredictionsFile(path, CsvRows(top, refuses)),
    ".jsonl": lambda path, top, refuses: PredictionsFile(path, JsonRows(top, refuses)),
    ".parquet": _ParquetFile,
}

"""``convoscope predict --output``: any number of images, a row of a file for each."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from typing import BinaryIO

    from convoscope.explore.prediction_files import PredictionsFile
    from convoscope.explore.prediction_rows import Found
    from convoscope.models.network import Network

STANDARD_INPUT = Path("-")
_LONGEST_NAME = 1 << 16  # bytes
_PIECE = 1 << 16
_SECONDS_BETWEEN = 0.2


def write_output(
    model: Network, images: list[Path], output: Path, *, top: int, invert: bool, max_pixels: int | None
) -> None:
    """Write a row for each image, after those that the file has already, and say what came of it."""
    from convoscope.cli.console import results
    from convoscope.cli.errors import FAILED, complain, say
    from convoscope.errors import ConfigurationError, DataError
    from convoscope.explore.image_outputs import has_image_outputs
    from convoscope.explore.prediction_files import predictions_file
    from convoscope.explore.submodels import class_count
    from convoscope.names import for_terminal
    from convoscope.wording import counted

    if has_image_outputs(model):
        raise ConfigurationError("--output needs a classifier, but this model outputs images. Leave it out.")
    top = min(top, max(2, class_count(model)))
    with predictions_file(output, top, model.rejection is not None) as written:
        files = written.begin(each_file(images, without=output))
        if written.before:
            say(
                f"{output} already has {counted(written.before, 'row')}; continuing after the last one.",
                title="Note: ",
                style="bold",
            )
        line = _Line(_total(images, output), written)
        try:
            for file, found in _found(model, files, top=top, invert=invert, max_pixels=max_pixels):
                written.write(file, found)
                line.show()
        except KeyboardInterrupt:
            line.close()
            say(f"{output} has {counted(written.count, 'row')}. The same command continues after the last one.")
            raise
        finally:
            line.close()
        if not written.count:
            raise DataError(f"There are no images in {', '.join(map(str, images))}.")
        written.finish()
    results().print(for_terminal(f"{output}: {counted(written.count, 'row')}"), soft_wrap=True)
    if written.errors:
        of = f"{written.errors:,} of {counted(written.count, 'file')}"
        complain(f"{of} could not be read; their rows in {output} say why.")
        raise typer.Exit(FAILED)


def each_file(images: Iterable[Path], without: Path) -> Iterator[Path]:
    """Give the files in the place of folders and of standard input, one by one.

    Parameters
    ----------
    images : iterable of Path
    without : Path
        What is written meanwhile, perhaps into one of the folders.
    """
    from convoscope.datasets.folder.listing import each_file_below

    own = os.path.realpath(without)
    for path in images:
        if path == STANDARD_INPUT:
            yield from names_from_standard_input()
        elif not path.is_dir():
            yield path
        else:
            for file in each_file_below(path):
                if not (file.name.startswith(without.name) and os.path.realpath(file).startswith(own)):
                    yield file


def names_from_standard_input(stream: BinaryIO | None = None) -> Iterator[Path]:
    """Give the names that somebody writes, while they come: one a line, or with NUL between them (``find -print0``)."""
    from convoscope.errors import DataError

    source = sys.stdin.buffer if stream is None else stream
    left, separator = b"", b""
    while piece := source.read1(_PIECE) if hasattr(source, "read1") else source.read(_PIECE):
        separator = separator or (b"\0" if b"\0" in piece else b"\n")
        *names, left = (left + piece).split(separator)
        yield from _paths(names, separator)
        if len(left) > _LONGEST_NAME:
            raise DataError(f"Standard input has a name of more than {_LONGEST_NAME:,} bytes. Give one name per line.")
    yield from _paths([left], separator)


def _paths(names: Iterable[bytes], separator: bytes) -> Iterator[Path]:
    for name in names:
        name = name.removesuffix(b"\r") if separator == b"\n" else name
        if name:
            yield Path(os.fsdecode(name))


def _found(
    model: Network, files: Iterator[Path], *, top: int, invert: bool, max_pixels: int | None
) -> Iterator[tuple[Path, Found]]:
    """Give each file with what is found of it; some of them are decoded while others are predicted."""
    from convoscope.explore.image_predictions import predict_images

    begun: deque[Path] = deque()

    def noted() -> Iterator[Path]:
        for file in files:
            begun.append(file)
            yield file

    stream = predict_images(model, noted(), top=top, invert=invert, max_pixels=max_pixels, errors="return", stream=True)
    for found in stream:
        yield begun.popleft(), found


def _total(images: list[Path], without: Path) -> int | None:
    """Count the images for a person who waits; nobody knows how many names standard input will have."""
    from convoscope.streams import standard_error

    if STANDARD_INPUT in images or not standard_error().isatty():
        return None
    return sum(1 for _ in each_file(images, without))


class _Line:
    """How far it is, on one line of a terminal that is written over: rows, rate, and the time that is left.

    Parameters
    ----------
    total : int or None
        Of rows, where it is known.
    written : PredictionsFile
    """

    def __init__(self, total: int | None, written: PredictionsFile) -> None:
        from convoscope.notebook import beneath_kernel
        from convoscope.streams import standard_error

        self._output = standard_error()
        self._shown = self._output.isatty() and not beneath_kernel()
        self._total, self._written = total, written
        self._began = self._last = time.monotonic()
        self._first, self._open = written.count, False

    def show(self) -> None:
        """Show it, not more often than a person can read."""
        now = time.monotonic()
        if not self._shown or now - self._last < _SECONDS_BETWEEN:
            return
        self._last, self._open = now, True
        self._output.write(f"\r{progress_text(self._written.count, self._total, self._first, now - self._began)}\x1b[K")
        self._output.flush()

    def close(self) -> None:
        """End the line."""
        if self._open:
            self._output.write("\n")
        self._open = False


def progress_text(done: int, total: int | None, before: int, seconds: float) -> str:
    """Return how far it is.

    Parameters
    ----------
    done, total : int
        Rows that there are, and that there will be, if that is known.
    before : int
        How many of them there were when it began.
    seconds : float
        Since then.

    Examples
    --------
    >>> progress_text(3_000, 10_000, 1_000, 20.0), progress_text(40, None, 0, 4.0)
    ('3,000 of 10,000 images, 100 a second, 1:10 left', '40 images, 10 a second')
    """
    from convoscope.cli.live import clock
    from convoscope.wording import counted

    rate = (done - before) / seconds if seconds else 0.0
    told = f"{rate:,.0f} a second" if rate >= 10 else f"{rate:.1f} a second"
    if total is None:
        return f"{counted(done, 'image')}, {told}"
    left = f", {clock((total - done) / rate)} left" if rate else ""
    return f"{done:,} of {counted(total, 'image')}, {told}{left}"

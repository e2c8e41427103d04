"""Files become pixels, in several threads, and never more of them in memory than a few blocks."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from convoscope.datasets.folder.duplicates import Fingerprint, fingerprint
from convoscope.datasets.folder.survey import Form
from convoscope.datasets.images.sources import with_digest
from convoscope.errors import ConvoscopeError

_BLOCK_BYTES, _MOST_IN_BLOCK = 1 << 21, 64
_WAITING = 16  # blocks: not more than 32 MB, or so many images where they are larger
_USUAL = ("resized to ", "edges padded", "sides cropped", "stretched", "scaled to ")


@dataclass(frozen=True, eq=False)
class Decoded:
    """What came of one file.

    Attributes
    ----------
    pixels : array of uint8, shape (height, width, channels), or None
        None of a file that cannot be read.
    fingerprint : Fingerprint or None
    notes : list of str
        What was unusual about it and was put right.
    problem : str or None
        Why it cannot be read.
    digest : str
        SHA-256 of the file's bytes, in hexadecimal; of a file that cannot be read it is empty.
    """

    pixels: npt.NDArray[np.uint8] | None
    fingerprint: Fingerprint | None
    notes: list[str]
    problem: str | None = None
    digest: str = ""


def decode_all(paths: Sequence[Path], form: Form, executor: Executor) -> Iterator[Decoded]:
    """Decode files in order. Threads do: Pillow lets go of Python's lock while it decodes and resizes."""
    waiting: deque[Future[list[Decoded]]] = deque()
    step = max(1, min(_MOST_IN_BLOCK, _BLOCK_BYTES // math.prod(form.shape)))
    try:
        for start in range(0, len(paths), step):
            waiting.append(executor.submit(_decode_block, paths[start : start + step], form))
            if len(waiting) >= _WAITING:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        for block in waiting:
            block.cancel()


def decode(path: Path, form: Form) -> Decoded:
    """Decode one file; what is wrong with it is said, not raised."""
    try:
        with with_digest(path) as (content, digest):
            prepared = form.preprocessing.prepare(content, max_pixels=form.max_pixels)
    except ConvoscopeError as error:
        return Decoded(None, None, [], _reason(str(error), path))
    pixels, (first, *others) = prepared.pixels, prepared.notes
    unusual = [*_mode(first), *(note for note in others if not note.startswith(_USUAL))]
    return Decoded(pixels, fingerprint(pixels), unusual, digest=digest)


def _decode_block(paths: Sequence[Path], form: Form) -> list[Decoded]:
    return [decode(path, form) for path in paths]


def _mode(first: str) -> list[str]:
    """Give the colour mode out of ``read PNG, 28×28, palette`` where it is an odd one."""
    mode = first.rsplit(", ", 1)[1]
    return [] if mode in ("grey", "colour") else [f"{mode} converted"]


def _reason(message: str, path: Path) -> str:
    """Shorten an error's message: the file is named beside it."""
    if message.startswith("There is no file"):
        return "there is no such file"
    message, _, _ = message.partition(" Known are")  # once is enough
    return message.removeprefix(f"{path} ").rstrip(".")

"""The formats of files that models are read from and written to: one row for each, and what finds the right one.

A row names its functions and does not import them: what a format needs is loaded when one of its files comes.
"""

from __future__ import annotations

import inspect
import os
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convoscope.errors import ConfigurationError, FileFormatError, unknown_name
from convoscope.paths import open_regular, user_path

if TYPE_CHECKING:
    from convoscope.models.network import Network

_ARCHIVE = b"PK\x03\x04"
_LARGEST_HEADER = 100_000_000  # bytes, as the safetensors library allows


@dataclass(frozen=True)
class Format:
    """A kind of file.

    Attributes
    ----------
    name : str
        In one word, as options of the command line have it: ``convoscope export --onnx``.
    title : str
        As people call it.
    endings : tuple of str
        How names of its files end, in lower case; the first is the usual one.
    help : str
        What is written, for the help of ``convoscope export``.
    reader : str, optional
        ``"module:function"``. The function takes the path and returns the model.
    writer : str, optional
        ``"module:function"``. The function takes the model and the path, and options by their names.
    keeper : str, optional
        ``"module:function"``, as the writer, for `model.save`: it writes all of the model or refuses.
    beginnings : tuple of (int, bytes)
        What a file has at which byte, each of which tells that it is of this kind, whatever its name.
    members : tuple of str
        How names in a zip archive end, each of which tells the same.
    """

    name: str
    title: str
    endings: tuple[str, ...]
    help: str = ""
    reader: str | None = None
    writer: str | None = None
    keeper: str | None = None
    beginnings: tuple[tuple[int, bytes], ...] = ()
    members: tuple[str, ...] = ()

    def read(self, path: Path, **options: Any) -> Any:
        """Read a model.

        Raises
        ------
        UnknownNameError
            If the format has no such option.
        """
        reader = _function(self.reader)
        self._check(options, list(inspect.signature(reader).parameters)[1:])
        return reader(path, **options)

    def write(self, model: Network, path: Path, **options: Any) -> None:
        """Write a model, which must be built.

        Raises
        ------
        UnknownNameError
            If the format has no such option.
        NotReadyError
            If the model has no weights yet.
        DataError
            If a weight is not a finite number.
        """
        from convoscope.models.finite import check_finite
        from convoscope.models.subclassed import plain

        writer = _function(self.writer)
        self._check(options, list(inspect.signature(writer).parameters)[2:])
        model.build()
        built = plain(model)
        check_finite(built)
        writer(built, path, **options)

    def keep(self, model: Network, path: Path, **options: Any) -> None:
        """Write a built model, so that everything comes back.

        Raises
        ------
        ConfigurationError
            If the format cannot express all of it; the message says what.
        """
        _function(self.keeper)(model, path, **options)

    def _check(self, options: Iterable[str], known: list[str]) -> None:
        for option in options:
            if option not in known:
                raise unknown_name(f"option of {self.title} files", option, known or ["none"])

    def holds(self, path: Path, start: bytes) -> bool:
        """Return whether the content of a file, of which the first bytes are given, tells that it is of this kind."""
        if any(start[at:].startswith(sign) for at, sign in self.beginnings):
            return True
        return bool(self.members) and start.startswith(_ARCHIVE) and _has_member(path, self.members)


#: Our own.
OWN = Format(
    "convoscope",
    "Convoscope",
    (".safetensors",),
    reader="convoscope.models.files:load_model",
    writer="convoscope.models.files:save_model",
)
KERAS = Format(
    "keras",
    "Keras",
    (".keras", ".h5", ".hdf5"),
    help="A file that Keras loads: .keras, or .h5 as Keras 2 wrote them.",
    reader="convoscope.interchange.keras.reading:read",
    writer="convoscope.interchange.keras.writing:write",
    keeper="convoscope.interchange.keras.writing:save",
    beginnings=((0, b"\x89HDF\r\n\x1a\n"),),
    members=("model.weights.h5",),
)
#: All that there are. One whose content tells its kind comes before one that only its name tells.
FORMATS: tuple[Format, ...] = (
    OWN,
    KERAS,
    Format(
        "onnx",
        "ONNX",
        (".onnx",),
        help="A file for ONNX Runtime and other programs that read ONNX.",
        reader="convoscope.interchange.onnx.reader.file:read",
        writer="convoscope.interchange.onnx.writer.file:write",
    ),
    Format(
        "litert",
        "LiteRT",
        (".tflite",),
        help="A file for LiteRT (TensorFlow Lite), on phones and small devices.",
        reader="convoscope.interchange.litert.reader.file:read",
        writer="convoscope.interchange.litert.writer.file:write",
        beginnings=((4, b"TFL3"),),
    ),
    Format(
        "pytorch",
        "PyTorch",
        (".py",),
        help="The source of a PyTorch module, with its weights in a safetensors file next to it.",
        writer="convoscope.interchange.pytorch.source.writing:write",
    ),
    Format(
        "c",
        "C",
        (".c",),
        help="One C99 file without dependencies, for small networks.",
        writer="convoscope.interchange.c.writing:write",
    ),
)


def format_of(path: str | os.PathLike[str]) -> Format:
    """Return the format of a file that is to be read: by its content, else by its name, else our own.

    Raises
    ------
    MissingFileError
        If there is no such file.
    FileFormatError
        If it is of a format that is only written.
    """
    path = user_path(path)
    with open_regular(path) as file:
        start = file.read(16)
    if _is_safetensors(start):
        return OWN
    others = [each for each in FORMATS if each is not OWN]
    found = next((each for each in others if each.holds(path, start)), None) or _called(path, others)
    if found is not None and found.reader is None:
        raise FileFormatError(f"{path} is {found.title}, which can be written but not read.")
    return found or OWN


def read(path: str | os.PathLike[str], **options: Any) -> Any:
    """Read a model from a file of any format that is known.

    Parameters
    ----------
    path : path
    **options
        Those of the format: ``input_shape=(224, 224, 3)`` of an ONNX file that leaves the size of its images open.

    Returns
    -------
    Sequential or Model

    Raises
    ------
    MissingFileError, FileFormatError
        If there is no such file, or it cannot be read.
    ConfigurationError
        If the library that reads it is not installed.
    """
    path = user_path(path)
    return format_of(path).read(path, **options)


def write(model: Network, path: str | os.PathLike[str], format: str | None = None, **options: Any) -> None:
    """Write a model into a file of another program, or of ours.

    Parameters
    ----------
    model : Sequential or Model
        It must be built.
    path : path
    format : str, optional
        The format's name, as ``"onnx"``. If left out, the ending of the path says it.
    **options
        Those of the format.

    Raises
    ------
    ConfigurationError
        If there is no such format or option, the model has what the format has no words for, or the library that
        writes it is not installed.
    NotReadyError
        If the model has no weights yet.
    StorageError
        If the file cannot be written; what stood there before still does.
    """
    path = user_path(path)
    found = _named(format) if format is not None else writer_for(path)
    found.write(model, path, **options)


def writer_for(path: Path) -> Format:
    """Return the format that a file is to be written in, by its ending.

    Raises
    ------
    ConfigurationError
        If the ending says none.
    """
    able = [each for each in FORMATS if each.writer is not None]
    found = _called(path, able)
    if found is None:
        endings = ", ".join(f"{each.endings[0]} ({each.title})" for each in able)
        raise ConfigurationError(
            f"The ending of a file says in which format the model is written, and {path.name!r} has none that is "
            f"known. Give one of {endings}."
        )
    return found


def written() -> tuple[Format, ...]:
    """Return the formats of other programs that can be written."""
    return tuple(each for each in FORMATS if each.writer is not None and each is not OWN)


def _function(name: str | None) -> Callable[..., Any]:
    assert name is not None
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found


def _named(name: str) -> Format:
    known = {each.name: each for each in FORMATS if each.writer is not None}
    if name not in known:
        raise unknown_name("format that models are written in", name, known)
    return known[name]


def _called(path: Path, among: list[Format]) -> Format | None:
    """Return the format that a name tells; of several endings the longest decides."""
    name = path.name.lower()
    fitting = [(len(ending), each) for each in among for ending in each.endings if name.endswith(ending)]
    return max(fitting, key=lambda found: found[0])[1] if fitting else None


def _is_safetensors(start: bytes) -> bool:
    return 0 < int.from_bytes(start[:8], "little") <= _LARGEST_HEADER and start[8:9] == b"{"


def _has_member(path: Path, endings: tuple[str, ...]) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith(endings) for name in archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        return False

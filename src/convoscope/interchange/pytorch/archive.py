"""PyTorch's newer format: a zip archive of a pickle, ``data.pkl``, and a file for each storage, none of them packed."""

from __future__ import annotations

import struct
import zipfile
from typing import Any, BinaryIO

from convoscope.errors import FileFormatError
from convoscope.interchange.pytorch.names import NAMES, as_kind
from convoscope.interchange.pytorch.tensors import Array, Kind, Order, Storage
from convoscope.pickles import PickleMachine, as_text

MAGIC = b"PK\x03\x04"
_LARGEST_LIST = 1 << 24  # bytes that the list of files may have: 200,000 storages
_END, _LONG_END = b"PK\x05\x06", b"PK\x06\x07"


class _Archive:
    """The files of an archive, each of which can be read once."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        _check_list(file, size)
        self.zip = zipfile.ZipFile(file)
        self.left = size
        pickles = [name for name in self.zip.namelist() if name.endswith("/data.pkl") and name.count("/") == 1]
        if len(pickles) != 1:
            raise ValueError("no pickle")
        self.folder = pickles[0].removesuffix("data.pkl")

    def has(self, name: str) -> bool:
        return f"{self.folder}{name}" in self.zip.NameToInfo

    def read(self, name: str) -> bytes:
        """Return a file that is not packed. All together are not longer than the archive: none is there twice."""
        info = self.zip.getinfo(f"{self.folder}{name}")
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size or info.flag_bits & 1:
            raise ValueError("packed")
        self.left -= info.file_size
        if self.left < 0:
            raise ValueError("longer than the archive")
        return self.zip.read(info)


def read(file: BinaryIO, size: int, path: str, most: int) -> Any:
    """Return the object of a file in the newer format, with `Tensor` in place of tensors.

    Parameters
    ----------
    file : binary file
    size : int
        Its length in bytes.
    path : str
        For messages.
    most : int
        How many instructions are followed.
    """
    archive = _Archive(file, size)
    if archive.has("constants.pkl"):
        raise FileFormatError(
            f"{path} is a TorchScript program, which is not supported. Save the weights alone in PyTorch: "
            "torch.save(model.state_dict(), path)."
        )
    order: Order = _order(archive.read("byteorder")) if archive.has("byteorder") else "<"
    known: dict[str, Storage] = {}

    def find(reference: Any) -> Storage:
        what, name, key, _place, count = reference
        if as_text(what) != "storage" or type(count) is not int or count < 0:
            raise ValueError("no storage")
        kind, key = as_kind(name), as_text(key)
        storage = known.setdefault(key, Storage(kind, count, lambda: numbers(key, kind, count)))
        if storage.kind is not kind or storage.count != count:
            raise ValueError("one storage of two kinds")
        return storage

    def numbers(key: str, kind: Kind, count: int) -> Array:
        content = archive.read(f"data/{key}")
        if len(content) != count * kind.size:
            raise ValueError("another length")
        return kind.values(content, order)

    return PickleMachine(memoryview(archive.read("data.pkl")), NAMES, find, most=most).run()


def _order(content: bytes) -> Order:
    if content not in (b"little", b"big"):
        raise ValueError("no byte order")
    return "<" if content == b"little" else ">"


def _check_list(file: BinaryIO, size: int) -> None:
    """Refuse an archive whose list of files is long: it is read at once, and takes ten times its length in memory."""
    file.seek(max(size - 42, 0))
    tail = file.read(42)
    end = tail[-22:]
    if end[:4] != _END or end[-2:] != b"\0\0":
        raise ValueError("cut short")
    (length,) = struct.unpack("<I", end[12:16])
    if tail[:4] == _LONG_END:  # the list of an archive of more than 4 GB
        file.seek(struct.unpack("<Q", tail[8:16])[0])
        record = file.read(56)
        (length,) = struct.unpack("<Q", record[40:48])
    if length > _LARGEST_LIST:
        raise ValueError("too many files")

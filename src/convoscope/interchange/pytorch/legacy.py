"""PyTorch's older format: five pickles, one after the other, and then the storages as they lie in memory.

The pickles are a magic number, the format's version, the sizes of types on the machine that wrote it, the object, and
the keys of the storages in the order in which they follow, each as its length and its numbers, little-endian.
"""

from __future__ import annotations

from typing import Any

from convoscope.errors import FileFormatError
from convoscope.interchange.pytorch.names import NAMES, as_kind
from convoscope.interchange.pytorch.tensors import Kind, Storage
from convoscope.pickles import PickleMachine, as_text

MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
_NUMBER, _VERSION = 0x1950A86A20F9469CFC6C, 1001


class _Storages:
    """The storages that the object refers to, whose places in the file are known when its pickle is read."""

    def __init__(self, content: memoryview) -> None:
        self.content = content
        self.known: dict[str, Storage] = {}
        self.places: dict[str, int] = {}

    def find(self, reference: Any) -> Storage:
        """Return the storage that a pickle refers to, of which the numbers are read later."""
        what, name, key, _place, count, *part = reference
        if as_text(what) != "storage" or type(count) is not int or count < 0:
            raise ValueError("no storage")
        kind, key = as_kind(name), as_text(key)
        whole = self.known.setdefault(key, Storage(kind, count, lambda: self.read(key, kind, count)))
        if whole.kind is not kind or whole.count != count:
            raise ValueError("one storage of two kinds")
        if not part or part[0] is None:
            return whole
        _, offset, length = part[0]
        return whole.part(offset, length)

    def place(self, keys: Any, at: int) -> None:
        """Find where the storages lie: they follow each other from a place in the file on."""
        for key in map(as_text, keys):
            storage = self.known[key]
            if int.from_bytes(self.content[at : at + 8], "little") != storage.count or key in self.places:
                raise ValueError("another length")
            self.places[key] = at + 8
            at += 8 + storage.count * storage.kind.size
            if at > len(self.content):
                raise ValueError("cut short")

    def read(self, key: str, kind: Kind, count: int) -> Any:
        start = self.places[key]
        return kind.values(self.content[start : start + count * kind.size])


def read(content: bytes, path: str, most: int) -> Any:
    """Return the object of a file in the older format, with `Tensor` in place of tensors.

    Parameters
    ----------
    content : bytes
        The file.
    path : str
        For messages.
    most : int
        How many instructions are followed.
    """
    view = memoryview(content)
    storages = _Storages(view)
    machine = PickleMachine(view, NAMES, storages.find, most=most)
    if (machine.run(), machine.run()) != (_NUMBER, _VERSION):
        raise ValueError("no magic number")
    system = machine.run()
    if system["little_endian"] is not True:
        raise FileFormatError(
            f"{path} was written on a big-endian machine, which is not supported. Load it in PyTorch, and save "
            "it again."
        )
    found = machine.run()
    storages.place(machine.run(), machine.at)
    return found

"""Damage inside of containers whose lengths and checksums are put right, so that readers look further than those."""

from __future__ import annotations

import gzip
import json
import struct
import zlib
from random import Random
from typing import Any

from campaign.mutation import damage, damage_json

#: What a PNG begins with.
PNG = b"\x89PNG\r\n\x1a\n"
_KEY = "convoscope"


def damage_model(rng: Random, content: bytes) -> bytes:
    """Return a model's file with damage to its description, its header, its numbers, or any of its bytes."""
    drawn = rng.random()
    header, tensors = _split(content)
    if header is None or drawn < 0.2:
        return damage(rng, content)
    if drawn < 0.75:
        description = json.loads(header["__metadata__"][_KEY])
        header["__metadata__"][_KEY] = json.dumps(damage_json(rng, description))
    elif drawn < 0.9:
        header = damage_json(rng, header)
    else:
        tensors = damage(rng, tensors)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + tensors


def damage_gzip(rng: Random, content: bytes) -> bytes:
    """Return a gzip file with damage to what is packed, or to the packing."""
    if rng.random() < 0.5:
        return damage(rng, content)
    return gzip.compress(damage(rng, gzip.decompress(content)), 1, mtime=0)


def damage_png(rng: Random, content: bytes) -> bytes:
    """Return a PNG with damage to one part, and that part's checksum put right."""
    chunks = _chunks(content)
    if not chunks or rng.random() < 0.3:
        return damage(rng, content)
    at = rng.randrange(len(chunks))
    kind, data = chunks[at]
    if kind == b"IDAT" and rng.random() < 0.5:
        data = zlib.compress(damage(rng, zlib.decompress(data)), 1)
    elif rng.random() < 0.1:
        kind = rng.choice((b"IHDR", b"PLTE", b"tRNS", b"eXIf", b"iCCP", b"acTL", b"fcTL", b"zTXt"))
    else:
        data = damage(rng, data)
    chunks[at] = (kind, data)
    if rng.random() < 0.2:
        chunks.insert(at, chunks[at])
    return PNG + b"".join(png_chunk(*each) for each in chunks)


def random_exif(rng: Random) -> bytes:
    """Return EXIF with an orientation among tags of any type, count and value."""
    entries = [(rng.choice((0x010F, 0x0112, 0x011A, 0x8769, 0x8825, 0x9003, 0xA002)), *_odd(rng)) for _ in range(4)]
    entries.append((0x0112, 3, 1, rng.choice((1, 3, 6, 8, 0, 9, 0xFFFF))))
    order, mark = rng.choice((("<", b"II*\0"), (">", b"MM\0*")))
    body = b"".join(struct.pack(f"{order}HHII", *entry) for entry in entries)
    packed = mark + struct.pack(f"{order}IH", 8, len(entries)) + body + struct.pack(f"{order}I", 0)
    return b"Exif\0\0" + packed + rng.randbytes(16)


def with_exif(jpeg: bytes, exif: bytes) -> bytes:
    """Return a JPEG with this EXIF as its first segment."""
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]


def _odd(rng: Random) -> tuple[int, int, int]:
    return rng.randrange(14), rng.choice((0, 1, 2, 1000, 2**31, 2**32 - 1)), rng.choice((0, 1, 8, 38, 2**31, 2**32 - 1))


def _split(content: bytes) -> tuple[Any, bytes]:
    size = struct.unpack("<Q", content[:8])[0]
    return json.loads(content[8 : 8 + size]), content[8 + size :]


def _chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    chunks, at = [], len(PNG)
    while at + 12 <= len(content):
        size = struct.unpack(">I", content[at : at + 4])[0]
        chunks.append((content[at + 4 : at + 8], content[at + 8 : at + 8 + size]))
        at += 12 + size
    return chunks


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """Return a part of a PNG, with its length and checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

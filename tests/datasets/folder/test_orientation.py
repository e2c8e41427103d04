"""Photos are turned by their orientation, as Pillow turns them, and nothing else in their metadata matters."""

from __future__ import annotations

import io
import random
import struct
import warnings
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps, features
from tests.datasets.folder.conftest import picture

from convoscope.cli import source
from convoscope.datasets import from_folder
from convoscope.datasets.folder.opening import upright_size
from convoscope.datasets.folder.orientation import in_exif, orientation_of
from convoscope.datasets.folder.reading import read_image
from convoscope.datasets.images.preprocessing import Preprocessing


def exif(entries: list[tuple[int, int, int, int]], order: str = "<", start: int = 8, count: int | None = None) -> bytes:
    """Make a block of EXIF by hand: tag, type, count and value of each entry."""
    block = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}L", start) + bytes(start - 8)
    block += struct.pack(f"{order}H", len(entries) if count is None else count)
    for tag, kind, number, value in entries:
        inline = f"{order}HHLHH" if kind == 3 and value < 1 << 16 else f"{order}HHLL"
        block += struct.pack(inline, tag, kind, number, value, *([0] if inline.endswith("HH") else []))
    return b"Exif\0\0" + block + bytes(4)


# Make is a fraction, and should be a text: the odd tag that ended train, predict and filter.
ODD = exif([(0x10F, 5, 1, 38), (0x112, 3, 1, 6)]) + struct.pack("<LL", 72, 1)


def landscape(seed: int = 0) -> Image.Image:
    return picture(seed, (32, 24), "RGB")


def saved(path: Path, **options: Any) -> Path:
    landscape().save(path, **options)
    return path


def test_an_odd_tag_beside_the_orientation_does_not_matter_anywhere(tmp_path: Path) -> None:
    path = saved(tmp_path / "odd.jpg", exif=ODD, quality=95)
    with pytest.raises(AttributeError), Image.open(path) as plain:
        ImageOps.exif_transpose(plain)  # Pillow's own answer; if it mends that, this test has to ask it instead
    with Image.open(path) as plain:
        expected = np.asarray(plain.transpose(Image.Transpose.ROTATE_270))
    assert read_image(path)[0].size == (24, 32)
    assert upright_size(path) == (32, 24)
    assert np.array_equal(source.load(path), expected), "filter and its page"
    form = {"height": 32, "width": 24, "channels": 3, "max_value": 255}
    assert np.array_equal(Preprocessing.from_dict(form).prepare(path).pixels, expected), "predict"
    for name in "ab":
        (tmp_path / "photos" / name).mkdir(parents=True)
        for i in range(4):
            landscape(10 * ord(name) + i).save(tmp_path / "photos" / name / f"{i}.jpg", exif=ODD)
    data = from_folder(tmp_path / "photos", cache_dir=tmp_path / "cache")
    assert data.info.image_shape == (32, 24, 3), "train"
    assert not data.report.skipped


FORMATS: list[tuple[str, dict[str, Any]]] = [
    ("jpg", {"quality": 95}),
    ("png", {}),
    ("tiff", {}),
    ("tiff", {"compression": "tiff_deflate"}),
    ("webp", {"lossless": True}),
    pytest.param("avif", {}, marks=pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")),  # type: ignore[list-item]
]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("kind", "options"), FORMATS)
def test_each_format_is_turned_as_pillow_turns_it(
    tmp_path: Path, kind: str, options: dict[str, Any], orientation: int
) -> None:
    metadata = Image.Exif()
    metadata[0x0112] = orientation
    path = saved(tmp_path / f"image.{kind}", exif=metadata, **options)
    with Image.open(path) as plain:
        expected = ImageOps.exif_transpose(plain)
    turned, notes = read_image(path)
    assert turned.size == expected.size == upright_size(path)[::-1]
    assert turned.tobytes() == expected.tobytes()
    assert ("rotated according to its EXIF orientation" in notes) == (orientation != 1)


@pytest.mark.parametrize("where", ["attribute", "element"])
@pytest.mark.parametrize("block", [None, exif([(0x10F, 2, 4, 0)]), b"Exif\0\0nonsense"])
def test_the_orientation_in_xmp_counts_where_exif_has_none(tmp_path: Path, where: str, block: bytes | None) -> None:
    xmp = b'<x tiff:Orientation="6"/>' if where == "attribute" else b"<tiff:Orientation>6</tiff:Orientation>"
    path = saved(tmp_path / "image.webp", xmp=xmp, **({} if block is None else {"exif": block}))
    assert read_image(path)[0].size == (24, 32)
    path = saved(tmp_path / "both.webp", xmp=xmp, exif=exif([(0x112, 3, 1, 1)]))
    assert read_image(path)[0].size == (32, 24), "EXIF goes first, as in Pillow"


def test_metadata_behind_the_pixels_of_a_png_counts_for_its_size_too(tmp_path: Path) -> None:
    path = saved(tmp_path / "image.png")
    content, block = path.read_bytes(), exif([(0x112, 3, 1, 8)])[6:]
    chunk = b"eXIf" + block
    chunk = struct.pack(">I", len(block)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    path.write_bytes(content[:-12] + chunk + content[-12:])
    assert upright_size(path) == (32, 24)
    assert read_image(path)[0].size == (24, 32)


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (exif([(0x112, 3, 1, 6)]), 6),
        (exif([(0x112, 3, 1, 6)], ">"), 6),
        (exif([(0x112, 3, 1, 6)], start=100), 6),
        (b"Exif\0\0" * 3 + exif([(0x112, 3, 1, 6)]), 6),
        (exif([(0x112, 4, 1, 6)], ">"), 6),
        (exif([(0x112, 3, 2, 6)]), 6),
        (exif([(0x8769, 4, 1, 8), (0x112, 3, 1, 6)]), 6),  # a folder of tags that holds itself
        (exif([(0x112, 3, 1, 6)], count=65_535), 6),
        (exif([(0x10F, 2, 2**32 - 1, 2**32 - 1), (0x112, 3, 1, 6)]), 6),
        (exif([(0x112, 3, 1, 0)]), 0),
        (exif([(0x112, 3, 1, 9)]), 9),
        (exif([(0x112, 3, 1, 6)])[:16], None),
        (exif([(0x112, 3, 0, 6)]), None),
        (exif([(0x112, 3, 2**31, 6)]), None),
        (exif([(0x112, 2, 1, 6)]), None),
        (exif([(0x112, 99, 1, 6)]), None),
        (exif([(0x112, 5, 1, 2**32 - 8)]), None),
        (exif([], start=8)[:-6], None),
        (b"Exif\0\0II*\0\xff\xff\xff\xff", None),
        (b"Exif\0\0II*\0", None),
        (b"", None),
    ],
)
def test_what_cannot_be_read_means_nothing(block: bytes, expected: int | None) -> None:
    assert in_exif(block) == expected
    image = Image.new("L", (4, 3))
    image.info["exif"] = block
    assert orientation_of(image) == (1 if expected in (None, 0, 9) else expected)


@pytest.mark.parametrize("odd", [5, "text", None, ["x"], b"\0" * 100])
def test_metadata_of_any_type_is_taken(odd: object) -> None:
    for key in ("exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif"):
        image = Image.new("L", (4, 3))
        image.info[key] = odd
        assert orientation_of(image) == 1


def test_no_metadata_whatever_refuses_an_image_that_pillow_decodes(tmp_path: Path) -> None:
    seed = random.Random(4)
    pictures = {kind: io.BytesIO() for kind in ("jpeg", "png", "webp", "tiff")}
    landscape().save(pictures["tiff"], "tiff", exif=exif([(0x112, 3, 1, 6)]))
    path, counts = tmp_path / "image", Counter[str]()
    for i in range(500):
        kind = "tiff" if i % 10 == 0 else seed.choice(["jpeg", "jpeg", "png", "webp"])
        file = io.BytesIO()
        if kind == "tiff":
            content = _with_odd_tags(pictures["tiff"].getvalue(), seed)
        else:
            landscape().save(file, kind, exif=_odd_block(seed))
            content = file.getvalue()
        path.write_bytes(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                with Image.open(path) as plain:
                    plain.load()
                    upright = Image.new("RGB", (1, 1)) if plain.size == (0, 0) else plain.copy()
            except Exception:  # whatever Pillow says of it: it does not decode it
                counts["no image to Pillow"] += kind != "tiff"
                continue
            try:
                turned = ImageOps.exif_transpose(upright)
            except Exception:  # an error of Pillow's on metadata
                turned = None
        ours = read_image(path)[0]
        assert upright_size(path) == ours.size[::-1]
        assert ours.size in ((32, 24), (24, 32))
        if turned is None:
            counts["turned by nobody else"] += 1
        else:
            counts["alike" if turned.tobytes() == ours.tobytes() else "other"] += 1
    assert not counts["no image to Pillow"]
    assert counts["turned by nobody else"] > 5
    # Where they differ, Pillow has stopped at an entry that is cut off, before it came to the orientation.
    assert counts["alike"] > 20 * counts["other"]


def _odd_block(seed: random.Random) -> bytes:
    numbers = [0, 1, 2, 8, 26, 38, 200, 2**31, 2**32 - 1]
    tags = [0x10F, 0x110, 0x11A, 0x128, 0x132, 0x8769, 0x8825]
    entries = [
        (seed.choice(tags), seed.randrange(20), seed.choice(numbers), seed.choice(numbers))
        for _ in range(seed.randrange(4))
    ]
    entries.insert(
        seed.randrange(len(entries) + 1), (0x112, seed.choice([3, 3, 3, seed.randrange(20)]), 1, seed.randrange(10))
    )
    block = bytearray(exif(entries, seed.choice("<>"), count=seed.choice([None, None, None, 0, 500])))
    for _ in range(seed.choice([0, 0, 1, 3])):
        block[seed.randrange(6, len(block))] = seed.randrange(256)
    return bytes(block[: seed.randrange(6, len(block))] if seed.random() < 0.1 else block)


def _with_odd_tags(content: bytes, seed: random.Random) -> bytes:
    """Change a tag that says nothing of the pixels: of a TIFF, the others are no metadata."""
    changed = bytearray(content)
    (start,) = struct.unpack_from("<L", content, 4)
    (count,) = struct.unpack_from("<H", content, start)
    places = [start + 2 + 12 * i for i in range(count)]
    (place,) = (at for at in places if struct.unpack_from("<H", content, at)[0] == 0x112)
    for at in range(place + 2, place + 12):
        if seed.random() < 0.3:
            changed[at] = seed.randrange(256)
    return bytes(changed)

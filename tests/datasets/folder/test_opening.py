"""What is opened as an image, and what is refused before it can do harm."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import threading
import time
import types
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.datasets.folder.conftest import fill, picture

from convoscope.cli import source
from convoscope.datasets import from_folder
from convoscope.datasets.folder import opening, reading
from convoscope.datasets.folder.opening import FORMATS, as_max_pixels, opened, upright_size
from convoscope.datasets.folder.reading import read_image
from convoscope.datasets.folder.sharing import Room
from convoscope.datasets.images.preprocessing import Preprocessing
from convoscope.errors import ConfigurationError, FileFormatError, MissingFileError


def png(path: Path, side: int, depth: int, colour: int, *, rows: int | None = None) -> Path:
    """Write a black PNG of any size without making its pixels: 0 is grey, 3 palette and 6 colour with alpha."""
    samples = {0: 1, 3: 1, 6: 4}[colour]
    packer = zlib.compressobj(1)
    row = bytes(1 + side * samples * depth // 8)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", side, side, depth, colour, 0, 0, 0))]
    chunks += [(b"PLTE", bytes(3))] if colour == 3 else []
    chunks += [
        (b"IDAT", b"".join([packer.compress(row) for _ in range(rows or side)]) + packer.flush()),
        (b"IEND", b""),
    ]
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(struct.pack(">I", len(c)) + t + c + struct.pack(">I", zlib.crc32(t + c)) for t, c in chunks)
    )
    return path


@pytest.mark.parametrize(
    "kind", ["bmp", "gif", "ico", "jp2", "jpg", "pcx", "png", "ppm", "qoi", "sgi", "tga", "tiff", "webp"]
)
def test_the_formats_that_people_have_are_read(tmp_path: Path, kind: str) -> None:
    picture(1, (24, 24), "RGB").save(tmp_path / f"image.{kind}")
    image = Preprocessing(24).prepare(tmp_path / f"image.{kind}").pixels
    with Image.open(tmp_path / f"image.{kind}") as plain:
        assert np.array_equal(image, np.asarray(plain.convert("RGB")))


@pytest.mark.parametrize("kind", ["eps", "pdf", "xbm", "dds", "icns", "spider"])
def test_formats_that_are_not_known_are_refused_with_those_that_are(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"image.{kind}"
    image = picture(1, (16, 16), {"xbm": "L", "spider": "L"}.get(kind, "RGB"))
    image.convert({"xbm": "1", "spider": "F"}.get(kind, "RGB")).save(path, format=kind.upper())
    with pytest.raises(FileFormatError, match=r"not an image of a known format.* Known formats: JPEG, PNG, .*WebP"):
        read_image(path)


@pytest.mark.skipif(os.name == "nt", reason="a shell script")
def test_no_program_is_started_for_an_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = tmp_path / "started"
    (tmp_path / "bin").mkdir()
    ghostscript = tmp_path / "bin" / "gs"
    ghostscript.write_text(f"#!/bin/sh\ntouch {started}\n")
    ghostscript.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    Image.new("RGB", (8, 8)).save(tmp_path / "image.png", format="EPS")
    with pytest.raises(FileFormatError):
        read_image(tmp_path / "image.png")
    assert not started.exists()
    assert not {"EPS", "WMF", "PDF", "FPX", "MIC"} & FORMATS.keys()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_pipes_and_devices_are_named_and_not_read(tmp_path: Path, kind: str) -> None:
    images = fill(tmp_path / "images", {"a": 4, "b": 4})
    odd = images / "a" / "odd.png"
    os.mkfifo(odd) if kind == "pipe" else odd.symlink_to("/dev/zero")
    data = from_folder(images, cache_dir=tmp_path / "cache")
    assert data.report.skipped == {"a/odd.png": "is a pipe or a device, not a file. Give a file name"}
    for read in (read_image, source.load, upright_size):
        with pytest.raises(MissingFileError, match="is a pipe or a device"):
            read(odd)  # type: ignore[operator]
    with pytest.raises(MissingFileError, match="is a pipe or a device"):
        from_folder(odd, cache_dir=tmp_path / "cache")


def test_an_address_is_given_back_as_it_was_typed(tmp_path: Path) -> None:
    typed = Path("https://example.org/photos/cat.jpg")
    for read in (read_image, source.load, from_folder):
        with pytest.raises(MissingFileError, match=r"^https://example\.org/photos/cat\.jpg is an internet address"):
            read(typed)  # type: ignore[operator]


@pytest.mark.parametrize(("depth", "colour"), [(16, 0), (8, 3), (8, 6)])
def test_an_image_with_more_pixels_than_the_bound_is_refused(tmp_path: Path, depth: int, colour: int) -> None:
    path = png(tmp_path / "image.png", 100, depth, colour)
    assert read_image(path, max_pixels=10_000)[0].size == (100, 100)
    for read in (read_image, upright_size):
        with pytest.raises(FileFormatError, match=r"has 100 × 100 pixels, but at most 9,999 are allowed.*--max-pixels"):
            read(path, max_pixels=9_999)  # type: ignore[operator]


def test_the_bound_is_an_option_of_loading(tmp_path: Path) -> None:
    images = fill(tmp_path / "images", {"a": 4, "b": 4})
    picture(9, (100, 30)).save(images / "b" / "large.png")
    assert not from_folder(images, cache_dir=tmp_path / "cache").report.skipped
    skipped = from_folder(images, cache_dir=tmp_path / "cache", max_pixels=2_999).report.skipped
    assert list(skipped) == ["b/large.png"]
    assert skipped["b/large.png"].startswith("has 100 × 30 pixels, but at most 2,999 are allowed")
    assert not from_folder(images, cache_dir=tmp_path / "cache", max_pixels=3_000).report.skipped


@pytest.mark.parametrize("most", [0, -1, 1.5, "100", True, 10**9])
def test_bounds_that_cannot_be_meant_are_refused(most: Any) -> None:
    with pytest.raises(ConfigurationError, match="max_pixels, the most pixels of an image"):
        as_max_pixels(most)


def test_images_inside_an_icon_count_too(tmp_path: Path) -> None:
    inner = png(tmp_path / "inner.png", 9_000, 8, 6, rows=1).read_bytes()
    head = struct.pack("<HHH", 0, 1, 1) + struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, len(inner), 22)
    (tmp_path / "image.ico").write_bytes(head + inner)
    with pytest.raises(FileFormatError, match="has 9,000 × 9,000 pixels"):
        read_image(tmp_path / "image.ico")


def test_tiles_larger_than_the_image_count_too(tmp_path: Path) -> None:
    path = tmp_path / "image.tiff"
    data = zlib.compress(bytes(64))
    tags = {256: 64, 257: 64, 258: 8, 259: 8, 262: 1, 277: 1, 322: 30_000, 323: 30_000, 324: 200, 325: len(data)}
    head = b"II*\0" + struct.pack("<LH", 8, len(tags))
    path.write_bytes(
        (head + b"".join(struct.pack("<HHLL", tag, 4, 1, tags[tag]) for tag in tags)).ljust(200, b"\0") + data
    )
    with pytest.raises(FileFormatError, match="has 30,000 × 30,000 pixels"):
        read_image(path)


def tags_of_the_same_bytes(order: str, count: int, size: int, head: bytes) -> bytes:
    """Make a list of tags, each of which stands for all of these bytes."""
    tags = b"".join(struct.pack(f"{order}HHLL", 0x9000 + i, 7, size - 8, 8) for i in range(count))
    return (head + struct.pack(f"{order}LH", 8, count) + tags).ljust(size, b"\0")


def test_the_tags_of_a_tiff_are_not_copied_thousands_of_times(tmp_path: Path) -> None:
    path = tmp_path / "image.tiff"
    path.write_bytes(tags_of_the_same_bytes("<", 10_000, 1 << 20, b"II*\0"))
    with pytest.raises(FileFormatError, match=r"its tags claim [0-9,]+ bytes, and it has 1,048,576"):
        read_image(path)


def test_pillow_does_not_read_the_exif_of_a_jpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions of it keep a copy of the same 64 KB for each of thousands of entries."""
    metadata = Image.Exif()
    metadata[0x0112] = 8
    path = tmp_path / "image.jpg"
    picture(1, (24, 12)).save(path, exif=metadata)
    content = path.read_bytes()
    # Without JFIF's dots an inch, Pillow looks for them in EXIF.
    path.write_bytes(content[:2] + content[content.index(b"\xff\xe1") :])

    def load(*_: object) -> None:
        raise AssertionError("all of EXIF is read")

    monkeypatch.setattr(Image.Exif, "load", load)
    with pytest.raises(AssertionError, match="all of EXIF is read"):
        Image.open(path)
    assert read_image(path)[0].size == (12, 24)


def test_a_bmp_that_leaves_out_rows_of_millions_is_refused(tmp_path: Path) -> None:
    width = 40_000_000
    head = struct.pack("<2sIHHI", b"BM", 0, 0, 0, 54 + 1024)
    head += struct.pack("<IiiHHIIiiII", 40, width, 1, 1, 8, 1, 0, 0, 0, 256, 256)
    (tmp_path / "image.bmp").write_bytes(head + bytes(1024) + b"\0\2\xff\xff" + b"\0\1")
    with pytest.raises(FileFormatError, match="has 40,000,000 pixels in a row"):
        read_image(tmp_path / "image.bmp")


def test_too_little_memory_is_said_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = fill(tmp_path / "images", {"a": 4, "b": 4})

    def no_memory(image: Image.Image, *args: Any, **options: Any) -> None:
        if image.size == (30, 30):
            raise MemoryError

    convert = reading.to_colours
    monkeypatch.setattr(reading, "to_colours", lambda *a, **o: no_memory(*a, **o) or convert(*a, **o))
    picture(9, (30, 30)).save(images / "b" / "large.png")
    data = from_folder(images, cache_dir=tmp_path / "cache")
    assert data.report.skipped == {"b/large.png": "needs more memory than is available. Make it smaller"}


def test_further_frames_that_are_damaged_do_not_matter(tmp_path: Path) -> None:
    file = io.BytesIO()
    picture(1).save(file, "GIF", save_all=True, append_images=[picture(2), picture(3)])
    path = tmp_path / "image.gif"
    path.write_bytes(file.getvalue())
    assert read_image(path)[1][1:] == ["first of several frames used"]
    file = io.BytesIO()
    picture(1).save(file, "GIF")
    path.write_bytes(file.getvalue()[:-1] + b"\x21\xff\x01")
    assert read_image(path)[0].size == (24, 24)


@pytest.mark.parametrize("brand", [b"mif1", b"msf1"])
def test_avif_that_names_its_family_first_needs_no_reader_of_heic(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, brand: bytes
) -> None:
    file = io.BytesIO()
    try:
        picture(1, mode="RGB").save(file, "AVIF")
    except (KeyError, OSError, ValueError):
        pytest.skip("this Pillow has no AVIF")
    monkeypatch.delitem(Image.OPEN, "HEIF", raising=False)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    content = file.getvalue()
    assert b"avif" in content[16:32]
    path = tmp_path / "a.avif"
    path.write_bytes(content[:8] + brand + content[12:])
    assert read_image(path)[1] == ["read AVIF, 24×24, colour"]


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_file_that_ends_in_its_head_is_damaged_and_not_unknown(tmp_path: Path, kind: str) -> None:
    picture(1).save(tmp_path / "whole", kind)
    path = tmp_path / "cut"
    path.write_bytes((tmp_path / "whole").read_bytes()[:9])
    with pytest.raises(FileFormatError, match=f"damaged {kind} image"):
        read_image(path)


def test_heic_without_its_reader_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(Image.OPEN, "HEIF", raising=False)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    path = tmp_path / "IMG_0001.HEIC"
    path.write_bytes(struct.pack(">I", 24) + b"ftypheic" + bytes(100))
    with pytest.raises(FileFormatError, match=r"HEIC photo.* pip install pillow-heif"):
        read_image(path)


def test_heic_is_read_by_what_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = struct.pack(">I", 24) + b"ftypheic" + bytes(100)

    class Photo(Image.Image):
        format = "HEIF"
        tile = ()
        fp = None

    def open_photo(file: Any, name: str) -> Image.Image:
        photo = Photo()
        plain = picture(1)
        photo.im, photo._mode, photo._size = plain.im, plain.mode, plain.size
        return photo

    def register() -> None:
        monkeypatch.setitem(Image.OPEN, "HEIF", (open_photo, lambda head: head[4:12] == b"ftypheic"))

    monkeypatch.delitem(Image.OPEN, "HEIF", raising=False)
    monkeypatch.setitem(sys.modules, "pillow_heif", types.SimpleNamespace(register_heif_opener=register))
    path = tmp_path / "IMG_0001.HEIC"
    path.write_bytes(content)
    image, notes = read_image(path)
    assert image.tobytes() == picture(1).tobytes()
    assert notes == ["read HEIF, 24×24, grey"]


def test_a_real_heic_photo_is_upright(tmp_path: Path) -> None:
    heif = pytest.importorskip("pillow_heif")
    metadata = Image.Exif()
    metadata[0x0112] = 6
    heif.from_pillow(picture(1, (64, 48), "RGB")).save(tmp_path / "a.heic", quality=-1, exif=metadata.tobytes())
    image, _ = read_image(tmp_path / "a.heic")
    assert image.size == (48, 64)
    expected = picture(1, (64, 48), "RGB").transpose(Image.Transpose.ROTATE_270)
    assert np.abs(np.asarray(image, int) - np.asarray(expected, int)).mean() < 10
    assert upright_size(tmp_path / "a.heic") == (64, 48)


def test_threads_share_the_memory_and_who_wants_more_than_all_is_alone() -> None:
    room, held, most, alone = Room(100), [0], [0], []
    lock = threading.Lock()

    def work(wanted: int) -> None:
        with room.taken(wanted):
            with lock:
                held[0] += min(wanted, 100)
                most[0] = max(most[0], held[0])
            time.sleep(0.002)
            if wanted >= 100:
                alone.append(held[0])
            with lock:
                held[0] -= min(wanted, 100)

    with ThreadPoolExecutor(8) as executor:
        list(executor.map(work, [30, 30, 30, 30, 1_000, 60, 50, 100] * 8))
    assert most[0] <= 100
    assert alone == [100] * 16
    assert held == [0]


def test_reading_in_threads_leaves_the_filters_of_warnings_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    picture(1).save(path)
    before = list(warnings.filters)
    with ThreadPoolExecutor(8) as executor:
        list(executor.map(lambda _: read_image(path), range(200)))
    assert warnings.filters == before
    with opened(path), pytest.raises(UserWarning, match="not of Pillow"):  # warnings are errors here
        warnings.warn("not of Pillow", UserWarning, stacklevel=1)


def test_only_a_jpeg_that_is_decoded_in_little_memory_counts_as_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "MAX_PIXELS", 10_000)
    monkeypatch.setattr(opening, "_ENOUGH", 20)
    path = tmp_path / "photo.jpg"
    for mode in ("L", "RGB", "CMYK"):
        Image.new(mode, (400, 300)).save(path)
        for least, size in ((30, (100, 75)), (10, (50, 38))):
            with opened(path, least=least) as image:
                image.draft(image.mode, (2 * least, 2 * least))
                assert image.size == size
        for options in ({"least": 40}, {}, {"least": 10, "max_pixels": 10_000}):
            with pytest.raises(FileFormatError, match="400 × 300 pixels"), opened(path, **options):
                pass
    assert upright_size(tmp_path / "photo.jpg") == (300, 400)
    Image.new("RGB", (400, 300)).save(path, progressive=True)
    with pytest.raises(FileFormatError, match="400 × 300 pixels"), opened(path, least=10):
        pass
    Image.new("L", (400, 300)).save(path)
    content = path.read_bytes()
    frame = content.index(b"\xff\xc0")  # now of three components, of which the first scan has one
    three = b"\xff\xc0\0\x11" + content[frame + 4 : frame + 9] + b"\x03\x01\x11\0\x02\x11\0\x03\x11\0"
    path.write_bytes(content[:frame] + three + content[frame + 13 :])
    with pytest.raises(FileFormatError, match="400 × 300 pixels"), opened(path, least=10):
        pass


BOMBS = """
import sys
from pathlib import Path
from convoscope.datasets import from_folder
folder = Path(sys.argv[1])
report = from_folder(folder / "images", cache_dir=folder / "cache", threads=3, image_size=int(sys.argv[2])).report
print(len(report.skipped), *report.skipped.values(), sep="|")
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_small_files_of_many_pixels_take_less_than_a_gigabyte(tmp_path: Path) -> None:
    images = fill(tmp_path / "images", {"a": 3, "b": 3})
    for name, depth, colour in (("a/grey.png", 16, 0), ("b/alpha.png", 8, 6)):
        assert png(images / name, 5_500, depth, colour).stat().st_size < 1_000_000
    png(images / "a" / "beyond.png", 13_300, 16, 0, rows=1)
    run = subprocess.run(
        [sys.executable, "-c", BOMBS, str(tmp_path), "64"], capture_output=True, text=True, check=True, timeout=120
    )
    reasons, peak = run.stdout.splitlines()
    assert reasons.startswith("1|has 13,300 × 13,300 pixels, but at most 50,000,000 are allowed")
    assert int(peak) < 600_000, "kB"


def test_the_list_of_formats_is_one_of_pillows() -> None:
    Image.init()
    assert set(FORMATS) - {"HEIF", "AVIF", "QOI"} <= set(Image.OPEN)
    assert opening.MAX_PIXELS == 50_000_000

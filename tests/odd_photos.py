"""More than fifty image files of every odd kind, made for tests."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, features

SIZE = (61, 43)  # (width, height)
_ORIENTATION = 0x0112
_ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def photo(size: tuple[int, int] = SIZE, mode: str = "RGB") -> Image.Image:
    """A smooth picture without symmetry."""
    rough = np.random.default_rng(5).integers(0, 256, (4, 5, 3), np.uint8)
    return Image.fromarray(rough).resize(size, Image.Resampling.BICUBIC).convert(mode)


def odd_photos(folder: Path) -> list[Path]:
    """Write them all."""
    folder.mkdir(parents=True, exist_ok=True)
    made: list[Path] = []

    def save(name: str, image: Image.Image, **options: Any) -> Path:
        image.save(folder / name, **options)
        made.append(folder / name)
        return made[-1]

    def write(name: str, content: bytes) -> None:
        (folder / name).write_bytes(content)
        made.append(folder / name)

    large = photo((400, 300))
    for orientation in (*range(1, 9), 0, 9):
        save(f"exif {orientation}.jpg", large, exif=_exif(orientation))
    for orientation in (3, 6, 7):
        save(f"exif {orientation}.png", photo(), exif=_exif(orientation))
        save(f"exif {orientation}.webp", photo(), exif=_exif(orientation), lossless=True)
        save(f"orientation {orientation}.tiff", photo(), tiffinfo={_ORIENTATION: orientation})
    cmyk = save("cmyk.jpg", large.convert("CMYK")).read_bytes()
    adobe = cmyk.index(b"\xff\xee")
    write("cmyk as YCCK.jpg", cmyk[: adobe + 15] + b"\x02" + cmyk[adobe + 16 :])
    write("cmyk without Adobe.jpg", cmyk[:adobe] + cmyk[adobe + 16 :])
    save("grey.jpg", large.convert("L"))
    save("progressive.jpg", large, progressive=True)
    save("444.jpg", large, subsampling=0, quality=98)
    save("icc.jpg", large, icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    save("icc.png", photo(), icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes())
    save("two photos.mpo", large, save_all=True, append_images=[photo((400, 300)).rotate(180)])
    save("png called.jpg", photo(), format="PNG")
    save("no suffix", photo(), format="JPEG")

    palette = photo(mode="P")
    save("palette.png", palette)
    save("palette, one clear.png", palette, transparency=palette.getpixel((0, 0)))
    save("palette, alphas.png", palette, transparency=bytes(range(256)))
    save("grey, one clear.png", photo(mode="L"), transparency=100)
    save("colour, one clear.png", photo(mode="RGB"), transparency=(10, 20, 30))
    for mode in ("1", "L", "LA", "RGBA", "I;16"):
        image = _deep_grey() if mode == "I;16" else _with_alpha(photo(mode=mode))
        save(f"{mode.replace(';', '')}.png", image)
        save(f"{mode.replace(';', '')}.tiff", image)
    for bits in (2, 4):
        save(f"{bits} bits.png", photo(mode="P").quantize(2**bits), bits=bits)
    write("16 bits, colour.png", _png(_deep(3), 16, 2))
    write("16 bits, colour and alpha.png", _png(_deep(4), 16, 6))
    write("16 bits, grey and alpha.png", _png(_deep(2), 16, 4))
    write("interlaced.png", _png(np.asarray(photo()), 8, 2, interlaced=True))
    write("16 bits, colour.tiff", _tiff(_deep(3)))
    save("big end.tiff", Image.frombytes("I;16B", SIZE, np.asarray(_deep_grey()).astype(">u2").tobytes()))
    save("floats.tiff", Image.fromarray(np.asarray(photo(mode="L")) / np.float32(255)))
    save("integers.tiff", Image.fromarray(np.asarray(photo(mode="L")).astype(np.int32) * 100))
    save("fax.tiff", photo(mode="1"), compression="group4")
    save("jpeg in.tiff", photo(), compression="jpeg")
    save("lab.tiff", Image.merge("LAB", photo().split()))
    save("cmyk.tiff", photo(mode="CMYK"))

    frames = [photo(mode="RGB").rotate(90 * number) for number in range(1, 4)]
    save("moving.gif", photo(), save_all=True, append_images=frames)
    save("moving.png", photo(), save_all=True, append_images=frames)
    save("moving.webp", photo(), save_all=True, append_images=frames, lossless=True)
    save("clear.gif", palette, transparency=3)
    save("lossy.webp", large)
    save("alpha.webp", _with_alpha(photo(mode="RGBA")), lossless=True)
    for suffix in ("bmp", "ppm", "tga", "pcx", "sgi", "dib", "ico", "qoi"):
        save(f"plain.{suffix}", photo((48, 48)) if suffix == "ico" else photo())
    for suffix, feature in (("jp2", "jpg_2000"), ("avif", "avif")):
        if features.check(feature):
            save(f"plain.{suffix}", photo())
    for size in ((1, 1), (2, 2), (1, 3000), (3000, 1), (3000, 3), (24, 24), (25, 24)):
        save(f"{size[0]} by {size[1]}.png", photo(size))
    save("strip.jpg", photo((2000, 20)))
    save("huge.jpg", photo((7000, 7000), "L"), quality=60)
    save("large.png", photo((2600, 1900)), compress_level=1)
    return made


def _exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    return exif


def _with_alpha(image: Image.Image) -> Image.Image:
    if "A" in image.getbands():
        image.putalpha(photo(image.size, "L").rotate(180))
    return image


def _deep(channels: int) -> npt.NDArray[np.uint16]:
    """Values of 16 bits, (height, width, channels)."""
    values = np.asarray(photo(mode="RGBA" if channels in (2, 4) else "RGB")).astype(np.uint16) * 257
    values[..., 0] += 77
    return values[..., [0, 3]] if channels == 2 else values[..., :channels]


def _deep_grey() -> Image.Image:
    return Image.fromarray(_deep(3)[..., 0])


def _png(values: npt.NDArray[Any], bits: int, kind: int, interlaced: bool = False) -> bytes:
    """Write PNGs that Pillow reads and does not write."""
    height, width = values.shape[:2]
    parts = [values[y::dy, x::dx] for x, y, dx, dy in _ADAM7] if interlaced else [values]
    rows = [b"\0" + row.astype(f">u{bits // 8}").tobytes() for part in parts for row in part if row.size]
    head = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, int(interlaced))
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks
    )


def _tiff(values: npt.NDArray[np.uint16]) -> bytes:
    """Write colours of 16 bits, in one strip."""
    height, width, channels = values.shape
    pixels = values.astype("<u2").tobytes()
    entries = [
        (256, 3, 1, width),
        (257, 3, 1, height),
        (258, 3, channels, 8 + len(pixels)),
        (259, 3, 1, 1),
        (262, 3, 1, 2),
        (273, 4, 1, 8),
        (277, 3, 1, channels),
        (278, 3, 1, height),
        (279, 4, 1, len(pixels)),
    ]
    file = io.BytesIO()
    file.write(b"II*\0" + struct.pack("<L", 8 + len(pixels) + 2 * channels) + pixels + struct.pack("<H", 16) * channels)
    file.write(struct.pack("<H", len(entries)))
    for tag, kind, count, value in entries:
        file.write(
            struct.pack("<HHL", tag, kind, count)
            + struct.pack(
                "<HH" if kind == 3 and count == 1 else "<L", *((value, 0) if kind == 3 and count == 1 else (value,))
            )
        )
    file.write(struct.pack("<L", 0))
    return file.getvalue()

"""A person's own image on the explorer's page: the bytes of any file, as a browser posts them."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

import convoscope as cs
from campaign.containers import PNG, png_chunk
from campaign.mutation import damage
from campaign.readers.images import ImageTrial
from convoscope.models import Rejection
from convoscope.web.explored import Explored
from convoscope.web.own_image import own_image

_NO_IMAGES = (
    b"",
    b"\0",
    b"{}",
    b"[1, 2]",
    b"<svg></svg>",
    b"%PDF-1.7\n",
    b"GIF89a",
    b"BM",
)


@dataclass(frozen=True)
class _Page:
    """What a page was opened with, and how many values its model takes."""

    explored: Explored
    count: int


class OwnImageTrial:
    """A file that may be no image becomes what a model takes and is predicted, or the answer says what is wrong."""

    def __init__(self, folder: Path) -> None:
        self.files = ImageTrial(folder)
        grey, colour = (9, 7, 1), (8, 10, 3)
        crop = cs.Preprocessing(colour[:2], fit="crop", resize=11, interpolation="bicubic").as_dict()
        negative = np.linspace(-1, 1, 2 * 63, dtype=np.float32).reshape(2, *grey)
        self.pages = [
            _page(colour, preprocessing=crop, refuses=True),
            _page(grey, np.random.default_rng(1).random((2, *grey), np.float32)),
            _page(grey, negative),
            _page(grey, images=True),
        ]

    def make(self, rng: Random) -> bytes:
        """Damage an image, or take something that is none; the first byte says for which page."""
        drawn = rng.random()
        if drawn < 0.1:
            content = rng.choice([*_NO_IMAGES, rng.randbytes(rng.randrange(3000))])
        elif drawn < 0.15:
            content = _huge(rng)
        elif drawn < 0.3:
            _, whole = rng.choice(self.files.samples)
            content = whole if rng.random() < 0.5 else damage(rng, whole[: rng.randrange(len(whole))])
        else:
            content = self.files.make(rng)
        return bytes([rng.randrange(len(self.pages))]) + content

    def read(self, content: bytes, folder: Path) -> None:
        """Ask about it, and look at the answer as the page does."""
        page = self.pages[content[0]]
        answer = json.loads(json.dumps(own_image(page.explored, content[1:]), allow_nan=False))
        if "problem" in answer:
            assert answer["problem"].strip(), "nothing is said of what is wrong"
            return
        values = np.frombuffer(base64.b64decode(answer["image"], validate=True), "<f4")
        assert values.shape == (page.count,), f"{values.shape} values"
        low, high = page.explored.input_range
        assert np.all((low <= values) & (values <= high)), "values beyond the range"
        if "probabilities" in answer:
            np.testing.assert_allclose(np.sum(answer["probabilities"]), 1, atol=1e-4)


def _page(
    shape: tuple[int, int, int],
    x: np.ndarray[tuple[int, ...], np.dtype[np.float32]] | None = None,
    *,
    preprocessing: dict[str, object] | None = None,
    refuses: bool = False,
    images: bool = False,
) -> _Page:
    flat, count = cs.layers.Flatten(input_shape=shape), int(np.prod(shape))
    if images:
        layers = [flat, cs.layers.Dense(count, activation="sigmoid"), cs.layers.Reshape(shape)]
    else:
        layers = [flat, cs.layers.Rescaling(1 / 255), cs.layers.Dense(3, activation="softmax")]
    model = cs.Sequential(layers, seed=1)
    model.preprocessing = preprocessing
    if refuses:
        kernel, bias = (np.asarray(each) for each in model.layers[-1].get_weights())
        centres = np.full((3, count), count**-0.5, np.float32)
        model.rejection = Rejection(centres, kernel, bias, 0.2, 0.1, -1.0, 1.0, 2.0, 0.05)
    return _Page(Explored(model, x), count)


def _huge(rng: Random) -> bytes:
    """Return a small PNG that says that it has very many pixels, and perhaps has a part of them."""
    width, height = (rng.choice((1, 7, 7_000, 60_000, 2**31 - 1)) for _ in range(2))
    depth, colour = rng.choice(((1, 0), (8, 2), (16, 6), (8, 3)))
    packed = zlib.compress(bytes(rng.choice((10, 1_000_000))), 9)
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, rng.randrange(2))),
        (b"PLTE", bytes(768)),
        (b"IDAT", packed),
        (b"IEND", b""),
    )
    return PNG + b"".join(png_chunk(*each) for each in chunks)

"""Three scenes that nobody would take for each other, as pictures and as a video for Chromium's fake camera."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]

COLOURS = {"Stripes": (215, 60, 40), "Checks": (40, 190, 60), "Rings": (50, 70, 220)}
WIDTH, HEIGHT = 320, 240
FRAMES, RATE = 36, 12  # of a scene; a second


def scene(name: str, moment: int, width: int = WIDTH, height: int = HEIGHT) -> Pixels:
    """A scene at a moment: its pattern moves, and there is noise on it."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    x, y = x + 3 * (moment % 11), y + 2 * (moment % 7)
    patterns = {
        "Stripes": lambda: np.sin(y / 5),
        "Checks": lambda: np.sign(np.sin(x / 9) * np.sin(y / 9)),
        "Rings": lambda: np.sin(np.hypot(x - width / 2, y - height / 2) / 6),
    }
    shade = 0.65 + 0.35 * patterns[name]()
    noise = np.random.default_rng(moment).normal(0, 6, (height, width, 3))
    found: Pixels = (np.array(COLOURS[name]) * shade[..., None] + noise).clip(0, 255).astype(np.uint8)
    return found


def write_video(path: Path) -> None:
    """Write one scene after the other as YUV4MPEG2, which Chromium plays for ever."""
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{RATE}:1 Ip A1:1 C420jpeg\n".encode())
        for name in COLOURS:
            for moment in range(FRAMES):
                y, cb, cr = Image.fromarray(scene(name, moment)).convert("YCbCr").split()
                half = (WIDTH // 2, HEIGHT // 2)
                planes = y.tobytes(), cb.resize(half).tobytes(), cr.resize(half).tobytes()
                file.write(b"FRAME\n" + b"".join(planes))


def seen(page: Any) -> str:
    """The scene that a page's camera shows, by the mean of its middle."""
    mean = page.evaluate(
        """() => {
            const canvas = document.querySelector(".seen canvas");
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            const sums = [0, 0, 0];
            for (let i = 0; i < data.length; i++) if (i % 4 < 3) sums[i % 4] += data[i];
            return sums;
        }"""
    )
    return list(COLOURS)[int(np.argmax(mean))]

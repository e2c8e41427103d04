"""Take the README's pictures of the explorer's page: ``python tools/make_explorer_images.py FOLDER``.

Trains the lesson's network on Fashion-MNIST for ten epochs and a dense one beside it for three, into FOLDER, unless
they are there; then writes ``docs/images/explorer-*.webp``. Needs Playwright (``pip install playwright``) and Chromium
(``apt install chromium``).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
from page_pictures import phone, take, wide

from convoscope.cli.explore import load
from convoscope.web.explorer import site

RUNS = {"cnn-2": ["--epochs", "10", "--val", "0.1", "--snapshots"], "dense": ["--epochs", "3"]}


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(sys.argv[1])
    for model, options in RUNS.items():
        if not (folder / model / "report.json").exists():
            command = ["train", "fashion-mnist", "--model", model, *options, "--out", str(folder / model)]
            subprocess.run([sys.executable, "-m", "convoscope", *command], check=True)
    explored = load(folder / "cnn-2", None, None, folder / "dense")
    assert explored.found is not None
    assert explored.labels is not None
    shirt, top = (explored.found.names.index(name) for name in ("Shirt", "T-shirt/top"))
    taken = int(np.flatnonzero((explored.labels == shirt) & (explored.found.predicted == top))[0])
    take(
        site(explored),
        {
            "explorer-overview": ("image=0", wide(height=800)),
            "explorer-network": ("view=network&image=0", wide(height=1000)),
            "explorer-mistakes": (f"view=mistakes&cell={shirt},{top}&image={taken}", wide("dark", height=1000)),
            "explorer-beside": ("view=beside&image=25", wide(height=1000)),
            "explorer-epoch": ("view=network&image=0&epoch=1", wide(height=1000)),
            "explorer-phone": ("image=0", phone("dark")),
        },
        wait=2500,
        pointers={"explorer-overview": (754, 370)},
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

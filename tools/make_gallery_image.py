"""Take the README's picture of the gallery: ``python tools/make_gallery_image.py``.

Writes ``docs/images/gallery.webp``. Needs Playwright (``pip install playwright``) and Chromium (``apt install
chromium``).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from page_pictures import take, wide

from convoscope.exhibition.page import site


def main() -> int:
    with tempfile.TemporaryDirectory() as empty:  # no runs of the person at this machine
        take(site(Path(empty)), {"gallery": ("", wide(height=1200))}, wait=20_000)  # until the digits are learned
    return 0


if __name__ == "__main__":
    sys.exit(main())

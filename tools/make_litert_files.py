"""Write small files for LiteRT, and what LiteRT computes with them, for the tests of the writer.

Run it where LiteRT is installed (``pip install flatbuffers ai-edge-litert``): ``python tools/make_litert_files.py``.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from convoscope.interchange.litert.runtime import Runtime  # noqa: E402
from convoscope.interchange.litert.writer.file import content, content_of, network_of, quantized  # noqa: E402
from convoscope.interchange.litert.writer.int8 import ranges_of  # noqa: E402

# Tests are checked by less strict rules than tools.
litert_files: Any = import_module("tests.interchange.litert_files")
FOLDER = ROOT / "tests" / "interchange" / "files"


def main() -> None:
    """Write everything."""
    model, images = litert_files.written_network(), litert_files.written_images()
    floats, (eight, _) = content_of(model), quantized(model, images)
    network = network_of(model)
    ranges = ranges_of(network, content(model, network), [images])
    (FOLDER / "written.tflite").write_bytes(floats)
    (FOLDER / "written_int8.tflite").write_bytes(eight)
    np.savez_compressed(
        FOLDER / "written.npz",
        floats=Runtime(floats).output(0, [images]),
        int8=Runtime(eight).output(0, [images]),
        names=[tensor.name for tensor in ranges],
        ranges=list(ranges.values()),
    )


if __name__ == "__main__":
    main()

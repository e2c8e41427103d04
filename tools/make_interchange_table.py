"""Measure by how much files of other programs compute otherwise than the models in them, and write the table of it.

``python tools/make_interchange_table.py onnx`` measures a format, in an environment that has what reads it (``pip
install onnx onnxruntime``), and writes what it found in ``docs/interchange.json``, and the page ``docs/interchange.md``
of all formats that were measured. Without a format it only writes the page.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from convoscope import applications  # noqa: E402
from convoscope.models.presets import build_preset, preset_names  # noqa: E402

# Tests are checked by less strict rules than tools.
onnx_files: Any = import_module("tests.interchange.onnx_files")
FOUND, PAGE = ROOT / "docs" / "interchange.json", ROOT / "docs" / "interchange.md"
KNOWN = ("ResNet18", "MobileNetV2")
#: By a model, the largest difference of an output, as a share of the largest output.
Measuring = Callable[[Any], float]


@dataclass(frozen=True)
class Judge:
    """Who reads a format's files and computes with them.

    Attributes
    ----------
    title : str
        The heading of the format's columns.
    tested : str
        With which versions, and how.
    measure : callable
    """

    title: str
    tested: str
    measure: Measuring


def onnx() -> Judge:
    """ONNX Runtime on files of all opsets."""
    import onnx as library
    import onnxruntime

    def runtime(content: bytes, inputs: dict[str, Any]) -> Any:
        return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"]).run(None, inputs)

    def measure(model: Any) -> float:
        large = model.count_params() > 1_000_000
        ways = [{"opset": 17}] if large else [{"opset": n} for n in (13, 15, 17, 20, 22)] + [{"nchw": True}]
        counts = (1, 2) if large else (1, 7)
        worst: float = max(onnx_files.largest_difference(model, runtime, counts, **options) for options in ways)
        return worst

    versions = f"onnx {library.__version__} and ONNX Runtime {onnxruntime.__version__}"
    return Judge("ONNX", f"{versions}; opsets 13, 15, 17, 20 and 22, with images of either layout", measure)


JUDGES: dict[str, Callable[[], Judge]] = {"onnx": onnx}


def measured(judge: Judge) -> dict[str, Any]:
    """Return what a judge says of every layer, of each kind the worst, and of networks."""
    layers: dict[str, float] = {}
    for row in onnx_files.LAYERS:
        kind = type(row.layer).__name__
        layers[kind] = max(layers.get(kind, 0.0), judge.measure(onnx_files.model_of(row)))
    networks = {name.replace("_", " "): judge.measure(onnx_files.network(name)) for name in onnx_files.NETWORKS}
    networks |= {
        f"lessons: {name}": judge.measure(build_preset(name, (28, 28, 1), 10, seed=3)) for name in preset_names()
    }
    networks |= {name: judge.measure(onnx_files.known_network(name)) for name in KNOWN}
    networks["EfficientNetLite0, published weights"] = judge.measure(applications.EfficientNetLite0())
    return {"title": judge.title, "tested": judge.tested, "layers": layers, "networks": networks}


def page(found: dict[str, Any]) -> str:
    """Return the table of all formats."""
    formats = list(found.values())
    lines = [
        "# Files of other programs",
        "",
        "Every layer and some networks, with random weights and inputs, were written in each format and computed by",
        "the program that reads it. A cell has the largest difference between its outputs and those of `predict`, as",
        "a share of the largest output; 1.2e-07 is one step of a float32. *exact*: there was none.",
        "`python tools/make_interchange_table.py FORMAT` measures, and makes this page.",
        "",
        *(f"- {each['title']}: {each['tested']}." for each in formats),
    ]
    for what, heading in (("layers", "Layer"), ("networks", "Network")):
        names = dict.fromkeys(name for each in formats for name in sorted(each[what]))
        lines += ["", _row([heading, *(each["title"] for each in formats)]), _row(["---"] * (len(formats) + 1))]
        lines += [_row([name, *(_cell(each[what].get(name)) for each in formats)]) for name in names]
    return "\n".join([*lines, ""])


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(difference: float | None) -> str:
    if difference is None:
        return "not tried"
    return f"{difference:.1e}" if difference else "exact"


def main() -> None:
    """Measure the formats that are named, and write the page."""
    found: dict[str, Any] = json.loads(FOUND.read_text()) if FOUND.exists() else {}
    for name in sys.argv[1:]:
        found[name] = measured(JUDGES[name]())
    FOUND.write_text(json.dumps(found, indent=1) + "\n")
    PAGE.write_text(page(found))


if __name__ == "__main__":
    main()

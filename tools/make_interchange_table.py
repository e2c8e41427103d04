"""Measure by how much files of other programs compute otherwise than the models in them, and write the table of it.

``python tools/make_interchange_table.py onnx`` measures a format, in an environment that has what reads it (``pip
install onnx onnxruntime``), and writes what it found in ``docs/interchange.json``, and the page ``docs/interchange.md``
of all formats that were measured. Without a format it only writes the page.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from interchange_judges import JUDGES, Judge, Measuring, onnx_files  # noqa: E402

from convoscope import applications  # noqa: E402
from convoscope.errors import ConfigurationError, FileFormatError  # noqa: E402
from convoscope.models.presets import build_preset, preset_names  # noqa: E402

FOUND, PAGE = ROOT / "docs" / "interchange.json", ROOT / "docs" / "interchange.md"
KNOWN = ("ResNet18", "MobileNetV2")
#: What goes which way, for the page.
DIRECTIONS = (
    "ONNX, Keras and LiteRT: Convoscope writes files, and reads its own files and those of other programs. PyTorch: it",
    "writes the source of a module with its weights, and reads modules (`cs.from_torch`) and checkpoints of known",
    "networks (`weights=` in `cs.applications`). C: it only writes.",
)


def measured(judge: Judge) -> dict[str, Any]:
    """Return what a judge says of every layer, of each kind the worst, and of networks, on each way."""
    found: dict[str, Any] = {"title": judge.title, "tested": judge.tested}
    for way, measure in (("out", judge.out), ("back", judge.back)):
        if measure is not None:
            found[way] = {"layers": _of_layers(measure), "networks": _of_networks(measure)}
    return found


def _of_layers(measure: Measuring) -> dict[str, float | None]:
    found: dict[str, list[float | None]] = {}
    for row in onnx_files.LAYERS:
        found.setdefault(type(row.layer).__name__, []).append(_judged(measure, onnx_files.model_of(row)))
    return {kind: _worst(values) for kind, values in found.items()}


def _of_networks(measure: Measuring) -> dict[str, float | None]:
    found = {name.replace("_", " "): _judged(measure, onnx_files.network(name)) for name in onnx_files.NETWORKS}
    for name in preset_names():
        found[f"lessons: {name}"] = _judged(measure, build_preset(name, (28, 28, 1), 10, seed=3))
    for name in KNOWN:
        found[name] = _judged(measure, onnx_files.known_network(name))
    found["EfficientNetLite0, published weights"] = _judged(measure, applications.EfficientNetLite0())
    return found


def _judged(measure: Measuring, model: Any) -> float | None:
    """Return a difference; None where the format has no words for the model, or we don't read it from others."""
    try:
        return measure(model)
    except (ConfigurationError, FileFormatError) as error:
        print(f"  refused: {error}")
        return None


def _worst(values: list[float | None]) -> float | None:
    """Return the largest of the differences that there are."""
    known = [value for value in values if value is not None]
    return max(known) if known else None


def page(found: dict[str, Any]) -> str:
    """Return the table of all formats."""
    formats = list(found.values())
    lines = [
        "# Exported and imported models, layer by layer",
        "",
        "Look up which layers can be exported to which format, and how closely the results agree. How to export and",
        "import: [Export and import](export.md).",
        "",
        "We exported every layer and some networks, with random weights and inputs, to each format. Each cell has the",
        "largest difference from the outputs of `predict`, relative to the largest output; 1.2e-07 is the rounding",
        "step of float32. *out*: another program ran our file. *back*: we read the file again as if another program",
        "had written it, without our own description of the model. *exact*: no difference. A dash: Convoscope refuses,",
        "and the message says why.",
        "",
        *DIRECTIONS,
        "",
        "`python tools/make_interchange_table.py FORMAT` takes the measurements and writes this page.",
        "",
        *(f"- {each['title']}: {each['tested']}." for each in formats),
    ]
    columns = [(each, way) for each in formats for way in ("out", "back") if way in each]
    for what, heading in (("layers", "Layer"), ("networks", "Network")):
        names = dict.fromkeys(name for each, way in columns for name in sorted(each[way][what]))
        lines += ["", _row([heading, *(f"{each['title']}, {way}" for each, way in columns)])]
        lines += [_row(["---"] * (len(columns) + 1))]
        lines += [_row([name, *(_cell(each[way][what], name) for each, way in columns)]) for name in names]
    return "\n".join([*lines, ""])


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(values: dict[str, float | None], name: str) -> str:
    if name not in values:
        return "not tried"
    difference = values[name]
    if difference is None:
        return "–"
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

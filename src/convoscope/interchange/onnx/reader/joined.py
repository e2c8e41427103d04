"""Several nodes that are one layer here: a ReLU with a learned slope, and max pooling of a padded image."""

from __future__ import annotations

from convoscope.interchange.onnx.reader.network import OnnxNode
from convoscope.interchange.onnx.reader.normalizing import Search

_NEVER_WINS = -1e30  # what is below loses against any value of a network


def joined(search: Search, node: OnnxNode) -> OnnxNode | None:
    """Return one node that computes what this one does with those before it; None where there is none.

    Examples
    --------
    >>> import numpy as np
    >>> above = OnnxNode("Greater", "", ["x", "0"], ["c"])
    >>> share = OnnxNode("Mul", "", ["slope", "x"], ["s"])
    >>> constants = {"slope": np.ones(3), "0": np.zeros(())}
    >>> search = Search(constants, {"c": above, "s": share}, {"0": np.zeros(())})
    >>> joined(search, OnnxNode("Where", "", ["c", "x", "s"], ["y"])).op
    'PRelu'
    """
    if node.op == "Where":
        return _parametric(search, node)
    return _over_padded(search, node) if node.op == "MaxPool" else None


def _parametric(search: Search, node: OnnxNode) -> OnnxNode | None:
    """Where x > 0, x, else x × a constant."""
    x = node.input(1)
    above = search.maker(node.input(0), "Greater", "GreaterOrEqual")
    share = search.maker(node.input(2), "Mul")
    if above is None or share is None or above.input(0) != x or search.number(above.input(1)) != 0:
        return None
    factors = [name for name in share.inputs if name != x]
    if len(share.inputs) != 2 or len(factors) != 1 or search.array(factors[0]) is None:
        return None
    return OnnxNode("PRelu", node.name, [x, factors[0]], node.outputs, opset=node.opset, title=node.title)


def _over_padded(search: Search, node: OnnxNode) -> OnnxNode | None:
    """Max pooling of an image padded with values that never win: the pads become those of the pooling."""
    before = search.maker(node.input(0), "Pad", through=())
    own = node.setting("pads", [0, 0, 0, 0])
    if before is None or node.text("auto_pad", "NOTSET") != "NOTSET" or len(own) != 4:
        return None
    if before.text("mode", "constant") != "constant" or before.input(3) or not _fills_low(search, before):
        return None
    pads = _pads(search, before)
    if pads is None or len(pads) != 8 or min(pads) < 0 or any(pads[at] for at in (0, 1, 4, 5)):
        return None
    around = [mine + theirs for mine, theirs in zip(own, [*pads[2:4], *pads[6:8]], strict=True)]
    if any(size <= most for size, most in zip(node.setting("kernel_shape", []) * 2, around, strict=False)):
        return None  # a window could see nothing of the image
    settings = {**node.settings, "pads": around}
    inputs = [before.input(0), *node.inputs[1:]]
    return OnnxNode("MaxPool", node.name, inputs, node.outputs, settings, opset=node.opset, title=node.title)


def _fills_low(search: Search, node: OnnxNode) -> bool:
    fill = search.number(node.input(2)) if node.input(2) else node.setting("value", 0.0)
    return fill is not None and fill <= _NEVER_WINS


def _pads(search: Search, node: OnnxNode) -> list[int] | None:
    if not node.input(1):
        return node.setting("pads")  # type: ignore[no-any-return]
    array = search.array(node.input(1))
    return None if array is None else [int(each) for each in array.reshape(-1)]

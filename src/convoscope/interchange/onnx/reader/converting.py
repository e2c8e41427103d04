"""A model of an ONNX graph: its nodes one after the other, each by the operator's meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from convoscope.checks import shape as as_shape
from convoscope.errors import ConfigurationError, ConvoscopeError
from convoscope.interchange.onnx.reader import operators
from convoscope.interchange.onnx.reader.context import FREE_BATCH, OPERATORS, Context
from convoscope.interchange.onnx.reader.flattened import unflatten
from convoscope.interchange.onnx.reader.folding import folded
from convoscope.interchange.onnx.reader.layout import Value, axis, in_order
from convoscope.interchange.onnx.reader.messages import ValueRecord
from convoscope.interchange.onnx.reader.network import ODD, OnnxGraph, OnnxNode, UnsupportedError
from convoscope.interchange.onnx.reader.orientation import has_channels_first
from convoscope.interchange.onnx.reader.patterns import recognize
from convoscope.interchange.onnx.reader.tensors import FLOATS, TYPE_NAMES
from convoscope.layers import Activation, Input
from convoscope.models import Model
from convoscope.types import Shape

__all__ = ["Converted", "convert", "operators"]

_PIXELS = (2, 3, 4, 5)  # whole numbers of 8 and 16 bits, as pixels are
_QUANTIZED = (
    "QuantizeLinear",
    "DequantizeLinear",
    "DynamicQuantizeLinear",
    "QLinearConv",
    "QLinearMatMul",
    "ConvInteger",
    "MatMulInteger",
)
_WHY = {
    **dict.fromkeys(_QUANTIZED, "it belongs to a quantized network; export the network before quantization"),
    **dict.fromkeys(("If", "Loop", "Scan", "SequenceMap"), "it contains its own graph and decides at run time"),
    "ArgMax": "it picks the class; leave it out, because predictions are probabilities",
}
_MOST_NAMED, _MOST_INPUTS = 12, 64


class NotConvertibleError(Exception):
    """All the nodes that cannot be layers, in one message."""


@dataclass(frozen=True)
class Converted:
    """A model, and how its arrays lie beside ONNX's.

    Attributes
    ----------
    model : Model
    inputs, outputs : tuple of tuple of int
        For each of our axes, the batch axis included, which of ONNX's it is: (0, 2, 3, 1) where ONNX has the channels
        first. One number for each image has an axis of length 1 here, and none in ONNX.
    """

    model: Model
    inputs: tuple[tuple[int, ...], ...]
    outputs: tuple[tuple[int, ...], ...]


def convert(graph: OnnxGraph, input_shape: Sequence[int] | None = None) -> Converted:
    """Make a model of a checked graph.

    Parameters
    ----------
    graph : OnnxGraph
    input_shape : tuple of int, optional
        Height, width and channels, for a graph that leaves them open.

    Raises
    ------
    NotConvertibleError
        There are nodes for which there are no layers, or sizes that are left open.
    """
    unflatten(graph)
    recognize(graph)
    readers = graph.readers()
    inputs = [record for record in graph.inputs if readers[record.name]]
    if not inputs:
        raise NotConvertibleError("none of its outputs is computed from an input")
    if len(inputs) > _MOST_INPUTS:
        raise NotConvertibleError(f"it has {len(inputs):,} inputs, but at most {_MOST_INPUTS} are supported")
    starts = [_Start(graph, record, input_shape) for record in inputs]
    batches = {start.batch for start in starts}
    if len(batches) > 1:
        raise NotConvertibleError(f"its inputs are for batches of different sizes, {sorted(batches)}")
    context = Context(graph, batches.pop())
    symbols = [Input(start.shape, name=_plain(start.record.name)) for start in starts]
    for start, symbol in zip(starts, symbols, strict=True):
        groups = [axis(size) for size in start.sizes]
        context.values[start.record.name] = Value(
            symbol, tuple(groups), tuple(groups[place - 1] for place in start.order[1:]) or ((),)
        )
        if start.record.data_type in _PIXELS:
            context.whole.add(start.record.name)
    _convert_nodes(context)
    ends = [_end(context, record.name) for record in graph.outputs]
    outputs = [value.symbol for value, _ in ends]
    model = Model(symbols[0] if len(symbols) == 1 else symbols, outputs[0] if len(outputs) == 1 else outputs)
    return Converted(model, tuple(start.order for start in starts), tuple(order for _, order in ends))


class _Start:
    """An input: its sizes for ONNX, its shape for us, and which of ONNX's axes each of ours is."""

    def __init__(self, graph: OnnxGraph, record: ValueRecord, told: Sequence[int] | None) -> None:
        self.record, self.format = record, graph.format
        if record.data_type not in (*FLOATS, *_PIXELS):
            kind = TYPE_NAMES.get(record.data_type, record.data_type)
            raise NotConvertibleError(f"its input {record.name!r:.80} takes {kind}, but models take floats or pixels")
        sizes = record.sizes
        if not sizes:
            shown = "an unknown shape" if sizes is None else "no axes"
            raise NotConvertibleError(f"its input {record.name!r:.80} has {shown}; a batch axis is needed")
        if len(sizes) > 8:
            raise NotConvertibleError(f"its input {record.name!r:.80} has {len(sizes)} axes")
        self.batch = sizes[0] if isinstance(sizes[0], int) else FREE_BATCH
        first = len(sizes) == 4 and has_channels_first(graph, record)
        self.order = (0, 2, 3, 1) if first else tuple(range(len(sizes)))
        known = [sizes[place] for place in self.order[1:]]
        self.shape = self._settled(known, told) or (1,)  # one number for each image has an axis of its own
        self.sizes = [self.shape[self.order.index(place) - 1] for place in range(1, len(sizes))]

    def _settled(self, known: list[int | str | None], told: Sequence[int] | None) -> Shape:
        open_sizes = not all(isinstance(size, int) for size in known)
        if told is None and open_sizes:
            shown = ", ".join("?" if not isinstance(size, int) else str(size) for size in known)
            raise ConfigurationError(
                f"The {self.format} file leaves sizes of its input {self.record.name!r:.80} open: ({shown}). Give "
                "them: convoscope import FILE --input-shape 224x224x3, or in Python "
                "convoscope.interchange.formats.read(path, input_shape=(224, 224, 3))."
            )
        if told is None:
            return tuple(int(size) for size in known if isinstance(size, int))
        told = as_shape(told, "input_shape", f"The {self.format} file")
        if len(told) != len(known) or any(isinstance(k, int) and k != t for k, t in zip(known, told, strict=True)):
            shown = ", ".join("?" if not isinstance(size, int) else str(size) for size in known)
            raise ConfigurationError(f"input_shape={tuple(told)} does not fit the file's input, which is ({shown}).")
        return told


def _convert_nodes(context: Context) -> None:
    """Make layers of all nodes, and say of which it cannot be done, all in one message."""
    refused: list[tuple[OnnxNode, str]] = []
    lost: set[str] = set()
    for node in context.graph.nodes:
        if lost & set(node.inputs):
            lost.update(node.outputs)  # what reads what could not be made; said once is enough
            if node.domain or (node.op not in OPERATORS and node.op not in _FOLDED_WITH):
                refused.append((node, _why(node)))
            continue
        try:
            if not folded(context, node):
                _apply(context, node)
        except (UnsupportedError, ConvoscopeError) as error:
            refused.append((node, str(error)))
            lost.update(node.outputs)
        except ODD as error:
            refused.append((node, f"its settings or constants do not fit together: {error}"))
            lost.update(node.outputs)
    if refused:
        what = "nodes" if context.graph.format == "ONNX" else "operators"
        raise NotConvertibleError(_together(refused, what))


_FOLDED_WITH = ("Shape", "Size", "Constant", "ConstantOfShape", "Equal", "Where", "Range")


def _apply(context: Context, node: OnnxNode) -> None:
    if node.domain or node.op not in OPERATORS or UnsupportedError in node.settings.values():
        raise UnsupportedError(_why(node))
    if not node.outputs or (node.inputs and not node.input(0)):
        raise UnsupportedError("it has no input or no output")
    made = OPERATORS[node.op](context, node)
    values = made if isinstance(made, list) else [made]
    for name, value in zip(node.outputs, values, strict=False):
        told = context.graph.sizes.get(name)
        if told is not None and (len(told) != len(value.shape) or any(map(_differ, told, value.shape))):
            raise UnsupportedError(f"its output has shape {value.shape}, but according to the file {tuple(told)}")
    context.values.update((name, value) for name, value in zip(node.outputs, values, strict=False) if name)
    if context.whole & set(node.inputs) and node.op != "Cast":
        context.whole.update(node.outputs)


def _differ(told: int | None, size: int) -> bool:
    return told is not None and told != size


def _why(node: OnnxNode) -> str:
    if node.refusal:
        return node.refusal
    if node.domain:
        return f"it belongs to another operator set, {node.domain!r:.60}"
    return _WHY.get(node.op, "there is no layer for it")


def _together(refused: Sequence[tuple[OnnxNode, str]], what: str) -> str:
    alike: dict[tuple[str, str], list[str]] = {}
    for node, why in refused:
        alike.setdefault((node.kind[:80], why), []).append(node.shown[:60])
    shown = [
        f"{kind} {names[0]!r}{f' and {len(names) - 1} more' if len(names) > 1 else ''} ({why})"
        for (kind, why), names in list(alike.items())[:_MOST_NAMED]
    ]
    left = len(refused) - sum(len(names) for names in list(alike.values())[:_MOST_NAMED])
    return f"it has {what} that cannot be layers: {'; '.join(shown)}{f'; and {left} more' if left else ''}"


def _end(context: Context, name: str) -> tuple[Value, tuple[int, ...]]:
    """Return an output as it comes out: images with the channels last, all else in ONNX's order."""
    if name not in context.values:
        raise NotConvertibleError(f"its output {name!r:.80} is computed from constants alone")
    value = context.values[name]
    if not value.symbol.node.inputs:  # an input as it came: a model's output is what a layer makes
        value = value.of(context.call(Activation("linear"), value.symbol))
    if len(value.logical) == 3 and context.graph.format == "ONNX":
        channels, rows, columns = value.logical
        if value.physical == (rows, columns, channels) != value.logical:
            return value, (0, 2, 3, 1)
    return in_order(value), tuple(range(len(value.logical) + 1))


def _plain(name: str) -> str:
    kept = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "_.-") else "_" for sign in name)[:80]
    return kept or "input"

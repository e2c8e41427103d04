"""What stands in a LiteRT file, as far as a network is made of it, with every index checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from convoscope.interchange.litert.reader.flatbuffer import Table
from convoscope.interchange.litert.schema import LARGEST_OLD_CODE, OPERATORS, VERSION
from convoscope.interchange.onnx.reader.wire import DamagedError

_NAMES = {number: name for name, (number, _) in OPERATORS.items()}
#: Operators that are not read, and have no row in the schema; so that messages can name them.
_OTHERS = {
    7: "EMBEDDING_LOOKUP", 16: "LSTM", 24: "RNN", 27: "SVDF", 32: "CUSTOM", 35: "UNIDIRECTIONAL_SEQUENCE_RNN",
    44: "UNIDIRECTIONAL_SEQUENCE_LSTM", 48: "TOPK_V2", 51: "DELEGATE", 52: "BIDIRECTIONAL_SEQUENCE_LSTM", 66: "SIN",
    79: "ARG_MIN", 85: "ONE_HOT", 90: "FLOOR_DIV", 94: "FILL", 95: "FLOOR_MOD", 96: "RANGE", 105: "REVERSE_V2",
    107: "GATHER_ND", 108: "COS", 109: "WHERE", 110: "RANK", 118: "IF", 119: "WHILE", 120: "NON_MAX_SUPPRESSION_V4",
    121: "NON_MAX_SUPPRESSION_V5", 122: "SCATTER_ND", 124: "DENSIFY", 128: "CUMSUM", 129: "CALL_ONCE", 132: "CONV_3D",
    142: "VAR_HANDLE", 143: "READ_VARIABLE", 144: "ASSIGN_VARIABLE", 206: "STABLEHLO_COMPOSITE",
}  # fmt: skip
_MOST_AXES = 16


@dataclass(eq=False)
class TensorRecord:
    """A value of the graph: a constant where `content` has its bytes.

    Attributes
    ----------
    name : str
        As the file has it. Several may have the same.
    value : str
        A name that no other has.
    sizes : list of int
        -1 where a size is free.
    kind : int
        The number of its type.
    scale, zero_point, axis
        How whole numbers stand for real ones, one for each index of an axis or one for all; None if they do not.
    """

    name: str
    value: str
    sizes: list[int]
    kind: int
    content: memoryview | None = None
    scale: Any = None
    zero_point: Any = None
    axis: int = 0
    is_odd: str = ""

    @property
    def rank(self) -> int:
        """How many axes it has, the batch axis included."""
        return len(self.sizes)


@dataclass(eq=False)
class OperatorRecord:
    """An operator: its name in the schema, its options, and the numbers of the tensors that it reads and makes."""

    op: str
    options: Table | None
    inputs: list[int]
    outputs: list[int]
    custom: str = ""
    #: Of one that stands for several: settings of its nodes beside those of its options.
    settings: dict[str, Any] = field(default_factory=dict)

    def option(self, name: str, default: Any = 0) -> Any:
        """Return an option, or a default where it has no options or none of that name."""
        return default if self.options is None else self.options.get(name, default)


@dataclass(eq=False)
class GraphRecord:
    """The file: what it computes, and what stands beside it.

    Attributes
    ----------
    tensors : list of TensorRecord
    operators : list of OperatorRecord
    inputs, outputs : list of int
        Numbers of tensors.
    texts : dict of str to str
        The metadata that are texts, by their names.
    """

    tensors: list[TensorRecord]
    operators: list[OperatorRecord]
    inputs: list[int]
    outputs: list[int]
    texts: dict[str, str] = field(default_factory=dict)

    def wiring(self) -> list[tuple[str, list[str], list[str]]]:
        """Return each operator, and the names of what it reads and makes."""
        return [(each.op, self._names(each.inputs), self._names(each.outputs)) for each in self.operators]

    def _names(self, numbers: list[int]) -> list[str]:
        return [self.tensors[number].name for number in numbers if number >= 0]


def record_of(root: Table, content: memoryview) -> GraphRecord:
    """Return what a file's root table leads to.

    Raises
    ------
    DamagedError
        It is of another version, has no graph, or refers to what is not there.
    """
    if root.version != VERSION:
        raise DamagedError(f"it has schema version {root.version}, but only version {VERSION} is supported")
    if not root.subgraphs:
        raise DamagedError("it has no graph")
    graph = root.subgraphs[0]
    buffers = [_bytes(table, content) for table in root.buffers or ()]
    inputs, outputs = list(graph.inputs or ()), list(graph.outputs or ())
    if not outputs:
        raise DamagedError("its graph has no outputs")
    tables = graph.tensors or ()
    names = _unique(tables, _signature(root))
    tensors = [_tensor(table, names[number], buffers) for number, table in enumerate(tables)]
    codes = [_code(table) for table in root.operator_codes or ()]
    operators = [_operator(table, codes, len(tensors)) for table in graph.operators or ()]
    made = [number for each in operators for number in each.outputs]
    if len(set(made)) < len(made):
        raise DamagedError("a value in it is computed twice")
    _check(inputs + outputs, len(tensors), "input or output")
    if len(set(inputs)) < len(inputs):
        raise DamagedError("two of its inputs are the same")
    return GraphRecord(tensors, operators, inputs, outputs, _texts(root, buffers))


def _texts(root: Table, buffers: list[memoryview]) -> dict[str, str]:
    """Return the metadata that this program, or another, has written as texts. A buffer is decoded once."""
    found, read = {}, set()
    for table in root.metadata or ():
        if table.name and table.buffer < len(buffers) and table.buffer not in read:
            read.add(table.buffer)
            try:
                found[table.name] = str(buffers[table.buffer], "utf-8")
            except UnicodeDecodeError:
                continue  # a flatbuffer of its own, as TensorFlow Lite's metadata are
    return found


def _bytes(table: Table, content: memoryview) -> memoryview:
    """Return the bytes of a buffer: in the flatbuffer, or behind it in the same file."""
    if table.data is not None and len(table.data):
        return memoryview(table.data)
    if table.offset > 1 and table.size:
        if table.offset + table.size > len(content):
            raise DamagedError("weights are said to be beyond its end")
        return content[table.offset : table.offset + table.size]
    return content[:0]


def _signature(root: Table) -> dict[int, str]:
    """Return the names that the only signature gives inputs; they are those of the program that made the file."""
    signatures = [each for each in root.signature_defs or () if each.subgraph_index == 0]
    if len(signatures) != 1:
        return {}
    return {each.tensor_index: each.name for each in signatures[0].inputs or () if each.name}


def _unique(tables: Sequence[Table], told: dict[int, str]) -> list[str]:
    """Return a name for each value: the file's own where no other has it."""
    found: list[str] = []
    taken: set[str] = set()
    for number, table in enumerate(tables):
        name = told.get(number) or table.name or f"value {number}"
        if name in taken:
            name = f"{number}: {name[:200]}"
        if name in taken:
            raise DamagedError(f"two of its tensors are named {name!r:.120}")
        taken.add(name)
        found.append(name)
    return found


def _tensor(table: Table, value: str, buffers: list[memoryview]) -> TensorRecord:
    sizes = table.shape_signature or table.shape or []
    if len(sizes) > _MOST_AXES or any(size < -1 for size in sizes):
        raise DamagedError(f"the tensor {value!r:.120} is said to have the shape {sizes!r:.80}")
    if table.buffer >= max(len(buffers), 1):
        raise DamagedError(f"the tensor {value!r:.120} refers to a buffer that does not exist")
    made = TensorRecord(table.name or "", value, sizes, table.type)
    content = buffers[table.buffer] if buffers else memoryview(b"")
    if len(content) or (table.shape and 0 in table.shape):
        made.content = content
        made.sizes = table.shape or []
    if table.sparsity is not None:
        made.is_odd = "it is sparse"
    elif table.is_variable:
        made.is_odd = "it is a variable, which keeps its value from one prediction to the next"
    quantization = table.quantization
    if quantization is not None:
        if quantization.details_type:
            made.is_odd = "it uses custom quantization"
        if quantization.scale is not None and len(quantization.scale) and quantization.scale.any():
            made.scale, made.zero_point = quantization.scale, quantization.zero_point
            made.axis = quantization.quantized_dimension
    return made


def _code(table: Table) -> tuple[str, str]:
    number = table.builtin_code if table.deprecated_builtin_code == LARGEST_OLD_CODE else table.deprecated_builtin_code
    number = max(number, table.builtin_code)
    name = _NAMES.get(number) or _OTHERS.get(number) or f"operator {number}"
    return name, table.custom_code or ""


def _operator(table: Table, codes: list[tuple[str, str]], tensors: int) -> OperatorRecord:
    if table.opcode_index >= len(codes):
        raise DamagedError("it has an operator whose kind it does not define")
    op, custom = codes[table.opcode_index]
    inputs, outputs = table.inputs or [], table.outputs or []
    _check([number for number in inputs if number != -1] + outputs, tensors, "operator")
    expected = OPERATORS.get(op, (0, None))[1]
    options = table.builtin_options
    if options is not None and options.kind != expected:
        options = None
    return OperatorRecord(op, options, inputs, outputs, custom)


def _check(numbers: Sequence[int], tensors: int, what: str) -> None:
    if any(not 0 <= number < tensors for number in numbers):
        raise DamagedError(f"an {what} of it refers to a tensor that does not exist")

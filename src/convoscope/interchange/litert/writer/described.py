"""A network of operators as the tables of a LiteRT file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from convoscope import __version__
from convoscope.interchange.litert.schema import LARGEST_OLD_CODE, OPERATORS, OPTIONS, VERSION
from convoscope.interchange.litert.writer.network import Network, Operator, Quantization, Tensor

_SIGNATURE = "serving_default"  # as TensorFlow names the only one


def described(network: Network, name: str, properties: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the table ``Model`` for `flatbuffer`; `properties` are the contents of the file's metadata."""
    return _Describing(network).model(name, properties)


def tensors_of(network: Network) -> list[Tensor]:
    """Return all tensors that operators read or make, and what goes in, each once."""
    found = list(network.inputs)
    for operator in network.operators:
        found += [*operator.inputs, operator.output]
    return list(dict.fromkeys(found))


def wiring(network: Network) -> list[tuple[str, Sequence[str], Sequence[str]]]:
    """Return each operator, and the names of what it reads and makes."""
    return [(each.op, [value.name for value in each.inputs], [each.output.name]) for each in network.operators]


class _Describing:
    def __init__(self, network: Network) -> None:
        self.network = network
        self.tensors = tensors_of(network)
        self.number = {tensor: number for number, tensor in enumerate(self.tensors)}
        self.buffers: list[dict[str, Any]] = [{}]  # the first is that of tensors without data
        self.codes: dict[tuple[str, int], int] = {}

    def model(self, name: str, properties: Mapping[str, bytes]) -> dict[str, Any]:
        """Return everything."""
        subgraph = {
            "tensors": [self._tensor(tensor) for tensor in self.tensors],
            "inputs": self._numbers(self.network.inputs),
            "outputs": self._numbers(self.network.outputs.values()),
            "operators": [self._operator(operator) for operator in self.network.operators],
            "name": name,
        }
        metadata = [
            {"name": key, "buffer": self._buffer(np.frombuffer(content, np.uint8))}
            for key, content in properties.items()
        ]
        return {
            "version": VERSION,
            "operator_codes": [_code(op, version) for op, version in self.codes],
            "subgraphs": [subgraph],
            "description": f"Convoscope {__version__}",
            "buffers": self.buffers,
            "metadata": metadata,
            "signature_defs": [self._signature()],
        }

    def _numbers(self, tensors: Any) -> list[int]:
        return [self.number[tensor] for tensor in tensors]

    def _buffer(self, data: Any) -> int:
        self.buffers.append({"data": data})
        return len(self.buffers) - 1

    def _tensor(self, tensor: Tensor) -> dict[str, Any]:
        data = None if tensor.data is None else np.ascontiguousarray(tensor.data).reshape(-1).view(np.uint8)
        return {
            "name": tensor.name,
            "shape": tensor.sizes,
            "shape_signature": (-1, *tensor.shape) if tensor.batched else None,
            "type": tensor.type,
            "buffer": 0 if data is None else self._buffer(data),
            "has_rank": True,
            "quantization": _quantization(tensor.quantization),
        }

    def _operator(self, operator: Operator) -> dict[str, Any]:
        table = OPERATORS[operator.op][1]
        assert table is not None or not operator.options
        return {
            "opcode_index": self.codes.setdefault((operator.op, operator.version), len(self.codes)),
            "inputs": self._numbers(operator.inputs),
            "outputs": self._numbers([operator.output]),
            **({} if table is None else _options(table, operator.options)),
        }

    def _signature(self) -> dict[str, Any]:
        def named(tensors: Mapping[str, Tensor]) -> list[dict[str, Any]]:
            return [{"name": name, "tensor_index": self.number[tensor]} for name, tensor in tensors.items()]

        inputs = named({tensor.name: tensor for tensor in self.network.inputs})
        return {"inputs": inputs, "outputs": named(self.network.outputs), "signature_key": _SIGNATURE}


def _options(table: str, options: Mapping[str, Any]) -> dict[str, Any]:
    return {"builtin_options_type": OPTIONS[table][0], "builtin_options": (table, options)}


def _code(op: str, version: int) -> dict[str, Any]:
    number = OPERATORS[op][0]
    return {"deprecated_builtin_code": min(number, LARGEST_OLD_CODE), "builtin_code": number, "version": version}


def _quantization(found: Quantization | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"scale": found.scale, "zero_point": found.zero_point, "quantized_dimension": found.axis}

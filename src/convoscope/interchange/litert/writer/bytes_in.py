"""Bytes that go into a network of 8 bits: scaling them is a matter of what they stand for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from convoscope.interchange.litert.schema import TensorType
from convoscope.interchange.litert.writer import eight_bits
from convoscope.interchange.litert.writer.network import Network, Operator, Quantization, Tensor


@dataclass(frozen=True)
class BytesIn:
    """What scales bytes, all of them alike, before they go into a network of 8 bits.

    It can be left out: the bytes then stand for what it made of them, up to half a step.

    Attributes
    ----------
    image : Tensor
        The bytes.
    operators : tuple of Operator
        What scales them.
    scaled : Tensor
        What they make.
    quantization : Quantization
        What the bytes stand for.
    """

    image: Tensor
    operators: tuple[Operator, ...]
    scaled: Tensor
    quantization: Quantization

    @property
    def in_8_bits(self) -> Quantization:
        """The same for numbers with a sign: 128 less than the bytes."""
        return Quantization(self.quantization.scale, self.quantization.zero_point - 128)


def bytes_in(network: Network, small: Collection[Operator]) -> BytesIn | None:
    """Return what scales the bytes that go in, if there is something, and only operators of 8 bits read its result."""
    if len(network.inputs) != 1 or network.inputs[0].type != TensorType.UINT8:
        return None
    image = value = network.inputs[0]
    factor, term, found = 1.0, 0.0, []
    while True:
        readers = [operator for operator in network.operators if value in operator.inputs]
        if value in network.outputs.values():
            return None
        if len(readers) != 1 or (changed := _followed(readers[0], factor, term)) is None:
            break
        factor, term = changed
        found.append(readers[0])
        value = readers[0].output
    zero = -term / factor
    if not found or not all(reader in small for reader in readers) or factor < 0 or not -0.5 <= zero <= 255.5:
        return None
    quantization = eight_bits.fixed(factor, int(np.clip(np.rint(zero), 0, 255)))
    return BytesIn(image, tuple(found), value, quantization)


def _followed(operator: Operator, factor: float, term: float) -> tuple[float, float] | None:
    """Return factor and term behind one more operator, or None if it does anything else, or not with all alike."""
    if operator.op == "CAST" and operator.output.type == TensorType.FLOAT32:
        return factor, term
    if operator.op not in ("MUL", "DIV", "ADD", "SUB") or operator.options.get("fused_activation_function"):
        return None
    number = operator.inputs[1].data
    if number is None or number.size != 1:
        return None
    by = float(number.reshape(-1)[0])
    if operator.op in ("MUL", "DIV"):
        by = by if operator.op == "MUL" else 1 / by if by else 0.0
        return (factor * by, term * by) if by else None
    return factor, term + (by if operator.op == "ADD" else -by)

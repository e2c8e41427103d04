"""What operators take up of those behind them: factors and terms of each channel, and a ReLU."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from convoscope.interchange.litert.schema import Activation
from convoscope.interchange.litert.writer.network import Network, Operator, Tensor

_Numbers = npt.NDArray[np.float64]
#: By operators with a kernel, their second input: the axis in it of what they make, and which input the bias is.
KERNELS = {"CONV_2D": (0, 2), "DEPTHWISE_CONV_2D": (3, 2), "FULLY_CONNECTED": (0, 2), "TRANSPOSE_CONV": (0, 3)}
_ACTIVATIONS = {"RELU": Activation.RELU, "RELU6": Activation.RELU6}
_ACTIVATED = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "SUB", "MUL", "AVERAGE_POOL_2D", "MAX_POOL_2D"}


def fuse(network: Network) -> None:
    """Take up what can be, and leave out the operators that it was."""
    _Fusing(network).run()


@dataclass
class _Affine:
    """What was found behind an operator with a kernel: times a factor, plus a term, for each channel."""

    factor: _Numbers
    term: _Numbers

    def follow(self, op: str, numbers: _Numbers) -> None:
        """Add one more multiplication or addition."""
        if op == "ADD":
            self.term = self.term + numbers
        else:
            self.factor, self.term = self.factor * numbers, self.term * numbers


class _Fusing:
    def __init__(self, network: Network) -> None:
        self.network = network
        self.makers = {operator.output: operator for operator in network.operators}
        self.readers = Counter(value for operator in network.operators for value in operator.inputs)
        self.readers.update(network.outputs.values())
        self.affine: dict[int, _Affine] = {}  # by the operator's id
        self.kernels: dict[tuple[str, bytes], Tensor] = {}

    def run(self) -> None:
        """Go through all operators once, in their order."""
        kept = [operator for operator in self.network.operators if not self._taken_up(operator)]
        self.network.operators = kept
        for operator in kept:
            if id(operator) in self.affine:
                self._fold(operator, self.affine[id(operator)])

    def _taken_up(self, operator: Operator) -> bool:
        """Let the operator before do what this one does, if it can."""
        before = self.makers.get(operator.inputs[0])
        if before is None or self.readers[before.output] != 1 or before.options.get("fused_activation_function"):
            return False
        if operator.op in _ACTIVATIONS and before.op in _ACTIVATED:
            before.options["fused_activation_function"] = _ACTIVATIONS[operator.op]
        elif operator.op in ("MUL", "ADD") and before.op in KERNELS and _is_by_channel(operator, before):
            numbers = np.asarray(operator.inputs[1].data, np.float64)
            channels = before.output.shape[-1]
            fresh = _Affine(np.ones(channels), np.zeros(channels))
            self.affine.setdefault(id(before), fresh).follow(operator.op, numbers)
        else:
            return False
        before.output = operator.output  # what comes out has the name of what is last
        self.makers[before.output] = before
        return True

    def _fold(self, operator: Operator, affine: _Affine) -> None:
        """Put factors and terms into kernel and bias, rounded once."""
        axis, place = KERNELS[operator.op]
        kernel, bias = operator.inputs[1], operator.inputs[place]
        assert kernel.data is not None
        assert bias.data is not None
        if (affine.factor != 1.0).any():
            operator.inputs[1] = self._scaled(kernel, affine.factor, axis)
        numbers = (bias.data * affine.factor + affine.term).astype(np.float32)
        operator.inputs[place] = self.network.constant(f"{operator.output.name}/bias", numbers)

    def _scaled(self, kernel: Tensor, factor: _Numbers, axis: int) -> Tensor:
        key = (kernel.name, factor.tobytes())
        if key not in self.kernels:
            assert kernel.data is not None
            along = factor.reshape([-1 if at == axis else 1 for at in range(kernel.data.ndim)])
            data = (kernel.data * along).astype(np.float32)
            name = self.network.free(f"{kernel.name}/folded")
            made = self.kernels[key] = Tensor(name, data.shape, kernel.type, data, batched=False)
            self.network.folded.setdefault(kernel, (made, along))
        return self.kernels[key]


def _is_by_channel(operator: Operator, before: Operator) -> bool:
    other = operator.inputs[1]
    return other.data is not None and other.shape in ((), (1,), before.output.shape[-1:])

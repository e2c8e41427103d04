"""``quantize``: a network of floats computes with whole numbers of 8 bits wherever LiteRT can.

What it cannot, or what would lose too much, keeps its floats, between a DEQUANTIZE and a QUANTIZE: softmax, the sigmoid
at the end, normalizations of a sample, and what prepares images before the first convolution.
"""

from __future__ import annotations

from collections.abc import Mapping

from convoscope.interchange.litert.schema import TensorType
from convoscope.interchange.litert.writer import eight_bits
from convoscope.interchange.litert.writer.bytes_in import bytes_in
from convoscope.interchange.litert.writer.described import tensors_of
from convoscope.interchange.litert.writer.fusing import KERNELS
from convoscope.interchange.litert.writer.network import Network, Operator, Quantization, Tensor

#: The smallest and the largest value of a tensor.
Range = tuple[float, float]
#: Operators whose inputs and outputs count in the same steps.
_SAME = {
    *("AVERAGE_POOL_2D", "MAX_POOL_2D", "RESHAPE", "PAD", "TRANSPOSE", "SLICE", "GATHER", "TILE", "CONCATENATION"),
    *("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "MAXIMUM", "MINIMUM", "REDUCE_MAX"),
}
_FREE = {"ADD", "SUB", "MUL", "MEAN", "RELU", "RELU6", "LEAKY_RELU", "PRELU", "HARD_SWISH", "ELU", "GELU"}
#: Operators of which LiteRT says in which steps they count.
_FIXED = {"LOGISTIC": eight_bits.fixed(1 / 256, -128), "TANH": eight_bits.fixed(1 / 128, 0)}
_ARITHMETIC = {"ADD", "SUB", "MUL"}
#: From which version on an operator takes 8 bits, where that is not the second. Runtimes that know a dense layer's
#: twelfth, of 2024, are sure to take a scale for each of its units; older ones must not compute with the first alone.
_VERSIONS = {
    "CONV_2D": 3,
    "DEPTHWISE_CONV_2D": 3,
    "FULLY_CONNECTED": 12,
    "TRANSPOSE_CONV": 3,
    **dict.fromkeys(("RESHAPE", "PRELU", "HARD_SWISH", "ELU"), 1),
}


def quantize(network: Network, ranges: Mapping[Tensor, Range]) -> None:
    """Let operators compute with 8 bits.

    Parameters
    ----------
    network : Network
        It is changed.
    ranges : mapping of Tensor to (float, float)
        What was found in each of its tensors.
    """
    _Quantizing(network, ranges).run()


class _Quantizing:
    def __init__(self, network: Network, ranges: Mapping[Tensor, Range]) -> None:
        self.network, self.ranges = network, ranges
        self.small = _computed_in_8_bits(network, ranges)
        self.made: list[Operator] = []
        self.bytes = bytes_in(network, self.small)
        self.steps = _steps(
            network, self.small, ranges, {} if self.bytes is None else {self.bytes.scaled: self.bytes.in_8_bits}
        )
        self.eight: dict[tuple[Tensor, bytes], Tensor] = {}
        self.floats: dict[Tensor, Tensor] = {}
        self.kernels: dict[tuple[Tensor, bytes], Tensor] = {}
        self.whole: set[Tensor] = set()  # what is made in 8 bits

    def run(self) -> None:
        """Make all operators anew."""
        left_out: tuple[Operator, ...] = ()
        if self.bytes is not None:
            self.bytes.image.quantization, left_out = self.bytes.quantization, self.bytes.operators
        for operator in self.network.operators:
            if operator in self.small:
                self._in_8_bits(operator)
            elif operator not in left_out:
                if operator.op != "SHAPE":  # which is the same of anything
                    operator.inputs = [self._as_floats(tensor) for tensor in operator.inputs]
                self.made.append(operator)
        self.network.outputs = {name: self._given(name, made) for name, made in self.network.outputs.items()}
        self.network.operators = self.made
        self._name_apart()

    def _name_apart(self) -> None:
        """Give tensors names of their own: of one constant several may have been made."""
        taken: set[str] = set()
        for tensor in tensors_of(self.network):
            if tensor.name in taken:
                tensor.name = self.network.free(tensor.name)
            taken.add(tensor.name)

    def _in_8_bits(self, operator: Operator) -> None:
        output = operator.output
        found = self.steps[output]
        if operator.op in KERNELS:
            self._with_kernel(operator)
        else:
            same = found if operator.op in _SAME else None
            operator.inputs = [self._as_8_bits(tensor, same) for tensor in operator.inputs]
        output.type, output.quantization = TensorType.INT8, found
        operator.version = max(operator.version, _VERSIONS.get(operator.op, 2))
        self.whole.add(output)
        self.made.append(operator)

    def _with_kernel(self, operator: Operator) -> None:
        axis, place = KERNELS[operator.op]
        at = 2 if operator.op == "TRANSPOSE_CONV" else 0
        value = operator.inputs[at] = self._as_8_bits(operator.inputs[at], None)
        assert value.quantization is not None
        step = float(value.quantization.scale[0])
        before = operator.inputs[1]
        kernel, operator.inputs[place] = eight_bits.kernel_and_bias(before, operator.inputs[place], axis, step)
        assert kernel.quantization is not None
        # Of a layer that is called several times the kernel stands in the file once.
        operator.inputs[1] = self.kernels.setdefault((before, kernel.quantization.scale.tobytes()), kernel)

    def _as_8_bits(self, tensor: Tensor, wanted: Quantization | None) -> Tensor:
        """Return a tensor in 8 bits, in the steps that are wanted, or in its own."""
        if tensor.type == TensorType.INT32:
            return tensor
        if tensor.data is not None:
            return eight_bits.constant(tensor, wanted)
        found = wanted or (tensor.quantization if tensor in self.whole else self.steps[tensor])
        assert found is not None
        if tensor in self.whole and _equal(tensor.quantization, found):
            return tensor
        key = (tensor, found.scale.tobytes() + found.zero_point.tobytes())
        if key not in self.eight:
            bytes_too = self.bytes is not None and tensor is self.bytes.scaled
            source = self.bytes.image if self.bytes is not None and bytes_too else tensor
            self.eight[key] = self._converted("QUANTIZE", source, TensorType.INT8, found)
        return self.eight[key]

    def _as_floats(self, tensor: Tensor) -> Tensor:
        if tensor not in self.whole:
            return tensor
        if tensor not in self.floats:
            self.floats[tensor] = self._converted("DEQUANTIZE", tensor, TensorType.FLOAT32, None)
        return self.floats[tensor]

    def _converted(self, op: str, tensor: Tensor, kind: TensorType, found: Quantization | None) -> Tensor:
        name = self.network.free(f"{tensor.name}/{kind.name.lower()}")
        made = Tensor(name, tensor.shape, kind, batched=tensor.batched, quantization=found)
        version = 1 if tensor.type == TensorType.FLOAT32 else 2
        self.made.append(Operator(op, [tensor], made, version=version))
        return made

    def _given(self, name: str, tensor: Tensor) -> Tensor:
        """Return what comes out, as floats, under the name that the outputs had before."""
        made = self._as_floats(tensor)
        if made is not tensor:
            tensor.name, made.name = made.name, tensor.name
        return made


def _equal(one: Quantization | None, other: Quantization) -> bool:
    return one is not None and one.scale[0] == other.scale[0] and one.zero_point[0] == other.zero_point[0]


def _computed_in_8_bits(network: Network, ranges: Mapping[Tensor, Range]) -> set[Operator]:
    """Return the operators that are to compute so."""
    behind: set[Tensor] = set()  # what a kernel has had a part in
    found: set[Operator] = set()
    for operator in network.operators:
        has_kernel = operator.op in KERNELS or any(tensor in behind for tensor in operator.inputs)
        if has_kernel:
            behind.add(operator.output)
        if _can(operator, ranges) and (has_kernel or operator.op not in _ARITHMETIC):
            found.add(operator)
    # A mean has finer steps than what it is of, which those that tell strange images by it need.
    exact = {tensor for operator in network.operators if operator.exact for tensor in operator.inputs}
    found -= {operator for operator in found if operator.op == "MEAN" and operator.output in exact}
    # What only floats are made of is better made of floats.
    read = {tensor for operator in found for tensor in operator.inputs}
    found -= {operator for operator in found if operator.op in _FIXED and operator.output not in read}
    return found


def _can(operator: Operator, ranges: Mapping[Tensor, Range]) -> bool:
    known = operator.op in KERNELS or operator.op in _SAME or operator.op in _FREE or operator.op in _FIXED
    if not known or operator.exact or operator.output not in ranges:
        return False
    values = [tensor for tensor in operator.inputs if tensor.type != TensorType.INT32]
    return all(tensor.data is not None or tensor in ranges for tensor in values) and any(
        tensor.data is None for tensor in values
    )


def _steps(
    network: Network,
    small: set[Operator],
    ranges: Mapping[Tensor, Range],
    fixed: Mapping[Tensor, Quantization],
) -> dict[Tensor, Quantization]:
    """Return in which steps each tensor counts; those that have to count alike do so over the range of them all."""
    given = {**fixed, **{operator.output: _FIXED[operator.op] for operator in small if operator.op in _FIXED}}
    group = {tensor: [tensor] for tensor in ranges}
    for operator in network.operators:
        if operator not in small or operator.op not in _SAME:
            continue
        values = [tensor for tensor in operator.inputs if tensor in group]
        if len(values) == 1 and values[0] in given:
            given[operator.output] = given[values[0]]
            continue
        for tensor in values:
            one, other = group[tensor], group[operator.output]
            if one is not other and tensor not in given:
                one += other
                group.update(dict.fromkeys(other, one))
    return {tensor: given.get(tensor) or _of_all(members, ranges) for tensor, members in group.items()}


def _of_all(tensors: list[Tensor], ranges: Mapping[Tensor, Range]) -> Quantization:
    lows, highs = zip(*(ranges[tensor] for tensor in tensors), strict=True)
    return eight_bits.of_range(min(lows), max(highs))

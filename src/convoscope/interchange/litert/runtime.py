"""LiteRT itself, where it is installed: what a file computes, and what the values in between are."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import ConfigurationError
from convoscope.wording import installing

_BATCH = 8  # images at once: all values in between are kept
Array = npt.NDArray[Any]


def library() -> Any:
    """Return the interpreter's module, or say how to install it."""
    try:
        from ai_edge_litert import interpreter
    except ImportError:
        raise ConfigurationError(
            "A LiteRT file of int8 needs the library ai-edge-litert for calibration and measurement, which is not "
            f"installed. Install it: {installing('litert-int8')}."
        ) from None
    return interpreter


class Runtime:
    """A file that is being run.

    Parameters
    ----------
    content : bytes
        The file.
    all_values : bool
        Whether values in between are kept; then each operator computes alone, as it is in the file.
    """

    def __init__(self, content: bytes, *, all_values: bool = False) -> None:
        module = library()
        kinds = module.OpResolverType
        self.interpreter = module.Interpreter(
            model_content=content,
            experimental_preserve_all_tensors=all_values,
            # XNNPACK computes several operators at once, and several times faster, as on phones.
            experimental_op_resolver_type=kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES if all_values else kinds.AUTO,
            num_threads=os.cpu_count(),
        )

    def batches(self, inputs: Sequence[Array]) -> Iterator[int]:
        """Run all samples, some at once, and return how many these were each time."""
        count, details = len(inputs[0]), self.interpreter.get_input_details()
        now = 0
        for start in range(0, count, _BATCH):
            part = [array[start : start + _BATCH] for array in inputs]
            if len(part[0]) != now:
                now = len(part[0])
                for detail, array in zip(details, part, strict=True):
                    self.interpreter.resize_tensor_input(detail["index"], array.shape)
                self.interpreter.allocate_tensors()
            for detail, array in zip(details, part, strict=True):
                self.interpreter.set_tensor(detail["index"], array)
            self.interpreter.invoke()
            yield now

    def value(self, index: int) -> Array:
        """Return a tensor of the last batch."""
        found: Array = self.interpreter.get_tensor(index)
        return found

    def output(self, number: int, inputs: Sequence[Array]) -> Array:
        """Return one of the outputs for all samples."""
        index = self.interpreter.get_output_details()[number]["index"]
        return np.concatenate([self.value(index) for _ in self.batches(inputs)])

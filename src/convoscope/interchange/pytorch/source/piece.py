"""What one call of a layer becomes: modules, a few lines of `forward`, weights, and functions that they need."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from convoscope.interchange.source import Called

Array = npt.NDArray[Any]
# What nn.Module, or the module that is written, has under these names already.
RESERVED = {
    *("forward", "load", "prepare", "train", "eval", "half", "float", "double", "cpu", "cuda", "apply", "type"),
    *("to", "compile", "buffers", "parameters", "modules", "children", "training", "bfloat16", "xpu", "dump_patches"),
    *("state_dict", "load_state_dict", "register_buffer", "extra_repr", "zero_grad", "share_memory", "call_super_init"),
}


@dataclass
class Piece(Called):
    """What is written of one layer, and of one call of it.

    Attributes
    ----------
    call : Call
    name : str
        The attribute under which the layer's module stands.
    modules : dict of str to str
        Attributes and the expressions that make them; empty for a layer that is only a function.
    buffers : dict of str to str
        Arrays that do not learn: attributes, and their shapes as expressions.
    weights : dict of str to array
        By their names in PyTorch's ``state_dict``.
    helpers : set of str
        The functions of `helpers` that are needed.
    notes : list of str
        Comments.
    """

    modules: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, tuple[int, ...]] = field(default_factory=dict)
    buffers: dict[str, tuple[int, ...]] = field(default_factory=dict)
    weights: dict[str, Array] = field(default_factory=dict)
    helpers: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    def module(self, expression: str, ending: str = "", **weights: Array | None) -> str:
        """Note a module with its weights, and return how it is spoken of."""
        name = f"{self.name}{ending}"
        self.modules[name] = expression
        self.weights |= {f"{name}.{key}": value for key, value in weights.items() if value is not None}
        return f"self.{name}"

    def parameter(self, name: str, value: Array) -> str:
        """Note a weight of the module's own, and return how it is spoken of."""
        self.parameters[f"{self.name}_{name}"] = value.shape
        self.weights[f"{self.name}_{name}"] = value
        return f"self.{self.name}_{name}"

    def buffer(self, name: str, value: Array) -> str:
        """Note an array that does not learn, and return how it is spoken of."""
        self.buffers[f"{self.name}_{name}"] = value.shape
        self.weights[f"{self.name}_{name}"] = value
        return f"self.{self.name}_{name}"

    def helper(self, name: str) -> str:
        """Note that a function is needed, and return its name."""
        self.helpers.add(name)
        return name

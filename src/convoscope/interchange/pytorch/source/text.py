"""The written source: the module's class out of the pieces of its calls."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from convoscope.datasets.images.preprocessing import Preprocessing
from convoscope.errors import ConvoscopeError
from convoscope.interchange.pytorch.source import shapes, values, windows  # noqa: F401 - they register their layers
from convoscope.interchange.pytorch.source.helpers import texts
from convoscope.interchange.pytorch.source.layout import from_keras, is_image, to_keras
from convoscope.interchange.pytorch.source.meaning import expression
from convoscope.interchange.pytorch.source.piece import RESERVED, Array, Piece
from convoscope.interchange.source import identifier
from convoscope.models.naming import call_names
from convoscope.models.network import Network
from convoscope.types import Shape

_INPUT = "images"  # what an input is called that nobody has named
_PLAIN_NAMES = ("Functional", "Sequential")


@dataclass(frozen=True)
class Source:
    """A module's source, and its weights by their names in PyTorch's ``state_dict``."""

    text: str
    weights: dict[str, Array]


def source_of(model: Network, weights_file: str) -> Source:
    """Write a built model as a module that reads its weights out of that file.

    Raises
    ------
    ConfigurationError
        If it has a layer that there is nothing for in PyTorch.
    """
    pieces, body = _body(model)
    modules: dict[str, str] = {}
    buffers: dict[str, Shape] = {}
    parameters: dict[str, Shape] = {}
    weights: dict[str, Array] = {}
    helpers: set[str] = set()
    for piece in pieces:
        modules |= piece.modules
        buffers |= piece.buffers
        parameters |= piece.parameters
        weights |= piece.weights
        helpers |= piece.helpers
    made = [f"self.{name} = {made}" for name, made in modules.items()]
    made += [f"self.{name} = nn.Parameter(torch.zeros({shape}))" for name, shape in parameters.items()]
    made += [f'self.register_buffer("{name}", torch.zeros({shape}))' for name, shape in buffers.items()]
    kind = class_name(model.name)
    parts = [
        _heading(kind, weights_file),
        *([f"CLASS_NAMES = {_listed(model.class_names)}"] if model.class_names else []),
        *(f"\n\n{text}" for text in texts(helpers)),
        _class(kind, made, _prepare(model), body),
    ]
    return Source("\n".join(parts) + "\n", weights)


def class_name(name: str) -> str:
    """Return the name of a class for a model of that name.

    Examples
    --------
    >>> class_name("efficient_net-lite0"), class_name("sequential_1")
    ('EfficientNetLite0', 'Network')
    """
    words = identifier(name, set(), RESERVED).split("_")
    found = "".join(word[:1].upper() + word[1:] for word in words)
    plain = found.rstrip("0123456789") in _PLAIN_NAMES
    return "Network" if plain or not found[:1].isalpha() else found


def _listed(names: Any) -> str:
    """Return a list of texts as one writes it."""
    return f"[{', '.join(json.dumps(str(name)) for name in names)}]"


def _heading(kind: str, weights_file: str) -> str:
    plain = weights_file.isprintable() and not set(weights_file) & set('"\\')
    weights_file = weights_file if plain else "the safetensors file beside"
    return f'''"""A network trained with Convoscope, as a PyTorch module. It needs torch and safetensors.

    network = {kind}.load()                        # with the weights in {weights_file}
    predictions = network(network.prepare(images))
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn
'''


def _class(kind: str, made: list[str], prepare: str, body: list[str]) -> str:
    init = "\n".join(f"        {line}" for line in ["super().__init__()", *made])
    forward = "\n".join(f"        {line}" if line else "" for line in body[1:])
    return f'''

class {kind}(nn.Module):
    def __init__(self):
{init}

    @classmethod
    def load(cls, path=Path(__file__).with_suffix(".safetensors")):
        """Return the network with its weights, ready to predict."""
        network = cls()
        network.load_state_dict(load_file(path))
        return network.eval()

{prepare}

    {body[0]}
{forward}'''


def _prepare(model: Network) -> str:
    """Return the method that brings images into the form that the network was trained on."""
    told = _preprocessing(model)
    shape = model.graph.input_shapes[0]
    how, lines = "", ["x = torch.as_tensor(images, dtype=torch.float32)"]
    if told is not None:
        shorter = "" if told.resize is None else f", the shorter side {told.resize}"
        how = f" Resize them first: {told.fit}, {told.interpolation}{shorter}."
        if told.max_value != 255:
            lines.append(f"x = x * ({told.max_value!r} / 255)")
            if 1 < told.max_value < 255:
                lines.append("x = x.round()")
    sizes = ", ".join(map(str, ("N", *shape)))
    body = "\n".join(f"        {line}" for line in [*lines, "return x"])
    return f'''    def prepare(self, images):
        """Return images ({sizes}), with values from 0 to 255, as the network takes them.{how}"""
{body}'''


def _preprocessing(model: Network) -> Preprocessing | None:
    """Return what the model says of its images; None if it says nothing, or nothing that can be meant."""
    try:
        return None if model.preprocessing is None else Preprocessing.from_dict(model.preprocessing)
    except (ConvoscopeError, TypeError, ValueError):
        return None


def _body(model: Network) -> tuple[list[Piece], list[str]]:
    """Return the piece of each call, and the lines of ``forward``, its first line among them."""
    graph = model.graph
    taken: set[str] = set()
    attributes: dict[int, str] = {}
    names = call_names(model)
    for call, name in zip(graph.calls, names, strict=True):
        if id(call.layer) not in attributes:
            attributes[id(call.layer)] = identifier(name, taken, RESERVED)
    local: set[str] = {"self", "x", "torch", "F", "nn"}
    variables = [
        identifier(_INPUT if name.startswith("input_layer") else name, local, RESERVED) for name in model.input_names
    ]
    count = len(variables)
    readers = Counter(value for call in graph.calls for value in call.inputs)
    readers.update(graph.outputs)
    lines = [f"def forward(self, {', '.join(variables)}):", _documented(variables, graph.input_shapes)]
    for name, shape in zip(variables, graph.input_shapes, strict=True):
        if is_image(shape):
            lines.append(f"{name} = {from_keras(name, shape)}  # the channels first, as PyTorch has them")
    pieces = []
    for number, (call, name) in enumerate(zip(graph.calls, names, strict=True)):
        piece = Piece(call, attributes[id(call.layer)])
        value = expression(call.layer, piece, *(variables[value] for value in call.inputs))
        following = graph.calls[number + 1] if number + 1 < len(graph.calls) else None
        soon = graph.outputs if following is None else following.inputs
        alone = readers[count + number] == 1 and count + number in soon
        variables.append("x" if alone else identifier(name, local, RESERVED))
        lines += [f"# {note}" for note in piece.notes]
        if value != variables[-1]:
            lines.append(f"{variables[-1]} = {value}")
        pieces.append(piece)
    ends = [to_keras(variables[value], graph.shape_of(value)) for value in graph.outputs]
    return pieces, [*lines, f"return {_returned(model, ends)}"]


def _documented(variables: list[str], sizes: tuple[Shape, ...]) -> str:
    each = [f"{name} ({', '.join(map(str, ('N', *shape)))})" for name, shape in zip(variables, sizes, strict=True)]
    return f'"""Predict for {" and ".join(each)}."""'


def _returned(model: Network, ends: list[str]) -> str:
    formed = model.in_form(ends) if hasattr(model, "in_form") else ends[0]
    if isinstance(formed, dict):
        return "{" + ", ".join(f"{name!r}: {value}" for name, value in formed.items()) + "}"
    return ", ".join(formed) if isinstance(formed, list) else str(formed)

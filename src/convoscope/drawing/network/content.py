"""What a network's picture says: a box for each call, with its lines of text, and the edges between boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

#: By a word in the layer's class: the fill and the frame of its box, light enough for black text.
_COLOURS = (
    (("Conv",), ("#dbe8f7", "#3f7fc1")),
    (("Dense", "Embedding"), ("#e6e0f5", "#7a5fc0")),
    (("Pool",), ("#d9f0e6", "#2f9e72")),
    (("Normalization", "Rescaling"), ("#f1efe6", "#a39a6b")),
    (("Dropout", "Noise", "Random", "Augment"), ("#fbe9dc", "#d27d3f")),
    (("Activation", "ReLU", "ELU", "Softmax"), ("#fdf3d1", "#c9a227")),
    (("Add", "Concatenate", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Dot"), ("#f9dfe3", "#c4536a")),
    (("Input",), ("#e9ebee", "#5f6872")),
)
_OTHERS = ("#f4f5f6", "#8a9097")
_MODEL = ("#ffffff", "#1c1e21")


@dataclass(frozen=True)
class Shown:
    """What is to be seen of each layer: Keras' arguments of `plot_model`."""

    shapes: bool = False
    dtype: bool = False
    names: bool = False
    activations: bool = False
    trainable: bool = False
    nested: bool = False


@dataclass(eq=False)
class Box:
    """A call of a layer.

    Attributes
    ----------
    title, name : str
        The layer's class, and its name (or nothing).
    lines : list of str
        What else is said.
    fill, frame : str
        Colours.
    groups : tuple of int
        The numbers of the models that it stands in, the outermost first.
    """

    title: str
    name: str
    lines: list[str]
    fill: str
    frame: str
    groups: tuple[int, ...] = ()


@dataclass
class Content:
    """Boxes in an order in which they can be computed, edges by their numbers, and the names of models within."""

    boxes: list[Box] = field(default_factory=list)
    edges: list[tuple[int, int]] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)


def content_of(model: Any, shown: Shown) -> Content:
    """Return what there is to draw of a built model."""
    content = Content()
    made: dict[tuple[int, int], int] = {}
    for symbol in model.inputs:
        made[id(symbol.node), symbol.index] = _add(content, symbol.node, (), shown, ())
    _add_calls(content, model, made, shown, ())
    return content


def _add_calls(
    content: Content, model: Any, made: dict[tuple[int, int], int], shown: Shown, groups: tuple[int, ...]
) -> None:
    """Add a model's calls; `made` has the box that each value comes from, those of the inputs from the start."""
    for node in model.node_list:
        sources = [made[id(symbol.node), symbol.index] for symbol in node.inputs]
        inner = getattr(node.operation, "node_list", None)
        if inner is not None and shown.nested:
            content.groups.append(node.operation.name)
            within = {
                (id(symbol.node), symbol.index): source
                for symbol, source in zip(node.operation.input_symbols, sources, strict=True)
            }
            _add_calls(content, node.operation, within, shown, (*groups, len(content.groups) - 1))
            found = [within[id(symbol.node), symbol.index] for symbol in node.operation.output_symbols]
        else:
            found = [_add(content, node, sources, shown, groups)] * len(node.output_shapes)
        for index, box in enumerate(found):
            made[id(node), index] = box


def _add(content: Content, node: Any, sources: Sequence[int], shown: Shown, groups: tuple[int, ...]) -> int:
    """Add the box of a call and the edges into it; return its number."""
    operation = node.operation
    kind = type(operation).__name__
    fill, frame = _MODEL if hasattr(operation, "node_list") else _colours(kind)
    lines = []
    if shown.shapes:
        lines.append(_shapes(node))
    if shown.activations and (activation := _activation(operation)):
        lines.append(activation)
    if shown.dtype:
        lines.append("float32")
    if shown.trainable and operation.count_params():
        lines.append("trainable" if operation.trainable else "not trainable")
    content.boxes.append(Box(kind, operation.name if shown.names else "", lines, fill, frame, groups))
    number = len(content.boxes) - 1
    content.edges += [(source, number) for source in dict.fromkeys(sources)]
    return number


def _colours(kind: str) -> tuple[str, str]:
    return next((colours for words, colours in _COLOURS if any(word in kind for word in words)), _OTHERS)


def _activation(operation: Any) -> str:
    """Return the name of a layer's activation; nothing if it has none, or a linear one."""
    activation = getattr(operation, "activation", None)
    name = activation if isinstance(activation, str) else getattr(activation, "name", "")
    return "" if name == "linear" else name


def _shapes(node: Any) -> str:
    """Return the shapes of inputs and outputs: ``28×28×1 → 26×26×64``; of equal ones, one."""
    inputs, outputs = (
        ", ".join(map(_size, shapes if len(set(shapes)) > 1 else shapes[:1]))
        for shapes in (node.input_shapes, node.output_shapes)
    )
    return f"{inputs} → {outputs}" if inputs and inputs != outputs else outputs


def _size(shape: Sequence[int | None]) -> str:
    return "×".join("?" if length is None else f"{length}" for length in shape) or "1"

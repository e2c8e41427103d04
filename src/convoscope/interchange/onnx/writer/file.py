"""``write``: a model as an ONNX file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convoscope import __version__
from convoscope.checks import flag, integer
from convoscope.errors import ConfigurationError
from convoscope.explore.submodels import main_output
from convoscope.interchange.exported import PROBABILITIES, REFUSED, SCORE, graph_of, preprocessing_of
from convoscope.interchange.onnx.metadata import Stored, properties
from convoscope.interchange.onnx.writer import (  # noqa: F401 - each enters its layers into the table
    activation_nodes,
    dense_nodes,
    normalization_nodes,
    shape_nodes,
    window_nodes,
)
from convoscope.interchange.onnx.writer.layer_call import NODES, LayerCall
from convoscope.interchange.onnx.writer.network import BATCH, NEWEST, OLDEST, Network, Value
from convoscope.interchange.onnx.writer.preparing import floats_of, probabilities_of, refusals_of
from convoscope.layers.graph import Graph
from convoscope.models.naming import call_names
from convoscope.storage import write_atomically
from convoscope.types import Shape

if TYPE_CHECKING:
    from convoscope.models import network as models

_MOST_BYTES = 2_000_000_000  # what one message of protocol buffers holds, and something for the nodes


def write(
    model: models.Network,
    path: Path,
    *,
    opset: int = 17,
    nchw: bool = False,
    raw: bool = False,
    size: int | Sequence[int] | None = None,
) -> None:
    """Write a model as an ONNX file.

    A model whose file says how images are prepared for it takes bytes, (N, height, width, channels) of uint8, as
    `convoscope.Preprocessing` makes them of a photo, and gives ``probabilities``. One that refuses images gives two
    values more for each: ``none_of_these_score``, and ``none_of_these``, which is true where the score is above the
    threshold. Every other model takes and gives floats, as its layers do.

    Parameters
    ----------
    model : Sequential or Model
        It must be built.
    path : path
    opset : int
        The version of ONNX's operators, 13 to 22.
    nchw : bool
        Whether images go in, and come out, with their channels first.
    raw : bool
        Whether floats go in, and what the last layer makes comes out, though the model knows how images are prepared.
    size : int or (height, width), optional
        Of the images, for a model that takes any.

    Raises
    ------
    ConfigurationError
        If the library onnx is not installed, a layer cannot be written, or the file would be too large.
    DataError
        If a weight is not a finite number.
    StorageError
        If the file cannot be written; what stood there before still does.

    Examples
    --------
    >>> import os, tempfile
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.Input(shape=(8, 8, 1)), cs.layers.Conv2D(4, 3), cs.layers.Flatten()])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.export(folder + "/model.onnx", opset=20)
    ...     os.listdir(folder)
    ['model.onnx']
    """
    write_atomically(path, [content_of(model, opset=opset, nchw=nchw, raw=raw, size=size)])


def content_of(
    model: models.Network,
    *,
    opset: int = 17,
    nchw: bool = False,
    raw: bool = False,
    size: int | Sequence[int] | None = None,
) -> bytes:
    """Return the bytes of the file that `write` writes."""
    number = integer(opset, "opset", "export", minimum=OLDEST, maximum=NEWEST)
    made = _File(
        model,
        graph_of(model, size, "an ONNX file"),
        Network(number),
        flag(nchw, "nchw", "export"),
        flag(raw, "raw", "export"),
    )
    return made.content()


class _File:
    """A file that is being made of a model."""

    def __init__(self, model: models.Network, graph: Graph, network: Network, nchw: bool, raw: bool) -> None:
        self.model, self.graph, self.network, self.nchw = model, graph, network, nchw
        self.preprocessing = None if raw else preprocessing_of(model, graph)
        self.helper, self.types = network.onnx.helper, network.onnx.TensorProto
        self.values: list[Value] = []
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []
        self.between: list[Any] = []

    def content(self) -> bytes:
        """Make everything."""
        NODES.check(call.layer for call in self.graph.calls)
        self._take_inputs()
        self._make_nodes()
        self._give_outputs()
        size = sum(array.nbytes for array in self.network.initializers.values())
        if size > _MOST_BYTES:
            raise ConfigurationError(
                f"export: {self.model.name!r} has {size / 1e9:.1f} GB of weights, but an ONNX file can contain "
                "at most 2 GB. model.save supports any size."
            )
        content: bytes = self._whole().SerializeToString(deterministic=True)
        return content

    def _take_inputs(self) -> None:
        for name, shape in zip(self.model.input_names, self.graph.input_shapes, strict=True):
            value = Value(self.network.free(name), shape, first=self.nchw and len(shape) == 3)
            kind = self.types.FLOAT if self.preprocessing is None else self.types.UINT8
            self.inputs.append(self._described(value.name, kind, value.sizes()))
            if self.preprocessing is not None:
                value = floats_of(self.network, value, self.preprocessing)
            self.values.append(value)

    def _make_nodes(self) -> None:
        names = call_names(self.model)
        owners: dict[int, str] = {}
        for name, call in zip(names, self.graph.calls, strict=True):
            inputs = tuple(self.values[number] for number in call.inputs)
            owner = owners.setdefault(id(call.layer), name)
            made = LayerCall(self.network, call.layer, name, owner, inputs, call.output_shape).made()
            if made.image is None and made not in inputs:
                self.between.append((made.name, made.sizes()))
            self.values.append(made)

    def _give_outputs(self) -> None:
        main = main_output(self.model)
        for number, (name, which) in enumerate(zip(self.model.output_names, self.graph.outputs, strict=True)):
            value = self.values[which]
            value = self.network.first(value) if self.nchw and value.is_image else self.network.plain(value)
            if self.preprocessing is not None and number == main and len(value.shape) == 1:
                made = probabilities_of(self.network, value, self.model)
                self._give(made, PROBABILITIES, (max(2, *value.shape),))
            else:
                self._give(value.name, name, value.sizes())
        if self.preprocessing is not None and self.model.rejection is not None:
            score, refused = refusals_of(self.network, self.values.__getitem__, self.model)
            self._give(score, SCORE, ())
            self._give(refused, REFUSED, (), self.types.BOOL)

    def _give(self, made: str, name: str, sizes: Shape, kind: int | None = None) -> None:
        """Let a value come out under a name of its own."""
        own = self.network.free(name)
        made_here = any(made in node.output for node in self.network.nodes)
        if not made_here or any(made == output.name for output in self.outputs):
            self.network.nodes.append(self.helper.make_node("Identity", [made], [own], name=own))
        else:
            self.network.rename(made, own)
            self.between = [(own if old == made else old, shape) for old, shape in self.between]
        self.outputs.append(self._described(own, self.types.FLOAT if kind is None else kind, sizes))

    def _described(self, name: str, kind: int, sizes: Shape) -> Any:
        return self.helper.make_tensor_value_info(name, kind, [BATCH, *sizes])

    def _whole(self) -> Any:
        given = {value.name for value in (*self.inputs, *self.outputs)}
        shapes = {name: sizes for name, sizes in self.between if name not in given}
        graph = self.helper.make_graph(
            self.network.nodes,
            self.model.name,
            self.inputs,
            self.outputs,
            [self.network.onnx.numpy_helper.from_array(a, name) for name, a in self.network.initializers.items()],
            value_info=[self._described(name, self.types.FLOAT, sizes) for name, sizes in shapes.items()],
        )
        opsets = [self.helper.make_opsetid("", self.network.opset)]
        whole = self.helper.make_model(
            graph,
            opset_imports=opsets,
            ir_version=self.helper.find_min_ir_version_for(opsets),
            producer_name="convoscope",
            producer_version=__version__,
        )
        wiring = [(node.op_type, node.input, node.output) for node in self.network.nodes]
        self.helper.set_model_props(whole, properties(self.model, self._stored(), wiring))
        return whole

    def _stored(self) -> dict[str, Stored]:
        return {
            f"layers/{place}/{spec.name}": self.network.stored[id(layer), spec.name]
            for place, layer in enumerate(self.model.leaf_layers)
            for spec in layer.specs
            if (id(layer), spec.name) in self.network.stored
        }

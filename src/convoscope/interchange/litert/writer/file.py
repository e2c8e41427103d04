"""``write``: a model as a LiteRT file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convoscope.checks import flag
from convoscope.errors import ConfigurationError
from convoscope.explore.submodels import main_output
from convoscope.interchange.exported import PROBABILITIES, REFUSED, SCORE, graph_of, preprocessing_of
from convoscope.interchange.litert.schema import TensorType
from convoscope.interchange.litert.writer import (  # noqa: F401 - each enters its layers into the table
    activations,
    dense,
    normalizations,
    shapes,
    windows,
)
from convoscope.interchange.litert.writer.described import described, tensors_of, wiring
from convoscope.interchange.litert.writer.flatbuffer import flatbuffer, library
from convoscope.interchange.litert.writer.fusing import fuse
from convoscope.interchange.litert.writer.int8 import Measured, labels_of, measured, ranges_of, samples
from convoscope.interchange.litert.writer.labels import fits, with_labels
from convoscope.interchange.litert.writer.layer_call import OPERATORS, LayerCall
from convoscope.interchange.litert.writer.network import Network, Tensor
from convoscope.interchange.litert.writer.preparing import floats_of, probabilities_of, refusals_of
from convoscope.interchange.litert.writer.quantizing import quantize as quantize_network
from convoscope.interchange.litert.writer.tflite_metadata import NAME, tflite_metadata
from convoscope.interchange.onnx.metadata import Folded, Stored, besides, properties
from convoscope.models.naming import call_names
from convoscope.storage import write_atomically
from convoscope.streams import show

if TYPE_CHECKING:
    from convoscope.models import network as models

_MOST_BYTES = 2_000_000_000  # what the offsets of a flatbuffer reach over, and something for the operators


def write(
    model: models.Network,
    path: Path,
    *,
    raw: bool = False,
    size: int | Sequence[int] | None = None,
    quantize: str | None = None,
    calibration: Any = None,
    test: tuple[Any, Any] | None = None,
) -> None:
    """Write a model as a LiteRT file.

    A model whose file says how images are prepared for it takes bytes, (N, height, width, channels) of uint8, as
    `convoscope.Preprocessing` makes them of a photo, and gives ``probabilities``. One that refuses images gives two
    values more for each: ``none_of_these_score``, and ``none_of_these``, which is true where the score is above the
    threshold. Every other model takes and gives floats, as its layers do. A batch may be of any size: call
    ``resize_tensor_input`` before ``allocate_tensors``. The names of classes stand in the file's metadata, and in the
    ``labels.txt`` of a zip archive behind them, where MediaPipe and Android's libraries look for them.

    Parameters
    ----------
    model : Sequential or Model
        It must be built.
    path : path
    raw : bool
        Whether floats go in, and what the last layer makes comes out, though the model knows how images are prepared.
    size : int or (height, width), optional
        Of the images, for a model that takes any.
    quantize : {"int8"}, optional
        Compute with whole numbers of 8 bits: a quarter of the size, and quicker on many phones. What that costs is
        measured with LiteRT, and printed.
    calibration : array, or list of array, optional
        Some hundred images as `predict` takes them, for ``quantize``: over their values numbers of 8 bits are spread.
    test : (array, array), optional
        Images and their classes that tell what ``quantize`` costs; by default, the images of `calibration` do.

    Raises
    ------
    ConfigurationError
        If a library is not installed, layers cannot be written, options do not fit together, or the file would be too
        large.
    DataError
        If a weight is not a finite number.
    ShapeError
        If images for ``quantize`` are not such as the model takes.
    StorageError
        If the file cannot be written; what stood there before still does.

    Examples
    --------
    >>> import os, tempfile
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.Input(shape=(8, 8, 1)), cs.layers.Conv2D(4, 3), cs.layers.Flatten()])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.export(folder + "/model.tflite")
    ...     os.listdir(folder)
    ['model.tflite']
    """
    library()
    if quantize not in (None, "int8"):
        raise ConfigurationError(f'export: quantize is "int8" or left out, but is {quantize!r}.')
    if quantize is None:
        if calibration is not None or test is not None:
            raise ConfigurationError('export: calibration and test images need quantize="int8". Give all or none.')
        write_atomically(path, [content_of(model, raw=raw, size=size)])
        return
    made, found = quantized(model, calibration, test, raw=raw, size=size)
    write_atomically(path, [made])
    show(str(found))


def content_of(model: models.Network, *, raw: bool = False, size: int | Sequence[int] | None = None) -> bytes:
    """Return the bytes of the file of floats that `write` writes."""
    return content(model, network_of(model, raw=raw, size=size))


def content(model: models.Network, network: Network) -> bytes:
    """Return the bytes of a file with these operators. Those of floats say exactly which model they are of.

    Raises
    ------
    ConfigurationError
        If it would be too large.
    """
    is_whole = any(tensor.quantization is not None for tensor in tensors_of(network))
    told = besides(model) if is_whole else properties(model, _stored(model, network), wiring(network))
    arrays = (tensor.data for tensor in tensors_of(network) if tensor.data is not None)
    size = sum(array.nbytes for array in arrays) + sum(map(len, told.values()))
    if size > _MOST_BYTES:
        raise ConfigurationError(
            f"export: {model.name!r} has {size / 1e9:.1f} GB of weights, but a LiteRT file can contain at most 2 GB. "
            "model.save supports any size."
        )
    names = model.class_names if model.class_names is not None and fits(model.class_names) else None
    contents = {name: text.encode() for name, text in told.items()}
    if metadata := tflite_metadata(model, network, labels=names is not None):
        contents[NAME] = metadata
    made = flatbuffer(described(network, model.name, contents))
    return made if names is None else with_labels(made, names)


def quantized(
    model: models.Network,
    calibration: Any,
    test: tuple[Any, Any] | None = None,
    *,
    raw: bool = False,
    size: int | Sequence[int] | None = None,
) -> tuple[bytes, Measured]:
    """Return the bytes of the file of int8 that `write` writes, and what it changes. The parameters are its own."""
    if calibration is None:
        raise ConfigurationError(
            'export: quantize="int8" needs images for calibration, as predict takes them: calibration=x_train[:200].'
        )
    network = network_of(model, raw=raw, size=size)
    floats = content(model, network)
    images = samples(model, network, calibration, "calibration")
    quantize_network(network, ranges_of(network, floats, images))
    eight = content(model, network)
    labels = None
    if test is not None:
        images = samples(model, network, test[0], "test")
        labels = labels_of(test[1], len(images[0]))
    return eight, measured(floats, eight, images, labels, main_output(model))


def network_of(model: models.Network, *, raw: bool = False, size: int | Sequence[int] | None = None) -> Network:
    """Return the operators of a model, with what each takes up of those behind it."""
    made = _Making(model, size, flag(raw, "raw", "export")).network
    fuse(made)
    return made


class _Making:
    """The operators of a model, as they are made one after the other."""

    def __init__(self, model: models.Network, size: int | Sequence[int] | None, raw: bool) -> None:
        self.model, self.graph = model, graph_of(model, size, "a LiteRT file")
        self.preprocessing = None if raw else preprocessing_of(model, self.graph)
        self.network = Network()
        self.values: list[Tensor] = []
        OPERATORS.check(call.layer for call in self.graph.calls)
        self._take_inputs()
        self._call_layers()
        self._give_outputs()

    def _take_inputs(self) -> None:
        for name, shape in zip(self.model.input_names, self.graph.input_shapes, strict=True):
            kind = TensorType.FLOAT32 if self.preprocessing is None else TensorType.UINT8
            value = Tensor(self.network.free(name), shape, kind)
            self.network.inputs.append(value)
            if self.preprocessing is not None:
                value = floats_of(self.network, value, self.preprocessing)
            self.values.append(value)

    def _call_layers(self) -> None:
        owners: dict[int, str] = {}
        for name, call in zip(call_names(self.model), self.graph.calls, strict=True):
            inputs = tuple(self.values[number] for number in call.inputs)
            owner = owners.setdefault(id(call.layer), name)
            made: LayerCall[Any] = LayerCall(self.network, call.layer, name, owner, inputs, call.output_shape)
            self.values.append(made.made())

    def _give_outputs(self) -> None:
        main = main_output(self.model)
        for number, (name, which) in enumerate(zip(self.model.output_names, self.graph.outputs, strict=True)):
            value = self.values[which]
            if self.preprocessing is not None and number == main and len(value.shape) == 1:
                self._give(probabilities_of(self.network, value, self.model), PROBABILITIES)
            else:
                self._give(value, name)
        if self.preprocessing is not None and self.model.rejection is not None:
            score, refused = refusals_of(self.network, self.values.__getitem__, self.model)
            self._give(score, SCORE)
            self._give(refused, REFUSED)

    def _give(self, value: Tensor, name: str) -> None:
        """Let a value come out under a name of its own."""
        made_here = any(operator.output is value for operator in self.network.operators)
        if not made_here or value in self.network.outputs.values():
            value = self.network.reshaped(value, value.shape, name)  # does nothing, but is a tensor of its own
        value.name = self.network.free(name)
        self.network.outputs[value.name] = value


def _stored(model: models.Network, network: Network) -> dict[str, Stored]:
    """Return where a model's weights stand in the file, some of them times factors."""
    present = set(tensors_of(network))
    found = {}
    for place, layer in enumerate(model.leaf_layers):
        for spec in layer.specs:
            laid = network.laid.get((id(layer), spec.name))
            if laid is None:
                continue
            name = f"layers/{place}/{spec.name}"
            if laid.tensor in present:
                found[name] = Stored(laid.tensor.name, laid.parts, laid.back)
            elif laid.tensor in network.folded:
                made, factor = network.folded[laid.tensor]
                assert made.data is not None
                found[name] = Stored(made.name, laid.parts, laid.back, Folded(made.data, factor))
    return found

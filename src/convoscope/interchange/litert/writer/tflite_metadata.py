"""``tflite_metadata``: what MediaPipe's and Android's image classifiers ask of a LiteRT file.

They read a flatbuffer of its own schema in the buffer ``TFLITE_METADATA``: that an image goes in, how its pixels become
the input's values, and in which file of the archive behind the network the classes are named. Of the published schema,
version 1.5, this is the part that image classifiers need.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convoscope.interchange.exported import PROBABILITIES
from convoscope.interchange.litert.schema import Field, TensorType, table
from convoscope.interchange.litert.writer.flatbuffer import flatbuffer
from convoscope.interchange.litert.writer.labels import LABELS
from convoscope.interchange.litert.writer.network import Network, Tensor
from convoscope.models import network as models
from convoscope.models.value_range import largest_value_of

#: The name of the buffer.
NAME = "TFLITE_METADATA"
#: The four bytes behind the first four.
IDENTIFIER = b"M001"
_WHITE = 255  # of the pixels that these libraries hold
_OLDEST_READER = "1.0.0"  # that knows all that is written here
_IMAGE_PROPERTIES, _NORMALIZATION = 2, 1  # places in the unions of contents and of process units
_RGB, _GREY = 1, 2
_AXIS_LABELS = 2
TABLES: dict[str, tuple[Field, ...]] = {
    "ModelMetadata": table(
        "name string, -, -, subgraph_metadata [SubGraphMetadata], -, -, -, min_parser_version string"
    ),
    "SubGraphMetadata": table("-, -, input_tensor_metadata [TensorMetadata], output_tensor_metadata [TensorMetadata]"),
    "TensorMetadata": table(
        "name string, -, -, content Content, process_units [ProcessUnit], stats Stats, "
        "associated_files [AssociatedFile]"
    ),
    "Content": table("content_properties_type uint8, content_properties ImageProperties"),
    "ImageProperties": table("color_space int8, default_size ImageSize"),
    "ImageSize": table("width uint32, height uint32"),
    "ProcessUnit": table("options_type uint8, options NormalizationOptions"),
    "NormalizationOptions": table("mean [float32], std [float32]"),
    "Stats": table("max [float32], min [float32]"),
    "AssociatedFile": table("name string, -, type int8"),
}


def tflite_metadata(model: models.Network, network: Network, *, labels: bool) -> bytes | None:
    """Return the flatbuffer, or None if the input is not an image.

    Parameters
    ----------
    model : Network
    network : Network
        Its operators.
    labels : bool
        Whether the names of the classes stand behind the file, in ``labels.txt``.
    """
    if len(network.inputs) != 1 or len(network.inputs[0].shape) != 3 or network.inputs[0].shape[2] not in (1, 3):
        return None
    outputs = network.outputs
    named = PROBABILITIES if PROBABILITIES in outputs else next(iter(outputs)) if len(outputs) == 1 else None
    subgraph = {
        "input_tensor_metadata": [_image(network.inputs[0], largest_value_of(model))],
        "output_tensor_metadata": [_output(name, LABELS if labels and name == named else None) for name in outputs],
    }
    told = {"name": model.name, "subgraph_metadata": [subgraph], "min_parser_version": _OLDEST_READER}
    return flatbuffer(told, "ModelMetadata", TABLES, IDENTIFIER)


def _image(tensor: Tensor, most: float) -> dict[str, Any]:
    """Describe the input. Bytes go in as they are; pixels that go in as floats are divided by their range."""
    height, width, channels = tensor.shape
    as_bytes = tensor.type == TensorType.UINT8
    scale, most = (1.0, float(_WHITE)) if as_bytes else (_WHITE / most, most)
    properties = {
        "color_space": _RGB if channels == 3 else _GREY,
        "default_size": {"width": width, "height": height},
    }
    unit = {"options_type": _NORMALIZATION, "options": {"mean": [0.0], "std": [scale]}}
    return {
        "name": tensor.name,
        "content": {"content_properties_type": _IMAGE_PROPERTIES, "content_properties": properties},
        "process_units": [unit],
        "stats": {"max": [most], "min": [0.0]},
    }


def _output(name: str, labels: str | None) -> dict[str, Any]:
    files: Sequence[dict[str, Any]] = [] if labels is None else [{"name": labels, "type": _AXIS_LABELS}]
    return {"name": name, "associated_files": files or None}

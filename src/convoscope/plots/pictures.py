"""Images in figures: the mistakes, a convolution's filters, and what the layers make of an image."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, SupportsIndex

import numpy as np

from convoscope import explore
from convoscope.drawing import INK, PAPER
from convoscope.errors import ConfigurationError, DataError, MissingFileError
from convoscope.layers import Layer
from convoscope.plots.sources import as_run, finished, report_of
from convoscope.runs import RunFolder

if TYPE_CHECKING:
    from convoscope.datasets import Dataset

_SPACE = 60.0  # points that a kernel is wide, to begin with


def mistakes(
    source: Any, x: Any = None, y: Any = None, *, count: int = 24, out: str | os.PathLike[str] | None = None
) -> Any:
    """Show the misclassified images, the surest mistakes first, with their true and predicted classes.

    Parameters
    ----------
    source : run's folder, Mistakes or model
        For a run, the images are loaded from its test data.
    x, y : array, of a model
        For a model: images prepared as for training, and their class numbers.
    count : int
        The largest number of images, for a run (whose report has 24) or a model.
    out : str or path-like, optional
        A path without an ending: the figure is written as PNG and as SVG.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Flatten(input_shape=(1, 2)), cs.layers.Activation("softmax")])
    >>> figure = mistakes(model, np.array([[[1.0, 0.0]], [[0.0, 1.0]]]), [1, 1])
    >>> figure.axes[0].get_title()
    '1\\n→ 0 (73%)'
    """
    run = as_run(source)
    if run is not None:
        found = _mistakes_of(run, count)
    elif isinstance(source, explore.Mistakes):
        found = source
    else:
        found = explore.mistakes(_a_model(source, "mistakes", x, y), x, y, count)
    return finished(found.plot(), out)


def filters(
    source: Any,
    layer: Layer | str | SupportsIndex | None = None,
    *,
    channel: int = 0,
    most: int = 64,
    out: str | os.PathLike[str] | None = None,
) -> Any:
    """Show a convolution's kernels: red is positive, blue negative; a dash marks negative values, for prints in grey.

    Parameters
    ----------
    source : run's folder, model, explore.Filters or array (height, width, channels, filters)
        An array has Keras' layout of a kernel.
    layer : layer, name or index, optional
        A convolution of the run or model; the first if left out.
    channel : int
        Which channel of the input.
    most : int
        The largest number of kernels.
    out : str or path-like, optional
        A path without an ending: the figure is written as PNG and as SVG.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = filters(np.ones((3, 3, 1, 4)))
    >>> figure.axes[0].images[0].get_array().shape
    (3, 3)
    """
    run = as_run(source)
    if isinstance(source, explore.Filters):
        found = source
    elif run is None and isinstance(source, (np.ndarray, list)):
        found = _filters_of(np.asarray(source, np.float32))
    else:
        found = explore.filters(_a_model(source, "filters") if run is None else model_of(run), layer)
    figure = found.plot(channel, most)
    from matplotlib.patheffects import withStroke

    seen_on_both = [withStroke(linewidth=2.4, foreground=PAPER)]
    for axes, kernel in zip(figure.axes, found.kernels[:most, :, :, channel], strict=False):
        rows, columns = np.nonzero(kernel < 0)
        size = min(8.0, 0.35 * _SPACE / max(kernel.shape))
        axes.plot(columns, rows, "_", color=INK, markersize=size, markeredgewidth=1.0, path_effects=seen_on_both)
    return finished(figure, out)


def maps(
    source: Any,
    images: Any = None,
    layers: Sequence[Layer | str | SupportsIndex] | None = None,
    *,
    most: int = 8,
    out: str | os.PathLike[str] | None = None,
) -> Any:
    """Show an image, and below it the feature maps of each layer.

    Parameters
    ----------
    source : run's folder, model or explore.Activations
    images : array, optional
        An image, or several of which the first is shown, prepared as for training. If left out, the first test image of
        a run.
    layers : list of layers, names or indexes, optional
        If left out, those whose outputs are images.
    most : int
        The largest number of maps for each layer.
    out : str or path-like, optional
        A path without an ending: the figure is written as PNG and as SVG.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Conv2D(2, 3, input_shape=(8, 8, 1))])
    >>> maps(model, np.zeros((8, 8, 1))).axes[8].get_title(loc="left")
    'conv2d: 0 to 0'
    """
    if isinstance(source, explore.Activations):
        return finished(source.plot(most=most), out)
    run = as_run(source)
    model = _a_model(source, "maps") if run is None else model_of(run)
    if images is None:
        if run is None:
            raise ConfigurationError("maps needs an image for a model: plots.maps(model, x_test[0]).")
        images = images_of(run)[0][:1]
    if layers is None:
        layers = [index for index, layer in enumerate(model.layers) if len(layer.output_shape) == 4]
    if not layers:
        raise ConfigurationError("No layer of this model has feature maps, so there are none to show.")
    return finished(explore.activations(model, images, layers).plot(most=most), out)


def model_of(run: RunFolder) -> Any:
    """Load the model that a run has kept; MissingFileError if it has none yet."""
    from convoscope.models import load_model
    from convoscope.paths import is_there

    if not is_there(run.model):
        raise MissingFileError(
            f"The run in {run} has no model yet, because it was stopped during its first epoch. Resume it: convoscope "
            f"train --resume {run}"
        )
    return load_model(run.model)


def _mistakes_of(run: RunFolder, count: int) -> explore.Mistakes:
    from convoscope.runs.preparation import with_channels
    from convoscope.runs.training import what_changed

    report = report_of(run)
    worst = report["worst_mistakes"][:count]
    data = _data_of(run)
    images = with_channels(data.x_test)
    indices = np.array([each["index"] for each in worst], np.int64)
    if (changed := what_changed(run, data)) is not None:
        raise DataError(f"{changed} {run.mistakes} shows the mistakes at that time.")
    if len(indices) and indices.max() >= len(images):
        raise DataError(
            f"The data set of the run in {run} has {len(images)} test images now, but had more when the model was "
            f"tested. Test it again: convoscope evaluate {run}"
        )
    return explore.Mistakes(
        images[indices],
        indices,
        np.array([each["true"] for each in worst], np.int64),
        np.array([each["predicted"] for each in worst], np.int64),
        np.array([each["probability"] for each in worst]),
        np.array([each["true_probability"] for each in worst]),
        True,
        tuple(row["name"] for row in report["classes"]),
        report["mistakes"],
    )


def _filters_of(kernel: Any) -> explore.Filters:
    if kernel.ndim != 4:
        raise DataError(
            f"Kernels are an array (height, width, channels, filters), as model.layers[0].get_weights()[0] of a "
            f"convolution, but this has the shape {kernel.shape}."
        )
    return explore.Filters("kernels", np.moveaxis(kernel, -1, 0), np.zeros(kernel.shape[-1], np.float32))


def images_of(run: RunFolder) -> tuple[Any, Any]:
    """Load the images that a run was tested with, and their labels."""
    from convoscope.runs.preparation import with_channels

    data = _data_of(run)
    return with_channels(data.x_test), data.y_test


def _data_of(run: RunFolder) -> Dataset:
    from convoscope.runs.preparation import load_data
    from convoscope.runs.training import settings_of

    return load_data(settings_of(run))


def _a_model(source: Any, what: str, *needed: Any) -> Any:
    from convoscope.models.sequential import Sequential

    if not isinstance(source, Sequential):
        raise ConfigurationError(
            f"{what} takes a run's folder, a model, or the result of "
            f"explore.{'activations' if what == 'maps' else what}, but got a {type(source).__name__}."
        )
    if any(each is None for each in needed):
        raise ConfigurationError(f"{what} needs images and labels for a model: plots.{what}(model, x_test, y_test).")
    return source

"""How faithful heat maps are: deletion and insertion curves beside random orders, and the randomization check."""

from __future__ import annotations

import os
from typing import Any

from convoscope import explore
from convoscope.errors import ConfigurationError
from convoscope.explore.heat_maps import Explainer
from convoscope.plots.pictures import images_of, model_of
from convoscope.plots.sources import as_run, finished


def faithfulness(
    source: Any,
    x: Any = None,
    y: Any = None,
    *,
    method: str | Explainer = "grad_cam",
    count: int = 32,
    out: str | os.PathLike[str] | None = None,
) -> Any:
    """Draw how well heat maps show which pixels a network uses.

    Parameters
    ----------
    source : run's folder, explore.Faithfulness or model
        For a run, the first of its test images are used, with the classes that it predicts for them.
    x, y : array, of a model
        For a model: images prepared as for training and, optionally, the classes whose evidence is shown.
    method : {"grad_cam", "hires_cam", "occlusion", "saliency"} or function
        See `convoscope.explore.faithfulness`.
    count : int
        The largest number of images.
    out : str or path-like, optional
        A path without an ending: the figure is written as PNG and as SVG.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> import numpy as np
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Conv2D(2, 3, input_shape=(8, 8, 1)), cs.layers.Flatten(), cs.layers.Dense(3)])
    >>> faithfulness(model, np.ones((1, 8, 8, 1))).axes[0].get_title(loc="left").split(":")[0]
    'Deletion'
    """
    if isinstance(source, explore.Faithfulness):
        return finished(source.plot(), out)
    run = as_run(source)
    if run is not None:
        source, x = model_of(run), images_of(run)[0]
    elif x is None:
        raise ConfigurationError("faithfulness needs images for a model: plots.faithfulness(model, x_test).")
    some = None if y is None else y[:count]
    return finished(explore.faithfulness(source, x[:count], some, method, cascade=True).plot(), out)

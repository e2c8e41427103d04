"""What a model of ours knows and Keras has no words for: it stands beside what Keras reads, which leaves it alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from convoscope.errors import ConvoscopeError, FileFormatError
from convoscope.models import extras
from convoscope.models.network import Network
from convoscope.seeds import check_seed
from convoscope.training.draws import Draws

FORMAT, VERSION = "convoscope-beside-keras", 1


def described(model: Network) -> dict[str, Any]:
    """Return class names, preprocessing, rejection, origin, and what random numbers follow from, as plain JSON values.

    Examples
    --------
    >>> from convoscope.layers import Dense
    >>> from convoscope.models import Sequential
    >>> model = Sequential([Dense(2, input_shape=(4,))], seed=7)
    >>> model.class_names = ["cat", "dog"]
    >>> told = described(model)
    >>> told["class_names"], told["seed"]
    (['cat', 'dog'], 7)
    """
    return {
        "format": FORMAT,
        "version": VERSION,
        **extras.described(model),
        "arrays": {name: array.tolist() for name, array in extras.arrays(model).items()},
        "seed": model.seed,
        "draws": model.draws.described(),
    }


def take(model: Network, told: Mapping[str, Any] | None, path: Path) -> None:
    """Set what `described` said."""
    if told is None:
        return
    if told.get("format") != FORMAT:
        raise FileFormatError(f"{path} is damaged: its Convoscope metadata is of the wrong kind.")
    version = told.get("version")
    if type(version) is not int or not 1 <= version <= VERSION:
        raise FileFormatError(
            f"{path} was written by a newer Convoscope: what stands beside Keras' description has version "
            f"{version!r:.40}, and this one reads up to {VERSION}. Upgrade Convoscope."
        )
    try:
        arrays = {str(name): np.asarray(values, np.float32) for name, values in dict(told["arrays"]).items()}
        extras.take(model, told, arrays, path)
        model.seed = check_seed(told["seed"])
        model.draws = Draws.of(told["draws"])
    except FileFormatError:
        raise
    except (ConvoscopeError, KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise FileFormatError(f"{path} is damaged: its Convoscope metadata: {reason:.300}") from error

"""What all initializers have: settings that are checked and kept, and perhaps a seed."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import ConfigurationError

Shape = tuple[int, ...]
Array = npt.NDArray[np.float32]


class Initializer:
    """The base of all initializers. With a `seed`, they return the same values at each call.

    Examples
    --------
    >>> from convoscope.initializers import Constant
    >>> from convoscope.layers import Dense
    >>> layer = Dense(2, kernel_initializer=Constant(0.5), bias_initializer="ones")
    >>> layer.build((None, 3))
    >>> [weight.tolist() for weight in layer.get_weights()]
    [[[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]], [1.0, 1.0]]
    """

    def __post_init__(self) -> None:
        from convoscope.checks import integer, real

        where = type(self).__name__
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if field.name == "seed" and value is not None:
                integer(value, "seed", where, minimum=0)
            if isinstance(field.default, float) and not (where == "Constant" and isinstance(value, np.ndarray)):
                real(value, field.name, where)
                if field.name == "stddev" and value < 0:
                    raise ConfigurationError(f"{where}: stddev must be at least 0, but is {value!r}.")

    def __call__(self, shape: Shape, generator: np.random.Generator) -> Array:
        """Return float32 values of `shape`."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """Return the settings as plain values.

        Examples
        --------
        >>> from convoscope.initializers import RandomNormal
        >>> RandomNormal(stddev=0.1).get_config()
        {'mean': 0.0, 'stddev': 0.1, 'seed': None}
        """
        return asdict(self)  # type: ignore[call-overload, no-any-return]


def own_generator(seed: int | None, generator: np.random.Generator) -> np.random.Generator:
    """Return the generator of an initializer with a seed of its own, which gives the same values at every call."""
    return generator if seed is None else np.random.default_rng(seed)

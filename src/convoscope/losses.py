"""Losses, where Keras has them: see `convoscope.training.losses`."""

from convoscope.training.losses import *  # noqa: F403 - the same names in a second place
from convoscope.training.losses import __all__ as __all__

"""Metrics, where Keras has them: see `convoscope.training.metrics`."""

from convoscope.training.metrics import *  # noqa: F403 - the same names in a second place
from convoscope.training.metrics import __all__ as __all__

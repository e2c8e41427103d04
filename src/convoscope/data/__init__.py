"""Pipelines of data, as ``tf.data`` has them: sources, and what is done to each element on its way to training."""

from convoscope.data import experimental
from convoscope.data.dataset import Dataset
from convoscope.data.options import AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, Options
from convoscope.data.spec import TensorSpec

__all__ = [
    "AUTOTUNE",
    "INFINITE_CARDINALITY",
    "UNKNOWN_CARDINALITY",
    "Dataset",
    "Options",
    "TensorSpec",
    "experimental",
]

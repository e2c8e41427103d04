"""Data pipelines, as in ``tf.data``: sources of elements, and what is done to them on the way to training."""

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

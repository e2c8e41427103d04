"""What people hand over as data, checked and brought into the form that engines take."""

from convoscope.training.data.inputs import check_inputs, check_several_inputs, first_bad_sample
from convoscope.training.data.targets import check_measured, check_targets
from convoscope.training.data.weighting import sample_weights

__all__ = [
    "check_inputs",
    "check_measured",
    "check_several_inputs",
    "check_targets",
    "first_bad_sample",
    "sample_weights",
]

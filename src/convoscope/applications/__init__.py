"""Known networks and their pretrained weights, with Keras' arguments.

>>> from convoscope.applications import EfficientNetLite0
>>> EfficientNetLite0().output_shape
(None, 1000)
"""

from convoscope.applications.backbones import Backbone, backbone
from convoscope.applications.efficientnet_lite import (
    EfficientNetLite0,
    EfficientNetLite1,
    EfficientNetLite2,
    EfficientNetLite3,
    EfficientNetLite4,
)

__all__ = [
    "Backbone",
    "EfficientNetLite0",
    "EfficientNetLite1",
    "EfficientNetLite2",
    "EfficientNetLite3",
    "EfficientNetLite4",
    "backbone",
]

"""Known networks and their pretrained weights, with Keras' arguments.

>>> from convoscope.applications import EfficientNetLite0
>>> EfficientNetLite0().output_shape
(None, 1000)
"""

from convoscope.applications import (
    efficientnet_lite,
    imagenet_utils,
    inception_v3,
    mobilenet_v2,
    resnet,
    squeezenet,
    vgg,
)
from convoscope.applications.backbones import Backbone, backbone, backbone_names
from convoscope.applications.efficientnet_lite import (
    EfficientNetLite0,
    EfficientNetLite1,
    EfficientNetLite2,
    EfficientNetLite3,
    EfficientNetLite4,
)
from convoscope.applications.inception_v3 import InceptionV3
from convoscope.applications.mobilenet_v2 import MobileNetV2
from convoscope.applications.resnet import ResNet18, ResNet34, ResNet50
from convoscope.applications.squeezenet import SqueezeNet
from convoscope.applications.vgg import VGG16, VGG19

__all__ = [
    "VGG16",
    "VGG19",
    "Backbone",
    "EfficientNetLite0",
    "EfficientNetLite1",
    "EfficientNetLite2",
    "EfficientNetLite3",
    "EfficientNetLite4",
    "InceptionV3",
    "MobileNetV2",
    "ResNet18",
    "ResNet34",
    "ResNet50",
    "SqueezeNet",
    "backbone",
    "backbone_names",
    "efficientnet_lite",
    "imagenet_utils",
    "inception_v3",
    "mobilenet_v2",
    "resnet",
    "squeezenet",
    "vgg",
]

"""The network that makes features: a backbone up to the direction of its pooled maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convoscope.applications import Backbone

if TYPE_CHECKING:
    from convoscope.models import Model

FEATURES = "direction"


def feature_network(backbone: Backbone) -> Model:
    """Build the network of images (N, height, width, 3), 0 to 255, to features (N, D) of length 1.

    Their direction says what is in an image. With few images, a head that sees nothing else is right more often, by up
    to one point with five images a class.

    Examples
    --------
    >>> from convoscope.applications import backbone
    >>> feature_network(backbone("efficientnet-lite0")).output_shape
    (None, 1280)
    """
    from convoscope.layers import UnitNormalization
    from convoscope.models import Model

    base = backbone.build(pooling="avg")
    return Model(base.inputs, UnitNormalization(name=FEATURES)(base.outputs[0]), name=backbone.name)

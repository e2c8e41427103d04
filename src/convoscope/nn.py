"""Activation functions under the names that lessons use: ``activation=nn.relu``."""

from convoscope.activations import elu, gelu, leaky_relu, relu, sigmoid, silu, softmax, tanh

swish = silu

__all__ = ["elu", "gelu", "leaky_relu", "relu", "sigmoid", "silu", "softmax", "swish", "tanh"]

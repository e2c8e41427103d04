"""Layers that compute value by value, normalize, or draw random numbers in training, in PyTorch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from convoscope import layers as cl
from convoscope.errors import ConfigurationError
from convoscope.interchange.pytorch.source.activations import activated
from convoscope.interchange.pytorch.source.layout import axis_of, from_keras, is_image, to_keras
from convoscope.interchange.pytorch.source.meaning import expression
from convoscope.interchange.pytorch.source.piece import Array, Piece
from convoscope.types import Shape


@expression.register
def _activation(layer: cl.Activation, piece: Piece, x: str) -> str:
    return activated(layer.activation, x, piece.made)


@expression.register
def _softmax(layer: cl.Softmax, piece: Piece, x: str) -> str:
    return activated("softmax", x, piece.made)


@expression.register
def _relu(layer: cl.ReLU, piece: Piece, x: str) -> str:
    if layer.threshold == 0.0 and layer.max_value is None:
        return f"F.leaky_relu({x}, {layer.negative_slope})" if layer.negative_slope else f"F.relu({x})"
    if (layer.threshold, layer.max_value, layer.negative_slope) == (0.0, 6.0, 0.0):
        return f"F.relu6({x})"
    most, slope, threshold = layer.max_value, layer.negative_slope, layer.threshold
    return f"{piece.helper('rectify')}({x}, {most}, {slope}, {threshold})"


@expression.register
def _leaky_relu(layer: cl.LeakyReLU, piece: Piece, x: str) -> str:
    return f"F.leaky_relu({x}, {layer.negative_slope})"


@expression.register
def _elu(layer: cl.ELU, piece: Piece, x: str) -> str:
    return f"F.elu({x}, {layer.alpha})"


@expression.register
def _prelu(layer: cl.PReLU, piece: Piece, x: str) -> str:
    alpha = piece.weight("alpha")
    assert alpha is not None
    name = piece.parameter("alpha", _as_kept(alpha))
    return f"torch.where({x} > 0, {x}, {name} * {x})"


def _as_kept(array: Array) -> Array:
    """Return an array for each value of a sample in the order in which samples are kept."""
    return np.ascontiguousarray(array.transpose(2, 0, 1)) if array.ndim == 3 else array


@expression.register
def _rescaling(layer: cl.Rescaling, piece: Piece, x: str) -> str:
    scaled = x if layer.scale == 1.0 else f"{x} * {layer.scale!r}"
    if layer.offset == 0.0:
        return scaled
    return f"{scaled} {'+' if layer.offset > 0 else '-'} {abs(layer.offset)!r}"


@expression.register
def _standardization(layer: cl.Normalization, piece: Piece, x: str) -> str:
    constants = layer.constants(piece.shape)
    mean, variance = constants if constants is not None else (piece.weight("mean"), piece.weight("variance"))
    kept = layer.kept_shape(piece.shape)
    spread = np.maximum(np.sqrt(np.asarray(variance, np.float64)), 1e-7).astype(np.float32)
    centre = piece.buffer("mean", _as_kept(np.asarray(mean, np.float32).reshape(kept)))
    width = piece.buffer("deviation", _as_kept(spread.reshape(kept)))
    return f"{x} * {width} + {centre}" if layer.invert else f"({x} - {centre}) / {width}"


def _scaling(layer: Any, piece: Piece, shape: Shape) -> tuple[Array | None, Array | None]:
    """Return gamma and beta of a normalization. PyTorch has both or neither: where one is missing, it does nothing."""
    if not (layer.scale or layer.center):
        return None, None
    gamma, beta = piece.weight("gamma"), piece.weight("beta")
    ones, zeros = np.ones(shape, np.float32), np.zeros(shape, np.float32)
    return (ones if gamma is None else gamma), (zeros if beta is None else beta)


@expression.register
def _batch_normalization(layer: cl.BatchNormalization, piece: Piece, x: str) -> str:
    channels = piece.shape[-1]
    kinds = {1: "BatchNorm1d", 2: "BatchNorm1d", 3: "BatchNorm2d"}
    if len(piece.shape) not in kinds:
        raise ConfigurationError(
            f"{layer.describe()}: inputs with {len(piece.shape)} axes cannot be normalized by channel in "
            "PyTorch. Put a Reshape before it."
        )
    gamma, beta = _scaling(layer, piece, (channels,))
    off = "" if gamma is not None else ", affine=False"
    options = f"eps={layer.epsilon!r}, momentum={round(1 - layer.momentum, 9)!r}{off}"
    module = piece.module(
        f"nn.{kinds[len(piece.shape)]}({channels}, {options})",
        weight=gamma,
        bias=beta,
        running_mean=piece.weight("moving_mean"),
        running_var=piece.weight("moving_variance"),
        num_batches_tracked=np.zeros((), np.int64),
    )
    return f"{module}({x}.transpose(1, 2)).transpose(1, 2)" if len(piece.shape) == 2 else f"{module}({x})"


@expression.register
def _layer_normalization(layer: cl.LayerNormalization, piece: Piece, x: str) -> str:
    shape = piece.shape[len(piece.shape) - len(layer.axis) :]
    gamma, beta = _scaling(layer, piece, shape)
    off = "" if gamma is not None else ", elementwise_affine=False"
    written = shape[0] if len(shape) == 1 else shape
    module = piece.module(f"nn.LayerNorm({written}, eps={layer.epsilon!r}{off})", weight=gamma, bias=beta)
    return from_keras(f"{module}({to_keras(x, piece.shape)})", piece.made)


@expression.register
def _group_normalization(layer: cl.GroupNormalization, piece: Piece, x: str) -> str:
    channels, groups = piece.shape[-1], layer.groups_of(piece.shape)
    gamma, beta = _scaling(layer, piece, (channels,))
    off = "" if gamma is not None else ", affine=False"
    module = piece.module(f"nn.GroupNorm({groups}, {channels}, eps={layer.epsilon!r}{off})", weight=gamma, bias=beta)
    last = len(piece.shape)
    # PyTorch has the channels behind the batch axis, also where there are no images.
    if is_image(piece.shape) or last == 1:
        return f"{module}({x})"
    return f"{module}({x}.movedim(-1, 1)).movedim(1, -1)"


@expression.register
def _unit_normalization(layer: cl.UnitNormalization, piece: Piece, x: str) -> str:
    axes = tuple(axis_of(axis, piece.shape) for axis in layer.axis)
    dim = axes[0] if len(axes) == 1 else axes
    return f"F.normalize({x}, dim={dim}, eps=1e-6)"


@expression.register
def _local_response(layer: cl.LocalResponseNormalization, piece: Piece, x: str) -> str:
    before, after = layer.depth_radius
    size, settings = before + after + 1, f"beta={layer.beta!r}, k={layer.bias!r}"
    if is_image(piece.shape) and before - after in (0, 1):  # the window that PyTorch has
        return f"F.local_response_norm({x}, {size}, alpha={layer.alpha * size!r}, {settings})"
    last = f"{x}.movedim(1, -1)" if is_image(piece.shape) else x
    squares = f"F.pad({last}.square(), ({before}, {after})).unfold(-1, {size}, 1).sum(-1)"
    sums = f"{squares}.movedim(-1, 1)" if is_image(piece.shape) else squares
    return f"{x} * ({layer.bias!r} + {layer.alpha!r} * {sums}) ** {-layer.beta!r}"


# ---- random in training


@expression.register(cl.Dropout)
@expression.register(cl.AlphaDropout)
def _dropout(layer: Any, piece: Piece, x: str) -> str:
    kind = "AlphaDropout" if isinstance(layer, cl.AlphaDropout) else "Dropout"
    return f"{piece.module(f'nn.{kind}({layer.rate!r})')}({x})"


@expression.register
def _spatial_dropout(layer: cl.SpatialDropout2D, piece: Piece, x: str) -> str:
    return f"{piece.module(f'nn.Dropout2d({layer.rate!r})')}({x})"


@expression.register
def _gaussian_noise(layer: cl.GaussianNoise, piece: Piece, x: str) -> str:
    return f"{x} + torch.randn_like({x}) * {layer.stddev!r} if self.training else {x}"


@expression.register
def _gaussian_dropout(layer: cl.GaussianDropout, piece: Piece, x: str) -> str:
    deviation = math.sqrt(layer.rate / (1.0 - layer.rate))
    return f"{x} * (1 + torch.randn_like({x}) * {deviation!r}) if self.training else {x}"

"""Dense layers: a matrix product along the last axis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convoscope.engine.reference.activation import activate
from convoscope.engine.reference.operations import Array, Backward, Mode
from convoscope.engine.steps import DenseStep


def dense(step: DenseStep, x: Array, weights: Sequence[Array], mode: Mode) -> tuple[Array, Backward]:
    """Multiply by the kernel, add the bias, apply the activation."""
    kernel = weights[0]  # (inputs, units)
    products = x @ kernel
    if step.use_bias:
        products = products + weights[1]
    outputs, back_to_products = activate(step.activation, products)

    def backward(gradient: Array) -> tuple[Array, list[Array | None]]:
        gradient = back_to_products(gradient)
        rows, row_gradients = x.reshape(-1, x.shape[-1]), gradient.reshape(-1, gradient.shape[-1])
        found: list[Array | None] = [rows.T @ row_gradients]
        if step.use_bias:
            found.append(row_gradients.sum(axis=0, dtype=np.float64).astype(gradient.dtype))
        return gradient @ kernel.T, found

    return outputs, backward

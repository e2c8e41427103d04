"""What the core is told of a plan: each step as plain values, for `convoscope._native.Program`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convoscope.engine.steps import (
    ActivationStep,
    ConvolutionStep,
    DenseStep,
    DropoutStep,
    ErasingStep,
    MotionStep,
    Nonlinearity,
    NormalizationStep,
    PaddingStep,
    PoolingStep,
    RescalingStep,
    ReshapeStep,
    Step,
    TransposedConvolutionStep,
    UpsamplingStep,
    Window,
)

_LARGEST_FUSED_WINDOW = 256  # a winner's place is kept in a byte


def describe_all(steps: Sequence[Step]) -> tuple[list[dict[str, Any]], list[int]]:
    """Return the core's descriptions, and for each of the steps the place of its last one."""
    descriptions: list[dict[str, Any]] = []
    last = []
    for step in steps:
        descriptions += describe(step)
        last.append(len(descriptions) - 1)
    return descriptions, last


def describe(step: Step) -> list[dict[str, Any]]:
    """Return what the core must know of a step: one description, or two where it cannot keep a pooling fused."""
    common = {
        "input": list(step.input_shape),
        "output": list(step.output_shape),
        "weights": list(step.weights),
    }
    match step:
        case ConvolutionStep():
            return _describe_convolution(step, common)
        case TransposedConvolutionStep():
            return [
                {
                    **common,
                    "kind": "transposed convolution",
                    "kernel": step.kernel_size,
                    "bias": step.use_bias,
                    **_settings(step, "strides", "dilation", "padding"),
                    **_activation(step.activation),
                }
            ]
        case UpsamplingStep():
            return [{**common, "kind": "upsampling", **_settings(step, "size", "bilinear")}]
        case PoolingStep():
            return [{**common, "kind": "pooling", "pool": _window(step.window)}]
        case DenseStep():
            return [
                {
                    **common,
                    "kind": "dense",
                    "bias": step.use_bias,
                    "normalization": _folded(step.normalization),
                    **_activation(step.activation),
                }
            ]
        case ActivationStep():
            return [{**common, "kind": "activation", **_activation(step.activation)}]
        case DropoutStep():
            return [{**common, "kind": "dropout", "rate": step.rate, **_draws(step)}]
        case MotionStep():
            return [
                {
                    **common,
                    "kind": "motion",
                    **_draws(step),
                    **_settings(step, "flips", "shifts", "turns", "bilinear", "fill_mode", "fill_value"),
                }
            ]
        case ErasingStep():
            return [
                {
                    **common,
                    "kind": "erasing",
                    **_draws(step),
                    **_settings(step, "probability", "scale", "fill_value", "value_range"),
                }
            ]
        case NormalizationStep():
            return [{**common, "kind": "normalization", **_normalization(step)}]
        case PaddingStep():
            return [{**common, "kind": "padding", "padding": step.padding}]
        case RescalingStep():
            return [{**common, "kind": "rescaling", "scale": step.scale, "offset": step.offset}]
        case ReshapeStep():
            return [{**common, "kind": "reshape"}]
    raise NotImplementedError(
        f"The native engine does not know {type(step).__name__} yet: add it to engine/description.py."
    )


def _settings(step: Step, *keys: str) -> dict[str, Any]:
    return {key: getattr(step, key) for key in keys}


def _normalization(step: NormalizationStep) -> dict[str, Any]:
    return _settings(step, "momentum", "epsilon", "scale", "center", "frozen")


def _folded(step: NormalizationStep | None) -> dict[str, Any] | None:
    return None if step is None else _normalization(step)


def _draws(step: DropoutStep | MotionStep | ErasingStep) -> dict[str, Any]:
    return {"stream": step.stream, "seed": None if step.seed is None else step.seed & 0xFFFFFFFFFFFFFFFF}


def _describe_convolution(step: ConvolutionStep, common: dict[str, Any]) -> list[dict[str, Any]]:
    convolution = {
        **common,
        "kind": "convolution",
        "kernel": step.kernel_size,
        "strides": step.strides,
        "dilation": step.dilation,
        "padding": step.padding,
        "bias": step.use_bias,
        "features": list(step.feature_shape),
        **_activation(step.activation),
        "normalization": _folded(step.normalization),
        "pool": None,
    }
    if step.pool is None:
        return [convolution]
    # Fused, the winner is looked for before the activation, which must not turn the order round.
    keeps_order = step.activation.alpha >= 0
    if keeps_order and step.pool.size[0] * step.pool.size[1] <= _LARGEST_FUSED_WINDOW:
        return [{**convolution, "pool": _window(step.pool)}]
    features = list(step.feature_shape)
    pooling = {
        "input": features,
        "output": common["output"],
        "weights": [],
        "kind": "pooling",
        "pool": _window(step.pool),
    }
    return [{**convolution, "output": features}, pooling]


def _activation(activation: Nonlinearity) -> dict[str, Any]:
    return {"activation": activation.name, "alpha": activation.alpha}


def _window(window: Window) -> dict[str, Any]:
    return {"mode": window.mode, "size": window.size, "strides": window.strides, "padding": window.padding}

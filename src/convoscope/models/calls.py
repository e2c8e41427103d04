"""What the calls of a model are told: arguments of fit, compile and their like, and the form of what goes in."""

from __future__ import annotations

from typing import Any

import numpy as np

from convoscope import old_keras
from convoscope.errors import ConfigurationError, DataError, ShapeError, unknown_name

# Arguments of Keras' compile that only say how fast or by which way to compute. Anything else would be silently
# ignored, so it is refused.
MEANINGLESS = ("run_eagerly", "steps_per_execution", "jit_compile", "auto_scale_loss")


def sample_shape(x: Any, where: str) -> tuple[int, ...]:
    """Return the shape of one of the samples in `x`, whose first axis counts them."""
    if isinstance(x, (list, tuple)) and len(x) == 1 and np.ndim(x[0]) > 1:
        x = x[0]  # a list with the only input's array
    try:
        shape = np.shape(x)
    except ValueError:
        raise DataError(
            "The inputs have different shapes and cannot form one array. Give all images the same height, width and "
            "channels, and stack them: x = np.stack(images)."
        ) from None
    if len(shape) < 2:
        from convoscope.training.data.inputs import numbers

        numbers(x, where, "x")  # something else than the shape may be wrong with it
        raise ShapeError(
            f"{where}: the inputs have shape {shape}, but a model takes a batch, whose first axis is the number of "
            "images, as in (60000, 28, 28, 1). For a single sample, x[np.newaxis] adds that axis."
        )
    return tuple(shape[1:])


def threads(options: dict[str, Any], where: str) -> dict[str, Any]:
    """Return Keras 2's arguments for threads that mean something, or say which is unknown."""
    known = ("workers", "max_queue_size", "use_multiprocessing")
    for name, value in options.items():
        if name not in known:
            raise old_keras.argument(where, name, value) or unknown_name(f"argument of {where}", name, known)
    return {name: value for name, value in options.items() if name != "use_multiprocessing"}


def check_reset_metrics(reset_metrics: Any, where: str) -> None:
    """Say so if metrics are to be gathered over calls, as only Keras 2 did."""
    if not reset_metrics:
        raise ConfigurationError(
            f"{where}: reset_metrics=False is not supported, because every call measures only its own batch, as in "
            "Keras 3. Average the returned values, or use evaluate for many batches."
        )


def check_compile_options(options: dict[str, Any]) -> None:
    for name in options:
        if name not in MEANINGLESS:
            known = ["optimizer", "loss", "loss_weights", "metrics", "weighted_metrics", *MEANINGLESS]
            raise unknown_name("argument of compile", name, known)

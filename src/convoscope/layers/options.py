"""Arguments of Keras' layers that have one value here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from convoscope.checks import equal, integer
from convoscope.errors import ConfigurationError, unknown_name

# Keras has these arguments; only the values listed here mean something Convoscope computes.
_ACCEPTED: Mapping[str, tuple[Any, ...]] = {
    "data_format": (None, "channels_last"),
    "dtype": (None, "float32"),
    "noise_shape": (None,),
    "activity_regularizer": (None,),
    "renorm": (None, False),
    "synchronized": (None, False),
    "ragged": (None, False),
    "sparse": (None, False),
    "quantization_config": (None,),
    "lora_rank": (None,),
}


_IMAGES = "Images are always float32, height × width × channels: "
_WHY = {
    "data_format": _IMAGES,
    "dtype": _IMAGES,
    "activity_regularizer": "Weights can be regularized (kernel_regularizer='l2'), but outputs cannot: ",
}


def reject_unsupported(options: Mapping[str, Any], where: str, known: Sequence[str]) -> None:
    """Accept Keras arguments that are left at a value we compute; name those that are not."""
    for name, value in options.items():
        if name not in _ACCEPTED:
            raise unknown_name(f"argument of {where}", name, known)
        accepted = _ACCEPTED[name]
        if not any(value is allowed or (allowed is not None and equal(value, allowed)) for allowed in accepted):
            usable = " or ".join(repr(allowed) for allowed in accepted)
            raise ConfigurationError(
                f"{where}: {_WHY.get(name, '')}{name}={value!r} is not supported; leave it out, or set it to {usable}."
            )


def first_shape(input_shape: Any, options: dict[str, Any], where: str) -> Any:
    """Return the input's shape as an older program says it: ``input_dim``, ``batch_input_shape``, ``batch_size``.

    These are taken out of `options`. A batch's size is not fixed here, so it is only checked.
    """
    dim, batch_shape, size = (options.pop(name, None) for name in ("input_dim", "batch_input_shape", "batch_size"))
    if size is not None:
        integer(size, "batch_size", where)
    given = [each for each in (input_shape, dim, batch_shape) if each is not None]
    if len(given) > 1:
        raise ConfigurationError(
            f"{where}: the input's shape was given more than once. Give only input_shape, without the batch axis."
        )
    if dim is not None:
        return (integer(dim, "input_dim", where),)
    if batch_shape is None:
        return input_shape
    if not isinstance(batch_shape, Sequence) or isinstance(batch_shape, str) or len(batch_shape) < 2:
        raise ConfigurationError(
            f"{where}: batch_input_shape has the batch axis first, as in (None, 28, 28, 1), but is {batch_shape!r}."
        )
    return tuple(batch_shape)[1:]

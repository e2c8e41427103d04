"""Arguments of Keras' layers that have one value here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from convoscope.checks import equal
from convoscope.errors import ConfigurationError, unknown_name

# Keras has these arguments; only the values listed here mean something Convoscope computes.
_ACCEPTED: Mapping[str, tuple[Any, ...]] = {
    "data_format": (None, "channels_last"),
    "dtype": (None, "float32"),
    "batch_size": (None,),
    "noise_shape": (None,),
    "activity_regularizer": (None,),
    "renorm": (None, False),
    "synchronized": (None, False),
    "ragged": (None, False),
    "sparse": (None, False),
    "quantization_config": (None,),
    "lora_rank": (None,),
}


_IMAGES = "Images are always height × width × channels, in float32: "
_WHY = {
    "data_format": _IMAGES,
    "dtype": _IMAGES,
    "activity_regularizer": "Weights can be penalised (kernel_regularizer='l2'), outputs cannot: ",
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

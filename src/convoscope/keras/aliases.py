"""Names that Keras has for the same thing, besides the one that it goes by here."""

from __future__ import annotations

from convoscope.keras.outside import words

_INITIALIZERS = words("""
    Constant GlorotNormal GlorotUniform HeNormal HeUniform LecunNormal LecunUniform Ones RandomNormal
    RandomUniform TruncatedNormal VarianceScaling Zeros Orthogonal Identity
""")


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


#: By view, and there by name.
ALIASES: dict[str, dict[str, str]] = {
    "initializers": {_snake(name): name for name in _INITIALIZERS},
    "layers": {"BatchNormalizationV2": "BatchNormalization", "Conv2DV2": "Conv2D"},
}

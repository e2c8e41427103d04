"""``keras.saving``: models in files, and the names of one's own classes in them."""

from __future__ import annotations

from convoscope.models import load_model as load_model

__all__ = ["load_model"]

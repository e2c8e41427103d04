"""Models: a stack of layers that is trained, looked into, and kept in one file."""

from convoscope.models.files import load_model, read_header, save_model
from convoscope.models.layer_line import parse_layers
from convoscope.models.presets import build_preset, preset_names
from convoscope.models.sequential import Sequential
from convoscope.models.view import Model

__all__ = [
    "Model",
    "Sequential",
    "build_preset",
    "load_model",
    "parse_layers",
    "preset_names",
    "read_header",
    "save_model",
]

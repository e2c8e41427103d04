"""Models: stacks and graphs of layers that you train, explore, and keep in one file."""

from convoscope.layers.serialization import MODELS
from convoscope.models.cloning import clone_model
from convoscope.models.files import load_model, read_header, save_model
from convoscope.models.keras_config import model_from_json
from convoscope.models.layer_line import parse_layers
from convoscope.models.model import Model
from convoscope.models.presets import build_preset, preset_names
from convoscope.models.rejection import Rejection
from convoscope.models.sequential import Sequential

MODELS |= {"Sequential": Sequential, "Model": Model}

__all__ = [
    "Model",
    "Rejection",
    "Sequential",
    "build_preset",
    "clone_model",
    "load_model",
    "model_from_json",
    "parse_layers",
    "preset_names",
    "read_header",
    "save_model",
]

"""A model as PyTorch source: a module that a person could have written, and its weights in a safetensors file."""

from convoscope.interchange.pytorch.source.writing import write

__all__ = ["write"]

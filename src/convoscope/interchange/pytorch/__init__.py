"""PyTorch's checkpoint files, read without PyTorch."""

from convoscope.interchange.pytorch.checkpoint import is_checkpoint, read_checkpoint

__all__ = ["is_checkpoint", "read_checkpoint"]

"""The engine that computes with PyTorch: GPUs, and the way to many machines. `select.use("torch")` imports it.

`known` has a function for each kind of step; PyTorch finds the way back. Where its gradients at a corner would differ
from the reference engine's, the function is written so that they do not.
"""

from convoscope.engine.torch.engine import TorchEngine

__all__ = ["TorchEngine"]

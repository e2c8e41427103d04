"""The reference engine: NumPy, readable, a few lines an operation. It is the definition of what is right."""

from convoscope.engine.reference.executable import ReferenceEngine, ReferenceExecutable

__all__ = ["ReferenceEngine", "ReferenceExecutable"]

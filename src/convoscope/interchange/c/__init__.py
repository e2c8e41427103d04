"""A model as one C99 file that depends on nothing: for small networks and small devices."""

from convoscope.interchange.c.writing import write

__all__ = ["write"]

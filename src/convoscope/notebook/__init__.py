"""Notebooks: whether there is one, an output that changes in place, and what objects look like there."""

from convoscope.notebook.kernel import ChangingOutput, beneath_kernel, in_notebook

__all__ = ["ChangingOutput", "beneath_kernel", "in_notebook"]

"""`LayerTable`: who translates which layers, in a writer whose files are made of operators."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from convoscope.errors import ConfigurationError
from convoscope.layers import Layer

#: Makes a layer's operators of its call, and returns what comes out.
Making = Callable[[Any], Any]


class LayerTable(dict[type[Layer], Making]):
    """By the layer's class, what makes its operators; a class of yours is made as the one that it derives from.

    Parameters
    ----------
    operators : str
        What layers are translated into, for messages: ``"ONNX operators"``.
    """

    def __init__(self, operators: str) -> None:
        super().__init__()
        self._operators = operators

    def enter(self, *kinds: type[Layer]) -> Callable[[Making], Making]:
        """Enter a function into the table, as its decorator."""

        def entered(making: Making) -> Making:
            self.update(dict.fromkeys(kinds, making))
            return making

        return entered

    def making(self, layer: Layer) -> Making:
        """Return what makes a layer's operators; `check` has seen that there is something."""
        found = self._found(layer)
        assert found is not None, layer
        return found

    def check(self, layers: Iterable[Layer]) -> None:
        """Raise ConfigurationError, which names all of them, if there are layers that nobody in the table knows."""
        unknown = {id(layer): layer for layer in layers if self._found(layer) is None}.values()
        if unknown:
            named = ", ".join(f"{layer.describe()} ({type(layer).__name__})" for layer in unknown)
            raise ConfigurationError(f"export: these layers cannot be translated into {self._operators}: {named}.")

    def _found(self, layer: Layer) -> Making | None:
        return next((self[kind] for kind in type(layer).__mro__ if kind in self), None)

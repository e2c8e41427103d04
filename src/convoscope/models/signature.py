"""What goes into a model and what comes out of it: symbols, names and shapes."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from convoscope.layers.symbols import Symbol
from convoscope.models.weighted import Weighted
from convoscope.types import Shape


class Signature(Weighted):
    """The inputs and outputs of a `Network`."""

    @property
    @abstractmethod
    def input_symbols(self) -> tuple[Symbol, ...]:
        """What goes in."""

    @property
    @abstractmethod
    def output_symbols(self) -> tuple[Symbol, ...]:
        """What comes out."""

    @abstractmethod
    def _require_built(self) -> None:
        """Say what is missing if shapes and weights are not settled yet."""

    @property
    def plan_input_shape(self) -> Shape:
        """The shape of one input, without the batch axis; of several inputs the first one's."""
        return self.plan_input_shapes[0]

    @property
    def plan_input_shapes(self) -> tuple[Shape, ...]:
        """The shapes of all inputs, without the batch axis."""
        self._require_built()
        return self.__dict__.get("_sizes") or tuple(symbol.sample_shape for symbol in self.input_symbols)

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs: what a dict of arrays is told by."""
        return [symbol.name for symbol in self.input_symbols]

    @property
    def output_names(self) -> list[str]:
        """The names of the layers that the outputs come from: what a dict of targets or losses is told by."""
        return [symbol.name for symbol in self.output_symbols]

    @property
    def input_shape(self) -> Any:
        """The shape of the inputs with the batch axis first, as None; a list of shapes where there are several."""
        self._require_built()
        shapes = [symbol.shape for symbol in self.input_symbols]
        return shapes[0] if len(shapes) == 1 else shapes

    @property
    def output_shape(self) -> Any:
        """The shape of the outputs with the batch axis first, as None; a list of shapes where there are several."""
        self._require_built()
        shapes = [symbol.shape for symbol in self.output_symbols]
        return shapes[0] if len(shapes) == 1 else shapes

    def in_form_of_inputs(self, values: list[Any]) -> Any:
        """Return a value for each input: alone, or in a list."""
        return values[0] if len(values) == 1 else values

    @property
    def input(self) -> Any:
        """What goes in, as a symbol or a list of them, for ``Model(inputs=model.input, ...)``."""
        self._require_built()
        return self.input_symbols[0] if len(self.input_symbols) == 1 else list(self.input_symbols)

    @property
    def output(self) -> Any:
        """What comes out, as a symbol or a list of them."""
        self._require_built()
        return self.output_symbols[0] if len(self.output_symbols) == 1 else list(self.output_symbols)

    @property
    def inputs(self) -> list[Symbol]:
        """The inputs in a list, as in Keras."""
        self._require_built()
        return list(self.input_symbols)

    @property
    def outputs(self) -> list[Symbol]:
        """The outputs in a list, as in Keras."""
        self._require_built()
        return list(self.output_symbols)

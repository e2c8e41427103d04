"""Model: a view on a Sequential that returns what inner layers make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from convoscope.checks import LARGEST_SIZE, integer
from convoscope.engine.base import Array
from convoscope.errors import ConfigurationError, unknown_name
from convoscope.layers.base import Layer, Symbol, Weights
from convoscope.models.prepared import PreparedLayers
from convoscope.models.sequential import Sequential
from convoscope.types import Shape


class Model:
    """See what happens inside: a model's input, and the outputs of any of its layers.

    Parameters
    ----------
    inputs : Symbol
        The model's input: ``model.input``.
    outputs : Symbol or list of Symbol
        Any layers' outputs: ``[layer.output for layer in model.layers]``.
    name : str, optional
        ``"functional"`` if left out, as in Keras.

    Notes
    -----
    The weights are the model's own: train it, and the view sees what it has learned. The view itself is not trained.
    Layers behind the last one asked for are not computed.

    Examples
    --------
    >>> import numpy as np
    >>> from convoscope.layers import Conv2D, MaxPooling2D
    >>> model = Sequential([Conv2D(4, 3, input_shape=(8, 8, 1)), MaxPooling2D()])
    >>> view = Model(inputs=model.input, outputs=[layer.output for layer in model.layers])
    >>> [output.shape for output in view.predict(np.zeros((2, 8, 8, 1)))]
    [(2, 6, 6, 4), (2, 3, 3, 4)]
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None) -> None:
        given = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        self._single = not isinstance(outputs, (list, tuple))
        wanted = [outputs] if self._single else list(outputs)
        if len(given) != 1 or not wanted:
            raise ConfigurationError(
                "Model takes one input and at least one output, as in Model(inputs=model.input, "
                f"outputs=[layer.output for layer in model.layers]), but got {len(given)} inputs and "
                f"{len(wanted)} outputs."
            )
        (first,) = given
        for symbol in (first, *wanted):
            _check_symbol(symbol)
        self.name = name or "functional"
        self.source = _common_model(first, wanted)
        layers = self.source.layers
        self._places = [_place(symbol.layer, layers) for symbol in wanted]
        self._layers = layers[: max(self._places) + 1]
        self.input: Symbol = self.source.input
        self.outputs: list[Symbol] = wanted
        self.plan_input_shape: Shape = self.source.plan_input_shape
        self._prepared = PreparedLayers(self._layers, self.plan_input_shape)

    @property
    def layers(self) -> list[Layer]:
        """The layers that are computed, in order."""
        return list(self._layers)

    @property
    def inputs(self) -> list[Symbol]:
        """The input alone in a list, as in Keras."""
        return [self.input]

    @property
    def output(self) -> Symbol | list[Symbol]:
        """The output, or the list of outputs, as they were given."""
        return self.outputs[0] if self._single else list(self.outputs)

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """The shape of the inputs with the batch axis first, as None."""
        return (None, *self.plan_input_shape)

    @property
    def output_shape(self) -> Any:
        """The shape of the output, or a list of shapes, with the batch axis first, as None."""
        return self.outputs[0].shape if self._single else [symbol.shape for symbol in self.outputs]

    @property
    def weights(self) -> list[Weights]:
        """The weights of the layers: the arrays themselves, not copies."""
        return [weight for layer in self._layers for weight in layer.weights]

    @property
    def trainable_weights(self) -> list[Weights]:
        """Those of the weights that training the model changes."""
        return [weight for layer in self._layers for weight in layer.trainable_weights]

    def count_params(self) -> int:
        """Return the number of values in all weights."""
        return sum(weight.size for weight in self.weights)

    def get_layer(self, name: str) -> Layer:
        """Return the layer of that name."""
        for layer in self._layers:
            if isinstance(name, str) and layer.name == name:
                return layer
        raise unknown_name(f"layer in model {self.name!r}", name, [layer.name for layer in self._layers])

    def predict(self, x: Any, batch_size: int = 32, verbose: Any = 0) -> Any:
        """Return the outputs for inputs `x`.

        Parameters
        ----------
        x : array of shape (N, *input_shape)
        batch_size : int
            How many inputs are computed at once: inner outputs take room.
        verbose : ignored
            Taken because Keras has it.

        Returns
        -------
        array or list of arrays
            (N, ...) for each output, in their order; one array if one output was given outside a list.
        """
        from convoscope.training.data import check_inputs

        images = check_inputs(x, self.plan_input_shape, f"model {self.name!r}")
        size = min(integer(batch_size, "batch_size", "predict"), len(images))
        batches = [
            self._prepared.outputs(images[start : start + size], self._places) for start in range(0, len(images), size)
        ]
        outputs: list[Array] = [np.concatenate(parts) for parts in zip(*batches, strict=True)]
        return outputs[0] if self._single else outputs

    def predict_on_batch(self, x: Any) -> Any:
        """Return the outputs for one batch, without splitting it."""
        return self.predict(x, batch_size=LARGEST_SIZE)

    __call__ = predict_on_batch

    def summary(
        self, line_length: int | None = None, print_fn: Callable[[str], Any] | None = None, *, details: bool = False
    ) -> None:
        """Print the layers that are computed. See `Sequential.summary`."""
        from convoscope.models.summary_text import print_summary

        print_summary(self, line_length=line_length, print_fn=print_fn, details=details)

    def __repr__(self) -> str:
        return f"<Model {self.name!r}: {len(self.outputs)} outputs of {self.source.name!r}>"

    def _repr_html_(self) -> str:
        from convoscope.models.summary_html import summary_html

        return summary_html(self)


def _check_symbol(symbol: Any) -> None:
    if isinstance(symbol, Layer):
        raise ConfigurationError(f"Model takes outputs of layers, not layers: use layer.output of {symbol.describe()}.")
    if not isinstance(symbol, Symbol):
        raise ConfigurationError(
            "Model takes places in a network, such as model.input and layer.output, but got "
            f"{symbol!r} (of type {type(symbol).__name__})."
        )


def _common_model(first: Symbol, wanted: Sequence[Symbol]) -> Sequential:
    """Return the model in which all of the symbols stand, beginning with its input."""
    owners = [symbol.owner for symbol in (first, *wanted) if isinstance(symbol.owner, Sequential)]
    fitting = [owner for owner in owners if _is_input_of(first, owner)]
    if not fitting:
        place = f"the {first.kind} of {first.layer.describe()}"
        raise ConfigurationError(
            f"inputs must be what goes into a model, model.input, but is {place}"
            + (", which is the input of no model." if owners else ", which stands in no model.")
        )
    for owner in fitting:
        if all(_is_output_in(symbol, owner) for symbol in wanted):
            return owner
    stray = next(symbol for symbol in wanted if not _is_output_in(symbol, fitting[0]))
    raise ConfigurationError(
        f"The {stray.kind} of {stray.layer.describe()} is not an output of a layer of model {fitting[0].name!r}, whose "
        f"input was given. A view takes all its outputs from one model; this one has the layers "
        f"{', '.join(layer.name for layer in fitting[0].layers)}."
    )


def _is_input_of(symbol: Symbol, model: Sequential) -> bool:
    return symbol.kind == "input" and (symbol.layer is model.input.layer or symbol.layer is model.layers[0])


def _is_output_in(symbol: Symbol, model: Sequential) -> bool:
    return symbol.kind == "output" and any(symbol.layer is layer for layer in model.layers)


def _place(layer: Layer, layers: Sequence[Layer]) -> int:
    return next(place for place, each in enumerate(layers) if each is layer)

"""What a model does with its weights."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from convoscope.checks import flag
from convoscope.errors import ShapeError
from convoscope.layers import moments
from convoscope.layers.base import Layer, Weights, given_weights
from convoscope.layers.symbols import Operation
from convoscope.layers.variables import Variable

if TYPE_CHECKING:
    from convoscope.layers.graph import Graph


class Weighted(Operation):
    """An operation that is made of layers, and has the weights that these have."""

    if TYPE_CHECKING:

        @property
        def graph(self) -> Graph: ...

    @property
    @abstractmethod
    def built(self) -> bool:
        """Whether there are shapes and weights."""

    @property
    @abstractmethod
    def layers(self) -> list[Any]:
        """The layers in the order of their weights; a model that stands in this one counts as one of them."""

    @abstractmethod
    def build(self, input_shape: Any = None) -> None:
        """Settle shapes and make weights."""

    @abstractmethod
    def _require_built(self) -> None:
        """Say what is missing if shapes and weights are not settled yet."""

    @property
    def weights(self) -> list[Variable]:
        """All weights in order: the arrays themselves, not copies."""
        return [weight for layer in self.leaf_layers for weight in layer.weights]

    @property
    def own_weights(self) -> list[Weights]:
        """The same arrays, for who only reads, or writes within `moments.writing`, and gives them to nobody."""
        return [weight for layer in self.leaf_layers for weight in layer.own_weights]

    @property
    def leaf_layers(self) -> Sequence[Layer]:
        """Every layer once, in the order of the weights; of models that stand in this one, their layers."""
        return self.graph.layers if self.built else ()

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes, in order."""
        return [weight for layer in self.leaf_layers for weight in layer.trainable_weights]

    @property
    def own_trainable_weights(self) -> list[Weights]:
        """The same arrays, as `own_weights` has them."""
        return [weight for layer in self.leaf_layers for weight in layer.own_trainable_weights]

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that training's gradients leave alone, in order."""
        return [weight for layer in self.leaf_layers for weight in layer.non_trainable_weights]

    @property
    def variables(self) -> list[Variable]:
        """All weights, under Keras' other name."""
        return self.weights

    @property
    def trainable_variables(self) -> list[Variable]:
        """The weights that training changes, under Keras' other name."""
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The weights that training's gradients leave alone, under Keras' other name."""
        return self.non_trainable_weights

    @property
    def losses(self) -> list[float]:
        """The regularizers' penalties, layer by layer: training and `evaluate` add them to the loss."""
        return [loss for layer in self.leaf_layers for loss in layer.losses]

    @property
    def varies_images(self) -> bool:
        """Whether a layer varies images while training."""
        return any(layer.varies_images for layer in self.layers)

    @property
    def trainable(self) -> bool:
        """Whether any layer learns. Setting it sets every layer: ``base.trainable = False`` freezes a model."""
        return any(layer.trainable for layer in self.layers)

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self.layers:
            layer.trainable = flag(value, "trainable", f"Model {self.name!r}")

    def get_weights(self) -> list[Weights]:
        """Return copies of all weights, layer by layer, in Keras' order and layout.

        Examples
        --------
        >>> from convoscope import Sequential, layers
        >>> model = Sequential([layers.Dense(2, kernel_initializer="ones", input_shape=(1,))])
        >>> [weight.tolist() for weight in model.get_weights()]  # kernel and bias
        [[[1.0, 1.0]], [0.0, 0.0]]
        """
        with moments.reading():
            return [weight.copy() for weight in self.own_weights]

    def set_weights(self, weights: Sequence[npt.ArrayLike]) -> None:
        """Set all weights from arrays in the order of `get_weights`; all of them or, on an error, none.

        Examples
        --------
        >>> import numpy as np
        >>> from convoscope import Sequential, layers
        >>> model = Sequential([layers.Dense(1, input_shape=(2,))])
        >>> model.set_weights([np.array([[2.0], [3.0]]), np.array([0.5])])
        >>> float(model(np.array([[1.0, 10.0]]))[0, 0])  # 2 × 1 + 3 × 10 + 0.5
        32.5
        """
        self._require_built()
        own, new = self.own_weights, given_weights(weights, f"Model {self.name!r}")
        if len(new) != len(own):
            raise ShapeError(f"Model {self.name!r} has {len(own)} weights, but got {len(new)}.")
        names = [f"{layer.describe()}, {spec.name}" for layer in self.leaf_layers for spec in layer.specs]
        for name, weight, array in zip(names, own, new, strict=True):
            if array.shape != weight.shape:
                raise ShapeError(f"{name}: expected shape {weight.shape}, but got {array.shape}.")
        with moments.writing():
            for weight, array in zip(own, new, strict=True):
                weight[...] = array

    def count_params(self) -> int:
        """Return the number of values in all weights.

        Examples
        --------
        >>> from convoscope import Sequential, layers
        >>> Sequential([layers.Conv2D(64, 3, input_shape=(28, 28, 1))]).count_params()  # 3 × 3 × 64 weights, 64 biases
        640
        """
        self._require_built()
        return sum(weight.size for weight in self.own_weights)

    def save_weights(self, filepath: Any, overwrite: bool = True) -> None:
        """Write the weights alone into one file. See `convoscope.models.weights.save_weights`.

        Examples
        --------
        >>> import tempfile
        >>> from convoscope import Sequential, layers
        >>> first, second = (Sequential([layers.Dense(2, input_shape=(3,))]) for _ in range(2))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     first.save_weights(f"{folder}/weights.safetensors")
        ...     second.load_weights(f"{folder}/weights.safetensors")
        >>> bool((first.get_weights()[0] == second.get_weights()[0]).all())
        True
        """
        from convoscope.models.weights import save_weights

        save_weights(self, filepath, overwrite)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False, by_name: bool = False) -> None:
        """Set the weights from a file. See `convoscope.models.weights.load_weights`.

        Examples
        --------
        >>> import tempfile
        >>> from convoscope import Sequential, layers
        >>> model = Sequential([layers.Dense(2, kernel_initializer="ones", input_shape=(1,))])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save_weights(f"{folder}/weights.safetensors")
        ...     model.set_weights([[[0.0, 0.0]], [0.0, 0.0]])
        ...     model.load_weights(f"{folder}/weights.safetensors")
        >>> model.get_weights()[0].tolist()
        [[1.0, 1.0]]
        """
        from convoscope.models.weights import load_weights

        load_weights(self, filepath, skip_mismatch, by_name)

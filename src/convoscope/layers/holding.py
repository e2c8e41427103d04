"""The weights of a layer: plain arrays, made when the layer is built, that are lent, read, set and copied."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy.typing as npt

from convoscope.errors import ShapeError
from convoscope.layers import moments
from convoscope.layers.symbols import Operation
from convoscope.layers.variables import Variable
from convoscope.layers.weight_spec import Weights, WeightSpec, given_weights, writable
from convoscope.types import Shape


class WeightHolder(Operation):
    """An operation that has weights of its own: what `Layer` does with them."""

    regulated_weights: ClassVar[tuple[str, ...]]
    trainable: bool

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name)
        self._specs: tuple[WeightSpec, ...] = ()
        self._weights: tuple[Weights, ...] = ()
        self._variables: tuple[Variable, ...] = ()  # the same, as they are handed out
        self._lent = False

    @abstractmethod
    def _require_built(self) -> tuple[tuple[Shape, ...], Shape]:
        """Return the shapes of inputs and output, or say what is missing if they are not settled yet."""

    @property
    def specs(self) -> tuple[WeightSpec, ...]:
        """What `weights` are, in the same order."""
        return self._specs

    @property
    def weights(self) -> tuple[Variable, ...]:
        """The weights themselves, not copies: what is written into them counts at once."""
        self._lent = True
        if len(self._variables) != len(self._weights):
            pairs = zip(self._specs, self._weights, strict=True)
            self._variables = tuple(Variable.of(self, spec.name, spec.trainable, array) for spec, array in pairs)
        return self._variables

    @property
    def lent(self) -> bool:
        """Whether somebody may have the arrays themselves, and write into them at any time."""
        return self._lent

    @property
    def own_weights(self) -> tuple[Weights, ...]:
        """The same arrays, for who only reads, or writes within `moments.writing`, and gives them to nobody."""
        return self._weights

    @property
    def trainable_weights(self) -> tuple[Variable, ...]:
        """The weights that training changes."""
        return tuple(weight for weight in self.weights if weight.trainable)

    def variables_of_its_own(self) -> Sequence[Weights]:
        return self.own_weights

    @property
    def own_trainable_weights(self) -> tuple[Weights, ...]:
        """The same arrays, as `own_weights` has them."""
        if not self.trainable:
            return ()
        return tuple(w for w, spec in zip(self._weights, self._specs, strict=True) if spec.trainable)

    @property
    def non_trainable_weights(self) -> tuple[Variable, ...]:
        """The weights that training's gradients leave alone."""
        return tuple(weight for weight in self.weights if not weight.trainable)

    variables, trainable_variables, non_trainable_variables = weights, trainable_weights, non_trainable_weights

    if not TYPE_CHECKING:  # a checker of types would find any name at all

        def __getattr__(self, name: str) -> Any:
            """Return a weight by its name: ``layer.kernel``, ``layer.moving_mean``; None if the layer does without."""
            specs = self.__dict__.get("_specs", ())
            for number, spec in enumerate(specs):
                if spec.name == name:
                    return self.weights[number]
            if name in type(self).regulated_weights and self.__dict__.get("_output_shape") is not None:
                return None  # as of use_bias=False
            hint = (
                f": it has no weights yet. Build it or its model before you use its {name}"
                if (name in type(self).regulated_weights)
                else ""
            )
            raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}{hint}")

    @property
    def losses(self) -> list[float]:
        """The penalty of each weight that learns and has a regularizer, of the weights as they are now."""
        pairs = zip(self._weights, self._specs, strict=True) if self.trainable else ()
        return [spec.regularizer(w) for w, spec in pairs if spec.trainable and spec.regularizer is not None]

    def get_weights(self) -> list[Weights]:
        """Return copies of the weights in Keras' order and layout.

        Examples
        --------
        >>> from convoscope.layers import Dense
        >>> layer = Dense(2, kernel_initializer="ones")
        >>> layer.build((None, 1))
        >>> [weight.tolist() for weight in layer.get_weights()]  # kernel and bias
        [[[1.0, 1.0]], [0.0, 0.0]]
        """
        with moments.reading():
            return [weight.copy() for weight in self._weights]

    def set_weights(self, weights: Sequence[npt.ArrayLike]) -> None:
        """Set the weights from arrays in Keras' order and layout; all of them or, on an error, none.

        Examples
        --------
        >>> import numpy as np
        >>> from convoscope.layers import Dense
        >>> layer = Dense(1)
        >>> layer.build((None, 2))
        >>> layer.set_weights([[[2.0], [3.0]], [0.5]])
        >>> float(layer(np.array([[1.0, 10.0]]))[0, 0])  # 2 × 1 + 3 × 10 + 0.5
        32.5
        """
        self._require_built()
        arrays = given_weights(weights, self.describe())
        expected = [spec.shape for spec in self._specs]
        if [array.shape for array in arrays] != expected:
            wanted = ", ".join(f"{spec.name} {spec.shape}" for spec in self._specs) or "none"
            raise ShapeError(
                f"{self.describe()} takes {len(expected)} weights ({wanted}), but got {len(arrays)} of the shapes "
                f"{[array.shape for array in arrays]}. get_weights() shows the order."
            )
        with moments.writing():
            for own, new in zip(self._weights, arrays, strict=True):
                own[...] = new

    def take_weights(self, weights: Sequence[Weights]) -> None:
        """Make these very arrays the layer's weights: float32, of the shapes of `specs`, and nobody else's."""
        self._weights = tuple(map(writable, weights))
        self._variables = ()

    def count_params(self) -> int:
        """Return the number of values in all weights.

        Examples
        --------
        >>> from convoscope.layers import Conv2D
        >>> layer = Conv2D(64, 3)
        >>> layer.build((None, 28, 28, 1))
        >>> layer.count_params()  # 3 × 3 × 1 × 64 weights and 64 biases
        640
        """
        return sum(weight.size for weight in self._weights)

    # ---- copying

    def __getstate__(self) -> dict[str, Any]:
        # A layer that is copied on its own leaves its model behind; a model that is copied adopts its layers again.
        self._lent = True  # a shallow copy has the same arrays
        return {**self.__dict__, "_owner": None, "_nodes": [], "_variables": ()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._weights = tuple(map(writable, self._weights))

"""Network: what every model has, whether its layers are one stack or a graph."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from convoscope.checks import flag, integer
from convoscope.engine.base import Array, Executable
from convoscope.errors import ConfigurationError
from convoscope.layers.symbols import snake_case
from convoscope.models import copying
from convoscope.models.composition import Composition
from convoscope.models.naming import layer_named
from convoscope.seeds import check_seed, next_seed
from convoscope.types import Shape


class Network(Composition):
    """The base of `Sequential` and `Model`.

    A subclass settles which nodes it is made of: `node_list`, and the `input_symbols` and `output_symbols` of its
    `Signature`.
    """

    #: The name of a model that was given none.
    default_name: str
    #: When, on what and with what result it was trained. Saved with the model.
    origin: dict[str, Any] | None = None

    def __init__(self, name: str | None = None, seed: int | None = None) -> None:
        super().__init__(name)
        self.seed = next_seed() if seed is None else check_seed(seed)
        self.class_names: list[str] | None = None
        self.preprocessing: dict[str, Any] | None = None

    # ---- names and layers

    @property
    def name(self) -> str:
        """The model's name: the one given, or one after its kind."""
        return self._given_name or self._automatic_name

    @name.setter
    def name(self, name: str) -> None:
        if not isinstance(name, str) or not name:
            raise ConfigurationError(f"A model's name must be a string that is not empty, but is {name!r}.")
        self._given_name = name

    @classmethod
    def base_name(cls) -> str:
        return cls.default_name if "default_name" in vars(cls) else snake_case(cls.__name__)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Any:
        """Return the layer of that name, or at that index (from 0; -1 is the last).

        A name is looked up in this model first, and then in nested models. If several of these have a layer of that
        name, say which: ``get_layer("encoder/conv2d")``.

        Examples
        --------
        >>> from convoscope import Sequential, layers
        >>> model = Sequential([layers.Flatten(input_shape=(8, 8, 1)), layers.Dense(10, name="classes")])
        >>> model.get_layer("classes").units, model.get_layer(index=0).output_shape
        (10, (None, 64))
        """
        if (name is None) == (index is None):
            raise ConfigurationError("get_layer takes either a name or an index, as in get_layer('conv2d').")
        if index is None:
            return layer_named(name, self)
        index, count = integer(index, "index", "get_layer", minimum=-(2**62)), len(self.layers)
        if not -count <= index < count:
            raise ConfigurationError(f"There is no layer at index {index}: model {self.name!r} has {count} layers.")
        return self.layers[index]

    # ---- as Keras' programs have it

    def reset_states(self) -> None:
        """Return at once: no layer here remembers what it has seen of the batch before. For Keras' programs."""
        return

    reset_metrics = reset_states

    # ---- running

    def executable(self, fused: bool = True) -> Executable:
        """Return the model ready to run on the current engine: the same object until something changes."""
        return self._prepared.executable(fused=flag(fused, "fused", "executable"))

    def executable_with(self, value: int) -> Executable:
        """Return the same with one more output behind the model's own: a value on the way, by its number in `graph`."""
        return self._prepared.and_value(value).executable()

    def outputs_in_training(self, inputs: Sequence[Array]) -> list[Array]:
        """Return the outputs as training makes them: with dropout and augmentation, of a fresh draw at each call."""
        return self._prepared.outputs_in_training(inputs)

    def layer_outputs(self, x: Any) -> list[Array]:
        """Return what every layer makes of a batch `x`, call by call: in the order of `layers` in a stack.

        Examples
        --------
        >>> from convoscope import Sequential, layers
        >>> model = Sequential([layers.Conv2D(8, 3, input_shape=(28, 28, 1)), layers.MaxPooling2D(), layers.Flatten()])
        >>> [output.shape for output in model.layer_outputs(np.zeros((5, 28, 28, 1)))]
        [(5, 26, 26, 8), (5, 13, 13, 8), (5, 1352)]
        """
        self._build_for(x)
        return self._prepared.outputs(self.check_inputs(x))

    def check_inputs(self, x: Any, where: str | None = None, *, finite: bool = True) -> Any:
        """Return `x` as engines take it, an array or a list of them, or say what is wrong with it."""
        from convoscope.training.data import check_inputs, check_several_inputs

        where, shapes = where or f"model {self.name!r}", self.plan_input_shapes
        given = self.in_order(x, self.input_names, "inputs") if isinstance(x, dict) else x
        if len(shapes) > 1:
            return check_several_inputs(given, shapes, self.input_names, where, finite=finite)
        if isinstance(x, dict) or _is_list_of_one(given, shapes[0]):
            given = given[0]
        return check_inputs(given, shapes[0], where, finite=finite)

    def check_range(self, x: Any, where: str) -> None:
        if self.preprocessing is not None:
            from convoscope.models.value_range import check_range

            check_range(self.preprocessing, x, where)

    def predict_images(self, images: Any, **options: Any) -> Any:
        """Classify images: paths, bytes, Pillow images or arrays, one or many, of any size and colour mode.

        They are prepared as the training images were. For options and results see
        `convoscope.explore.image_predictions.predict_images`.

        Examples
        --------
        >>> from convoscope.layers import Dense, Flatten, Rescaling
        >>> from convoscope.models import Sequential
        >>> model = Sequential([Rescaling(1 / 255, input_shape=(8, 8, 3)), Flatten(), Dense(2, activation="softmax")])
        >>> model.class_names = ["ants", "bees"]
        >>> found = model.predict_images(np.zeros((300, 400, 3), np.uint8))
        >>> found.name in model.class_names, found.probabilities.shape
        (True, (2,))
        """
        from convoscope.explore.image_predictions import predict_images

        return predict_images(self, images, **options)

    # ---- looking and keeping

    def summary(
        self,
        line_length: int | None = None,
        print_fn: Callable[[str], Any] | None = None,
        *,
        details: bool = False,
        plan: bool = False,
        expand_nested: bool = False,
        show_trainable: bool = False,
    ) -> None:
        """Print the layers, their output shapes and their numbers of parameters, as Keras does.

        Parameters
        ----------
        line_length : int, optional
            Width in characters; if left out, that of the terminal, at most 88.
        print_fn : callable, optional
            Called once with the whole text, instead of printing it.
        details : bool
            Also show how the image shrinks from layer to layer, each layer's receptive field, how its parameters are
            counted, and how many multiply-adds it takes.
        plan : bool
            Also show the steps that the engine runs, in training and in prediction: which layers are computed together,
            by which kernel, and why.
        expand_nested : bool
            Also show the layers of nested models.
        show_trainable : bool
            Show for each layer with weights whether it learns (Y) or is frozen (N).

        Examples
        --------
        >>> from convoscope import Sequential, layers
        >>> model = Sequential([layers.Conv2D(8, 3, input_shape=(28, 28, 1), name="edges")], name="small")
        >>> model.add(layers.GlobalAveragePooling2D(name="means"))
        >>> model.summary(line_length=60)
        Model: "small"
        ┏━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━┓
        ┃ Layer (type)             ┃ Output Shape      ┃   Param # ┃
        ┡━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━┩
        │ edges (Conv2D)           │ (None, 26, 26, 8) │        80 │
        ├──────────────────────────┼───────────────────┼───────────┤
        │ means                    │ (None, 8)         │         0 │
        │ (GlobalAveragePooling2D) │                   │           │
        └──────────────────────────┴───────────────────┴───────────┘
         Total params: 80 (320.00 B)
         Trainable params: 80 (320.00 B)
         Non-trainable params: 0 (0.00 B)
        """
        from convoscope.models.summary_text import print_summary

        print_summary(
            self,
            line_length=line_length,
            print_fn=print_fn,
            details=details,
            plan=plan,
            expand_nested=expand_nested,
            show_trainable=show_trainable,
        )

    def explore(self, x: Any = None, y: Any = None, **options: Any) -> Any:
        """Open the model in the browser, with images `x` and their labels, or the images that should come out, `y`.

        See `convoscope.web.explorer.explore`.

        Examples
        --------
        >>> import os
        >>> import tempfile
        >>> from convoscope import Sequential, layers
        >>> model = Sequential([layers.Conv2D(8, 3, input_shape=(28, 28, 1)), layers.Flatten(), layers.Dense(10)])
        >>> page = model.explore(np.zeros((5, 28, 28, 1)), np.arange(5), server=False)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     page.save(f"{folder}/model.html")
        ...     sorted(os.listdir(folder))
        ['model.html']
        """
        from convoscope.web.explorer import explore

        return explore(self, x, y, **options)

    def widget(self, x: Any = None, y: Any = None, **options: Any) -> Any:
        """Return the model's page as a notebook's widget, in step with Python: see `convoscope.ExplorerWidget`."""
        from convoscope.widgets import ExplorerWidget

        return ExplorerWidget(self, x, y, **options)

    def save(self, path: Any, overwrite: bool = True, *, include_optimizer: bool = True, half: bool = False) -> None:
        """Write the model, with its optimizer's state, into one file. See `convoscope.models.save_model`.

        Examples
        --------
        >>> import tempfile
        >>> from convoscope import Sequential, layers, models
        >>> model = Sequential([layers.Dense(2, input_shape=(3,))])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(f"{folder}/model.safetensors")
        ...     again = models.load_model(f"{folder}/model.safetensors")
        >>> bool((again(np.eye(3)) == model(np.eye(3))).all())
        True
        """
        from convoscope.models.files import save_model

        save_model(self, path, overwrite=overwrite, include_optimizer=include_optimizer, half=half)

    def export(self, filepath: Any, format: str | None = None, verbose: Any = None, **options: Any) -> None:
        """Write the model for another program, as ``model.export("model.onnx")``.

        Parameters
        ----------
        filepath : path
            Its ending determines the format, unless ``format`` is given.
        format : str, optional
        verbose
            As in Keras; nothing is printed.
        **options
            The format's options: see `convoscope.interchange.formats`.

        Examples
        --------
        >>> import os
        >>> import tempfile
        >>> from convoscope import Sequential, layers
        >>> model = Sequential([layers.Dense(2, input_shape=(3,))])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.export(f"{folder}/model.onnx")
        ...     sorted(os.listdir(folder))
        ['model.onnx']
        """
        from convoscope.interchange.formats import write

        write(self, filepath, format, **options)

    def to_json(self, **options: Any) -> str:
        """Return the architecture as JSON, in Keras' layout. See `convoscope.models.keras_config.to_json`.

        Examples
        --------
        >>> import json
        >>> from convoscope import Sequential, layers
        >>> json.loads(Sequential([layers.Dense(2, input_shape=(3,))], name="small").to_json())["class_name"]
        'Sequential'
        """
        from convoscope.models.keras_config import to_json

        return to_json(self, **options)

    def restore_training(self, path: Any) -> None:
        """Continue from the training state of a saved model: see `convoscope.models.restoring.restore_training`."""
        from convoscope.models.restoring import restore_training

        restore_training(self, path)

    @abstractmethod
    def get_config(self) -> dict[str, Any]:
        """Return the architecture as plain JSON values."""

    # ---- copying: see `convoscope.models.copying`

    @abstractmethod
    def state_of_nodes(self) -> dict[str, Any]:
        """Return what copies take along in place of nodes."""

    @abstractmethod
    def restore_nodes(self) -> None:
        """Make the nodes anew from that, which stands in the model's attributes now."""

    def __getstate__(self) -> dict[str, Any]:
        return copying.state_to_pickle(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        copying.restore(self, state)

    def __copy__(self) -> Any:
        twin = type(self).__new__(type(self))
        twin.__setstate__(copying.state_of(self))
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return copying.deep_copy(self, memo)

    def _repr_html_(self) -> str:
        from convoscope.models.summary_html import summary_html

        return summary_html(self)


def _is_list_of_one(given: Any, shape: Shape) -> bool:
    """Whether something is a list with the array of the only input, and not one sample in a list."""
    if not isinstance(given, (list, tuple)) or len(given) != 1:
        return False
    inner = np.shape(given[0])
    return len(inner) > len(shape) or (len(inner) == len(shape) and (*inner[1:], 1) == shape)

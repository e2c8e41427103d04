"""Every error and warning that Convoscope raises on purpose.

A message is one paragraph: what was expected, what was found, where, and what to do about it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LONGEST, _BEGINNING, _END = 2_000, 1_300, 500  # characters


class ConvoscopeError(Exception):
    """The base of all errors: ``except ConvoscopeError`` catches what Convoscope raises on purpose, and no bugs.

    A message quotes what was given, however long that is; the middle of a very long message is left out.

    Examples
    --------
    >>> import convoscope
    >>> try:
    ...     convoscope.layers.Dense(-1)
    ... except ConvoscopeError as error:
    ...     print(error)
    Dense: units must be at least 1, but is -1.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(shortened(message))


class ConfigurationError(ConvoscopeError, ValueError):
    """An invalid setting of a layer, a model or a training run.

    Examples
    --------
    >>> import convoscope
    >>> try:
    ...     convoscope.layers.Dropout(1.5)
    ... except ConfigurationError as error:
    ...     print(error)
    Dropout: rate must be at least 0 and below 1, but is 1.5.
    """


class InUseError(ConfigurationError):
    """A folder that another process is working in. Wait until it has ended, or choose another folder.

    Examples
    --------
    >>> issubclass(InUseError, ConfigurationError), issubclass(InUseError, ValueError)
    (True, True)
    """


class UnknownNameError(ConfigurationError):
    """A name that is not among the known ones; the message suggests the nearest one. `unknown_name` makes it.

    Examples
    --------
    >>> import convoscope
    >>> try:
    ...     convoscope.layers.Activation("rellu")
    ... except UnknownNameError as error:
    ...     print(str(error).split(" Known")[0])
    There is no activation named 'rellu'. Did you mean 'relu'?
    """


class OutsideNameError(ConvoscopeError, AttributeError):
    """A name of Keras or TensorFlow that does not exist here; the message says what to use instead.

    Examples
    --------
    >>> from convoscope import keras
    >>> try:
    ...     keras.layers.LSTM
    ... except OutsideNameError as error:
    ...     print(error)
    layers.LSTM is not in Convoscope: Convoscope is for images, and has no layers for text and sequences.
    """


class OutsideImportError(ConvoscopeError, ImportError):
    """An import of a name of Keras or TensorFlow that does not exist here, such as ``layers.LSTM``.

    Examples
    --------
    >>> try:
    ...     from convoscope.keras.layers import LSTM
    ... except OutsideImportError as error:
    ...     print(error)
    layers.LSTM is not in Convoscope: Convoscope is for images, and has no layers for text and sequences.
    """


class ShapeError(ConvoscopeError, ValueError):
    """Shapes that do not fit: an image too small for a layer, or data of another shape than a model takes.

    Examples
    --------
    >>> import convoscope
    >>> try:
    ...     convoscope.layers.Conv2D(8, 5, name="first").compute_output_shape((None, 3, 3, 1))
    ... except ShapeError as error:
    ...     print(str(error).split(",")[0])
    Conv2D 'first': a window of 5×5 does not fit into 3×3 pixels
    """


class DataError(ConvoscopeError, ValueError):
    """Data that cannot be trained on or predicted from: NaN, empty, labels out of range.

    Examples
    --------
    >>> import convoscope
    >>> model = convoscope.Sequential([convoscope.layers.Dense(2, input_shape=(1,))])
    >>> try:
    ...     model.predict([[float("nan")]])
    ... except DataError as error:
    ...     print(str(error).split(".")[0])
    predict: x contains NaN (not a number), first in sample 0 of 1
    """


class NotReadyError(ConvoscopeError, RuntimeError):
    """A step that has to come first is missing: an input shape, or ``compile``.

    Examples
    --------
    >>> import convoscope
    >>> model = convoscope.Sequential([convoscope.layers.Dense(2)], name="small")
    >>> try:
    ...     model.count_params()
    ... except NotReadyError as error:
    ...     print(str(error).split(",")[0])
    Model 'small' has not been built yet
    """


class TrainingDivergedError(ConvoscopeError, ArithmeticError):
    """The loss is no longer a number: training ends, and the model is as it was before that epoch.

    Examples
    --------
    >>> import numpy as np
    >>> import convoscope
    >>> model = convoscope.Sequential([convoscope.layers.Dense(1, kernel_initializer="ones", input_shape=(1,))])
    >>> model.compile(convoscope.optimizers.SGD(1e30), "mse")
    >>> try:
    ...     model.fit(np.ones((4, 1)), np.zeros((4, 1)), batch_size=1, verbose=0)
    ... except TrainingDivergedError as error:
    ...     print(str(error).split(",")[0])
    Training diverged: in epoch 1
    """


class FileFormatError(ConvoscopeError, ValueError):
    """A file that is damaged, truncated, or of another kind than its name or location says.

    Examples
    --------
    >>> import tempfile
    >>> import convoscope
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open(f"{folder}/model.safetensors", "w") as file:
    ...         written = file.write("not a model")
    ...     try:
    ...         convoscope.load_model(f"{folder}/model.safetensors")
    ...     except FileFormatError as error:
    ...         print(str(error).split("model.safetensors ")[1].split(",")[0])
    is not a safetensors file
    """


class MissingFileError(ConvoscopeError, FileNotFoundError):
    """A file or folder that does not exist.

    Examples
    --------
    >>> import convoscope
    >>> try:
    ...     convoscope.load_model("no-such-model.safetensors")
    ... except MissingFileError as error:
    ...     print(str(error).split(".")[0])
    There is no file no-such-model
    """


class DownloadError(ConvoscopeError, OSError):
    """A file that is neither on disk nor available at any of its addresses.

    Examples
    --------
    >>> issubclass(DownloadError, OSError)  # so programs that catch errors of the network catch this one too
    True
    """


class StorageError(ConvoscopeError, OSError):
    """A file that could not be written; an earlier file of that name is unchanged.

    Examples
    --------
    >>> import convoscope
    >>> model = convoscope.Sequential([convoscope.layers.Dense(2, input_shape=(1,))])
    >>> try:
    ...     model.save("no-such-folder/model.safetensors")
    ... except StorageError as error:
    ...     print(str(error).split(":")[0])
    no-such-folder/model.safetensors cannot be written
    """


class ProcessLostError(ConvoscopeError, RuntimeError):
    """Another of the processes that train together has ended, so this one cannot continue.

    Attributes
    ----------
    is_told : bool
        Whether the other process has reported why.

    Examples
    --------
    >>> error = ProcessLostError("Process 1 has ended.", is_told=True)
    >>> error.is_told, isinstance(error, RuntimeError)
    (True, True)
    """

    def __init__(self, message: str = "", *, is_told: bool = False) -> None:
        super().__init__(message)
        self.is_told = is_told


class ConvoscopeWarning(UserWarning):
    """The base of all warnings: something that works, but is probably not intended.

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", ConvoscopeWarning)  # makes them errors, as in this package's tests
    ...     try:
    ...         warnings.warn("The labels are all 0.", ConvoscopeWarning, stacklevel=1)
    ...     except ConvoscopeWarning as warning:
    ...         print(warning)
    The labels are all 0.
    """


class EngineFallbackWarning(ConvoscopeWarning):
    """The native engine is not available, and the slower reference engine has taken over.

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", EngineFallbackWarning)
    ...     import convoscope  # without the message, if this machine has no native engine
    """


def shortened(message: str) -> str:
    """Return a message as it is, or without the middle of a very long one.

    Examples
    --------
    >>> len(shortened("x must be a number, but is '" + 100_000 * "a" + "'. Give a number.")) < 2_000
    True
    """
    if len(message) <= _LONGEST:
        return message
    left_out = len(message) - _BEGINNING - _END
    return f"{message[:_BEGINNING]} [... {left_out:,} characters left out ...] {message[-_END:]}"


def unknown_name(kind: str, name: object, known: Iterable[str]) -> UnknownNameError:
    """Make the error for a name that is not known, with the nearest right one.

    Parameters
    ----------
    kind : str
        What the name stands for, in the singular: ``"activation"``.
    name : object
        What was given; not always a string.
    known : iterable of str
        The names that would have been right.

    Examples
    --------
    >>> print(unknown_name("activation", "rleu", ["relu", "tanh"]))
    There is no activation named 'rleu'. Did you mean 'relu'? Known: relu, tanh.
    """
    names = list(known)
    nearest = difflib.get_close_matches(str(name)[:_LONGEST].lower(), [n.lower() for n in names], n=1, cutoff=0.5)
    by_lower = {n.lower(): n for n in names}
    hint = f" Did you mean {by_lower[nearest[0]]!r}?" if nearest else ""
    return UnknownNameError(f"There is no {kind} named {name!r}.{hint} Known: {', '.join(names)}.")

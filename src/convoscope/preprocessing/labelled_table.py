"""A table of image files and what is predicted for each: any object that has columns by name."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import ConfigurationError, ConvoscopeWarning, DataError, unknown_name
from convoscope.wording import agreeing, counted

_ONE_CLASS = ("binary", "sparse")
_CLASSES = ("categorical", *_ONE_CLASS)


class Labelled:
    """Files and labels out of a table, with Keras' rules for `class_mode`.

    Parameters
    ----------
    table : pandas.DataFrame, dict of columns or the like
        ``table[name]`` gives a column.
    x_col, weight_col : str
        The columns of file names and of weights, if any.
    y_col : str or list of str
        The column, or for "multi_output" and "raw" also the columns, of labels.
    class_mode : str or None
    classes : iterable of str, optional
        Those to keep, in the order of their numbers; all, in alphabetical order, where it is left out.

    Attributes
    ----------
    files : list of str
    has_classes : bool
        Whether the labels are names of classes.
    class_indices : dict of str to int
    classes : list
        The number of each file's class, or the numbers of its classes.
    labels : array, list of arrays, or list
        What is predicted for each file.
    weights : array or None
    """

    def __init__(
        self,
        table: Any,
        x_col: str,
        y_col: str | Sequence[str],
        weight_col: str | None,
        class_mode: str | None,
        classes: Iterable[str] | None,
    ) -> None:
        self._table, self._mode = table, class_mode
        self._y_col = y_col
        self.has_classes = class_mode in _CLASSES
        self.files: list[str] = list(self._column(x_col))
        if not all(isinstance(name, str) for name in self.files):
            raise DataError(f"Column {x_col!r} must contain file names, but some of its values are not strings.")
        self._names = self._class_names(y_col) if self.has_classes else []
        self._wanted = None if classes is None else list(dict.fromkeys(classes))
        if class_mode == "binary":
            self._check_two()
        if self._wanted and not self.has_classes:
            warnings.warn(f"`classes` has no effect with class_mode={class_mode!r}.", ConvoscopeWarning, stacklevel=5)
        self.weights = None if weight_col is None else _numeric(self._column(weight_col), weight_col)
        self.labels: Any = self._values()
        self.class_indices: dict[str, int] = {}
        self.classes: list[Any] = []

    def keep(self, wanted: Callable[[str], bool], column: str) -> None:
        """Drop the rows whose files are not wanted, and warn of how many they were and in which column they stood."""
        kept = [wanted(name) for name in self.files]
        if lost := kept.count(False):
            warnings.warn(
                f"{counted(lost, 'row')} of the table {agreeing(lost, 'is', 'are')} left out: no image exists under "
                f"the name in column {column!r}.",
                ConvoscopeWarning,
                stacklevel=5,
            )
        self._select(np.flatnonzero(kept))

    def number_classes(self) -> None:
        """Number the classes, and drop the rows that have none of those that are wanted."""
        if not self.has_classes:
            return
        if self._wanted:
            known = set(self._wanted)
            self._names = [[name for name in names if name in known] for names in self._names]
            self._select(np.array([i for i, names in enumerate(self._names) if names], np.intp))
        order = self._wanted or sorted({name for names in self._names for name in names})
        self.class_indices = {name: number for number, name in enumerate(order)}
        numbers = [[self.class_indices[name] for name in names] for names in self._names]
        self.classes = [n if several else n[0] for n, several in zip(numbers, self._several, strict=True)]
        self.labels = self.classes

    def cut(self, split: tuple[float, float]) -> None:
        """Keep a share of the rows: from where to where."""
        begins, ends = (int(share * len(self.files)) for share in split)
        self._select(np.arange(begins, ends))
        if self.has_classes:
            self.labels = self.classes

    def _column(self, name: str) -> Any:
        try:
            return self._table[name]
        except (KeyError, IndexError, TypeError) as error:
            columns = getattr(self._table, "columns", None)
            names = list(self._table if columns is None else columns)
            raise unknown_name("column in the table", name, map(str, names)) from error

    def _class_names(self, column: str | Sequence[str]) -> list[list[str]]:
        """Give the classes of each row, and remember which rows name several."""
        if not isinstance(column, str):
            raise ConfigurationError(f"y_col must be one column with class_mode={self._mode!r}, but is {column!r}.")
        values = list(self._column(column))
        several = () if self._mode in _ONE_CLASS else (list, tuple)
        self._several = [isinstance(value, several) for value in values]
        for value in values:
            if not isinstance(value, (str, *several)):
                raise DataError(
                    f"With class_mode={self._mode!r} column {column!r} must contain class names as strings, but "
                    f"contains {value!r}. For numbers write dataframe[{column!r}].astype(str), or class_mode='raw'."
                )
        return [list(value) if several else [value] for value, several in zip(values, self._several, strict=True)]

    def _check_two(self) -> None:
        found = self._wanted or sorted({name for names in self._names for name in names})
        if len(found) != 2:
            raise DataError(
                f"class_mode='binary' is for two classes, but there {agreeing(len(found), 'is', 'are')} {len(found)}. "
                "Use class_mode='categorical', or list two classes in classes."
            )

    def _values(self) -> Any:
        if self._mode == "multi_output":
            if isinstance(self._y_col, str) or not isinstance(self._y_col, Sequence):
                raise ConfigurationError(
                    f"class_mode='multi_output' takes a list of columns as y_col, but got {self._y_col!r}."
                )
            return [np.array(list(self._column(name))) for name in self._y_col]
        if self._mode == "raw":
            if isinstance(self._y_col, str):
                return np.asarray(self._column(self._y_col))
            return np.stack([np.asarray(self._column(name)) for name in self._y_col], axis=1)
        return None

    def _select(self, rows: npt.NDArray[np.intp]) -> None:
        """Keep these rows of everything."""
        self.files = [self.files[row] for row in rows]
        self.weights = None if self.weights is None else self.weights[rows]
        if self.has_classes:
            self._names = [self._names[row] for row in rows]
            self._several = [self._several[row] for row in rows]
            self.classes = [self.classes[row] for row in rows] if self.classes else []
        elif self._mode == "multi_output":
            self.labels = [values[rows] for values in self.labels]
        elif self._mode == "raw":
            self.labels = self.labels[rows]


def _numeric(column: Any, name: str) -> npt.NDArray[Any]:
    values = np.asarray(column)
    if not np.issubdtype(values.dtype, np.number):
        raise DataError(f"Column {name!r} must contain the weights of the images, but its values are not numbers.")
    return values

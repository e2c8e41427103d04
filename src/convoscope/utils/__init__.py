"""Small helpers that lessons use, under Keras' names.

>>> from convoscope.utils import to_categorical
>>> to_categorical([1], num_classes=2)
array([[0., 1.]], dtype=float32)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convoscope.data.image_directory import image_dataset_from_directory as image_dataset_from_directory
    from convoscope.drawing.network import model_to_dot as model_to_dot, plot_model as plot_model
    from convoscope.layers.counting import clear_session as clear_session
    from convoscope.preprocessing.images import (
        array_to_img as array_to_img,
        img_to_array as img_to_array,
        load_img as load_img,
        save_img as save_img,
    )
    from convoscope.seeds import set_random_seed as set_random_seed
    from convoscope.training.data.py_dataset import PyDataset as PyDataset
    from convoscope.training.progbar import Progbar as Progbar
    from convoscope.utils.arrays import normalize as normalize, to_categorical as to_categorical
    from convoscope.utils.getting import get_file as get_file
    from convoscope.utils.packing import (
        pack_x_y_sample_weight as pack_x_y_sample_weight,
        unpack_x_y_sample_weight as unpack_x_y_sample_weight,
    )
    from convoscope.utils.splitting import split_dataset as split_dataset

    Sequence = PyDataset

_FOUND_IN = {
    "Progbar": "convoscope.training.progbar",
    "PyDataset": "convoscope.training.data.py_dataset",
    "Sequence": "convoscope.training.data.py_dataset",
    "array_to_img": "convoscope.preprocessing.images",
    "clear_session": "convoscope.layers.counting",
    "get_file": "convoscope.utils.getting",
    "image_dataset_from_directory": "convoscope.data.image_directory",
    "img_to_array": "convoscope.preprocessing.images",
    "load_img": "convoscope.preprocessing.images",
    "model_to_dot": "convoscope.drawing.network",
    "normalize": "convoscope.utils.arrays",
    "pack_x_y_sample_weight": "convoscope.utils.packing",
    "plot_model": "convoscope.drawing.network",
    "save_img": "convoscope.preprocessing.images",
    "set_random_seed": "convoscope.seeds",
    "split_dataset": "convoscope.utils.splitting",
    "to_categorical": "convoscope.utils.arrays",
    "unpack_x_y_sample_weight": "convoscope.utils.packing",
}
_NAMED = {"Sequence": "PyDataset"}
__all__ = [*_FOUND_IN]


def __getattr__(name: str) -> Any:
    # Read when first used: Pillow and urllib take longer to import than what lessons use most.
    if name in _FOUND_IN:
        return getattr(import_module(_FOUND_IN[name]), _NAMED.get(name, name))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted(__all__)

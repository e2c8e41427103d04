"""What Keras 1 and 2 had and Keras 3 has not: for each old name the line to write instead.

The one place for them; layers, optimizers and models ask here before they say that a name is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convoscope.errors import OutsideNameError, UnknownNameError

#: Methods of models, and what takes their place.
METHODS = {
    "evaluate_generator": "model.evaluate(generator, steps=...)",
    "fit_generator": "model.fit(generator, steps_per_epoch=..., epochs=..., validation_data=...)",
    "predict_classes": "model.predict(x).argmax(axis=-1), or (model.predict(x) > 0.5).astype(int) for one sigmoid",
    "predict_generator": "model.predict(generator, steps=...)",
    "predict_proba": "model.predict(x)",
    "reset_states": "nothing: layers have no state",
    "run_eagerly": "nothing: the engines run every model",
    "to_yaml": "model.to_json()",
}

#: Arguments by their old names: the new one, or, with a space or parenthesis in it, what to write.
ARGUMENTS = {
    "W_constraint": "kernel_constraint",
    "W_regularizer": "kernel_regularizer",
    "activity_l2": "kernel_regularizer",
    "atrous_rate": "dilation_rate",
    "b_constraint": "bias_constraint",
    "b_regularizer": "bias_regularizer",
    "beta_init": "beta_initializer",
    "bias": "use_bias",
    "border_mode": "padding",
    "class_mode": "loss",
    "dim_ordering": "data_format='channels_last'",
    "epsilon_std": "stddev",
    "gamma_init": "gamma_initializer",
    "init": "kernel_initializer",
    "input_dtype": "dtype='float32'",
    "lr": "learning_rate",
    "max_q_size": "max_queue_size",
    "mode": "nothing",
    "nb_col": "kernel_size=(rows, columns)",
    "nb_epoch": "epochs",
    "nb_feature": "units",
    "nb_filter": "filters",
    "nb_row": "kernel_size=(rows, columns)",
    "nb_val_samples": "validation_steps",
    "nb_worker": "workers",
    "output_dim": "units",
    "p": "rate",
    "pickle_safe": "use_multiprocessing",
    "samples_per_epoch": "steps_per_epoch",
    "show_accuracy": "metrics=['accuracy'] in compile",
    "sigma": "stddev",
    "subsample": "strides",
    "val_samples": "steps",
}


def method(owner: str, name: str) -> OutsideNameError | None:
    """Return the error for an old method of a model; None if the name is not one of them."""
    instead = METHODS.get(name)
    if instead is None:
        return None
    what = "leave it out" if instead.startswith("nothing") else f"write {instead}"
    why = instead.removeprefix("nothing: ") if instead.startswith("nothing") else "removed from Keras"
    return OutsideNameError(f"{owner}.{name} belongs to an older Keras ({why}): {what}.")


def argument(where: str, name: str, value: Any = None) -> UnknownNameError | None:
    """Return the error for an old argument; None if the name is not one of them.

    Examples
    --------
    >>> print(argument("Conv2D", "border_mode", "same"))
    Conv2D: 'border_mode' is an argument of an older Keras. Write padding='same'.
    >>> print(argument("fit", "nb_epoch", 5))
    fit: 'nb_epoch' is an argument of an older Keras. Write epochs=5.
    """
    now = ARGUMENTS.get(name)
    if now is None:
        return None
    if now == "nothing":
        return UnknownNameError(f"{where}: {name!r} is an argument of an older Keras. Leave it out.")
    instead = now if not now.isidentifier() else f"{now}={value!r}"
    return UnknownNameError(f"{where}: {name!r} is an argument of an older Keras. Write {instead}.")


def unknown_argument(where: str, options: Mapping[str, Any]) -> Exception | None:
    """Return the error for the first of some arguments that a function does not take; None if there is none."""
    for name, value in options.items():
        return argument(where, name, value) or TypeError(f"{where} takes no argument {name!r}.")
    return None

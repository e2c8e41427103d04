"""``convoscope summary``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from convoscope.models import Sequential

HELP = "Show a model's layers, their output shapes and their parameters."
EXAMPLES = (
    "convoscope summary cnn-2",
    "convoscope summary cnn-1 --data digits --details",
    'convoscope summary "conv 16 5 relu, maxpool 2, flatten, dense 10 softmax"',
    "convoscope summary runs/digits-cnn-2-1 --plan",
)


def command(
    what: Annotated[
        str,
        typer.Argument(
            metavar="RUN|MODEL|PRESET",
            help="A run's folder, a model's file, dense, perceptron, cnn-1, cnn-2, or a line of layers.",
        ),
    ],
    details: Annotated[
        bool,
        typer.Option(
            "--details",
            metavar="",
            help="Also show shapes step by step, receptive fields and how parameters are counted.",
        ),
    ] = False,
    plan: Annotated[
        bool,
        typer.Option(
            "--plan",
            metavar="",
            help="Show the steps that the engine runs: which layers are fused, by which kernel, and why.",
        ),
    ] = False,
    data: Annotated[str, typer.Option(help="The data set for a preset or a line of layers.")] = "fashion-mnist",
    dropout: Annotated[float, typer.Option(help="Dropout of a preset.")] = 0.0,
    filters: Annotated[int | None, typer.Option(help="Filters of a preset. Default: the lesson's.")] = None,
) -> None:
    """Run ``convoscope summary``; `HELP` says what it does."""
    model = _find(what, data, dropout, filters)
    model.summary(details=details, plan=plan)


def _find(what: str, data: str, dropout: float, filters: int | None) -> Sequential:
    from convoscope import datasets
    from convoscope.cli.trained import load
    from convoscope.errors import unknown_name
    from convoscope.models.layer_line import model_from_line
    from convoscope.models.presets import build_preset, preset_names
    from convoscope.paths import user_path

    path = user_path(what)
    if path.exists():
        return load(path)[0]
    info = datasets.info(data)
    if what in preset_names():
        return build_preset(what, info.image_shape, len(info.class_names), filters=filters, dropout=dropout)
    if " " in what:
        return model_from_line(what, info.image_shape, len(info.class_names))
    raise unknown_name("run, model or preset", what, preset_names())

"""``convoscope summary``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from convoscope.engine.steps import Step
    from convoscope.models import Sequential

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
            help="A run's folder, a model's file, dense, perceptron, cnn-1, cnn-2, or layers in a line.",
        ),
    ],
    details: Annotated[
        bool,
        typer.Option("--details", metavar="", help="The image's journey, what layers see, parameters' arithmetic."),
    ] = False,
    plan: Annotated[
        bool, typer.Option("--plan", metavar="", help="The steps that the engine runs, and what is fused.")
    ] = False,
    data: Annotated[str, typer.Option(help="The data set that a preset or a line of layers is for.")] = "fashion-mnist",
    dropout: Annotated[float, typer.Option(help="Dropout of a preset.")] = 0.0,
    filters: Annotated[int | None, typer.Option(help="Filters of a preset. Default: the lesson's.")] = None,
) -> None:
    """Show a model's layers, their output shapes and their parameters."""
    model = _find(what, data, dropout, filters)
    model.summary(details=details)
    if plan:
        _print_plan(model)


def _find(what: str, data: str, dropout: float, filters: int | None) -> Sequential:
    from convoscope import datasets
    from convoscope.cli.trained import load
    from convoscope.errors import unknown_name
    from convoscope.models.presets import build_preset, preset_names
    from convoscope.runs.preparation import model_from_line

    if Path(what).exists():
        return load(Path(what))[0]
    info = datasets.info(data)
    if what in preset_names():
        return build_preset(what, info.image_shape, len(info.class_names), filters=filters, dropout=dropout)
    if " " in what:
        return model_from_line(what, info.image_shape, len(info.class_names))
    raise unknown_name("run, model or preset", what, preset_names())


def _print_plan(model: Sequential) -> None:
    from rich.table import Table

    from convoscope.cli.console import results
    from convoscope.engine.plan import build

    steps = build(model.layers, model.plan_input_shape).steps
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("step", "makes", "layers"):
        table.add_column(heading, overflow="fold")
    for step in steps:
        layers = model.layers[step.first_layer : step.last_layer + 1]
        shape = "×".join(map(str, step.output_shape))
        fused = "  in one step" if len(layers) > 1 else ""
        table.add_row(_describe(step), shape, " + ".join(layer.name for layer in layers) + fused)
    console = results()
    console.print(f"\nThe plan: {len(model.layers)} layers in {len(steps)} steps", style="bold")
    console.print(table)


def _describe(step: Step) -> str:
    """Name a step and what it does besides: its activation and its pooling."""
    words = [type(step).__name__.removesuffix("Step").lower()]
    activation = getattr(step, "activation", None)
    if activation is not None and activation.name != "linear":
        words.append(activation.name)
    pool = getattr(step, "pool", None)
    if pool is not None:
        words.append(f"{pool.mode} pooling")
    return ", ".join(words)

"""``convoscope train``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from convoscope.datasets import Dataset
    from convoscope.runs import Outcome, RunFolder, TrainSettings

EXAMPLES = (
    "convoscope train",
    "convoscope train fashion-mnist --model cnn-2 --epochs 5",
    "convoscope train fashion-mnist --recipe best",
    "convoscope train mnist --dropout 0.4 --val 0.1 --patience 3 --out runs/mine",
    'convoscope train digits --layers "conv 32 3 relu, flatten, dense 10 softmax"',
    "convoscope train --resume runs/digits-cnn-2-1",
)
_MODEL, _TRAINING, _RUN = "Model", "Training", "Run"


def command(
    dataset: Annotated[
        str | None,
        typer.Argument(help="digits (in the package), mnist or fashion-mnist. Default: digits."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="A lesson's network: dense, perceptron, cnn-1 or cnn-2. Default: cnn-2, or the recipe's.",
            rich_help_panel=_MODEL,
        ),
    ] = None,
    layers: Annotated[
        str | None,
        typer.Option(help="Your own layers in a line, in place of --model.", metavar="LINE", rich_help_panel=_MODEL),
    ] = None,
    filters: Annotated[
        int | None, typer.Option(help="Filters in each convolution of the model.", rich_help_panel=_MODEL)
    ] = None,
    dropout: Annotated[
        float | None,
        typer.Option(
            help="Dropout after pooling and dense layer, as 0.4. Default: 0.",
            rich_help_panel=_MODEL,
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            help="fast: high accuracy in the least time. best: the highest in minutes. Fills in the options left out.",
            rich_help_panel=_TRAINING,
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            help="How often to go through the images. Default: digits 30, others 5.",
            rich_help_panel=_TRAINING,
        ),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(help="Images to a step. Default: 32; cnn-2 64, digits 32.", rich_help_panel=_TRAINING),
    ] = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            "--lr", help="Learning rate, of a recipe the highest. Default: 0.001, sgd 0.01.", rich_help_panel=_TRAINING
        ),
    ] = None,
    optimizer: Annotated[
        str | None,
        typer.Option(help="adam, adamw, rmsprop or sgd. Default: adam.", rich_help_panel=_TRAINING),
    ] = None,
    validation: Annotated[
        float | None,
        typer.Option(
            "--val",
            help="Share of the training images to validate with, as 0.1; the best epoch's model is kept. Default: 0.",
            rich_help_panel=_TRAINING,
        ),
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option(help="Stop after so many epochs without a better validation.", rich_help_panel=_TRAINING),
    ] = None,
    goal_accuracy: Annotated[
        float | None,
        typer.Option(help="Stop when this accuracy is reached, as 0.95.", rich_help_panel=_TRAINING),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(help="Repeat a run exactly. Default: drawn.", rich_help_panel=_TRAINING),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="The run's folder. Default: runs/DATASET-MODEL-N or -RECIPE-N.", rich_help_panel=_RUN),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(help="Go on with the run in this folder.", metavar="RUN", rich_help_panel=_RUN),
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="A folder to look for the data set first.", rich_help_panel=_RUN)
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(help="Threads to compute with. Default: all.", rich_help_panel=_RUN),
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(help="auto, native or reference. Default: auto.", rich_help_panel=_RUN),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", metavar="", help="Print the result only.", rich_help_panel=_RUN)
    ] = False,
) -> None:
    """Train a classifier, test it, and keep everything in a run's folder."""
    given = {
        "recipe": recipe,
        "model": model,
        "layers": layers,
        "filters": filters,
        "dropout": dropout,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "optimizer": optimizer,
        "validation": validation,
        "patience": patience,
        "goal_accuracy": goal_accuracy,
        "seed": seed,
    }
    places = None if data_dir is None else str(data_dir.expanduser().absolute())
    if resume is not None:
        _refuse_with_resume({"DATASET": dataset, "out": out, **given})
        _go_on(resume.expanduser(), quiet, epochs=epochs, threads=threads, engine=engine, data_dir=places)
    else:
        _begin(dataset or "digits", out, quiet, threads, engine, {**given, "epochs": epochs, "data_dir": places})


def _begin(
    dataset: str, out: Path | None, quiet: bool, threads: int | None, engine: str | None, given: dict[str, Any]
) -> None:
    from convoscope import datasets
    from convoscope.engine.select import use
    from convoscope.engine.threads import get_threads, set_threads
    from convoscope.runs import RunFolder, TrainSettings
    from convoscope.runs.preparation import build_model

    info = datasets.info(dataset, given["data_dir"])
    set_threads(threads)
    settings = TrainSettings.fill_in(info.name, get_threads(), use(engine or "auto").name, **given)
    # Before a folder is made: what cannot be trained leaves none behind.
    build_model(settings, info, info.train_count)
    data = datasets.load(info.name, settings.data_dir)
    stem = f"{settings.dataset}-{settings.label}"
    folder = RunFolder.create_numbered("runs", stem) if out is None else RunFolder.create(out.expanduser())
    _run(folder, settings, data, None, quiet)


def _go_on(path: Path, quiet: bool, **changes: Any) -> None:
    from convoscope.cli.console import results
    from convoscope.runs import RunFolder
    from convoscope.runs.training import is_finished, load_data, settings_of, training_state, use

    folder = RunFolder.open(path)
    settings = settings_of(folder, **{name: value for name, value in changes.items() if value != "auto"})
    state = training_state(folder)
    if is_finished(folder, settings, state):
        assert state is not None
        _say_finished(results(), folder, settings, state)
        return
    use(settings)
    _run(folder, settings, load_data(settings), state, quiet)


def _run(folder: RunFolder, settings: TrainSettings, data: Dataset, state: dict[str, Any] | None, quiet: bool) -> None:
    from contextlib import nullcontext

    from convoscope.cli.console import results
    from convoscope.cli.live import TrainingDisplay
    from convoscope.runs import resume, start

    console = results()
    done = 0 if state is None else int(state["epoch"])
    if not quiet:
        _announce(console, folder, settings, data, done)
    display = (
        None if quiet else TrainingDisplay(console, settings.epochs, done=done, validation=settings.validation > 0)
    )
    begin = resume if folder.config.exists() else start
    try:
        with display or nullcontext():
            outcome = begin(folder, settings, data, [] if display is None else [display])
    except KeyboardInterrupt:
        _leave_interrupted(folder)
    if quiet:
        _conclude(console, folder, outcome)
    else:
        _close(console, folder, outcome)


def _announce(console: Console, folder: RunFolder, settings: TrainSettings, data: Dataset, done: int) -> None:
    from rich.text import Text

    from convoscope.report.terminal import percent

    kept = f", {percent(settings.validation, 0)} of them to validate" if settings.validation else ""
    threads = f"{settings.threads} thread{'s' * (settings.threads > 1)}"
    network = settings.model if settings.layers is None else settings.layers
    rate = f"{settings.learning_rate:g}" if settings.schedule == "constant" else f"up to {settings.learning_rate:g}"
    lines = [
        Text.assemble(("Training ", "bold"), (network, "bold cyan"), (" on ", "bold"), (data.info.name, "bold cyan")),
        Text(f"{len(data.x_train):,} images to train{kept}, {len(data.x_test):,} to test", "dim"),
        Text(
            f"{settings.engine} engine, {threads}, {settings.optimizer} at {rate}, "
            f"batches of {settings.batch_size}, seed {settings.seed}",
            "dim",
        ),
        *([Text(_describe_recipe(settings), "dim")] if settings.recipe else []),
        Text(f"kept in {folder}" + (f", going on after epoch {done}" if done else ""), "dim"),
    ]
    for line in lines:
        console.print(line, soft_wrap=True)
    console.print()


def _describe_recipe(settings: TrainSettings) -> str:
    """Say what a recipe brings beyond what other runs have too."""
    parts = [
        "" if settings.schedule == "constant" else "rates in one cycle",
        f"images varied by {settings.augmentation}" if settings.augmentation else "",
        f"labels smoothed by {settings.label_smoothing:g}" if settings.label_smoothing else "",
        f"weights decaying by {settings.weight_decay:g}" if settings.weight_decay else "",
    ]
    return f"recipe {settings.recipe}: {'; '.join(part for part in parts if part)}"


def _close(console: Console, folder: RunFolder, outcome: Outcome) -> None:
    from convoscope.report.terminal import print_report

    _say_why_stopped(console, outcome)
    console.print()
    white = outcome.data.info.max_value
    print_report(console, outcome.report, outcome.data.x_test, white, outcome.report["data"])
    _list_files(console, folder)
    _suggest(console, folder, outcome)


def _say_why_stopped(console: Console, outcome: Outcome) -> None:
    from convoscope.report.terminal import percent

    settings, report = outcome.settings, outcome.report
    if report["stopped"] == "goal" and settings.goal_accuracy is not None:
        console.print(f"Stopped: the goal of {percent(settings.goal_accuracy)} is reached.", style="green")
    if report["stopped"] == "patience":
        console.print(f"Stopped: no better validation accuracy for {settings.patience} epochs.", style="yellow")
    if report["kept_epoch"] != report["epochs"]:
        console.print(f"The model of epoch {report['kept_epoch']} is kept, which was best in validation.")


def _list_files(console: Console, folder: RunFolder) -> None:
    from rich.table import Table

    console.print(f"\nFiles in {folder}", style="bold", soft_wrap=True)
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for path, what in (
        (folder.model, "the model, ready to use"),
        (folder.report, "the numbers above"),
        (folder.mistakes, "the worst mistakes, as a picture"),
        (folder.confusion, "the confusion matrix, as a picture"),
        (folder.history, "loss and accuracy of each epoch"),
        (folder.config, "all settings"),
        (folder.checkpoint, "what --resume goes on from"),
    ):
        if path.exists():
            table.add_row(path.name, f"{path.stat().st_size / 1000:,.0f} kB", what)
    console.print(table)


def _suggest(console: Console, folder: RunFolder, outcome: Outcome) -> None:
    from rich.text import Text

    from convoscope.cli.console import command_line

    console.print("\nNext", style="bold")
    for words in (
        ("predict", folder, folder.example),
        ("summary", folder, "--details"),
        ("evaluate", folder),
        _train_for_longer(folder, outcome.settings, outcome.settings.epochs * 2),
    ):
        console.print(Text(command_line("convoscope", *words), "cyan"), soft_wrap=True)


def _train_for_longer(folder: RunFolder, settings: TrainSettings, epochs: int) -> tuple[object, ...]:
    """Give the command that trains for more epochs: anew, where the rates are planned over all of them."""
    if settings.schedule == "constant":
        return ("train", "--resume", folder, "--epochs", epochs)
    return ("train", settings.dataset, "--recipe", settings.recipe, "--epochs", epochs)


def _conclude(console: Console, folder: RunFolder, outcome: Outcome) -> None:
    from convoscope.report.terminal import percent

    console.print(
        f"{percent(outcome.report['accuracy'], 2)} of the test images right; kept in {folder}", soft_wrap=True
    )


def _say_finished(console: Console, folder: RunFolder, settings: TrainSettings, state: dict[str, Any]) -> None:
    from convoscope.cli.console import command_line

    reasons = {"goal": " because its goal was reached", "patience": " because its patience was used up"}
    more = command_line("convoscope", *_train_for_longer(folder, settings, state["epoch"] * 2))
    why = reasons.get(state["stopped"] or "", "")
    console.print(
        f"The run in {folder} is finished: it ended after {state['epoch']} epochs{why}, and nothing was done."
        + ("" if state["stopped"] else f" To train it for longer: {more}"),
        soft_wrap=True,
    )


def _leave_interrupted(folder: RunFolder) -> NoReturn:
    from convoscope.cli.console import command_line
    from convoscope.cli.errors import INTERRUPTED, say
    from convoscope.runs.training import training_state

    state = training_state(folder)
    if state is None:
        kept = "Before the first epoch was whole, so nothing but the settings is kept. To begin it again:"
    else:
        epochs = "1 whole epoch is" if state["epoch"] == 1 else f"{state['epoch']} whole epochs are"
        kept = f"{epochs} kept in {folder}. To go on from there:"
    say(f"Interrupted. {kept} {command_line('convoscope', 'train', '--resume', folder)}")
    raise typer.Exit(INTERRUPTED)


def _refuse_with_resume(given: dict[str, Any]) -> None:
    from convoscope.errors import ConfigurationError

    names = {"learning_rate": "lr", "validation": "val"}
    told = [
        name if name == "DATASET" else f"--{names.get(name, name).replace('_', '-')}"
        for name in given
        if given[name] is not None
    ]
    if told:
        raise ConfigurationError(
            f"--resume goes on with the run's own settings, and {', '.join(told)} cannot be changed on the way. "
            f"Leave it out, or begin a new run. What can be given: --epochs, --threads, --engine, --data-dir, --quiet."
        )

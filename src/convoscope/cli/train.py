"""``convoscope train``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from convoscope.cli.options import read_path

if TYPE_CHECKING:
    from convoscope.datasets import Dataset, FolderDataset
    from convoscope.runs import RunFolder, TrainSettings

HELP = "Train a classifier, test it, and keep everything in a run's folder."
EXAMPLES = (
    "convoscope train",
    "convoscope train fashion-mnist --model cnn-2 --epochs 5",
    "convoscope train fashion-mnist --recipe best",
    "convoscope train mnist --dropout 0.4 --val 0.1 --patience 3 --out runs/mine",
    'convoscope train digits --layers "conv 32 3 relu, flatten, dense 10 softmax"',
    "convoscope train my_photos",
    'convoscope train my_photos --image-size 96 --augment "flip horizontal, shift 0.1"',
    "convoscope train fashion-mnist --explore",
    "convoscope train fashion-mnist --track tensorboard --track mlflow",
    "convoscope train --resume runs/digits-cnn-2-1",
)
_MODEL, _TRAINING, _IMAGES, _RUN = "Model", "Training", "Your own images", "Run"


def command(
    dataset: Annotated[
        str | None,
        typer.Argument(
            help="digits (in the package), mnist or fashion-mnist; or your own images: a folder with a subfolder for "
            "each class, or a CSV file with the columns path and label. Default: digits."
        ),
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
    convolutions: Annotated[
        int | None,
        typer.Option(help="How many convolutions with pooling the model has, as 3.", rich_help_panel=_MODEL),
    ] = None,
    kernel_size: Annotated[
        int | None, typer.Option(help="The side of their kernels. Default: 3.", rich_help_panel=_MODEL)
    ] = None,
    pooling: Annotated[
        str | None,
        typer.Option(
            help="What halves the image after each: max, average, min, or stride: no pooling. Default: max.",
            rich_help_panel=_MODEL,
        ),
    ] = None,
    dense_units: Annotated[
        int | None, typer.Option(help="Units of the model's dense layer. Default: 128.", rich_help_panel=_MODEL)
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
            help="How often to go through the images. Default: digits 30, others 5; your own images: by their number.",
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
            help="Share of the training images to validate with, as 0.1; the best epoch's model is kept. Default: 0, "
            "0.1 for your own images.",
            rich_help_panel=_TRAINING,
        ),
    ] = None,
    augment: Annotated[
        str | None,
        typer.Option(
            help='Layers that vary the images in training, as "flip horizontal, shift 0.1, rotate 0.03", or none. '
            "Default: the recipe's.",
            metavar="LINE",
            rich_help_panel=_TRAINING,
        ),
    ] = None,
    class_weight: Annotated[
        str | None,
        typer.Option(
            help="auto: rare classes weigh as much as others. Default: none; auto for your own images if a class is "
            "three times rarer than another.",
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
        typer.Option(
            help="Repeat a run exactly, with the same number of threads. Default: drawn.", rich_help_panel=_TRAINING
        ),
    ] = None,
    image_size: Annotated[
        str | None,
        typer.Option(
            help="What they are brought to. Default: chosen by their sizes.",
            metavar="SIDE|HEIGHTxWIDTH",
            rich_help_panel=_IMAGES,
        ),
    ] = None,
    color: Annotated[
        str | None,
        typer.Option(help="grayscale or rgb. Default: whether they have colour.", rich_help_panel=_IMAGES),
    ] = None,
    max_pixels: Annotated[
        int | None,
        typer.Option(
            help="Leave out images with more pixels than this: they take much memory. Default: 50 million.",
            min=1,
            rich_help_panel=_IMAGES,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            parser=read_path, help="The run's folder. Default: runs/DATASET-MODEL-N or -RECIPE-N.", rich_help_panel=_RUN
        ),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(parser=read_path, help="Go on with the run in this folder.", metavar="RUN", rich_help_panel=_RUN),
    ] = None,
    snapshots: Annotated[
        bool,
        typer.Option(
            "--snapshots",
            metavar="",
            help="Keep the weights after each epoch, 2 bytes each: explore then goes back to any.",
            rich_help_panel=_RUN,
        ),
    ] = False,
    explore: Annotated[
        bool,
        typer.Option(
            "--explore",
            metavar="",
            help="Open the explorer in the browser, which follows training epoch by epoch. Keeps snapshots.",
            rich_help_panel=_RUN,
        ),
    ] = False,
    track: Annotated[
        list[str] | None,
        typer.Option(
            help="Write the run for tensorboard, wandb (offline) or mlflow too. Can be given again.",
            metavar="TRACKER",
            rich_help_panel=_RUN,
        ),
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            parser=read_path,
            help="A folder to look for the data set in first, and to keep your own images in once they are decoded.",
            rich_help_panel=_RUN,
        ),
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
    """Run ``convoscope train``; `HELP` says what it does."""
    from convoscope.cli.train_options import refuse_with_resume, size

    given: dict[str, Any] = {
        "recipe": recipe,
        "model": model,
        "layers": layers,
        "filters": filters,
        "convolutions": convolutions,
        "kernel_size": kernel_size,
        "pooling": pooling,
        "dense_units": dense_units,
        "dropout": dropout,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "optimizer": optimizer,
        "validation": validation,
        "augmentation": augment,
        "class_weight": class_weight,
        "image_size": size(image_size),
        "color_mode": color,
        "max_pixels": max_pixels,
        "patience": patience,
        "goal_accuracy": goal_accuracy,
        "seed": seed,
    }
    kept = True if snapshots or explore else None
    trackers = _known(track or [])
    places = None if data_dir is None else str(data_dir.absolute())
    if resume is not None:
        refuse_with_resume({"DATASET": dataset, "out": out, **given})
        changes = {"epochs": epochs, "threads": threads, "engine": engine, "data_dir": places, "snapshots": kept}
        _go_on(resume, quiet, explore, trackers, changes)
    else:
        given |= {"epochs": epochs, "data_dir": places, "snapshots": kept}
        _begin(dataset or "digits", out, quiet, explore, trackers, threads, engine, given)


def _begin(
    dataset: str,
    out: Path | None,
    quiet: bool,
    explore: bool,
    trackers: list[str],
    threads: int | None,
    engine: str | None,
    given: dict[str, Any],
) -> None:
    from convoscope import datasets
    from convoscope.datasets.registry import is_own
    from convoscope.engine.select import use
    from convoscope.engine.threads import get_threads, set_threads
    from convoscope.runs import RunFolder, TrainSettings
    from convoscope.runs.checking import check_before_reading
    from convoscope.runs.preparation import build_model, load_data

    set_threads(threads)
    computing = get_threads(), use(engine or "auto").name
    if out is not None and out.exists():
        RunFolder.create(out)  # refused before images are read, if something is in it
    if is_own(dataset):
        check_before_reading(dataset, **given)
    own = _load_own(dataset, get_threads(), given, quiet) if is_own(dataset) else None
    info = datasets.info(dataset, given["data_dir"]) if own is None else own.info
    if own is not None:
        given = {**given, "class_weight": given["class_weight"] or own.report.class_weight}
    settings = TrainSettings.fill_in(info, *computing, **given)
    # Before a folder is made: what cannot be trained leaves none behind.
    build_model(settings, info, info.train_count)
    data = load_data(settings) if own is None else own
    stem = f"{info.name}-{settings.label}"
    folder = RunFolder.create_numbered("runs", stem) if out is None else RunFolder.create(out)
    _run(folder, settings, data, None, quiet, explore, trackers)


def _load_own(path: str, threads: int, given: dict[str, Any], quiet: bool) -> FolderDataset:
    """Load one's own images, and say what was found."""
    from convoscope.cli.console import results
    from convoscope.cli.train_text import describe_own
    from convoscope.datasets.registry import load_own
    from convoscope.errors import DataError
    from convoscope.runs.filling import VALIDATION

    data = load_own(
        path,
        given["data_dir"],
        image_size=given["image_size"],
        color_mode=given["color_mode"],
        max_pixels=given["max_pixels"],
        validation_split=VALIDATION if given["validation"] is None else given["validation"],
        threads=threads,
    )
    if not quiet:
        describe_own(results(), data)
    if not len(data.x_test):
        most = max(map(sum, data.report.counts.values()))
        raise DataError(
            f"{path} has no image to test with. A class gives some of its images for that if it has three or more, and "
            f"the largest here has {most}; near-duplicates count as one. Add images."
        )
    return data


def _go_on(path: Path, quiet: bool, explore: bool, trackers: list[str], changes: dict[str, Any]) -> None:
    from convoscope.cli.console import results
    from convoscope.cli.train_text import say_finished
    from convoscope.runs import RunFolder
    from convoscope.runs.preparation import load_data
    from convoscope.runs.training import is_finished, settings_of, training_state, use

    folder = RunFolder.open(path)
    settings = settings_of(folder, **{name: value for name, value in changes.items() if value != "auto"})
    state = training_state(folder)
    if is_finished(folder, settings, state):
        assert state is not None
        say_finished(results(), folder, settings, state)
        return
    use(settings)
    _run(folder, settings, load_data(settings), state, quiet, explore, trackers)


def _run(
    folder: RunFolder,
    settings: TrainSettings,
    data: Dataset,
    state: dict[str, Any] | None,
    quiet: bool,
    explore: bool,
    trackers: list[str],
) -> None:
    from contextlib import nullcontext

    from convoscope.cli.console import results
    from convoscope.cli.live import TrainingDisplay
    from convoscope.cli.live_page import LivePage
    from convoscope.cli.train_text import announce, close, conclude, say_tracked
    from convoscope.paths import is_there
    from convoscope.runs import resume, start
    from convoscope.runs.preparation import has_validation
    from convoscope.tracking import make_tracker

    console = results()
    done = 0 if state is None else int(state["epoch"])
    if not quiet:
        announce(console, folder, settings, data, done)
    validates = has_validation(data, settings)
    display = None if quiet else TrainingDisplay(console, settings.epochs, done=done, validation=validates)
    page = LivePage(console, folder, settings, data) if explore else None
    tracking = [make_tracker(name, folder.path, settings.as_dict()) for name in trackers]
    watching = [*(each for each in (display, page) if each is not None), *tracking]
    begin = resume if is_there(folder.config) else start
    with page or nullcontext():
        try:
            with display or nullcontext():
                outcome = begin(folder, settings, data, watching)
        except KeyboardInterrupt:
            _leave_interrupted(folder)
        if quiet:
            conclude(console, folder, outcome)
        else:
            close(console, folder, outcome)
            say_tracked(console, tracking)
        if page is not None:
            page.stay()


def _known(trackers: list[str]) -> list[str]:
    if not trackers:  # who wants none does not wait for them to be imported
        return []
    from convoscope.tracking import check_tracker

    return list(dict.fromkeys(map(check_tracker, trackers)))


def _leave_interrupted(folder: RunFolder) -> NoReturn:
    from convoscope.cli.console import command_line
    from convoscope.cli.errors import INTERRUPTED, say
    from convoscope.runs.training import training_state
    from convoscope.wording import agreeing, counted

    state = training_state(folder)
    if state is None:
        kept = "Before the first epoch was whole, so nothing but the settings is kept. To begin it again:"
    else:
        done = state["epoch"]
        kept = f"{counted(done, 'whole epoch')} {agreeing(done, 'is', 'are')} kept in {folder}. To go on from there:"
    say(f"Interrupted. {kept} {command_line('convoscope', 'train', '--resume', folder)}")
    raise typer.Exit(INTERRUPTED)

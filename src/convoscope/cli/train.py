"""``convoscope train``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from convoscope.cli.options import grouped
from convoscope.cli.train_options import (
    ImageOptions,
    ModelOptions,
    PhotoOptions,
    RunOptions,
    TrainingOptions,
    refuse_with_resume,
    settings_given,
)

if TYPE_CHECKING:
    from convoscope.datasets import Dataset
    from convoscope.datasets.sources import Source
    from convoscope.runs import RunFolder, TrainSettings

HELP = "Train a classifier, test it, and save everything in a run's folder."
EXAMPLES = (
    "convoscope train",
    "convoscope train fashion-mnist --model cnn-2 --epochs 5",
    "convoscope train fashion-mnist --recipe best",
    "convoscope train mnist --dropout 0.4 --val 0.1 --patience 3 --out runs/mine",
    'convoscope train digits --layers "conv 32 3 relu, flatten, dense 10 softmax"',
    "convoscope train my_photos",
    "convoscope train my_photos --fine-tune 4 --minutes 10",
    "convoscope train my_photos --exclude runs/my_photos-efficientnet-lite0-1/suspects.csv",
    "convoscope train my_photos --from runs/my_photos-efficientnet-lite0-1",
    'convoscope train my_photos --image-size 96 --augment "flip horizontal, shift 0.1"',
    "convoscope train fashion-mnist --explore",
    "convoscope train digits --explore --paused",
    "convoscope train fashion-mnist --track tensorboard --track mlflow",
    "convoscope train fashion-mnist --processes 4",
    "convoscope train --resume runs/digits-cnn-2-1",
)


@grouped
def command(
    dataset: Annotated[
        str | None,
        typer.Argument(
            help="digits (in the package), mnist, fashion-mnist, kmnist, cifar10 or cifar100; or your own images: a "
            "folder with a subfolder for each class, or a CSV file with the columns path and label. Default: digits."
        ),
    ] = None,
    *,
    model: ModelOptions,
    training: TrainingOptions,
    images: ImageOptions,
    photos: PhotoOptions,
    run: RunOptions,
) -> None:
    """Run ``convoscope train``; `HELP` says what it does."""
    from convoscope.cli.many import in_all_processes

    run = replace(run, explore=run.explore or run.paused, precision=_precision(run))
    given = settings_given(model, training, images, photos)
    trackers = _known(run.track or [])
    run = _in_processes(run)
    of_run: dict[str, Any] = {
        "data_dir": None if run.data_dir is None else str(run.data_dir.absolute()),
        "snapshots": True if run.snapshots or run.explore else None,
    }
    if run.resume is not None:
        refuse_with_resume({"DATASET": dataset, "out": run.out, **given, "epochs": None})
    with in_all_processes():
        begun = run.resume or _begun_before(run)
        if begun is None:
            _begin(dataset or "digits", {**given, **of_run}, run, trackers)
            return
        of_run |= {"threads": _threads(run), "engine": run.engine, "device": run.device, "precision": run.precision}
        _go_on(begun, {"epochs": given["epochs"] if run.resume else None, **of_run}, run, trackers)


def _precision(run: RunOptions) -> str | None:
    """Return the precision that was asked for by either option."""
    from convoscope.errors import ConfigurationError

    if run.exact and run.precision not in (None, "exact"):
        raise ConfigurationError(f"--exact is --precision exact, and --precision {run.precision} asks for another one.")
    return "exact" if run.exact else run.precision


def _in_processes(run: RunOptions) -> RunOptions:
    """Start the processes that were asked for; return the options as each of them has them."""
    from convoscope.processes import is_first, world

    if run.processes is not None:
        from convoscope.cli.many import start

        start(run.processes, run.engine)
    if run.processes is not None or world().size > 1:
        run = replace(run, engine=run.engine if run.engine not in (None, "auto") else "torch")
    return run if is_first() else replace(run, quiet=True, explore=False)


def _begun_before(run: RunOptions) -> Path | None:
    """Return the folder of the run that torchrun's restart goes on with."""
    from convoscope import processes

    if not processes.world().restarts:
        return None
    from convoscope.runs.following import begun_before

    def find() -> str | None:
        found = begun_before(run.out)
        return None if found is None else str(found)

    path = processes.first(find)
    return None if path is None else Path(path)


def _threads(run: RunOptions) -> int | None:
    """Return how many threads a run goes on with: in many processes, each has its part of the processor."""
    from convoscope.engine.threads import get_threads
    from convoscope.processes import world

    return get_threads() if run.threads is None and world().size > 1 else run.threads


def _begin(dataset: str, given: dict[str, Any], run: RunOptions, trackers: list[str]) -> None:
    from convoscope import processes
    from convoscope.cli import train_photos
    from convoscope.cli.console import results
    from convoscope.datasets.registry import source
    from convoscope.engine.select import told_of, use
    from convoscope.engine.threads import get_threads, set_threads
    from convoscope.runs import RunFolder, TrainSettings
    from convoscope.runs.checking import check_before_reading
    from convoscope.runs.following import shared_settings
    from convoscope.runs.photos import SCRATCH, choose_backbone, refuse_for_published, refuse_many_processes
    from convoscope.runs.preparation import build_model, load_data

    set_threads(run.threads)
    engine = use(run.engine or "auto", run.device, run.precision, run.batch_norm)
    given = {**given, **told_of(engine)}
    if run.out is not None and run.out.exists():
        processes.first(lambda: _created(run.out))  # refused before images are read, if something is in it
    found = source(dataset)
    data: Dataset | None = None
    if found.known is not None:
        refuse_for_published(found.name, given)
    else:
        suited = choose_backbone(dataset, given)
        if suited.backbone != SCRATCH:
            refuse_many_processes()
            train_photos.begin(dataset, suited.backbone, given, run, trackers)
            return
        if suited.reason and not run.quiet:
            results().print(suited.reason, style="dim", soft_wrap=True)
        given = {**given, "backbone": None}
        check_before_reading(dataset, **given)
        data = _load_custom(found, get_threads(), given, run.quiet)
        given = {**given, "class_weight": given["class_weight"] or data.class_weight}
    info = found.info(given["data_dir"]) if data is None else data.info
    settings = shared_settings(TrainSettings.with_defaults(info, get_threads(), engine.name, **given))
    # Before a folder is made: what cannot be trained leaves none behind.
    build_model(settings, info, info.train_count)
    data = load_data(settings) if data is None else data
    stem = f"{info.name}-{settings.label}"
    _run(RunFolder(processes.first(lambda: _created(run.out, stem))), settings, data, None, run, trackers)


def _created(out: Path | None, stem: str = "") -> str:
    """Make a run's folder, and return its path."""
    from convoscope.runs import RunFolder

    return str(RunFolder.create_numbered("runs", stem) if out is None else RunFolder.create(out))


def _load_custom(source: Source, threads: int, given: dict[str, Any], quiet: bool) -> Dataset:
    """Load your own images, and say what was found."""
    from convoscope.cli.console import results
    from convoscope.cli.train_text import say_found
    from convoscope.errors import DataError
    from convoscope.runs.defaults import VALIDATION
    from convoscope.runs.photos import exclusions

    data = source.load(
        given["data_dir"],
        image_size=given["image_size"],
        color_mode=given["color_mode"],
        max_pixels=given["max_pixels"],
        validation_split=VALIDATION if given["validation"] is None else given["validation"],
        exclude=exclusions(given["exclude"], source.name) or None,
        threads=threads,
    )
    assert data.report is not None
    if not quiet:
        say_found(results(), data.report)
    if not len(data.x_test):
        most = max(map(sum, data.report.counts.values()))
        raise DataError(
            f"{source.name} has no test images. Test images are held out only from classes with three images or more, "
            f"and the largest class here has {most}; near-duplicates count as one. Add images."
        )
    return data


def _go_on(path: Path, changes: dict[str, Any], run: RunOptions, trackers: list[str]) -> None:
    from convoscope import processes
    from convoscope.cli import train_photos
    from convoscope.cli.console import results
    from convoscope.cli.train_text import say_finished
    from convoscope.runs import RunFolder
    from convoscope.runs.following import shared_settings
    from convoscope.runs.photos import load_photos, refuse_many_processes
    from convoscope.runs.preparation import load_data
    from convoscope.runs.training import is_finished, settings_of, training_state, use

    folder, settings, state, is_over = RunFolder(path), None, None, False
    if processes.is_first():
        folder = RunFolder.open(path)
        settings = settings_of(folder, **{name: value for name, value in changes.items() if value != "auto"})
        state = training_state(folder)
        is_over = is_finished(folder, settings, state)
    if processes.team().told(is_over):
        if settings is not None:
            say_finished(results(), folder, settings, state)
        return
    settings = shared_settings(settings)
    use(settings, run.batch_norm)
    if settings.for_backbone is not None:
        refuse_many_processes()
        train_photos.train(folder, settings, load_photos(settings), run, trackers)
        return
    _run(folder, settings, load_data(settings), state, run, trackers)


def _run(
    folder: RunFolder,
    settings: TrainSettings,
    data: Dataset,
    state: dict[str, Any] | None,
    run: RunOptions,
    trackers: list[str],
) -> None:
    from contextlib import nullcontext

    from convoscope import processes
    from convoscope.cli.console import results
    from convoscope.cli.live import TrainingDisplay
    from convoscope.cli.live_page import LivePage
    from convoscope.cli.train_text import announce, close, conclude, say_tracked
    from convoscope.paths import is_there
    from convoscope.runs import resume, start
    from convoscope.runs.preparation import has_validation
    from convoscope.tracking import make_tracker

    begin = resume if processes.first(lambda: is_there(folder.config)) else start
    if not processes.is_first():
        begin(folder, settings, data)
        return
    console = results()
    done = 0 if state is None else int(state["epoch"])
    if not run.quiet:
        announce(console, folder, settings, data, done)
    validates = has_validation(data, settings)
    page = LivePage(console, folder, settings, data, paused=run.paused) if run.explore else None
    idle = None if page is None else page.idle_seconds
    display = None
    if not run.quiet:
        display = TrainingDisplay(console, settings.epochs, done=done, validation=validates, idle=idle)
    tracking = [make_tracker(name, folder.path, settings.as_dict()) for name in trackers]
    watching = [*(each for each in (display, page) if each is not None), *tracking]
    with page or nullcontext():
        try:
            with display or nullcontext():
                outcome = begin(folder, settings, data, watching)
        except KeyboardInterrupt:
            _leave_interrupted(folder)
        processes.team().leave()  # the others have done their part
        with processes.alone():
            if run.quiet:
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
    from convoscope.cli.errors import INTERRUPTED, say
    from convoscope.names import command_line
    from convoscope.runs.training import training_state
    from convoscope.wording import agreeing, counted

    state = training_state(folder)
    if state is None:
        kept = "The first epoch was not complete, so only the settings are saved. To start again:"
    else:
        done = state["epoch"]
        kept = f"{counted(done, 'complete epoch')} {agreeing(done, 'is', 'are')} saved in {folder}. To resume:"
    say(f"Interrupted. {kept} {command_line('convoscope', 'train', '--resume', folder)}")
    raise typer.Exit(INTERRUPTED)

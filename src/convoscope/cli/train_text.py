"""What ``convoscope train`` prints: before training, and after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convoscope.names import for_terminal
from convoscope.wording import counted, file_size

if TYPE_CHECKING:
    from rich.console import Console

    from convoscope.datasets import Dataset
    from convoscope.datasets.folder.report import FolderReport
    from convoscope.runs import Outcome, RunFolder, TrainSettings
    from convoscope.tracking import Tracker

_NAMED_LAYERS = 5  # of more, the first and the last


def say_found(console: Console, report: FolderReport) -> None:
    """Say what was found in a folder."""
    for number, line in enumerate(report.lines()):
        console.print(line, style="bold" if number == 0 else "", soft_wrap=True)
    console.print()


def announce(console: Console, folder: RunFolder, settings: TrainSettings, data: Dataset, done: int) -> None:
    """Say what is trained, on what, how, and where it is kept."""
    from rich.text import Text

    threads = counted(settings.threads, "thread")
    rate = f"{settings.learning_rate:g}" if settings.schedule == "constant" else f"up to {settings.learning_rate:g}"
    lines = [
        Text.assemble(
            ("Training ", "bold"),
            (settings.model if settings.layers is None else _network_of(settings), "bold cyan"),
            (" on ", "bold"),
            (for_terminal(data.info.name), "bold cyan"),
        ),
        *([] if settings.layers is None else [Text(_layers_in_short(settings.layers), "dim")]),
        Text(f"{len(data.x_train):,} images for training{_validating(settings, data)}, {_testing(data)}", "dim"),
        Text(
            f"{settings.computing}, {threads}, {settings.optimizer} at {rate}, "
            f"batches of {settings.batch_size}, seed {settings.seed}",
            "dim",
        ),
        *([Text(_describe_recipe(settings), "dim")] if settings.recipe else []),
        *(
            [
                Text(
                    "all classes are weighted equally, whatever their size; --class-weight none turns that off",
                    "dim",
                )
            ]
            if settings.class_weight == "auto"
            else []
        ),
        Text(f"saved in {folder}" + (f", resuming after epoch {done}" if done else ""), "dim"),
    ]
    for line in lines:
        console.print(line, soft_wrap=True)
    console.print()


def _network_of(settings: TrainSettings) -> str:
    return f"the network of recipe {settings.recipe}" if settings.recipe else "your layers"


def _layers_in_short(line: str) -> str:
    """Name the first and the last layers of a line; `summary` shows all of them.

    Examples
    --------
    >>> _layers_in_short("conv 32 3 relu, maxpool 2, conv 64 3 relu, maxpool 2, flatten, dense 10 softmax")
    '6 layers: conv 32 3 relu, maxpool 2, ..., flatten, dense 10 softmax'
    """
    layers = [layer.strip() for layer in line.split(",")]
    shown = layers if len(layers) <= _NAMED_LAYERS else [*layers[:2], "...", *layers[-2:]]
    return f"{counted(len(layers), 'layer')}: {', '.join(shown)}"


def _testing(data: Dataset) -> str:
    return f"{len(data.x_test):,} for testing" if data.test_part == "test" else "none for testing"


def _validating(settings: TrainSettings, data: Dataset) -> str:
    from convoscope.report.terminal import percent

    if data.validation is not None:
        return f", {len(data.validation[0]):,} for validation"
    return f", {percent(settings.validation, 0)} of them for validation" if settings.validation else ""


def _describe_recipe(settings: TrainSettings) -> str:
    """Say what a recipe brings beyond what other runs have too."""
    parts = [
        "" if settings.schedule == "constant" else "one-cycle learning rate",
        f"augmentation: {settings.augmentation}" if settings.augmentation else "",
        f"label smoothing {settings.label_smoothing:g}" if settings.label_smoothing else "",
        f"weight decay {settings.weight_decay:g}" if settings.weight_decay else "",
    ]
    return f"recipe {settings.recipe}: {'; '.join(part for part in parts if part)}"


def close(console: Console, folder: RunFolder, outcome: Outcome) -> None:
    """Print the report, the files, and what to type next."""
    from convoscope.report.terminal import print_report, remind

    _say_why_stopped(console, outcome)
    console.print()
    max_value = outcome.data.info.max_value
    print_report(console, outcome.report, outcome.data.x_test, max_value, outcome.report["data"])
    list_files(console, folder)
    _suggest(console, folder, outcome)
    remind(console, caveats(outcome))


def caveats(outcome: Outcome) -> list[str]:
    """Collect what limits the result: it was said above, and has left the screen."""
    found = [outcome.report["caveat"]] if "caveat" in outcome.report else []
    if changes := outcome.report.get("rate_changes"):
        epochs = ", ".join(dict.fromkeys(str(each["epoch"]) for each in changes))
        found.append(
            f"The learning rate was changed by hand in epoch {epochs}, so the settings alone do not reproduce this "
            "run. history.jsonl lists the changes."
        )
    if (report := outcome.data.report) is not None:
        found += [f"{note[:1].upper()}{note[1:]}." for note in report.notes]
        if skipped := len(report.skipped):
            found.append(f"{counted(skipped, 'file')} could not be used; see data.json for the reasons.")
    return found


def _say_why_stopped(console: Console, outcome: Outcome) -> None:
    from convoscope.report.terminal import percent

    settings, report = outcome.settings, outcome.report
    if report["stopped"] == "goal" and settings.goal_accuracy is not None:
        console.print(f"Stopped: the goal of {percent(settings.goal_accuracy)} was reached.", style="green")
    if report["stopped"] == "patience" and settings.patience is not None:
        console.print(
            f"Stopped: no better validation accuracy for {counted(settings.patience, 'epoch')}.", style="yellow"
        )
    if report["kept_epoch"] != report["epochs"]:
        console.print(f"The model of epoch {report['kept_epoch']} is kept: it was the best in validation.")


def list_files(console: Console, folder: RunFolder) -> None:
    """List the files of a run, with what is in them."""
    from rich.table import Table

    from convoscope.training.callbacks.snapshots import find_snapshots

    console.print(f"\nFiles in {folder}", style="bold", soft_wrap=True)
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for path, what in (
        (folder.model, "the model, ready to use"),
        (folder.report, "the numbers above"),
        (folder.mistaken, "the files of all misclassified images"),
        (folder.mistakes, "the worst mistakes, as a picture"),
        (folder.confusion, "the confusion matrix, as a picture"),
        (
            folder.suspects,
            "images that may be wrong; delete the lines of those that are right, then pass the file to --exclude",
        ),
        (folder.suspected, "suspected labels, as a picture"),
        (folder.duplicates, "near-duplicates, as a picture"),
        (folder.outliers, "outliers, as a picture"),
        (folder.data, "a summary of the folder, and every file that was skipped"),
        (folder.history, "loss and accuracy of each epoch"),
        (folder.config, "all settings"),
        (folder.checkpoint, "the checkpoint for --resume"),
    ):
        if path.exists():
            table.add_row(path.name, file_size(path.stat().st_size), what)
    if kept := find_snapshots(folder.snapshots):
        size = sum(path.stat().st_size for path in kept.values())
        table.add_row(f"{folder.snapshots.name}/", file_size(size), "the weights after each epoch, for explore")
    console.print(table)


def _suggest(console: Console, folder: RunFolder, outcome: Outcome) -> None:
    from rich.text import Text

    from convoscope.cli.train_longer import longer
    from convoscope.names import command_line

    info = outcome.data.info
    console.print("\nNext", style="bold")
    for words in (
        ("explore", folder),
        ("predict", folder, folder.example),
        ("summary", folder, "--details"),
        ("evaluate", folder),
        *([] if outcome.report["stopped"] else [longer(folder, outcome.settings, outcome.settings.epochs * 2, info)]),
    ):
        console.print(Text(command_line("convoscope", *words), "cyan", no_wrap=True), soft_wrap=True)


def say_tracked(console: Console, trackers: Sequence[Tracker]) -> None:
    """Say where trackers have written, and how to look at it."""
    for each in trackers:
        if each.works:
            console.print(f"\n{each.title}", style="bold")
            console.print(each.how_to_look(), soft_wrap=True)


def conclude(console: Console, folder: RunFolder, outcome: Outcome) -> None:
    """Print the result in a line."""
    from convoscope.report.interval import with_interval

    report = outcome.report
    accuracy = with_interval(report["images"] - report["mistakes"], report["images"])
    console.print(f"{accuracy} of the {report['part']} images classified correctly; saved in {folder}", soft_wrap=True)


def say_finished(console: Console, folder: RunFolder, settings: TrainSettings, state: dict[str, Any] | None) -> None:
    """Say that there is nothing left to train, why, and what would train it for longer."""
    from convoscope.cli.train_longer import longer
    from convoscope.names import command_line
    from convoscope.wording import counted

    if state is None:
        console.print(f"The run in {folder} is already finished. Nothing was done.", soft_wrap=True)
        return
    reasons = {"goal": " because it reached its goal", "patience": " because validation stopped improving"}
    more = command_line("convoscope", *longer(folder, settings, state["epoch"] * 2))
    why = reasons.get(state["stopped"] or "", "")
    console.print(
        f"The run in {folder} is finished: it ended after {counted(state['epoch'], 'epoch')}{why}. Nothing was done."
        + ("" if state["stopped"] else f" To train it for longer: {more}"),
        soft_wrap=True,
    )

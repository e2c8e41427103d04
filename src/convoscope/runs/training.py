"""Train in a run's folder: begin, or go on where it stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from convoscope import processes
from convoscope.datasets import Dataset
from convoscope.engine import select, threads
from convoscope.errors import ConfigurationError, DataError
from convoscope.layers.counting import counted_afresh
from convoscope.locks import alone_in
from convoscope.models import Sequential, load_model, save_model
from convoscope.names import legible
from convoscope.paths import is_there
from convoscope.report import classification_report
from convoscope.runs.calibrating import calibrated
from convoscope.runs.folder import RunFolder
from convoscope.runs.following import follow, train_model
from convoscope.runs.preparation import (
    build_model,
    count_to_train,
    has_validation,
    with_channels,
)
from convoscope.runs.recorder import RunRecorder
from convoscope.runs.reporting import CAVEAT, Outcome, describe, write_report
from convoscope.runs.settings import TrainSettings
from convoscope.runs.stopping import StopAtGoal
from convoscope.tracking import kept_open, trackers_in
from convoscope.training.callbacks import Callback, EarlyStopping, LiveControl, Snapshots
from convoscope.wording import counted

_SPELLINGS = (str, str.casefold)
_TELLING = 200  # validation images, which tell a good epoch from a lucky one


def start(folder: RunFolder, settings: TrainSettings, data: Dataset, callbacks: Sequence[Callback] = ()) -> Outcome:
    """Begin a run in an empty folder and train it to its end.

    Parameters
    ----------
    folder : RunFolder
        From ``RunFolder.create``.
    settings : TrainSettings
    data : Dataset
        The one that the settings name.
    callbacks : sequence of Callback
        Who else wants to know how training goes. Trackers get the report too.

    Returns
    -------
    Outcome
        The same is in the folder. Beside the first of many processes the report is empty.

    Raises
    ------
    ConfigurationError
        Another process is training in that folder (`InUseError`).
    """
    if settings.for_backbone is not None:
        from convoscope.runs.photo_training import train_photos

        return train_photos(folder, settings, data, callbacks)
    model = _new_model(settings, data)
    if processes.team().rank:
        follow(settings, data, model)
        return Outcome(settings, data, model, {})
    with alone_in(folder.path), kept_open(callbacks):
        folder.write_config(describe(settings, data))
        return _train(folder, settings, data, model, None, callbacks)


def resume(folder: RunFolder, settings: TrainSettings, data: Dataset, callbacks: Sequence[Callback] = ()) -> Outcome:
    """Go on with a run from its last complete epoch. It ends with the weights that an uninterrupted run ends with.

    Takes what `start` takes; the settings are the run's own (`settings_of`), perhaps with more epochs.

    Raises
    ------
    DataError
        Your own images are no longer those that the run was started with.
    """
    if (changed := processes.first(lambda: what_changed(folder, data))) is not None:
        raise DataError(f"{changed} The run cannot continue with them; start a new one.")
    if settings.for_backbone is not None:
        from convoscope.runs.photo_training import train_photos

        return train_photos(folder, settings, data, callbacks)
    if processes.team().rank:
        follow(settings, data, model := _new_model(settings, data))
        return Outcome(settings, data, model, {})
    with alone_in(folder.path), kept_open(callbacks):
        state = training_state(folder)
        # Without a checkpoint it was stopped before its first epoch was whole.
        model = _new_model(settings, data) if state is None else load_model(folder.checkpoint)
        folder.remove_leftovers()
        folder.write_config({**describe(settings, data), "created": folder.read_config().get("created")})
        return _train(folder, settings, data, model, state, callbacks)


def settings_of(folder: RunFolder, **changes: Any) -> TrainSettings:
    """Read a run's settings, with those that are given, not None, in place of its own.

    Raises
    ------
    ConfigurationError
        The epochs are to change, and the run's learning rates are planned over those it was started with.
    """
    settings = TrainSettings.from_dict(folder.read_config()["settings"], folder.config)
    told = {name: value for name, value in changes.items() if value is not None}
    if told.get("engine", settings.engine) != settings.engine:  # another has no use for them, unless told of them now
        told = {"device": None, "precision": None, **told}
    changed = replace(settings, **told)
    if changed.epochs != settings.epochs and settings.schedule != "constant":
        raise ConfigurationError(
            f"The run in {folder} uses --recipe {settings.recipe}, whose learning rates are scheduled over "
            f"{counted(settings.epochs, 'epoch')} and end near zero. It cannot be extended to {changed.epochs}. Leave "
            f"out --epochs, or start a new run with --recipe {settings.recipe} --epochs {changed.epochs}."
        )
    return changed


def training_state(folder: RunFolder) -> dict[str, Any] | None:
    """Read how far a run's checkpoint is, or None if it has none yet."""
    return folder.read_training_state()


def is_finished(folder: RunFolder, settings: TrainSettings, state: dict[str, Any] | None) -> bool:
    """Say whether there is nothing left to train, and the report is written."""
    if not is_there(folder.report) or not is_there(folder.model):
        return False
    if settings.for_backbone is not None:
        return True
    if state is None:
        return False
    return state["stopped"] is not None or state["epoch"] >= settings.epochs


def use(settings: TrainSettings, batch_norm: str | None = None) -> None:
    """Set engine and threads as the run wants them."""
    threads.set_threads(settings.threads)
    select.use(settings.engine, settings.device, settings.precision, batch_norm)


def what_changed(folder: RunFolder, data: Dataset) -> str | None:
    """Say it if your own images were others, or were split in another way, when a run was begun."""
    digest = data.digest()
    begun = folder.read_config().get("data", {})
    if digest is None or begun.get("digest") == digest:
        return None
    now = len(data.x_train), len(data.x_test)
    return (
        f"The images in {data.info.where} are no longer those that the run in {folder} was started with (then "
        f"{begun.get('train_images')} to train and {begun.get('test_images')} to test, now {now[0]} and {now[1]}), "
        "and would be split again, so it may have been trained on images that now test it."
    )


def _new_model(settings: TrainSettings, data: Dataset) -> Sequential:
    with counted_afresh():
        model = build_model(settings, data.info, count_to_train(data, settings))
    model.preprocessing = data.preprocessing
    return model


def _train(
    folder: RunFolder,
    settings: TrainSettings,
    data: Dataset,
    model: Sequential,
    state: dict[str, Any] | None,
    callbacks: Sequence[Callback],
) -> Outcome:
    if (found := data.record()) is not None:
        folder.write_data(found)
    validates = has_validation(data, settings)
    monitor = "val_accuracy" if validates else "accuracy"
    chooses = validates and (settings.patience is not None or _can_choose(data))
    goal = StopAtGoal(settings.goal_accuracy, monitor) if settings.goal_accuracy else None
    patience = EarlyStopping(monitor, mode="max", patience=settings.patience) if settings.patience else None

    def why_stopped() -> str | None:
        if goal is not None and goal.reached:
            return "goal"
        return "patience" if patience is not None and model.stop_training else None

    trackers = trackers_in(callbacks)
    others = [each for each in callbacks if each not in trackers]
    remembered: dict[str, Callback] = {each.extra: each for each in trackers}
    if patience is not None:
        remembered["patience"] = patience
    recorder = RunRecorder(
        folder,
        remembered,
        monitor if chooses else None,
        why_stopped,
        next((each for each in others if isinstance(each, LiveControl)), None),
    )
    done = 0
    if state is None:
        folder.forget_history()  # of a first epoch whose checkpoint a kill prevented
    else:
        recorder.restore(state)
        done = state["epoch"]
    team = processes.team()
    is_left = recorder.stopped is None and done < settings.epochs
    team.told(done if is_left else None)
    if is_left:
        deciding = [callback for callback in (patience, goal) if callback is not None]
        keeping = [Snapshots(folder.snapshots)] if settings.snapshots else []
        # Trackers decide nothing, and their time is not the epoch's.
        train_model(model, settings, data, done, [*deciding, *keeping, *others, recorder, *trackers])
    with processes.alone():
        kept = calibrated(folder, settings, data)
    team.spread(kept.own_weights)
    report = _report(folder, settings, data, kept, recorder)
    if kept.origin is not None:
        kept.origin["result"] = {name: report[name] for name in ("part", "images", "accuracy", "interval")}
        save_model(kept, folder.model, include_optimizer=False)
    with processes.alone():
        for each in trackers:
            each.conclude(kept, with_channels(data.x_test), data.y_test, report)
    return Outcome(settings, data, kept, report)


def _can_choose(data: Dataset) -> bool:
    """Say whether the validation images are enough to tell epochs apart.

    The best of fifty epochs on 24 of your own images is the luckiest: it cost up to 4 points, and looked 9 better.
    """
    return not data.info.is_custom or data.validation is None or len(data.validation[0]) >= _TELLING


def _report(
    folder: RunFolder, settings: TrainSettings, data: Dataset, model: Sequential, recorder: RunRecorder
) -> dict[str, Any]:
    """Test the model that was kept, and write the report and its pictures; report.json last, for it ends the run."""
    tested = test(model, data, worst=len(data.x_test))
    chosen = data.test_part == "validation" and recorder.monitor is not None
    tested |= {"part": data.test_part, **({"caveat": CAVEAT} if chosen else {})}
    seconds = sum(epoch.get("seconds", 0.0) for epoch in recorder.epochs)
    measured = {
        "epochs": recorder.done,
        "kept_epoch": recorder.best_epoch,
        "stopped": recorder.stopped,
        "seconds": round(seconds, 3),
        "images_a_second": round(len(recorder.epochs) * count_to_train(data, settings) / max(seconds, 1e-3)),
        "last_epoch": recorder.epochs[-1] if recorder.epochs else {"epoch": recorder.done},
    }
    changed = [{"epoch": line["epoch"], **each} for line in recorder.epochs for each in line.get("rate_changes", ())]
    if changed:
        measured["rate_changes"] = changed
    return write_report(folder, settings.label, data, model, tested, measured)


def knows_classes(model: Sequential, names: Sequence[str]) -> bool:
    """Say whether a model's classes are these, in that order, as far as it has names for them.

    However their letters are composed; capitals count only where they must.
    """
    if model.class_names is None:
        return True
    both = (model.class_names, names)
    spelled = [[spelling(legible(name)) for name in each] for spelling in _SPELLINGS for each in both]
    one, other, without_case, other_without_case = spelled
    return one == other or (without_case == other_without_case and len(set(without_case)) == len(without_case))


def test(model: Sequential, data: Dataset, *, worst: int) -> dict[str, Any]:
    """Report on a model with the test images of a data set, with so many of the worst mistakes.

    Those in your own images come with their files.

    Raises
    ------
    ConfigurationError
        The model was trained on other classes.
    """
    names = list(data.info.class_names)
    if model.class_names is not None and not knows_classes(model, names):
        raise ConfigurationError(
            f"The model knows the classes {', '.join(model.class_names)}, but {data.info.name} has "
            f"{', '.join(names)}. Test it on the data set that it was trained on."
        )
    probabilities = model.predict(with_channels(data.x_test), verbose=0)
    return classification_report(data.y_test, probabilities, names, worst=worst, files=data.test_files)

"""The options of ``convoscope compare``, in the groups that its help shows, and what does not go together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from convoscope.cli.options import read_path

_WHAT, _HOW, _STUDY, _RUN = "What is compared", "How", "Several machines", "Run"


@dataclass(frozen=True)
class CommonOptions:
    """What the runs have in common, and what sets them apart."""

    vary: Annotated[
        list[str] | None,
        typer.Option(
            help="A setting of train with its values, as filters=8,16,32 or lr=0.001,0.003. Given several times, every "
            "combination is trained. Lines of layers are set apart by |.",
            metavar="NAME=VALUES",
            rich_help_panel=_WHAT,
        ),
    ] = None
    fixed: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="A setting that all runs have, as epochs=10 or model=dense.",
            metavar="NAME=VALUE",
            rich_help_panel=_WHAT,
        ),
    ] = None


@dataclass(frozen=True)
class SearchOptions:
    """How runs are chosen and repeated."""

    search: Annotated[
        bool,
        typer.Option(
            "--search",
            metavar="",
            help="Look for the best settings in a time. --vary then takes ranges too, as filters=8..64. Default: "
            "around the lesson's network.",
            rich_help_panel=_HOW,
        ),
    ] = False
    minutes: Annotated[float | None, typer.Option(help="How long to search. Default: 5.", rich_help_panel=_HOW)] = None
    seeds: Annotated[
        int | None,
        typer.Option(help="How often each is trained, for means and their spread. Default: 1.", rich_help_panel=_HOW),
    ] = None


@dataclass(frozen=True)
class StudyOptions:
    """A study that several machines work on."""

    storage: Annotated[
        str | None,
        typer.Option(
            help="Share the work with other machines that give the same command: a journal's file that all of them "
            "see, or sqlite:///FILE, postgresql://USER@HOST/NAME, mysql://USER@HOST/NAME.",
            metavar="FILE|URL",
            rich_help_panel=_STUDY,
        ),
    ] = None
    study: Annotated[
        str | None,
        typer.Option(help="The study's name in the storage. Default: that of --out.", rich_help_panel=_STUDY),
    ] = None


@dataclass(frozen=True)
class RunOptions:
    """Where the experiment is kept, and what it computes with."""

    resume: Annotated[
        Path | None,
        typer.Option(parser=read_path, help="Go on with this experiment.", metavar="EXPERIMENT", rich_help_panel=_RUN),
    ] = None
    out: Annotated[
        Path | None,
        typer.Option(
            parser=read_path,
            help="The experiment's folder, default runs/compare-DATASET-N; of folders, where to write a report.",
            rich_help_panel=_RUN,
        ),
    ] = None
    jobs: Annotated[
        int | None,
        typer.Option(help="Runs at a time. Default: as many as there are processors.", rich_help_panel=_RUN),
    ] = None
    threads: Annotated[
        int | None,
        typer.Option(help="Threads that each run computes with. Default: they share them.", rich_help_panel=_RUN),
    ] = None
    engine: Annotated[
        str | None,
        typer.Option(help="auto, native, reference or torch. Default: auto.", rich_help_panel=_RUN),
    ] = None
    data_dir: Annotated[
        Path | None,
        typer.Option(parser=read_path, help="A folder to look for the data set first.", rich_help_panel=_RUN),
    ] = None
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", metavar="", help="Print the table only.", rich_help_panel=_RUN)
    ] = False


def one_dataset(named: list[str]) -> str:
    """Give the data set to train on, of what was named."""
    from convoscope.errors import ConfigurationError

    if len(named) > 1:
        raise ConfigurationError(f"With --vary, one data set is trained on, but {', '.join(named)} were given.")
    return named[0] if named else "digits"


def single(fixed: dict[str, Any]) -> dict[str, Any]:
    """Take the one value of each setting that is set for all."""
    from convoscope.errors import ConfigurationError

    for name, values in fixed.items():
        if not isinstance(values, list) or len(values) > 1:
            raise ConfigurationError(f"--set gives {name} one value for all runs. For several, take --vary.")
    return {name: values[0] for name, values in fixed.items()}


def refuse_beside_resume(given: dict[str, Any]) -> None:
    """Raise ConfigurationError if something was given that an experiment cannot change on the way."""
    from convoscope.errors import ConfigurationError

    told = [name if name == "DATASET" else f"--{name}" for name, value in given.items() if value not in (None, [])]
    if told:
        raise ConfigurationError(
            f"--resume goes on with the experiment as it was begun, and {', '.join(told)} cannot be changed on the "
            f"way. Leave it out. What can be given: --jobs, --minutes, --quiet."
        )


def refuse(needed: str, **given: Any) -> None:
    """Raise ConfigurationError if something was given that means nothing without what is `needed`."""
    from convoscope.errors import ConfigurationError

    told = [f"--{name}" for name, value in given.items() if value not in (None, [])]
    if told:
        raise ConfigurationError(
            f"{', '.join(told)} needs {needed}. Leave it out, or see convoscope compare --help for what goes together."
        )

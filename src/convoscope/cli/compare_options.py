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
            help="A setting of train and its values, such as filters=8,16,32 or lr=0.001,0.003. If repeated, every "
            "combination is trained. Separate lines of layers by |.",
            metavar="NAME=VALUES",
            rich_help_panel=_WHAT,
        ),
    ] = None
    fixed: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="A setting for all runs, such as epochs=10 or model=dense.",
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
            help="Search for the best settings within a time limit. --vary then also takes ranges, such as "
            "filters=8..64. Default: around the lesson's network.",
            rich_help_panel=_HOW,
        ),
    ] = False
    minutes: Annotated[
        float | None, typer.Option(help="Time limit of the search. Default: 5.", rich_help_panel=_HOW)
    ] = None
    seeds: Annotated[
        int | None,
        typer.Option(
            help="Number of times each network is trained, for means and their spread. Default: 1.",
            rich_help_panel=_HOW,
        ),
    ] = None


@dataclass(frozen=True)
class StudyOptions:
    """A study that several machines work on."""

    storage: Annotated[
        str | None,
        typer.Option(
            help="Share the work with other machines that run the same command: a journal file that all of them can "
            "reach, or sqlite:///FILE, postgresql://USER@HOST/NAME, mysql://USER@HOST/NAME.",
            metavar="FILE|URL",
            rich_help_panel=_STUDY,
        ),
    ] = None
    study: Annotated[
        str | None,
        typer.Option(help="The study's name in the storage. Default: the name of --out.", rich_help_panel=_STUDY),
    ] = None


@dataclass(frozen=True)
class RunOptions:
    """Where the experiment is kept, and what it computes with."""

    resume: Annotated[
        Path | None,
        typer.Option(parser=read_path, help="Resume this experiment.", metavar="EXPERIMENT", rich_help_panel=_RUN),
    ] = None
    out: Annotated[
        Path | None,
        typer.Option(
            parser=read_path,
            help="The experiment's folder, or where to write the report on existing folders. Default: "
            "runs/compare-DATASET-N.",
            rich_help_panel=_RUN,
        ),
    ] = None
    jobs: Annotated[
        int | None,
        typer.Option(help="Number of runs at a time. Default: one for each processor.", rich_help_panel=_RUN),
    ] = None
    threads: Annotated[
        int | None,
        typer.Option(help="Threads for each run. Default: the runs share all threads.", rich_help_panel=_RUN),
    ] = None
    engine: Annotated[
        str | None,
        typer.Option(help="auto, native, reference or torch. Default: auto.", rich_help_panel=_RUN),
    ] = None
    data_dir: Annotated[
        Path | None,
        typer.Option(parser=read_path, help="The folder to search first for the data set.", rich_help_panel=_RUN),
    ] = None
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", metavar="", help="Print only the table.", rich_help_panel=_RUN)
    ] = False


def one_dataset(named: list[str]) -> str:
    """Give the data set to train on, of what was named."""
    from convoscope.errors import ConfigurationError

    if len(named) > 1:
        raise ConfigurationError(f"--vary takes one data set to train on, but got {', '.join(named)}.")
    return named[0] if named else "digits"


def single(fixed: dict[str, Any]) -> dict[str, Any]:
    """Take the one value of each setting that is set for all."""
    from convoscope.errors import ConfigurationError

    for name, values in fixed.items():
        if not isinstance(values, list) or len(values) > 1:
            raise ConfigurationError(
                f"--set takes one value of {name} for all runs. To compare several values, use --vary."
            )
    return {name: values[0] for name, values in fixed.items()}


def refuse_beside_resume(given: dict[str, Any]) -> None:
    """Raise ConfigurationError if something was given that an experiment cannot change on the way."""
    from convoscope.errors import ConfigurationError

    told = [name if name == "DATASET" else f"--{name}" for name, value in given.items() if value not in (None, [])]
    if told:
        raise ConfigurationError(
            f"--resume continues the experiment with its own settings, so {', '.join(told)} cannot be changed. Leave "
            "it out. You can give: --jobs, --minutes, --quiet."
        )


def refuse(needed: str, **given: Any) -> None:
    """Raise ConfigurationError if something was given that means nothing without what is `needed`."""
    from convoscope.errors import ConfigurationError

    told = [f"--{name}" for name, value in given.items() if value not in (None, [])]
    if told:
        raise ConfigurationError(
            f"{', '.join(told)} needs {needed}. Leave it out, or see convoscope compare --help for what goes together."
        )

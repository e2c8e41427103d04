"""What a comparison and a search are as studies that several machines work on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from convoscope.experiments import grid, search
from convoscope.experiments.claims import USUAL, Claims, Timing
from convoscope.experiments.crew import Told
from convoscope.experiments.drawing import Values
from convoscope.experiments.fingerprint import fingerprint
from convoscope.experiments.places import Place
from convoscope.experiments.plan import Experiment
from convoscope.experiments.processes import share
from convoscope.experiments.studies import Joined, join, require_optuna
from convoscope.experiments.work import Grid, Search
from convoscope.runs import TrainSettings
from convoscope.runs.preparation import build_model

_MANY = 10_000  # runs of a search: as many as there is time for


def join_grid(
    dataset: str,
    vary: Mapping[str, Any],
    storage: str | os.PathLike[str],
    study: str | None = None,
    *,
    out: str | os.PathLike[str] | None = None,
    seeds: int = 1,
    timing: Timing = USUAL,
    told: Told = lambda sentence: None,
    **computing: Any,
) -> tuple[Joined, int]:
    """Begin or join the study of a comparison; return it, and how many runs this machine trains at a time.

    Takes what `convoscope.experiments.compare` takes, and raises what `convoscope.experiments.studies.join` does.
    """
    require_optuna()
    content, at_once, data = grid.contents(dataset, vary, seeds=seeds, **computing)
    name = study or (f"compare-{data.info.name}" if out is None else Path(out).name)

    def work(claims: Claims, experiment: Experiment, where: Place) -> Grid:
        return Grid(claims, experiment)

    parts = fingerprint(content, data)
    return join(storage, name, content, parts, out=out, make_work=work, timing=timing, told=told), at_once


def join_search(
    dataset: str,
    vary: Mapping[str, Any] | None,
    storage: str | os.PathLike[str],
    study: str | None = None,
    *,
    out: str | os.PathLike[str] | None = None,
    seed: int = 0,
    timing: Timing = USUAL,
    told: Told = lambda sentence: None,
    **computing: Any,
) -> tuple[Joined, int]:
    """Begin or join the study of a search; return it, and how many runs this machine trains at a time.

    Takes what `convoscope.experiments.search.search` takes, and raises what `convoscope.experiments.studies.join` does.
    """
    content, data = search.contents(dataset, vary, seed=seed, **computing)
    name = study or (f"search-{data.info.name}" if out is None else Path(out).name)

    def settings_for(drawn: Values) -> TrainSettings:
        return search.settings_for(content, drawn, data.info)

    def check(drawn: Values) -> None:
        build_model(settings_for(drawn), data.info, data.info.train_count)

    def work(claims: Claims, experiment: Experiment, where: Place) -> Search:
        return Search(claims, experiment, where, settings_for, check)

    parts = fingerprint(content, data)
    joined = join(storage, name, content, parts, out=out, make_work=work, timing=timing, told=told)
    return joined, share(_MANY, computing["jobs"], content["threads"])[0]

"""All claims, and how some of them are tested at once."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from convoscope.errors import unknown_name
from convoscope.experiments.grid import Told
from convoscope.lessons import accuracy, experimenting, networks, overfitting
from convoscope.lessons.claim import Claim
from convoscope.lessons.finding import Finding
from convoscope.lessons.measured import Measured
from convoscope.lessons.trial_runner import carry_out
from convoscope.paths import user_path

CLAIMS: tuple[Claim, ...] = (*networks.CLAIMS, *accuracy.CLAIMS, *overfitting.CLAIMS, *experimenting.CLAIMS)


@dataclass(frozen=True)
class Lessons:
    """Claims that were tested: what was measured, and the findings for each claim.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     lessons = run([11], folder)
    >>> lessons.claims[0].title, all(finding.holds for finding in lessons.findings[11]), lessons.failures
    ('The channel axis', True, [])
    """

    claims: tuple[Claim, ...]
    measured: Measured
    findings: dict[int, list[Finding]]

    @property
    def failures(self) -> list[str]:
        """Why runs failed, each reason once."""
        return list(dict.fromkeys(reason for row in self.measured.rows.values() for reason in row.reasons))


def claims(numbers: Iterable[int] = ()) -> tuple[Claim, ...]:
    """Return the claims with these numbers, in their order; all claims if no numbers are given.

    Raises
    ------
    UnknownNameError
        If there is no claim with that number.

    Examples
    --------
    >>> [(claim.number, claim.title) for claim in claims([9, 10])]
    [(9, 'Dense against convolutional'), (10, 'How filters start')]
    """
    wanted = set(numbers)
    known = {claim.number: claim for claim in CLAIMS}
    for number in sorted(wanted):
        if number not in known:
            raise unknown_name("claim", number, map(str, known))
    return tuple(claim for claim in CLAIMS if not wanted or claim.number in wanted)


def run(
    numbers: Iterable[int],
    folder: str | os.PathLike[str],
    *,
    quick: bool = False,
    seeds: int | None = None,
    jobs: int | None = None,
    engine: str = "auto",
    data_dir: str | os.PathLike[str] | None = None,
    told: Told | None = None,
) -> Lessons:
    """Test claims: train what is not trained yet, and judge the results.

    Parameters
    ----------
    numbers : iterable of int
        The numbers of the claims, 9 to 19; empty for all.
    folder : str or path-like
        Where the runs are kept, each in its own folder.
    quick, seeds, jobs, engine, data_dir, told
        See `convoscope.lessons.trial_runner.carry_out`.

    Raises
    ------
    UnknownNameError
        If there is no claim with that number.
    MissingFileError, DownloadError
        If a data set is neither on disk nor can be downloaded.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     lessons = run([12], folder)  # what is counted of the summary: nothing is trained for it
    >>> [(finding.what, finding.verdict) for finding in lessons.findings[12][:2]]
    [('summary of the two convolutions of 64', 'holds'), ('summary of the one convolution of 32', 'holds')]
    """
    chosen = claims(numbers)
    measured = carry_out(
        [trial for claim in chosen for trial in claim.trials],
        user_path(folder),
        quick=quick,
        seeds=seeds,
        jobs=jobs,
        engine=engine,
        data_dir=data_dir,
        told=told,
    )
    return Lessons(chosen, measured, {claim.number: claim.findings(measured) for claim in chosen})

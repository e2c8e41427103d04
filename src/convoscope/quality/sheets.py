"""Sheets of pictures for a report: suspected labels, copies side by side, outliers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from convoscope.names import for_terminal
from convoscope.quality.findings import DUPLICATE, LABEL, OUTLIER, Finding, Findings
from convoscope.report.sheet import FAINT, INK, RED, contact_sheet
from convoscope.report.terminal import percent
from convoscope.wording import counted

if TYPE_CHECKING:
    import PIL.Image

_Tile = tuple[npt.NDArray[np.uint8], list[tuple[str, str]]]
_COLUMNS = 6


def sheets(
    findings: Findings,
    images: npt.NDArray[np.uint8],
    files: Sequence[str],
    labels: Sequence[str],
    *,
    most: int = 36,
) -> dict[str, PIL.Image.Image]:
    """Arrange the images that findings are about on sheets.

    Parameters
    ----------
    findings : Findings
    images : array of uint8, shape (N, height, width, 1 or 3)
        The examined images.
    files : sequence of str
        Their names.
    labels : sequence of str
        The name of each image's class.
    most : int
        The largest number of images on a sheet.

    Returns
    -------
    dict of str to PIL.Image.Image
        By kind: ``"suspected label"``, ``"near-duplicate"``, ``"outlier"``. Kinds without findings are left out; so are
        backgrounds, which no single image shows.

    Examples
    --------
    >>> from convoscope.quality import Finding, Findings
    >>> outlier = Finding("outlier", "daisy", 4.2, "It is unlike all others.", "daisy/2.jpg", 1)
    >>> found = sheets(
    ...     Findings(2, [outlier]), np.zeros((2, 32, 32, 3), np.uint8), ["daisy/1.jpg", "daisy/2.jpg"], ["daisy"] * 2
    ... )
    >>> {kind: type(sheet).__name__ for kind, sheet in found.items()}
    {'outlier': 'Image'}
    """
    drawn = {}
    if found := findings.of(LABEL):
        tiles = [_tile(images, each, _suspect_lines(each)) for each in found[:most]]
        summary = _summary(found, most, "suspected label", "the most certain come first")
        drawn[LABEL] = contact_sheet(tiles, 255, "Suspected labels", summary, _COLUMNS)
    if findings.copied:
        copied = _copied_tiles(findings, images, files, labels, most)
        groups, count = len(findings.copied), findings.count(DUPLICATE)
        summary = f"{counted(count, 'near-duplicate')} of {counted(groups, 'picture')}; those across classes come first"
        drawn[DUPLICATE] = contact_sheet(copied, 255, "Near-duplicates", summary, _COLUMNS)
    if found := findings.of(OUTLIER):
        tiles = [_tile(images, each, [(f"labelled {each.label}", INK), _short(each.file)]) for each in found[:most]]
        summary = _summary(found, most, "outlier", "the most unusual come first")
        drawn[OUTLIER] = contact_sheet(tiles, 255, "Outliers", summary, _COLUMNS)
    return drawn


def _summary(found: Sequence[Finding], most: int, one: str, order: str) -> str:
    return f"{f'{most} of ' if len(found) > most else ''}{counted(len(found), one)}; {order}"


def _tile(images: npt.NDArray[np.uint8], finding: Finding, lines: list[tuple[str, str]]) -> _Tile:
    assert finding.index is not None
    return images[finding.index], lines


def _suspect_lines(finding: Finding) -> list[tuple[str, str]]:
    return [
        (f"labelled {finding.label}", RED),
        (f"looks like {finding.suggestion}", INK),
        (f"{percent(finding.score)} sure", FAINT),
        _short(finding.file),
    ]


def _short(file: str | None) -> tuple[str, str]:
    """Return a file's name, and the folder that it is in if that is not the class's, which may be the split."""
    first, *_, last = ("", *(file or "").split("/")) if (file or "").count("/") < 2 else (file or "").split("/")
    return for_terminal(f"{first}/…/{last}" if first else last), FAINT


def _copied_tiles(
    findings: Findings, images: npt.NDArray[np.uint8], files: Sequence[str], labels: Sequence[str], most: int
) -> list[_Tile | None]:
    """Give the pictures of the groups one after the other, no group that fits into a row across two of them."""
    tiles: list[_Tile | None] = []
    for number, picture in enumerate(findings.copied, 1):
        if len(tiles) >= most:
            break
        members = picture.indices[:most]
        column = len(tiles) % _COLUMNS
        if column and column + len(members) > _COLUMNS:
            tiles += [None] * (_COLUMNS - column)
        crossed = len({labels[index] for index in picture.indices}) > 1
        for index in members:
            lines = [(f"picture {number}", INK), (f"labelled {labels[index]}", RED if crossed else INK)]
            tiles.append((images[index], [*lines, _short(files[index])]))
    return tiles

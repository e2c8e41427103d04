"""Words that messages share: counts and articles as a person would write them, and how to install what is missing."""

from __future__ import annotations

import re

# Numbers that are spoken with a vowel first: eight, eighteen, eighty..., eleven, and those thousands.
_SPOKEN_WITH_VOWEL = re.compile(r"(8\d*|1[18](\d{3})*)(?!\d)")
_VOWELS = tuple("aeiouAEIOU")


def counted(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun in the singular or plural.

    Parameters
    ----------
    count : int
    one : str
        The noun in the singular, perhaps with what comes after it: ``"file"``.
    many : str, optional
        The plural, where it is more than an ``s`` at the end, as of ``"class"``.

    Examples
    --------
    >>> counted(1, "file"), counted(2, "file"), counted(1_000, "class", "classes"), counted(0, "run")
    ('1 file', '2 files', '1,000 classes', '0 runs')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def agreeing(count: int, one: str, many: str) -> str:
    """Return the word that goes with a count: a verb, or a pronoun.

    Examples
    --------
    >>> f"{counted(1, 'run')} {agreeing(1, 'is', 'are')} left", f"{counted(2, 'run')} {agreeing(2, 'is', 'are')} left"
    ('1 run is left', '2 runs are left')
    """
    return one if count == 1 else many


def file_size(count: int) -> str:
    """Say how many bytes a file has.

    Examples
    --------
    >>> file_size(210), file_size(71_754), file_size(18_600_000)
    ('< 1 kB', '72 kB', '18.6 MB')
    """
    if count < 1000:
        return "< 1 kB"
    return f"{count / 1000:,.0f} kB" if count < 1_000_000 else f"{count / 1e6:,.1f} MB"


def with_article(name: str) -> str:
    """Return a name with the indefinite article that goes with how it is spoken, as far as its first sign tells.

    Examples
    --------
    >>> with_article("8"), with_article("3"), with_article("11"), with_article("110"), with_article("ankle boot")
    ('an 8', 'a 3', 'an 11', 'a 110', 'an ankle boot')
    """
    has_vowel = _SPOKEN_WITH_VOWEL.match(name) if name[:1].isdigit() else name.startswith(_VOWELS)
    return f"{'an' if has_vowel else 'a'} {name}"


def clause(said: object) -> str:
    """Return what an error of another program says, for the middle of a sentence: without a full stop of its own.

    Examples
    --------
    >>> f"It is damaged: {clause(ValueError('The file ends early.'))}. Download it again."
    'It is damaged: The file ends early. Download it again.'
    """
    return str(said).rstrip().removesuffix(".")


def installing(extra: str) -> str:
    """Return how to install an extra. Where Convoscope is installed, from wherever, pip adds only what is missing.

    Examples
    --------
    >>> print(installing("plots"))
    pip install 'convoscope[plots]'
    """
    return f"pip install 'convoscope[{extra}]'"

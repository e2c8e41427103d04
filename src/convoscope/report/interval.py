"""How sure an accuracy is: a confidence interval for a share of so many images."""

from __future__ import annotations

import math

_Z = 1.959963984540054  # of the normal distribution, for 95 %


def interval_of(right: float, images: float, z: float = _Z) -> tuple[float, float]:
    """Return the 95 % confidence interval of a share (Wilson's).

    Parameters
    ----------
    right : float
        How many images were right.
    images : float
        Out of how many; 1 or more. Images that count together make it less than their number.
    z : float
        How many standard deviations of the normal distribution; that of 95 % if left out.

    Notes
    -----
    Wilson's interval stays within 0 and 1 and is true to its name also for few images and for shares near 1, where the
    usual one, of no width at 100 %, is not. Wilson, Probable inference, the law of succession, and statistical
    inference, 1927.

    Examples
    --------
    >>> [round(end, 3) for end in interval_of(9, 10)]
    [0.596, 0.982]
    >>> [round(end, 3) for end in interval_of(50, 50)]
    [0.929, 1.0]
    """
    share, spread = right / images, z * z / images
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / images + spread / (4 * images))
    return max(0.0, middle - half), min(1.0, middle + half)


def with_interval(right: int, images: int) -> str:
    """Write a share with its 95 % interval: ``"75 % ± 7"``, in per cent.

    Where the interval is not alike to both sides, as near 0 and 100 %, its ends are given.

    Examples
    --------
    >>> with_interval(105, 140), with_interval(10, 10), with_interval(9_932, 10_000)
    ('75.0 % ± 7', '100.0 % (72 to 100)', '99.3 % ± 0.2')
    """
    low, high = (100 * end for end in interval_of(right, images))
    share = 100 * right / images
    digits = 0 if high - low >= 2 else 1
    if max(share - low, high - share) > 1.5 * min(share - low, high - share) + 0.05:
        return f"{share:.1f} % ({low:.{digits}f} to {high:.{digits}f})"
    return f"{share:.1f} % ± {(high - low) / 2:.{digits}f}"

"""Opening the gallery from Python."""

from __future__ import annotations

import os
from collections.abc import Iterable

from convoscope.exhibition.page import site
from convoscope.paths import user_path
from convoscope.web.opening import Opened, open_page

RUNS = "runs"


def gallery(
    runs: str | os.PathLike[str] = RUNS,
    *,
    port: int | None = None,
    browser: bool = True,
    wait: bool | None = None,
    hosts: Iterable[str] = (),
    proxy: str | None = None,
) -> Opened | None:
    """Open the gallery in the browser: convolution, colour, pooling, a network, its mistakes, lessons, your runs.

    Parameters
    ----------
    runs : str or path
        The folder whose runs and comparisons are shown, as ``convoscope runs`` lists them. It need not exist.
    port, browser, wait, hosts, proxy
        See `convoscope.web.opening.open_page`.

    Returns
    -------
    Opened or None
        In a notebook and at a prompt, an object that shows the page and can close it; a script waits until Ctrl-C is
        pressed.

    Raises
    ------
    StorageError
        If no port is free.

    Notes
    -----
    The page opens at once. The network that it shows, the lessons' own, is trained on the digits that come with the
    package when the page first needs it: one to three seconds on two cores. Nothing is downloaded for it, and only
    temporary files are written, which are removed when Python ends.

    Examples
    --------
    >>> import convoscope as cs
    >>> page = cs.gallery(port=0, browser=False, wait=False)
    >>> page.address.startswith("http://127.0.0.1:")
    True
    >>> page.close()
    """
    return open_page(
        site(user_path(runs)), "The gallery", port=port, browser=browser, wait=wait, hosts=hosts, proxy=proxy
    )

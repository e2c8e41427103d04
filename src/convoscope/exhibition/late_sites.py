"""Pages that are made when somebody first visits them."""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from convoscope.errors import ConvoscopeError
from convoscope.exhibition.reading import problem_page
from convoscope.web.site import Response, Site, page_files

_KEPT = 4  # pages of a kind that stay in memory


@dataclass(frozen=True)
class Room:
    """A page that may be visited.

    Attributes
    ----------
    title : str
        What it is called where it cannot be shown.
    make : callable
        Makes it.
    stamp : callable
        Returns what is another thing when the page is to be made again.
    """

    title: str
    make: Callable[[], Site]
    stamp: Callable[[], Any] = lambda: None


class LateSites(Mapping[str, Site]):
    """Sites by name, each made when it is first asked for. The last few are kept.

    Parameters
    ----------
    known : callable
        Finds the rooms that there are, by name; it is asked again for a name that was not there before.
    up : str
        The way back from one of them to the gallery.

    Notes
    -----
    What cannot be made is a page that says why, and is tried again with the next visit.

    Examples
    --------
    >>> rooms = LateSites(lambda: {"one": Room("One", lambda: Site(page_files()))}, up="../../")
    >>> list(rooms), "two" in rooms, isinstance(rooms["one"], Site)
    (['one'], False, True)
    """

    def __init__(self, known: Callable[[], Mapping[str, Room]], *, up: str) -> None:
        self._find = known
        self._up = up
        self._known: Mapping[str, Room] = {}
        self._made: OrderedDict[str, tuple[Any, Site]] = OrderedDict()
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)  # a slow page holds up no other
        self._lock = threading.Lock()

    def __contains__(self, name: object) -> bool:
        with self._lock:
            if name not in self._known:
                self._known = self._find()
            return name in self._known

    def __getitem__(self, name: str) -> Site:
        if name not in self:
            raise KeyError(name)
        with self._lock:
            room, lock = self._known[name], self._locks[name]
        with lock:
            stamp = room.stamp()
            with self._lock:
                made = self._made.get(name)
            if made is not None and made[0] == stamp:
                return made[1]
            try:
                site = room.make()
            except (ConvoscopeError, OSError) as error:
                return _problem(room.title, str(error), self._up)
            with self._lock:
                self._made[name] = (stamp, site)
                self._made.move_to_end(name)
                while len(self._made) > _KEPT:
                    self._made.popitem(last=False)
            return site

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._find()))

    def __len__(self) -> int:
        return len(self._find())


def _problem(title: str, reason: str, up: str) -> Site:
    body = problem_page(title, reason, up=up).encode()
    return Site(page_files(), {"": lambda: Response(body, "text/html; charset=utf-8")})

"""Classes and their pictures, and every change of them as a small dictionary that can be kept, replayed and undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from convoscope.errors import ConfigurationError
from convoscope.names import legible

Change = dict[str, Any]

MOST_CLASSES = 50
MOST_PICTURES = 10_000
LONGEST_NAME = 60  # characters
_MOST_STEPS_BACK = 100
#: A class becomes a folder, on any system.
_NOT_IN_FOLDERS = frozenset('/\\:*?"<>|')
_RESERVED = frozenset(
    ("con", "prn", "aux", "nul", *(f"com{i}" for i in range(1, 10)), *(f"lpt{i}" for i in range(1, 10)))
)


@dataclass(frozen=True)
class Picture:
    """A picture of a class.

    Attributes
    ----------
    id : int
        Never given twice.
    group : int
        The id of its class.
    name : str
        Of the file that was dropped, or ``"camera"``.
    digest : str
        SHA-256 of its bytes, in hexadecimal.
    ending : str
        Of the file that it is kept in: ``".jpg"``.
    recording : str
        What all pictures of one recording have in common; empty for files.
    checked : bool
        Whether a person has said that it is right where it is.
    """

    id: int
    group: int
    name: str
    digest: str
    ending: str
    recording: str = ""
    checked: bool = False

    def changed(self, **values: Any) -> Picture:
        """Return the picture with other values."""
        return Picture(**{**asdict(self), **values})


class Board:
    """The classes in their order, the pictures in them, and the way back.

    It knows no files and no threads: whoever has it keeps what `apply` is given, and applies it again later.

    Attributes
    ----------
    names : dict of int to str
        The classes by their ids, in the order in which the page shows them.
    pictures : dict of int to Picture
        All that were not removed, also those of removed classes.

    Examples
    --------
    >>> board = Board()
    >>> board.apply(board.adding_class("Cup"))
    >>> board.apply(board.adding_class("Plant"))
    >>> board.apply({"do": "rename class", "id": 1, "name": "Mug"})
    >>> board.apply(board.back())
    >>> list(board.names.values())
    ['Cup', 'Plant']
    """

    def __init__(self) -> None:
        self.names: dict[int, str] = {}
        self.pictures: dict[int, Picture] = {}
        self._removed: dict[int, Picture] = {}
        self._steps_back: list[Change] = []
        self._newest = 0
        self._doing: dict[str, Callable[[Change], Change]] = {
            "add class": self._add_class,
            "remove class": self._remove_class,
            "rename class": self._rename_class,
            "move class": self._move_class,
            "add pictures": self._add_pictures,
            "remove pictures": self._remove_pictures,
            "return pictures": self._return_pictures,
            "place pictures": self._place_pictures,
            "check pictures": self._check_pictures,
        }

    # ---- reading

    def of_class(self, group: int) -> list[Picture]:
        """Return the pictures of a class, in the order in which they came."""
        return [picture for picture in self.pictures.values() if picture.group == group]

    @property
    def shown(self) -> list[Picture]:
        """The pictures of all classes that there are, class by class."""
        return [picture for group in self.names for picture in self.of_class(group)]

    @property
    def kept(self) -> list[Picture]:
        """All whose files are needed: also those that a step back would return."""
        return [*self.pictures.values(), *self._removed.values()]

    @property
    def can_go_back(self) -> bool:
        """Whether there is something to undo."""
        return bool(self._steps_back)

    def new_id(self) -> int:
        """Return an id that nothing has had."""
        self._newest += 1
        return self._newest

    # ---- changing

    def adding_class(self, name: str | None = None) -> Change:
        """Return the change that adds a class: with a name of its own where none is given."""
        if len(self.names) >= MOST_CLASSES:
            raise ConfigurationError(f"At most {MOST_CLASSES} classes are possible. Remove one first.")
        taken = {each.casefold() for each in self.names.values()}
        numbered = (f"Class {number}" for number in range(1, MOST_CLASSES + 2))
        name = next(each for each in numbered if each.casefold() not in taken) if name is None else name
        return {"do": "add class", "id": self.new_id(), "name": self.checked_name(name), "at": len(self.names)}

    def checked_name(self, name: str, of: int | None = None) -> str:
        """Return a name that a class can have, or say why it cannot.

        Raises
        ------
        ConfigurationError
            It is empty or too long, another class has it, or no folder could be named so.
        """
        name = legible(str(name)).strip()
        if not name:
            raise ConfigurationError("A class needs a name.")
        if len(name) > LONGEST_NAME:
            raise ConfigurationError(f"A class name has up to {LONGEST_NAME} characters, but this one has {len(name)}.")
        unfit = sorted({*name} & _NOT_IN_FOLDERS)
        if unfit or not name.isprintable() or name.startswith(".") or name.endswith("."):
            why = (
                f"it contains {' '.join(unfit)}"
                if unfit
                else "it begins or ends with a dot, or contains an invisible character"
            )
            raise ConfigurationError(
                f"“{name}” cannot be a class name, because it is also the name of a folder: {why}. Change it."
            )
        if name.casefold().partition(".")[0] in _RESERVED:
            raise ConfigurationError(
                f"“{name}” cannot be a class name: Windows does not allow folders of that name. Change it."
            )
        if any(name.casefold() == other.casefold() for group, other in self.names.items() if group != of):
            raise ConfigurationError(f"There is already a class “{name}”. Choose another name.")
        return name

    def apply(self, change: Change) -> None:
        """Make a change.

        Parameters
        ----------
        change : dict
            ``"do"`` says what; the rest is as the function of that name needs it. With ``"back": True`` it is a step
            back, which can itself not be undone.

        Raises
        ------
        ConfigurationError
            It cannot be made. Nothing has changed then.
        """
        do = self._doing.get(change.get("do", ""))
        if do is None:
            raise ConfigurationError(f"A change must be one of {', '.join(self._doing)}, but got {change.get('do')!r}.")
        inverse = do(change)
        if change.get("back"):
            self._steps_back.pop()
            return
        burst, last = change.get("burst"), self._steps_back[-1] if self._steps_back else {}
        if burst and last.get("burst") == burst:  # a whole recording is one step
            last["ids"] += inverse["ids"]
        else:
            self._steps_back.append(inverse | ({"burst": burst} if burst else {}))
            del self._steps_back[:-_MOST_STEPS_BACK]

    def back(self) -> Change:
        """Return the change that undoes the last one."""
        if not self._steps_back:
            raise ConfigurationError("There is nothing to undo.")
        return {**self._steps_back[-1], "back": True}

    def forget(self) -> None:
        """Give up the way back. `kept` then has no pictures that were removed."""
        self._steps_back.clear()
        self._removed.clear()
        self.pictures = {id_: picture for id_, picture in self.pictures.items() if picture.group in self.names}

    def as_changes(self) -> list[Change]:
        """Return changes that make such a board from an empty one."""
        classes: list[Change] = [
            {"do": "add class", "id": group, "name": name, "at": at}
            for at, (group, name) in enumerate(self.names.items())
        ]
        pictures = [asdict(picture) for picture in self.shown]
        return [*classes, {"do": "add pictures", "pictures": pictures}] if pictures else classes

    # ---- what can be done: each returns what undoes it

    def _add_class(self, change: Change) -> Change:
        group, name = int(change["id"]), self.checked_name(change["name"])
        if group in self.names:
            raise ConfigurationError(f"There is a class with the number {group} already.")
        self.names[group] = name
        self._newest = max(self._newest, group)
        self._put(group, int(change["at"]))
        return {"do": "remove class", "id": group}

    def _remove_class(self, change: Change) -> Change:
        group = self._class(change)
        at = list(self.names).index(group)
        return {"do": "add class", "id": group, "name": self.names.pop(group), "at": at}

    def _rename_class(self, change: Change) -> Change:
        group = self._class(change)
        before, self.names[group] = self.names[group], self.checked_name(change["name"], group)
        return {"do": "rename class", "id": group, "name": before}

    def _move_class(self, change: Change) -> Change:
        group = self._class(change)
        at = list(self.names).index(group)
        self._put(group, int(change["at"]))
        return {"do": "move class", "id": group, "at": at}

    def _add_pictures(self, change: Change) -> Change:
        came = [Picture(**each) for each in change["pictures"]]
        for picture in came:
            self._class({"id": picture.group})
        if len(self.pictures) + len(came) > MOST_PICTURES:
            raise ConfigurationError(f"At most {MOST_PICTURES:,} pictures are possible. Remove some first.")
        for picture in came:
            self.pictures[picture.id] = picture
            self._newest = max(self._newest, picture.id)
        return {"do": "remove pictures", "ids": [picture.id for picture in came]}

    def _remove_pictures(self, change: Change) -> Change:
        ids = self._known(change["ids"], self.pictures)
        self._removed.update({each: self.pictures.pop(each) for each in ids})
        return {"do": "return pictures", "ids": ids}

    def _return_pictures(self, change: Change) -> Change:
        ids = self._known(change["ids"], self._removed)
        self.pictures.update({each: self._removed.pop(each) for each in ids})
        self.pictures = dict(sorted(self.pictures.items()))  # back to where they were
        return {"do": "remove pictures", "ids": ids}

    def _place_pictures(self, change: Change) -> Change:
        places = [(int(picture), int(group)) for picture, group in change["places"]]
        self._known([picture for picture, _ in places], self.pictures)
        for _, group in places:
            self._class({"id": group})
        before = [[picture, self.pictures[picture].group] for picture, _ in places]
        for picture, group in places:
            self.pictures[picture] = self.pictures[picture].changed(group=group)
        return {"do": "place pictures", "places": before}

    def _check_pictures(self, change: Change) -> Change:
        ids, checked = self._known(change["ids"], self.pictures), bool(change["checked"])
        ids = [each for each in ids if self.pictures[each].checked != checked]
        for each in ids:
            self.pictures[each] = self.pictures[each].changed(checked=checked)
        return {"do": "check pictures", "ids": ids, "checked": not checked}

    def _class(self, change: Change) -> int:
        group = int(change["id"])
        if group not in self.names:
            raise ConfigurationError("That class no longer exists: perhaps it was removed in another tab.")
        return group

    def _known(self, ids: Sequence[Any], among: dict[int, Picture]) -> list[int]:
        found = [int(each) for each in ids]
        if len(set(found)) < len(found) or any(each not in among for each in found):
            raise ConfigurationError(
                "Some of these pictures no longer exist: perhaps they were removed in another tab."
            )
        return found

    def _put(self, group: int, at: int) -> None:
        """Move a class to an index."""
        order = [each for each in self.names if each != group]
        order.insert(max(0, at), group)
        self.names = {each: self.names[each] for each in order}

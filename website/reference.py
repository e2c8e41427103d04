"""The reference: a page for each public module, with every public name; its words are those of the docstrings."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import convoscope

PACKAGE = "convoscope"
#: Public, though not an attribute that ``dir(convoscope)`` lists.
_BESIDE = ("preprocessing", "quality", "serving")
#: Documented last: most of their names are those of other modules.
_LAST = ("nn", "keras")
#: The name of the page of what docstrings refer to.
_FURTHER = "further"
_FULL_NAME = re.compile(rf"(?<!`)`({PACKAGE}\.[\w.]+)`(?!`)")


@dataclass
class ModulePage:
    """What a module's page lists.

    Attributes
    ----------
    name : str
        As one writes it: ``convoscope.layers``.
    module : ModuleType
    classes, functions : list of str
        Names that are explained here.
    values : list of str
        Names of values that are neither: numbers, tables.
    elsewhere : dict of str to str
        Names that are explained under another one.
    below : list of str
        Modules that are attributes of this one.
    """

    name: str
    module: ModuleType
    classes: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    elsewhere: dict[str, str] = field(default_factory=dict)
    below: list[str] = field(default_factory=list)

    @property
    def short(self) -> str:
        return self.name.removeprefix(f"{PACKAGE}.")


def public_names(module: ModuleType) -> list[str]:
    """Return ``__all__``, or without it what is defined in the module and begins with no underscore."""
    listed = getattr(module, "__all__", None)
    if listed is None:
        listed = [
            name
            for name, value in vars(module).items()
            if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
        ]
    return [name for name in listed if not name.startswith("_")]


def module_pages() -> list[ModulePage]:
    """Return the pages in the order in which names are given to them: the first module that has an object explains it.

    The package itself comes last of all: a model is explained in ``convoscope.models``.
    """
    order = [name for name in convoscope.__all__ if _is_module(getattr(convoscope, name)) and name not in _LAST]
    pages: list[ModulePage] = []
    explained: dict[int, str] = {}
    for name in [*sorted({*order, *_BESIDE}), *_LAST]:
        module = importlib.import_module(f"{PACKAGE}.{name}")
        pages += _pages(f"{PACKAGE}.{name}", module, explained, {page.module.__name__ for page in pages})
    whole = _page(PACKAGE, convoscope, explained)
    whole.below = []
    return [whole, *pages]


def _pages(name: str, module: ModuleType, explained: dict[int, str], done: set[str]) -> Iterator[ModulePage]:
    """Give a module's page, and those of the modules in it that have none yet."""
    page = _page(name, module, explained)
    page.below = [each for each in page.below if _target(page, each).__name__ not in done]
    yield page
    for each in page.below:
        yield from _pages(f"{name}.{each}", _target(page, each), explained, done)


def _target(page: ModulePage, name: str) -> ModuleType:
    found = getattr(page.module, name)
    assert isinstance(found, ModuleType)
    return found


def _page(name: str, module: ModuleType, explained: dict[int, str]) -> ModulePage:
    page = ModulePage(name, module)
    names = public_names(module)
    # An object's own name comes before its aliases.
    for each in sorted(names, key=lambda each: getattr(getattr(module, each), "__name__", each) != each):
        value = getattr(module, each)
        if _is_module(value):
            if value.__name__.startswith(PACKAGE):
                page.below.append(each)
        elif not inspect.isclass(value) and not inspect.isroutine(value):
            page.values.append(each)
        elif id(value) in explained:
            page.elsewhere[each] = explained[id(value)]
        else:
            explained[id(value)] = f"{name}.{each}"
            (page.classes if inspect.isclass(value) else page.functions).append(each)
    for listed in (page.classes, page.functions, page.values, page.below):
        listed.sort(key=str.lower)
    return page


def _is_module(value: Any) -> bool:
    return inspect.ismodule(value)


def as_rst(page: ModulePage, explained: Collection[type]) -> str:
    """Return a module's page as reStructuredText. `explained` are the classes that have a place of their own."""
    parts = [_heading(page.name, "="), f".. automodule:: {page.name}\n   :no-members:"]
    if page.below:
        parts.append(_listed("Modules", [f":doc:`{page.name}.{each}`" for each in page.below]))
    if page.classes:
        parts += [_heading("Classes", "-"), *(_class(page, name, explained) for name in page.classes)]
    parts.append(_section("Functions", page.functions, "autofunction"))
    if page.values:
        parts.append(_listed("Values", [f"``{each}``" for each in page.values]))
    if page.elsewhere:
        names = sorted(page.elsewhere.items(), key=lambda pair: pair[0].lower())
        parts.append(_listed("Other names", [f"``{each}``: :py:obj:`{where}`" for each, where in names]))
    return "\n\n".join(part for part in parts if part) + "\n"


def _class(page: ModulePage, name: str, explained: Collection[type]) -> str:
    kind = getattr(page.module, name)
    nested = "".join(
        f"\n   .. auto{'property' if isinstance(getattr(kind, member), property) else 'method'}:: {name}.{member}\n"
        for member in inherited_members(kind, explained)
    )
    return f".. autoclass:: {name}\n   :members:\n{nested}"


def parts_of(kind: type) -> list[type]:
    """Return a class and the bases that only it has: they are parts of it, in files of their own."""
    parts = [kind]
    for base in kind.__mro__[1:]:
        if base.__module__.startswith(PACKAGE) and set(base.__subclasses__()) <= set(parts):
            parts.append(base)
    return parts


def inherited_members(kind: type, explained: Collection[type]) -> list[str]:
    """Return the members that are listed for a class, but come from bases that the reference does not explain.

    Of the class's own parts, that is all that has a docstring; of other bases, the methods with an example. So `fit`
    stands with the models, whose base is none of the public names.
    """
    found: list[str] = []
    own = parts_of(kind)
    elsewhere = {part for each in explained if each is not kind and issubclass(kind, each) for part in parts_of(each)}
    for base in kind.__mro__[1:]:
        if base in elsewhere or not base.__module__.startswith(PACKAGE):
            continue
        for name, value in vars(base).items():
            if name[0] == "_" or next(each for each in kind.__mro__ if name in vars(each)) is not base:
                continue
            text = inspect.getdoc(getattr(kind, name)) or ""
            if base in own and (inspect.isroutine(value) or isinstance(value, property)):
                listed = bool(text)
            else:
                listed = inspect.isroutine(value) and ">>> " in (value.__doc__ or "")
            if listed:
                found.append(name)
    return sorted(found)


def referred_to(pages: Sequence[ModulePage], explained: Collection[type]) -> dict[str, Any]:
    """Return what docstrings refer to by its full name without a place of its own, such as ``convoscope.web.explorer``.

    Parameters
    ----------
    pages : sequence of ModulePage
    explained : collection of type
        The classes that have a place of their own.

    Returns
    -------
    dict of str to object
        Functions, classes and modules by their full names, in alphabetical order.

    Raises
    ------
    LookupError
        If there is no such object.
    """
    known = {page.name for page in pages}
    known |= {f"{page.name}.{name}" for page in pages for name in (*page.classes, *page.functions, *page.values)}
    known |= {f"{page.name}.{name}" for page in pages for name in page.elsewhere}
    texts = [text for page in pages for text in _docstrings(page, explained)]
    named = {name for text in texts for name in _FULL_NAME.findall(text)} - known
    found = {name: _resolved(name) for name in sorted(named) if not inspect.isclass(_resolved(_parent(name)))}
    if missing := [name for name, value in found.items() if value is None]:
        raise LookupError(f"Docstrings refer to {', '.join(missing)}, which does not exist.")
    return found


def _docstrings(page: ModulePage, explained: Collection[type]) -> Iterator[str]:
    for name in (*page.classes, *page.functions):
        value = getattr(page.module, name)
        yield inspect.getdoc(value) or ""
        if inspect.isclass(value):
            yield from (inspect.getdoc(getattr(value, name)) or "" for name in inherited_members(value, explained))
            yield from (getattr(each, "__doc__", None) or "" for each in vars(value).values() if callable(each))


def _parent(name: str) -> str:
    return name.rpartition(".")[0]


def _resolved(name: str) -> Any:
    """Return the object of that full name, or None."""
    try:
        return importlib.import_module(name)
    except ImportError:
        module, _, attribute = name.rpartition(".")
        return getattr(_resolved(module), attribute, None) if module else None


def _further(found: dict[str, Any]) -> str:
    """Return the page of what is referred to, as reStructuredText."""
    parts = [
        _heading("Further names", "="),
        "Functions, classes and modules that the docstrings of public names refer to.",
    ]
    for name, value in found.items():
        kind = "module" if inspect.ismodule(value) else "class" if inspect.isclass(value) else "function"
        parts.append(f"{_heading(name, '-')}\n\n.. auto{kind}:: {name}" + "\n   :no-members:" * (kind == "module"))
    return "\n\n".join(parts) + "\n"


def _section(title: str, names: list[str], directive: str) -> str:
    if not names:
        return ""
    return "\n\n".join([_heading(title, "-"), *(f".. {directive}:: {name}\n" for name in names)])


def _listed(title: str, lines: list[str]) -> str:
    return _heading(title, "-") + "\n\n" + "\n".join(f"- {line}" for line in lines)


def _heading(words: str, line: str) -> str:
    return f"{words}\n{line * len(words)}"


def write_reference(folder: Path) -> None:
    """Write the modules' pages, and the list of them."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = module_pages()
    explained = {getattr(page.module, name) for page in pages for name in page.classes}
    for page in pages:
        (folder / f"{page.name}.rst").write_text(as_rst(page, explained), encoding="utf-8")
    nested = {f"{page.name}.{each}" for page in pages for each in page.below}
    top = [page for page in pages if page.name not in nested]
    (folder / f"{_FURTHER}.rst").write_text(_further(referred_to(pages, explained)), encoding="utf-8")
    rows = "\n".join(f"   * - :doc:`{page.name}`\n     - {_first_line(page)}" for page in top)
    rows += f"\n   * - :doc:`{_FURTHER}`\n     - What the pages above refer to."
    listed = "\n".join(f"   {name}" for name in [*(page.name for page in pages), _FURTHER])
    (folder / "index.rst").write_text(
        f"{_heading('Reference', '=')}\n\nLook up every public name. "
        f"The tests run the examples.\n\n.. list-table::\n   :widths: 1 2\n\n{rows}\n\n"
        f".. toctree::\n   :hidden:\n\n{listed}\n",
        encoding="utf-8",
    )


def _first_line(page: ModulePage) -> str:
    paragraph = (inspect.getdoc(page.module) or "").split("\n\n")[0]
    return " ".join(paragraph.split())

"""A page as ONE file of HTML that needs no server and no network: styles, modules and data inside it.

The page's own export button does the same in JavaScript, ``static/shared/offline-page.js``.
"""

from __future__ import annotations

import base64
import posixpath
import re
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from convoscope.errors import ConfigurationError
from convoscope.names import json_text

if TYPE_CHECKING:
    from importlib.abc import Traversable

_IMPORT = re.compile(r"""(\bfrom\s*|\bimport\s*)"(\.{1,2}/[^"]+)\"""")
_NAMES = re.compile(r"""^import\s*(?:\{([^}]*)\}\s*from\s*)?"(\.{1,2}/[^"]+)";?""", re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?(?:function\*?|const|let|class) (\w+|\[[\w, ]+\]))", re.MULTILINE)
_PASSED_ON = re.compile(r"""^export\s*(?:\{([^}]*)\}|\*)\s*from\s*"(\.{1,2}/[^"]+)";?""", re.MULTILINE)
_LISTED = re.compile(r"^export ", re.MULTILINE)
_STYLE = re.compile(r'<link\s+rel="stylesheet"\s+href="([^"]+)"\s*/?>')
_SCRIPT = re.compile(r'<script\s+type="module"\s+src="([^"]+)"\s*></script>')
_CHARSET = re.compile(r'<meta\s+charset="[^"]+"\s*/?>')
# Nothing from outside: the browser itself refuses what would need a network.
_SCRIPTS = "script-src 'unsafe-inline' data:"
_POLICY = (
    f"default-src 'none'; {_SCRIPTS}; style-src 'unsafe-inline'; img-src data: blob:; "
    "media-src blob:; base-uri 'none'; form-action 'none'"
)
_MAP, _DATA, _ARTICLE = "{{convoscope modules}}", "{{convoscope data}}", "{{convoscope article}}"
_ELEMENT = f'<script type="application/json" id="embedded">{_DATA}</script>'
#: What stands in a template for what is put there later.
MARKS = {"modules": _MAP, "data": _DATA, "article": _ARTICLE}
_COMPUTING = (
    "script-src 'unsafe-inline' data: blob: 'wasm-unsafe-eval'; worker-src blob:"  # a worker, and WebAssembly in it
)


def offline_page(
    folder: Traversable,
    page: str,
    embedded: Mapping[str, Any] | None,
    *,
    computing: bool = False,
    notebook: bool = False,
) -> str:
    """Put a page and all that it uses into one file.

    Parameters
    ----------
    folder : path or Traversable
        Of the page's files, which it names ``static/...``.
    page : str
        The page in it: ``"lab/index.html"``.
    embedded : mapping or None
        What the page otherwise asks its server for: it finds it as JSON in the element ``#embedded``. None leaves that
        out.
    computing : bool
        Whether it may start a worker (`worker_source`) and run WebAssembly.
    notebook : bool
        Whether it is for the frame of a notebook's widget, which answers what it asks (``static/shared/notebook.js``).
        It is then one script, for the policies of some notebooks allow scripts in a page, but none with addresses.

    Returns
    -------
    str
        HTML. Modules become ``data:`` addresses under an import map, so that they may import one another; for a
        notebook one module.

    Raises
    ------
    ConfigurationError
        The page names a file that is not there, or has not one module to begin with.
    """
    policy = _POLICY.replace(_SCRIPTS, _COMPUTING) if computing else _POLICY
    html, start = _template(folder, page, _read(folder, page), policy, one=notebook)
    if notebook:
        html = html.replace("<html ", "<html data-notebook ", 1)
    else:
        html = html.replace(_MAP, _json({"imports": _modules(folder, start)}))
    return html.replace(_ELEMENT, "") if embedded is None else html.replace(_DATA, _json(embedded))


def page_templates(folder: Traversable, pages: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """Put pages that are to stand in one file into a form in which they share their modules.

    Parameters
    ----------
    folder : path or Traversable
        Of the files that the pages name ``static/...``.
    pages : mapping of str to str
        Their HTML, by names of your own.

    Returns
    -------
    templates : dict of str to str
        By name, the HTML with two marks in it: ``MARKS["modules"]`` where the import map goes, and ``MARKS["data"]``.
    modules : str
        The import map for all of them, as JSON that can stand in HTML.
    """
    templates, modules = {}, {}
    for name, html in pages.items():
        templates[name], start = _template(folder, name, html, _POLICY)
        modules.update(_modules(folder, start))
    return templates, _json({"imports": modules})


def _template(folder: Traversable, page: str, html: str, policy: str, *, one: bool = False) -> tuple[str, str]:
    """Return a page with its styles inside and marks for modules and data, and the module that it begins with.

    With `one` the modules are there already, as one.
    """
    scripts = _SCRIPT.findall(html)
    if len(scripts) != 1 or not _CHARSET.search(html):
        raise ConfigurationError(f"{page} begins with one module and says its charset, but has {len(scripts)} modules.")
    start = _inside(scripts[0])
    html = _CHARSET.sub(
        lambda found: f'{found[0]}\n<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">', html
    )
    html = _STYLE.sub(lambda found: f"<style>\n{_harmless(_read(folder, _inside(found[1])), 'style')}</style>", html)
    if one:
        script = _harmless(module_source(folder, start), "script").replace("<!--", "\\x3C!--")
        modules = f'<script type="module">\n{script}</script>'
    else:
        named = f'<script type="module">import "{_name(start)}";</script>'
        modules = f'<script type="importmap">{_MAP}</script>\n{named}'
    html = _SCRIPT.sub(lambda _: modules, html)
    return re.sub(r"<body[^>]*>", lambda found: f"{found[0]}\n{_ELEMENT}", html, count=1), start


def module_source(folder: Traversable, start: str) -> str:
    """Put a module and all that it imports into one module without imports.

    Parameters
    ----------
    folder : path or Traversable
    start : str
        The module in it: ``"widget/host.js"``. It stays as it is, with its own exports; the others become functions.

    Raises
    ------
    ConfigurationError
        As `worker_source`.
    """
    order = _in_order(folder, start)
    source = order.pop(start)
    known = list(order)
    functions = [_as_function(place, source, known[:number]) for number, (place, source) in enumerate(order.items())]
    return "\n".join([*functions, _without_imports(start, source, known)])


def worker_source(folder: Traversable, start: str) -> str:
    """Put a module and all that it imports into one script without imports, for a worker: those have no import map.

    Parameters
    ----------
    folder : path or Traversable
    start : str
        The module in it: ``"teach/classifier-worker.js"``.

    Raises
    ------
    ConfigurationError
        A module is not there, imports in a circle, or imports or exports in a form that is not known here.
    """
    order = _in_order(folder, start)
    known = list(order)
    return "\n".join(_as_function(place, source, known[:at]) for at, (place, source) in enumerate(order.items()))


def _in_order(folder: Traversable, start: str) -> dict[str, str]:
    """Return the sources of a module and of all that it imports, each after those that it imports itself."""
    order: dict[str, str] = {}
    under_way: list[str] = []

    def add(place: str) -> None:
        if place in order:
            return
        if place in under_way:
            raise ConfigurationError(f"{place} imports itself, by {' and '.join(under_way)}.")
        under_way.append(place)
        source = _read(folder, place)
        for found in [*_NAMES.finditer(source), *_PASSED_ON.finditer(source)]:
            add(_beside(place, found[2]))
        order[place] = source
        under_way.remove(place)

    add(start)
    return order


def _as_function(place: str, source: str, known: list[str]) -> str:
    """Write a module as the call of a function that returns its exports, named by its number."""
    exports = []
    for found in _PASSED_ON.finditer(source):
        module = f"module{known.index(_beside(place, found[2]))}"
        listed = re.split(r"\s*,\s*", (found[1] or "").strip(" ,\n"))
        names = [name.split(" as ") for name in listed if name]
        exports += [f"{each[-1]}: {module}.{each[0]}" for each in names] or [f"...{module}"]
    exports += [found[2].strip("[]") for found in _EXPORT.finditer(source)]
    body = _EXPORT.sub(lambda found: found[1], _PASSED_ON.sub("", _without_imports(place, source, known)))
    if _LISTED.search(body) or _IMPORT.search(body):
        raise ConfigurationError(f"{place} exports or imports in a form that a worker's script does not have.")
    return f"const module{len(known)} = (() => {{\n{body}\nreturn {{ {', '.join(exports)} }};\n}})();"


def _without_imports(place: str, source: str, known: list[str]) -> str:
    """Write a module that takes what it imports from the modules before it."""

    def imported(match: re.Match[str]) -> str:
        number = known.index(_beside(place, match[2]))
        return f"const {{{(match[1] or '').replace(' as ', ': ')}}} = module{number};"

    return _NAMES.sub(imported, source)


def _beside(place: str, address: str) -> str:
    """Return the place in the folder that a module's import names."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(place), address))


def data_address(content: bytes, kind: str) -> str:
    """Write bytes as an address that holds them itself.

    Examples
    --------
    >>> data_address(b"hello", "text/plain")
    'data:text/plain;base64,aGVsbG8='
    """
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _modules(folder: Traversable, start: str) -> dict[str, str]:
    """Return the module and all that it imports, by name, each as a ``data:`` address."""
    found: dict[str, str] = {}
    waiting = [start]
    while waiting:
        place = waiting.pop()
        if _name(place) in found:
            continue
        source = _read(folder, place)
        imported: list[str] = []

        def bare(match: re.Match[str], here: str = place, seen: list[str] = imported) -> str:
            seen.append(_beside(here, match[2]))
            return f'{match[1]}"{_name(seen[-1])}"'

        found[_name(place)] = data_address(_IMPORT.sub(bare, source).encode(), "text/javascript")
        waiting += imported
    return found


def _name(place: str) -> str:
    return f"convoscope/{place}"


def _inside(address: str) -> str:
    """Return the place in the folder of an address that the page uses."""
    return address.removeprefix("./").removeprefix("static/")


def _read(folder: Traversable, place: str) -> str:
    file = folder / place
    if place.startswith("..") or not file.is_file():
        raise ConfigurationError(f"The page uses {place}, but there is no such file beside it. Reinstall Convoscope.")
    return file.read_text(encoding="utf-8")


def _json(value: Any) -> str:
    return json_text(value, separators=(",", ":")).replace("<", "\\u003c")


def _harmless(text: str, element: str) -> str:
    """Keep text from ending the element that it is put into."""
    return text.replace(f"</{element}", f"<\\/{element}")

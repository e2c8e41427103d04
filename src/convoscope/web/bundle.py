"""A page as ONE file of HTML that needs no server and no network: styles, modules and data inside it.

The page's own export button does the same in JavaScript, ``static/lab/export-html.js``.
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
_EXPORT = re.compile(r"^export ((?:async )?(?:function\*?|const|let|class) (\w+))", re.MULTILINE)
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
_COMPUTING = (
    "script-src 'unsafe-inline' data: blob: 'wasm-unsafe-eval'; worker-src blob:"  # a worker, and WebAssembly in it
)


def offline_page(folder: Traversable, page: str, embedded: Mapping[str, Any], *, computing: bool = False) -> str:
    """Put a page and all that it uses into one file.

    Parameters
    ----------
    folder : path or Traversable
        Of the page's files, which it names ``static/...``.
    page : str
        The page in it: ``"lab/index.html"``.
    embedded : mapping
        What the page otherwise asks its server for: it finds it as JSON in the element ``#embedded``.
    computing : bool
        Whether it may start a worker (`worker_source`) and run WebAssembly.

    Returns
    -------
    str
        HTML. Modules become ``data:`` addresses under an import map, so that they may import one another.

    Raises
    ------
    ConfigurationError
        The page names a file that is not there, or has not one module to begin with.
    """
    html = _read(folder, page)
    scripts = _SCRIPT.findall(html)
    if len(scripts) != 1 or not _CHARSET.search(html):
        raise ConfigurationError(f"{page} begins with one module and says its charset, but has {len(scripts)} modules.")
    start = _inside(scripts[0])
    policy = _POLICY.replace(_SCRIPTS, _COMPUTING) if computing else _POLICY
    html = _CHARSET.sub(
        lambda found: f'{found[0]}\n<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">', html
    )
    html = _STYLE.sub(lambda found: f"<style>\n{_harmless(_read(folder, _inside(found[1])), 'style')}</style>", html)
    imports = _json({"imports": _modules(folder, start)})
    data = f'<script type="application/json" id="embedded">{_json(embedded)}</script>'
    modules = f'<script type="importmap">{imports}</script>\n<script type="module">import "{_name(start)}";</script>'
    html = _SCRIPT.sub(lambda _: modules, html)
    return re.sub(r"<body[^>]*>", lambda found: f"{found[0]}\n{data}", html, count=1)


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
    order: dict[str, str] = {}
    under_way: list[str] = []

    def add(place: str) -> None:
        if place in order:
            return
        if place in under_way:
            raise ConfigurationError(f"{place} imports itself, by {' and '.join(under_way)}.")
        under_way.append(place)
        source = _read(folder, place)
        here = posixpath.dirname(place)
        for found in _NAMES.finditer(source):
            add(posixpath.normpath(posixpath.join(here, found[2])))
        order[place] = _as_function(place, source, list(order))
        under_way.remove(place)

    add(start)
    return "\n".join(order.values())


def _as_function(place: str, source: str, known: list[str]) -> str:
    """Write a module as the call of a function that returns its exports, named by its number."""
    here = posixpath.dirname(place)

    def imported(match: re.Match[str]) -> str:
        number = known.index(posixpath.normpath(posixpath.join(here, match[2])))
        return f"const {{{(match[1] or '').replace(' as ', ': ')}}} = module{number};"

    exports = [found[2] for found in _EXPORT.finditer(source)]
    body = _EXPORT.sub(lambda found: found[1], _NAMES.sub(imported, source))
    if _LISTED.search(body) or _IMPORT.search(body):
        raise ConfigurationError(f"{place} exports or imports in a form that a worker's script does not have.")
    return f"const module{len(known)} = (() => {{\n{body}\nreturn {{ {', '.join(exports)} }};\n}})();"


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

        def bare(match: re.Match[str], here: str = posixpath.dirname(place), seen: list[str] = imported) -> str:
            seen.append(posixpath.normpath(posixpath.join(here, match[2])))
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

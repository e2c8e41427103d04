"""What all widgets have: a page in the notebook, its height, and answers to what it asks."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import anywidget
import traitlets

from convoscope.names import json_text
from convoscope.web.bundle import module_source
from convoscope.web.opening import Page
from convoscope.web.site import Site, page_files
from convoscope.widgets.asking import answered, taken_along

_HEIGHT, _LEAST = 720, 240  # pixels


def module_of(page: str) -> str:
    """Return the one module of JavaScript that shows a page, HTML, as a widget: what anywidget loads."""
    return f"{module_source(page_files(), 'widget/host.js')}\nexport default widgetOf({json_text(page)});\n"


class PageWidget(anywidget.AnyWidget):  # type: ignore[misc]
    """A page as a widget. What the page tells are traits, and so is what it is told.

    Parameters
    ----------
    page : str
        HTML, from `convoscope.web.bundle.offline_page`.
    title : str
        What a screen reader calls it.
    site : Site, optional
        What answers the page's questions.
    height : int
        Of the page, in pixels; at least 240. The bar below the page changes it too.
    """

    #: The traits that the page sets, and those that it hears of when Python sets them.
    told: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()

    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)
    _title = traitlets.Unicode().tag(sync=True)
    _hint = traitlets.Unicode().tag(sync=True)
    _told = traitlets.List(traitlets.Unicode()).tag(sync=True)
    _wanted = traitlets.List(traitlets.Unicode()).tag(sync=True)
    _given = traitlets.Dict().tag(sync=True)
    height = traitlets.Int(_HEIGHT, min=_LEAST, help="Height of the page in pixels.").tag(sync=True)

    def __init__(
        self, page: str, title: str, site: Site | None = None, *, height: int = _HEIGHT, **traits: Any
    ) -> None:
        self._from_page = False
        self._site = site
        super().__init__(
            _esm=module_of(page),
            _css=(page_files() / "widget/widget.css").read_text(encoding="utf-8"),
            _title=title,
            _told=list(self.told),
            _wanted=list(self.wanted),
            _given={} if site is None else taken_along(site),
            height=height,
            **traits,
        )
        self._hint = f"convoscope-{self.model_id}"
        self.on_msg(self._hear)

    def offline(self) -> str:
        """Return the page as one file of HTML, which needs neither server nor notebook."""
        raise NotImplementedError

    def save_html(self, path: str | os.PathLike[str]) -> None:
        """Write the page into a file of HTML, which a browser opens without Python or a network."""
        Page(self.offline()).save(path)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take over what the page tells. (ipywidgets calls this.)"""
        self._from_page = True
        try:
            super().set_state(sync_data)
        finally:
            self._from_page = False

    def _hear(self, _: Any, content: Mapping[str, Any], buffers: Sequence[Any]) -> None:
        if content.get("kind") != "ask":
            return
        response = answered(self._site, dict(content), buffers)
        told = {"kind": "answer", "id": content.get("id"), "status": response.status.value, "type": response.type}
        self.send(told, [response.body])

    def _ipython_display_(self, **_: Any) -> None:
        """Show the widget, and a line that only a notebook shows which has lost it: the widget hides it."""
        from IPython.display import display

        data, metadata = self._repr_mimebundle_()
        display(data, metadata=metadata, raw=True)
        again = (
            f"<p class='{escape(self._hint)}'>A live Convoscope page was shown here ({escape(self._title)}). "
            "Run this cell again to bring it back.</p>"
        )
        display({"text/html": again, "text/plain": ""}, raw=True)

"""What Sphinx reads: furo, Markdown by MyST, docstrings by numpydoc. Nothing is taken from the network."""

import re
from typing import Any

import convoscope

project = "Convoscope"
author = "The Convoscope authors"
copyright = "The Convoscope authors, MIT licence"
version = release = convoscope.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc"]
exclude_patterns: list[str] = []
nitpicky = False
default_role = "py:obj"
highlight_language = "none"  # a block that names no language is what one types at a prompt
add_module_names = False
show_warning_types = True

smartquotes_action = "qe"  # quotes and ellipses; two hyphens begin an option
myst_heading_anchors = 4

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
numpydoc_xref_param_type = False

html_theme = "furo"
html_title = "Convoscope"
html_favicon = "_static/mark.svg"  # the pages' mark, which is inside each of them
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_extra_path = ["extra"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {"sidebar_hide_name": False}

# In docstrings, which people read as they are, `array (N, *input_shape)` and `|x|` stand without backslashes.
_CODE = re.compile(r"(`+[^`]*`+)")
_STAR = re.compile(r"(?<![*\w\\])\*(?=[A-Za-z_]\w*[^*\w])")


def escaped(line: str) -> str:
    """Return a docstring's line in which stars before names and bars are meant as such."""
    if line.lstrip().startswith((">>>", "...", "*")):
        return line
    parts = _CODE.split(line)
    return "".join(part if n % 2 else _STAR.sub(r"\\*", part).replace("|", r"\|") for n, part in enumerate(parts))


def setup(app: Any) -> None:
    """Escape docstrings before numpydoc, which has the usual priority, reads them."""

    def process(app: Any, what: str, name: str, given: Any, options: Any, lines: list[str]) -> None:
        lines[:] = [escaped(line) for line in lines]

    app.connect("autodoc-process-docstring", process, priority=100)

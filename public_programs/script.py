"""From a notebook to a script, and from TensorFlow's imports to Convoscope's: the only change that is made."""

from __future__ import annotations

import json
import re

# "import tensorflow as tf", "from tensorflow.keras.layers import Dense", "import keras" and their like, also indented.
_FROM = re.compile(
    r"^(\s*)from\s+(tensorflow\.keras|tensorflow\.python\.keras|tf_keras|keras|tensorflow)\b(\S*)(\s+import\b)"
)
_IMPORT = re.compile(r"^(\s*)import\s+(tensorflow\.keras|keras|tensorflow)((?:\.\w+)*)(\s+as\s+\w+)?\s*(#.*)?$")
_SHELL = re.compile(r"^(\s*)!(.*)$")
_COMMAND = re.compile(r"^[ \t]*[!%].*(?:(?<=\\)\n.*)*", re.MULTILINE)  # with the lines that go on with it
_MAGIC = re.compile(r"^\s*(%|\?)")


def as_script(text: str, path: str) -> str:
    """Return a notebook's code as one script; a script as it is.

    Shell commands become calls of ``shell``, which the runner provides; magic commands go.
    """
    if not path.endswith(".ipynb"):
        return text
    notebook = json.loads(text)
    cells = notebook.get("cells") or [cell for sheet in notebook.get("worksheets", []) for cell in sheet["cells"]]
    parts = []
    for cell in cells:
        if cell["cell_type"] == "code":
            source = cell.get("source", cell.get("input", ""))
            parts.append(_cell("".join(source)))
    return "\n\n".join(parts) + "\n"


def _cell(source: str) -> str:
    """Return a cell's code without what only notebooks understand."""
    if re.match(r"\s*%%(backend (jax|torch)|bash|html|javascript|writefile|timeit)", source):
        return ""
    lines: list[str] = []
    for line in _COMMAND.sub(lambda found: found[0].replace("\\\n", " "), source).split("\n"):
        if found := _SHELL.match(line):
            lines.append(f"{found[1]}shell({found[2]!r})")
        elif _MAGIC.match(line):
            lines.append(re.match(r"\s*", line)[0] + "pass")  # type: ignore[index]
        else:
            lines.append(line)
    return "\n".join(lines)


def change_imports(text: str) -> str:
    """Return the script with Convoscope imported where it imports Keras or TensorFlow; nothing else changes."""
    return "\n".join(map(_changed, text.split("\n")))


def _changed(line: str) -> str:
    if found := _FROM.match(line):
        package = "convoscope" if found[2] == "tensorflow" else "convoscope.keras"
        return f"{found[1]}from {package}{found[3]}{found[4]}{line[found.end() :]}"
    if found := _IMPORT.match(line):
        space, module, rest, name = found[1], found[2], found[3], found[4]
        target = f"convoscope{'' if module == 'tensorflow' else '.keras'}{rest}"
        if name:
            return f"{space}import {target}{name}"
        # "import keras" binds keras; "import tensorflow.keras.layers" binds tensorflow.
        first = module.split(".")[0]
        bound = "convoscope" if first == "tensorflow" else "convoscope.keras"
        return f"{space}import {target}; import {bound} as {first}"
    return line

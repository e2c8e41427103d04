"""The table of the docs: every program, and what became of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from public_programs.listing import programs
from public_programs.running import Verdict

_HEAD = """# Public Keras programs

See which public programs run in Convoscope once their imports are changed ([Running Keras programs](keras.md)).

We ran each of these programs with only its imports changed (`import tensorflow as tf` became `import convoscope
as tf`, `from keras.layers import Dense` became `from convoscope.keras.layers import Dense`), on small substitutes for
its data, with random weights instead of pretrained ones, for two epochs of a few steps. We also ran the unchanged
program in Keras 3 with TensorFlow. A program *runs* if it reached its end and its models have the same numbers of
parameters, histories, results and shapes of predictions as in Keras.
`python -m public_programs --table docs/programs.md` writes this page; `public_programs/list.json` has the revisions.
"""


def table(verdicts: Sequence[Verdict]) -> str:
    """Return the page in Markdown."""
    lines = [_HEAD]
    for repository in dict.fromkeys(verdict.program.repository for verdict in verdicts):
        own = [verdict for verdict in verdicts if verdict.program.repository == repository]
        lines += [f"## {repository}\n", "| Program | Verdict | |", "|---|---|---|"]
        lines += [f"| {each.program.path} | {each.word} | {_cell(each.detail)} |" for each in own]
        lines.append("")
    return "\n".join(lines)


def kept(page: str) -> list[Verdict]:
    """Return the verdicts of a page that `table` wrote, on the programs that are still in the list."""
    known = {program.name: program for program in programs()}
    found, repository = [], ""
    for line in page.splitlines():
        if line.startswith("## "):
            repository = line.removeprefix("## ")
        elif row := re.fullmatch(r"\| (.+?) \| (.+?) \| (.*) \|", line):
            path, word, detail = row.groups()
            if (program := known.get(f"{repository}: {path}")) is not None:
                found.append(Verdict(program, word, detail.replace("\\|", "|")))  # type: ignore[arg-type]
    return found


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")

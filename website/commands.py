"""The commands' page: what ``--help`` says, as tables."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import typer

from convoscope.cli.main import app

_MARKUP = re.compile(r"\[/?(?:bold|dim|italic|cyan|green|red)\]")
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def write_commands(file: Path) -> None:
    """Write the page."""
    group: Any = typer.main.get_command(app)
    parts = ["# Commands", "Look up the options of every command. `convoscope COMMAND --help` says the same."]
    for name, command in sorted(group.commands.items()):
        if not command.hidden:
            parts += _command(name, command)
    file.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _command(name: str, command: Any) -> list[str]:
    parts = [f"## convoscope {name}", _text(command.help or "")]
    arguments = [each for each in command.params if each.param_type_name == "argument" and each.help]
    options = [each for each in command.params if each.param_type_name == "option" and not each.hidden]
    if arguments:
        parts.append(_table("Argument", [(_code(each.metavar or each.name.upper()), each.help) for each in arguments]))
    parts.append(_table("Option", [(", ".join(map(_code, each.opts)), each.help or "") for each in options]))
    examples = [line for line in (command.epilog or "").splitlines() if line]
    if examples:
        parts.append("```text\n" + "\n".join(examples) + "\n```")
    return parts


def _table(title: str, rows: list[tuple[str, str]]) -> str:
    lines = [f"| {title} | |", "|---|---|", *(f"| {name} | {_text(words)} |" for name, words in rows)]
    return "\n".join(lines)


def _code(words: str) -> str:
    return "`" + words.replace("|", "\\|") + "`"


def _text(words: str) -> str:
    plain = _MARKUP.sub("", words)
    return _OPTION.sub(r"`\g<0>`", re.sub(r"([*_<>|\\])", r"\\\1", " ".join(plain.split())))

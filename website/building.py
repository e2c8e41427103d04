"""From the repository's files to the site: the source that Sphinx reads, then Sphinx, then a look at all links."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from website import commands, contents, links, live, markdown, programs, reference

_HERE = Path(__file__).parent


def write_pages(source: Path) -> None:
    """Write every page that Sphinx reads, without what takes long: the live pages."""
    source.mkdir(parents=True)
    markdown.write_documents(source)
    programs.write_programs(source)
    reference.write_reference(source / "reference")
    commands.write_commands(source / "reference" / "commands.md")
    (source / "index.md").write_text(home(), encoding="utf-8")
    (source / "_static").mkdir()
    (source / "extra").mkdir()
    shutil.copy(_HERE / "theme" / "conf.py", source / "conf.py")
    for name in ("site.css", "site.js", "mark.svg"):
        shutil.copy(_HERE / "theme" / name, source / "_static" / name)


def home() -> str:
    """Return the home page, below which all others are listed."""
    text = (_HERE / "home.md").read_text(encoding="utf-8")
    text = markdown.rewritten(text, contents.DOCS / "index.md", "index")
    return text + "".join(markdown.toctree(list(each.entries), each.title) for each in contents.sections())


def build(folder: Path) -> None:
    """Build the site into ``folder / "html"``.

    Raises
    ------
    SystemExit
        If Sphinx warns of anything, or a link leads nowhere.
    """
    source, html = folder / "source", folder / "html"
    for old in (source, html):
        shutil.rmtree(old, ignore_errors=True)
    write_pages(source)
    live.write_live(source / "extra")
    words = ["-b", "html", "-W", "--keep-going", "-q", "-j", "auto", str(source), str(html)]
    done = subprocess.run([sys.executable, "-m", "sphinx", *words], check=False)
    if done.returncode:
        sys.exit("The site has warnings (above), which are errors here.")
    lost = links.broken(html)
    if lost:
        sys.exit("Links that lead nowhere:\n" + "\n".join(lost))
    print(f"The site: {html / 'index.html'}")

"""The page in docs: all claims, each chart where it is linked, and programs that run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from convoscope.lessons import CLAIMS

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "lessons.md").read_text(encoding="utf-8")


def test_the_page_has_all_claims_in_order() -> None:
    assert re.findall(r"^## (\d+\. .*)", PAGE, re.MULTILINE) == [f"{claim.number}. {claim.title}" for claim in CLAIMS]
    assert "Quick" not in PAGE
    assert "not measured |" not in PAGE


def test_its_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\((images/[^)]+)\)", PAGE):
        assert (DOCS / link).is_file(), link
    # As GitHub makes anchors of headings.
    anchors = {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^## (.*)", PAGE, re.M)
    }
    for link in re.findall(r"\]\(#([^)]+)\)", PAGE):
        assert link in anchors, link


def test_its_programs_run_one_after_the_other() -> None:
    program = "\n\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for figure in ("243,786", "693,962", "36,928", "1600", "[0.0, 0.0, 0.0, 1.0, 2.0]", "reshape(-1, 28, 28, 1)"):
        assert figure in done.stdout, figure

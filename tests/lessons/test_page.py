"""The page in docs: all claims, each chart where it is linked, and programs that run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from convoscope.experiments.results import Row
from convoscope.lessons import CLAIMS, Lessons, claims, write_page
from convoscope.lessons.measured import Measured

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "lessons.md").read_text(encoding="utf-8")


def test_the_page_has_all_claims_in_order() -> None:
    assert re.findall(r"^## (\d+\. .*)", PAGE, re.MULTILINE) == [f"{claim.number}. {claim.title}" for claim in CLAIMS]
    assert "Quick" not in PAGE
    assert "not measured |" not in PAGE


def test_its_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(((?:images|lessons)/[^)]+)\)", PAGE):
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


def test_a_claim_leads_to_its_script_where_there_is_one(tmp_path: Path) -> None:
    chosen = claims([11, 13, 14])
    measured = Measured({trial: Row({}, ()) for claim in chosen for trial in claim.trials})
    scripts = tmp_path / "docs" / "lessons"
    scripts.mkdir(parents=True)
    for name in ("11_the_channel_axis.py", "12_summary_and_pooling.py"):
        (scripts / name).touch()
    write_page(Lessons(chosen, measured, {claim.number: claim.findings(measured) for claim in chosen}), scripts.parent)
    ends = re.findall(
        r"^.*To repeat it: .*$", (scripts.parent / "lessons.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert ends == [
        "As a program: [docs/lessons/11_the_channel_axis.py](lessons/11_the_channel_axis.py). "
        "To repeat it: `convoscope lessons 11`",
        "As a program: [docs/lessons/12_summary_and_pooling.py](lessons/12_summary_and_pooling.py). "
        "To repeat it: `convoscope lessons 13`",
        "To repeat it: `convoscope lessons 14`",
    ]

"""What the lessons claim, claim by claim, and what we measured.

The lessons are public introductions to convolutional networks: ``docs/lessons/README.md`` names them.

>>> from convoscope import lessons
>>> lessons.claims([12])[0].title
'The summary'
>>> done = lessons.run([14], "runs/lessons")  # doctest: +SKIP
>>> done.findings[14][0].verdict  # doctest: +SKIP
'holds, within 1 point'
"""

from convoscope.lessons.claim import Claim
from convoscope.lessons.course import CLAIMS, Lessons, claims, run
from convoscope.lessons.finding import Finding
from convoscope.lessons.page import write_page

__all__ = ["CLAIMS", "Claim", "Finding", "Lessons", "claims", "run", "write_page"]

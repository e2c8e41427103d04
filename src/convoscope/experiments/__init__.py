"""Questions answered by training: networks and settings compared, each in its own run.

>>> from convoscope import experiments
>>> done = experiments.compare("digits", {"filters": [8, 16, 32]}, seeds=3, out="runs/filters")  # doctest: +SKIP
>>> print(experiments.markdown(experiments.rows(done)))  # doctest: +SKIP
"""

from convoscope.experiments.grid import compare, resume
from convoscope.experiments.plan import Experiment
from convoscope.experiments.report import write_report
from convoscope.experiments.results import Result, Row, results, rows
from convoscope.experiments.table import markdown

__all__ = ["Experiment", "Result", "Row", "compare", "markdown", "results", "resume", "rows", "write_report"]

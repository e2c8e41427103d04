"""What a classifier got right and wrong: the numbers, in the terminal, and as pictures to keep.

>>> from convoscope.report import classification_report
>>> report = classification_report([0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]], ["cat", "dog"])
>>> round(report["accuracy"], 4), report["confusion_matrix"]
(0.6667, [[1, 0], [1, 1]])
"""

from convoscope.report.classification import WORST, classification_report

__all__ = ["WORST", "classification_report"]

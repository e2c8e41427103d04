"""What may be wrong with a set of images: wrong labels, copies, outliers, and backgrounds that give a class away.

>>> import numpy as np
>>> from convoscope.quality import examine
>>> generator = np.random.default_rng(0)
>>> labels = np.repeat([0, 1], 20)
>>> features = np.eye(2)[labels] + generator.normal(0, 0.1, (40, 2))
>>> probabilities = np.where(np.eye(2)[labels] > 0, 0.95, 0.05)
>>> labels[7] = 1
>>> found = examine(
...     features=features,
...     labels=labels,
...     probabilities=probabilities,
...     images=generator.integers(0, 256, (40, 16, 16, 3), np.uint8),
...     files=[f"{number}.jpg" for number in range(40)],
...     class_names=["cat", "dog"],
... )
>>> [(each.file, each.label, each.suggestion) for each in found.of("suspected label")]
[('7.jpg', 'dog', 'cat')]
"""

from convoscope.quality.examining import examine
from convoscope.quality.exclusions import excluded, read_exclusions
from convoscope.quality.findings import BACKGROUND, DUPLICATE, KINDS, LABEL, OUTLIER, Finding, Findings
from convoscope.quality.saying import say
from convoscope.quality.sheets import sheets

__all__ = [
    "BACKGROUND",
    "DUPLICATE",
    "KINDS",
    "LABEL",
    "OUTLIER",
    "Finding",
    "Findings",
    "examine",
    "excluded",
    "read_exclusions",
    "say",
    "sheets",
]

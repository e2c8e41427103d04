"""Adversarial trials: kills, damaged files, full disks and hostile requests, far more of them than the tests try.

``python -m campaign`` runs all kinds and prints how many of each there were. What fails is named with the seed and the
command that repeats it.
"""

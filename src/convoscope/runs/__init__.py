"""Run folders: a training run that can be stopped at any moment, gone on with, and looked at later."""

from convoscope.runs.folder import RunFolder
from convoscope.runs.reporting import Outcome
from convoscope.runs.settings import TrainSettings
from convoscope.runs.training import resume, start

__all__ = ["Outcome", "RunFolder", "TrainSettings", "resume", "start"]

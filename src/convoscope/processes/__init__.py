"""Several processes that train one model together: who they are, and what they tell one another.

Nothing here knows of models. PyTorch, which carries what is told, is loaded when the processes join.
"""

from convoscope.processes.membership import alone, first, is_first, team, together
from convoscope.processes.team import Single, Team
from convoscope.processes.world import World, share_of, was_launched, world

__all__ = [
    "Single",
    "Team",
    "World",
    "alone",
    "first",
    "is_first",
    "share_of",
    "team",
    "together",
    "was_launched",
    "world",
]

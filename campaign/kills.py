"""Signals at random moments: whatever was being written is whole, and goes on to the same end."""

from __future__ import annotations

from campaign import scenario_trials, scenarios
from campaign.outcome import Options, Outcome
from campaign.trouble import Killer

KIND = "kills"


def run(options: Options) -> Outcome:
    """Kill all that can be killed."""
    trials = {each: each.short if options.short else each.full for each in scenarios.ALL}
    return scenario_trials.run(KIND, trials, Killer, options)

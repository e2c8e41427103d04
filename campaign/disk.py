"""A disk that is full after a random number of bytes: what stood there before still does, and runs go on."""

from __future__ import annotations

from campaign import scenario_trials, scenarios
from campaign.outcome import Options, Outcome
from campaign.trouble import Filler

KIND = "disk"
_TRIALS = {
    scenarios.Train: (60, 5),
    scenarios.Own: (40, 3),
    scenarios.Compare: (6, 0),
    scenarios.Save: (60, 8),
    scenarios.Export: (20, 2),
    scenarios.Predict: (20, 2),
    scenarios.Download: (20, 2),
}


def run(options: Options) -> Outcome:
    """Fill it up."""
    trials = {each: short if options.short else full for each, (full, short) in _TRIALS.items()}
    return scenario_trials.run(KIND, trials, Filler, options)

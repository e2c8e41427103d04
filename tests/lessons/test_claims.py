"""The claims themselves: their numbers, what is trained for them, and what is counted without training."""

from __future__ import annotations

import pytest

from convoscope.errors import UnknownNameError
from convoscope.lessons import CLAIMS, checks, claims
from convoscope.lessons.measured import Measured
from convoscope.lessons.trial_runner import QUICK_EPOCHS
from convoscope.lessons.trials import DROPOUTS, FILTERS, OLDER_LESSON, POOLINGS, STARTS, TO_THE_GOAL


def test_there_is_a_claim_for_each_number_from_9_to_19() -> None:
    assert [claim.number for claim in CLAIMS] == list(range(9, 20))
    assert claims() == CLAIMS
    assert [claim.number for claim in claims([14, 9])] == [9, 14]


def test_an_unknown_claim_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownNameError, match=r"no claim named 8.* Known: 9, 10, 11"):
        claims([8])


def test_no_two_trials_are_called_the_same() -> None:
    trials = {trial for claim in CLAIMS for trial in claim.trials}
    assert len({str(trial) for trial in trials}) == len(trials)


def test_what_the_lessons_ask_about_is_varied() -> None:
    assert {8, 16, 32, 64} == set(FILTERS)
    assert {"max", "average", "min", "stride"} == set(POOLINGS)
    assert {0.0, 0.2, 0.3, 0.4, 0.5} == set(DROPOUTS)
    assert {"glorot_uniform", "filter_bank"} == set(STARTS)
    assert any("SGD" in name and "pixels 0 to 255" in name for name in OLDER_LESSON)
    assert TO_THE_GOAL.epochs == 20
    assert STARTS["filter_bank"].epochs <= QUICK_EPOCHS  # judged after each of its epochs


@pytest.mark.parametrize("number", [11, 12])
def test_what_is_counted_without_training_holds(number: int) -> None:
    (claim,) = claims([number])
    findings = claim.findings(Measured({}))
    assert len(findings) >= 2
    assert all(finding.holds and finding.exact for finding in findings)


def test_the_checks_give_what_the_lessons_say() -> None:
    assert checks.from_a_list().count_params() == checks.by_adding().count_params() == 243_786
    assert checks.with_one_convolution().count_params() == 693_962
    assert checks.what_relu_leaves() == [0, 0, 0, 1, 2]
    assert checks.pooled_eleven() == "5×5"
    assert checks.flattened_values() == 1_600
    assert "x.reshape(-1, 28, 28, 1)" in checks.without_the_channel_axis()

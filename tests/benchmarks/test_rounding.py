"""Rounding errors: who judges, what is measured, and that none is large."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.benchmarks.test_pages import result

from benchmarks import plain_sums, rounding, sweep
from benchmarks.networks import Network
from benchmarks.parts import rounding as part

ROWS = (
    "8×8×1 conv 64 3×3 same pool 2, batch 32",
    "13×13×64 conv 64 3×3 pool 2, batch 32",
    "16×16×256 conv 16 3×3, batch 32",
    "28×28×1 conv 32 3×3 same, BN, ReLU, pool 2, batch 32",
    "digits 8×8×1, batch 32",
    "LeNet-5 28×28×1, batch 32",
)


def network(row: str) -> Network:
    return sweep.find(row).network


@pytest.fixture(scope="module")
def cases() -> dict[str, rounding.Case]:
    return {row: rounding.Case.of(network(row), 2) for row in ROWS}


@pytest.fixture(scope="module")
def judged(cases: dict[str, rounding.Case]) -> dict[str, tuple[rounding.Results, dict[str, list[rounding.Errors]]]]:
    """Of each row what is exact, and the errors of a direct sum."""
    exact = {row: rounding.exact(case) for row, case in cases.items()}
    return {row: (exact[row], rounding.direct(case).errors(exact[row])) for row, case in cases.items()}


@pytest.mark.parametrize("row", ROWS)
def test_in_double_precision_sums_in_order_are_what_the_reference_engine_makes(
    row: str, cases: dict[str, rounding.Case], judged: Any
) -> None:
    case = cases[row]
    found = rounding.Results(*plain_sums.run(case.network, case.images.astype(np.float64), case.gradient))
    for errors in found.errors(judged[row][0]).values():
        assert max(largest for _, largest, _ in errors) < 1e-12


@pytest.mark.parametrize("precision", ["float32", "exact", "direct"])
@pytest.mark.parametrize("row", ROWS)
def test_no_error_is_above_three_times_a_direct_sums(
    row: str, precision: str, cases: dict[str, rounding.Case], judged: Any
) -> None:
    exact, direct = judged[row]
    own = rounding.native(cases[row], precision).errors(exact)
    made = result("errors", [{"row": row, "peer": part.OWN, **own}, {"row": row, "peer": part.DIRECT, **direct}])
    for kind in part.KINDS:
        assert all(0 < root < 2e-6 for root, _ in part.errors_of(made, row, part.DIRECT, kind))
        assert 0 < part.times(made, row, part.OWN, kind) <= part.LIMIT, kind


def test_errors_are_shares_of_what_is_exact() -> None:
    exact = np.array([3.0, -4.0, 0.0, 5.0])  # the root of the mean square is √12.5
    found = exact + np.array([0.0, 0.3, 0.0, -0.4])
    assert rounding.errors(found, exact) == pytest.approx((0.25 / 12.5**0.5, 0.4 / 12.5**0.5, 4))


def test_images_near_an_edge_are_seen() -> None:
    values = np.full((4, 2, 2, 1), [0.5])
    values[0, :, :, 0] = [[0.5, 0.4], [0.3, -0.9]]  # clear
    values[1, :, :, 0] = [[0.5, 0.4999], [0.3, 0.2]]  # two may be the largest
    values[2, :, :, 0] = [[-0.5, -0.5], [-0.0001, -0.9]]  # the largest may be positive
    values[3, :, :, 0] = [[-0.5, -0.5], [-0.5, -0.9]]  # nothing goes back through a window of negative values
    assert rounding._undecided(values, 1e-3, 2).ravel().tolist() == [False, True, True, False]
    assert rounding._undecided(values, 1e-3, 1).any(axis=(1, 2, 3)).tolist() == [False, False, True, False]


def test_images_are_clear_of_every_edge_or_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    single, several = (network(row).before_the_head() for row in (ROWS[0], "digits 8×8×1, batch 32"))
    images, decided = rounding.clear_images(several, 3)
    assert len(images) == len(decided) == 3
    assert decided.all()
    monkeypatch.setattr(rounding, "_MARGIN", 1e9)
    with pytest.raises(ValueError, match=r"none of \d+ images is clear"):
        rounding.clear_images(several, 1)
    # Where the edge is the last one, no gradient comes to the output.
    assert not rounding.clear_images(single, 1)[1].any()
    assert not rounding.Case.of(network(ROWS[0]), 1).gradient.any()


def test_the_head_falls_away_and_a_last_softmax_too() -> None:
    assert [type(layer).__name__ for layer in network(ROWS[1]).before_the_head().layers] == ["Conv", "Pool"]
    last = network("digits 8×8×1, batch 32").before_the_head().layers[-1]
    assert last == replace(network("digits 8×8×1, batch 32").layers[-1], activation=None)  # type: ignore[call-arg]


@pytest.fixture
def samples() -> list[dict[str, Any]]:
    def of(row: str, peer: str, forward: float, weights: list[float]) -> dict[str, Any]:
        arrays = {"forward": [forward], "weights": weights, "images": [forward]}
        return {
            "row": row,
            "peer": peer,
            **{kind: [[each, 5 * each, 100] for each in all_] for kind, all_ in arrays.items()},
        }

    return [
        of("small", part.DIRECT, 2e-7, [2e-7, 1e-7]),
        of("small", part.OWN, 3e-7, [2e-7, 2e-7]),
        of("small", part.EXACT, 3e-7, [2e-7, 2e-7]),
        of("small", "PyTorch channels_last", 2e-7, [1e-7, 1e-7]),
        of("small", "PyTorch channels first", 1e-7, [4e-7, 1e-7]),
        of("large", part.DIRECT, 1e-7, [1e-7]),
        of("large", part.OWN, 3.5e-7, [1e-7]),
        of("large", part.EXACT, 2e-7, [1e-7]),
    ]


def test_the_page_names_what_is_above_the_limit_and_where_exact_differs(samples: list[dict[str, Any]]) -> None:
    text = part.section(result("errors", samples)).text
    assert "Rows above this limit: large, forward: 3.50×; large, gradients of the images: 3.50×." in text
    small, large = (line for line in text.splitlines() if line.startswith(("| small", "| large")) and "(" in line)
    # Of the weights the second: its error is twice a direct sum's.
    assert small == (
        "| small | 3.00 (15) | 2.00 (10) | 1.00 (5.0) | 2.00 (10) | 1.00 (5.0) | 1.00 (5.0) "
        "| 3.00 (15) | 2.00 (10) | 1.00 (5.0) | 2.00 |"
    )
    assert large.count("–") == 3
    assert "| large | 3.50× | 2.00× | 1.00× | 1.00× | 3.50× | 2.00× |" in text


def test_weights_of_few_values_are_taken_together() -> None:
    arrays = [[9.0, 10.0, 100], [4.0, 5.0, 3], [2.0, 8.0, 9]]
    made = result("errors", [{"row": "row", "peer": part.OWN, "weights": arrays}])
    assert part.errors_of(made, "row", part.OWN, "weights") == [[9.0, 10.0], [(84 / 12) ** 0.5, 8.0]]


def test_exact_that_differs_nowhere_is_said_in_a_sentence(samples: list[dict[str, Any]]) -> None:
    text = part.section(result("errors", samples[:5])).text
    assert "Rows above this limit: none." in text
    assert '`set_precision("exact")` makes the same errors in every row.' in text

"""The steps of a network, timed one by one."""

from __future__ import annotations

import math
import time

import pytest

import convoscope as cs
from benchmarks import known_networks, networks, steps, sweep
from benchmarks.programs.keras_words import build

NETWORKS = (known_networks.SQUEEZE_AND_EXCITE, networks.LESSON)


@pytest.fixture(autouse=True)
def native() -> None:
    cs.use_engine("native")


@pytest.mark.parametrize("training", [False, True], ids=["prediction", "training"])
@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_each_step_of_a_plan_runs_alone_with_its_kernel_and_weights(network: networks.Network, training: bool) -> None:
    model = build(cs, network)
    executable = model.executable()
    names = [call.layer.name for call in model.graph.calls]
    timed = steps.timed_steps(executable.plan, names, 2, training=training, budget=0.0)
    whole = executable.kernels(prediction=not training)
    assert [each.step for each in timed] == [step for step, _ in whole]
    assert [each.kernel for each in timed] == [
        "; ".join(filter(None, (kernel.name, kernel.backward))) for _, kernel in whole
    ]
    assert all(each.seconds > 0 for each in timed)
    assert sum(each.weights for each in timed) == sum(weight.size for weight in model.get_weights())
    assert sum(each.multiply_adds for each in timed) == 2 * (3 if training else 1) * network.multiply_adds()


def test_traffic_is_what_is_read_and_written() -> None:
    model = build(cs, known_networks.SQUEEZE_AND_EXCITE)
    names = [call.layer.name for call in model.graph.calls]
    timed = steps.timed_steps(model.executable().plan, names, 3, training=False, budget=0.0)
    add = next(each for each in timed if each.name.startswith("add"))
    maps = 28 * 28 * 64
    assert add.traffic == 4 * 3 * (maps + maps + maps)
    fast, slow = steps.Machine(math.inf, 1e9), steps.Machine(math.inf, 1e8)
    assert add.least(slow) == pytest.approx(10 * add.least(fast)) == pytest.approx(add.traffic / 1e8)


def test_the_least_time_counts() -> None:
    pauses = iter([0.0, 0.2, 0.001, 0.2])
    assert 0.001 <= steps.best(lambda: time.sleep(next(pauses)), 0.0) < 0.2


def test_the_table_begins_with_the_step_that_loses_most() -> None:
    model = build(cs, networks.LESSON)
    names = [call.layer.name for call in model.graph.calls]
    timed = steps.timed_steps(model.executable().plan, names, 2, training=False, budget=0.0)
    text = steps.report(timed, steps.Machine(1e11, 2e10)).splitlines()
    lost = sorted(timed, key=lambda each: each.seconds - each.least(steps.Machine(1e11, 2e10)), reverse=True)
    assert [line.split("  ")[-1].split(":")[0] for line in text[1:]] == [each.name for each in lost]


def test_the_program_prints_the_table_of_a_row(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps.Machine, "measured", classmethod(lambda cls, threads: cls(1e11, 2e10)))
    before = cs.get_threads()
    try:
        steps.main([sweep.label(sweep.Row(sweep.DIGITS)), "--batch", "1", "--budget", "0", "--threads", "1"])
    finally:
        cs.set_threads(before)
    printed = capsys.readouterr().out
    assert "8×8×1 -> 4×4×64, convolution" in printed
    assert "the whole network" in printed

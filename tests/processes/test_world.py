"""Who a process is among those that train together: what the environment says, and what each computes."""

from __future__ import annotations

import pytest

from convoscope import processes
from convoscope.engine import select, threads
from convoscope.errors import ConfigurationError
from convoscope.processes.world import shared_entropy

OF_TORCHRUN = {
    "RANK": "3",
    "WORLD_SIZE": "4",
    "LOCAL_RANK": "1",
    "LOCAL_WORLD_SIZE": "2",
    "MASTER_ADDR": "10.0.0.1",
    "MASTER_PORT": "29500",
    "TORCHELASTIC_RESTART_COUNT": "2",
}


@pytest.fixture
def torchrun(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment of a process that torchrun has started."""
    for name, value in OF_TORCHRUN.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_the_environment_says_which_process_this_is(torchrun: pytest.MonkeyPatch) -> None:
    assert processes.world() == processes.World(3, 4, 1, 2, "10.0.0.1", 29500, 2)
    assert not processes.is_first()


def test_without_all_of_it_there_is_one_process(torchrun: pytest.MonkeyPatch) -> None:
    torchrun.delenv("MASTER_ADDR")
    assert processes.world() == processes.World()
    assert processes.is_first()


def test_one_of_one_is_alone(torchrun: pytest.MonkeyPatch) -> None:
    torchrun.setenv("RANK", "0")
    torchrun.setenv("WORLD_SIZE", "1")
    assert processes.world() == processes.World()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("RANK", "4", "a rank must be 0 to 3"),
        ("RANK", "first", "RANK='first', which is not a number"),
        ("MASTER_PORT", "0", "a port 1 to 65535"),
        ("LOCAL_RANK", "-1", "LOCAL_RANK='-1', which is not a number"),
    ],
)
def test_what_cannot_be_is_said(torchrun: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    torchrun.setenv(name, value)
    with pytest.raises(ConfigurationError, match=said):
        processes.world()


@pytest.mark.parametrize("count", [1, 3, 4, 5, 31, 32])
@pytest.mark.parametrize("size", [2, 3, 4])
def test_shares_are_a_whole_batch(count: int, size: int) -> None:
    shares = [list(range(count))[processes.share_of(count, rank, size)] for rank in range(size)]
    if count < size:
        assert shares == [list(range(count))] * size
    else:
        assert [sample for share in shares for sample in share] == list(range(count))
        assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_processes_of_a_machine_share_its_threads(torchrun: pytest.MonkeyPatch) -> None:
    threads.set_threads(None)
    assert threads.get_threads() == max(1, threads.available_threads().count // 2)


def test_seeds_that_nobody_chose_are_the_same_in_all_processes(torchrun: pytest.MonkeyPatch) -> None:
    first = shared_entropy()
    torchrun.setenv("RANK", "0")
    assert first is not None
    assert shared_entropy() == first
    torchrun.setenv("TORCHELASTIC_RUN_ID", "another")
    assert shared_entropy() != first
    torchrun.delenv("RANK")
    assert shared_entropy() is None


def test_many_processes_train_with_pytorch_alone(torchrun: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="4 processes can train together only with"):
        select.use("reference")


def test_alone_nothing_is_told_to_anybody() -> None:
    with processes.together() as team:
        assert (team.rank, team.size, team.told([1]), team.everyone("a")) == (0, 1, [1], ["a"])
    assert processes.first(lambda: "found") == "found"

"""Placement: by the measured use of processors, without moves that help no one or that are undone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.cluster.leases.lease_book import Lease, LeaseBook, Process
from ops.cluster.supervisor.placement import AVERAGE_S, REST_CORES, STARTED_S, Use, Worker, place, to_move

SPINNER = "import sys\nwhile True: sys.stdout.flush()"


def lease_of(sector: str, *used_s: float, began: str = "boot 1") -> Lease:
    """A lease whose holder works with one process per value, and by its own process for all sectors."""
    processes = [Process(100 + number, began, cpu_s) for number, cpu_s in enumerate(used_s)]
    return Lease(sector, 1, "a1", (Process(1, "boot 0"), *processes), 0, 1, 1, "hold")


def measured(**cores: float) -> Use:
    """What is known after ten minutes in which each sector used so many cores."""
    use = Use()
    for now_s in range(0, 600, 5):
        for sector, one in cores.items():
            use.look(lease_of(sector, one * now_s), float(now_s))
    return use


def settle(workers: dict[str, Worker], held: dict[str, set[str]], use: Use) -> list[str]:
    """Move what is due, one after the other, until nothing is; return what was moved."""
    moved: list[str] = []
    while (name := to_move(workers, held, use)) is not None:
        moved.append(name)
        for each in held.values():
            each.discard(name)
        target = place(name, workers, held, use)
        assert target is not None
        held.setdefault(target, set()).add(name)
        assert len(moved) <= 200, (held, moved[-10:])
    return moved


ONE_MACHINE = {address: Worker("one", 2.0) for address in ("a1", "a2", "a3")}
TWO_MACHINES = {"a1": Worker("one", 4.0), "b1": Worker("two", 4.0)}


def test_a_sector_uses_what_its_processes_use_after_their_start():
    use = Use()
    for now_s in range(0, round(STARTED_S) + 1, 5):
        use.look(lease_of("west", 3.0, 1.0), float(now_s))  # the CPU time of their start
    assert use.cores("west") == REST_CORES
    for now_s in range(round(STARTED_S) + 5, 600, 5):
        use.look(lease_of("west", 3.0 + 0.5 * now_s, 1.0 + 0.25 * now_s), float(now_s))
    assert use.cores("west") == pytest.approx(0.75, rel=0.01)
    assert use.cores("east") == REST_CORES


def test_a_restarted_process_changes_nothing_until_its_start_is_over():
    use = measured(west=0.5)
    for later_s in range(0, round(STARTED_S), 5):
        use.look(lease_of("west", 4.0, began="boot 2"), 600.0 + later_s)
    assert use.cores("west") == pytest.approx(0.5, rel=0.01)


def test_an_hour_of_much_traffic_is_seen_after_minutes_and_not_at_once():
    use = measured(west=0.1)
    used_s, seen = 0.1 * 595, []
    for now_s in range(600, 600 + round(5 * AVERAGE_S), 5):
        used_s += 5.0
        use.look(lease_of("west", used_s), float(now_s))
        seen.append(use.cores("west"))
    assert seen[0] < 0.2
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1.0, abs=0.02)


def test_a_holder_states_the_time_of_what_works_for_the_sector_and_not_of_the_worker(tmp_path: Path):
    with LeaseBook(tmp_path) as book, subprocess.Popen([sys.executable, "-c", SPINNER]) as busy:
        try:
            token, used_s = book.claim("west", "a1"), 0.0
            while used_s < 0.2:
                book.beat("west", token, live=True, pids=[busy.pid])
                [lease] = book.leases()
                [used_s] = [one.cpu_s for one in lease.processes if one.pid == busy.pid]
            assert [one.cpu_s for one in lease.processes if one.pid == os.getpid()] == [0.0]
            assert any(one.running() == psutil.Process(busy.pid) for one in lease.processes)
        finally:
            busy.kill()


def test_a_sector_is_given_to_the_machine_that_then_has_the_least_load():
    use = measured(west=2.0, east=0.1, north=0.1, south=0.2)
    held = {"a1": {"west"}, "b1": {"east", "north"}}
    assert place("south", TWO_MACHINES, held, use) == "b1"  # which holds more sectors
    assert place("south", TWO_MACHINES, held, use, {"b1"}) == "a1"
    assert place("south", {"a1": Worker("one", 64.0), "b1": Worker("two", 1.0)}, held, use) == "a1"
    assert place("south", {}, {}, use) is None


def test_a_busy_machine_gives_up_the_sector_that_makes_both_most_even():
    use = measured(west=2.0, east=0.9, north=0.1, south=0.1)
    held = {"a1": {"west", "east"}, "b1": {"north", "south"}}
    assert to_move(TWO_MACHINES, held, use) == "east"
    assert settle(TWO_MACHINES, held, use) == ["east"]


def test_a_machine_that_joins_gets_sectors():
    held = {"a1": {"s1", "s2", "s3", "s4"}}
    settle(TWO_MACHINES, held, Use())
    assert [len(held[address]) for address in TWO_MACHINES] == [2, 2]


@pytest.mark.parametrize("held", [{"a1": {"west"}, "b1": {"east", "north"}}, {"a1": {"west"}}])
def test_machines_that_are_not_busy_keep_their_sectors(held: dict[str, set[str]]):
    assert to_move(TWO_MACHINES, held, measured(west=0.5, east=0.05, north=0.05)) is None


def test_a_killed_worker_of_the_machine_is_no_reason_to_move_a_sector():
    """Its sector has started on another one, and it is replaced by one without a sector: a move would stop it again."""
    use = measured(west=0.3, east=0.1, north=0.2)
    assert to_move(ONE_MACHINE, {"a1": {"west", "east"}, "a2": {"north"}}, use) is None
    assert to_move(ONE_MACHINE, {"a1": {"west", "east", "north"}}, use) == "east"  # all would be lost at once


def test_the_sectors_of_a_worker_that_is_leaving_are_left_to_it():
    assert to_move({"b1": Worker("two", 4.0)}, {"a1": {"west", "east", "north"}}, Use()) is None
    assert to_move({}, {"a1": {"west"}}, Use()) is None


NUMBERS = st.lists(st.floats(0.0, 8.0), min_size=1, max_size=12)


@given(
    cores=NUMBERS, machines=st.lists(st.sampled_from([1.0, 2.0, 4.0, 64.0]), min_size=1, max_size=5), where=st.data()
)
def test_whatever_sectors_use_the_moves_come_to_an_end(
    cores: Sequence[float], machines: Sequence[float], where: st.DataObject
):
    workers = {
        f"w{number}": Worker(f"host-{number % 3}", machines[number % 3 % len(machines)])
        for number in range(len(machines))
    }
    use, held = Use(), dict[str, set[str]]()
    for number, one in enumerate(cores):
        use._cores[f"s{number}"] = one
        held.setdefault(where.draw(st.sampled_from(sorted(workers))), set()).add(f"s{number}")
    settle(workers, held, use)
    assert sorted(name for each in held.values() for name in each) == sorted(f"s{n}" for n in range(len(cores)))


def test_a_worker_is_known_by_what_dask_states_or_by_its_address():
    stated = {"host": "192.0.2.7", "resources": {"cores": 16}}
    assert Worker.of("tls://192.0.2.7:1", stated) == Worker("192.0.2.7", 16.0)
    assert Worker.of("tls://[2001:db8::1]:8786", {}) == Worker("[2001:db8::1]", 1.0)

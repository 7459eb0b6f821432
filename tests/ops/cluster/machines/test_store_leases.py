"""Leases in PostgreSQL: the laws of those in a file, with the server's clock, and holders on several machines."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ops.cluster.leases import store_leases
from ops.cluster.leases.lease_book import LeaseError, Process, Superseded
from ops.cluster.leases.open_leases import known_leases, note_leases
from ops.cluster.leases.store_leases import StoreLeases
from ops.postgres.address import StoreAddress
from tests.ops.postgres_server import PostgresServer
from tests.patience import PATIENT_S


@pytest.fixture
def leases(address: StoreAddress, tmp_path: Path) -> StoreLeases:
    return StoreLeases(address, tmp_path / "one")


@given(claims=st.lists(st.sampled_from(["a", "b", "c"]), max_size=8))
@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_numbers_of_a_sector_only_rise_and_only_the_newest_holds_it(
    claims: list[str], address: StoreAddress, tmp_path: Path
):
    machines = [StoreLeases(address, tmp_path / name) for name in ("one", "two")]
    newest = {lease.sector: lease.token for lease in machines[0].leases()}
    for count, sector in enumerate(claims):
        book = machines[count % 2]
        token = book.claim(sector, f"worker-{count}")
        assert token == newest.get(sector, 0) + 1
        before, newest[sector] = newest.get(sector), token
        assert book.beat(sector, token, live=False) == "hold"
        if before:
            assert book.beat(sector, before, live=True) is None
            book.give_back(sector, before)  # of no effect on a lease that is another's
            lease = book.lease(sector)
            assert lease is not None
            assert (lease.holder, lease.machine, lease.live_ns) == (f"worker-{count}", book.machine, None)
    assert {lease.sector: lease.token for lease in machines[1].leases()} == newest
    for book in machines:
        book.close()


def test_a_claim_with_an_older_lease_than_the_newest_changes_nothing(leases: StoreLeases):
    with leases:
        first = leases.claim("hills", "worker-1", newest=0)
        leases.give_back("hills", first)
        second = leases.claim("hills", "worker-2", newest=first)
        assert second == first + 1
        with pytest.raises(Superseded):
            leases.claim("hills", "worker-3", newest=first)
        leases.lease = lambda _: None  # type: ignore[method-assign] # as read before the second claim
        with pytest.raises(Superseded):
            leases.claim("hills", "worker-3", newest=first)
        assert [(lease.holder, lease.token) for lease in leases.leases()] == [("worker-2", second)]


def test_a_claim_whose_answer_was_lost_with_the_connection_is_one_all_the_same(
    leases: StoreLeases, monkeypatch: pytest.MonkeyPatch
):
    """The statement is sent again then, and finds the number that it had given."""
    real = StoreLeases._first

    def first(book: StoreLeases, statement: str, values: Sequence[Any]) -> Any:
        if "INSERT" in statement:
            real(book, statement, values)
        return real(book, statement, values)

    with leases:
        assert leases.claim("hills", "worker-1", newest=0) == 1
        with monkeypatch.context() as patched:
            patched.setattr(StoreLeases, "_first", first)
            assert leases.claim("hills", "worker-2", newest=1) == 2
        assert leases.beat("hills", 2, live=True) == "hold"
        with pytest.raises(Superseded):
            leases.claim("hills", "worker-2", newest=1)


def test_a_claim_kills_the_holder_before_on_this_machine_and_leaves_that_of_another(
    leases: StoreLeases, address: StoreAddress, tmp_path: Path
):
    with StoreLeases(address, tmp_path / "two") as elsewhere, leases:
        assert elsewhere.machine != leases.machine
        with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"]) as process, ExitStack() as stack:
            stack.callback(process.kill)
            token = leases.claim("hills", "worker-1")
            leases.beat("hills", token, live=True, pids=[process.pid])
            [lease] = leases.leases()
            assert (leases.is_here(lease), elsewhere.is_here(lease)) == (True, False)
            assert Process.of(psutil.Process(process.pid)) in [Process(one.pid, one.started) for one in lease.processes]
            assert elsewhere.claim("hills", "worker-2") == token + 1
            assert process.poll() is None
            token = leases.claim("hills", "worker-3")
            leases.beat("hills", token, live=True, pids=[process.pid])
            assert leases.claim("hills", "worker-4") == token + 1
            assert process.wait() < 0


def test_the_time_of_a_lease_is_that_of_the_server_whatever_the_clock_of_a_machine_says(
    leases: StoreLeases, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
):
    [(before,)] = postgres_server.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
    with leases, monkeypatch.context() as patched:
        for name in ("time", "time_ns"):
            patched.setattr(time, name, lambda: 0)
        leases.beat("hills", leases.claim("hills", "worker-1"), live=True)
        [lease] = leases.leases()
        read_s = leases.read_at_s
    [(after,)] = postgres_server.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
    assert isinstance(before, float)
    assert isinstance(after, float)
    assert lease.live_ns is not None
    assert read_s is not None
    assert before <= lease.claimed_ns / 1e9 <= lease.live_ns / 1e9 <= read_s <= after
    assert 0.0 <= lease.silent_s <= after - before


def test_workers_that_ask_for_the_name_of_their_new_machine_at_once_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Under two names, one of them would be taken for a worker of another machine."""
    together, write = threading.Barrier(4), store_leases.write_private

    def write_late(path: Path, content: bytes) -> None:
        time.sleep(0.05)  # for the others to ask meanwhile
        write(path, content)

    def ask(_: int) -> str:
        together.wait(PATIENT_S)
        return store_leases.name_of_machine(tmp_path / "data")

    monkeypatch.setattr(store_leases, "write_private", write_late)
    with ThreadPoolExecutor(4) as threads:
        [name] = set(threads.map(ask, range(4)))
    assert store_leases.name_of_machine(tmp_path / "data") == name


def test_wishes_are_heard_as_with_a_file_and_the_last_machine_is_known_after_it(leases: StoreLeases):
    with leases:
        token = leases.claim("hills", "worker-1")
        leases.wish("hills", "move")
        assert leases.beat("hills", token, live=True) == "move"
        leases.give_back("hills", token)
        [lease] = leases.leases()
        assert (lease.holder, lease.processes, lease.machine) == ("", (), leases.machine)
        token = leases.claim("hills", "worker-2", above=7)
        assert token == 8
        since = []
        for live in (True, True, False, True):
            assert leases.beat("hills", token, live=live) == "hold"
            since += [lease.live_ns for lease in leases.leases()]
        assert since[2] is None
        assert since[0] == since[1] != since[3] is not None
        leases.wish("coast", "stop")
        assert leases.beat("coast", leases.claim("coast", "worker-3"), live=False) == "stop"
        assert leases.takes_writes()


def test_the_versions_of_a_cluster_are_those_of_its_sectors_only(leases: StoreLeases):
    with leases:
        leases.note_programs(["hills", "coast"], "Watchline 1")
        leases.note_programs(["north"], "Watchline 2")
        assert leases.programs_of(["hills", "coast"]) == ["Watchline 1"]
        assert sorted(leases.programs_of(["hills", "north"])) == ["Watchline 1", "Watchline 2"]
        assert leases.programs_of(["elsewhere"]) == []
        assert leases.claim("hills", "worker-1") == 1


def test_without_the_server_each_call_is_one_sentence_and_it_goes_on_when_that_is_back(tmp_path: Path):
    server = PostgresServer()
    try:
        from ops.postgres.migration import migrate

        address = StoreAddress(server.address())
        migrate(address)
        with StoreLeases(address, tmp_path) as leases:
            token = leases.claim("hills", "worker-1")
            server.stop()
            with pytest.raises(LeaseError, match=r"postgresql://.*: no connection"):
                leases.beat("hills", token, live=True)
            assert not leases.takes_writes()
            server.start()
            assert leases.beat("hills", token, live=True) == "hold"
    finally:
        server.remove()


def test_the_folder_of_a_cluster_knows_where_its_leases_are(leases: StoreLeases, address: StoreAddress, tmp_path: Path):
    assert known_leases(tmp_path / "none") is None
    note_leases(tmp_path / "one", address.text, "north")
    assert address.text.partition("@")[0].rpartition(":")[2] not in (tmp_path / "one" / "leases.postgres").read_text()
    with leases:
        leases.claim("hills", "worker-1")
    known = known_leases(tmp_path / "one")
    assert known is not None
    with known:
        assert [lease.holder for lease in known.leases()] == ["worker-1"]

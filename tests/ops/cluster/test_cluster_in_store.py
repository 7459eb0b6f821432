"""A cluster whose sectors keep journal and fusion store in PostgreSQL, and what a lease is there."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from geo.message import Message
from ingest.receiving.batch import Batch
from ops.broker.broker import URL_VARIABLE, EmbeddedBroker
from ops.cluster.supervisor import store_claim
from ops.cluster.supervisor.cluster import Cluster, ClusterError
from ops.cluster.supervisor.store_claim import StoreClaim
from ops.cluster.workers.sector_task import SectorTask
from ops.journal.reader import JournalLost
from ops.journal.stores.place import read_journal
from ops.journal.stores.postgres_writer import PostgresJournal
from ops.journal.stores.transfer import copy
from ops.postgres.address import STORE_VARIABLE, StoreAddress
from ops.postgres.fence import raise_fence, stored_fence
from ops.postgres.migration import migrate
from ops.postgres.note import StoreNote
from ops.room.offline import replay_journal, track_log_hash
from ops.runtime.processes.child_process import Child
from ops.store.engines.errors import WriterLost
from ops.store.engines.postgres import PostgresEngine
from ops.store.reader import Reader
from tests.ops.cluster.test_cluster import until, until_fused, worker_of
from tests.ops.journal.conformance.places import row
from tests.ops.postgres_server import PostgresServer
from tests.patience import PATIENT_S

QUIET = Console(stderr=True, quiet=True)
NIGHT_S = 8.0


@pytest.fixture
def address(postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> StoreAddress:
    """A store of the test's own, whose password the environment has."""
    made = StoreAddress(postgres_server.address(postgres_server.new_database()))
    migrate(made)
    monkeypatch.setenv(STORE_VARIABLE, made.text)
    return made


def test_a_writer_of_the_journal_commits_nothing_once_a_later_lease_was_claimed(address: StoreAddress) -> None:
    raise_fence(address, "north", 3)
    with PostgresJournal(address, "north", fence=3) as journal:
        journal.commit(Batch((row(1),)))
        raise_fence(address, "north", 4)  # before its holder has opened anything
        for _ in range(2):
            with pytest.raises(Exception, match=r"another ingest has taken over|the server was stopped|no connection"):
                journal.commit(Batch((row(2),)))
    assert stored_fence(address, "north") == 4
    with pytest.raises(JournalLost):
        PostgresJournal(address, "north", fence=3)
    with PostgresJournal(address, "north", fence=4) as journal:
        assert [one.seq for one in journal.read()] == [1]
        journal.commit(Batch((row(2),)))
        assert [one.id for one in journal.read()] == [1, 2]


def test_a_writer_of_a_fusion_store_commits_nothing_once_a_later_lease_was_claimed(address: StoreAddress) -> None:
    note = StoreNote(address.without_password, "north", "fusion")
    engine = PostgresEngine(note, fence=3)
    raise_fence(address, "north", 4)
    with pytest.raises(Exception, match=r"given to another process|server was stopped|no connection"):  # noqa: PT012
        engine.begin()
        engine.execute("UPDATE meta SET cursor = 99")
        engine.commit()
    engine.rollback()
    engine.close()
    with pytest.raises(WriterLost):
        PostgresEngine(note, fence=3)
    after = PostgresEngine(note, fence=4)
    assert after.execute("SELECT cursor FROM meta").fetchone() == (0,)
    after.close()


def test_a_claim_that_is_older_or_repeated_ends_nobody(address: StoreAddress) -> None:
    raise_fence(address, "north", 4)
    with PostgresJournal(address, "north", fence=4) as journal:
        for token in (4, 3):
            raise_fence(address, "north", token)
        journal.commit(Batch((row(1),)))
    assert stored_fence(address, "north") == 4
    assert stored_fence(address, "elsewhere") == 0


PATIENTLY: Any = ("_START_WAIT_S", round(PATIENT_S))
"""A claim that waits until the server has noticed that a session ended, however busy it is."""
BRIEFLY: Any = ("_START_WAIT_S", 1)
"""A claim of a sector that stays taken: waiting longer finds nothing else."""


def test_two_clusters_do_not_run_one_sector(
    address: StoreAddress, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = StoreClaim(address.text, ["north", "south"])
    monkeypatch.setattr(store_claim, *BRIEFLY)
    with pytest.raises(ClusterError, match="another cluster runs the sector south"):
        StoreClaim(address.text, ["east", "south"])
    database = address.shown.rpartition("/")[2]
    known = postgres_server.execute("SELECT name FROM watchline.sectors ORDER BY 1", database)
    assert known == [("north",), ("south",)], "the cluster that was refused wrote nothing"
    monkeypatch.setattr(store_claim, *PATIENTLY)
    StoreClaim(address.text, ["east"]).close()
    first.close()
    StoreClaim(address.text, ["south"]).close()


def test_a_claim_is_taken_again_when_the_server_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    server = PostgresServer()
    try:
        address = StoreAddress(server.address())
        migrate(address)
        claim = StoreClaim(address.text, ["north"])
        assert claim.look() is None
        server.stop(signal.SIGQUIT)
        assert "no connection" in str(claim.look())
        assert claim.look() is None, "a problem is told once"
        server.start()
        assert claim.look() is None
        monkeypatch.setattr(store_claim, *BRIEFLY)
        with pytest.raises(ClusterError, match="another cluster"):
            StoreClaim(address.text, ["north"])
        claim.close()
    finally:
        server.remove()


def test_a_cluster_whose_sector_another_one_took_ends(
    address: StoreAddress, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    claim = StoreClaim(address.text, ["north"], monotonic_s=lambda: now[0])
    postgres_server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database ="
        f" (SELECT oid FROM pg_database WHERE datname = '{address.url.database}')"  # type: ignore[attr-defined]
    )
    with monkeypatch.context() as patch:
        patch.setattr(store_claim, *PATIENTLY)
        other = StoreClaim(address.text, ["north"])  # waits for the end of that session
    assert not other.is_taken()
    assert "another cluster runs the sector north" in str(claim.look())
    assert claim.is_taken()
    now[0] = 29.0
    assert claim.look() is None, "it may be the session that was lost"
    now[0] = 31.0
    with pytest.raises(ClusterError, match="another cluster"):
        claim.look()
    other.close()
    claim.close()


@pytest.mark.chain
@pytest.mark.broker
def test_a_sector_of_a_killed_worker_goes_on_elsewhere_from_its_checkpoint_in_the_store(
    own_sector: Any,
    copy_night: Callable[[Path], Path],
    address: StoreAddress,
    tmp_path: Path,
) -> None:
    """Every published message once, tracks and alerts to the bit those of an undisturbed replay, no alert twice."""
    told: list[Message] = []
    with ExitStack() as stack:
        broker = stack.enter_context(EmbeddedBroker(folder=tmp_path / "broker"))
        task = SectorTask(
            sector=own_sector.sector,
            name="hills",
            layout=own_sector.layout,
            folder=tmp_path / "data",
            broker=broker.url.text,
            signatures="optional",
            encrypted=False,
            overload_s=3600.0,  # a replay processes all
            store=address.text,
        )
        cluster = stack.enter_context(Cluster([task], 2))
        until(cluster, lambda: cluster.live, told)
        copy_night(task.data)
        simulator = Child(
            "simulator",
            "ops.room.simulator",
            ["--sector-id=hills", f"--folder={task.data}", f"--duration={NIGHT_S}", f"--stalled={PATIENT_S}"],
            log=tmp_path / "simulator.log",
            secrets={URL_VARIABLE: broker.url.text},
        )
        stack.callback(simulator.stop, timeout_s=PATIENT_S)
        simulator.wait_for("started_ns", timeout_s=PATIENT_S)
        store = stack.enter_context(closing(Reader(task.data / "store.db")))
        until(cluster, lambda: store.progress().cursor > 20, told)  # it has fused what was sent, in part
        worker_of(cluster, "hills").kill()
        until(cluster, lambda: cluster.failovers_s and cluster.at_rest, told)
        until(cluster, lambda: simulator.last("published"), told)
        assert simulator.last("drained")
        until_fused(cluster, task, told)
        assert cluster.stop() == []
        [lease] = cluster.leases()
        published = simulator.last("published")
    assert lease.token >= 2
    assert stored_fence(address, "hills") == lease.token
    with read_journal(task.data / "journal.db") as journal:
        counts = journal.counts("detections")
        assert sum(one.journaled for one in counts.values()) == sum(published.values()) > 10
        keys = [(one.kind, one.sensor, one.boot, one.seq) for one in journal.read() if one.boot is not None]
        assert len(keys) == len(set(keys))
        last = journal.last_id()
    copy(str(task.data), str(tmp_path / "copy.db"), None, QUIET)
    undisturbed = replay_journal(
        tmp_path / "copy.db", str(own_sector.sector), None, tmp_path / "replay", settings=None, screen=QUIET
    )
    with closing(Reader(task.data / "store.db")) as live, closing(Reader(tmp_path / "replay" / "replay.db")) as again:
        history = live.history_dataset()
        assert history.sizes["estimate"] == undisturbed["estimates"] > 0
        assert track_log_hash(history) == undisturbed["tracks_sha256"]
        assert live.progress().cursor == again.progress().cursor == last
        bodies = [
            [((one.alert, one.revision), json.loads(one.body)) for one in reader.outbox_after(0, limit=10_000)]
            for reader in (live, again)
        ]
        assert dict(bodies[0]) == dict(bodies[1])
        assert len(dict(bodies[0])) == len(bodies[0]), "no revision of an alert twice"

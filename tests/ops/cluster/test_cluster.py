"""Sectors on a cluster whose workers are killed and frozen: nothing is lost, twice, or different after."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from rich.console import Console

from geo.errors import BadInput
from geo.message import Message
from ops.audit.log import AuditLog
from ops.broker.broker import URL_VARIABLE, EmbeddedBroker
from ops.cluster.commands import ClusterOptions, cluster_status, run_cluster
from ops.cluster.leases.lease_book import Lease, LeaseBook
from ops.cluster.nation_file import is_of_cluster
from ops.cluster.supervisor import cluster as cluster_module
from ops.cluster.supervisor.cluster import Cluster, ClusterError
from ops.cluster.workers.sector_task import SectorTask
from ops.journal.stores.place import read_journal
from ops.room.offline import replay_journal, track_log_hash
from ops.room.room import RoomError
from ops.room.simulate_night import write_simulated_night
from ops.runtime.processes.child_process import Child
from ops.sector.open_sector import open_sector
from ops.store.reader import Reader
from tests.patience import PATIENT_S

pytestmark = [pytest.mark.chain, pytest.mark.broker]

LONG = os.environ.get("WATCHLINE_DRILL") == "long"
NIGHT_S = 1800.0 if LONG else 20.0
STRIKES = [signal.SIGKILL, signal.SIGSTOP] * (15 if LONG else 1)
QUIET = Console(stderr=True, quiet=True)
NAMES = ("west", "east")


@dataclass
class Nation:
    """Two sectors on two workers, and what was told about them."""

    tasks: list[SectorTask]
    folder: Path
    published: dict[str, Any]
    leases: list[Lease]
    told: list[Message]
    failovers_s: list[float]

    def replayed(self, name: str) -> dict[str, Any]:
        data = self.folder / name
        [sector] = [str(task.sector) for task in self.tasks if task.name == name]
        return replay_journal(data / "journal.db", sector, None, data / "replay", settings=None, screen=QUIET)


def until(cluster: Cluster, true: Callable[[], object], told: list[Message]) -> None:
    deadline = time.monotonic() + PATIENT_S
    while True:
        told += cluster.look()
        if true():
            return
        assert time.monotonic() < deadline, told[-5:]
        time.sleep(0.2)


def until_fused(cluster: Cluster, task: SectorTask, told: list[Message]) -> None:
    """Wait until a sector has fused all that it has journaled by now: it is ended if it does not stop in time."""
    with read_journal(task.data / "journal.db") as journal, closing(Reader(task.data / "store.db")) as store:
        last = journal.last_id()
        until(cluster, lambda: store.progress().cursor >= last, told)


def worker_of(cluster: Cluster, name: str) -> psutil.Process:
    """The worker that holds a sector: of its processes the one that none of the others started."""
    [lease] = [lease for lease in cluster.leases() if lease.sector == name]
    running = [found for one in lease.processes if (found := one.running()) is not None]
    [worker] = [one for one in running if one.ppid() not in {other.pid for other in running}]
    return worker


@pytest.fixture(scope="module")
def struck(make_sector: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nation]:
    """A night over two sectors during which workers are killed and frozen."""
    root = tmp_path_factory.mktemp("nation")
    chance, told = random.Random("strikes"), list[Message]()
    with ExitStack() as stack:
        broker = stack.enter_context(EmbeddedBroker(folder=root / "broker"))
        tasks = []
        for name in NAMES:
            files = make_sector(root / f"{name}-sector")
            files.edit(files.sector, 'name = "hills"', f'name = "{name}"')
            tasks.append(
                SectorTask(
                    sector=files.sector,
                    name=name,
                    layout=files.layout,
                    folder=root / "data",
                    broker=broker.url.text,
                    signatures="optional",
                    encrypted=False,
                    overload_s=3600.0,  # a replay processes all
                )
            )
        write_simulated_night(open_sector(tasks[0].sector), root / "night", seed=7, duration_s=NIGHT_S)
        cluster = stack.enter_context(Cluster(tasks, 2))
        with pytest.raises(ClusterError, match="in use by another cluster"), Cluster(tasks, 1):
            pass
        until(cluster, lambda: cluster.live, told)
        simulators = []
        for task in tasks:
            shutil.copytree(root / "night", task.data, dirs_exist_ok=True)
            arguments = [f"--sector-id={task.name}", f"--folder={task.data}", f"--duration={NIGHT_S}"]
            child = Child(
                f"simulator-{task.name}",
                "ops.room.simulator",
                [*arguments, f"--stalled={PATIENT_S}"],
                log=root / f"{task.name}.log",
                secrets={URL_VARIABLE: broker.url.text},
            )
            stack.callback(child.stop, timeout_s=PATIENT_S)
            child.wait_for("started_ns", timeout_s=PATIENT_S)
            simulators.append(child)
        for strike in STRIKES:
            pause_s = chance.uniform(1.0, 0.8 * NIGHT_S / len(STRIKES))
            struck_at = time.monotonic() + pause_s
            until(cluster, lambda at=struck_at: time.monotonic() >= at, told)
            until(cluster, lambda: cluster.at_rest, told)
            before = len(cluster.failovers_s)
            worker_of(cluster, chance.choice(NAMES)).send_signal(strike)
            until(cluster, lambda n=before: len(cluster.failovers_s) > n and cluster.at_rest, told)
        until(cluster, lambda: all(child.last("published") for child in simulators), told)
        until(cluster, lambda: cluster.live, told)
        assert all(child.last("drained") for child in simulators)
        for task in tasks:
            until_fused(cluster, task, told)
        assert cluster.stop() == []
        published = {task.name: child.last("published") for task, child in zip(tasks, simulators, strict=True)}
        yield Nation(tasks, root / "data", published, cluster.leases(), told, cluster.failovers_s)


def test_every_message_that_was_published_is_journaled_once(struck: Nation, ledger: Callable[[Path], Any]):
    for name in NAMES:
        found = ledger(struck.folder / name)
        found.check()
        assert found.published == struck.published[name]
        assert sum(counts.journaled for counts in found.counts.values()) == sum(found.published.values()) > 20


@pytest.mark.parametrize("name", NAMES)
def test_tracks_and_alerts_are_those_of_an_undisturbed_replay(struck: Nation, name: str):
    undisturbed = struck.replayed(name)
    live, again = Reader(struck.folder / name / "store.db"), Reader(struck.folder / name / "replay" / "replay.db")
    history = live.history_dataset()
    assert history.sizes["estimate"] == undisturbed["estimates"] > 0
    assert track_log_hash(history) == undisturbed["tracks_sha256"]
    assert live.progress().diverged == 0
    assert live.progress().cursor == again.progress().cursor == undisturbed["rows"]
    bodies = [
        {(row.alert, row.revision): json.loads(row.body) for row in reader.outbox_after(0, limit=10_000)}
        for reader in (live, again)
    ]
    assert bodies[0] == bodies[1] != {}


def test_each_lost_sector_was_given_to_another_under_a_higher_number_and_is_given_back_at_the_end(struck: Nation):
    assert len(struck.failovers_s) >= len(STRIKES)
    assert sum(lease.token - 1 for lease in struck.leases) >= len(STRIKES)
    assert [(lease.holder, lease.processes) for lease in struck.leases] == [("", ())] * 2
    told = [message.id for message in struck.told]
    assert told.count("cluster-sector-live-again") >= len(STRIKES)
    assert "cluster-worker-lost" in told  # the frozen worker did not end by itself


def test_the_command_runs_a_sector_with_a_broker_and_keys_of_its_own_and_says_what_was_taken(
    own_sector: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(cluster_module, "LOST_AFTER_S", PATIENT_S)  # a busy machine is no reason to start it again
    nation = tmp_path / "nation.toml"
    nation.write_text('name = "north"\nsectors = ["sector"]\n')
    found = run_cluster(ClusterOptions(nation, tmp_path / "data", 1, duration_s=1.0), screen=QUIET)
    taken = found["sectors"]["hills"]
    assert (found["nation"], found["workers"], found["failovers"]) == ("north", 1, 0)
    assert taken["rows"] == taken["fused"] > 0  # its clock's ticks
    assert (tmp_path / "data" / "hills" / "identity" / "register.json").exists()
    own = {one.name for one in (tmp_path / "data").iterdir()} - {"hills"}
    assert {name for name in own if not is_of_cluster(name)} == set() < own, "no sector may have such a name"
    status = cluster_status(tmp_path / "data", screen=QUIET)["sectors"]["hills"]
    assert (status["worker"], status["lease"], status["live_since"], status["processes"]) == (None, 1, None, [])


def test_keys_of_another_broker_are_refused_for_the_embedded_one(tmp_path: Path):
    options = ClusterOptions(tmp_path / "nation.toml", tmp_path / "data", 1, identity=tmp_path)
    with pytest.raises(BadInput, match="--identity: is given without --broker"):
        run_cluster(options, screen=QUIET)
    assert not (tmp_path / "data").exists()


def test_status_shows_the_holder_and_refuses_a_folder_without_leases(tmp_path: Path):
    with pytest.raises(RoomError, match="holds no leases"):
        cluster_status(tmp_path, screen=QUIET)
    with LeaseBook(tmp_path) as book:
        book.beat("hills", book.claim("hills", "tls://127.0.0.1:1"), live=True)
    shown = cluster_status(tmp_path, screen=QUIET)["sectors"]["hills"]
    assert (shown["worker"], shown["lease"], shown["rows"]) == ("tls://127.0.0.1:1", 1, 0)
    assert shown["processes"] == [os.getpid()]


def test_status_is_recorded_in_the_audit_log_of_each_sector_that_keeps_one(tmp_path: Path):
    with LeaseBook(tmp_path) as book:
        for sector in ("hills", "coast"):
            book.claim(sector, "tls://127.0.0.1:1")
    AuditLog(tmp_path / "hills" / "audit").close()
    (tmp_path / "coast").mkdir()
    cluster_status(tmp_path, screen=QUIET)
    [entry] = AuditLog(tmp_path / "hills" / "audit").entries()
    assert (entry.operation, entry.what) == ("consultation", "watchline cluster status")
    assert list((tmp_path / "coast").iterdir()) == [], "none is made where none is kept"

"""One cluster with workers on two machines: folders of their own, and nothing in common but store, broker and network.

Both are on this computer, so that one can be killed and frozen; neither reads a file of the other.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from rich.console import Console

from geo.message import Message
from ops.broker.broker import URL_VARIABLE, EmbeddedBroker
from ops.cluster.leases.lease_book import Lease
from ops.cluster.leases.store_leases import StoreLeases
from ops.cluster.machines import first
from ops.cluster.machines.carried import HELD
from ops.cluster.supervisor.cluster import Cluster, Listening
from ops.cluster.workers.sector_task import SectorTask
from ops.journal.stores.place import read_journal
from ops.postgres.address import StoreAddress
from ops.room.offline import replay_journal, track_log_hash
from ops.runtime.processes.child_process import Child, module_command
from ops.store.reader import Reader
from tests.drills.sizes import IS_LONG
from tests.ops.cluster.test_cluster import until, until_fused
from tests.patience import PATIENT_S

pytestmark = [pytest.mark.chain, pytest.mark.broker]

QUIET = Console(stderr=True, quiet=True)
NIGHT_S = 8.0


def runs(process: psutil.Process) -> bool:
    """Whether a process has not ended."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


class Machine:
    """A machine that joins: its folders, and the process of its worker."""

    def __init__(self, folder: Path, sector: Path, machines: Path, scheduler: str, store: str) -> None:
        self.data = folder / "data"
        shutil.copytree(sector, folder / "sector")
        shutil.copytree(machines, self.data / "machines")
        (folder / "nation.toml").write_text('name = "north"\nsectors = ["sector"]\n')
        self.command = module_command(
            *("ops.cli", "cluster", "worker", str(folder / "nation.toml"), "--data", str(self.data)),
            *("--store", store, "--scheduler", scheduler.removeprefix("tls://"), "--host", "127.0.0.1"),
        )
        self.log = (folder / "worker.log").open("wb")
        self.frozen: list[psutil.Process] = []
        self.start()

    def start(self) -> None:
        self.process = psutil.Popen(self.command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def every_process(self) -> list[psutil.Process]:
        children = self.process.children(recursive=True)
        return [self.process, *filter(runs, children)]

    def die(self) -> None:
        """End at once with all of its processes, as when the power fails."""
        for process in self.every_process():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()

    def freeze(self) -> None:
        self.frozen = self.every_process()
        for process in self.frozen:
            with suppress(psutil.NoSuchProcess):
                process.suspend()

    def wake(self) -> None:
        for process in self.frozen:
            with suppress(psutil.NoSuchProcess):
                process.resume()

    def close(self) -> None:
        self.wake()
        if runs(self.process):
            self.die()
        self.log.close()


@dataclass
class TwoMachines:
    """The cluster, its two machines by the name in leases, and what was told."""

    cluster: Cluster
    task: SectorTask
    machines: dict[str, Machine]
    told: list[Message]
    broker: EmbeddedBroker
    address: StoreAddress

    def holder(self) -> str:
        [lease] = self.cluster.leases()
        return lease.machine

    def goes_on(self, elsewhere_than: str) -> bool:
        """Whether the sector is live under the lease of another machine."""
        [lease] = self.cluster.leases()
        return lease.holder != "" and lease.machine != elsewhere_than and lease.live_ns is not None

    def live_elsewhere_than(self, machine: str) -> Lease:
        """Wait until the sector is live under the lease of another machine; return that lease."""
        found: list[Lease] = []

        def seen() -> bool:
            [lease] = self.cluster.leases()
            found[:] = [lease]
            return lease.holder != "" and lease.machine != machine and lease.live_ns is not None

        self.until(seen)
        return found[0]

    def until(self, true: Callable[[], object]) -> None:
        until(self.cluster, true, self.told)


@pytest.fixture
def two(own_sector: Any, address: StoreAddress, tmp_path: Path) -> Iterator[TwoMachines]:
    """A cluster without workers of its own that two machines have joined, and its only sector is live on one."""
    told: list[Message] = []
    with ExitStack() as stack:
        broker = stack.enter_context(EmbeddedBroker(folder=tmp_path / "broker"))
        task = SectorTask(
            sector=own_sector.sector,
            name="hills",
            layout=own_sector.layout,
            folder=tmp_path / "supervisor",
            broker=broker.url.text,
            signatures="optional",
            overload_s=3600.0,  # a replay processes all
            store=address.text,
        )
        listen = Listening("127.0.0.1", 0, first.security(task.folder))
        [task] = first.shared_tasks([task])
        cluster = stack.enter_context(Cluster([task], 0, listen=listen))
        machines = []
        for name in ("one", "two"):
            machine = Machine(
                tmp_path / name, own_sector.sector.parent, task.folder / "machines", cluster.address, address.text
            )
            stack.callback(machine.close)
            machines.append(machine)
        until(cluster, lambda: len(cluster._running_workers()) == 2 and cluster.live, told)
        named = {(one.data / "machine").read_text().strip(): one for one in machines}
        yield TwoMachines(cluster, task, named, told, broker, address)


def test_a_sector_of_a_lost_or_leaving_machine_goes_on_elsewhere_and_one_that_was_frozen_writes_nothing(
    two: TwoMachines, copy_night: Callable[[Path], Path], own_sector: Any, tmp_path: Path
) -> None:
    """One machine is frozen and one is asked to leave; ``make drill`` has one lose its power between, too.

    Every message once, tracks and alerts those of an undisturbed replay. On a busy machine the sector may move more
    often.
    """
    cluster, data = two.cluster, two.task.data
    copy_night(tmp_path / "night")
    simulator = Child(
        "simulator",
        "ops.room.simulator",
        ["--sector-id=hills", f"--folder={tmp_path / 'night'}", f"--duration={NIGHT_S}", f"--stalled={PATIENT_S}"],
        log=tmp_path / "simulator.log",
        secrets={URL_VARIABLE: two.broker.url.text},
    )
    with ExitStack() as stack:
        stack.callback(simulator.stop, timeout_s=PATIENT_S)
        simulator.wait_for("started_ns", timeout_s=PATIENT_S)
        store = stack.enter_context(closing(Reader(data / "store.db")))
        two.until(lambda: store.progress().cursor > 20)  # it has fused what was sent, in part
        before = two.live_elsewhere_than("")
        frozen, worker = before.machine, two.machines[before.machine].process.pid
        of_the_sector = [one for one in before.processes if one.pid != worker]
        assert of_the_sector
        two.machines[frozen].freeze()
        two.until(lambda: two.goes_on(frozen))
        two.machines[frozen].wake()  # its lease has passed
        two.until(lambda: not any(one.running() for one in of_the_sector))  # its spare processes stay
        two.until(lambda: simulator.last("published"))
        assert simulator.last("drained")
        published = simulator.last("published")
        if IS_LONG:
            lost = two.holder()
            two.machines[lost].die()
            two.until(lambda: two.goes_on(lost))
            two.machines[lost].start()
        two.until(lambda: len(cluster._running_workers()) == 2)
        leaving = two.holder()
        leaves = two.machines[leaving].process
        leaves.send_signal(signal.SIGTERM)  # it gives its sector back first
        two.until(lambda: leaves.poll() is not None)
        assert leaves.poll() == 0
        lease = two.live_elsewhere_than(leaving)
        assert lease.token >= (4 if IS_LONG else 3)
        until_fused(cluster, two.task, two.told)
        assert cluster.stop() == []
    with read_journal(data / "journal.db") as journal:
        counts = journal.counts("detections")
        assert sum(one.journaled for one in counts.values()) == sum(published.values()) > 10
        keys = [(one.kind, one.sensor, one.boot, one.seq) for one in journal.read() if one.boot is not None]
        assert len(keys) == len(set(keys))
        last = journal.last_id()
    undisturbed = replay_journal(
        data / "journal.db", str(own_sector.sector), None, tmp_path / "replay", settings=None, screen=QUIET
    )
    with closing(Reader(data / "store.db")) as live, closing(Reader(tmp_path / "replay" / "replay.db")) as again:
        history = live.history_dataset()
        assert history.sizes["estimate"] == undisturbed["estimates"] > 0
        assert track_log_hash(history) == undisturbed["tracks_sha256"]
        assert live.progress().cursor == again.progress().cursor == last
        assert live.progress().diverged == 0
        bodies = [
            [((one.alert, one.revision), json.loads(one.body)) for one in reader.outbox_after(0, limit=10_000)]
            for reader in (live, again)
        ]
        assert dict(bodies[0]) == dict(bodies[1])
        assert len(dict(bodies[0])) == len(bodies[0]), "no revision of an alert twice"
    held = two.machines[lease.machine].data / "hills" / HELD
    assert int(held.read_text()) >= lease.token, "and with the files that go along"


@pytest.mark.skipif(not IS_LONG, reason="two more machines to start; `make drill` runs it")
def test_a_sector_elsewhere_goes_on_without_the_supervisor_and_the_next_one_takes_it_up(two: TwoMachines) -> None:
    holder, port = two.holder(), int(two.cluster.address.rpartition(":")[2])
    two.cluster._stack.close()  # the scheduler and the client are gone, and nobody was asked to stop
    with StoreLeases(two.address, two.task.folder) as leases:
        [before] = leases.leases()
        deadline_s = time.monotonic() + PATIENT_S
        while (now := leases.leases()[0]).beat < before.beat + 3:
            assert time.monotonic() < deadline_s, now
            time.sleep(0.1)
    assert (now.token, now.machine) == (before.token, holder)
    told: list[Message] = []
    with Cluster([two.task], 0, listen=Listening("127.0.0.1", port, first.security(two.task.folder))) as again:
        until(again, lambda: len(again._running_workers()) == 2 and again.live, told)
        [found] = again.leases()
        assert (found.token, found.machine, again.failovers_s) == (before.token, holder, [])
        two.machines[holder].die()
        until(again, lambda: again.leases()[0].machine not in ("", holder) and again.live, told)
        assert again.stop() == []

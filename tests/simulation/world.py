"""A simulated world: two sectors on two machines, every fault drawn from one seed, every invariant checked each step.

Real: spools and send windows, receiver, intake, journal, leases, fence, the cluster's supervisor, fusion, store,
and the process that joins the tracks of both sectors.
Simulated: clock, network, disk, dask's scheduler, and which of them runs next. See decision 0084.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any, Final
from unittest.mock import patch

from distributed import KilledWorker

from ops.cluster.leases import lease_book as leases_module
from ops.cluster.leases.lease_book import LeaseBook
from ops.cluster.supervisor import cluster as cluster_module
from ops.cluster.supervisor.cluster import Cluster
from ops.cluster.workers.sector_task import SectorTask
from ops.journal.reader import JournalReader
from ops.room.night_file import SCENARIO_START
from ops.room.offline import track_log_hash
from ops.runtime.clock import ScenarioClock
from ops.services.fusion import process as fusion_process
from ops.services.fusion.process import Fusion
from ops.store.reader import Reader
from ops.store.writer import Store
from sensors.scan import Scan
from sensors.timestamps import nanoseconds
from tests.simulation.clock import SimClock
from tests.simulation.disk import FAULTS, Disk, Killed
from tests.simulation.holder import SETTINGS, Holder, Surroundings
from tests.simulation.invariants import SectorRecord, Violation
from tests.simulation.network import Broker, Weather
from tests.simulation.night import NIGHT_S, Night
from tests.simulation.sensor import SimSensor
from tests.simulation.watch import Watches

SECTORS: Final = ("east", "west")
MACHINES: Final = ("machine-1", "machine-2")
STEP_S: Final = 0.25
LOOK_EVERY_S: Final = 0.5
TROUBLE_S: Final = NIGHT_S + 5.0
FREEZES_BEFORE_IT_CLAIMS: Final = 0.1
"""Probability that a machine falls asleep as it is given a sector, which no lease shows."""
REST_STEPS: Final = 800
"""Steps after the last fault within which everything must be delivered, live and at rest."""


class Task:
    """Stands for dask's future of a task. ``status`` is ``error`` once its machine is lost."""

    def __init__(self) -> None:
        self.holder: Holder | None = None
        self.status = "finished"
        self.released = False

    def done(self) -> bool:
        """Whether the task returned, or was lost with its machine."""
        return self.status == "error" or (self.holder is not None and self.holder.ending is not None)

    def exception(self) -> Exception:
        """Return what dask raises for a task whose machine is lost."""
        return KilledWorker("task", None, 0)

    def release(self) -> None:
        """Take the task back: a machine that has not begun with it may still do so."""
        self.released = True

    def result(self, timeout: float) -> str | None:
        """Return what it returned."""
        return None if self.holder is None else self.holder.ending


@dataclass
class Machine:
    """A worker: a machine that may stop, sleep, or lose its way to the leases, until these times [s]."""

    name: str
    dead_until_s: float = 0.0
    asleep_until_s: float = 0.0
    cut_until_s: float = 0.0
    heard_s: float = 0.0
    """When the scheduler heard of it last."""
    dropped: bool = False
    """Whether the scheduler has given it up while processes on it still run."""
    holders: list[Holder] = field(default_factory=list)


class World:
    """A world of one seed in a folder. ``run`` lets it live and end. Raises Violation."""

    def __init__(self, seed: int, folder: Path, night: Night) -> None:
        self.chance = Random(seed)
        self._night = night
        self.clock = SimClock(nanoseconds(SCENARIO_START))
        self.disk = Disk(self.chance)
        self.happened: Counter[str] = Counter()
        self._folder = folder
        self._calm = self._stopping = False
        draw = self.chance.random
        weather = Weather(draw() < 0.5, 0.04 * draw(), 0.2 * draw(), 2.0 * draw())
        self._trouble = 0.2 + 1.3 * draw()
        self.brokers = {name: Broker(name, self.clock, self.chance, weather) for name in SECTORS}
        self.machines = [Machine(name) for name in MACHINES]
        self._tasks = {
            name: SectorTask(sector=folder, name=name, layout=folder, folder=folder, broker="mqtt://127.0.0.1:1")
            for name in SECTORS
        }
        self.records = {name: SectorRecord(name, self._tasks[name].data, self.brokers[name]) for name in SECTORS}
        self.watches = Watches(folder, night.reaches, self.clock, self.chance, self.disk)
        self._waiting: list[tuple[SectorTask, Task]] = []
        self._look_due_s = 0.0
        self.steps = 0

    def run(self) -> str:
        """Live through the night, come to rest, stop, and compare with a replay; return a hash of what happened."""
        with ExitStack() as stack:
            stack.enter_context(self._in_force())
            stack.callback(self._close)
            self._open()
            while self.clock.monotonic() < TROUBLE_S:
                self._step()
            self._calm_down()
            self._until(self._is_at_rest, "did not come to rest")
            self._stopping = True
            for name in SECTORS:
                self._book.wish(name, "stop")
            self._until(lambda: all(self._book_is_free(name) for name in SECTORS), "did not stop")
            self._until(lambda: self.watches.record.has_all, "the tracks of both sectors were not joined")
        for name in SECTORS:
            self._compare_with_replay(name)
        self.watches.compare()
        digests = [*(self.records[name].digest() for name in SECTORS), self.watches.record.digest()]
        return sha256(repr((digests, self.steps, sorted(self.happened.items()))).encode()).hexdigest()

    @contextmanager
    def _in_force(self) -> Iterator[None]:
        with (
            self.disk.in_use(),
            self.watches.in_force(),
            patch.object(fusion_process, "time", self.clock),
            patch.object(fusion_process, "say", lambda **_: None),
            patch.object(fusion_process, "PICTURE_EVERY_S", 2.0),  # as often as identities are decided
            patch.object(cluster_module, "time", self.clock),
            patch.object(leases_module, "time", self.clock),
            patch.object(cluster_module, "kill_all", self._lose),
        ):
            yield

    def _open(self) -> None:
        self._book = LeaseBook(self._folder)
        self._cluster = Cluster(list(self._tasks.values()), len(MACHINES), monotonic_s=self.clock.monotonic)
        untyped: Any = self._cluster
        untyped._book, untyped._client = self._book, self
        self.sensors = []
        for name in SECTORS:
            (self._folder / name).mkdir(parents=True, exist_ok=True)
            by_sensor: dict[str, list[Scan]] = {}
            for scan in self._night.scans[name]:
                by_sensor.setdefault(scan.sensor, []).append(scan)
            for sensor, scans in by_sensor.items():
                path = self._folder / name / f"{sensor}.spool"
                self.sensors.append((name, SimSensor(path, self.brokers[name], sensor, scans)))

    def _close(self) -> None:
        self.watches.close()
        for machine in self.machines:
            for holder in machine.holders:
                self.disk.end(holder, ())
        for record in self.records.values():
            record.forget_files()
        for _, sensor in self.sensors:
            sensor.close()
        self._book.close()

    # One step

    def _step(self) -> None:
        if not self._calm:
            self._cause_trouble()
        actors: list[Callable[[], None]] = [sensor.step for _, sensor in self.sensors]
        actors += [lambda machine=machine: self._run_machine(machine) for machine in self.machines]  # type: ignore[misc]
        actors += [broker.deliver for broker in self.brokers.values()]
        actors += [self._look, self.watches.step]
        self.chance.shuffle(actors)
        for act in actors:
            act()
        self.clock.sleep(STEP_S)
        self.steps += 1
        if self.disk.violations:
            raise Violation(self.disk.violations[0])
        for record in (*self.records.values(), self.watches.record):
            record.check()

    def _look(self) -> None:
        """Let the supervisor look, and place what waits for a machine."""
        if not self._stopping and self.clock.monotonic() >= self._look_due_s:
            self._look_due_s = self.clock.monotonic() + LOOK_EVERY_S
            for message in self._cluster.look():
                self.happened[message.id] += 1
        waiting, self._waiting = self._waiting, []
        for task, future in waiting:
            self._place(task, future, None)

    def _run_machine(self, machine: Machine) -> None:
        now_s = self.clock.monotonic()
        if now_s < machine.dead_until_s or now_s < machine.asleep_until_s:
            return
        machine.heard_s = now_s
        holders = list(machine.holders)
        self.chance.shuffle(holders)
        for holder in holders:
            if holder.token == 0 and holder.future.released and self.chance.random() < 0.5:
                self.happened["taken back"] += 1
                machine.holders.remove(holder)
                continue
            with self.disk.run_by(holder):
                try:
                    holder.step(reaches_leases=now_s >= machine.cut_until_s)
                except Killed:
                    self._kill(machine)
                    return
            if holder.ending is not None:
                self.happened["fenced"] += holder.fenced
                self.happened[f"ended: {holder.ending}"] += 1
                machine.holders.remove(holder)
        if not machine.holders:
            machine.dropped = False

    # What dask does

    def submit(self, _function: Any, task: SectorTask, *, workers: list[str] | None = None, **_options: Any) -> Task:
        """Give a task to a machine, as ``distributed.Client.submit`` does."""
        future = Task()
        self._place(task, future, None if workers is None else workers[0])
        return future

    def scheduler_info(self, n_workers: int) -> dict[str, Any]:
        """Return the machines that the scheduler knows, as dask's client does."""
        return {"workers": {machine.name: {"last_seen": machine.heard_s} for machine in self._known_machines()}}

    def _known_machines(self) -> list[Machine]:
        now_s = self.clock.monotonic()
        return [one for one in self.machines if now_s >= one.dead_until_s and not one.dropped]

    def _place(self, task: SectorTask, future: Task, wanted: str | None) -> None:
        known = self._known_machines()
        if not known:
            self._waiting.append((task, future))
            return
        machine = next((one for one in known if one.name == wanted), None) or self.chance.choice(known)
        around = Surroundings(
            self._night, self.clock, self.chance, self.brokers[task.name], lambda: self._wait_for_space(task)
        )
        future.holder = Holder(task, machine.name, around)
        future.holder.future = future
        machine.holders.append(future.holder)
        if not self._calm and self.chance.random() < FREEZES_BEFORE_IT_CLAIMS:
            self.happened["machine asleep before its claim"] += 1
            self._put_to_sleep(machine, self.clock.monotonic() + 14.0 * self.chance.random())

    # Trouble

    def _cause_trouble(self) -> None:
        draw, choose, now_s = self.chance.random, self.chance.choice, self.clock.monotonic()
        kinds: list[tuple[float, str, Callable[[], object]]] = [
            (0.03, "disk fault", self._arm),
            (0.006, "disk full", lambda: self._fill(choose(SECTORS))),
            (0.008, "machine killed", lambda: self._kill(choose(self.machines))),
            (0.01, "machine asleep", lambda: self._put_to_sleep(choose(self.machines), now_s + 14.0 * draw() ** 2)),
            (0.006, "leases unreachable", lambda: self._cut_off(choose(self.machines), now_s + 10.0 * draw())),
            (0.02, "link ended", lambda: choose(self.sensors)[1].lose_link()),
            (0.01, "sender restarted", lambda: choose(self.sensors)[1].restart()),
            (0.01, "moved", lambda: self._book.wish(choose(SECTORS), "move")),
            *self.watches.troubles(),
        ]
        for probability, name, happen in kinds:
            if draw() < probability * self._trouble:
                self.happened[name] += 1
                happen()

    def _arm(self) -> None:
        task = self._tasks[self.chance.choice(SECTORS)]
        self.disk.arm(task.data / self.chance.choice(("journal.db", "store.db")), self.chance.choice(FAULTS))

    def _fill(self, sector: str, *, full: bool = True) -> None:
        for name in ("journal.db", "store.db"):
            self.disk.fill(self._tasks[sector].data / name, full=full)

    def _wait_for_space(self, task: SectorTask) -> None:
        self.clock.sleep(0.05)
        if self._calm or self.chance.random() < 0.3:
            self._fill(task.name, full=False)

    def _put_to_sleep(self, machine: Machine, until_s: float) -> None:
        machine.asleep_until_s = until_s

    def _cut_off(self, machine: Machine, until_s: float) -> None:
        machine.cut_until_s = until_s

    def _kill(self, machine: Machine) -> None:
        """End every process of a machine; the scheduler tells at once that their tasks are lost."""
        machine.dead_until_s = self.clock.monotonic() + 1.0 + 3.0 * self.chance.random()
        machine.asleep_until_s = machine.cut_until_s = 0.0
        ended, machine.holders, machine.dropped = machine.holders, [], False
        for holder in ended:
            self.records[holder.task.name].forget_files()
            self.disk.end(holder, (holder.task.data / "journal.db", holder.task.data / "store.db"))
        for holder in ended:
            holder.future.status = "error"

    def _lose(self, _processes: Any, *, of: str) -> None:
        """Kill the holder of a lost sector with its machine; or fail to reach it, so that it goes on when it wakes."""
        lease = self._book.lease(of)
        machine = next((one for one in self.machines if lease is not None and one.name == lease.holder), None)
        if machine is None or not machine.holders:
            return
        if self._calm or self.chance.random() < 0.5:
            self._kill(machine)
            return
        self.happened["lost, still running"] += 1
        machine.dropped = True
        for holder in machine.holders:
            holder.future.status = "error"

    # The end

    def _calm_down(self) -> None:
        """Cause no further trouble, and end that which lasts."""
        self._calm = True
        self.disk.disarm()
        self.watches.calm_down()
        for name in SECTORS:
            self.brokers[name].calm = True
            self._fill(name, full=False)
        for machine in self.machines:
            machine.dead_until_s = machine.asleep_until_s = machine.cut_until_s = 0.0

    def _is_at_rest(self) -> bool:
        """Return whether all is delivered, and every sector is live, which its supervisor knows a little later."""
        live = {holder.task.name for machine in self.machines for holder in machine.holders if holder.is_live}
        delivered = all(one.at_rest for _, one in self.sensors) and all(one.at_rest for one in self.brokers.values())
        return delivered and live == set(SECTORS) and self._cluster.at_rest

    def _book_is_free(self, name: str) -> bool:
        lease = self._book.lease(name)
        return lease is not None and not lease.holder

    def _until(self, holds: Callable[[], bool], otherwise: str) -> None:
        for _ in range(REST_STEPS):
            if holds():
                return
            self._step()
        raise Violation(f"{otherwise} within {REST_STEPS} steps: {self._cluster.leases()}")

    def _compare_with_replay(self, name: str) -> None:
        """Require that everything is journaled, and that the store equals that of one undisturbed fusion."""
        put = {key for sector, sensor in self.sensors if sector == name for key in sensor.put}
        if self.records[name].journaled != put:
            raise Violation(f"{name}: {len(put - self.records[name].journaled)} messages are missing")
        data = self._tasks[name].data
        with JournalReader(data / "journal.db") as journal:
            store = Store(data / "replay.db")
            fusion = Fusion(journal, store, self._night.grounds[name], SETTINGS, ScenarioClock.live())
            while fusion.step(2000):
                pass
            fusion.finish()
            replayed = _outcome(store)
            store.close()
        reader = Reader(data / "store.db")
        live, progress = _outcome(reader), reader.progress()
        reader.close()
        if progress.diverged:
            raise Violation(f"{name}: {progress.diverged} revisions were computed differently the second time")
        for what, of_live, of_replay in zip(("published", "tracks"), live, replayed, strict=True):
            if of_live != of_replay:
                raise Violation(f"{name}: {what} of the live store and of a replay differ")
        if not live[0]:
            raise Violation(f"{name}: nothing was published, so nothing was compared")


def _outcome(store: Reader) -> tuple[dict[tuple[str, int], bytes], str]:
    rows = store.outbox_after(0, limit=1_000_000, kind=None)
    return {(row.alert, row.revision): row.body for row in rows}, track_log_hash(store.history_dataset())

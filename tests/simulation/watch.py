"""The identity process of a simulated world: the real ``NationWatch``, killed, frozen and replaced like the holders.

It does what ``ops.cluster.identity.process.run`` and the supervisor that starts it do, one look at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Final
from unittest.mock import patch

from ops.cluster.identity import process as identity_process
from ops.cluster.identity.nation_store import FILE, NationError, NationLost
from ops.cluster.identity.process import NationWatch
from ops.cluster.identity.sighting import SensorReach
from tests.simulation.clock import SimClock
from tests.simulation.disk import FAULTS, Disk, Killed
from tests.simulation.invariants import Violation
from tests.simulation.nation_record import NationRecord, Tables

PICTURES_AT_ONCE: Final = 25
"""Few, so that what a process reads again after its start takes several commits."""
FORGET_EVERY_S: Final = 8.0
"""Often, because a world lasts a minute."""


class Watch:
    """One process. ``asleep_until_s``: it is frozen until then."""

    machine, token = "identities", 0

    def __init__(self) -> None:
        self.watch: NationWatch | None = None
        self.asleep_until_s = self.look_due_s = 0.0


class Watches:
    """The identity processes of a world: the newest, and those that are frozen while it runs."""

    def __init__(
        self, folder: Path, reaches: Mapping[str, SensorReach], clock: SimClock, chance: Random, disk: Disk
    ) -> None:
        self.path, self.happened = folder / FILE, Counter[str]()
        self.record = NationRecord(folder, tuple(reaches))
        self._folder, self._reaches, self._clock, self._chance, self._disk = folder, reaches, clock, chance, disk
        self._running: list[Watch] = []
        self._newest: Watch | None = None
        self._start_due_s = 10.0 * chance.random() ** 2
        disk.power_fails = self.end_with_machine_of

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Let the process have the clock of the world, and commit and forget more often than usual."""
        with (
            patch.object(identity_process, "time", self._clock),
            patch.object(identity_process, "PICTURES_AT_ONCE", PICTURES_AT_ONCE),
            patch.object(identity_process, "FORGET_EVERY_S", FORGET_EVERY_S),
        ):
            yield

    def step(self) -> None:
        """Start a process if none runs, and let each that is awake look when it is time."""
        now_s = self._clock.monotonic()
        if self._newest is None and now_s >= self._start_due_s:
            self._newest = Watch()
            self._running.append(self._newest)
        for one in self._chance.sample(self._running, len(self._running)):
            if one in self._running and now_s >= max(one.asleep_until_s, one.look_due_s):
                one.look_due_s = now_s + identity_process.EVERY_S * (0.5 + self._chance.random())
                self._turn(one)

    def _turn(self, one: Watch) -> None:
        with self._disk.run_by(one):
            try:
                if one.watch is None:
                    one.watch = NationWatch(self._folder, self._reaches)
                    one.token = one.watch._store.fence
                else:
                    one.watch.look()
            except Killed:
                self._end(one)
            except NationLost:
                self.happened["identities fenced"] += 1
                self._end(one)
            except NationError:
                self.happened["identities not written"] += 1
                if one.watch is None:
                    self._end(one)

    def _end(self, one: Watch) -> None:
        """End a process where it is; the supervisor starts another if it was the newest."""
        self.record.forget_files()
        self._disk.end(one, (self.path,))
        self._running.remove(one)
        if one is self._newest:
            self._newest, self._start_due_s = None, self._clock.monotonic() + 0.5 + 2.0 * self._chance.random()

    def end_with_machine_of(self, path: Path) -> None:
        """End the processes that have a file open whose machine loses its power."""
        for one in [one for one in self._running if one is not self._disk.running]:
            if id(one) in self._disk.users(path):
                self.happened["identities ended with the machine"] += 1
                self._end(one)

    # Trouble

    def troubles(self) -> list[tuple[float, str, Callable[[], object]]]:
        """Return what may happen in a step: its probability, its name, and what lets it happen."""
        return [
            (0.03, "disk fault of identities", lambda: self._disk.arm(self.path, self._chance.choice(FAULTS))),
            (0.005, "disk of identities full", lambda: self._disk.fill(self.path, full=True)),
            (0.03, "disk of identities not full", lambda: self._disk.fill(self.path, full=False)),
            (0.01, "identities killed", self._kill),
            (0.015, "identities asleep", self._put_to_sleep),
        ]

    def _kill(self) -> None:
        if self._running:
            self._end(self._chance.choice(self._running))

    def _put_to_sleep(self) -> None:
        """Freeze the newest process; mostly another is started, as by the supervisor of another machine."""
        if self._newest is not None:
            self._newest.asleep_until_s = self._clock.monotonic() + 14.0 * self._chance.random()
            if self._chance.random() < 0.7:
                self._newest, self._start_due_s = None, self._clock.monotonic()

    def calm_down(self) -> None:
        """End what lasts."""
        self._disk.fill(self.path, full=False)
        for one in self._running:
            one.asleep_until_s = 0.0

    def close(self) -> None:
        """End all processes."""
        for one in list(self._running):
            self._end(one)
        self.record.forget_files()

    # The end

    def undisturbed(self) -> Tables:
        """Return what one process decides that reads the stores as they are now, at once."""
        apart = self._folder / "undisturbed"
        apart.mkdir()
        for name in self._reaches:
            (apart / name).symlink_to(self._folder / name)
        with ExitStack() as stack:
            watch = NationWatch(apart, self._reaches)
            stack.callback(watch.close)
            while watch.look():
                pass
        record = NationRecord(apart, tuple(self._reaches))
        record.check()
        record.forget_files()
        return record.tables

    def compare(self) -> None:
        """Require that all was decided, and as by a process that nothing disturbed. Raises Violation.

        Which incident an incident continues depends on those that were known when it was read first (0107): each that
        continues one is there, and may continue another.
        """
        found, undisturbed = self.record.tables, self.undisturbed()
        for table in ("identities", "changes", "met", "progress"):
            here, there = found[table], undisturbed[table]
            if here != there:
                key = min(key for key in here.keys() | there.keys() if here.get(key) != there.get(key))
                raise Violation(f"{table}: {key} is {here.get(key)}; of an undisturbed process {there.get(key)}")
        if lacking := undisturbed["continued"].keys() - found["continued"].keys():
            raise Violation(f"incidents continue none: {sorted(lacking)}")
        joined = sum(row[2] is not None for row in found["identities"].values())
        if not joined:
            raise Violation("no track took the identity of a neighbour's, so nothing was compared")
        told = {"tracks changed": "changes", "tracks met": "met", "incidents continued": "continued"}
        self.happened.update({"tracks joined": joined} | {what: len(found[table]) for what, table in told.items()})

"""The identity process of a cluster: ``python -m ops.cluster.identity.process --folder DATA``.

It reads the sectors' stores, writes ``nation.db``, and nothing waits for it. The supervisor sends over stdin how
far the sensors of each sector reach. Killed at any point, it continues with what it had decided. It ends with its
parent.
"""

from __future__ import annotations

import argparse
import heapq
import logging
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from ops.cluster.identity.decision import IdentityChange, IdentityDecision, Key
from ops.cluster.identity.followed import PictureFollower, SectorPicture
from ops.cluster.identity.incidents import MOST, SectorIncident, continuations, sector_incidents
from ops.cluster.identity.joining import MEMORY_S, SECOND_NS, Joining
from ops.cluster.identity.nation_store import Continued, NationError, NationLost, NationStore
from ops.cluster.identity.revision import Revising
from ops.cluster.identity.sighting import SensorReach, TrackInPicture
from ops.cluster.identity.summary import summary_of
from ops.runtime.processes.child_process import child_main, say
from ops.store.connections import StoreError
from ops.store.incidents import IncidentReader

log = logging.getLogger(__name__)

EVERY_S: Final = 1.0
PICTURES_AT_ONCE: Final = 500
"""Pictures taken in before they are committed: after a long pause there are many."""
FORGET_EVERY_S: Final = 600.0
NICENESS: Final = 5
STORE: Final = "store.db"


class NationWatch:
    """Reads what is new in the sectors below ``folder`` and writes decisions and summaries.

    Parameters
    ----------
    folder : path
        Data folder of the cluster, with a folder for each sector.
    reaches : mapping of str to SensorReach
        How far the sensors of each sector reach.
    """

    def __init__(self, folder: Path, reaches: Mapping[str, SensorReach]) -> None:
        self._folder, self._names = folder, sorted(reaches)
        self._store = NationStore(folder)
        self._joining = Joining(reaches, stored=self._store.decision_of)
        self._revising = Revising(self._names, read=self._progress(), stored=self._store)
        self._followers = {name: PictureFollower(name, folder / name / STORE) for name in self._names}
        self._readers = {name: IncidentReader(folder / name / STORE) for name in self._names}
        self._read_ns = self._begin()
        self._tracks: dict[str, list[TrackInPicture]] = {}
        self._events: dict[str, int] = {}
        self._incidents: dict[str, list[SectorIncident]] = {}
        self._continued: set[Key] = set()
        """Incidents that are known to continue others by the file."""
        self._uncommitted: list[IdentityDecision] = []
        self._uncommitted_changes: list[IdentityChange] = []
        self._changed = True
        self._has_failed = False
        self._forget_due_s = 0.0

    def _progress(self) -> dict[str, int]:
        progress = self._store.progress()
        return {name: progress[name] for name in self._names if name in progress}

    def _begin(self) -> dict[str, int]:
        """Return for each sector where to begin: some minutes before what was read, or before now at the first time."""
        begin_ns = self._progress()
        for name, follower in self._followers.items():
            if name not in begin_ns:
                with suppress(StoreError):
                    begin_ns[name] = follower.newest_ns() or 0
        return {name: max(begin_ns.get(name, 0) - round(MEMORY_S * SECOND_NS), 0) for name in self._names}

    def look(self) -> int:
        """Take in what is new, and commit it; return the number of pictures."""
        taken = 0
        for picture in heapq.merge(*(self._new(name) for name in self._names), key=lambda one: one[:2]):
            decisions = self._joining.take(*(one := (picture.sector, picture.stamp_ns, picture.tracks)))
            self._uncommitted += decisions
            self._uncommitted_changes += self._revising.take(*one, decisions)
            self._read_ns[picture.sector] = picture.stamp_ns
            self._tracks[picture.sector] = picture.tracks
            taken += 1
            if taken >= PICTURES_AT_ONCE:
                break
        self._changed |= self._read_incidents() or bool(self._uncommitted or self._uncommitted_changes)
        continued = self._new_continuations() if self._changed else []
        progress = {name: self._read_ns[name] for name in self._tracks}
        summaries = self._summaries()
        if self._has_failed:  # the commit before; it may have been written all the same
            self._uncommitted = [one for one in self._uncommitted if self._store.decision_of(one.key) != one]
        self._has_failed = True
        self._store.commit(
            self._uncommitted,
            changes=self._uncommitted_changes,
            progress=progress,
            continued=continued,
            summaries=summaries,
        )
        self._uncommitted, self._uncommitted_changes, self._changed, self._has_failed = [], [], False, False
        self._continued |= {(one.sector, one.incident) for one in continued}
        self._forget_stored()
        return taken

    def _forget_stored(self) -> None:
        """Now and then, when all is committed, drop what the file has and no picture or incident needs."""
        if time.monotonic() < self._forget_due_s:
            return
        self._forget_due_s = time.monotonic() + FORGET_EVERY_S
        self._joining.forget_stored()
        self._revising.forget_stored()
        self._continued &= {(name, one.id) for name, each in self._incidents.items() for one in each}

    def _new(self, name: str) -> Iterator[SectorPicture]:
        """Yield the new pictures of a sector; none while its store cannot be read."""
        with suppress(StoreError):
            yield from self._followers[name].after(self._read_ns[name])

    def _read_incidents(self) -> bool:
        """Read the incidents of sectors where something was published; return whether any was."""
        changed = False
        for name, reader in self._readers.items():
            with suppress(StoreError):
                if self._events.get(name) != (last := reader.last_event()):
                    self._incidents[name] = sector_incidents(reader.open_incidents(rows=MOST))
                    self._events[name] = last
                    changed = True
        return changed

    def _new_continuations(self) -> list[Continued]:
        """Return which incidents continue others that the file does not state yet; of it no others are read."""
        found = continuations(self._incidents, self._revising.identity_of, self._revising.target_of)
        new = [one for one in found if (one.sector, one.incident) not in self._continued]
        for sector in {one.sector for one in new}:
            stored = self._store.continued_of(sector, [one.incident for one in new if one.sector == sector])
            self._continued |= {(one.sector, one.incident) for one in stored}
        return [one for one in new if (one.sector, one.incident) not in self._continued]

    def _summaries(self) -> dict[str, bytes]:
        undecided = Counter(sector for sector, _ in self._joining.undecided)
        return {name: body for name in self._tracks if (body := self._summary(name, undecided[name])) is not None}

    def _summary(self, name: str, undecided: int) -> bytes | None:
        with suppress(StoreError):
            parts = {part: self._readers[name].live(part) for part in ("sensors", "forces")}
            bodies = {part: None if live is None else live.body for part, live in parts.items()}
            incidents = self._incidents.get(name, [])
            stamp_ns = self._read_ns[name]
            return msgspec.json.encode(summary_of(stamp_ns, self._tracks[name], undecided, incidents, **bodies))
        return None

    def close(self) -> None:
        """Close all files."""
        for reader in (*self._followers.values(), *self._readers.values()):
            reader.close()
        self._store.close()


class FromSupervisor:
    """What the supervisor sends: how far the sensors of each sector reach."""

    def __init__(self) -> None:
        self.told = threading.Event()
        self.reaches: dict[str, SensorReach] = {}

    def hear(self, message: Mapping[str, Any]) -> None:
        """Take one message."""
        if "reaches" in message:
            self.reaches = {name: SensorReach(tuple(map(tuple, each))) for name, each in message["reaches"].items()}
            self.told.set()


def run(arguments: argparse.Namespace, stop: threading.Event, supervisor: FromSupervisor) -> int:
    """Look about every second until ``stop``; a full disk is waited for."""
    with suppress(OSError):
        os.nice(NICENESS)
    while not supervisor.told.wait(0.1):
        if stop.is_set():
            return 0
    watch = NationWatch(arguments.folder, supervisor.reaches)
    try:
        say(ready=True, problem=None)
        problem = ""
        while not stop.is_set():
            began_s = time.monotonic()
            try:
                watch.look()
                now = ""
            except NationLost:
                raise
            except NationError as error:
                now = str(error)
            if now != problem:
                say(problem=now or None)
                problem = now
            stop.wait(max(EVERY_S - (time.monotonic() - began_s), 0.0))
        return 0
    finally:
        watch.close()


def main() -> int:
    """Run the process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="data folder of the cluster")
    supervisor = FromSupervisor()
    return child_main(
        lambda arguments, stop: run(arguments, stop, supervisor), parser.parse_args(), hear=supervisor.hear
    )


if __name__ == "__main__":
    sys.exit(main())

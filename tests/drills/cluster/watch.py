"""What is seen while the drill runs: leases and how long a sector is away, rows and alerts, memory, files."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from geo.errors import WatchlineError
from ops.cluster.leases.lease_book import Lease, Leases
from ops.cluster.leases.open_leases import known_leases
from ops.journal.stores.place import read_journal
from ops.store.reader import Reader

ROWS: Final = 10_000
MEGABYTE: Final = 1e6


class Failovers:
    """How long sectors are not live: from the fault until a later lease is live."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._book: Leases | None = None
        self._since: dict[str, tuple[str, float, int]] = {}
        self.times_s: dict[str, list[float]] = defaultdict(list)
        """By what was done, how long each sector took until it was live again [s]."""
        self.highest: dict[str, int] = {}
        self.violations: list[str] = []

    def leases(self) -> dict[str, Lease]:
        """Return the leases, by sector; none before there are any."""
        if self._book is None:
            with suppress(WatchlineError):
                self._book = known_leases(self._data)
            if self._book is None:
                return {}
        with suppress(WatchlineError):
            return {lease.sector: lease for lease in self._book.leases()}
        return {}

    def struck(self, sectors: Iterable[str], how: str, now_s: float) -> None:
        """Note that a fault ends the present leases of these sectors."""
        held = self.leases()
        for name in sectors:
            self._since.setdefault(name, (how, now_s, held[name].token if name in held else 0))

    def look(self, now_s: float) -> None:
        """Note which sectors are live again, and that the number of a lease never falls."""
        for name, lease in self.leases().items():
            if lease.token < self.highest.get(name, 0):
                self.violations.append(f"{name}: lease {lease.token} after {self.highest[name]}")
            self.highest[name] = max(lease.token, self.highest.get(name, 0))
            if name in self._since and lease.live_ns is not None and lease.token > self._since[name][2]:
                how, since_s, _ = self._since.pop(name)
                self.times_s[how].append(now_s - since_s)

    def all_live(self, sectors: Iterable[str]) -> bool:
        """Whether each of these sectors is held and live, and none is awaited."""
        leases = self.leases()
        return not self._since and all(
            name in leases and leases[name].holder != "" and leases[name].live_ns is not None for name in sectors
        )

    def close(self) -> None:
        if self._book is not None:
            self._book.close()


class Seen:
    """Rows and revisions as they were first seen in a sector; they must stay so, whatever is killed."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self.rows: dict[int, bytes] = {}
        self.revisions: dict[tuple[str, str, int], bytes] = {}
        self._row = self._published = 0

    def look(self) -> None:
        """Read what is new. What cannot be read now is read later."""
        with suppress(WatchlineError, OSError):
            journal = read_journal(self._data / "journal.db")
            try:
                for row in journal.read(self._row, ROWS):
                    self.rows[row.id] = _hash(row.sensor, row.kind, row.boot, row.seq, row.body)
                    self._row = row.id
            finally:
                journal.close()
        with suppress(WatchlineError, OSError):
            store = Reader(self._data / "store.db")
            try:
                for one in store.outbox_after(self._published, limit=ROWS, kind=None):
                    key = one.kind, one.alert, one.revision
                    self.revisions.setdefault(key, _hash(one.body))
                    self._published = one.n
            finally:
                store.close()

    def lost(self, later: Seen) -> list[str]:
        """Return what ``later``, read from the beginning, does not have as it was seen here."""
        rows = [f"row {number}" for number, known in self.rows.items() if later.rows.get(number) != known]
        return rows + [f"{key}" for key, known in self.revisions.items() if later.revisions.get(key) != known]


def _hash(*values: object) -> bytes:
    return hashlib.sha256(repr(values).encode()).digest()[:16]


class Use:
    """Memory and descriptors of each process over its life, and the sizes of write-ahead logs."""

    def __init__(self) -> None:
        self.memory: dict[str, dict[object, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
        """Megabytes over seconds, by part and life of a process."""
        self.descriptors: dict[str, dict[object, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
        self.wal: list[tuple[float, float]] = []
        """Megabytes of the largest write-ahead log at each time."""
        self.load: list[float] = []

    def look(self, processes: Mapping[tuple[str, str], psutil.Process], data: Path, now_s: float) -> None:
        """Take one sample."""
        for (part, _), process in processes.items():
            with suppress(psutil.Error, OSError):
                life = process.pid, process.create_time()
                self.memory[part][life].append((now_s, process.memory_info().rss / MEGABYTE))
                self.descriptors[part][life].append((now_s, float(process.num_fds())))
        sizes = [0.0]
        for path in data.rglob("*-wal"):
            with suppress(OSError):
                sizes.append(path.stat().st_size / MEGABYTE)
        self.wal.append((now_s, max(sizes)))
        self.load.append(os.getloadavg()[0])

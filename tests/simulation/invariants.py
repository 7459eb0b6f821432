"""What must hold after every step of a simulated world, read from the files of a sector and from nothing else."""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from geo.errors import WatchlineError
from ops.journal.reader import JournalReader
from ops.store.reader import OutboxRow, Reader
from tests.simulation.network import Broker, Key


class Violation(AssertionError):
    """An invariant does not hold."""


class SectorRecord:
    """What has been seen in the files of one sector so far; all of it must stay."""

    def __init__(self, name: str, data: Path, broker: Broker) -> None:
        self._name, self._broker = name, broker
        self._journal_path, self._store_path = data / "journal.db", data / "store.db"
        self._journal: JournalReader | None = None
        self._store: Reader | None = None
        self._rows: list[tuple[int, bytes]] = []
        self._order: dict[str, tuple[int, int]] = {}
        self._outbox: list[OutboxRow] = []
        self._promised: dict[tuple[str, int], int] = {}
        self._acknowledged = 0
        self.journaled: set[Key] = set()
        self.published: dict[tuple[str, int], bytes] = {}

    def forget_files(self) -> None:
        """Close the files, which may be replaced now, and read all of them again at the next check."""
        if self._journal is not None:
            self._journal.close()
        if self._store is not None:
            self._store.close()
        self._journal = self._store = None

    def check(self) -> None:
        """Read what is new. Raises Violation."""
        self._check_journal()
        self._check_promises()
        self._check_outbox()

    def _check_journal(self) -> None:
        if self._journal is None:
            if not self._journal_path.is_file():
                return
            with suppress(WatchlineError):  # its tables are not there yet
                self._journal = JournalReader(self._journal_path)
            if self._journal is None:
                return
            self._compare_rows(self._journal)
        for row in self._journal.read(self._rows[-1][0] if self._rows else 0, 1_000_000):
            self._take(row.id, row.kind, row.sensor, row.boot, row.seq, row.body)
        by_sensor = {sensor: 0 for sensor, _, _ in self.journaled}
        for sensor, _, _ in self.journaled:
            by_sensor[sensor] += 1
        for sensor, counts in self._journal.counts().items():
            self._require(counts.balanced, f"counts of {sensor} do not balance: {counts}")
            self._require(counts.journaled == by_sensor.get(sensor, 0), f"{sensor}: {counts} for {by_sensor}")

    def _compare_rows(self, journal: JournalReader) -> None:
        """Require that a file that was left by a process that ended holds every row that was seen before."""
        found = {
            row.id: _digest(row.kind, row.sensor, row.boot, row.seq, row.body) for row in journal.read(0, 1_000_000)
        }
        for identity, digest in self._rows:
            self._require(found.get(identity) == digest, f"row {identity} is lost or changed")

    def _take(self, identity: int, kind: str, sensor: str, boot: int | None, seq: int | None, body: bytes) -> None:
        self._rows.append((identity, _digest(kind, sensor, boot, seq, body)))
        if kind != "detections" or boot is None or seq is None:
            return
        self._require((sensor, boot, seq) not in self.journaled, f"{sensor} {boot} {seq} is journaled twice")
        self.journaled.add((sensor, boot, seq))
        if self._broker.weather.orderly:
            before = self._order.get(sensor, (0, 0))
            self._require((boot, seq) > before, f"{sensor}: {(boot, seq)} is journaled after {before}")
            self._order[sensor] = (boot, seq)

    def _check_promises(self) -> None:
        """Require that whatever the broker or a sensor was told to delete is in the journal."""
        if len(self._broker.acknowledged) != self._acknowledged:
            self._acknowledged = len(self._broker.acknowledged)
            lost = self._broker.acknowledged - self.journaled
            self._require(not lost, f"acknowledged, not journaled: {sorted(lost)[:5]}")
        for (sensor, boot), seq in self._broker.promised.items():
            for number in range(self._promised.get((sensor, boot), 0) + 1, seq + 1):
                self._require((sensor, boot, number) in self.journaled, f"told to delete {sensor} {boot} {number}")
            self._promised[sensor, boot] = seq

    def _check_outbox(self) -> None:
        if self._store is None:
            if not self._store_path.is_file():
                return
            self._store = Reader(self._store_path)
            found = self._published_after(0)
            self._require(found[: len(self._outbox)] == self._outbox, "what was published is lost or changed")
        for row in self._published_after(self._outbox[-1].n if self._outbox else 0):
            known = self.published.setdefault((row.alert, row.revision), row.body)
            self._require(known is row.body, f"{row.alert} revision {row.revision} is published twice")
            self._outbox.append(row)

    def _published_after(self, number: int) -> list[OutboxRow]:
        assert self._store is not None
        try:
            return self._store.outbox_after(number, limit=1_000_000, kind=None)
        except WatchlineError:  # its tables are not there yet
            return []

    def digest(self) -> str:
        """Return a hash of all that was seen, equal in equal worlds."""
        seen = sha256()
        for identity, digest in self._rows:
            seen.update(b"%d %s\n" % (identity, digest))
        for row in self._outbox:
            seen.update(b"%d %s\n" % (row.n, row.body))
        return seen.hexdigest()

    def _require(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise Violation(f"{self._name}: {otherwise}")


def _digest(kind: str, sensor: str, boot: int | None, seq: int | None, body: bytes) -> bytes:
    return sha256(f"{kind} {sensor} {boot} {seq} ".encode() + body).digest()

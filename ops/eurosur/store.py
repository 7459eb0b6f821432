"""The reports of a data folder, ``eurosur.db``: they are added and never changed; a correction is a further report."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from geo.errors import BadInput
from ops.eurosur.report import INDICATORS, Report, check_confidence, report_of
from ops.runtime.account import give_to_owner
from ops.runtime.files.transaction import transaction
from sensors.timestamps import nanoseconds, utc_datetime

FILE: Final = "eurosur.db"
_TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS reports (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, follows TEXT, added_ns INTEGER NOT NULL, sent_ns INTEGER,
    body BLOB NOT NULL)""",
    "CREATE UNIQUE INDEX IF NOT EXISTS one_follower ON reports (follows) WHERE follows IS NOT NULL",
    "CREATE TABLE IF NOT EXISTS erased (id_sha256 BLOB PRIMARY KEY) WITHOUT ROWID",
)


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A report with the times at which it was added, and first sent; None: not sent yet.

    ``raises``: it follows one that was not due within 24 h, and is due itself, as where its impact was raised; or an
    indicator of another month.
    ``concludes``: it is the first of a rescue that states its end.
    """

    report: Report
    added_at: datetime
    sent_at: datetime | None
    raises: bool = False
    concludes: bool = False

    @property
    def is_due(self) -> bool:
        """Whether this report must be sent by a time: the first of an event or of an indicator's month, or one that
        raises or concludes."""
        of_a_due_kind = self.report.is_single_event or self.report.sublayer in INDICATORS
        return self.raises or self.concludes or (of_a_due_kind and not self.report.follows)

    def overdue_at(self, now: datetime) -> bool:
        """Whether this report is due, and was not sent in time."""
        return self.is_due and (self.sent_at or now) > self.report.due_at


class ReportStore:
    """The reports of a data folder."""

    def __init__(self, data: Path) -> None:
        self._database = sqlite3.connect(data / FILE, isolation_level=None, timeout=60.0)
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute("PRAGMA secure_delete = ON")
        with transaction(self._database):
            for table in _TABLES:
                self._database.execute(table)
        give_to_owner(data / FILE)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def add(self, reports: Iterable[Report], now: datetime, audited: Callable[[int], None] = lambda _: None) -> int:
        """Add reports, in order: all of them, or none; return their number, which ``audited`` has recorded before.

        Raises
        ------
        BadInput
            Naming the row of the first that has a wrong field, a name that is taken, or that does not continue the
            newest report of an open event of its layer.
        """
        count = 0
        with transaction(self._database):
            for count, report in enumerate(reports, start=1):
                try:
                    self._add(report, now)
                except BadInput as error:
                    where = f"row {count} ({report.id[:64]}) {error.where}"
                    raise BadInput(error.what, where=where, expected=error.expected) from None
            audited(count)
        return count

    def reports(self) -> list[StoredReport]:
        """Return every report, in order of adding."""
        rows = self._database.execute("SELECT body, added_ns, sent_ns FROM reports ORDER BY n")
        found, single, ended, months = [], dict[str, bool](), dict[str, bool](), dict[str, Any]()
        for one in (_stored(*row) for row in rows):
            name, follows = one.report.id, one.report.follows
            before, now = single.get(follows, False), one.report.is_single_event
            over, ends = ended.get(follows, False), one.report.ended_at is not None
            single[name], ended[name] = before or now, over or ends
            is_indicator, month = (
                one.report.sublayer in INDICATORS,
                (one.report.sublayer, one.report.details.get("month")),
            )
            raises = (now and not before) or (is_indicator and months.get(follows, month) != month)
            months[name] = month
            found.append(replace(one, raises=bool(follows) and raises, concludes=bool(follows) and ends and not over))
        return found

    def report(self, identity: str) -> StoredReport | None:
        """Return a report by its id."""
        row = self._database.execute("SELECT body, added_ns, sent_ns FROM reports WHERE id = ?", (identity,)).fetchone()
        return None if row is None else _stored(*row)

    def chains(self) -> list[list[StoredReport]]:
        """Return the reports by event: each a list from the first report to the newest."""
        chains: dict[str, list[StoredReport]] = {}
        first: dict[str, str] = {}
        for one in self.reports():
            name = first[one.report.id] = first.get(one.report.follows, one.report.id)
            chains.setdefault(name, []).append(one)
        return list(chains.values())

    def erase(self, identities: Sequence[str]) -> int:
        """Erase and overwrite reports by their ids, and keep the hashes of these; return the number of reports."""
        with transaction(self._database) as database:
            database.executemany(
                "INSERT OR IGNORE INTO erased VALUES (?)", ((_hash_of(identity),) for identity in identities)
            )
            return sum(
                database.execute("DELETE FROM reports WHERE id = ?", (identity,)).rowcount for identity in identities
            )

    def note_sent(self, reports: Sequence[Report], now: datetime) -> None:
        """Note that reports were sent; the first time counts."""
        with transaction(self._database) as database:
            database.executemany(
                "UPDATE reports SET sent_ns = ? WHERE id = ? AND sent_ns IS NULL",
                ((nanoseconds(now), one.id) for one in reports),
            )

    def _add(self, report: Report, now: datetime) -> None:
        report.check()
        if report.known_at > now:
            raise BadInput("is in the future", where="known_at", expected=f"a time up to {now.isoformat()}")
        if self.report(report.id) is not None or self._was_erased(report.id):
            raise BadInput(f"{report.id!r} is taken", where="id", expected="a new name; reports are never changed")
        if report.follows:
            self._check_follows(report)
        supporting = [self.report(one) for one in report.supported_by]
        if None in supporting or report.id in report.supported_by:
            raise BadInput("an unknown report", where="supported_by", expected="ids of reports that were added before")
        check_confidence(report, [one.report for one in supporting if one is not None])
        if report.id in report.related or any(self.report(one) is None for one in report.related):
            raise BadInput("an unknown report", where="related", expected="ids of reports that were added before")
        row = (report.id, report.follows or None, nanoseconds(now), msgspec.json.encode(report))
        self._database.execute("INSERT INTO reports (id, follows, added_ns, body) VALUES (?, ?, ?, ?)", row)

    def _was_erased(self, identity: str) -> bool:
        found = self._database.execute("SELECT 1 FROM erased WHERE id_sha256 = ?", (_hash_of(identity),))
        return found.fetchone() is not None

    def _check_follows(self, report: Report) -> None:
        before = self.report(report.follows)
        if before is None or before.report.layer != report.layer:
            expected = f"a report of the layer {report.layer} that was added before"
            raise BadInput(f"no report {report.follows[:64]!r}", where="follows", expected=expected)
        if before.report.status != "open":
            expected = "an event that is open; a new event starts without `follows`"
            raise BadInput(f"{report.follows!r} is {before.report.status}", where="follows", expected=expected)
        taken = self._database.execute("SELECT id FROM reports WHERE follows = ?", (report.follows,)).fetchone()
        if taken is not None:
            raise BadInput(f"{report.follows!r} has a follow-up", where="follows", expected=f"{taken[0]!r}, the newest")


def _hash_of(identity: str) -> bytes:
    return sha256(identity.encode()).digest()


def _stored(body: bytes, added_ns: int, sent_ns: int | None) -> StoredReport:
    sent = None if sent_ns is None else utc_datetime(sent_ns)
    return StoredReport(report_of(msgspec.json.decode(body)), utc_datetime(added_ns), sent)

"""Retention: erases each kind of record to the day that the settings state, unless a legal hold keeps it.

While a room runs, the keys of due days are erased, which makes every copy of their records unreadable at once, and
what no key protects: records in files of their own, partitions of a journal in PostgreSQL, points of the map layers.
``watchline store purge`` on a stopped room also overwrites the records, and those that were written before records
were encrypted.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from geo.errors import WatchlineError
from ops.audit.day_keys import DayKeys, IsDue, KeyKind
from ops.audit.entry import AuditEntry
from ops.audit.erasure import erasable, erase_entries
from ops.audit.files import FOLDER as AUDIT_FOLDER
from ops.audit.log import IMPORTED, AuditLog
from ops.audit.old_access import OLD_ACCESS
from ops.eurosur.erasure import count_reports, days_of_open_events, days_of_reports, erase_reports
from ops.exchange.erasure import count_packages, days_of_packages, erase_packages, forget_expired
from ops.journal.erasure import count_bodies, erase_bodies
from ops.journal.stores.place import notes_in
from ops.postgres.address import postgres_packages
from ops.postgres.note import StoreNote
from ops.sector.setting_tables.data import Hold
from ops.sector.settings import Settings
from ops.services.feeds.ledger import FILE as LEDGER
from ops.services.feeds.ledger import undelivered_rows
from ops.services.media.erasure import count_pictures, days_of_pictures, erase_pictures
from ops.store.connections import store_exists
from ops.store.erasure import (
    count_points,
    count_records,
    days_of_open_alerts,
    days_of_picture,
    days_of_rows,
    erase_points,
    erase_records,
)

_Result = TypeVar("_Result")


class _OwnStore(NamedTuple):
    """What is done with a file of its own: the days of its records, their number on some days, and their erasure."""

    days: Callable[[Path], list[date]]
    number: Callable[[Path, Collection[date]], int]
    erase: Callable[[Path, Collection[date]], int]


ERASED_BY_KEY: Final[tuple[KeyKind, ...]] = ("detections", "tracks", "alerts", "unit_positions")
ERASED_BY_ROW: Final[Mapping[str, _OwnStore]] = {
    "eurosur": _OwnStore(days_of_reports, count_reports, erase_reports),
    "partners": _OwnStore(days_of_packages, count_packages, erase_packages),
    "media": _OwnStore(days_of_pictures, count_pictures, erase_pictures),
}
"""Kinds in files of their own, whose rows are overwritten at once, also while a room runs."""
EXPORTS: Final = "exports"
"""Folder of the data folder whose files are erased after their retention."""
ERASING: Final = ".erasing"
"""Suffix of a file that is being overwritten; one that remains after an interruption is due, whatever its age."""
PURPOSE: Final = "retention"
LIVE_DAYS: Final = 1
"""Days after which keys of earlier pictures and checkpoints are erased."""
Done = TypeVar("Done")
RETRY_S: Final = 3600.0
"""Time after which a failed erasure is repeated."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Records past their retention that are kept, and why."""

    kind: str
    day: date
    reason: str


@dataclass(slots=True)
class Purge:
    """What was erased, or would be: days by kind, files, numbers of overwritten records and of entries.

    ``exports`` also lists the earlier access log.
    """

    days: dict[str, list[date]] = field(default_factory=dict)
    exports: list[Path] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    records: int = 0
    audit_entries: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return the result for JSON."""
        return {
            "days": {kind: [day.isoformat() for day in days] for kind, days in self.days.items()},
            "exports": [str(path) for path in self.exports],
            "kept": [{"kind": one.kind, "day": one.day.isoformat(), "reason": one.reason} for one in self.kept],
            "records": self.records,
            "audit_entries": self.audit_entries,
        }


class Retention:
    """The rules of the settings on one day."""

    def __init__(self, folder: Path, settings: Settings, today: date) -> None:
        self.folder, self.settings, self.today = folder, settings, today
        self.problems: list[str] = []
        self.open_days = self.tried("store", lambda: days_of_open_alerts(folder / "store.db"), None)
        self.open_events = self.tried("eurosur", lambda: days_of_open_events(folder), set[date]())
        rows = undelivered_rows(folder / LEDGER)
        undelivered: set[date] | None = set()
        if rows is not None:
            undelivered = self.tried("store", lambda: days_of_rows(folder / "store.db", *rows), None)
        self.undelivered_days = undelivered

    def tried(self, kind: str, work: Callable[[], _Result], instead: _Result) -> _Result:
        """Do work on a file of its own; where that fails, note it, so that the other kinds are still erased."""
        try:
            return work()
        except (sqlite3.Error, OSError, msgspec.MsgspecError, WatchlineError) as error:
            if (problem := f"{kind}: {error}") not in self.problems:
                self.problems.append(problem)
            return instead

    def is_past(self, kind: str, day: date) -> bool:
        """Return whether the retention of records of ``day`` has ended."""
        days: int = getattr(self.settings.retention, kind)
        return days > 0 and (self.today - day).days > days

    def why_kept(self, kind: str, day: date) -> str | None:
        """Return why records are kept beyond their retention; None if nothing keeps them."""
        holds: Iterable[Hold] = self.settings.hold
        for hold in holds:
            if hold.covers(kind, day, self.today):
                return f"legal hold until {hold.until.isoformat()}: {hold.reason}"
        if kind == "alerts":
            if self.open_days is None or self.undelivered_days is None:
                return "which alerts are open cannot be read"
            if day in self.open_days:
                return "alerts of this day are open"
            if day in self.undelivered_days:
                return "alerts of this day are not delivered"
        if kind == "eurosur" and day in self.open_events:
            return "events of this day are open"
        return None

    def is_due(self, kind: str, day: date) -> bool:
        """Return whether records of ``kind`` and ``day`` are to be erased today."""
        return self.is_past(kind, day) and self.why_kept(kind, day) is None


def purge(
    folder: Path,
    settings: Settings,
    *,
    today: date,
    dry_run: bool = False,
    overwrite: bool = False,
    store: str | None = None,
) -> Purge:
    """Erase what is due on ``today``; with ``dry_run`` only say what.

    ``overwrite``: also overwrite the records themselves, which needs a stopped room. ``store``: address, with its
    password, of a store that holds the journal; by default that of the environment. Every erasure is recorded in the
    audit log before it is done.
    """
    rules, keys, done = Retention(folder, settings, today), DayKeys(folder / "keys"), Purge()
    stored = _StoredJournals(notes_in(folder), store)
    known: dict[str, list[date]] = {kind: sorted({*keys.days(kind), *stored.days(kind)}) for kind in ERASED_BY_KEY}
    for kind, own in ERASED_BY_ROW.items():
        known[kind] = rules.tried(kind, partial(own.days, folder), [])
    for kind, days in known.items():
        past = [day for day in days if rules.is_past(kind, day)]
        done.kept += [Kept(kind, day, reason) for day in past if (reason := rules.why_kept(kind, day)) is not None]
        due = [day for day in past if rules.is_due(kind, day)]
        if due:
            done.days[kind] = due
    done.exports = _due_files(folder, rules)
    audit = erasable(folder / AUDIT_FOLDER, lambda day: rules.is_due("audit", day))
    done.audit_entries = sum(last - first + 1 for first, last in audit.values())
    stored_due = stored.count(rules.is_due)
    journal, fused = folder / "journal.db", folder / "store.db"
    points = 0 if dry_run else rules.tried("store", partial(count_points, fused, rules.is_due), 0)
    if dry_run:
        done.records = stored_due
        done.records += count_bodies(journal, rules.is_due) if journal.exists() else 0
        done.records += count_records(fused, rules.is_due) if store_exists(fused) else 0
        done.records += sum(own.number(folder, done.days.get(kind, ())) for kind, own in ERASED_BY_ROW.items())
    if not dry_run and (done.days or done.exports or audit or overwrite or stored_due or points):
        _erase(folder, rules, keys, done, stored, overwrite=overwrite)
    if not dry_run:
        rules.tried("partners", lambda: forget_expired(folder, today), 0)
        _erase_old_pictures(folder, rules, keys, today)
    if rules.problems:
        also = [] if stored.problem is None else [str(stored.problem)]
        raise WatchlineError(f"{folder}: not everything could be erased ({'; '.join([*rules.problems, *also])}).")
    if stored.problem is not None:
        raise stored.problem
    return done


class _StoredJournals:
    """The journals of a folder that are in PostgreSQL. Their erasure needs no stopped room.

    ``problem``: why a store cannot be read; the keys are erased nevertheless, and with them what they encrypted.
    """

    def __init__(self, notes: list[StoreNote], store: str | None) -> None:
        self._store = store
        self.problem: WatchlineError | None = None
        self._days: dict[KeyKind, set[date]] = {}
        self._notes = [note for note in notes if self._try(partial(self._read, note))]

    def days(self, kind: KeyKind) -> set[date]:
        """Return the days of which a store holds bodies of this kind."""
        return self._days.get(kind, set())

    def count(self, is_due: IsDue) -> int:
        """Return how many records are due; 0 if that cannot be read."""
        return sum(self._try(partial(self._count, note, is_due)) or 0 for note in self._notes)

    def erase(self, log: AuditLog, is_due: IsDue) -> int:
        """Drop the partitions of due days and empty due dead letters; return the number of records."""
        return sum(self._try(partial(self._erase, log, note, is_due)) or 0 for note in self._notes)

    def _read(self, note: StoreNote) -> bool:
        for kind, days in self._parts().parts_of(note.address(self._store), note.sector).items():
            self._days.setdefault(kind, set()).update(days)
        return True

    def _count(self, note: StoreNote, is_due: IsDue) -> int:
        return int(self._parts().count_due(note.address(self._store), note.sector, is_due))

    def _erase(self, log: AuditLog, note: StoreNote, is_due: IsDue) -> int:
        due = self._count(note, is_due)
        if not due:
            return 0
        _record(log, f"{due} records of sector {note.sector} in PostgreSQL")
        return int(self._parts().erase_parts(note.address(self._store), note.sector, is_due))

    def _try(self, work: Callable[[], Done]) -> Done | None:
        try:
            return work()
        except WatchlineError as error:
            self.problem = error
            return None

    @staticmethod
    def _parts() -> ModuleType:
        """Return the module that needs the packages of PostgreSQL. PostgresError without them."""
        with postgres_packages():
            from ops.journal.stores import parts
        return parts


def _erase(
    folder: Path, rules: Retention, keys: DayKeys, done: Purge, stored: _StoredJournals, *, overwrite: bool
) -> None:
    log = AuditLog(folder / AUDIT_FOLDER)
    try:
        for kind, days in done.days.items():
            _record(log, f"{kind} of {_days_in_words(days)}")
            if kind in ERASED_BY_ROW:
                done.records += rules.tried(kind, partial(ERASED_BY_ROW[kind].erase, folder, days), 0)
                continue
            for day in days:
                keys.erase(kind, day)  # type: ignore[arg-type]
        for path in done.exports:
            _record(log, f"export {path.name}" if path.parent != folder else path.name)
            rules.tried("exports", partial(_overwrite, path), None)
        erase_entries(log, lambda day: rules.is_due("audit", day), PURPOSE)
        if overwrite:
            journal, store = folder / "journal.db", folder / "store.db"
            done.records += erase_bodies(journal, rules.is_due) if journal.exists() else 0
            done.records += erase_records(store, rules.is_due) if store_exists(store) else 0
            if done.records:
                _record(log, f"{done.records} records overwritten")
        done.records += rules.tried("store", partial(_erase_points, folder / "store.db", rules, log), 0)
        done.records += stored.erase(log, rules.is_due)
    finally:
        log.close()


def _erase_points(store: Path, rules: Retention, log: AuditLog) -> int:
    """Erase the points of due records from the layers for maps; return their number."""
    count = count_points(store, rules.is_due)
    if count:
        _record(log, f"{count} points of the layers for maps")
        erase_points(store, rules.is_due)
    return count


def _erase_old_pictures(folder: Path, rules: Retention, keys: DayKeys, today: date) -> None:
    """Erase the keys of pictures and checkpoints that others have replaced."""
    old = [day for day in keys.days("live") if (today - day).days > LIVE_DAYS]
    used = rules.tried("store", lambda: days_of_picture(folder / "store.db"), None) if old else set[date]()
    for day in old:
        if used is not None and day not in used:
            keys.erase("live", day)


def _due_files(folder: Path, rules: Retention) -> list[Path]:
    """Return the due files of ``exports``, and of the earlier access log, whose entries are in the audit log."""
    exports = [(path, "exports") for path in _files_in(folder / EXPORTS, rules)]
    logs = [(folder / (OLD_ACCESS + IMPORTED + suffix), "audit") for suffix in ("", ERASING)]
    return [
        path
        for path, kind in (*exports, *logs)
        if path.is_file()
        and not path.is_symlink()
        and (path.suffix == ERASING or rules.is_due(kind, datetime.fromtimestamp(path.stat().st_mtime, UTC).date()))
    ]


def _files_in(folder: Path, rules: Retention) -> list[Path]:
    """Return all files below a folder; a folder that cannot be listed, unlike with ``rglob``, is a problem."""

    def note(error: OSError) -> None:
        if isinstance(error, FileNotFoundError):  # nothing was exported yet, or it has just been removed
            return

        def refuse() -> None:
            raise error

        rules.tried("exports", refuse, None)

    return sorted(Path(at) / name for at, _, names in os.walk(folder, onerror=note) for name in names)


def _overwrite(path: Path) -> None:
    try:
        if path.suffix != ERASING:  # its time of writing will be today
            path = path.rename(path.with_name(path.name + ERASING))
        with path.open("rb+") as file:
            left = path.stat().st_size
            while left > 0:
                left -= file.write(bytes(min(left, 1 << 20)))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    except OSError as error:
        raise WatchlineError(f"{path}: the export cannot be erased ({error.strerror}).") from error


def _record(log: AuditLog, subject: str) -> None:
    log.add(AuditEntry(time.time_ns(), "watchline", "system", "erasure", "retention", PURPOSE, subject))


def _days_in_words(days: list[date]) -> str:
    """Return sorted days as runs: ``2026-03-01 to 2026-03-05, 2026-03-09``."""
    runs: list[list[date]] = []
    for day in days:
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join(f"{run[0]}" if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)


class DailyRetention:
    """Carries out the retention once a day, and at the start of a room.

    Days pass no faster than ``elapsed_s``, the time since the machine was started, so that a clock that jumps ahead
    erases nothing too early.
    """

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        *,
        elapsed_s: Callable[[], float] | None = None,
        store: str | None = None,
        before: Callable[[], object] | None = None,
        erase: Callable[[date], Purge] | None = None,
    ) -> None:
        """``before``: called first, for a sector that another machine holds. ``erase``: what is done on a day, by
        default ``purge`` of the folder."""
        self._before = before
        self._erase = erase or (lambda today: purge(folder, settings, today=today, store=store))
        self._elapsed_s = elapsed_s or _seconds_since_boot
        self._first: tuple[date, float] | None = None
        self._done: date | None = None
        self._retry_s = float("-inf")

    def look(self, today: date) -> Purge | None:
        """Erase what is due if this has not been done today; return what was erased, None if it was done before.

        An erasure that fails is repeated after ``RETRY_S``.
        """
        now_s = self._elapsed_s()
        first, since_s = self._first = self._first or (today, now_s)
        today = min(today, first + timedelta(days=1 + int((now_s - since_s) // 86_400)))
        if today == self._done or now_s < self._retry_s:
            return None
        self._retry_s = now_s + RETRY_S
        if self._before is not None:
            self._before()
        done = self._erase(today)
        self._done, self._retry_s = today, float("-inf")
        return done


def _seconds_since_boot() -> float:
    """Return the time since the machine was started, suspensions included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)

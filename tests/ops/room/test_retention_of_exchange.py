"""Retention of EUROSUR reports and of what partners sent: to the day, whole events, recorded, and in no file after."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from geo.errors import BadInput, WatchlineError
from ops.accounts.store import FILE as ACCOUNTS
from ops.accounts.store import AccountStore
from ops.audit.log import AuditLog
from ops.eurosur.report import Report
from ops.eurosur.store import FILE, ReportStore
from ops.exchange.format.package import ENDING
from ops.exchange.make import withdraw
from ops.exchange.received import ReceivedStore
from ops.exchange.sent import SentStore
from ops.journal.writer import Journal
from ops.room.purge_command import purge_folder
from ops.room.retention import DailyRetention, purge
from ops.sector.setting_tables.data import Hold, RetentionSettings
from ops.sector.settings import Settings
from sensors.timestamps import nanoseconds
from tests.ops.exchange.partners import LAYERS, NOW, incidents, package, receiver, sender

TODAY = date(2026, 3, 20)
QUIET = Console(stderr=True, quiet=True)
ONLY = {"layers": {"incidents": LAYERS["incidents"]}}


def settings(*holds: Hold, **days: int) -> Settings:
    return Settings(retention=RetentionSettings(**days), hold=holds)


def report(name: str, day: date, **more: Any) -> Report:
    fields: dict[str, Any] = {
        "layer": "events", "sublayer": "crisis", "source": "patrol", "reliability": "B", "credibility": 2,
        "known_at": datetime(day.year, day.month, day.day, 12, tzinfo=UTC), "text": f"CANARY-{name}",
        "status": "closed",
    }  # fmt: skip
    return Report(name, **fields | more)


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """Reports of ten days ago (closed, open, of the analysis layer) and an event that was continued yesterday."""
    AuditLog(tmp_path / "audit").close()
    old, yesterday = TODAY - timedelta(days=10), TODAY - timedelta(days=1)
    store = ReportStore(tmp_path)
    store.add(
        [
            report("closed", old),
            report("long-1", old, status="open"),
            report("long-2", yesterday, follows="long-1"),
            report("analysis", old, layer="analysis", sublayer="risk_analysis", status="open"),
            report("open", old - timedelta(days=1), status="open"),
        ],
        NOW,
    )
    store.close()
    return tmp_path


def left(folder: Path) -> list[str]:
    store = ReportStore(folder)
    try:
        return [one.report.id for one in store.reports()]
    finally:
        store.close()


def erasures(folder: Path) -> list[str]:
    log = AuditLog(folder / "audit")
    try:
        return [one.subject for one in log.entries() if one.operation == "erasure"]
    finally:
        log.close()


def test_an_event_is_erased_as_a_whole_once_its_newest_report_is_due_and_it_is_closed(room: Path) -> None:
    for days, dry_run, found in ((10, False, 5), (9, True, 5)):
        purge(room, settings(eurosur=days), today=TODAY, dry_run=dry_run)
        assert len(left(room)) == found, "ten whole days have not passed, or nothing is erased for a trial"
    assert erasures(room) == []
    planned = purge(room, settings(eurosur=9), today=TODAY, dry_run=True)
    done = purge(room, settings(eurosur=9), today=TODAY)
    assert planned.as_dict() == done.as_dict()
    assert (done.days, done.records) == ({"eurosur": [date(2026, 3, 10)]}, 2)
    assert [(one.kind, one.day, one.reason) for one in done.kept] == [
        ("eurosur", date(2026, 3, 9), "events of this day are open")
    ]
    assert left(room) == ["long-1", "long-2", "open"]
    assert erasures(room) == ["eurosur of 2026-03-10"]
    for canary in (b"CANARY-closed", b"CANARY-analysis"):
        assert canary not in (room / FILE).read_bytes()
    assert b"CANARY-long-1" in (room / FILE).read_bytes()


def test_the_name_of_an_erased_report_stays_taken(room: Path) -> None:
    purge(room, settings(eurosur=2), today=TODAY)
    store = ReportStore(room)
    with pytest.raises(BadInput, match="is taken"):
        store.add([report("closed", TODAY)], NOW)
    store.close()
    assert b"closed" not in (room / FILE).read_bytes().replace(b'"status":"closed"', b"")


def test_a_legal_hold_keeps_reports_and_received_records(room: Path, tmp_path: Path) -> None:
    own = receiver(room, "north", "south", **ONLY)
    own.receive(package(tmp_path / "south", own="south", partner="north").content, NOW)
    hold = Hold("case 12", TODAY - timedelta(days=30), TODAY, TODAY + timedelta(days=300), ("eurosur", "partners"))
    done = purge(room, settings(hold, eurosur=2, partners=2), today=TODAY + timedelta(days=9))
    assert (done.days, len(left(room))) == ({}, 5)
    assert {one.reason for one in done.kept} == {"legal hold until 2027-01-14: case 12"}


def test_received_records_end_by_the_shorter_of_retention_and_agreement(room: Path, tmp_path: Path) -> None:
    """The first package is kept for 30 days by agreement and 2 by retention; the second for 1 day by agreement."""
    own = receiver(room, "north", "south", **ONLY)
    rows = incidents((-84.21, 36.61), kind="canary_kind")
    own.receive(package(tmp_path / "south", rows, own="south", partner="north").content, NOW)
    own.receive(package(tmp_path / "south", rows, own="south", partner="north", keep_days=1).content, NOW)

    def states() -> list[str]:
        store = ReceivedStore(room)
        try:
            return [one.state for one in store.packages()]
        finally:
            store.close()

    purge(room, settings(partners=2), today=TODAY + timedelta(days=1))
    assert states() == ["in_force", "in_force"], "the day on which it expires has only begun"
    purge(room, settings(partners=2), today=TODAY + timedelta(days=2))
    assert (states(), erasures(room)) == (["in_force", "expired"], ["records of expired packages: south 2"])
    done = purge(room, settings(partners=2), today=TODAY + timedelta(days=3))
    assert (done.days, done.records, states()) == ({"partners": [TODAY]}, 1, ["expired", "expired"])
    assert erasures(room)[1:] == ["partners of 2026-03-20"]
    assert b"canary_kind" not in (room / "exchange" / "received.db").read_bytes()


def test_packages_for_partners_end_with_the_retention_too_and_those_after_them_are_served(room: Path) -> None:
    """1 was made on 20 March for 365 days and 4 two days later; 3 is the notice that withdrew 2."""
    rows, more = incidents((-84.21, 36.61)), {"keep_days": 365, **ONLY}
    for _ in range(2):
        package(room, rows, **more)
    withdraw(sender(room, **more), packages=[2], records=[], reason="error")
    package(room, rows, now=NOW + timedelta(days=2), **more)

    def served() -> list[int]:
        """As a partner asks, who begins."""
        store, found = SentStore(room), [0]
        while (one := store.content_after("south", found[-1], nanoseconds(NOW), ["buffer"])) is not None:
            found.append(one[0])
        assert [one.number for one in store.packages()] == [1, 2, 3, 4], "the log keeps the numbers"
        store.close()
        return found[1:]

    assert purge(room, settings(partners=2), today=TODAY + timedelta(days=2)).days == {}
    planned = purge(room, settings(partners=2), today=TODAY + timedelta(days=3), dry_run=True)
    assert (planned.days, planned.records, served()) == ({"partners": [TODAY]}, 1, [1, 3, 4])
    done = purge(room, settings(partners=2), today=TODAY + timedelta(days=3))
    assert (done.as_dict(), served()) == (planned.as_dict(), [3, 4])
    assert sorted(file.name for file in (room / "exchange" / "outbox" / "south").iterdir()) == [
        f"{number:09d}{ENDING}" for number in (3, 4)
    ]
    assert erasures(room) == ["partners of 2026-03-20"]
    assert purge(room, settings(partners=2), today=TODAY + timedelta(days=3)).days == {}


def test_without_a_limit_nothing_is_erased_and_nothing_is_created(tmp_path: Path, room: Path) -> None:
    purge(room, settings(), today=TODAY + timedelta(days=9_999))
    assert len(left(room)) == 5
    empty = tmp_path / "empty"
    (empty / "audit").mkdir(parents=True)
    purge(empty, settings(eurosur=2, partners=2), today=TODAY)
    assert not (empty / FILE).exists()
    assert not (empty / "exchange").exists()


def test_a_room_erases_them_daily_and_a_person_alone_does_not(room: Path, tmp_path: Path) -> None:
    Journal(room / "journal.db").close()
    AccountStore(room / ACCOUNTS).close()
    chosen = tmp_path / "settings.toml"
    chosen.write_text("[retention]\neurosur = 2\n")
    with pytest.raises(BadInput, match="needs a second person"):
        purge_folder(room, chosen, dry_run=False, screen=QUIET)
    assert len(left(room)) == 5
    daily = DailyRetention(room, settings(eurosur=2), elapsed_s=lambda: 0.0)
    done = daily.look(TODAY)
    assert done is not None
    assert done.records == 2
    assert left(room) == ["long-1", "long-2", "open"]


def test_a_damaged_file_is_named_and_does_not_keep_other_records(room: Path, tmp_path: Path) -> None:
    own = receiver(room, "north", "south", **ONLY)
    own.receive(package(tmp_path / "south", own="south", partner="north").content, NOW)
    (room / FILE).write_bytes(b"not a database" * 1_000)
    with pytest.raises(WatchlineError, match="eurosur: file is not a database"):
        purge(room, settings(eurosur=2, partners=2), today=TODAY + timedelta(days=3))
    assert erasures(room) == ["partners of 2026-03-20"]


def test_a_damaged_report_is_named_and_does_not_keep_other_records(room: Path, tmp_path: Path) -> None:
    own = receiver(room, "north", "south", **ONLY)
    own.receive(package(tmp_path / "south", own="south", partner="north").content, NOW)
    with closing(sqlite3.connect(room / FILE)) as database, database:
        database.execute("UPDATE reports SET body = x'7b' WHERE id = 'closed'")
    with pytest.raises(WatchlineError, match="eurosur: Input data was truncated"):
        purge(room, settings(eurosur=2, partners=2), today=TODAY + timedelta(days=3))
    assert erasures(room) == ["partners of 2026-03-20"]

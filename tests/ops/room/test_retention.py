"""Retention and erasure: to the day, by kind, never what is held, and what is erased is in no file any more."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import struct
import time
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

import ops.room.offline
import ops.room.retention
from geo.errors import BadInput, WatchlineError
from ingest.receiving.batch import Batch, DeadLetter, Row, digest
from ops.accounts.person import Person, Session
from ops.accounts.store import AccountStore
from ops.audit.day_keys import DayKeys, KeysFull
from ops.audit.entry import AuditEntry, AuditError
from ops.audit.key_places.files import FileKeys
from ops.audit.log import AuditLog
from ops.audit.verify import verify
from ops.governance.approvals import Approvals
from ops.governance.two_person import Party
from ops.journal.encryption import KEY_OF_KIND, about
from ops.journal.reader import JournalFull, JournalReader
from ops.journal.writer import Journal
from ops.room.offline import replay_journal
from ops.room.purge_command import purge_folder
from ops.room.retention import DailyRetention, _overwrite, purge
from ops.sector.setting_tables.data import Hold, RetentionSettings
from ops.sector.settings import Settings, load_settings
from ops.services.feeds.ledger import DELIVERED, DeliveryLedger, Finished
from ops.services.feeds.ledger import FILE as LEDGER
from ops.store.incidents import IncidentReader
from ops.store.reader import Reader, StoreFull
from ops.store.writer import Store

QUIET = Console(stderr=True, quiet=True)
DAYS = [date(2026, 3, day) for day in range(1, 6)]
TODAY = DAYS[-1]
ALL = RetentionSettings(detections=2, tracks=2, alerts=2, unit_positions=2, audit=2, exports=2)
EASTINGS = [712_345.125 + number for number in range(len(DAYS))]


def at_ns(day: date, second: int = 0) -> int:
    return int(datetime(day.year, day.month, day.day, 12, 0, second, tzinfo=UTC).timestamp()) * 10**9


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def mark(kind: str, day: date) -> bytes:
    """Bytes that occur in no file but for the record of this kind and day."""
    return f"{kind}-secret-{day.isoformat()}".encode()


def write_room(folder: Path, *, encrypted: bool = True) -> Path:
    """A data folder with records of every kind on five days: 1 to 5 March 2026."""
    folder.mkdir(parents=True, exist_ok=True)
    with Journal(folder / "journal.db", encrypted=encrypted) as journal:
        for number, day in enumerate(DAYS):
            rows = [
                Row(kind, name, 1, number, at_ns(day), at_ns(day), None, "application/json", mark(kind, day), "topic")
                for kind, name in (("detections", "radar-1"), ("position", "patrol-1"), ("action", "ops-centre"))
            ]
            bad = mark("letter", day)
            message = (mark("message", day)).decode()
            letter = DeadLetter(
                "not_json", "azimuth", message, "detections", "radar-2", 1, number, "topic", "application/json", bad,
                len(bad), digest(bad), at_ns(day),
            )  # fmt: skip
            journal.commit(Batch((*rows, letter)))
            journal.tick(at_ns(day, 1))
    store = Store(folder / "store.db", encrypted=encrypted)
    for number, day in enumerate(DAYS):
        body = {
            "id": f"A{number}", "revision": 0, "status": "cleared", "priority": 1,
            "sentence": mark("alert", day).decode(),
            "raised_at": datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
        }  # fmt: skip
        tracks: Any = [{"track": mark("picture", day).decode()}]
        checkpoint = mark("checkpoint", day)
        store.commit(
            number + 1, stamp_ns=at_ns(day), alerts=[body], tracks_live=tracks, history=estimate(day, EASTINGS[number]),
            checkpoint=checkpoint,
        )  # fmt: skip
    store.close()
    (folder / "exports").mkdir(exist_ok=True)
    for day in DAYS:
        now = [at_ns(day)]
        log = AuditLog(folder / "audit", now_ns=lambda now=now: now[0])
        log.add(
            AuditEntry(at_ns(day), mark("person", day).decode(), "operator", "consultation", "GET", "watch", "tracks")
        )
        log.close()
        export = folder / "exports" / f"{day.isoformat()}.csv"
        export.write_bytes(mark("export", day))
        os.utime(export, ns=(at_ns(day), at_ns(day)))
    return folder


def estimate(day: date, easting: float) -> dict[str, np.ndarray]:
    numbers = {name: np.array([1.5]) for name in ("northing", "easting_rate", "northing_rate", "existence", "offset_m")}
    time = np.array([np.datetime64(at_ns(day), "ns")])
    texts = {"track": np.array([f"T{day.day}"]), "status": np.array(["confirmed"])}
    other = {"easting": np.array([easting]), "cov": np.eye(4)[None], "segment": np.array([day.day], np.int32)}
    return {**numbers, **texts, **other, "time": time}


def found(folder: Path, secret: bytes) -> list[str]:
    """Files in which the bytes occur, whatever part of the file it is: tables, free pages or write-ahead log."""
    return [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and secret in path.read_bytes()
    ]


SECRETS = ("detections", "position", "action", "letter", "message", "alert", "picture", "checkpoint")


@pytest.fixture(scope="module")
def encrypted_room(tmp_path_factory):
    return write_room(tmp_path_factory.mktemp("encrypted"))


@pytest.fixture
def room(encrypted_room, tmp_path):
    shutil.copytree(encrypted_room, tmp_path / "room")
    return tmp_path / "room"


def test_no_personal_data_are_in_the_files_in_plain_text(encrypted_room):
    for day, easting in zip(DAYS, EASTINGS, strict=True):
        for kind in SECRETS:
            assert found(encrypted_room, mark(kind, day)) == [], kind
        assert found(encrypted_room, struct.pack(">d", easting)) == []  # as SQLite stores it
        assert found(encrypted_room, struct.pack("<d", easting)) == []  # as it is encrypted


def test_where_a_carried_sensor_was_is_encrypted_like_detections(tmp_path):
    """A pose is where the observer was; a status without one says nothing of people."""
    posed, plain = b'{"sensor":"radar-1","pose":{"lon":33.1042}}', b'{"sensor":"radar-1","note":"plain"}'
    with Journal(tmp_path / "journal.db", encrypted=True) as journal:
        rows = [
            Row("status", "radar-1", 1, seq, at_ns(DAYS[0]), at_ns(DAYS[0]), None, "application/json", body, "topic")
            for seq, body in enumerate((posed, plain))
        ]
        journal.commit(Batch(tuple(rows)))
        assert (found(tmp_path, posed), found(tmp_path, plain) != []) == ([], True)
        assert [row.body for row in journal.read()] == [posed, plain]
        DayKeys(tmp_path / "keys").erase("detections", DAYS[0])
    with JournalReader(tmp_path / "journal.db") as journal:
        assert [(row.kind, row.body) for row in journal.read()] == [("erased", b""), ("status", plain)]


def test_the_same_records_without_encryption_are_found_by_this_search(tmp_path):
    folder = write_room(tmp_path / "plain", encrypted=False)
    for kind in SECRETS[:6]:
        assert found(folder, mark(kind, DAYS[0])), kind
    assert found(folder, struct.pack(">d", EASTINGS[0]))
    assert found(folder, mark("picture", DAYS[-1]))


def test_encrypted_records_read_as_they_were_written(room):
    with JournalReader(room / "journal.db") as journal:
        rows = [row for row in journal.read() if row.kind != "tick"]
        assert [row.body for row in rows[:3]] == [mark(kind, DAYS[0]) for kind in ("detections", "position", "action")]
        letters = [letter for _, letter in journal.dead_letters()]
        assert [letter.body for letter in letters] == [mark("letter", day) for day in DAYS]
        assert [letter.message for letter in letters] == [mark("message", day).decode() for day in DAYS]
    reader = Reader(room / "store.db")
    assert reader.history_dataset()["easting"].values.tolist() == EASTINGS
    assert reader.history_dataset()["segment"].values.tolist() == [1, 2, 3, 4, 5]
    assert len(reader.alerts()[2]) == 5
    assert [row.n for row in reader.outbox_after(0, limit=9)] == [1, 2, 3, 4, 5]
    assert mark("picture", DAYS[-1]) in reader.live("tracks").body
    assert reader.alert("A0")[:2] == ("cleared", 0)
    store = Store(room / "store.db", encrypted=True)
    assert store.checkpoint == mark("checkpoint", DAYS[-1])
    store.close()
    reader.close()


def test_a_running_room_erases_to_the_day_and_the_records_cannot_be_read_back_from_a_copy(room, tmp_path):
    reader = Reader(room / "store.db")
    assert len(reader.alerts()[2]) == 5
    done = purge(room, Settings(retention=ALL), today=TODAY)
    assert done.days == dict.fromkeys(("detections", "tracks", "alerts", "unit_positions"), DAYS[:2])
    assert [path.name for path in done.exports] == ["2026-03-01.csv", "2026-03-02.csv"]
    assert done.audit_entries == 2
    copy = tmp_path / "stolen"
    shutil.copytree(room, copy)
    with JournalReader(copy / "journal.db") as journal:
        kinds = [row.kind for row in journal.read() if row.kind != "tick"]
        assert kinds == ["erased"] * 6 + ["detections", "position", "action"] * 3
        assert [letter.body for _, letter in journal.dead_letters()][:3] == [b"", b"", mark("letter", DAYS[2])]
        assert all(counts.balanced for counts in journal.counts(None).values())
        assert journal.settled("radar-1", "detections", 1, 0)
    stolen = Reader(copy / "store.db")
    assert stolen.history_dataset()["easting"].values.tolist() == EASTINGS[2:]
    assert len(stolen.alerts()[2]) == 3
    assert stolen.alert("A0") is None
    assert [row.n for row in stolen.outbox_after(0, limit=2)] == [3, 4], "the first page is erased"
    for kind in ("person", "export"):
        for day in DAYS[:2]:
            assert found(copy, mark(kind, day)) == [], kind
        assert found(copy, mark(kind, DAYS[2]))
    assert verify(room / "audit").ok
    reader.close()
    stolen.close()


def test_an_export_whose_erasure_was_interrupted_is_erased_next(room, monkeypatch):
    def kill(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(ops.room.retention.os, "fsync", kill)
        with pytest.raises(KeyboardInterrupt):
            _overwrite(room / "exports" / "2026-03-01.csv")
    purge(room, Settings(retention=ALL), today=TODAY)
    assert sorted(path.name for path in (room / "exports").iterdir()) == [f"2026-03-0{day}.csv" for day in (3, 4, 5)]


def test_an_export_that_cannot_be_erased_keeps_nothing_else(room, monkeypatch):
    def refuse(path: Path) -> None:
        if path.name == "2026-03-01.csv":
            raise WatchlineError(f"{path}: the export cannot be erased (Permission denied).")
        _overwrite(path)

    monkeypatch.setattr(ops.room.retention, "_overwrite", refuse)
    with pytest.raises(WatchlineError, match=r"not everything .*2026-03-01\.csv: the export cannot be erased"):
        purge(room, Settings(retention=ALL), today=TODAY)
    assert sorted(path.name for path in (room / "exports").iterdir()) == [f"2026-03-0{day}.csv" for day in (1, 3, 4, 5)]
    assert found(room, mark("person", DAYS[0])) == [], "the audit log is erased as well"


def test_exports_that_cannot_be_listed_are_stated_and_keep_no_others(room, monkeypatch):
    """As a folder of root that the service may not open: it is not without exports."""
    (room / "exports" / "of root").mkdir()
    listed = os.scandir

    def refuse(path: Any) -> Any:
        if Path(path).name == "of root":
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(WatchlineError, match=r"not everything could be erased .*exports: .*Permission denied"):
        purge(room, Settings(retention=ALL), today=TODAY)
    left = sorted(path.name for path in (room / "exports").iterdir())
    assert left == [*(f"2026-03-0{day}.csv" for day in (3, 4, 5)), "of root"]


def test_a_room_without_exports_has_no_problem(room):
    shutil.rmtree(room / "exports")
    assert purge(room, Settings(retention=ALL), today=TODAY).exports == []


def test_the_earlier_access_log_is_erased_when_its_newest_entry_is_due(room):
    old = room / "access.db.imported"
    for day, kept in ((DAYS[2], True), (DAYS[1], False)):
        old.write_bytes(b"m.keller read tracks")
        os.utime(old, ns=(at_ns(day), at_ns(day)))
        purge(room, Settings(retention=ALL), today=TODAY)
        assert bool(found(room, b"m.keller read tracks")) == kept


def test_the_erasure_itself_is_recorded(room):
    purge(room, Settings(retention=ALL), today=TODAY)
    subjects = [entry.subject for entry in AuditLog(room / "audit").entries() if entry.operation == "erasure"]
    assert "tracks of 2026-03-01 to 2026-03-02" in subjects
    assert "export 2026-03-01.csv" in subjects
    assert "audit entries 0-1" in subjects, "of both days"


def test_a_purge_of_a_stopped_room_overwrites_the_records(room):
    before = (room / "journal.db").read_bytes()
    done = purge(room, Settings(retention=ALL), today=TODAY, overwrite=True)
    assert done.records == 2 * 3 + 2 + 2 + 2 + 2  # messages, dead letters, estimates, alerts and moments of two days
    sealed = [before[at : at + 40] for at in range(len(before)) if before[at : at + 5] == b"\x00WLk\x00"]
    gone = [record for record in sealed if record[5:7] == (DAYS[0] - date(1970, 1, 1)).days.to_bytes(2, "big")]
    assert len(gone) >= 3
    assert all(found(room, record) == [] for record in gone)
    assert purge(room, Settings(retention=ALL), today=TODAY, overwrite=True).records == 0


def test_records_from_before_encryption_are_erased_from_every_byte_of_a_stopped_room(tmp_path):
    folder = write_room(tmp_path / "plain", encrypted=False)
    planned = purge(folder, Settings(retention=ALL), today=TODAY, dry_run=True)
    done = purge(folder, Settings(retention=ALL), today=TODAY, overwrite=True)
    assert planned.records == done.records == 14
    for number, day in enumerate(DAYS):
        kept = number >= 2
        for kind in SECRETS[:6]:
            assert bool(found(folder, mark(kind, day))) == kept, (kind, day)
        assert bool(found(folder, struct.pack(">d", EASTINGS[number]))) == kept
    reader = Reader(folder / "store.db")
    assert reader.history_dataset()["easting"].values.tolist() == EASTINGS[2:]
    reader.close()


def test_a_dry_run_erases_nothing(room):
    before = {path: path.read_bytes() for path in sorted(room.rglob("*")) if path.is_file()}
    done = purge(room, Settings(retention=ALL), today=TODAY, dry_run=True)
    assert done.days["tracks"] == DAYS[:2]
    assert {path: path.read_bytes() for path in before} == before


def test_without_a_retention_nothing_is_erased(room):
    done = purge(room, Settings(), today=date(2036, 1, 1), overwrite=True)
    assert (done.days, done.exports, done.records, done.audit_entries) == ({}, [], 0, 0)


@pytest.mark.parametrize("kind", ["detections", "tracks", "alerts", "unit_positions"])
def test_each_kind_has_a_retention_of_its_own(room, kind):
    done = purge(room, Settings(retention=RetentionSettings(**{kind: 3})), today=TODAY)
    assert done.days == {kind: DAYS[:1]}
    left = {other: DayKeys(room / "keys").days(other) for other in ("detections", "tracks", "alerts", "unit_positions")}
    assert left == {other: DAYS[1:] if other == kind else DAYS for other in left}


def test_a_legal_hold_keeps_its_days_and_kinds_until_it_ends(room):
    hold = Hold("case 12/2026", DAYS[0], DAYS[0], until=TODAY, kinds=("tracks",))
    done = purge(room, Settings(retention=ALL, hold=(hold,)), today=TODAY, overwrite=True)
    assert (done.days["tracks"], done.days["detections"]) == ([DAYS[1]], DAYS[:2])
    assert [(one.kind, one.day, one.reason) for one in done.kept] == [
        ("tracks", DAYS[0], "legal hold until 2026-03-05: case 12/2026")
    ]
    after = purge(room, Settings(retention=ALL, hold=(hold,)), today=TODAY + timedelta(days=1))
    assert after.days["tracks"] == [DAYS[0], DAYS[2]]


def test_open_alerts_are_not_erased(room):
    with closing(sqlite3.connect(room / "store.db")) as database, database:
        database.execute("UPDATE alerts SET status = 'active' WHERE id = 'A1'")
    done = purge(room, Settings(retention=ALL), today=TODAY)
    assert done.days["alerts"] == [DAYS[0]]
    assert [(one.kind, one.day) for one in done.kept] == [("alerts", DAYS[1])]


def test_keys_of_earlier_pictures_go_and_those_in_use_stay(room):
    purge(room, Settings(), today=TODAY + timedelta(days=30))
    assert DayKeys(room / "keys").days("live") == [DAYS[-1]]
    store = Store(room / "store.db", encrypted=True)
    assert store.checkpoint == mark("checkpoint", DAYS[-1])
    store.close()


def test_the_room_does_it_once_a_day(room):
    daily = DailyRetention(room, Settings(retention=ALL))
    assert daily.look(TODAY).days["tracks"] == DAYS[:2]
    assert daily.look(TODAY) is None
    assert daily.look(TODAY + timedelta(days=1)).days["tracks"] == [DAYS[2]]


def test_a_clock_that_jumps_ahead_erases_nothing_too_early(room):
    seconds = [1000.0]
    daily = DailyRetention(room, Settings(retention=ALL), elapsed_s=lambda: seconds[0])
    daily.look(TODAY)
    daily.look(TODAY + timedelta(days=400))
    assert DayKeys(room / "keys").days("tracks") == DAYS[3:], "at most the next day has begun"
    seconds[0] += 86_400.0
    daily.look(TODAY + timedelta(days=401))
    assert DayKeys(room / "keys").days("tracks") == DAYS[4:]


def test_an_erasure_that_fails_is_repeated_on_the_same_day(room, monkeypatch):
    seconds = [1000.0]
    daily = DailyRetention(room, Settings(retention=ALL), elapsed_s=lambda: seconds[0])

    def fail(*_):
        raise AuditError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(AuditLog, "add", fail)
        with pytest.raises(AuditError):
            daily.look(TODAY)
    assert daily.look(TODAY) is None, "not at once"
    seconds[0] += 3601.0
    assert daily.look(TODAY).days["tracks"] == DAYS[:2]


def test_a_store_is_computed_again_after_keys_were_erased(room):
    purge(room, Settings(retention=ALL), today=TODAY + timedelta(days=1))
    for path in room.glob("store.db*"):
        path.unlink()
    with closing(Store(room / "store.db", encrypted=True)) as store:
        for number, day in enumerate(DAYS):
            body = {"id": f"A{number}", "revision": 0, "status": "cleared", "priority": 1, "raised_at": noon(day)}
            store.commit(
                number + 1, stamp_ns=at_ns(day), alerts=[body], tracks_live=[], checkpoint=mark("checkpoint", day),
                history=estimate(day, EASTINGS[number]),
            )  # fmt: skip
    with closing(Store(room / "store.db", encrypted=True)) as store:
        assert store.checkpoint == mark("checkpoint", DAYS[-1])
        assert store.history_dataset()["easting"].values.tolist() == EASTINGS[3:], "what is erased does not come back"
        assert [store.alert(f"A{number}") is None for number in range(5)] == [True, True, True, False, False]


def test_an_open_alert_of_an_erased_day_stays_readable(room):
    purge(room, Settings(retention=ALL), today=TODAY)
    body = {"id": "open", "revision": 0, "status": "active", "priority": 1, "raised_at": noon(DAYS[0])}
    with closing(Store(room / "store.db", encrypted=True)) as store:
        store.commit(9, stamp_ns=at_ns(TODAY), alerts=[body])
        purge(room, Settings(retention=ALL), today=TODAY + timedelta(days=30))
        assert store.alert("open")[:2] == ("active", 0)


def test_a_message_is_stored_though_the_clock_was_set_back_to_an_erased_day(room):
    purge(room, Settings(retention=ALL), today=TODAY)
    with Journal(room / "journal.db", encrypted=True) as journal:
        journal.append("position", "patrol-1", at_ns(DAYS[0]), b"distress")
        assert journal.read(journal.last_id() - 1)[0].body == b"distress"
    assert found(room, b"distress") == []


def test_a_full_disk_at_the_first_record_of_a_day_is_a_full_disk(room, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(FileKeys, "_make", full)
    tomorrow = TODAY + timedelta(days=1)
    with pytest.raises(KeysFull):
        DayKeys(room / "keys").seal("tracks", at_ns(tomorrow), b"record")
    with Journal(room / "journal.db", encrypted=True) as journal:
        with pytest.raises(JournalFull):
            journal.append("position", "patrol-1", at_ns(tomorrow), b"{}")
        journal.append("position", "patrol-1", at_ns(TODAY), b"{}")
    with closing(Store(room / "store.db", encrypted=True)) as store, pytest.raises(StoreFull):
        store.commit(9, stamp_ns=at_ns(tomorrow), tracks_live=[])


def test_incidents_are_counted_in_an_encrypted_store(room):
    closed = {"id": "I1", "revision": 0, "state": "closed", "priority": "high", "opened_at": noon(TODAY)}
    rest = [
        {**closed, "disposition": "rescue"},
        {**closed, "id": "I2", "disposition": "rescue"},
        {**closed, "id": "I3", "state": "open"},
        {**closed, "id": "I4", "disposition": "lost", "opened_at": noon(DAYS[0])},
    ]
    with closing(Store(room / "store.db", encrypted=True)) as store:
        store.commit(9, stamp_ns=at_ns(TODAY), incident_revisions=rest)
    reader = IncidentReader(room / "store.db")
    assert reader.counts() == ({"closed": 3, "open": 1}, {"rescue": 2, "lost": 1})
    DayKeys(room / "keys").erase("alerts", DAYS[0])
    fresh = IncidentReader(room / "store.db")
    assert fresh.counts() == ({"closed": 3, "open": 1}, {"rescue": 2})
    reader.close()
    fresh.close()


def test_the_command_reads_retention_and_holds_from_the_settings(room, tmp_path):
    settings = tmp_path / "settings.toml"
    settings.write_text(
        "[retention]\ntracks = 30\n\n[[hold]]\nreason = 'case 12/2026'\nfirst_day = 2026-03-01\nlast_day = 2026-03-02\n"
        "until = 2999-01-01\n"
    )
    assert load_settings(settings).hold[0].first_day == DAYS[0]
    figures = purge_folder(room, settings, dry_run=True, screen=QUIET)
    assert figures["days"] == {"tracks": ["2026-03-03", "2026-03-04", "2026-03-05"]}
    assert [one["day"] for one in figures["kept"]] == ["2026-03-01", "2026-03-02"]
    assert purge_folder(room, settings, dry_run=False, screen=QUIET)["records"] == 3 + 3  # estimates and moments


HELD = "[[hold]]\nreason = 'case 12'\nfirst_day = 2026-03-01\nlast_day = 2026-03-02\nuntil = 2026-03-09\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[retention]\ntracks = 1\n", "2 to 36525 days"),
        ("[retention]\ntrack = 30\n", "a known name, probably 'tracks'"),
        (HELD.replace("case 12", " "), "without a reason"),
        (HELD.replace("2026-03-02", "2026-02-02"), "ends before"),
        (HELD.replace("last_day = 2026-03-02", ""), "'last_day' is missing"),
        (HELD + "kinds = ['x']\n", "hold of 'x'"),
    ],
)
def test_wrong_settings_are_refused(tmp_path, text, words):
    (tmp_path / "settings.toml").write_text(text)
    with pytest.raises(Exception, match=words):
        load_settings(tmp_path / "settings.toml")


def encrypt(journal: Path, out: Path) -> Path:
    """Write an encrypted copy of a journal, row by row the same."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(journal)) as source, closing(sqlite3.connect(out)) as target:
        source.backup(target)
    keys = DayKeys.beside(out)
    with closing(sqlite3.connect(out)) as database, database:
        rows = database.execute("SELECT id, kind, sensor, boot, seq, received_ns, body FROM journal").fetchall()
        for identity, kind, sensor, boot, seq, received_ns, body in rows:
            if kind in KEY_OF_KIND:
                sealed = keys.seal(KEY_OF_KIND[kind], received_ns, body, about(kind, sensor, boot, seq))
                database.execute("UPDATE journal SET body = ? WHERE id = ?", (sealed, identity))
    return out


def test_an_encrypted_journal_replays_to_the_same_bytes_and_an_erased_day_to_nothing(
    hill_journal, hill_sector, hill_ground, tmp_path, monkeypatch
):
    monkeypatch.setattr(ops.room.offline, "open_sector", lambda *_: hill_ground)
    plain = replay_journal(hill_journal, str(hill_sector.sector), None, tmp_path / "a", settings=None, screen=QUIET)
    journal = encrypt(hill_journal, tmp_path / "room" / "journal.db")
    again = replay_journal(journal, str(hill_sector.sector), None, tmp_path / "b", settings=None, screen=QUIET)
    assert {**again, "files": 0} == {**plain, "files": 0}
    keys = DayKeys.beside(journal)
    for day in keys.days("detections"):
        keys.erase("detections", day)
    erased = replay_journal(journal, str(hill_sector.sector), None, tmp_path / "c", settings=None, screen=QUIET)
    assert (erased["rows"], erased["estimates"], erased["tracks_confirmed"]) == (plain["rows"], 0, 0)
    assert erased["unusable"] == {}


def test_alerts_are_kept_until_they_are_delivered(room):
    """The feeds have taken three rows, of which one waits for a receiver; the last two rows are not taken."""
    rows = Reader(room / "store.db").outbox_after(0, limit=3)
    ledger = DeliveryLedger(room / LEDGER)
    [first, *_] = ledger.take(rows, {"mqtt/patrol-1": rows}, at_ns=1)["mqtt/patrol-1"]
    ledger.finish([Finished("mqtt/patrol-1", number, DELIVERED, 1) for number in (1, 3)])
    settings, today = Settings(retention=RetentionSettings(alerts=2)), DAYS[-1] + timedelta(days=30)
    done = purge(room, settings, today=today)
    assert first.number == 1
    assert done.days["alerts"] == [DAYS[0], DAYS[2]]
    assert {(one.day, one.reason) for one in done.kept if one.kind == "alerts"} == {
        (day, "alerts of this day are not delivered") for day in (DAYS[1], DAYS[3], DAYS[4])
    }
    ledger.keep_only([], at_ns=2)
    ledger.close()
    assert purge(room, settings, today=today).days["alerts"] == [DAYS[1]]


def test_a_purge_with_accounts_needs_a_second_person_once_or_a_flagged_emergency(room, tmp_path):
    settings = tmp_path / "settings.toml"
    settings.write_text("[retention]\ntracks = 30\n")
    AccountStore(room / "accounts.db").close()
    checksum = purge_folder(room, settings, dry_run=True, screen=QUIET)["settings"]
    with pytest.raises(BadInput, match="second person"):
        purge_folder(room, settings, dry_run=False, screen=QUIET)
    with pytest.raises(BadInput, match="characters"):
        purge_folder(room, settings, dry_run=False, screen=QUIET, emergency="x")
    approvals = Approvals(room, sector="hills", now_s=time.time)
    asker, other = (
        Person(name, name, name, Session(name, "browser", 0.0, 1e12), {"*": "admin"}) for name in ("ana", "ben")
    )
    parties = [Party(one.id, one.name, one.login, "admin") for one in (asker, other)]
    made = approvals.ask("erase", "all", {"settings": checksum}, "retention", asker, parties[0])
    with pytest.raises(BadInput, match="not in force"):
        purge_folder(room, settings, dry_run=False, screen=QUIET, approval=made.id)
    approvals.decide(made.id, "confirm", other, parties[1])
    other_settings = tmp_path / "other.toml"
    other_settings.write_text("[retention]\ntracks = 2\n")
    with pytest.raises(BadInput, match="not in force"):
        purge_folder(room, other_settings, dry_run=False, screen=QUIET, approval=made.id)
    assert purge_folder(room, settings, dry_run=False, screen=QUIET, approval=made.id)["records"] > 0
    with pytest.raises(BadInput, match="not in force"):
        purge_folder(room, settings, dry_run=False, screen=QUIET, approval=made.id)
    purge_folder(room, settings, dry_run=False, screen=QUIET, emergency="court order of today")
    log = AuditLog(room / "audit")
    subjects = [one.subject for one in log.entries()]
    log.close()
    assert any("asked by ana, confirmed by ben" in one for one in subjects)
    assert any(one.startswith("EMERGENCY OVERRIDE: ") for one in subjects)


def test_in_a_cluster_the_accounts_beside_the_room_ask_for_a_second_person_too(room, tmp_path, monkeypatch):
    """Also for a folder that is a link to another disk, named by its place there or by ``.``."""
    cluster, settings = tmp_path / "cluster", tmp_path / "settings.toml"
    settings.write_text("[retention]\ntracks = 30\n")
    cluster.mkdir()
    AccountStore(cluster / "accounts.db").close()
    linked, own = cluster / "north", cluster / "south"
    linked.symlink_to(room)
    shutil.copytree(room, own)
    shutil.rmtree(own / "audit")
    for folder in (linked, own):
        with pytest.raises(BadInput, match="second person"):
            purge_folder(folder, settings, dry_run=False, screen=QUIET)
    monkeypatch.chdir(own)
    with pytest.raises(BadInput, match="second person"):
        purge_folder(Path(), settings, dry_run=False, screen=QUIET)
    with (screen := Console(width=200)).capture() as printed:
        checksum = purge_folder(linked, settings, dry_run=True, screen=screen)["settings"]
    assert f"checksum {checksum}" in printed.get()
    assert purge_folder(own, settings, dry_run=False, screen=QUIET, emergency="court order of today")["records"] > 0
    log = AuditLog(own / "audit")
    assert any(one.subject.startswith("EMERGENCY OVERRIDE: ") for one in log.entries())
    log.close()

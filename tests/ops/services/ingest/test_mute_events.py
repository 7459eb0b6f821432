"""Each mute is in the journal once when it begins and once when it ends, whatever happens in between."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from ops.audit.day_keys import DayKeys, day_at
from ops.governance.mutes import FILE, mute
from ops.journal.events import MUTE, Mute
from ops.journal.reader import JournalFull, JournalReader
from ops.journal.stores.open_store import open_store
from ops.journal.writer import Journal
from ops.postgres.address import StoreAddress
from ops.services.ingest.mute_events import MuteEvents

NOW_S = 1_772_400_000.0
NOW_NS = round(NOW_S * 1e9)
MINUTE_NS = 60 * 10**9
WHY = Mute(None, "the mast", "supervisor", "supervisor", False, "0f")


def journaled(folder: Path) -> list[tuple[str, Mute]]:
    with JournalReader(folder / "journal.db") as journal:
        return [
            (row.sensor, msgspec.json.decode(row.body, type=Mute)) for row in journal.read(0, 100) if row.kind == MUTE
        ]


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_mute_is_journaled_when_it_begins_changes_and_ends(tmp_path: Path, encrypted: bool) -> None:
    until = msgspec.structs.replace(WHY, until_ns=NOW_NS + 10 * MINUTE_NS)
    longer = msgspec.structs.replace(WHY, until_ns=NOW_NS + 20 * MINUTE_NS)
    with Journal(tmp_path / "journal.db", encrypted=encrypted) as journal:
        events = MuteEvents(tmp_path, journal)
        assert events.check(NOW_NS) == frozenset()
        mute(tmp_path, "r1", NOW_S + 600.0, now_s=NOW_S, why=WHY)
        assert [events.check(NOW_NS + n) for n in range(3)] == [{"r1"}] * 3
        assert journaled(tmp_path) == [("r1", until)], "once"
    with Journal(tmp_path / "journal.db", encrypted=encrypted) as journal:
        events = MuteEvents(tmp_path, journal)
        assert events.in_force == {"r1"}, "a restarted ingest reads no message of it before its first look"
        assert events.check(NOW_NS + MINUTE_NS) == {"r1"}
        assert journaled(tmp_path) == [("r1", until)], "a restart journals nothing again"
        mute(tmp_path, "r1", NOW_S + 1200.0, now_s=NOW_S + 60.0, why=WHY)
        assert events.check(NOW_NS + 2 * MINUTE_NS) == {"r1"}
        assert events.check(NOW_NS + 20 * MINUTE_NS) == frozenset()
        assert events.check(NOW_NS + 21 * MINUTE_NS) == frozenset()
        assert journaled(tmp_path) == [("r1", until), ("r1", longer), ("r1", Mute(None))]
    with Journal(tmp_path / "journal.db", encrypted=encrypted) as journal:
        assert MuteEvents(tmp_path, journal).in_force == frozenset()


def test_a_restarted_ingest_knows_a_mute_that_postgresql_holds_encrypted(
    tmp_path: Path, postgres_store: StoreAddress
) -> None:
    keys = DayKeys.beside(tmp_path / "journal.db")
    mute(tmp_path, "r1", NOW_S + 600.0, now_s=NOW_S, why=WHY)
    with open_store(postgres_store.text, "muted", keys=keys) as journal:
        assert MuteEvents(tmp_path, journal).check(NOW_NS) == {"r1"}
    with open_store(postgres_store.text, "muted", keys=keys) as journal:
        events = MuteEvents(tmp_path, journal)
        assert events.in_force == {"r1"}, "it reads no message of it before its first look"
        assert events.check(NOW_NS + MINUTE_NS) == {"r1"}
        assert events.check(NOW_NS + 10 * MINUTE_NS) == frozenset()
        bodies = [row.body for row in journal.read(0, 100) if row.kind == MUTE]
        found = [msgspec.json.decode(body, type=Mute).until_ns for body in bodies]
        assert found == [NOW_NS + 10 * MINUTE_NS, None], "once"
    keys.erase("alerts", day_at(NOW_NS))
    with open_store(postgres_store.text, "muted", keys=keys) as journal:
        assert journal.last_of_kind(MUTE) == {"r1": b""}


def test_a_mute_that_cannot_be_journaled_is_not_in_force_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Journal(tmp_path / "journal.db") as journal:
        events = MuteEvents(tmp_path, journal)
        mute(tmp_path, "r1", NOW_S + 600.0, now_s=NOW_S)

        def full(*_: object) -> int:
            raise JournalFull("full", where="journal.db", expected="room")

        with monkeypatch.context() as patch:
            patch.setattr(journal, "append", full)
            with pytest.raises(JournalFull):
                events.check(NOW_NS)
            assert events.in_force == frozenset()
        assert events.check(NOW_NS) == {"r1"}


def test_a_file_that_is_gone_or_of_an_earlier_version_is_understood(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.db") as journal:
        events = MuteEvents(tmp_path, journal)
        (tmp_path / FILE).write_text(f'{{"r1": {NOW_S + 60.0}}}')
        assert events.check(NOW_NS) == {"r1"}
        (tmp_path / FILE).unlink()
        assert events.check(NOW_NS) == frozenset()
    assert [one.until_ns for _, one in journaled(tmp_path)] == [NOW_NS + MINUTE_NS, None]

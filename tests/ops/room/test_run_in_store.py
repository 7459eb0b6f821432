"""A room whose journal is in PostgreSQL: what becomes of it when ingest, fusion and the database are killed, and what
keeps a folder from having two journals."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from geo.errors import BadInput
from ingest.receiving.batch import Batch
from ops.audit.day_keys import DayKeys, is_sealed
from ops.broker.broker import BrokerError, EmbeddedBroker, MosquittoBroker
from ops.journal.command import stats
from ops.journal.dead_letters import Filter, list_letters
from ops.journal.resubmission import ReplayFolder, submit
from ops.journal.stores.open_store import open_store
from ops.journal.stores.place import keep_in_store, read_journal
from ops.journal.stores.transfer import copy, verify
from ops.journal.writer import Journal
from ops.postgres.address import StoreAddress
from ops.postgres.migration import migrate
from ops.postgres.note import note_path
from ops.room.offline import replay_journal, track_log_hash
from ops.room.room import Room, RoomError, RoomOptions, clear
from ops.runtime.clock import ScenarioClock
from ops.sector.open_sector import OpenSector
from ops.sector.settings import Settings
from ops.services.fusion.process import Fusion
from ops.store.engines.place import keep_fusion_in_store
from ops.store.reader import Reader
from ops.store.writer import Store
from tests.drills.rig import wait_until
from tests.ops.conftest import record_night
from tests.ops.journal.conformance.places import dead, row
from tests.ops.postgres_server import PASSWORD, PostgresServer
from tests.ops.room.nights import Night, published

QUIET = Console(stderr=True, quiet=True)


@pytest.mark.chain
@pytest.mark.broker
@pytest.mark.parametrize("made", [EmbeddedBroker, MosquittoBroker])
def test_killed_ingest_fusion_and_database_lose_nothing_and_change_nothing(
    made: Any,
    own_server: PostgresServer,
    hill_sector: Any,
    copy_night: Callable[[Path], Path],
    ledger: Callable[[Path], Any],
    tmp_path: Path,
) -> None:
    """The journal is then copied into a file, whose replay is the oracle of the live room's tracks and alerts."""
    folder, address = copy_night(tmp_path / "night"), StoreAddress(own_server.address())
    migrate(address)
    try:
        broker = made(folder=tmp_path / "broker")
    except BrokerError as error:
        if os.geteuid() == 0:  # `make test` was allowed to install it
            pytest.fail(str(error))
        pytest.skip(str(error))
    with broker:
        night = Night(hill_sector.sector, folder, broker, "hills", store=address.text, encrypted=True)
        with night.room as room, read_journal(folder / "journal.db", address.text) as journal:
            night.begin()

            def journaled(more: int) -> None:
                """Wait until there are so many more rows than now."""
                enough = journal.last_id() + more
                wait_until(lambda: room.restart_ended() is not None and journal.last_id() >= enough, what=room.failed)

            journaled(10)
            night.strike("ingest", 0.0)
            night.strike("fusion", 0.0)
            journaled(10)
            own_server.stop(signal.SIGQUIT)
            wait_until(
                lambda: not room.ingest.alive and room.fusion.last("problem") is not None,
                what=lambda: (room.ingest.messages, room.fusion.messages, room.fusion.last_words()),
            )
            own_server.start()
            journaled(10)
            night.end()
        found = copy(address.text, str(folder / "copied.db"), "hills", QUIET)  # beside its keys
        assert not (folder / "store.db").exists()
    os.link(folder / "copied.db", folder / "journal.db")
    balance = ledger(folder)
    balance.check()
    assert balance.published == night.simulator.last("published")
    assert sum(balance.published.values()) > 80
    expected = replay_journal(
        folder / "copied.db", str(hill_sector.sector), None, tmp_path / "replay", settings=night.settings, screen=QUIET
    )
    live, again = Reader(folder / "store.db"), Reader(tmp_path / "replay" / "replay.db")
    assert (live.progress().cursor, live.progress().diverged) == (expected["rows"], 0)
    assert track_log_hash(live.history_dataset()) == expected["tracks_sha256"]
    assert published(live) == published(again)
    assert expected["alerts"] > 0
    bodies = [bytes(body) for (body,) in own_server.execute("SELECT body FROM watchline.bodies")]
    assert found["encrypted"] == len(bodies) > 80
    assert all(map(is_sealed, bodies))
    for name in ("journal.db", "store.db"):
        note = note_path(folder / name).read_text()
        assert PASSWORD not in note
        assert "%20" not in note
    found = own_server.execute("SELECT body FROM watchline.alerts UNION ALL SELECT cov FROM watchline.history")
    assert len(found) > 20
    assert all(is_sealed(bytes(body)) for (body,) in found)


def fused(folder: Path, ground: OpenSector) -> dict[str, Any]:
    """What fusion makes of the journal of a folder, and what the journal says."""
    fused_store = Store(folder / "store.db", encrypted=True)
    with read_journal(folder / "journal.db") as journal:
        fusion = Fusion(journal, fused_store, ground, Settings(), ScenarioClock.live())
        while fusion.step():
            pass
        fusion.finish()
        rows, counts, recount = journal.read(limit=10**6), journal.counts(None), journal.recount()
    try:
        live = fused_store.live("counts")
        assert live is not None
        return {
            "rows": rows,
            "counts": counts,
            "recount": recount,
            "tracks": track_log_hash(fused_store.history_dataset()),
            "published": fused_store.outbox_after(0, limit=10**6, kind=None),
            "shown": live.body,
        }
    finally:
        fused_store.close()


def test_the_same_messages_give_the_same_rows_tracks_alerts_and_counts(
    hill_night: Path,
    hill_ground: OpenSector,
    postgres_store: StoreAddress,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WATCHLINE_STORE", postgres_store.text)  # the note has no password
    in_file, in_store = tmp_path / "file" / "journal.db", tmp_path / "store" / "journal.db"
    in_file.parent.mkdir()
    keep_in_store(in_store, postgres_store.text, "same_messages")
    keep_fusion_in_store(in_store.with_name("store.db"), postgres_store.text, "same_messages")
    with Journal(in_file, encrypted=True) as journal:
        record_night(hill_night, journal)
    with open_store(postgres_store.text, "same_messages", keys=DayKeys.beside(in_store)) as stored:
        record_night(hill_night, stored)
    expected = fused(in_file.parent, hill_ground)
    assert fused(in_store.parent, hill_ground) == expected
    assert not in_store.with_name("store.db").exists()
    assert len(expected["published"]) > 3
    assert sum(count.journaled for count in expected["counts"].values()) > 80


def options(sector: Any, folder: Path, **more: Any) -> RoomOptions:
    return RoomOptions(str(sector.sector), "two", str(sector.layout), folder, **more)


def opened(room: RoomOptions) -> None:
    """Open and close a room, which starts fusion and no ingest."""
    with Room(room):
        pass


def test_a_folder_has_one_journal(
    hill_sector: Any, postgres_store: StoreAddress, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    other = StoreAddress(postgres_server.address(postgres_server.new_database()))
    migrate(other)
    in_file, in_store = tmp_path / "file", tmp_path / "store"
    in_file.mkdir()
    Journal(in_file / "journal.db").close()
    with pytest.raises(BadInput, match=r"is a journal in a file; expected a folder without it"):
        opened(options(hill_sector, in_file, store=postgres_store.text))
    assert not note_path(in_file / "journal.db").exists()
    opened(options(hill_sector, in_store, store=postgres_store.text))
    opened(options(hill_sector, in_store, store=postgres_store.text))
    with pytest.raises(BadInput, match=r"--store: missing; expected postgresql:.*, which holds"):
        opened(options(hill_sector, in_store))
    with pytest.raises(BadInput, match=r"the journal of sector two is in postgresql://.*; expected that store, or"):
        opened(options(hill_sector, in_store, store=other.text))
    with pytest.raises(RoomError, match="holds data that `watchline demo` did not write"):
        clear(in_store, "two")


def test_a_store_ahead_of_its_journal_is_refused(
    hill_sector: Any, postgres_store: StoreAddress, tmp_path: Path
) -> None:
    """Fusion would leave out the rows that come next."""
    fused = Store(tmp_path / "store.db")
    fused.commit(7, stamp_ns=0, checkpoint=b"state")
    fused.close()
    with pytest.raises(RoomError, match=r"goes up to journal row 7, but the journal in PostgreSQL has 0"):
        opened(options(hill_sector, tmp_path, store=postgres_store.text))


def test_commands_on_the_folder_read_the_store(
    postgres_store: StoreAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As they read a file: counts, dead letters, and whether an ingest could resubmit one."""
    monkeypatch.setenv("WATCHLINE_STORE", postgres_store.text)
    path = tmp_path / "journal.db"
    keep_in_store(path, postgres_store.text, "commands")
    with open_store(postgres_store.text, "commands") as journal:
        journal.commit(Batch((row(1), row(2), dead(3))))
        with monkeypatch.context() as patched:
            patched.setattr(ReplayFolder, "ask", lambda *_: tmp_path / "carried out at once")
            assert submit(path, [1]) == {}
    assert stats(tmp_path, QUIET)["rows"] == {"detections": 2}
    assert list_letters(tmp_path, Filter(), 5, QUIET)["by_code"] == {"not_json": 1}
    with pytest.raises(BadInput, match="no ingest is running on it"):
        submit(path, [1])
    verified = verify(str(tmp_path), postgres_store.text, "commands", QUIET)
    assert verified["tables"]["journal"]["rows"] == 2

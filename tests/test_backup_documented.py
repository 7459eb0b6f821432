"""The backup that docs/how-to/restore.md shows, run over a folder with every file that cannot be computed again."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from ops.accounts.store import FILE as ACCOUNTS
from ops.cluster.identity.nation_store import FILE as NATION
from ops.cluster.machines.carried import CARRIED
from ops.eurosur.store import FILE as EUROSUR
from ops.exchange.received import FILE as RECEIVED
from ops.exchange.sent import FILE as SENT
from ops.exchange.sent import FOLDER as EXCHANGE
from ops.field.devices import FILE as FIELD
from ops.governance.approvals import FILE as APPROVALS
from ops.governance.confidential import FOLDER as CONFIDENTIAL
from ops.governance.mutes import FILE as MUTED
from ops.governance.rounding import FILE as PUBLICATION
from ops.room.room import _OWN_FILES
from ops.services.media.book import FILE as PICTURES
from ops.services.media.book import NewPicture, PictureBook, StoredFile
from ops.services.media.vault import FOLDER as MEDIA
from ops.services.media.vault import Vault
from ops.services.sapient.database import FILE_NAME as SAPIENT
from ops.services.sapient.sensor_names import ADAPTERS_FILE
from ops.store.handover_notes import FILE as HANDOVER
from tests.patience import PATIENT_S

PAGE = Path(__file__).parents[1] / "docs" / "how-to" / "restore.md"
DATABASES = (
    "actions.db",
    ACCOUNTS,
    APPROVALS,
    EUROSUR,
    FIELD,
    HANDOVER,
    PICTURES,
    NATION,
    SAPIENT,
    "field-spool.db",
    *(name for name in CARRIED if name != MUTED),
    f"{EXCHANGE}/{SENT}",
    f"{EXCHANGE}/{RECEIVED}",
)
COMPUTED_AGAIN = {"journal.db", "store.db", "truth.npz", "night.jsonl", "night.started", "sensors.json", "stills.jsonl",
                  "positions.jsonl", "refusals.db.damaged", "store.latency.npy", "broker.url"}  # fmt: skip
"""What a room writes and no backup needs: from the journal, of a simulation or a start, set aside; and the journal,
which is copied otherwise."""
OTHERS = (
    "audit/head", "keys/day.key", f"{MEDIA}/2026-03-14/ab/abcd", f"{CONFIDENTIAL}/one", MUTED, PUBLICATION,
    ADAPTERS_FILE, f"{EXCHANGE}/outbox/1.zip",
)  # fmt: skip


def backup(folder: Path) -> None:
    """Run the commands of the page, with a stand-in for the copy of the journal, which has tests of its own."""
    commands = re.search(r"```\n(umask.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert commands is not None
    tools = folder / "tools"
    tools.mkdir()
    (tools / "watchline").write_text('#!/bin/sh\ncp "$3/journal.db" "$4"\n')
    (tools / "watchline").chmod(0o700)
    (tools / "python").symlink_to(sys.executable)
    path = os.pathsep.join((str(tools), os.environ["PATH"]))
    subprocess.run(
        ["sh", "-eu", "-c", commands[1]], cwd=folder, env=os.environ | {"PATH": path}, check=True, timeout=PATIENT_S
    )


def write(room: Path, name: str) -> None:
    file = room / name
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix != ".db":
        file.write_text(name)
        return
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("CREATE TABLE it (name TEXT)")
        database.execute("INSERT INTO it VALUES (?)", (name,))


@pytest.mark.parametrize("names", [(*DATABASES, *OTHERS), ("actions.db", ACCOUNTS, "audit/head", "keys/day.key")])
def test_the_backup_has_every_file_that_cannot_be_computed_again(tmp_path: Path, names: tuple[str, ...]) -> None:
    """Both for a folder with all of them and for one without partners, reports or requests."""
    room = tmp_path / "room"
    for name in ("journal.db", *names):
        write(room, name)
    backup(tmp_path)
    for name in ("journal.db", *names):
        kept = tmp_path / "backup" / name
        if kept.suffix == ".db":
            with closing(sqlite3.connect(kept)) as database:
                assert database.execute("SELECT name FROM it").fetchall() == [(name,)]
        else:
            assert kept.read_text() == name
    found = {str(file.relative_to(room)) for file in room.rglob("*") if file.is_file()}
    assert found == {"journal.db", *names}, "a backup creates nothing in the folder"


def test_a_restored_room_has_its_encrypted_pictures(tmp_path: Path) -> None:
    room, at_ns = tmp_path / "room", 1_773_446_400_000_000_000
    write(room, "journal.db")
    name = Vault(room, encrypted=True).put(b"a picture", at_ns)
    running = PictureBook(room)  # while the system runs
    running.take([NewPicture(("camera-1", 1, 1), 0, at_ns, "https://camera/1", "", "image/jpeg", 0)], 1, at_ns)
    running.stored(running.due(at_ns, 1)[0].id, StoredFile(name, 9, 4, 3))
    running.link([("T1", ("camera-1", 1, 1))])
    backup(tmp_path)
    running.close()
    restored = tmp_path / "backup"
    book = PictureBook(restored)
    (picture,) = book.pictures_of(["T1"], [])
    book.close()
    assert Vault(restored, encrypted=True).get(picture.sha256, picture.observed_ns) == b"a picture"


def test_the_page_names_every_one_of_them() -> None:
    text = PAGE.read_text(encoding="utf-8")
    databases = [name for name in DATABASES if "/" not in name]
    for name in (*databases, f"{EXCHANGE}/", f"{MEDIA}/", f"{CONFIDENTIAL}/", MUTED, PUBLICATION, ADAPTERS_FILE):
        assert f"`{name}`" in text, name


def test_no_file_of_a_room_is_left_out() -> None:
    assert set(_OWN_FILES) - COMPUTED_AGAIN <= set(DATABASES)

"""A note states where content is: never in two places, and it is written last. No server is used."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from geo.errors import BadInput
from ops.postgres.address import PostgresError, postgres_packages
from ops.postgres.keeping import (
    NAMES,
    held_note,
    keep_in_store,
    refuse_another_store,
    refuse_without_store,
    stated_note,
    write_note,
)
from ops.postgres.note import StoreNote, note_path

STORE = "postgresql://watch@localhost:5432/records"


@pytest.mark.parametrize("holds", NAMES)
def test_a_note_is_read_back_by_what_it_holds_and_refused_for_all_else(tmp_path: Path, holds: str) -> None:
    file = tmp_path / "content.db"
    assert held_note(file, holds) is None
    write_note(file, StoreNote(STORE, "west", holds))
    assert held_note(file, holds) == StoreNote(STORE, "west", holds)
    assert note_path(file).stat().st_mode & 0o077 == 0, "others may not read where the store is"
    for other in NAMES.keys() - {holds}:
        with pytest.raises(PostgresError, match=f"names the store of {NAMES[holds]}; expected that of {NAMES[other]}"):
            held_note(file, other)


def test_content_is_in_the_store_once_it_could_be_used_there(tmp_path: Path) -> None:
    file, opened = tmp_path / "accounts.db", []

    def refused(note: StoreNote) -> None:
        raise PostgresError("is full", where="the store", expected="space")

    with pytest.raises(PostgresError, match="is full"):
        keep_in_store(file, STORE, "west", "accounts", in_files=False, prepare=refused)
    assert held_note(file, "accounts") is None, "the note is written last"
    for _ in range(2):  # also of a room that starts again
        keep_in_store(file, STORE, "west", "accounts", in_files=False, prepare=opened.append)
    assert opened == [StoreNote(STORE, "west", "accounts")] * 2
    assert held_note(file, "accounts") == opened[0]


def test_files_are_continued_and_refused_beside_a_note(tmp_path: Path) -> None:
    file, opened = tmp_path / "audit", []
    keep_in_store(file, STORE, "west", "audit", in_files=True, prepare=opened.append)
    assert held_note(file, "audit") is None
    write_note(file, StoreNote(STORE, "west", "audit"))
    with pytest.raises(BadInput, match=r"holds the audit log in files; expected .*`watchline store copy --audit`"):
        keep_in_store(file, STORE, "west", "audit", in_files=True, prepare=opened.append)
    assert opened == []


@pytest.mark.parametrize(("store", "sector"), [(f"{STORE}2", "west"), (STORE, "east")])
def test_another_store_or_sector_is_refused_before_it_is_opened(tmp_path: Path, store: str, sector: str) -> None:
    file, opened = tmp_path / "accounts.db", []
    write_note(file, StoreNote(STORE, "west", "accounts"))
    before = note_path(file).read_bytes()
    with pytest.raises(BadInput, match="the accounts of sector west are in postgresql://watch@localhost:5432/records;"):
        keep_in_store(file, store, sector, "accounts", in_files=False, prepare=opened.append)
    assert (opened, note_path(file).read_bytes()) == ([], before)


def test_layers_of_the_map_are_no_other_store() -> None:
    refuse_another_store(StoreNote(STORE, "west", "fusion", layers=True), StoreNote(STORE, "west", "fusion"))
    refuse_another_store(None, StoreNote(STORE, "west", "fusion"))
    with pytest.raises(BadInput, match="postgresql://"):
        refuse_another_store(StoreNote(STORE, "west", "fusion", layers=True), StoreNote(f"{STORE}2", "west", "fusion"))


def test_another_certificate_or_a_port_written_out_is_no_other_store_and_is_noted(tmp_path: Path) -> None:
    """As at the yearly renewal; every command without an address then uses the new one."""
    file, opened = tmp_path / "accounts.db", []
    write_note(file, StoreNote("postgresql://watch@localhost/records?sslrootcert=/old.pem", "west", "accounts"))
    new = "postgresql://watch@localhost:5432/records?sslrootcert=/new.pem"
    keep_in_store(file, new, "west", "accounts", in_files=False, prepare=opened.append)
    assert [note.store.rsplit("%2F")[-1] for note in opened] == ["new.pem"]
    assert held_note(file, "accounts") == opened[0]
    for other in ("postgresql://watch@localhost:5433/records", "postgresql://other@localhost/records",
                  "postgresql://watch@localhost/records?host=10.0.0.9"):  # fmt: skip
        with pytest.raises(BadInput, match="the accounts of sector west are in"):
            keep_in_store(file, other, "west", "accounts", in_files=False, prepare=opened.append)


def test_a_store_that_a_note_names_has_to_be_given() -> None:
    refuse_without_store(None)
    with pytest.raises(BadInput, match=r"--store: missing; expected .*records, which holds the journal"):
        refuse_without_store(StoreNote(STORE, "west"))


def test_an_address_on_the_command_line_becomes_a_note_without_its_password() -> None:
    note = stated_note("postgresql://watch:hidden@localhost:5432/records", "west", "audit")
    assert note == StoreNote(STORE, "west", "audit")
    assert b"hidden" not in msgspec.json.encode(note)
    assert "hidden" in note.address().text, "which is remembered in this process"
    with pytest.raises(BadInput, match="--sector: missing; expected the sector whose accounts are in PostgreSQL"):
        stated_note(STORE, None, "accounts")
    with pytest.raises(BadInput, match="--sector: missing; expected the sector whose audit log is in PostgreSQL"):
        stated_note(STORE, None, "audit")


def test_a_missing_package_is_one_sentence_and_other_errors_pass() -> None:
    with pytest.raises(PostgresError, match=r"expected pip install '\.\[postgres\]'"), postgres_packages():
        import no_such_package  # noqa: F401
    with pytest.raises(ZeroDivisionError), postgres_packages():
        _ = 1 // 0

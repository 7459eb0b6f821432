"""Notes for the next shift: kept as signed, found by their shift, unreadable once the key of their day is erased."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from geo.errors import BadInput
from ops.audit.day_keys import DayKeys
from ops.store.connections import StoreError
from ops.store.handover_notes import FILE, MOST_NOTES, MOST_TEXT, HandoverNote, HandoverNotes

START = datetime(2026, 3, 1, 6, tzinfo=UTC)
EIGHT = timedelta(hours=8)
TEXT = "Groupe électrogène à l’arrêt ; équipe prévenue"
NOTE = HandoverNote(START, START + EIGHT, START + EIGHT, "Ana Keller", "ana", "supervisor", TEXT)


def test_a_note_is_found_by_its_shift_as_it_was_signed(tmp_path: Path) -> None:
    notes = HandoverNotes(tmp_path)
    assert notes.of(START, START + EIGHT) == []
    notes.add(NOTE)
    following = replace(NOTE, start=START + EIGHT, end=START + 2 * EIGHT, text="Other shift")
    notes.add(following)
    assert HandoverNotes(tmp_path).of(START, START + EIGHT) == [NOTE]
    assert notes.of(START, START + 2 * EIGHT) == [NOTE, following]
    assert notes.of(START - EIGHT, START) == []


def test_the_digest_changes_with_every_field() -> None:
    changed = [
        replace(NOTE, **{name: value})
        for name, value in {
            "start": START + EIGHT / 2, "end": START + 2 * EIGHT, "at": START, "name": "Ana", "account": "other",
            "role": "operator", "text": TEXT + ".",
        }.items()
    ]  # fmt: skip
    assert len({one.digest for one in (NOTE, *changed)}) == len(changed) + 1


def test_the_text_is_nowhere_in_the_file_and_goes_with_the_key_of_its_day(tmp_path: Path) -> None:
    notes = HandoverNotes(tmp_path)
    notes.add(NOTE)
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) >= 2
    assert not any("électrogène".encode() in content or b"Keller" in content for content in files)
    DayKeys(tmp_path / "keys").erase("alerts", NOTE.at.date())
    assert HandoverNotes(tmp_path).of(START, START + EIGHT) == []


@pytest.mark.parametrize("text", ["", "  \n ", "x" * (MOST_TEXT + 1)])
def test_an_empty_or_too_long_note_is_refused(tmp_path: Path, text: str) -> None:
    notes = HandoverNotes(tmp_path)
    with pytest.raises(BadInput, match="empty or too long"):
        notes.add(replace(NOTE, text=text))
    assert notes.of(START, START + EIGHT) == []


def test_a_shift_has_a_limited_number_of_notes(tmp_path: Path) -> None:
    notes = HandoverNotes(tmp_path)
    for number in range(MOST_NOTES):
        notes.add(replace(NOTE, text=f"Note {number}"))
    with pytest.raises(BadInput, match="200 notes"):
        notes.add(NOTE)
    notes.add(replace(NOTE, start=START + EIGHT, end=START + 2 * EIGHT))


def test_notes_of_two_threads_are_all_kept(tmp_path: Path) -> None:
    def sign(name: str) -> None:
        notes = HandoverNotes(tmp_path)
        for number in range(10):
            notes.add(replace(NOTE, name=name, text=str(number)))

    HandoverNotes(tmp_path).add(NOTE)
    threads = [threading.Thread(target=sign, args=(name,)) for name in ("Ana", "Jörg")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(HandoverNotes(tmp_path).of(START, START + EIGHT)) == 21


def test_another_database_or_a_changed_note_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE) as other:
        other.execute("CREATE TABLE notes (id)")
    with pytest.raises(StoreError, match="not a file of notes"):
        HandoverNotes(tmp_path).of(START, START + EIGHT)
    (tmp_path / FILE).unlink()
    notes = HandoverNotes(tmp_path)
    notes.add(NOTE)
    with sqlite3.connect(tmp_path / FILE) as file:
        body = file.execute("SELECT body FROM notes").fetchone()[0]
        file.execute("UPDATE notes SET body = ?", (body[:-1] + bytes([body[-1] ^ 1]),))
    with pytest.raises(StoreError, match="changed"):
        notes.of(START, START + EIGHT)

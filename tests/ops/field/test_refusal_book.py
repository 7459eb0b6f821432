"""The book of refused messages: a file that cannot be used stops nothing, and made-up names keep out no unit."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.field import refusal_file
from ops.field.refusal_file import DAMAGED, FILE, RefusalBookError
from ops.field.refusals import MOST_UNITS, RefusalBook, RefusedMessage, reason_of

AT_NS = 1_772_366_400 * 10**9  # 2026-03-01 12:00 UTC


FIRST_WORDS = "refused messages are not counted"


def refused(unit: str, at_ns: int = AT_NS, reference: str = "") -> RefusedMessage:
    message = reason_of("future", "observed_at")
    return RefusedMessage(unit, "mqtt", "reply" if reference else "position", "future", message, at_ns, reference)


def not_a_database(body: bytes) -> bytes:
    return b"\0" * len(body)


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the book logged; an object of another test that is taken away meanwhile may log something, too."""
    return [one.getMessage() for one in caplog.records if one.name == refusal_file.__name__]


def damaged_inside(body: bytes) -> bytes:
    """The first page, with the schema, is whole; the pages of the tables are not."""
    return body[:4096] + b"\xff" * (len(body) - 4096)


@pytest.mark.parametrize("damage", [not_a_database, damaged_inside])
def test_a_damaged_file_is_set_aside_and_a_new_one_begun(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: Callable[[bytes], bytes]
) -> None:
    first = RefusalBook(tmp_path)
    first.note(refused("patrol-1"))
    first.close()
    file = tmp_path / FILE
    damaged = damage(file.read_bytes())
    file.write_bytes(damaged)
    with caplog.at_level(logging.WARNING):
        books = [RefusalBook(tmp_path), RefusalBook(tmp_path)]
    assert (tmp_path / DAMAGED).read_bytes() == damaged
    (line,) = logged(caplog)
    assert "set aside" in line
    books[0].note(refused("patrol-2"))
    assert [one.unit for one in books[1].entries()] == ["patrol-2"], "both use the new file"
    for book in books:
        book.close()


def test_made_up_names_keep_no_unit_of_the_settings_from_being_counted(tmp_path: Path) -> None:
    book = RefusalBook(tmp_path, ["patrol-1"])
    book.note(*(refused(f"made-up-{one}") for one in range(MOST_UNITS)))
    book.note(refused("patrol-1"), refused("one-more"))
    assert len(book.entries("patrol-1")) == 1
    assert book.entries("one-more") == []
    assert len(book.entries()) == MOST_UNITS + 1
    book.close()


def of_version(file: Path, version: int) -> None:
    with sqlite3.connect(file) as db:
        db.execute(f"PRAGMA user_version = {version}")
    db.close()


def test_a_file_of_another_version_is_left_as_it_is_and_counted_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    RefusalBook(tmp_path).close()
    file = tmp_path / FILE
    with sqlite3.connect(file) as db:
        db.execute("PRAGMA journal_mode = WAL")  # as versions before this one did
    db.close()
    of_version(file, 7)
    before = file.read_bytes()
    book = RefusalBook(tmp_path)
    for _ in range(3):
        with pytest.raises(RefusalBookError, match=FIRST_WORDS):
            book.note(refused("patrol-1"))
    with pytest.raises(RefusalBookError, match=FIRST_WORDS):
        book.entries()
    assert book.problem == f"{file}: refused messages are not counted (version 7; expected version 1)."
    assert file.read_bytes() == before
    assert logged(caplog) == [book.problem], "once"
    of_version(file, 1)
    assert [(one.unit, more) for one, more in book.outstanding("unit")] == [("patrol-1", 3)], "what waited is counted"
    assert book.problem is None
    book.close()


def test_damage_in_use_sets_the_file_aside_for_every_process(tmp_path: Path) -> None:
    feeds, api = RefusalBook(tmp_path), RefusalBook(tmp_path)
    feeds.note(refused("patrol-1"))
    assert [one.unit for one in api.entries()] == ["patrol-1"]
    file = tmp_path / FILE
    file.write_bytes(b"\xff" * file.stat().st_size)
    with pytest.raises(RefusalBookError, match=FIRST_WORDS):
        feeds.note(refused("patrol-2"))
    feeds.note(refused("patrol-3"))
    api.note(refused("patrol-4"))
    assert {one.unit for one in feeds.entries()} == {"patrol-2", "patrol-3", "patrol-4"}, "both use the new file"
    assert (tmp_path / DAMAGED).read_bytes().startswith(b"\xff")
    assert feeds.problem is api.problem is None
    feeds.close()
    api.note(refused("patrol-5"))
    again = RefusalBook(tmp_path)
    assert {one.unit for one in again.entries()} == {"patrol-2", "patrol-3", "patrol-4", "patrol-5"}
    again.close()
    api.close()


@pytest.mark.parametrize("reason", [b"not JSON", b"[]", json.dumps({"id": 3}).encode()])
def test_an_entry_that_cannot_be_read_is_damage(tmp_path: Path, reason: bytes) -> None:
    book = RefusalBook(tmp_path)
    book.note(refused("patrol-1"))
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("UPDATE refusals SET message = ?", (reason,))
    db.close()
    with pytest.raises(RefusalBookError, match=FIRST_WORDS):
        book.outstanding("unit")
    book.note(refused("patrol-2"))
    assert [one.unit for one in book.entries()] == ["patrol-2"]
    assert (tmp_path / DAMAGED).exists()
    book.close()


def test_on_a_full_disk_messages_wait_in_memory_and_are_counted_once(tmp_path: Path) -> None:
    book = RefusalBook(tmp_path, [f"patrol-{one}" for one in range(400)])
    with book._file.changing() as db:
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count = {pages}")  # SQLITE_FULL, as a full disk gives it
    for one in range(400):
        try:
            book.note(refused(f"patrol-{one}"))
        except RefusalBookError:
            assert "is full" in str(book.problem)
    assert book.entries(), "what was written can be read"
    assert book.problem is not None, "a successful read does not hide that writing fails"
    with book._file.reading() as db:
        db.execute("PRAGMA max_page_count = 100000")
    book.note()
    assert book.problem is None
    assert {one.unit for one in book.entries()} == {f"patrol-{one}" for one in range(400)}
    assert {one.count for one in book.entries()} == {1}
    book.close()


def test_a_file_that_is_removed_in_use_begins_again(tmp_path: Path) -> None:
    book = RefusalBook(tmp_path)
    book.note(refused("patrol-1"))
    (tmp_path / FILE).unlink()
    book.note(refused("patrol-2"))
    assert [one.unit for one in book.entries()] == ["patrol-2"]
    book.close()


def test_a_folder_that_cannot_be_used_is_a_problem_and_no_error_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"a file in place of the folder")
    book = RefusalBook(tmp_path / "data")
    assert FIRST_WORDS in str(book.problem)
    with pytest.raises(RefusalBookError):
        book.note(refused("patrol-1"))
    (tmp_path / "data").unlink()
    assert [one.unit for one, _ in book.outstanding("audit")] == ["patrol-1"]
    book.close()

"""The book of refused messages: a damaged file stops nothing, and made-up names keep out no unit."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.field.refusals import DAMAGED, FILE, MOST_UNITS, RefusalBook, RefusedMessage, reason_of

AT_NS = 1_772_366_400 * 10**9  # 2026-03-01 12:00 UTC


def refused(unit: str, at_ns: int = AT_NS, reference: str = "") -> RefusedMessage:
    message = reason_of("future", "observed_at")
    return RefusedMessage(unit, "mqtt", "reply" if reference else "position", "future", message, at_ns, reference)


def not_a_database(body: bytes) -> bytes:
    return b"\0" * len(body)


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
    (line,) = [one.getMessage() for one in caplog.records]
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

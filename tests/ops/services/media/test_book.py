"""The book of pictures: entered once, asked for again later and later, linked with tracks, and forgotten by day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ops.services.media.book import DEAD, LATEST_NS, SOON_NS, STORED, WAITING, BookError, PictureBook, StoredFile
from tests.ops.services.media.making import AT_NS, SECOND, picture_file, reference

DATA = picture_file()
DAY = date(2026, 3, 20)
DAY_NS = 86_400 * SECOND
HOUR_NS = 3600 * SECOND


@pytest.fixture
def book(tmp_path: Path) -> PictureBook:
    return PictureBook(tmp_path)


def test_a_reference_is_entered_once_with_the_row_it_came_from(book: PictureBook, tmp_path: Path) -> None:
    book.take([reference(DATA)], 7, AT_NS)
    book.take([reference(DATA), reference(DATA, 2)], 9, AT_NS)
    book.close()
    again = PictureBook(tmp_path)
    assert again.cursor == 9
    assert again.counts() == {WAITING: 2}
    newest, first = again.due(AT_NS, 10)
    assert (newest.seq, first.seq, first.box) == (2, 1, (0.375, 0.375, 0.25, 0.25))


def test_a_sensor_with_many_files_holds_up_those_of_no_other(book: PictureBook) -> None:
    of_others = [reference(DATA, scan=(f"cam-{number}", 1, 1)) for number in (2, 3)]
    book.take([*of_others, *(reference(DATA, seq) for seq in range(1, 40))], 1, AT_NS)
    due = book.due(AT_NS, 16)
    assert [(one.sensor, one.seq) for one in due[:4]] == [("cam-1", 39), ("cam-3", 1), ("cam-2", 1), ("cam-1", 38)]
    assert [one.seq for one in due[3:]] == list(range(38, 25, -1))


def test_pauses_double_up_to_ten_minutes_and_after_the_limit_it_is_a_dead_letter(book: PictureBook) -> None:
    book.take([reference(DATA)], 1, AT_NS)
    now_ns, pauses = AT_NS, []
    while book.due(now_ns, 1):
        (one,) = book.due(now_ns, 1)
        book.not_now(one, "unreachable", "refused", now_ns, give_up_ns=HOUR_NS)
        if book.counts() == {DEAD: 1}:
            break
        assert not book.due(now_ns, 1)
        pause_ns = SOON_NS
        while not book.due(now_ns + pause_ns, 1):
            pause_ns += SECOND
        pauses.append(pause_ns // SECOND)
        now_ns += pause_ns
    assert pauses == [5, 10, 20, 40, 80, 160, 320, 600, 600, 600, 600, 600]  # 3,635 s in all
    assert LATEST_NS == 600 * SECOND
    assert book.counts() == {DEAD: 1}


def test_a_full_disk_gives_nothing_up(book: PictureBook) -> None:
    book.take([reference(DATA)], 1, AT_NS)
    (one,) = book.due(AT_NS, 1)
    book.not_now(one, "full", "", AT_NS + 100 * HOUR_NS, give_up_ns=HOUR_NS)
    assert book.counts() == {WAITING: 1}


def test_pictures_of_a_track_are_those_of_its_scans_newest_first(book: PictureBook) -> None:
    book.take([reference(DATA, seq) for seq in (1, 2, 3, 4)], 4, AT_NS)
    links = [("T1", ("cam-1", 1, 1)), ("T1", ("cam-1", 1, 3)), ("T2", ("cam-1", 1, 2)), ("T1", ("radar", 1, 4))]
    book.link(links)
    book.link(links)
    assert [one.seq for one in book.pictures_of(["T1"], [])] == [3, 1]
    assert [one.seq for one in book.pictures_of(["T1", "T2"], [("cam-1", 1, 4), ("cam-1", 1, 3)])] == [4, 3, 2, 1]
    assert book.pictures_of(["T9"], [("cam-2", 1, 1)]) == []


def test_a_day_is_forgotten_with_its_links_and_the_next_day_stays(book: PictureBook, tmp_path: Path) -> None:
    book.take([reference(DATA), reference(DATA, 2, observed_ns=AT_NS + DAY_NS)], 2, AT_NS)
    book.link([("T1", ("cam-1", 1, 1)), ("T1", ("cam-1", 1, 2))])
    for one in book.due(AT_NS, 9):
        book.stored(one.id, StoredFile(one.sha256, one.size, 64, 48))
    assert book.days() == [DAY, date(2026, 3, 21)]
    assert book.forget([DAY]) == 1
    assert [one.seq for one in book.pictures_of(["T1"], [])] == [2]
    assert book.counts() == {STORED: 1}
    book.close()
    assert b"drop:1.jpg" not in b"".join(path.read_bytes() for path in tmp_path.glob("media.db*"))


def test_a_file_of_another_program_ends_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "media.db").write_bytes(b"no database at all, but long enough to be looked at" * 20)
    with pytest.raises(BookError, match=r"media\.db"):
        PictureBook(tmp_path)

"""Separating what was joined across sectors: beside the identity process, also on older files, and for good."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from ops.cluster.identity.nation_store import FILE, Continued, NationError, NationReader, NationStore
from ops.cluster.identity.retention import purge_nation
from ops.cluster.identity.separation import rejoin, separate
from ops.sector.settings import load_settings

KEY = ("east", "I2")
FOUND = Continued("east", "I2", "west", "I1", "Na")
BY_MARY = FOUND._replace(separated_by="Mary", separated_ns=7)


def stored(folder: Path) -> tuple[list[Continued], int | None]:
    with NationReader(folder) as reader:
        return reader.continued(), reader.events_mark()


def test_what_was_separated_states_who_did_it_until_it_is_joined_again(tmp_path: Path) -> None:
    with NationStore(tmp_path) as store:
        store.commit(continued=[FOUND])
        marks = [store.events_mark()]
        for done in (separate(tmp_path, KEY, "Mary", 7), separate(tmp_path, KEY, "Paul", 8)):
            marks.append(store.events_mark())
            assert (done, store.continued()) == (len(marks) == 2, [BY_MARY])
        assert marks[0] != marks[1] == marks[2], "the first statement remains"
        store.commit(continued=[FOUND])  # the identity process finds it again, and holds the file still
        assert store.continued() == [BY_MARY]
    with NationStore(tmp_path) as store:
        assert store.continued() == [BY_MARY], "after the process was started again"
        assert rejoin(tmp_path, KEY)
        assert not rejoin(tmp_path, KEY)
        assert store.continued() == [FOUND]


def test_an_incident_that_continues_none_is_not_separated(tmp_path: Path) -> None:
    assert not separate(tmp_path, KEY, "Mary", 7)
    assert not (tmp_path / FILE).exists()
    (tmp_path / FILE).touch()  # its first writer has only begun
    assert not separate(tmp_path, KEY, "Mary", 7)
    with NationStore(tmp_path) as store:
        store.commit(continued=[FOUND])
    assert not separate(tmp_path, ("west", "I1"), "Mary", 7)
    assert stored(tmp_path)[0] == [FOUND]


def test_a_file_from_before_anything_could_be_separated_is_read_and_written(tmp_path: Path) -> None:
    with NationStore(tmp_path) as store:
        store.commit(continued=[FOUND])
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        for table in ("separated", "events_mark"):
            db.execute(f"DROP TABLE {table}")
        db.execute("DROP INDEX continued_by")
    assert stored(tmp_path) == ([FOUND], None)
    with NationReader(tmp_path) as reader:
        assert reader.continued_of("east", ["I2"]) == reader.continued_in_events([("west", "I1")]) == [FOUND]
    assert separate(tmp_path, KEY, "Mary", 7)
    found, mark = stored(tmp_path)
    assert found == [BY_MARY]
    assert mark is not None


def test_what_cannot_be_written_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    NationStore(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        db.execute("PRAGMA user_version = 2")
    with pytest.raises(NationError, match=r"nation\.db: is not a file of this version; expected version 1"):
        separate(tmp_path, KEY, "Mary", 7)
    (tmp_path / FILE).write_bytes(b"not a database" * 100)
    with pytest.raises(NationError, match=r"nation\.db: cannot be used"):
        rejoin(tmp_path, KEY)


def test_who_separated_incidents_is_erased_with_what_they_continue(tmp_path: Path) -> None:
    with NationStore(tmp_path) as store:
        store.commit(continued=[FOUND])  # its identity has no track any more
    separate(tmp_path, KEY, "Mary", 7)
    before = stored(tmp_path)
    for dry_run in (True, False):
        done = purge_nation(tmp_path, load_settings(None), today=date(2026, 3, 7), dry_run=dry_run)
        assert done.records == 2
        assert (stored(tmp_path) == before) == dry_run
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        assert db.execute("SELECT count(*) FROM separated").fetchone() == (0,)

"""Which incidents are read: open ones first, then the latest, by the index on their state."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.incidents.incident import STATES
from ops.store.incidents import IncidentReader, IncidentRow
from ops.store.writer import Store
from tests.sqlite_steps import steps

AT_ONCE = """
SELECT id FROM incidents WHERE (CASE WHEN state = 'closed' THEN 1 ELSE 0 END = ?1 OR ?1 IS NULL)
ORDER BY state = 'closed', opened_ns DESC, id
"""
"""The order, as one sort of all incidents states it."""


def incident(number: int, state: str, minute: int) -> dict[str, Any]:
    opened = f"2026-03-01T22:{minute:02}:00Z"
    return {"id": f"I{number}", "revision": 0, "state": state, "priority": "high", "opened_at": opened, "lead": None}


def ids(rows: list[IncidentRow]) -> list[str]:
    return [msgspec.json.decode(row.body)["id"] for row in rows]


@settings(max_examples=20, deadline=None)
@given(
    stored=st.lists(st.tuples(st.sampled_from(STATES), st.integers(0, 3)), max_size=15),
    limit=st.none() | st.integers(0, 16),
    hidden=st.sets(st.integers(0, 14)),
)
def test_what_is_read_is_what_one_sort_of_all_incidents_gives(
    tmp_path_factory: pytest.TempPathFactory, stored: list[tuple[str, int]], limit: int | None, hidden: set[int]
) -> None:
    path = tmp_path_factory.mktemp("sector") / "store.db"
    store = Store(path)
    revisions = [incident(number, state, minute) for number, (state, minute) in enumerate(stored)]
    store.commit(1, stamp_ns=1, tracks_live=b"[]", incident_revisions=revisions)
    store.close()
    left_out = {f"I{number}" for number in hidden}
    reader = IncidentReader(path)
    with closing(sqlite3.connect(path)) as db:
        for closed in (None, False, True):
            sorted_ids = [one for (one,) in db.execute(AT_ONCE, (closed,)) if one not in left_out]
            found = reader.incidents(closed=closed, limit=limit, hidden=lambda: left_out)[1]
            assert ids(found) == sorted_ids[:limit]
    reader.close()


def test_what_is_open_is_read_without_the_history_of_the_sector(tmp_path: Path) -> None:
    def readings(name: str, closed: int) -> list[int]:
        path = tmp_path / name / "store.db"
        store = Store(path)
        old = [incident(number, "closed", number % 20) for number in range(closed)]
        here = [incident(10_000 + number, STATES[number % 5], 20 + number) for number in range(10)]
        store.commit(1, stamp_ns=1, tracks_live=b"[]", incident_revisions=[*old, *here])
        store.close()
        reader = IncidentReader(path)
        with reader._snapshot() as connection:
            found = [
                steps(connection, lambda: reader.incidents(closed=False)),
                steps(connection, lambda: reader.open_incidents(rows=5)),
                steps(connection, lambda: connection.execute(AT_ONCE, (0,)).fetchall()),
            ]
        reader.close()
        return found

    *few, sort_of_few = readings("few", 20)
    *many, sort_of_many = readings("many", 2000)
    assert many == few
    assert sort_of_many > 20 * sort_of_few, "what is counted does grow with the rows that are read"


def test_of_the_closed_ones_the_latest_are_read_and_not_all(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = Store(path)
    store.commit(1, stamp_ns=1, tracks_live=b"[]", incident_revisions=[
        *(incident(number, "closed", number % 20) for number in range(2000)),
        incident(9_000, "closed", 58), incident(9_001, "open", 30), incident(9_002, "closed", 59),
    ])  # fmt: skip
    store.close()
    reader = IncidentReader(path)
    assert ids(reader.open_incidents(rows=3)) == ["I9001", "I9002", "I9000"]
    with reader._snapshot() as connection:
        latest = steps(connection, lambda: reader.open_incidents(rows=3))
        every_one = steps(connection, lambda: reader.incidents(closed=True))
    assert latest < every_one / 10
    reader.close()

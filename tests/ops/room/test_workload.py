"""The alert workload of a store is that of the revisions it published, however many it reads at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import ops.room.workload
from fusion.alerts import Alert, alert_workload
from geo.message import Message
from ops.room.workload import workload_of
from ops.store.writer import Store
from sensors.timestamps import nanoseconds

START = datetime(2026, 3, 1, tzinfo=UTC)


def alert(number: int, *, revision: int = 0, priority: str = "low") -> Alert:
    at = START + timedelta(minutes=number)
    return Alert(
        f"A{number}",
        "approaching",
        priority,
        "active",
        revision,
        Message("alert-approaching"),
        at,
        at,
        at,
        track=f"T{number}",
    )


@pytest.mark.parametrize("rows", [1, 7, 1_000])
def test_a_store_gives_the_workload_of_the_revisions_it_published(
    rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ops.room.workload, "ROWS_A_READ", rows)
    revisions = [alert(number) for number in range(30)] + [alert(3, revision=1, priority="high")]
    store = Store(tmp_path / "store.db")
    try:
        store.commit(1, stamp_ns=1, alerts=[one.to_dict() for one in revisions])
        end = START + timedelta(hours=26)
        begins_ns, ends_ns = nanoseconds(START), nanoseconds(end)
        found = workload_of(store, begins_ns=begins_ns, ends_ns=ends_ns)
        assert found == alert_workload(revisions, hours=26.0, end=end)
        assert found.stale == 30  # nobody closed one
        assert workload_of(store, begins_ns=begins_ns, ends_ns=begins_ns) is None
    finally:
        store.close()

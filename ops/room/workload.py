"""The alert workload and the incidents of a store, from its published revisions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from fusion.alerts import Alert, Workload, alert_workload
from ops.store.incidents import IncidentReader
from ops.store.reader import Reader
from sensors.timestamps import HOUR_NS, utc_datetime

ROWS_A_READ: Final = 1_000
MOST_INCIDENTS: Final = 1_000_000


def workload_of(store: Reader, *, begins_ns: int, ends_ns: int) -> Workload | None:
    """Return the workload of one operator: all alerts of a store, published in this time; None for no time."""
    if ends_ns <= begins_ns:
        return None
    return alert_workload(_revisions(store), hours=(ends_ns - begins_ns) / HOUR_NS, end=utc_datetime(ends_ns))


def incidents_of(store: Reader) -> list[dict[str, Any]]:
    """Return the newest revision of every incident of a store."""
    _, rows = IncidentReader(store.path).incidents(limit=MOST_INCIDENTS)
    return [msgspec.json.decode(row.body) for row in rows]


def _revisions(store: Reader) -> Iterator[Alert]:
    last = 0
    while rows := store.outbox_after(last, limit=ROWS_A_READ):
        yield from (msgspec.json.decode(row.body, type=Alert) for row in rows)
        last = rows[-1].n

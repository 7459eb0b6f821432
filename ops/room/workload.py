"""The alert workload and the incidents of a store, from its published revisions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from fusion.alerts import Alert, Workload, alert_workload
from ops.store.incidents import IncidentReader
from ops.store.reader import Reader
from sensors.timestamps import HOUR_NS

ROWS_A_READ: Final = 1_000
MOST_INCIDENTS: Final = 1_000_000


def workload_of(store: Reader, *, span_ns: int) -> Workload | None:
    """Return the workload of one operator: all alerts of a store, published within ``span_ns``; None for no time."""
    return alert_workload(_revisions(store), hours=span_ns / HOUR_NS) if span_ns > 0 else None


def incidents_of(store: Reader) -> list[dict[str, Any]]:
    """Return the newest revision of every incident of a store."""
    _, rows = IncidentReader(store.path).incidents(limit=MOST_INCIDENTS)
    return [msgspec.json.decode(row.body) for row in rows]


def _revisions(store: Reader) -> Iterator[Alert]:
    last = 0
    while rows := store.outbox_after(last, limit=ROWS_A_READ):
        yield from (msgspec.json.decode(row.body, type=Alert) for row in rows)
        last = rows[-1].n

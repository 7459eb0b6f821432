"""Traces from a message to its alert, as spans of OpenTelemetry (``ops.runtime.traces``)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ingest.topics import SENSOR_CHANNELS
from ops.runtime.traces.alert_spans import AlertSpans

if TYPE_CHECKING:
    from ops.journal.reader import JournalRow

OPEN: Final = 10_000
"""Most alerts whose delivery is awaited; of more, the oldest get no span of their delivery."""


@dataclass(frozen=True, slots=True)
class _Raised:
    """An alert that is not committed yet, the oldest message of its batch, and when fusion read that."""

    alert: str
    rule: str
    row: JournalRow
    read_ns: int


class AlertTraces:
    """One trace for each new alert: ``send``, ``receive``, ``journal``, ``fuse`` and ``deliver`` below ``alert``."""

    def __init__(self, spans: AlertSpans) -> None:
        self._spans = spans
        self._raised: list[_Raised] = []
        self._open: dict[str, int] = {}
        self._lock = threading.Lock()  # deliveries are noted in a thread of their own

    def raised(self, alerts: Sequence[Any], row: JournalRow, read_ns: int) -> None:
        """Note new alerts that a batch raised, of which ``row`` is the oldest message, read at ``read_ns``."""
        self._raised += [_Raised(alert.id, alert.rule, row, read_ns) for alert in alerts]

    def committed(self, now_ns: int) -> None:
        """Note that what was raised is in the store."""
        for one in self._raised:
            self._trace(one, now_ns)
        with self._lock:
            self._open |= {one.alert: now_ns for one in self._raised}
            while len(self._open) > OPEN:
                del self._open[next(iter(self._open))]
        self._raised = []

    def delivered(self, alert: str, at_ns: int) -> None:
        """Note that every receiver has an alert since ``at_ns``."""
        with self._lock:
            committed_ns = self._open.pop(alert, None)
        if committed_ns is not None:
            self._spans.add(alert, "deliver", committed_ns, at_ns)

    def _trace(self, one: _Raised, now_ns: int) -> None:
        row = one.row
        known: dict[str, str | int] = {
            "watchline.alert": one.alert,
            "watchline.rule": one.rule,
            "watchline.journal_row": row.id,
        }
        if row.kind in SENSOR_CHANNELS:  # a position or an action is of a unit, which may be one person
            known["watchline.sensor"] = row.sensor
        sent_ns = row.received_ns if row.sent_ns is None else row.sent_ns
        self._spans.first(one.alert, row.observed_ns, now_ns, known)
        self._spans.add(one.alert, "send", row.observed_ns, sent_ns)
        self._spans.add(one.alert, "receive", sent_ns, row.received_ns)
        self._spans.add(one.alert, "journal", row.received_ns, one.read_ns)
        self._spans.add(one.alert, "fuse", one.read_ns, now_ns)

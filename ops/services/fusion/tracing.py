"""Traces from a message to its alert and its delivery, as spans of OpenTelemetry.

Off unless ``WATCHLINE_TRACES=otlp`` is set, which needs the extra ``otel``. Spans hold identifiers and times, and
neither positions nor people nor units.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from geo.errors import BadInput
from ingest.topics import SENSOR_CHANNELS

if TYPE_CHECKING:
    from ops.journal.reader import JournalRow

EXPORTER: Final = "WATCHLINE_TRACES"
"""A variable of our own: those of OpenTelemetry, which set address and limits, may be meant for other programs."""
OPEN: Final = 10_000
"""Most alerts whose delivery is awaited; of more, the oldest get no span of their delivery."""


@dataclass(frozen=True, slots=True)
class _Raised:
    """An alert that is not committed yet, and the oldest message of its batch."""

    alert: str
    rule: str
    row: JournalRow


class AlertTraces:
    """One trace for each new alert: ``send``, ``receive``, ``fuse`` and ``deliver`` below ``alert``.

    The trace's id is the first half of the SHA-256 of the alert's id, so it can be found from the alert.
    ``provider``: see ``provider_of``.
    """

    def __init__(self, provider: Any) -> None:
        self._provider, self._tracer = provider, provider.get_tracer("watchline")
        self._raised: list[_Raised] = []
        self._open: dict[str, tuple[Any, int]] = {}
        self._lock = threading.Lock()  # deliveries are noted in a thread of their own

    def raised(self, alerts: Sequence[Any], row: JournalRow) -> None:
        """Note new alerts that a batch raised, of which ``row`` is the oldest message."""
        self._raised += [_Raised(alert.id, alert.rule, row) for alert in alerts]

    def committed(self, now_ns: int) -> None:
        """Note that what was raised is in the store."""
        begun = {one.alert: (self._trace(one, now_ns), now_ns) for one in self._raised}
        self._raised = []
        with self._lock:
            self._open |= begun
            while len(self._open) > OPEN:
                del self._open[next(iter(self._open))]

    def delivered(self, alert: str, at_ns: int) -> None:
        """Note that every receiver has an alert since ``at_ns``."""
        with self._lock:
            context, committed_ns = self._open.pop(alert, (None, 0))
        if context is not None:
            self._span("deliver", context, committed_ns, at_ns)

    def close(self) -> None:
        """Export the remaining spans."""
        self._provider.shutdown()

    def _trace(self, one: _Raised, now_ns: int) -> Any:
        from opentelemetry import trace
        from opentelemetry.context import Context

        row = one.row
        self._provider.id_generator.trace_id = trace_id_of(one.alert)
        known = {"watchline.alert": one.alert, "watchline.rule": one.rule, "watchline.journal_row": row.id}
        if row.kind in SENSOR_CHANNELS:  # a position or an action is of a unit, which may be one person
            known["watchline.sensor"] = row.sensor
        root = self._tracer.start_span("alert", Context(), start_time=row.observed_ns, attributes=known)
        context = trace.set_span_in_context(root)
        sent_ns = row.received_ns if row.sent_ns is None else row.sent_ns
        self._span("send", context, row.observed_ns, sent_ns)
        self._span("receive", context, sent_ns, row.received_ns)
        self._span("fuse", context, row.received_ns, now_ns)
        root.end(max(now_ns, row.observed_ns))
        return context

    def _span(self, name: str, context: Any, begin_ns: int, end_ns: int) -> None:
        """Add a span; clocks of different machines may make it end before it began, then it takes no time."""
        self._tracer.start_span(name, context, start_time=begin_ns).end(max(begin_ns, end_ns))


def trace_id_of(alert: str) -> int:
    """Return the id of the trace of an alert."""
    return int.from_bytes(sha256(alert.encode()).digest()[:16], "big")


def traces_of_environment(sector: str, environment: Mapping[str, str] = os.environ) -> AlertTraces | None:
    """Return the traces that the environment asks for, None if it asks for none.

    Raises BadInput for an exporter other than ``otlp`` and ``none``, and without the extra ``otel``.
    """
    wanted = environment.get(EXPORTER, "none")
    if wanted == "none":
        return None
    if wanted != "otlp":
        raise BadInput(f"{wanted[:40]!r}", where=EXPORTER, expected="otlp or none")
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise BadInput("the extra otel is not installed", where=EXPORTER, expected="pip install '.[otel]'") from None
    return AlertTraces(provider_of(sector, BatchSpanProcessor(OTLPSpanExporter())))


def provider_of(sector: str, processor: Any) -> Any:
    """Return a provider of OpenTelemetry's SDK that names the service and the sector, and gives each trace its id."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class AlertIds(RandomIdGenerator):
        """Gives the next trace the id that was set."""

        trace_id = 0

        def generate_trace_id(self) -> int:
            return self.trace_id

    named = Resource.create({"service.name": "watchline", "watchline.sector": sector})
    provider = TracerProvider(resource=named, id_generator=AlertIds())
    provider.add_span_processor(processor)
    return provider

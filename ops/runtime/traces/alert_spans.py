"""Spans of OpenTelemetry in the trace of an alert, added by any process that knows the alert's id.

Off unless ``WATCHLINE_TRACES=otlp`` is set, which needs the extra ``otel``. Trace and first span get their ids from
the sector and the alert's id, so processes need not pass a context to each other, and a person finds the trace of an
alert. Spans hold identifiers and times, and neither positions nor people nor units.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from geo.errors import BadInput

EXPORTER: Final = "WATCHLINE_TRACES"
"""A variable of our own: those of OpenTelemetry, which set address and limits, may be meant for other programs."""
CLOSE_S: Final = 2.0
"""Longest wait for the remaining spans; alerts and other processes wait for the end of a process meanwhile."""


class AlertSpans:
    """Adds spans to traces of alerts. Thread-safe.

    Parameters
    ----------
    sector, process : str
        Resource attributes of each span: where and by which process it was added.
    processor : SpanProcessor
        Of OpenTelemetry's SDK, which exports the spans.
    """

    def __init__(self, sector: str, process: str, processor: Any) -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
        from opentelemetry.sdk.trace.sampling import ALWAYS_ON

        class AlertIds(RandomIdGenerator):
            """Gives the first span of a trace the ids that were set, and others an id by chance."""

            alert: str | None = None

            def generate_trace_id(self) -> int:
                return super().generate_trace_id() if self.alert is None else trace_id_of(sector, self.alert)

            def generate_span_id(self) -> int:
                return super().generate_span_id() if self.alert is None else span_id_of(sector, self.alert)

        named = {"service.name": "watchline", "watchline.sector": sector, "watchline.process": process}
        self._sector, self._ids = sector, AlertIds()
        self._provider = TracerProvider(
            resource=Resource.create(named),
            id_generator=self._ids,
            sampler=ALWAYS_ON,  # alerts are few, and processes that sampled apart would leave parts of traces
            shutdown_on_exit=False,  # which has no limit in time
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("watchline")
        self._lock = threading.Lock()

    def first(self, alert: str, begin_ns: int, end_ns: int, attributes: Mapping[str, str | int]) -> None:
        """Add the span ``alert``, to which all others of the trace belong. At most one process may call this."""
        from opentelemetry.context import Context

        with self._lock:
            self._ids.alert = alert
            try:
                span = self._tracer.start_span("alert", Context(), start_time=begin_ns, attributes=attributes)
            finally:
                self._ids.alert = None
        span.end(max(begin_ns, end_ns))

    def add(
        self,
        alert: str,
        name: str,
        begin_ns: int,
        end_ns: int,
        attributes: Mapping[str, str | int] | None = None,
        *,
        failed: bool = False,
    ) -> None:
        """Add a span; clocks of different machines may make it end before it began, then it takes no time."""
        from opentelemetry.trace import StatusCode

        with self._lock:
            span = self._tracer.start_span(
                name, _context_of(self._sector, alert), start_time=begin_ns, attributes=attributes
            )
        if failed:
            span.set_status(StatusCode.ERROR)
        span.end(max(begin_ns, end_ns))

    def close(self, *, timeout_s: float = CLOSE_S) -> None:
        """Export the remaining spans, those that a collector does not take within ``timeout_s`` excepted."""
        ending = threading.Thread(target=self._provider.shutdown, name="traces", daemon=True)
        ending.start()
        ending.join(timeout_s)


def _context_of(sector: str, alert: str) -> Any:
    """Return the context below the first span of an alert, which another process may have added, or will."""
    from opentelemetry.context import Context
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    sampled = TraceFlags(TraceFlags.SAMPLED)
    first = SpanContext(trace_id_of(sector, alert), span_id_of(sector, alert), is_remote=True, trace_flags=sampled)
    return set_span_in_context(NonRecordingSpan(first), Context())


def trace_id_of(sector: str, alert: str) -> int:
    """Return the id of the trace of an alert: the first 16 bytes of the SHA-256 of ``SECTOR.ALERT``.

    The ids of alerts are unique within a sector only: two sectors may have a sensor in common.
    """
    return int.from_bytes(_digest(sector, alert)[:16], "big")


def span_id_of(sector: str, alert: str) -> int:
    """Return the id of the first span of that trace: the 8 bytes after these."""
    return int.from_bytes(_digest(sector, alert)[16:24], "big")


def _digest(sector: str, alert: str) -> bytes:
    return sha256(f"{sector}.{alert}".encode()).digest()


def spans_of_environment(sector: str, process: str, environment: Mapping[str, str] = os.environ) -> AlertSpans | None:
    """Return what adds the spans that the environment asks for, None if it asks for none.

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
    return AlertSpans(sector, process, BatchSpanProcessor(OTLPSpanExporter()))

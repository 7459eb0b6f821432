"""Spans over OTLP: several processes add to one trace, and a collector that does not answer delays no end."""

from __future__ import annotations

import http.server
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from geo.errors import BadInput
from ops.journal.reader import JournalRow
from ops.runtime.traces.alert_spans import AlertSpans, span_id_of, spans_of_environment, trace_id_of
from ops.services.feeds.tracing import DeliveryTraces
from ops.services.fusion.tracing import AlertTraces
from ops.store.reader import OutboxRow
from tests.ops.runtime.traces.collector import Collector, collecting
from tests.patience import PATIENT_S

S = 1_000_000_000
ASKED = {"WATCHLINE_TRACES": "otlp"}


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collecting() as made:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", made.address)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", f"{PATIENT_S:.0f}")  # else it sends again after 10 s
        yield made


def spans_of(process: str) -> AlertSpans:
    found = spans_of_environment("hills", process, ASKED)
    assert found is not None
    return found


def outbox_row(alert: str, revision: int = 0, kind: str = "alert") -> OutboxRow:
    return OutboxRow(1, alert, revision, "high", b"{}", kind)


def test_fusion_and_feeds_add_to_one_trace_that_is_found_from_the_alert(collector: Collector) -> None:
    """By hand: message observed at 10 s, sent 10.25, received 10.5, read 10.625, committed 11; two attempts to a TAK
    server, 11.25 to 11.5, which fails, and 12 to 12.5."""
    now = [0]
    of_fusion, of_feeds = spans_of("fusion"), spans_of("feeds")
    alerts = AlertTraces(of_fusion)
    row = JournalRow(7, "detections", "r1", 1, 7, 10 * S, int(10.5 * S), int(10.25 * S), "", b"", True)
    alert: Any = type("Raised", (), {"id": "A1", "rule": "crossing"})
    alerts.raised([alert], row, int(10.625 * S))
    alerts.committed(11 * S)
    deliveries = DeliveryTraces(of_feeds, lambda: now[0])
    for begin_s, end_s, error in ((11.25, 11.5, OSError("refused by patrol-1")), (12, 12.5, None)):
        answer: Future[None] = Future()
        now[0] = int(begin_s * S)
        deliveries.attempt("cot", outbox_row("A1"), answer)
        now[0] = int(end_s * S)
        answer.set_exception(error) if error is not None else answer.set_result(None)
    alerts.delivered("A1", int(12.5 * S))
    for spans in (of_fusion, of_feeds):
        spans.close(timeout_s=PATIENT_S)
    found = sorted(
        (process, span.name, span.start_time_unix_nano / S, span.end_time_unix_nano / S)
        for process, span in collector.spans
    )
    assert found == [
        ("feeds", "deliver cot", 11.25, 11.5),
        ("feeds", "deliver cot", 12.0, 12.5),
        ("fusion", "alert", 10.0, 11.0),
        ("fusion", "deliver", 11.0, 12.5),
        ("fusion", "fuse", 10.625, 11.0),
        ("fusion", "journal", 10.5, 10.625),
        ("fusion", "receive", 10.25, 10.5),
        ("fusion", "send", 10.0, 10.25),
    ]
    assert {span.trace_id for _, span in collector.spans} == {trace_id_of("hills", "A1").to_bytes(16, "big")}
    first = span_id_of("hills", "A1").to_bytes(8, "big")
    assert {span.parent_span_id for _, span in collector.spans if span.name != "alert"} == {first}
    assert [span.span_id for _, span in collector.spans if span.name == "alert"] == [first]
    failed = [
        span.start_time_unix_nano / S for _, span in collector.spans if span.status.code == Status.STATUS_CODE_ERROR
    ]
    assert failed == [11.25]
    assert all("patrol-1" not in str(span) for _, span in collector.spans), "receivers may be persons"


def test_only_first_revisions_of_alerts_are_traced(collector: Collector) -> None:
    spans = spans_of("feeds")
    deliveries = DeliveryTraces(spans, lambda: S)
    for row in (outbox_row("A1", revision=1), outbox_row("I1", kind="incident"), outbox_row("A2")):
        answer: Future[None] = Future()
        deliveries.attempt("mqtt", row, answer)
        answer.set_result(None)
    spans.close(timeout_s=PATIENT_S)
    assert [span.trace_id for _, span in collector.spans] == [trace_id_of("hills", "A2").to_bytes(16, "big")]


def test_an_attempt_that_is_cancelled_has_failed(collector: Collector) -> None:
    spans, answer = spans_of("feeds"), Future[None]()
    DeliveryTraces(spans, lambda: S).attempt("mqtt", outbox_row("A1"), answer)
    assert answer.cancel()
    spans.close(timeout_s=PATIENT_S)
    assert [span.status.code for _, span in collector.spans] == [Status.STATUS_CODE_ERROR]


def test_a_collector_that_never_answers_ends_the_wait_not_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a limit the exporter waits 10 s for the answer, which would delay alerts after a restart of fusion."""

    class Refuse(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_error(400)

        def log_message(self, *_: Any) -> None: ...

    with http.server.HTTPServer(("127.0.0.1", 0), Refuse) as silent:
        silent.timeout = PATIENT_S
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{silent.server_port}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", f"{10 * PATIENT_S:.0f}")
        spans = spans_of("fusion")
        spans.add("A1", "send", 0, S)
        began_s = time.monotonic()
        spans.close(timeout_s=0.2)
        assert time.monotonic() - began_s < PATIENT_S, "far below the time for which the exporter waits"
        silent.handle_request()  # else it would try again, and reach whoever has this port next
        for thread in threading.enumerate():
            if thread.name == "traces":
                thread.join(PATIENT_S)


def test_spans_of_many_threads_keep_their_traces(collector: Collector) -> None:
    spans = spans_of("fusion")

    def write(of: int) -> None:
        for number in range(50):
            spans.first(f"A{of}-{number}", 0, S, {})
            spans.add(f"A{of}-{number}", "send", 0, S)

    threads = [threading.Thread(target=write, args=(of,)) for of in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spans.close(timeout_s=PATIENT_S)
    names = [f"A{of}-{number}" for of in range(4) for number in range(50)]
    expected = sorted(
        (trace_id_of("hills", name).to_bytes(16, "big"), span) for name in names for span in ("alert", "send")
    )
    assert sorted((span.trace_id, span.name) for _, span in collector.spans) == expected
    assert len({span.span_id for _, span in collector.spans}) == 400


@pytest.mark.parametrize("environment", [{}, {"WATCHLINE_TRACES": "none"}])
def test_it_is_off_unless_it_is_asked_for(environment: dict[str, str]) -> None:
    assert spans_of_environment("hills", "fusion", environment) is None


@pytest.mark.parametrize("wanted", ["console", "otlp"])
def test_an_exporter_that_is_not_there_is_refused_in_a_sentence(wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(BadInput, match="WATCHLINE_TRACES") as error:
        spans_of_environment("hills", "fusion", {"WATCHLINE_TRACES": wanted})
    assert "\n" not in str(error.value)


def test_alerts_of_two_sectors_with_one_id_have_traces_of_their_own(collector: Collector) -> None:
    """As where both have a sensor of the same name, which goes offline."""
    for sector in ("hills", "coast"):
        spans = spans_of_environment(sector, "fusion", ASKED)
        assert spans is not None
        spans.first("A1", 0, S, {})
        spans.add("A1", "send", 0, S)
        spans.close(timeout_s=PATIENT_S)
    traces = {span.trace_id for _, span in collector.spans}
    assert traces == {trace_id_of(sector, "A1").to_bytes(16, "big") for sector in ("hills", "coast")}
    assert len(traces) == 2

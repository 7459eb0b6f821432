"""Traces of alerts: hand-worked spans from message to delivery, one trace for each alert, none without being asked."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from ops.journal.reader import JournalReader, JournalRow
from ops.runtime.clock import ScenarioClock
from ops.runtime.traces.alert_spans import AlertSpans, span_id_of, trace_id_of
from ops.sector.settings import Settings
from ops.services.fusion.latency import Latency
from ops.services.fusion.process import Fusion
from ops.services.fusion.tracing import AlertTraces
from ops.store.writer import Store

S = 1_000_000_000


@pytest.fixture
def exported() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def traces(exported: InMemorySpanExporter) -> AlertTraces:
    return AlertTraces(AlertSpans("hills", "fusion", SimpleSpanProcessor(exported)))


def row(number: int, observed_s: float, sent_s: float | None, received_s: float, *, closes: bool = False) -> JournalRow:
    observed, received = int(observed_s * S), int(received_s * S)
    sent = None if sent_s is None else int(sent_s * S)
    return JournalRow(number, "detections", "r1", 1, number, observed, received, sent, "", b"", closes)


def alert(identity: str, revision: int = 0) -> Any:
    return SimpleNamespace(id=identity, rule="crossing", revision=revision)


def spans(exported: InMemorySpanExporter) -> dict[str, tuple[float, float]]:
    """Begin and end of each span [s], by name."""
    return {span.name: (span.start_time / S, span.end_time / S) for span in exported.get_finished_spans()}  # type: ignore[operator]


def test_a_trace_runs_from_the_oldest_message_of_the_batch_to_its_delivery(traces, exported) -> None:
    """By hand: observed at 10 s, sent at 10.25, received at 10.5, read at 10.625, committed at 11, delivered 12.5."""
    now = [int(10.625 * S)]
    latency = Latency(lambda: now[0], lambda seconds: seconds, traces=traces)
    latency.take(row(7, 10, 10.25, 10.5), [])
    now[0] = int(10.875 * S)
    latency.take(row(8, 10.5, 10.6, 10.75, closes=True), [alert("A1"), alert("A0", revision=3)])
    now[0] = 11 * S
    latency.committed(picture=False)
    latency.delivered("A1", 0, int(12.5 * S))
    assert spans(exported) == {
        "send": (10, 10.25),
        "receive": (10.25, 10.5),
        "journal": (10.5, 10.625),
        "fuse": (10.625, 11),
        "alert": (10, 11),
        "deliver": (11, 12.5),
    }
    found = {span.name: span for span in exported.get_finished_spans()}
    root = found["alert"]
    assert dict(root.attributes) == {
        "watchline.alert": "A1",
        "watchline.rule": "crossing",
        "watchline.sensor": "r1",
        "watchline.journal_row": 7,
    }
    expected = int(hashlib.sha256(b"hills.A1").hexdigest()[:32], 16)
    assert {span.context.trace_id for span in found.values()} == {expected} == {trace_id_of("hills", "A1")}
    assert root.parent is None
    assert root.context.span_id == int(hashlib.sha256(b"hills.A1").hexdigest()[32:48], 16) == span_id_of("hills", "A1")
    assert {one.parent.span_id for name, one in found.items() if name != "alert"} == {root.context.span_id}
    assert len({one.context.span_id for one in found.values()}) == 6
    assert root.resource.attributes["watchline.sector"] == "hills"
    assert root.resource.attributes["watchline.process"] == "fusion"


def test_a_position_is_read_from_the_journal_when_it_is_taken(traces, exported) -> None:
    """By hand: received at 5 s and read at 5.25, after detections of a batch that is complete."""
    now = [int(4.5 * S)]
    latency = Latency(lambda: now[0], lambda seconds: seconds, traces=traces)
    latency.take(row(1, 3, 3, 4, closes=True), [])
    now[0] = int(5.25 * S)
    latency.take(replace(row(2, 4.75, 4.875, 5), kind="position"), [alert("A1")])
    now[0] = 6 * S
    latency.committed(picture=False)
    assert spans(exported)["journal"] == (5, 5.25)
    assert spans(exported)["fuse"] == (5.25, 6)


def test_the_trace_of_a_distress_call_does_not_name_the_unit(traces, exported) -> None:
    traces.raised([alert("A1")], replace(row(1, 1, 2, 3), kind="position", sensor="patrol-1"), 3 * S)
    traces.committed(4 * S)
    attributes = [value for span in exported.get_finished_spans() for value in span.attributes.values()]
    assert "A1" in attributes
    assert "patrol-1" not in attributes


def test_clocks_that_disagree_give_no_span_that_ends_before_it_begins(traces, exported) -> None:
    traces.raised([alert("A1")], row(1, 20.0, 19.0, 18.0), 17 * S)
    traces.committed(17 * S)
    traces.delivered("A1", 16 * S)
    assert len(spans(exported)) == 6
    assert all(begin <= end for begin, end in spans(exported).values())


def test_an_alert_is_traced_once_and_one_that_was_not_raised_here_has_no_delivery(traces, exported) -> None:
    traces.raised([alert("A1")], row(1, 1, 2, 3), 3 * S)
    for _ in range(2):
        traces.committed(4 * S)
        traces.delivered("A1", 5 * S)
    traces.delivered("A2", 5 * S)
    assert len(exported.get_finished_spans()) == 6


def test_every_alert_of_a_night_has_one_trace(traces, exported, hill_journal: Path, hill_ground, tmp_path) -> None:
    store = Store(tmp_path / "store.db")
    with JournalReader(hill_journal) as journal:
        fusion = Fusion(journal, store, hill_ground, Settings(), ScenarioClock.live())
        fusion.latency.traces = traces
        while fusion.step(100):
            pass
    published = {one.alert for one in store.outbox_after(0, limit=10_000)}
    store.close()
    roots = [span for span in exported.get_finished_spans() if span.name == "alert"]
    assert published
    assert sorted(span.attributes["watchline.alert"] for span in roots) == sorted(published)

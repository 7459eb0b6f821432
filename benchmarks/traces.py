"""Traces: CPU time of fusion for each new alert and for each message, exported over OTLP to a collector, and without.

The collector is a process of its own that answers each request. ``alert`` is the CPU time of all threads for the six
spans of an alert, their export included; ``message`` that of noting a message which raises no alert.

A table to stderr, one JSON line to stdout: ``python benchmarks/traces.py [--alerts N] [--messages N]``.
"""

from __future__ import annotations

import argparse
import http.server
import multiprocessing
import os
import time
from types import SimpleNamespace
from typing import Any

from machine import report, table

from ops.journal.reader import JournalRow
from ops.runtime.traces.alert_spans import spans_of_environment
from ops.services.fusion.latency import Latency
from ops.services.fusion.tracing import AlertTraces

S = 1_000_000_000
BATCH = 200
"""Alerts between two pauses in which the exporter's queue is emptied: alerts come by tens, not thousands."""


class Collector(http.server.BaseHTTPRequestHandler):
    """Reads each request and answers it."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None: ...


def collect(port: Any) -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    port.send(server.server_port)
    server.serve_forever()


def row(number: int, *, closes: bool = False) -> JournalRow:
    return JournalRow(number, "detections", "r1", 1, number, S, 3 * S, 2 * S, "", b"", closes)


def cpu_us_of_alerts(traces: AlertTraces | None, count: int) -> float:
    """Return the CPU time of one alert [µs]: noted, committed and delivered."""
    latency = Latency(time.time_ns, lambda seconds: seconds, traces=traces)
    began_s = time.process_time()
    for first in range(0, count, BATCH):
        for number in range(first, first + BATCH):
            alert: Any = SimpleNamespace(id=f"A{number}", rule="crossing", revision=0)
            latency.take(row(number + 1, closes=True), [alert])
            latency.committed(picture=False)
            latency.delivered(alert.id, 0, time.time_ns())
        if traces is not None:
            traces._spans._provider.force_flush()
    return (time.process_time() - began_s) / count * 1e6


def cpu_us_of_messages(traces: AlertTraces | None, count: int) -> float:
    """Return the CPU time of one message that raises no alert [µs]."""
    latency = Latency(time.time_ns, lambda seconds: seconds, traces=traces)
    began_s = time.process_time()
    for number in range(1, count + 1):
        latency.take(row(number, closes=number % 10 == 0), [])
    return (time.process_time() - began_s) / count * 1e6


def main() -> None:
    """Measure, and print a table and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, default=4000)
    parser.add_argument("--messages", type=int, default=100_000)
    options = parser.parse_args()
    here, there = multiprocessing.Pipe()
    collector = multiprocessing.Process(target=collect, args=(there,), daemon=True)
    collector.start()
    os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{here.recv()}"
    spans = spans_of_environment("hills", "fusion", {"WATCHLINE_TRACES": "otlp"})
    assert spans is not None
    traces = AlertTraces(spans)
    cpu_us_of_alerts(traces, BATCH)
    figures = {
        "alert_cpu_us": cpu_us_of_alerts(traces, options.alerts),
        "alert_cpu_us_without": cpu_us_of_alerts(None, options.alerts),
        "message_cpu_us": cpu_us_of_messages(traces, options.messages),
        "message_cpu_us_without": cpu_us_of_messages(None, options.messages),
    }
    spans.close()
    collector.kill()
    rows = [(of, *(round(figures[f"{of}_cpu_us{end}"], 2) for end in ("", "_without"))) for of in ("alert", "message")]
    table(["for each", "CPU with traces [µs]", "without [µs]"], rows)
    report("traces", {name: round(value, 2) for name, value in figures.items()})


if __name__ == "__main__":
    main()

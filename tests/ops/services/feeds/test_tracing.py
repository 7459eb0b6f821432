"""The feeds process adds each attempt to deliver an alert to the trace of the alert."""

from __future__ import annotations

from pathlib import Path

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from ops.broker.broker import URL_VARIABLE
from ops.broker.identities import IDENTITY_VARIABLE, SIGNATURES_VARIABLE
from ops.runtime.processes.child_process import Child
from ops.runtime.traces.alert_spans import EXPORTER, span_id_of, trace_id_of
from ops.services.feeds.web_hook import variable_of
from ops.store.writer import Store
from tests.ops.runtime.traces.collector import Collector, collecting
from tests.ops.services.api.test_app import T0_NS, alert
from tests.ops.services.feeds.push.receiving import receiver, silent, status
from tests.ops.services.feeds.test_push_kills import until
from tests.ops.services.feeds.test_web_hook import SECRET
from tests.patience import PATIENT_S


def delivered(collector: Collector) -> list[Span]:
    """Attempts of the web hook that were answered; on a busy machine one may take too long, and is made again: then
    both may be."""
    tried = [span for _, span in list(collector.spans) if span.name == "deliver web_hook"]
    return [span for span in tried if span.status.code != Status.STATUS_CODE_ERROR]


def test_a_running_process_exports_what_it_delivered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / "store.db")
    store.commit(1, stamp_ns=T0_NS, alerts=[alert(1), alert(2)])
    with silent() as port, receiver(status(204)) as hook, collecting() as collector:
        (tmp_path / "settings.toml").write_text(
            '[feeds.web_hook]\nallowed_networks = ["127.0.0.0/8"]\n'
            f'[feeds.web_hook.receivers.hook]\nurl = "{hook.url}"\n'
        )
        monkeypatch.setenv(EXPORTER, "otlp")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")  # [ms] between two exports
        arguments = [f"--store={store.path}", "--sector-id=hills", f"--settings={tmp_path / 'settings.toml'}"]
        secrets = {
            URL_VARIABLE: f"mqtt://127.0.0.1:{port}", IDENTITY_VARIABLE: "", SIGNATURES_VARIABLE: "optional",
            variable_of("hook"): SECRET,
        }  # fmt: skip
        child = Child("feeds", "ops.services.feeds.process", arguments, log=tmp_path / "feeds.log", secrets=secrets)
        try:
            until(lambda: len({span.trace_id for span in delivered(collector)}) >= 2)
        finally:
            child.stop(timeout_s=PATIENT_S)
    store.close()
    assert {process for process, _ in collector.spans} == {"feeds"}
    found = {(span.trace_id, span.parent_span_id) for span in delivered(collector)}
    ids = [(trace_id_of("hills", of), span_id_of("hills", of)) for of in ("A1", "A2")]
    assert found == {(trace.to_bytes(16, "big"), span.to_bytes(8, "big")) for trace, span in ids}
    others = [span for _, span in collector.spans if span.name != "deliver web_hook"]
    assert all((span.name, span.status.code) == ("deliver mqtt", Status.STATUS_CODE_ERROR) for span in others), (
        "no broker"
    )

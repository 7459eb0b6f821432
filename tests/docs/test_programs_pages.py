"""The programs on the pages about CAP, web hooks and programs run as they are printed, against real feeds."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from ops.audit.log import AuditLog
from ops.broker.certificates import Authority
from ops.export.warnings.cap import CapIssuer, cap_bytes, cap_document
from ops.export.warnings.published import read_alert
from ops.export.warnings.signature import signed
from ops.runtime.processes.reserved_port import ReservedPort
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.serving.server import serving
from ops.services.feeds.feed import OutboxDelivery
from ops.store.writer import Store
from tests.ops.services.api.test_app import T0_NS, alert
from tests.ops.services.feeds.test_web_hook import SECRET, feed, row
from tests.patience import PATIENT_S

PAGES = Path(__file__).parents[2] / "docs" / "how-to"


def programs(page: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", (PAGES / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def run(program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], env=os.environ | environment, capture_output=True, text=True,
        timeout=PATIENT_S, check=False,
    )  # fmt: skip


@contextmanager
def running(program: str, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A program that has no end."""
    started = subprocess.Popen(
        [sys.executable, "-c", program, *arguments], env=os.environ | environment, stdout=subprocess.PIPE, text=True
    )
    stop = threading.Timer(PATIENT_S, started.kill)
    stop.start()
    try:
        yield started
    finally:
        stop.cancel()
        started.kill()
        started.wait()
        assert started.stdout is not None
        started.stdout.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, dict[str, str]]]:
    folder = tmp_path_factory.mktemp("programs")
    store, log = Store(folder / "store.db"), AuditLog(folder / "audit")
    store.commit(1, stamp_ns=T0_NS, alerts=[alert(1), alert(2)])
    app = create_app(
        store.path, ApiSettings("hills", pages=folder / "none"), act=lambda _: None, now_ns=lambda: T0_NS,
        access_log=log,
    )  # fmt: skip
    with serving(app) as port:
        yield store, {"WATCHLINE_ADDRESS": f"http://127.0.0.1:{port}", "WATCHLINE_TOKEN": "not needed here"}
    store.close()
    log.close()


def test_the_receiver_of_cap_verifies_a_document_and_refuses_a_changed_one(tmp_path: Path) -> None:
    (program,) = programs("cap.md")
    authority = Authority(tmp_path / "ca", name="hills")
    plain = cap_document(read_alert(b'{"id": "A1", "rule": "crossing", "sentence": "Crossing"}'), CapIssuer("hills"))
    (tmp_path / "good.xml").write_bytes(cap_bytes(signed(plain, authority.client("feed", 30))))
    changed = (tmp_path / "good.xml").read_bytes().replace(b"Restricted", b"Public")
    (tmp_path / "changed.xml").write_bytes(changed)
    plain = cap_document(read_alert(b'{"id": "A1"}'), CapIssuer("hills"))
    (tmp_path / "other.xml").write_bytes(cap_bytes(signed(plain, authority.client("radar-1", 30))))
    good = run(program, str(tmp_path / "good.xml"), str(tmp_path / "ca" / "ca.pem"))
    assert (good.returncode, good.stdout) == (0, "hills.A1.0 Crossing\n"), good.stderr
    for name, reason in (("changed", "Digest mismatch"), ("other", "signed by another name")):
        refused = run(program, str(tmp_path / f"{name}.xml"), str(tmp_path / "ca" / "ca.pem"))
        assert refused.returncode != 0
        assert reason in refused.stderr


def test_the_receiver_of_web_hooks_prints_each_alert_once_and_refuses_a_foreign_secret() -> None:
    (program,) = programs("web-hook.md")
    reserved = ReservedPort()
    port = reserved.number
    with running(program, str(port), SECRET) as started, feed(f"http://127.0.0.1:{port}/") as one:
        posted = OutboxDelivery("partner-0", 41, row())
        while (error := one.send(posted).exception(PATIENT_S)) is not None:  # until it listens
            assert started.poll() is None, error
        one.send(posted).result(PATIENT_S)
        one.send(OutboxDelivery("partner-0", 42, row(8))).result(PATIENT_S)
        assert started.stdout is not None
        assert [started.stdout.readline() for _ in range(2)] == ["41 Crossing\n", "42 Crossing\n"]
        answer = httpx.post(f"http://127.0.0.1:{port}/", content=b"{}", headers={"webhook-id": "x"}, timeout=PATIENT_S)
        assert answer.status_code == 401
    reserved.release()


def test_the_program_of_the_stream_prints_what_was_and_what_comes(server: tuple[Store, dict[str, str]]) -> None:
    store, environment = server
    with running(programs("programs.md")[0], **environment) as started:
        assert started.stdout is not None
        assert [started.stdout.readline() for _ in range(2)] == [
            "A1 0 Track T1 crosses\n", "A2 0 Track T2 crosses\n",
        ]  # fmt: skip
        store.commit(2, stamp_ns=T0_NS, alerts=[alert(1, 1, status="cleared")])
        assert started.stdout.readline() == "A1 1 Track T1 crosses\n"


def test_the_program_of_georss_prints_time_position_and_title(server: tuple[Store, dict[str, str]]) -> None:
    _, environment = server
    ended = run(programs("programs.md")[1], **environment)
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert len(lines) == 2
    assert all(re.fullmatch(r"\S+Z 36\.6000000 -84\.2000000 Track T\d crosses", line) for line in lines), lines

"""``record`` and ``doctor`` with a folder of identities, on Mosquitto with mTLS, through the command line."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.address import BrokerUrl
from ingest.bundle import open_bundle
from ingest.errors import BrokerError
from ingest.identity import Identity
from ingest.outflow import OutflowSettings
from ingest.sender import Sender, SenderSettings
from ingest.spool import Spool
from ops.broker import free_port
from ops.broker_config import BrokerFolder, BrokerOptions
from ops.broker_probe import Probe
from ops.doctor import examine
from ops.journal import JournalReader
from sensors.scan import Plot, Scan

pytestmark = pytest.mark.broker


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[BrokerFolder, str]]:
    """A live Mosquitto by ``broker config``, and its address."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        if os.geteuid() == 0:  # `make test` was allowed to install it
            pytest.fail("Mosquitto is not installed")
        pytest.skip("Mosquitto is not installed")
    made, port = BrokerFolder(tmp_path_factory.mktemp("broker") / "config"), free_port()
    user = "root" if os.geteuid() == 0 else None
    made.write(BrokerOptions("x", ["r1", "r2"], ["patrol-1"], listen="127.0.0.1", port=port, user=user))
    process = subprocess.Popen([program, "-c", str(made.configuration)], stderr=subprocess.DEVNULL)
    tls = open_bundle(made.path / "identities" / "r1").tls
    for _ in range(200):
        try:
            Probe("127.0.0.1", port, "r1", tls=tls).connect().close()
            break
        except BrokerError:
            time.sleep(0.05)
    yield made, f"mqtts://127.0.0.1:{port}"
    process.send_signal(signal.SIGTERM)
    process.wait(10)


def watchline(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ops.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=90)


def figures(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def test_signed_reports_are_recorded_over_mtls_and_unsigned_ones_are_dead_letters(
    folder: tuple[BrokerFolder, str], tmp_path: Path
) -> None:
    made, url = folder
    senders = []
    for name, signs in (("r1", True), ("r2", False)):
        whole = open_bundle(made.path / "identities" / name)
        identity = whole if signs else Identity(tls=whole.tls, register=whole.register)
        settings = SenderSettings(status_interval_s=30.0, outflow=OutflowSettings(stall_s=0.5), identity=identity)
        spool = Spool(tmp_path / f"{name}.db")
        link = Sender(spool, sector="x", sensor=name, url=BrokerUrl.parse(url), now_ns=time.time_ns, kind="radar",
                      settings=settings)  # fmt: skip
        now = datetime.now(UTC)
        link.put(Scan(name, 0, 0, 1, now, now, "radar", (Plot(azimuth_deg=1.0, range_m=900.0),)))
        link.start()
        senders.append((spool, link))
    done = watchline("record", "--broker", url, "--sector-id", "x", "--journal", str(tmp_path / "j.db"), "--identity",
                     str(made.path), "--signed", "--duration", "6", "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    for spool, link in senders:
        link.stop()
        spool.close()
    with JournalReader(tmp_path / "j.db") as journal:
        counts = journal.counts()
        codes = {(dead.sensor, dead.code) for _, dead in journal.dead_letters(limit=10**5)}
    assert counts["r1"].journaled == 1
    assert counts["r2"].journaled == 0
    assert ("r2", "unsigned") in codes
    total = figures(done)
    assert total["received"] == sum(total[name] for name in ("journaled", "duplicate", "dead_lettered", "shed"))


def test_a_folder_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    base = ("record", "--broker", "mqtt://127.0.0.1:1", "--sector-id", "x", "--journal", str(tmp_path / "j.db"))
    for arguments, words in ((("--signed",), "--identity"), (("--identity", str(tmp_path / "no")), "register.json")):
        done = watchline(*base, *arguments)
        assert done.returncode == 1
        assert words in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "j.db").exists()


def test_the_doctor_logs_in_as_ingest_and_names_what_ends(folder: tuple[BrokerFolder, str], tmp_path: Path) -> None:
    made, url = folder
    found = {finding.name: finding for finding in examine(url, made.path)}
    assert found["broker"].ok, found["broker"].says
    assert found["identity"].ok
    without = {finding.name: finding for finding in examine(url, None)}["broker"]
    assert not without.ok, "without a certificate the broker lets nobody in"
    short = BrokerFolder(tmp_path / "short")
    short.write(BrokerOptions("x", ["r1"], [], listen="127.0.0.1", port=free_port(), days=10.0))
    soon = {finding.name: finding for finding in examine(None, short.path)}["identity"]
    assert soon.ok
    assert "end within 30 days: feed, ingest, ops-centre, r1" in soon.says
    (short.path / "identities" / "r1" / "certificate.pem").write_text("x")
    spoilt = {finding.name: finding for finding in examine(None, short.path)}["identity"]
    assert not spoilt.ok
    assert "is no certificate" in spoilt.says
    assert not {finding.name: finding for finding in examine(None, tmp_path)}["identity"].ok

"""Mosquitto with what ``broker config`` writes: the matrix of rights, revocation, restarts, and who gets no TLS."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from ingest.errors import BrokerError, IdentityError
from ingest.mqtt.broker_url import BrokerUrl
from ingest.mqtt.connection import Connection, ConnectionSettings
from ingest.security.key_bundle import open_bundle
from ingest.security.key_register import TlsFiles
from ingest.sending.sender import Sender, SenderSettings
from ingest.sending.spool import Spool
from ops.broker.broker import URL_VARIABLE
from ops.broker.certificates import Authority
from ops.broker.command import revoke
from ops.broker.identities import IDENTITY_VARIABLE, SIGNATURES_VARIABLE
from ops.broker.mosquitto_config import PROBES, BrokerFolder, BrokerOptions, running_process
from ops.broker.probe import REFUSED, Probe
from ops.broker.rights_check import Matrix, check_broker, check_receiving, connected
from ops.journal.reader import JournalReader
from ops.runtime.processes.child_process import Child
from ops.runtime.processes.reserved_port import ReservedPort
from sensors.scan import Plot, Scan
from tests.patience import PATIENT_S

pytestmark = pytest.mark.broker
QUIET = Console(stderr=True, quiet=True)
DETECTIONS = "watchline/1/x/sensor/r1/detections"


class Mosquitto:
    """Debian's Mosquitto with a generated folder."""

    def __init__(self, path: Path) -> None:
        program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
        if program is None:
            if os.geteuid() == 0:  # `make test` was allowed to install it
                pytest.fail("Mosquitto is not installed")
            pytest.skip("Mosquitto is not installed")
        self._reserved = ReservedPort()
        self.program, self.port, self.folder = program, self._reserved.number, BrokerFolder(path)
        user = "root" if os.geteuid() == 0 else None
        self.options = BrokerOptions("x", ["r1", "r2"], ["patrol-1"], listen="127.0.0.1", port=self.port, user=user)
        self.folder.write(self.options)
        self.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        log = (self.folder.path / "log").open("ab")
        command = [self.program, "-c", str(self.folder.configuration)]
        self.process = subprocess.Popen(command, stderr=log, stdout=log, cwd=self.folder.configuration.parent)
        log.close()
        assert until(lambda: self.connects("r1")), (self.folder.path / "log").read_text()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENT_S)

    def close(self) -> None:
        """Stop for good."""
        self.stop()
        self._reserved.release()

    def probe(self, name: str, *, will: tuple[str, bytes, bool] | None = None) -> Probe:
        tls = open_bundle(self.folder.path / "identities" / name).tls
        return Probe("127.0.0.1", self.port, name, tls=tls, will=will)

    def connects(self, name: str) -> bool:
        try:
            self.probe(name).connect().close()
        except BrokerError:
            return False
        return True


def open_sockets() -> int:
    """Sockets that this process has open."""
    found = 0
    for descriptor in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # closed meanwhile
            found += os.readlink(f"/proc/self/fd/{descriptor}").startswith("socket:")
    return found


def until(true: Callable[[], Any], within_s: float = PATIENT_S) -> bool:
    deadline = time.monotonic() + within_s
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture(scope="module")
def mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    started = Mosquitto(tmp_path_factory.mktemp("mosquitto") / "config")
    yield started
    started.close()


def test_the_whole_matrix_is_as_the_table_says(mosquitto: Mosquitto) -> None:
    before = open_sockets()
    matrix = check_broker("127.0.0.1", mosquitto.port, mosquitto.folder.path)
    assert [finding for finding in matrix.findings if not finding.ok] == []
    assert until(lambda: open_sockets() <= before), "every client has closed its sockets"
    assert len(matrix.findings) > 1000
    tried = {(finding.who, finding.what) for finding in matrix.findings}
    assert tried >= {(who, what) for who in PROBES for what in ("publish", "retain", "will", "receive")}
    assert {who for who, _ in tried} == {*PROBES, "revoked", "expired", "stranger", "none", "plaintext"}
    happened = {finding.what for finding in matrix.findings if finding.happened}
    assert happened == {"publish", "retain", "will", "receive"}, "what is allowed was seen to happen"


def test_rights_hold_after_a_restart_with_what_was_kept_on_disk(mosquitto: Mosquitto) -> None:
    """mosquitto#384: sessions that come back from disk once had no user name, and so no rights or too many."""
    durable = {"session_expiry_s": 300}
    for name, topic in (("ingest", DETECTIONS), ("r2", "#")):
        tls = open_bundle(mosquitto.folder.path / "identities" / name).tls
        url = BrokerUrl("127.0.0.1", mosquitto.port, tls=True)
        settings = ConnectionSettings(tls=tls, **durable)  # type: ignore[arg-type]
        connection = Connection(url, name, now_ns=time.time_ns, subscriptions=[topic], settings=settings)
        connection.start()
        connection.wait_until_ready(PATIENT_S)
        connection.stop()
    mosquitto.stop()
    mosquitto.start()
    writer = mosquitto.probe("r1").connect()
    assert writer.publish(DETECTIONS, b"kept", retain=True) < REFUSED
    assert writer.publish("watchline/1/x/sensor/r2/detections", b"forged", retain=True) >= REFUSED
    mosquitto.stop()
    mosquitto.start()
    got: dict[str, list[str]] = {}
    for name, topic in (("ingest", DETECTIONS), ("r2", "#")):
        tls = open_bundle(mosquitto.folder.path / "identities" / name).tls
        connection = Connection(
            BrokerUrl("127.0.0.1", mosquitto.port, tls=True), name, now_ns=time.time_ns, subscriptions=[topic],
            settings=ConnectionSettings(tls=tls, session_expiry_s=0),
        )  # fmt: skip
        heard = got.setdefault(name, [])
        connection.on_message = lambda delivery, heard=heard: heard.append(delivery.topic)  # type: ignore[misc]
        connection.start()
        connection.wait_until_ready(PATIENT_S)
        until(lambda heard=heard: heard, PATIENT_S if name == "ingest" else 1.0)  # type: ignore[misc]
        connection.stop()
    assert set(got["ingest"]) == {DETECTIONS}
    assert got["r2"] == []
    cleaner = mosquitto.probe("r1").connect()
    cleaner.publish(DETECTIONS, b"", retain=True)
    cleaner.close()


def test_a_deviation_is_found_and_named(tmp_path: Path) -> None:
    """A broker whose ACL somebody has loosened: the check says who may do what that should not be."""
    loose = Mosquitto(tmp_path / "config")
    try:
        acl = loose.folder.path / "broker" / "acl"
        acl.write_text(acl.read_text().replace("pattern read watchline/1/x/sensor/%u/ack", "pattern read watchline/#"))
        loose.process.send_signal(signal.SIGHUP)  # it reads its files when it comes to it
        deadline = time.monotonic() + PATIENT_S
        while True:
            matrix = Matrix("127.0.0.1", loose.port, loose.folder, "x")
            with connected(matrix) as probes:
                check_receiving(matrix, probes)
            found = {(finding.who, finding.what) for finding in matrix.findings if not finding.ok}
            if ("sensor A", "receive") in found:
                break
            assert time.monotonic() < deadline, found
    finally:
        loose.close()
    assert all(finding.happened and not finding.allowed for finding in matrix.findings if not finding.ok)


def test_a_revoked_client_is_out_while_connected_and_its_session_is_gone(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path / "config")
    try:
        tls = open_bundle(broker.folder.path / "identities" / "r1").tls
        url, ack = BrokerUrl("127.0.0.1", broker.port, tls=True), "watchline/1/x/sensor/r1/ack"
        thief = Connection(url, "r1", now_ns=time.time_ns, subscriptions=[ack],
                           settings=ConnectionSettings(tls=tls, session_expiry_s=3600))  # fmt: skip
        thief.will = lambda: ("watchline/1/x/sensor/r1/status", b"lost", [])
        heard: list[bytes] = []
        thief.on_message = lambda delivery: heard.append(delivery.payload)
        thief.start()
        thief.wait_until_ready(PATIENT_S)
        ingest = broker.probe("ingest").connect()
        ingest.subscribe("watchline/1/x/sensor/+/status")
        assert running_process(broker.folder) == broker.process.pid
        done = revoke("r1", broker.folder.path, broker.address, QUIET)
        assert done["reloaded"]
        assert done["disconnected"], "by the time that the command ends"
        assert until(lambda: not thief.connected)
        assert ingest.publish(ack, b"secret") < REFUSED
        time.sleep(1.0)
        assert not thief.connected, "it may not come back"
        ingest.subscribe("watchline/1/none")
        assert ingest.received == [], "its last will has no right any more"
        assert heard == []
        assert not broker.connects("r1")
        assert broker.connects("r2")
        thief.stop()
        broker.folder.write(BrokerOptions("x", ["r1", "r2"], ["patrol-1"], listen="127.0.0.1", port=broker.port,
                                          user=broker.options.user, renew=["r1"]))  # fmt: skip
        os.kill(broker.process.pid, signal.SIGHUP)
        assert until(lambda: broker.connects("r1")), "with its new certificate"
        back = broker.probe("r1")
        renewed = Connection(url, "r1", now_ns=time.time_ns, subscriptions=[ack],
                             settings=ConnectionSettings(tls=open_bundle(broker.folder.path / "identities" / "r1").tls,
                                                         session_expiry_s=3600))  # fmt: skip
        present: list[bool] = []
        renewed.on_up = present.append
        back.close()
        renewed.start()
        renewed.wait_until_ready(PATIENT_S)
        assert present == [False], "the thief's session is not kept for anybody"
        renewed.stop()
        ingest.close()
    finally:
        broker.close()


def refusal(port: int, host: str, tls: TlsFiles | None) -> str:
    """Why a connection does not come about; "" when it does."""
    connection = Connection(BrokerUrl(host, port, tls=tls is not None), "r1", now_ns=time.time_ns,
                            settings=ConnectionSettings(tls=tls))  # fmt: skip
    connection.start()
    assert until(lambda: connection.connected or connection.problem)
    problem = connection.problem
    connection.stop()
    return problem or ""


def test_who_does_not_prove_itself_is_refused_by_either_side(mosquitto: Mosquitto, tmp_path: Path) -> None:
    good = open_bundle(mosquitto.folder.path / "identities" / "r1").tls
    assert good is not None
    port = mosquitto.port
    for host in ("127.0.0.1", "localhost"):  # again, where a busy machine let the time for an answer pass
        assert until(lambda host=host: refusal(port, host, good) == ""), host  # type: ignore[misc]
    other = Authority(tmp_path / "other", name="another authority")
    (tmp_path / "other.pem").write_bytes(other.certificate_pem)
    wrong_authority = TlsFiles(tmp_path / "other.pem", good.certificate, good.key)
    assert until(lambda: "self-signed certificate" in refusal(port, "127.0.0.1", wrong_authority)), (
        "we do not believe the broker"
    )
    assert refusal(port, "127.0.0.1", TlsFiles(good.authority)) != "", "no certificate"
    assert refusal(port, "127.0.0.1", None) != "", "no TLS"
    server = TlsFiles(good.authority, mosquitto.folder.path / "broker" / "server.pem",
                      mosquitto.folder.path / "broker" / "server.key")  # fmt: skip
    assert refusal(port, "127.0.0.1", server) != "", "a server's certificate is not a client's"
    with pytest.raises(IdentityError, match="unusable certificate"):
        refusal(port, "127.0.0.1", TlsFiles(good.authority, tmp_path / "none.pem", good.key))


def test_a_folder_that_was_moved_serves_as_whoever_mosquitto_becomes(tmp_path: Path) -> None:
    """As the output says: in the broker's folder. Started as root Mosquitto becomes another account, which must be able
    to write its process id and read its keys; nobody else may enter the folders around them."""
    made = Mosquitto(tmp_path / "made")
    made.stop()
    made.folder.write(replace(made.options, user="mosquitto" if os.geteuid() == 0 else None))
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    moved = BrokerFolder(Path(shutil.move(tmp_path / "made", tmp_path / "elsewhere" / "kit")))
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [made.program, "-c", moved.configuration.name], cwd=moved.configuration.parent, stderr=log, stdout=log
        )
    try:
        tls = open_bundle(moved.path / "identities" / "r1").tls

        def answers() -> bool:
            try:
                Probe("127.0.0.1", made.port, "r1", tls=tls).connect().close()
            except BrokerError:
                return False
            return True

        assert until(answers), (tmp_path / "log").read_text()
        assert until(lambda: running_process(moved) == process.pid)
        if os.geteuid() == 0:
            assert f"Uid:\t{pwd.getpwnam('mosquitto').pw_uid}\t" in Path(f"/proc/{process.pid}/status").read_text()
        moved.revoke("r2")  # and after every change
        process.send_signal(signal.SIGHUP)
        assert until(answers), (tmp_path / "log").read_text()
    finally:
        process.terminate()
        process.wait(PATIENT_S)
        made._reserved.release()


def test_a_broker_under_another_name_or_past_its_end_is_not_believed(tmp_path: Path) -> None:
    for days, hosts, words in (
        (365.0, ("elsewhere.example",), "IP address mismatch"),
        (-1.0, ("127.0.0.1",), "expired"),
    ):
        folder = tmp_path / f"{days}"
        broker = Mosquitto(folder)
        broker.stop()
        pair = Authority(folder / "authority").server(hosts, days)
        (folder / "broker" / "server.pem").write_bytes(pair.certificate)
        (folder / "broker" / "server.key").write_bytes(pair.key)
        with (folder / "log").open("ab") as log:
            command = [broker.program, "-c", str(broker.folder.configuration)]
            process = subprocess.Popen(command, stderr=log, stdout=log, cwd=folder / "broker")
        try:
            tls = open_bundle(folder / "identities" / "r1").tls
            assert until(lambda p=broker.port, t=tls, w=words: w in refusal(p, "127.0.0.1", t)), words
        finally:
            process.terminate()
            process.wait(PATIENT_S)
            broker._reserved.release()


@pytest.mark.chain
def test_sensors_and_ingest_work_over_mtls_with_signatures(mosquitto: Mosquitto, tmp_path: Path) -> None:
    ingest = Child("ingest", "ops.services.ingest.process",
                   ["--sector=x", f"--journal={tmp_path / 'journal.db'}", f"--wait-s={PATIENT_S}"],
                   log=tmp_path / "ingest.log",
                   secrets={URL_VARIABLE: f"mqtts://{mosquitto.address}",
                            IDENTITY_VARIABLE: str(mosquitto.folder.path),
                            SIGNATURES_VARIABLE: "required"})  # fmt: skip
    ingest.wait_for("ready", timeout_s=PATIENT_S)
    links, spools = [], []
    for name in ("r1", "r2"):
        spool = Spool(tmp_path / f"{name}.db")
        identity = open_bundle(mosquitto.folder.path / "identities" / name)
        link = Sender(spool, sector="x", sensor=name, url=BrokerUrl("127.0.0.1", mosquitto.port, tls=True),
                      now_ns=time.time_ns, kind="radar", settings=SenderSettings(identity=identity))  # fmt: skip
        link.start()
        now = datetime.now(UTC)
        link.put_many([Scan(name, 0, 0, n, now, now, "radar", (Plot(azimuth_deg=1.0),)) for n in range(100)])
        links.append(link)
        spools.append(spool)
    assert all(link.drain(PATIENT_S) for link in links), [link.problem for link in links]
    for link, spool in zip(links, spools, strict=True):
        link.stop()
        spool.close()
    assert ingest.stop(timeout_s=PATIENT_S) == 0
    with JournalReader(tmp_path / "journal.db") as journal:
        counts = journal.counts()
        assert [counts[name].journaled for name in ("r1", "r2")] == [100, 100]
        assert all(row.signer for row in journal.read(limit=10**6) if row.kind != "tick")

"""``record`` and ``doctor`` with a folder of identities, on Mosquitto with mTLS, through the command line."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from ingest.errors import BrokerError
from ingest.mqtt.broker_url import BrokerUrl
from ingest.mqtt.connection import REFUSALS, Connection, ConnectionSettings
from ingest.security.key_bundle import CERTIFICATE, CERTIFICATE_KEY, open_bundle
from ingest.security.key_register import Identity, TlsFiles
from ingest.sending.send_window import SendWindowSettings
from ingest.sending.sender import Sender, SenderSettings
from ingest.sending.spool import Spool
from ops.admin import doctor
from ops.admin.doctor import Check, examine
from ops.broker.broker import URL_VARIABLE, EmbeddedBroker
from ops.broker.certificates import Authority
from ops.broker.identities import IDENTITY_VARIABLE, RESERVED, SIGNATURES_VARIABLE, IdentityFolder, Name
from ops.broker.mosquitto_config import BrokerFolder, BrokerOptions, write_pair
from ops.broker.probe import Probe
from ops.journal.reader import Counts, JournalReader
from ops.runtime.processes.child_process import Child
from ops.runtime.processes.reserved_port import ReservedPort
from sensors.scan import Plot, Scan
from tests.ops.broker.test_identity_chain import seconds_of_ingest
from tests.patience import PATIENT_S

pytestmark = pytest.mark.broker


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[BrokerFolder, str]]:
    """A live Mosquitto by ``broker config``, and its address."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        if os.geteuid() == 0:  # `make test` was allowed to install it
            pytest.fail("Mosquitto is not installed")
        pytest.skip("Mosquitto is not installed")
    made, reserved = BrokerFolder(tmp_path_factory.mktemp("broker") / "config"), ReservedPort()
    port = reserved.number
    user = "root" if os.geteuid() == 0 else None
    made.write(BrokerOptions("x", ["r1", "r2"], ["patrol-1"], listen="127.0.0.1", port=port, user=user))
    process = subprocess.Popen(
        [program, "-c", made.configuration.name], stderr=subprocess.DEVNULL, cwd=made.configuration.parent
    )
    try:
        tls = open_bundle(made.path / "identities" / "r1").tls
        assert until(lambda: answers(port, tls)), process.poll()
        yield made, f"mqtts://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENT_S)
        reserved.release()


def answers(port: int, tls: TlsFiles | None) -> bool:
    try:
        Probe("127.0.0.1", port, "r1", tls=tls).connect().close()
    except BrokerError:
        return False
    return True


def until(true: Callable[[], Any]) -> bool:
    deadline = time.monotonic() + PATIENT_S
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def run_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ops.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENT_S)


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
        settings = SenderSettings(status_interval_s=30.0, window=SendWindowSettings(stall_s=0.5), identity=identity)
        spool = Spool(tmp_path / f"{name}.db")
        link = Sender(spool, sector="x", sensor=name, url=BrokerUrl.parse(url), now_ns=time.time_ns, kind="radar",
                      settings=settings)  # fmt: skip
        now = datetime.now(UTC)
        link.put(Scan(name, 0, 0, 1, now, now, "radar", (Plot(azimuth_deg=1.0, range_m=900.0),)))
        link.start()
        senders.append((spool, link))
    recording = subprocess.Popen(
        [sys.executable, "-m", "ops.cli", "record", "x", "--broker", url, "--out",
         str(tmp_path / "j.db"), "--identity", str(made.path), "--signed", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
    assert recording.stderr is not None
    assert recording.stderr.readline().startswith("Recording sector x")

    def both_came() -> bool:
        with JournalReader(tmp_path / "j.db") as journal:
            return journal.counts().get("r1", Counts()).journaled > 0 and ("r2", "unsigned") in refusals(journal)

    assert until(lambda: recording.poll() is not None or both_came())
    recording.send_signal(signal.SIGTERM)
    out, err = recording.communicate(timeout=PATIENT_S)
    assert recording.returncode == 0, err
    for spool, link in senders:
        link.stop()
        spool.close()
    with JournalReader(tmp_path / "j.db") as journal:
        counts = journal.counts()
        codes = refusals(journal)
    assert counts["r1"].journaled == 1
    assert counts.get("r2", Counts()).journaled == 0
    assert ("r2", "unsigned") in codes
    total: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
    assert total["received"] == sum(total[name] for name in ("journaled", "duplicate", "dead_lettered", "shed"))


def test_a_folder_that_is_none_is_one_sentence(tmp_path: Path, watchline: Callable[..., Any]) -> None:
    base = ("record", "x", "--broker", "mqtt://127.0.0.1:1", "--out", str(tmp_path / "j.db"))
    (tmp_path / "empty").mkdir()
    for arguments, words, code in (
        (("--signed",), "--identity", 2),
        (("--identity", str(tmp_path / "no")), "--identity", 2),
        (("--identity", str(tmp_path / "empty")), "register.json", 1),
    ):
        ended = watchline(*base, *arguments)
        assert ended.code == code
        assert words in ended.err
        assert len(ended.err.strip().splitlines()) == 1
    assert not (tmp_path / "j.db").exists()


def test_the_doctor_logs_in_as_ingest_and_names_what_ends(folder: tuple[BrokerFolder, str], tmp_path: Path) -> None:
    made, url = folder
    found = {finding.name: finding for finding in examine(url, made.path)}
    assert found["broker"].ok, found["broker"].found
    assert found["identity"].ok
    without = {finding.name: finding for finding in examine(url, None)}["broker"]
    assert not without.ok, "without a certificate the broker lets nobody in"
    short = BrokerFolder(tmp_path / "short")
    short.write(BrokerOptions("x", ["r1"], [], listen="127.0.0.1", port=8883, days=10.0))
    soon = {finding.name: finding for finding in examine(None, short.path)}["identity"]
    assert soon.ok
    *first, last = sorted([*RESERVED, "broker/server.pem", "ingest-units", "ops-centre", "r1"])
    assert f"expiring within 30 days: {', '.join(first)} and {last}" in soon.as_dict()["found"]
    (short.path / "identities" / "r1" / "certificate.pem").write_text("x")
    spoilt = {finding.name: finding for finding in examine(None, short.path)}["identity"]
    assert not spoilt.ok
    assert "not a certificate" in spoilt.as_dict()["found"]
    assert not {finding.name: finding for finding in examine(None, tmp_path)}["identity"].ok


def test_the_doctor_says_that_a_renewed_certificate_has_not_reached_the_broker(
    folder: tuple[BrokerFolder, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, url = folder
    site = tmp_path / "site"
    shutil.copytree(made.path, site)

    def look() -> Check:
        return {finding.name: finding for finding in examine(url, site)}["broker_certificate"]

    presented = x509.load_pem_x509_certificate((site / "broker" / "server.pem").read_bytes())
    assert look().ok
    assert look().as_dict()["found"] == f"Valid until {presented.not_valid_after_utc:%Y-%m-%d}."
    monkeypatch.setattr(doctor, "SOON", timedelta(days=366))
    assert look().ok
    assert f"Renew it with `watchline broker config`, copy {site / 'broker'}" in look().as_dict()["found"]
    renewed = Authority(site / "authority").server(["127.0.0.1"], 365.0)
    (site / "broker" / "server.pem").write_bytes(renewed.certificate)
    assert not look().ok
    assert f"Not that of {site / 'broker'}: copy this folder" in look().as_dict()["found"]
    shutil.rmtree(site / "broker")  # Watchline's machine need not have it
    assert look().ok


def test_a_client_connects_again_with_its_renewed_certificate(folder: tuple[BrokerFolder, str], tmp_path: Path) -> None:
    """Refused with the expired one, and then not replaced by the watchdog, which would read the files as well."""
    made, url = folder
    bundle, authority = tmp_path / "patrol-1", Authority(made.path / "authority")
    shutil.copytree(made.path / "identities" / "patrol-1", bundle)
    write_pair(authority.client("patrol-1", -1.0), bundle, CERTIFICATE, CERTIFICATE_KEY)
    settings = ConnectionSettings(tls=open_bundle(bundle).tls, session_expiry_s=0)
    link = Connection(BrokerUrl.parse(url), "patrol-1", now_ns=time.time_ns, settings=settings)
    link.start()
    try:
        assert until(lambda: link._refusals >= REFUSALS or (link.problem or "").startswith("no TLS"))
        assert not link.ready.is_set()
        write_pair(authority.client("patrol-1", 30.0), bundle, CERTIFICATE, CERTIFICATE_KEY)
        assert link.ready.wait(PATIENT_S), link.problem
    finally:
        link.stop()


def retained(url: BrokerUrl, identity: Identity, name: str) -> list[bytes]:
    """What a newcomer is handed on the sensor's status topic."""
    link = Connection(url, name, now_ns=time.time_ns, subscriptions=["watchline/1/x/sensor/r1/status"],
                      settings=ConnectionSettings(tls=identity.tls, session_expiry_s=0))  # fmt: skip
    found: list[bytes] = []
    link.on_message = lambda delivery: found.append(delivery.payload)
    link.start()
    link.wait_until_ready(PATIENT_S)
    time.sleep(0.3)
    link.stop()
    return [payload for payload in found if payload]


def refusals(journal: JournalReader) -> set[tuple[str, str]]:
    return {(dead.sensor, dead.code) for _, dead in journal.dead_letters(limit=10**5)}


def refused(path: Path) -> set[str]:
    with JournalReader(path) as journal:
        return {dead.code for _, dead in journal.dead_letters(limit=10**5)}


@pytest.mark.chain
@pytest.mark.parametrize("kind", ["embedded", "mosquitto"])
def test_a_sensor_is_revoked_by_command_within_five_seconds_and_leaves_nothing(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    """Until then it is heard; from then on its reports are dead letters, its retained status and mark are gone."""
    with ExitStack() as stack:
        if kind == "embedded":
            broker = stack.enter_context(EmbeddedBroker(folder=tmp_path / "broker", sector="x"))
            url, keys = broker.url, IdentityFolder(tmp_path / "identity")
            keys.prepare([Name("sensor", "r1"), Name("sensor", "r2")])
            extra: tuple[str, ...] = ()
        else:
            made, address = request.getfixturevalue("folder")
            url, keys = BrokerUrl.parse(address), IdentityFolder(made.path)
            extra = ("--broker", f"127.0.0.1:{url.port}")
        ingest = Child("ingest", "ops.services.ingest.process",
                       ["--sector=x", f"--journal={tmp_path / 'j.db'}", f"--wait-s={PATIENT_S}"],
                       log=tmp_path / "ingest.log",
                       secrets={URL_VARIABLE: url.text, IDENTITY_VARIABLE: str(keys.path),
                                SIGNATURES_VARIABLE: "required"})  # fmt: skip
        stack.callback(ingest.stop, timeout_s=PATIENT_S)
        ingest.wait_for("ready", timeout_s=PATIENT_S)
        spool = stack.enter_context(Spool(tmp_path / "r1.db"))
        link = Sender(spool, sector="x", sensor="r1", url=url, now_ns=time.time_ns, kind="radar",
                      settings=SenderSettings(status_interval_s=0.5, window=SendWindowSettings(stall_s=0.5),
                                              identity=keys.identity("r1")))  # fmt: skip
        link.start()
        stack.callback(link.stop)

        def look(number: int) -> Scan:
            now = datetime.now(UTC)
            return Scan("r1", 0, 0, number, now, now, "radar", (Plot(azimuth_deg=1.0, range_m=900.0),))

        link.put(look(1))
        assert link.drain(PATIENT_S)
        assert until(lambda: retained(url, keys.identity("ingest"), f"before-{time.monotonic_ns()}"))
        done = run_command("broker", "revoke", "r1", "--config", str(keys.path), *extra, "--json")
        assert done.returncode == 0, done.stderr
        revoked_ns = keys.register_path.stat().st_mtime_ns
        assert figures(done)["keys"] >= 1
        assert figures(done)["disconnected"] == (kind == "mosquitto")
        assert ingest.wait_for("revoked", timeout_s=PATIENT_S) == "r1"
        link.put(look(2))
        assert until(lambda: spool.waiting > 0 and (kind == "mosquitto" or refused(tmp_path / "j.db")))
        if kind == "mosquitto":
            assert until(lambda: not link.connected), "it is out"
        link.stop()  # on the embedded broker, which has no rights by topic, it could speak until now, unheard
        assert until(lambda: not retained(url, keys.identity("ingest"), f"after-{time.monotonic_ns()}"))
        with JournalReader(tmp_path / "j.db") as journal:
            assert journal.counts()["r1"].journaled == 1
            rows = journal.read(limit=10**5)
            revoked = [row.received_ns for row in rows if row.kind == "revocation"]
            dead = [letter for _, letter in journal.dead_letters(limit=10**5)]
        assert len(revoked) == 1
        assert seconds_of_ingest(rows, revoked_ns, revoked[0]) <= 5, (
            "from the change of the register to the row in the journal"
        )
        codes = {
            letter.code for letter in dead if letter.received_ns >= revoked[0]
        }  # before: what others had left there
        assert codes <= {"key_revoked"}
        assert codes or kind == "mosquitto"
        assert spool.waiting == 1, "what nobody took stays with it"


@pytest.mark.parametrize(
    ("more", "whose"), [((), "the account that runs Mosquitto"), (("--user", "broker-1"), "broker-1")]
)
def test_broker_config_says_whose_its_private_files_must_be(
    tmp_path: Path, watchline: Callable[..., Any], more: tuple[str, ...], whose: str
) -> None:
    """Mosquitto started as root becomes another account and can then read none of them."""
    ended = watchline("broker", "config", "cumberland", "--out", tmp_path / "c", *more)
    assert ended.code == 0, ended.err
    assert f"must belong to {whose}" in ended.out + ended.err


def test_broker_config_names_the_file_to_start_mosquitto_with(tmp_path: Path, watchline: Callable[..., Any]) -> None:
    ended = watchline("broker", "config", "cumberland", "--out", tmp_path / "c", "--json")
    configuration = Path(json.loads(ended.out)["configuration"])
    assert configuration == BrokerFolder(tmp_path / "c").configuration
    assert configuration.is_file()
    assert f"mosquitto -c {configuration.name}" in ended.err


def test_broker_config_again_keeps_what_is_not_said_and_renews_what_ends(
    tmp_path: Path, watchline: Callable[..., Any]
) -> None:
    out = tmp_path / "c"

    def config(*more: str) -> tuple[dict[str, Any], str]:
        ended = watchline("broker", "config", "cumberland", "--out", out, "--json", *more)
        assert ended.code == 0, ended.err
        return json.loads(ended.out), ended.err

    def server() -> x509.Certificate:
        return x509.load_pem_x509_certificate((out / "broker" / "server.pem").read_bytes())

    first, said = config("--listen", "10.1.2.3:8884", "--user", "broker-1", "--days", "90")
    assert first["hosts"] == ["localhost", "127.0.0.1", "10.1.2.3"], "the address it listens on"
    assert "WARNING: clients that use another name or address" in said
    made, said = config()
    assert (made["made"], made["listen"], made["hosts"]) == ([], "10.1.2.3:8884", first["hosts"])
    text = (out / "broker" / "mosquitto.conf").read_text()
    assert "listener 8884 10.1.2.3\n" in text
    assert "user broker-1\n" in text
    assert str(tmp_path) not in text
    made, said = config("--host", "broker.example", "--host", "10.1.2.3")
    assert made["made"] == ["broker"]
    assert "WARNING" not in said
    names = server().extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["broker.example"]
    assert config()[0]["made"] == []
    authority = Authority(out / "authority")
    sensor = next(name for name, part in first["clients"].items() if part == "sensor")
    soon = authority.server(["broker.example", "10.1.2.3"], 29.0)
    (out / "broker" / "server.pem").write_bytes(soon.certificate)
    book = json.loads((out / "authority" / "issued.json").read_text())
    for entry in book:
        if entry["name"] in (sensor, "ingest", "probe-feed"):
            entry["not_after"] = (datetime.now(UTC) + timedelta(days=29)).isoformat()
    (out / "authority" / "issued.json").write_text(json.dumps(book))
    before = (out / "probes" / "probe-feed" / "certificate.pem").read_bytes()
    assert sorted(config()[0]["made"]) == sorted(["broker", "ingest", sensor]), "less than 30 of 90 days are left"
    assert (out / "probes" / "probe-feed" / "certificate.pem").read_bytes() != before
    assert server().not_valid_after_utc > datetime.now(UTC) + timedelta(days=89)
    assert "WARNING: the certificate authority expires on" in config("--days", "3650")[1]


READS_AGAIN = """
import signal, sys
signal.signal(signal.SIGHUP, lambda *_: sys.exit(7))
print("ready", flush=True)
sys.stdin.read()
"""
"""Stands for Mosquitto; also where the signal is ignored, as below ``nohup``."""


def test_a_revocation_without_the_authority_reaches_mosquitto_and_is_one_sentence(
    tmp_path: Path, watchline: Callable[..., Any]
) -> None:
    out = tmp_path / "c"
    BrokerFolder(out).write(BrokerOptions("x", ["r1"], listen="127.0.0.1", port=1))
    (out / "authority").rename(tmp_path / "offline")
    command = [sys.executable, "-c", READS_AGAIN]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as mosquitto:
        assert mosquitto.stdout is not None
        assert mosquitto.stdout.readline() == b"ready\n"
        (out / "broker" / "mosquitto.pid").write_text(str(mosquitto.pid))
        ended = watchline("broker", "revoke", "r1", "--config", out)
        assert mosquitto.wait(PATIENT_S) == 7
    assert ended.code != 0
    assert "signatures and topics of r1 are revoked, its certificate is not; expected" in ended.err
    assert "Traceback" not in ended.err
    assert not (out / "authority").exists()
    (tmp_path / "offline").rename(out / "authority")
    ended = watchline("broker", "revoke", "r1", "--config", out, "--json")
    assert (ended.code, json.loads(ended.out)["certificates"]) == (0, 1), ended.err


def test_the_two_connections_of_ingest_do_not_take_each_other_over(
    folder: tuple[BrokerFolder, str], tmp_path: Path
) -> None:
    """The broker takes the certificate's name for the client's id, and ends the older of two connections of one."""
    made, address = folder
    ingest = Child(
        "ingest",
        "ops.services.ingest.process",
        ["--sector=x", f"--journal={tmp_path / 'journal.db'}", f"--wait-s={PATIENT_S}"],
        log=tmp_path / "ingest.log",
        secrets={URL_VARIABLE: address, IDENTITY_VARIABLE: str(made.path), SIGNATURES_VARIABLE: "required"},
    )
    ingest.wait_for("ready", timeout_s=PATIENT_S)
    problems = set()
    for moment in range(80):
        if moment == 40:
            assert {finding.name: finding for finding in examine(address, made.path)}["broker"].ok, (
                "nor does the doctor"
            )
        problems.add(ingest.last("problem"))
        time.sleep(0.05)
    assert ingest.stop(timeout_s=PATIENT_S) == 0
    assert not [problem for problem in problems if "taken over" in str(problem)]  # a busy machine may tell of others
    assert None in problems


def test_ingest_without_its_second_certificate_says_what_to_do(
    folder: tuple[BrokerFolder, str], tmp_path: Path
) -> None:
    made, address = folder
    older = tmp_path / "older"
    shutil.copytree(made.path, older)
    shutil.rmtree(older / "identities" / "ingest-units")
    ingest = Child(
        "ingest",
        "ops.services.ingest.process",
        ["--sector=x", f"--journal={tmp_path / 'journal.db'}"],
        log=tmp_path / "ingest.log",
        secrets={URL_VARIABLE: address, IDENTITY_VARIABLE: str(older)},
    )
    assert ingest.process.wait(PATIENT_S) == 1
    assert "identities/ingest-units: has no certificate; expected one: run `watchline broker config` again" in (
        ingest.last_words()
    )


def test_run_refuses_a_folder_without_keys_and_makes_none(watchline, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    line = ("run", "cumberland", "--data", "data", "--identity")
    mistyped, empty = watchline(*line, "brokre"), watchline(*line, "empty")
    assert (mistyped.code, mistyped.err.strip()) == (
        2,
        "watchline: --identity: 'brokre' does not exist; expected an existing folder.",
    )
    assert empty.code == 2
    assert "--identity: 'empty' holds no key register; expected the folder written by `broker config`" in empty.err
    assert {path.name for path in tmp_path.rglob("*")} == {"empty"}


def test_an_ipv6_address_is_printed_as_broker_check_reads_it(tmp_path: Path, watchline: Callable[..., Any]) -> None:
    given = ("--host", "::1", "--listen", "[::1]:8884")
    ended = watchline("broker", "config", "cumberland", "--out", tmp_path / "c", *given)
    assert ended.code == 0
    assert "listens at [::1]:8884" in ended.err
    assert "broker check [::1]:8884" in ended.err
    assert "listener 8884 ::1\n" in (tmp_path / "c" / "broker" / "mosquitto.conf").read_text()

"""Both brokers: private by default, on loopback, at the same address after a kill, and clear about what is wrong."""

from __future__ import annotations

import os
import random
import re
import socket
import stat
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from ingest.errors import BrokerError
from ingest.mqtt import connection
from ingest.mqtt.broker_url import BrokerUrl
from ingest.mqtt.connection import Connection
from ingest.mqtt.publisher import Publisher
from ingest.mqtt.subscriber import Subscriber
from ops.broker import broker as broker_module
from ops.broker.after_panic import PANIC
from ops.broker.broker import EmbeddedBroker, MosquittoBroker
from ops.runtime.processes.reserved_port import ReservedPort
from tests.drills.light_clients import LightClient
from tests.patience import PATIENT_S

pytestmark = pytest.mark.broker
Broker = EmbeddedBroker | MosquittoBroker
BROKERS = pytest.mark.parametrize("make", [EmbeddedBroker, MosquittoBroker])


@pytest.fixture(params=[EmbeddedBroker, MosquittoBroker])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    with request.param(folder=tmp_path) as started:
        yield started


def subscriber(url: BrokerUrl, *filters: str) -> Subscriber:
    return Subscriber(url, client_id="reader", filters=filters or ["watchline/1/x/tracks"], now_ns=time.time_ns)


def give_up(reader: Subscriber, *, when: str) -> None:
    """Start a reader, and wait no longer than until its problem is as said."""
    reader._connection.start()
    deadline = time.monotonic() + PATIENT_S
    while not re.search(when, reader.problem or "") and time.monotonic() < deadline:
        time.sleep(0.01)
    reader._connection.wait_until_ready(0.0)


def test_it_carries_a_message_and_listens_on_loopback_only(broker: Broker) -> None:
    reader, writer = subscriber(broker.url), Publisher(broker.url, client_id="writer", now_ns=time.time_ns)
    reader.start(timeout_s=PATIENT_S)
    writer.start(timeout_s=PATIENT_S)
    writer("watchline/1/x/tracks", b"hello").result(timeout=PATIENT_S)
    (delivery,) = reader.collect(wait_s=PATIENT_S)
    assert (delivery.topic, delivery.payload, delivery.qos) == ("watchline/1/x/tracks", b"hello", 1)
    assert delivery.content_type == "application/json"
    writer.stop()
    reader.stop()
    assert broker.pid is not None
    listening = [c for c in psutil.Process(broker.pid).net_connections("tcp") if c.status == psutil.CONN_LISTEN]
    assert {(c.laddr.ip, c.laddr.port) for c in listening} == {("127.0.0.1", broker.url.port)}


@pytest.mark.parametrize(("user", "password"), [(None, None), ("watchline", "wrong"), ("", "")])
def test_it_lets_nobody_in_without_its_generated_credentials(
    broker: Broker, user: str | None, password: str | None
) -> None:
    stranger = subscriber(BrokerUrl(broker.url.host, broker.url.port, user, password))
    refusal = r"user and password right|refuses the connection"
    with pytest.raises(BrokerError, match=refusal):
        give_up(stranger, when=refusal)


def test_a_start_with_a_wrong_password_fails_before_its_time_is_over(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "REFUSED_S", 0.0)
    stranger = subscriber(BrokerUrl(broker.url.host, broker.url.port, "watchline", "wrong"))
    with pytest.raises(
        BrokerError, match=r"(password right\?|refuses the connection.*); expected an accepted connection"
    ):
        stranger.start(timeout_s=PATIENT_S)


@pytest.mark.parametrize("why", ["self-signed certificate", "subscription"])
def test_a_start_that_more_time_would_not_help_fails_before_it_is_over(
    why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate or a subscription that is refused; a handshake that takes too long is none."""
    monkeypatch.setattr(connection, "REFUSED_S", 0.0)
    reader = Connection(BrokerUrl("127.0.0.1", 1), "reader", now_ns=time.time_ns, subscriptions=["a"])
    for _ in range(connection.REFUSALS):
        reader._tls_problem = "The handshake operation timed out"
        reader._client.on_connect_fail(reader._client, None)
    assert reader._refusals == 0
    if why == "subscription":
        reader._subscribed(reader._client, None, 1, [ReasonCode(PacketTypes.SUBACK, "Not authorized")], None)
    else:
        for _ in range(connection.REFUSALS):
            reader._tls_problem = why
            reader._client.on_connect_fail(reader._client, None)
    with pytest.raises(BrokerError, match=rf"{why}.*; expected an accepted connection"):
        reader.wait_until_ready(PATIENT_S)


def test_its_secrets_are_not_on_its_command_line_and_its_files_are_private(broker: Broker, tmp_path: Path) -> None:
    assert broker.pid is not None
    assert broker.url.password is not None
    assert broker.url.password not in " ".join(psutil.Process(broker.pid).cmdline())
    assert broker.url.password not in repr(broker.url) + broker.url.shown
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.suffix != ".log":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
            assert broker.url.password not in path.read_text(errors="replace"), path.name


def test_killed_and_started_again_it_has_the_same_address(broker: Broker) -> None:
    before = broker.url
    broker.kill()
    broker.kill()
    assert broker.pid is None
    broker.start()
    assert broker.start() is broker
    assert broker.url == before
    writer = Publisher(broker.url, client_id="writer", now_ns=time.time_ns)
    writer.start(timeout_s=PATIENT_S)
    writer.stop()


def test_a_client_reset_amid_its_connect_shuts_nobody_out(tmp_path: Path) -> None:
    """rumqttd 0.20 panics at the next CONNECT of such a client, and from then on closes every new connection."""
    chance = random.Random(1)
    with EmbeddedBroker(folder=tmp_path) as broker:
        before = broker.pid
        victim = LightClient(broker.url, "x", "victim", interval_s=1.0, keepalive_s=10)
        for _ in range(1000):  # one in twelve meets the moment
            if PANIC in (tmp_path / "broker.log").read_bytes():
                break
            address = (broker.url.host, broker.url.port)
            with suppress(OSError), socket.create_connection(address, timeout=PATIENT_S) as link:  # it may restart
                link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # RST when it is closed
                link.sendall(victim._connect())
                time.sleep(chance.uniform(0.0, 0.001))
        writer = Publisher(broker.url, client_id="writer", now_ns=time.time_ns)
        writer.start(timeout_s=PATIENT_S)
        writer("watchline/1/x/tracks", b"hello").result(timeout=PATIENT_S)
        writer.stop()
        assert broker.pid == before


def test_after_a_panic_the_process_is_replaced_by_itself_with_its_last_words_in_the_log() -> None:
    script = """
import os, time
from ops.broker.after_panic import restarted_after_panic
with restarted_after_panic({"AGAIN": "yes"}) as serves:
    serves.set()
    print(os.getpid(), os.environ.get("AGAIN"), flush=True)
    if "AGAIN" not in os.environ:
        os.write(2, b"thread 'router' panicked at a.rs:1:2:\\nno such key\\n")
        time.sleep(600.0)
    os.write(2, b"last words")
"""
    environment = {name: value for name, value in os.environ.items() if name != "AGAIN"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, timeout=PATIENT_S, check=True
    )
    (first, without), (second, again) = (line.split() for line in done.stdout.decode().splitlines())
    assert (first, without, again) == (second, "None", "yes")
    assert b"no such key\n" in done.stderr
    assert done.stderr.endswith(b"last words")


def test_a_panic_before_the_broker_serves_is_left_to_whoever_starts_it() -> None:
    script = """
import os
from ops.broker.after_panic import restarted_after_panic
with restarted_after_panic({}):
    print(os.getpid(), flush=True)
    os.write(2, b"thread 'main' panicked at a.rs:1:2:\\nno such file\\n")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=PATIENT_S, check=True)
    assert len(done.stdout.split()) == 1, "not restarted"
    assert done.stderr.endswith(b"no such file\n")


@BROKERS
def test_a_port_in_use_is_one_sentence(make: Callable[..., Broker]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BrokerError, match=rf"port {port} on 127\.0\.0\.1 cannot be used .*; expected a free port"):
            make(port=port).start()


@pytest.mark.parametrize("listen", ["0.0.0.0", "::", "192.0.2.1", "localhost.example", ""])
def test_the_embedded_broker_refuses_to_listen_beyond_this_machine(listen: str) -> None:
    with pytest.raises(BrokerError, match="cannot listen"):
        EmbeddedBroker(listen=listen)


def test_the_embedded_broker_ends_with_its_parent(tmp_path: Path) -> None:
    with EmbeddedBroker(folder=tmp_path) as broker:
        assert broker.pid is not None
        assert broker._child is not None
        child = psutil.Process(broker.pid)
        assert broker._child.process.stdin is not None
        broker._child.process.stdin.close()  # what the kernel does when the parent is killed
        assert child.wait(timeout=PATIENT_S) is not None or not child.is_running()


def test_a_missing_mosquitto_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_module.shutil, "which", lambda *_, **__: None)
    with pytest.raises(BrokerError, match=r"Mosquitto is not installed; expected apt-get install mosquitto"):
        MosquittoBroker()


def test_a_broker_that_is_not_there_is_one_sentence() -> None:
    port = ReservedPort()
    answer = rf"no answer from mqtt://127\.0\.0\.1:{port.number}"
    with pytest.raises(BrokerError, match=rf"{answer}; expected a connection within"):
        give_up(subscriber(BrokerUrl("127.0.0.1", port.number)), when=answer)
    port.release()


def test_something_else_on_the_port_is_one_sentence() -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        connection = Connection(
            BrokerUrl("127.0.0.1", mute.getsockname()[1]), "reader", now_ns=time.time_ns, subscriptions=["a"]
        )
        connection.start()
        with pytest.raises(BrokerError, match="does not answer"):
            connection.wait_until_ready(1.0)


def test_a_sector_gives_its_detections_a_log_of_their_own_and_all_topics_work() -> None:
    with EmbeddedBroker(sector="cumberland") as broker:
        topics = [f"watchline/1/cumberland/sensor/r1/{channel}" for channel in ("detections", "status", "ack")]
        reader = subscriber(broker.url, "watchline/1/cumberland/sensor/+/detections", *topics[1:])
        writer = Publisher(broker.url, client_id="writer", now_ns=time.time_ns)
        reader.start(timeout_s=PATIENT_S)
        writer.start(timeout_s=PATIENT_S)
        for topic in topics:
            writer(topic, b"x" * 200_000).result(timeout=PATIENT_S)
        found: list[str] = []
        deadline = time.monotonic() + PATIENT_S
        while len(found) < 3 and time.monotonic() < deadline:
            found += [delivery.topic for delivery in reader.collect(wait_s=0.2)]
        assert sorted(found) == sorted(topics)
        writer.stop()
        reader.stop()

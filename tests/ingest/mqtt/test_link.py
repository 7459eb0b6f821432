"""Sender and Subscriber over real brokers: the rules that hold a link together when threads, peers and clients fail."""

from __future__ import annotations

import gc
import json
import os
import resource
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import MQTTMessage

from ingest.envelope import Delivery
from ingest.errors import BrokerError, MalformedMessage, SpoolError
from ingest.mqtt import connection as mqtt
from ingest.mqtt.connection import Connection, ConnectionSettings
from ingest.mqtt.publisher import Publisher
from ingest.mqtt.subscriber import Subscriber, SubscriberSettings
from ingest.sending.send_window import SendWindowSettings
from ingest.sending.sender import Sender, SenderSettings
from ingest.sending.spool import Spool, SpoolLimits
from ingest.wire import encode_ack
from ops.broker.broker import EmbeddedBroker, MosquittoBroker
from sensors.scan import Plot, Scan
from tests.patience import PATIENT_S

pytestmark = pytest.mark.broker
DETECTIONS = "watchline/1/x/sensor/r1/detections"
STATUS = "watchline/1/x/sensor/r1/status"
ACK = "watchline/1/x/sensor/r1/ack"
Broker = EmbeddedBroker | MosquittoBroker
STARTED: list[Sender | Subscriber] = []
LONG_S = 600
"""No resend and no end of a connection, however slow the machine, where a test counts what arrives."""
PATIENT = SendWindowSettings(stall_s=LONG_S)


@pytest.fixture(scope="module", params=[EmbeddedBroker, MosquittoBroker])
def shared_broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    with request.param() as started:
        yield started


@pytest.fixture
def broker(shared_broker: Broker) -> Iterator[Broker]:
    """A broker without memory of the test before; what a failed test left is stopped, for client ids repeat."""
    shared_broker.kill()
    yield shared_broker.start()
    while STARTED:
        left = STARTED.pop()
        if isinstance(left, Sender):
            left._stopping.set()
        left._connection.stop()


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with Spool(tmp_path / "s.sqlite", first_boot=1) as opened:
        yield opened


def until(true: Callable[[], Any], within_s: float = PATIENT_S) -> bool:
    deadline = time.monotonic() + within_s
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def subscriber(broker: Broker, *, settings: SubscriberSettings | None = None, **connection: Any) -> Subscriber:
    made = Subscriber(
        broker.url,
        client_id="ingest",
        filters=["watchline/1/x/sensor/+/detections", "watchline/1/x/sensor/+/status"],
        now_ns=time.time_ns,
        settings=settings,
        connection=ConnectionSettings(**{"keepalive_s": LONG_S} | connection),
    )
    STARTED.append(made)
    return made


def sender(broker: Broker, spool: Spool, *, window: SendWindowSettings = PATIENT, **settings: Any) -> Sender:
    made = Sender(
        spool,
        sector="x",
        sensor="r1",
        url=broker.url,
        now_ns=time.time_ns,
        kind="radar",
        settings=SenderSettings(
            window=window, connection=ConnectionSettings(keepalive_s=LONG_S, session_expiry_s=300), **settings
        ),
    )
    STARTED.append(made)
    return made


def steady_publisher(broker: Broker, name: str) -> Publisher:
    settings = ConnectionSettings(keepalive_s=LONG_S)
    return Publisher(broker.url, client_id=name, now_ns=time.time_ns, settings=settings)


def scan(number: int) -> Scan:
    now = datetime.now(UTC)
    return Scan("r1", 0, 0, number, now, now, "radar", (Plot(azimuth_deg=1.0),))


def receive(reader: Subscriber, count: int, topic: str = DETECTIONS, within_s: float = PATIENT_S) -> list[Delivery]:
    """The next deliveries on a topic, ``count`` of them or a few more. Only those on other topics are acknowledged."""
    found: list[Delivery] = []
    deadline = time.monotonic() + within_s
    while len(found) < count and time.monotonic() < deadline:
        for delivery in reader.collect(wait_s=0.1):
            if delivery.topic == topic:
                found.append(delivery)
            else:
                reader.acknowledge(delivery)
    return found


def round_trip(reader: Subscriber) -> None:
    """Wait until the broker has read all that this connection sent before."""
    puback: Future[None] = Future()
    assert reader._connection.publish("watchline/1/x/nobody", b"", puback=puback)
    puback.result(PATIENT_S)


def keys(deliveries: list[Delivery]) -> list[int]:
    return [int(dict(delivery.user_properties)["seq"]) for delivery in deliveries]


def test_a_message_carries_its_identity_and_the_spool_waits_for_our_ack_alone(broker: Broker, spool: Spool) -> None:
    reader, link = subscriber(broker), sender(broker, spool)
    reader.start(timeout_s=PATIENT_S)
    link.start()
    assert link.put(scan(1)) == (1, 1)
    link.put_many([scan(2), scan(3)])
    deliveries = receive(reader, 3)
    said = dict(deliveries[0].user_properties)
    assert keys(deliveries) == [1, 2, 3]
    assert (said["boot"], said["low"]) == ("1", "1")
    assert abs(int(said["sent"]) - time.time_ns()) < PATIENT_S * 1e9
    assert deliveries[0].content_type == "application/json"
    assert json.loads(deliveries[2].payload)["seq"] == 3
    assert all(reader.acknowledge(delivery) for delivery in deliveries)
    assert spool.waiting == 3, "the broker's PUBACK is not a promise"
    reader.publish(ACK, encode_ack(1, 2), retain=True)
    assert until(lambda: spool.waiting == 1)
    assert not link.drain(0.1)
    reader.publish(ACK, encode_ack(1, 3), retain=True)
    assert link.drain(PATIENT_S)
    link.stop()
    reader.stop()


def test_a_link_refuses_what_the_door_would(broker: Broker, spool: Spool) -> None:
    link = sender(broker, spool)
    with pytest.raises(MalformedMessage, match="on this connection"):
        link.put(Scan("r2", 0, 0, 1, datetime.now(UTC), datetime.now(UTC), "radar"))
    with pytest.raises(MalformedMessage, match="kind"):
        link.put(Scan("r1", 0, 0, 1, datetime.now(UTC), datetime.now(UTC), "sonar"))
    with pytest.raises(MalformedMessage, match="note"):
        link.set_state("ok", "two\nlines")
    assert spool.put_total == 0


def test_an_unacknowledged_message_comes_again_to_the_next_process_of_the_same_name(
    broker: Broker, spool: Spool
) -> None:
    first, link = subscriber(broker), sender(broker, spool)
    first.start(timeout_s=PATIENT_S)
    link.start()
    link.put_many([scan(n) for n in range(20)])
    for delivery in receive(first, 20)[:5]:
        assert first.acknowledge(delivery)
    round_trip(first)
    first.stop()
    second = subscriber(broker)
    second.start(timeout_s=PATIENT_S)
    assert keys(receive(second, 15)) == list(range(6, 21))
    second.stop()
    link.stop()


def test_of_two_processes_that_use_one_session_one_ends_with_a_sentence_and_the_other_gets_everything(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise each acknowledges a part of the messages, and no journal has all. The embedded broker has one room."""
    monkeypatch.setattr(mqtt, "TAKEN_WITHIN_S", LONG_S)
    with MosquittoBroker() as broker:
        both = [subscriber(broker, yields=True), subscriber(broker, yields=True)]
        both[0].start(timeout_s=PATIENT_S)
        both[1]._connection.start()
        assert until(lambda: any(one._connection.displaced for one in both))
        gone, left = sorted(both, key=lambda one: not one._connection.displaced)
        assert "as ingest at the same time; expected one: this one receives nothing" in str(gone.problem)
        assert until(lambda: left._connection.ready.is_set())
        thread = gone._connection._thread
        assert thread is not None
        assert until(lambda: not thread.is_alive())
        gone.check()
        link = sender(broker, spool)
        link.start()
        link.put_many([scan(number) for number in range(1, 21)])
        assert keys(receive(left, 20)) == list(range(1, 21))
        assert (left._connection.displaced, gone.connected, gone.collect(wait_s=0.0)) == (False, False, [])
        for one in (*both, link):
            one.stop()
            STARTED.remove(one)


def test_an_ack_for_a_connection_that_is_gone_is_not_sent(broker: Broker, spool: Spool) -> None:
    reader, link = subscriber(broker), sender(broker, spool)
    reader.start(timeout_s=PATIENT_S)
    link.start()
    link.put_many([scan(n) for n in range(3)])
    old = receive(reader, 3)
    reader._connection.renew("the test says so")
    assert not any(reader.acknowledge(delivery) for delivery in old)
    again: list[Delivery] = []
    settled: set[int] = set()

    def all_settled() -> bool:
        """A broker that hears late from the old connection may end the new one as well: they come once more."""
        for delivery in receive(reader, 1):
            assert not any(reader.acknowledge(one) for one in old), "same message ids, another connection"
            again.append(delivery)
            if reader.acknowledge(delivery):
                settled.update(keys([delivery]))
        return settled == {1, 2, 3}

    assert until(all_settled)
    assert keys(again)[:3] == [1, 2, 3], "they were not acknowledged, so they came again"
    link.stop()
    reader.stop()


def test_a_message_during_a_renewal_is_acknowledged_on_no_other_connection(broker: Broker) -> None:
    """Its identifier may be that of another message there, which would then be lost."""
    taken: list[Delivery] = []

    def renewed_ns() -> int:  # asked for while the message is taken
        connection.renew("the test says so")
        return time.time_ns()

    connection = Connection(broker.url, "ingest", now_ns=renewed_ns, settings=ConnectionSettings(keepalive_s=LONG_S))
    connection.on_message = taken.append
    connection.start()
    connection.wait_until_ready(PATIENT_S)
    message = MQTTMessage(mid=1, topic=DETECTIONS.encode())
    message.qos = 1
    first = connection._client
    first.on_message(first, None, message)
    assert connection._client is not first
    assert [connection.acknowledge(delivery) for delivery in taken] == [False]
    first.on_message(first, None, message)
    connection._message(first, None, message)
    assert len(taken) == 1, "a client that was replaced is not heard"
    connection.stop()


def test_an_exception_in_a_callback_is_reported_and_the_thread_lives(broker: Broker, spool: Spool) -> None:
    reader, link = subscriber(broker), sender(broker, spool)
    reader.start(timeout_s=PATIENT_S)
    take, broken = reader._connection.on_message, [True]

    def sometimes(delivery: Delivery) -> None:
        if broken[0] and delivery.topic == DETECTIONS:  # not at the sensor's status, which may come before the scan
            raise ValueError("a bug")
        take(delivery)

    reader._connection.on_message = sometimes
    link.start()
    link.put(scan(1))
    assert until(lambda: reader.problem == "ValueError in _message: a bug")
    broken[0] = False
    link.put(scan(2))
    assert keys(receive(reader, 1)) == [2]
    link.stop()
    reader.stop()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_the_watchdog_replaces_a_dead_thread(broker: Broker, spool: Spool) -> None:
    reader, link = subscriber(broker), sender(broker, spool)
    reader.start(timeout_s=PATIENT_S)
    connection = reader._connection

    def fatal(*_: object) -> None:
        raise SystemExit  # goes through paho's own handlers, and so ends its thread

    connection._client.on_message = fatal
    link.start()
    link.put(scan(1))
    assert connection._thread is not None
    connection._thread.join(PATIENT_S)
    assert not connection._thread.is_alive()
    assert reader.connected, "which is the trap: nobody was told"
    dead = connection._client
    reader.check()
    assert connection._client is not dead
    assert reader.problem in ("paho's thread has died; reconnecting", None), "None: it is back already"
    assert keys(receive(reader, 1)) == [1]
    assert until(lambda: reader.problem is None)
    link.stop()
    reader.stop()


def test_a_thread_that_does_not_end_holds_nobody_up(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    """paho joins its thread without a limit: whoever stops a link would wait with it for ever."""
    reader, never = subscriber(broker), threading.Event()
    reader.start(timeout_s=PATIENT_S)
    end = reader._connection._client.loop_stop
    monkeypatch.setattr(mqtt, "STOPPED_WITHIN_S", 0.2)
    monkeypatch.setattr(reader._connection._client, "loop_stop", never.wait)
    reader.stop()
    assert not reader.connected
    assert not never.is_set(), "its thread had not ended"
    never.set()
    end()


def test_what_is_stopped_or_replaced_keeps_no_socket_open(broker: Broker) -> None:
    """paho closes some of its sockets only when the client is deleted."""

    def open_files() -> int:
        return len(os.listdir("/proc/self/fd"))

    def one() -> None:
        reader = subscriber(broker)
        reader.start(timeout_s=PATIENT_S)
        for _ in range(5):
            reader._connection.renew("the test says so")
            assert until(lambda: reader.connected)
        reader.stop()
        STARTED.clear()

    one()
    gc.disable()
    try:
        before = open_files()
        for _ in range(5):
            one()
        assert until(lambda: open_files() <= before + 3), "the last of them, at most"
    finally:
        gc.enable()


def test_a_process_with_many_open_files_reaches_its_broker(broker: Broker) -> None:
    """paho itself waits by ``select``, which refuses file descriptors from 1,024 on."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(limits[0], min(limits[1], 2048)), limits[1]))
    files: list[int] = []
    try:
        while not files or files[-1] < 1100:
            files.append(os.open(os.devnull, os.O_RDONLY))
        reader = subscriber(broker)
        reader.start(timeout_s=PATIENT_S)
        publisher = steady_publisher(broker, "many")
        publisher.start(timeout_s=PATIENT_S)
        publisher(DETECTIONS, b"{}").result(PATIENT_S)
        assert until(lambda: [each.payload for each in reader.collect(wait_s=0.1)] == [b"{}"])
        publisher.stop()
        reader.stop()
    finally:
        for file in files:
            os.close(file)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_the_watchdog_replaces_a_silent_peer(broker: Broker) -> None:
    reader = subscriber(broker, keepalive_s=60)
    reader.start(timeout_s=PATIENT_S)
    connection = reader._connection
    first = connection._client
    asked: list[object] = []
    ask = connection._subscribe

    def noted(client: Any, topics: Any) -> None:  # the answer may be here before we could look at a flag
        asked.append(client)
        ask(client, topics)

    connection._subscribe = noted

    def silent_for(seconds: float) -> None:
        connection._heard_s = time.monotonic() - seconds  # until its thread hears something
        reader.check()

    assert until(lambda: silent_for(121) or asked)
    assert asked == [first]
    assert until(lambda: not connection._probed), "a living broker answers the question"
    assert connection._client is first
    assert until(lambda: silent_for(181) or connection._client is not first)
    assert until(lambda: reader.connected)
    reader.stop()


def test_the_watchdog_replaces_a_client_whose_attempts_all_fail(broker: Broker) -> None:
    reader = subscriber(broker)
    reader.start(timeout_s=PATIENT_S)
    connection = reader._connection
    assert until(lambda: reader.connected)
    first = connection._client
    connection._worked_s -= connection._fruitless_s + 1.0
    reader.check()
    assert connection._client is first, "a working connection is left alone, however long ago it proved so"
    broker.kill()
    assert until(lambda: not reader.connected)
    connection._worked_s -= (
        connection._fruitless_s + 1.0
    )  # an end is taken for work if the connection lasted some seconds
    reader.check()
    assert connection._client is not first
    replaced = connection._client
    reader.check()
    assert connection._client is replaced, "the new one has its time"
    broker.start()
    assert until(lambda: reader.connected)
    reader.stop()


def test_a_full_queue_holds_back_acknowledgements_and_loses_nothing(broker: Broker, spool: Spool) -> None:
    small = SubscriberSettings(queue_limit=10, batch=4)
    reader, link = subscriber(broker, settings=small), sender(broker, spool, window=SendWindowSettings())
    reader.start(timeout_s=PATIENT_S)
    link.start()
    link.put_many([scan(n) for n in range(40)])
    assert until(lambda: reader._overflowed)
    got = set[int]()
    deadline = time.monotonic() + PATIENT_S
    while len(got) < 40 and time.monotonic() < deadline:
        deliveries = reader.collect(wait_s=0.05)
        assert len(deliveries) <= 4
        for delivery in deliveries:
            if delivery.topic == DETECTIONS:
                got.update(keys([delivery]))
            reader.acknowledge(delivery)
        reader.check()
    assert got == set(range(1, 41))
    assert reader.take_shed() == {}
    link.stop()
    reader.stop()


def test_a_batch_closes_when_nothing_more_comes(broker: Broker, spool: Spool) -> None:
    reader, link = subscriber(broker, settings=SubscriberSettings(batch=7)), sender(broker, spool)
    reader.start(timeout_s=PATIENT_S)
    assert reader.collect(wait_s=0.01) == []
    link.start()
    link.put_many([scan(n) for n in range(20)])
    assert until(lambda: len([d for d in tuple(reader._queue) if d.topic == DETECTIONS]) == 20)
    assert len(reader.collect(wait_s=1)) == 7
    link.stop()
    reader.stop()


def test_a_stalled_ack_sends_again(broker: Broker, spool: Spool) -> None:
    reader, link = subscriber(broker), sender(broker, spool, window=SendWindowSettings(stall_s=0.5))
    reader.start(timeout_s=PATIENT_S)
    link.start()
    link.put_many([scan(1), scan(2)])
    assert keys(receive(reader, 4))[:4] == [1, 2, 1, 2]
    assert link.resends >= 1
    link.stop()
    reader.stop()


def test_a_repeat_sends_twice(broker: Broker, spool: Spool) -> None:
    reader, link = subscriber(broker), sender(broker, spool)
    reader.start(timeout_s=PATIENT_S)
    link.start()
    link.put_many([scan(1), scan(2)])
    assert keys(receive(reader, 2)) == [1, 2]
    reader.publish(ACK, encode_ack(1, 2), retain=True)
    assert link.drain(PATIENT_S)
    assert not link.repeat(1, 2), "the spool no longer has it"
    link.put(scan(3))
    assert link.repeat(1, 3)
    assert keys(receive(reader, 2)) == [3, 3]
    link.stop()
    reader.stop()


def test_a_link_that_comes_up_between_two_looks_sends_once(
    broker: Broker, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network's thread may say that the link is up between any two lines of the one that sends."""
    link = sender(broker, spool)
    link.put_many([scan(1), scan(2)])
    published: list[int] = []

    class UpWhenAsked:
        asked = False

        def is_set(self) -> bool:
            if not self.asked:
                self.asked = True
                link._on_up(False)
            return True

    def publish(_topic: str, _payload: bytes, *, user_properties: Any, **_: Any) -> bool:
        published.append(int(dict(user_properties)["seq"]))
        return True

    monkeypatch.setattr(link._connection, "ready", UpWhenAsked())
    monkeypatch.setattr(link._connection, "publish", publish)
    monkeypatch.setattr(link, "_heartbeat", lambda: None)
    for second in range(3):
        link._pump(second / 100)
    assert published == [1, 2]


def test_a_sender_that_returns_settles_by_the_retained_ack_before_it_sends(broker: Broker, tmp_path: Path) -> None:
    reader = subscriber(broker)
    reader.start(timeout_s=PATIENT_S)
    with Spool(tmp_path / "r.sqlite") as first:
        first.put_many([lambda boot, seq: f'{{"seq":{seq}}}'.encode()] * 50)
    reader.publish(ACK, encode_ack(1, 48), retain=True)
    round_trip(reader)  # else the sender might subscribe before the broker has it
    with Spool(tmp_path / "r.sqlite") as second:
        link = sender(broker, second)
        link.put(scan(1))
        link._connection.start()
        assert until(lambda: link._acks), "the broker hands it over right after the subscription"
        link._pump_thread.start()  # it may not look in between
        deliveries = receive(reader, 3)
        said = [(dict(d.user_properties)["boot"], dict(d.user_properties)["seq"]) for d in deliveries]
        assert said == [("1", "49"), ("1", "50"), ("2", "1")], "the old boot first"
        link.stop()
    reader.stop()


def test_a_spool_that_was_replaced_is_noticed(broker: Broker, spool: Spool) -> None:
    reader, link = subscriber(broker), sender(broker, spool)
    reader.start(timeout_s=PATIENT_S)
    reader.publish(ACK, encode_ack(7, 100), retain=True)
    link.start()
    link.put(scan(1))
    assert until(lambda: "ingest knows boot 7 of r1, this spool is at 1" in (link.problem or ""))
    assert spool.waiting == 1
    link.stop()
    reader.stop()


def statuses(reader: Subscriber, count: int) -> list[dict[str, Any]]:
    return [json.loads(delivery.payload) for delivery in receive(reader, count, STATUS)]


def stated(reader: Subscriber, state: str) -> bool:
    """Whether the next statuses state it: one or several, which may come at once."""
    return state in [status["state"] for status in statuses(reader, 1)]


def test_heartbeats_are_retained_tell_of_dropped_messages_and_end_with_stopped(broker: Broker, tmp_path: Path) -> None:
    reader = subscriber(broker)
    reader.start(timeout_s=PATIENT_S)
    with Spool(tmp_path / "r.sqlite", limits=SpoolLimits(messages=2), first_boot=1) as spool:
        link = sender(broker, spool, status_interval_s=0.3)
        link.put_many([scan(n) for n in range(5)])
        link.start()
        one, *_, two = statuses(reader, 3)
        assert (one["sensor"], one["boot"], one["state"], one["kind"]) == ("r1", 1, "ok", "radar")
        assert one["dropped"] == [{"boot": 1, "first": 1, "last": 3}]
        assert one["spooled"] == 2
        assert two["seq"] > one["seq"]
        link.set_state("degraded", "lens wet")
        assert until(lambda: stated(reader, "degraded"))
        link.stop()
    assert until(lambda: stated(reader, "stopped"))
    reader.stop()
    late = Subscriber(broker.url, client_id="late", filters=[STATUS], now_ns=time.time_ns)
    late.start(timeout_s=PATIENT_S)
    assert [status["state"] for status in statuses(late, 1)] == ["stopped"]
    late.stop()


def test_a_sensor_that_dies_is_declared_lost_by_the_broker(broker: Broker, spool: Spool) -> None:
    reader, link = subscriber(broker), sender(broker, spool, status_interval_s=60)
    reader.start(timeout_s=PATIENT_S)
    link.start()
    assert statuses(reader, 1)[0]["state"] == "ok"
    link._stopping.set()  # the process freezes: no more heartbeats, no farewell
    socket = link._connection._client.socket()
    assert socket is not None
    socket.shutdown(2)
    assert until(lambda: stated(reader, "lost"))
    link.stop()
    reader.stop()


def test_a_sender_waits_for_a_broker_that_is_not_there_yet(broker: Broker, spool: Spool) -> None:
    broker.kill()
    link = sender(broker, spool, window=SendWindowSettings(stall_s=1.0))  # again, if it was there before the reader
    link.start()
    link.put(scan(1))
    assert until(lambda: (link.problem or "").startswith("no answer from mqtt://127.0.0.1"))
    broker.start()
    reader = subscriber(broker)
    reader.start(timeout_s=PATIENT_S)
    assert {*keys(receive(reader, 1))} == {1}
    assert until(lambda: link.problem is None)
    link.stop()
    reader.stop()


def test_a_failed_disk_ends_a_sender_with_its_reason(broker: Broker, spool: Spool) -> None:
    link = sender(broker, spool)
    link.start()
    assert until(lambda: link.connected)
    spool.close()
    assert until(lambda: link.problem is not None)
    with pytest.raises(SpoolError):
        link.put(scan(1))
    link._connection.stop()


def test_a_smaller_window_of_the_broker_is_kept(tmp_path: Path) -> None:
    with MosquittoBroker(folder=tmp_path) as broker:
        broker.kill()
        make = broker._configuration
        broker._configuration = lambda: make().replace("max_inflight_messages 1000", "max_inflight_messages 5")  # type: ignore[method-assign]
        broker.start()
        connection = Connection(broker.url, "writer", now_ns=time.time_ns)
        connection.start()
        assert until(lambda: connection.connected and connection._client.max_inflight_messages == 5)
        for _ in range(10):  # paho's memory: twice the window
            assert connection.publish("a", b"x")
        connection.stop()


def test_a_publisher_answers_with_the_puback_or_the_reason(broker: Broker) -> None:
    publisher = steady_publisher(broker, "feed")
    publisher.start(timeout_s=PATIENT_S)
    answers = [publisher("watchline/1/x/tracks", b"x") for _ in range(200)]
    assert [answer.result(timeout=PATIENT_S) for answer in answers] == [None] * 200
    assert not publisher._connection._pending_acks._expected
    assert not publisher._connection._pending_acks._early
    broker.kill()
    assert until(lambda: publisher.problem is not None)
    waiting = publisher("watchline/1/x/tracks", b"x")
    publisher.stop()
    with pytest.raises(BrokerError, match="stopped before the broker answered"):
        waiting.result(timeout=PATIENT_S)


def test_a_quiet_connection_is_heard_by_the_answers_to_its_pings(broker: Broker) -> None:
    """A publisher that has nothing to say hears nothing else, and must not be replaced for that."""
    publisher = steady_publisher(broker, "quiet")
    publisher.start(timeout_s=PATIENT_S)
    connection = publisher._connection
    first, since_s = connection._client, connection._heard_s
    first._send_pingreq()  # as paho does when the connection was quiet for so long
    assert until(lambda: connection._heard_s > since_s)
    assert connection._client is first
    publisher.stop()


def test_a_publisher_looks_after_its_connection_by_itself(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    publisher = steady_publisher(broker, "alone")
    publisher.start(timeout_s=PATIENT_S)
    connection, first = publisher._connection, publisher._connection._client

    def fatal(*_: object) -> None:
        raise SystemExit  # ends paho's thread

    first.on_publish = fatal
    publisher("watchline/1/x/tracks", b"x")
    assert until(lambda: connection._client is not first)
    assert until(lambda: connection.connected)
    assert publisher("watchline/1/x/tracks", b"x").result(timeout=PATIENT_S) is None
    publisher.stop()


@pytest.mark.parametrize("text", ["\ufeffjson", "a\ufeffb"])
def test_a_string_that_paho_refuses_does_not_stop_the_link(broker: Broker, text: str) -> None:
    inbound = subscriber(broker)
    inbound.start(timeout_s=PATIENT_S)
    attacker = steady_publisher(broker, "attacker")
    attacker.start(timeout_s=PATIENT_S)
    for payload, content_type in ((b"bad", text), (b"good", "application/json")):
        attacker(DETECTIONS, payload, content_type=content_type).result(PATIENT_S)
    got: list[Delivery] = []

    def both() -> bool:
        got.extend(inbound.collect(wait_s=0.05))
        return len(got) >= 2

    assert until(both), inbound.problem
    assert [delivery.payload for delivery in got] == [b"bad", b"good"]
    assert all(inbound.acknowledge(delivery) for delivery in got)
    assert inbound.problem is None
    attacker.stop()
    inbound.stop()


def test_who_is_not_listened_to_is_not_received_and_the_others_go_on_in_order(broker: Broker) -> None:
    """Messages flow while the subscription for all is exchanged for one a name, and back, and the link is renewed."""
    reader = subscriber(broker)
    reader.start(timeout_s=PATIENT_S)
    connection = reader._connection
    everybody = ["watchline/1/x/sensor/+/detections", "watchline/1/x/sensor/+/status"]
    names = [everybody[1], *(f"watchline/1/x/sensor/s{n}/detections" for n in range(600)), DETECTIONS]
    other = DETECTIONS.replace("r1", "r2")
    publisher = steady_publisher(broker, "p")
    publisher.start(timeout_s=PATIENT_S)
    heard: dict[str, list[int]] = {DETECTIONS: [], other: []}

    def publish(first: int) -> None:
        for number in range(first, first + 40):
            for topic in heard:
                publisher(topic, b"%d" % number).result(PATIENT_S)

    def collected(*topics: str, last: int) -> bool:
        for delivery in reader.collect(wait_s=0.05):
            reader.acknowledge(delivery)
            heard[delivery.topic].append(int(delivery.payload))
        return all(last in heard[topic] for topic in topics)

    def exchanged(topics: list[str], *, first: int, more: list[str] | None = None) -> None:
        """Listen to these topics; publish while the broker exchanges the subscriptions, and wait until it has."""
        over = threading.Event()
        connection._client.on_unsubscribe = lambda *_: over.set()
        reader.listen(topics, instead_of=more or [])
        publish(first)
        assert over.wait(PATIENT_S)
        assert until(lambda: connection._asked_s is None), "and subscribed to all the new ones"
        assert until(lambda: collected(DETECTIONS, last=first + 39))

    publish(0)
    assert until(lambda: collected(DETECTIONS, other, last=39))
    exchanged(names, first=40, more=[other])
    publish(80)
    assert until(lambda: collected(DETECTIONS, last=119))
    connection.renew("as after a broken link")
    assert connection.ready.wait(PATIENT_S)
    publish(120)
    assert until(lambda: collected(DETECTIONS, last=159))
    exchanged(everybody, first=160)
    assert reader.problem is None
    publish(200)
    assert until(lambda: collected(DETECTIONS, other, last=239))
    assert not set(heard[other]) & set(range(80, 160)), "not even by what the session still had"
    counted = Counter(heard[DETECTIONS])
    missed, meanwhile = set(range(240)) - set(counted), {*range(40, 80), *range(160, 200)}
    # What the embedded broker holds for a subscription that ends it forgets: more, the slower the reader. The spool of
    # a sensor sends it again.
    assert missed <= (meanwhile if isinstance(broker, EmbeddedBroker) else set())
    first_heard = list(dict.fromkeys(heard[DETECTIONS]))
    assert first_heard == sorted(first_heard), "in order"
    # An ack that the renewal overtook is lost, and one that an end of the new connection did, of which the broker
    # hears late from the old.
    doubled = {n for n in counted if counted[n] > 1 and not 80 <= n < 160}
    assert doubled <= meanwhile, "a broker may deliver once a subscription while both stand"
    assert max(counted.values()) <= 2
    assert heard[other][:40] == list(range(40))
    assert heard[other][-40:] == list(range(200, 240))
    publisher.stop()
    reader.stop()

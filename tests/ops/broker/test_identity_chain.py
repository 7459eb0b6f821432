"""Identity in real processes, on the embedded broker, which has no topic rights: signatures are all there is."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.decode import encode
from ingest.mqtt.publisher import Publisher
from ingest.mqtt.subscriber import Subscriber
from ingest.security.key_register import Identity
from ingest.sending.send_window import SendWindowSettings
from ingest.sending.sender import Sender, SenderSettings
from ingest.sending.spool import Spool
from ingest.wire import encode_ack
from ops.broker.broker import URL_VARIABLE, EmbeddedBroker
from ops.broker.identities import IDENTITY_VARIABLE, SIGNATURES_VARIABLE, IdentityFolder, Name
from ops.journal.reader import JournalReader, JournalRow
from ops.runtime.processes.child_process import Child
from sensors.scan import Plot, Scan
from tests.patience import PATIENT_S

pytestmark = [pytest.mark.broker, pytest.mark.chain]
STATUS = "watchline/1/x/sensor/r1/status"


class Room:
    """A broker, ingest that requires signatures, and keys for two sensors."""

    def __init__(self, folder: Path, broker: EmbeddedBroker) -> None:
        self.folder, self.broker = folder, broker
        self.keys = IdentityFolder(folder / "identity")
        self.keys.prepare([Name("sensor", "r1"), Name("sensor", "r2")])
        self.journal = folder / "journal.db"
        self.ingest = Child(
            "ingest",
            "ops.services.ingest.process",
            ["--sector=x", f"--journal={self.journal}", f"--wait-s={PATIENT_S}"],
            log=folder / "ingest.log",
            secrets={
                URL_VARIABLE: broker.url.text,
                IDENTITY_VARIABLE: str(self.keys.path),
                SIGNATURES_VARIABLE: "required",
            },
        )
        self.ingest.wait_for("ready", timeout_s=PATIENT_S)

    def sender(self, name: str, *, identity: Identity | None = None) -> tuple[Spool, Sender]:
        spool = Spool(self.folder / f"{name}-{time.monotonic_ns()}.db")
        settings = SenderSettings(
            status_interval_s=0.5,
            window=SendWindowSettings(stall_s=1.0),
            identity=self.keys.identity(name) if identity is None else identity,
        )
        link = Sender(
            spool, sector="x", sensor=name, url=self.broker.url, now_ns=time.time_ns, kind="radar", settings=settings
        )
        link.start()
        return spool, link

    def attacker(self, name: str = "attacker") -> Publisher:
        """Somebody who has stolen the broker's password, and so may publish anything anywhere."""
        made = Publisher(self.broker.url, client_id=name, now_ns=time.time_ns)
        made.start(timeout_s=PATIENT_S)
        return made

    def codes(self) -> list[tuple[str, str]]:
        with JournalReader(self.journal) as journal:
            return [(dead.kind, dead.code) for _, dead in journal.dead_letters(limit=10**6)]

    def journaled(self, sensor: str) -> int:
        with JournalReader(self.journal) as journal:
            return sum(row.kind == "detections" and row.sensor == sensor for row in journal.read(limit=10**6))


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with EmbeddedBroker(folder=tmp_path / "broker", sector="x") as broker:
        made = Room(tmp_path, broker)
        yield made
        assert made.ingest.alive, made.ingest.exit_report()
        assert made.ingest.stop(timeout_s=PATIENT_S) == 0
    with JournalReader(made.journal) as journal:
        assert all(count.balanced for count in journal.counts(None).values())


def until(true: Callable[[], Any], within_s: float = PATIENT_S) -> bool:
    deadline = time.monotonic() + within_s
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def seconds_of_ingest(rows: Sequence[JournalRow], from_ns: int, to_ns: int) -> int:
    """How many seconds ingest worked between two times: it journals a tick in each, unless the machine stands still."""
    return sum(row.kind == "tick" and from_ns < row.received_ns <= to_ns for row in rows)


def scan(sensor: str, number: int) -> Scan:
    now = datetime.now(UTC)
    return Scan(sensor, 0, 0, number, now, now, "radar", (Plot(azimuth_deg=1.0 + number % 300, range_m=900.0),))


def retained(room: Room, topic: str, name: str) -> list[bytes]:
    """What a newcomer is handed on this topic within a short while."""
    reader = Subscriber(room.broker.url, client_id=name, filters=[topic], now_ns=time.time_ns)
    reader.start(timeout_s=PATIENT_S)
    found = [delivery.payload for _ in range(10) for delivery in reader.collect(wait_s=0.03)]
    reader.stop()
    return found


def test_signed_messages_come_in_and_only_ingest_empties_a_spool(room: Room) -> None:
    spool, link = room.sender("r1")
    link.put_many([scan("r1", n) for n in range(20)])
    assert link.drain(PATIENT_S), link.problem
    assert link.clock_offset_s is not None
    assert -PATIENT_S < link.clock_offset_s <= 0.0, (
        "one machine, one clock: what is left is the time an acknowledgement takes"
    )
    room.ingest.kill()  # nobody acknowledges now but the attacker
    link.put_many([scan("r1", n) for n in range(20)])
    attacker = room.attacker()
    ack = "watchline/1/x/sensor/r1/ack"
    for forged in (encode_ack(spool.boot, 40), encode_ack(spool.boot + 7, 1), b"{}", b"\xff", b"[1]"):
        attacker(ack, forged).result(PATIENT_S)
    sensor = Publisher(room.broker.url, client_id="r2-key", now_ns=time.time_ns, identity=room.keys.identity("r2"))
    sensor.start(timeout_s=PATIENT_S)
    sensor(ack, encode_ack(spool.boot, 40)).result(PATIENT_S)
    assert until(lambda: link.refused_acks >= 6), link.refused_acks
    assert spool.waiting == 20
    assert link.problem is None, "what others write says nothing about our link"
    room.ingest.restart()
    room.ingest.wait_for("ready", timeout_s=PATIENT_S)
    assert link.drain(PATIENT_S), link.problem
    assert room.journaled("r1") == 40
    for part in (attacker, sensor, link):
        part.stop()
    spool.close()


def test_an_unsigned_and_a_foreign_sender_come_in_nowhere(room: Room) -> None:
    spool, link = room.sender("r1", identity=Identity())
    other_spool, other = room.sender("r1", identity=room.keys.identity("r2"))
    link.put(scan("r1", 1))
    assert until(lambda: ("detections", "unsigned") in room.codes())
    link.stop()
    other.put(scan("r1", 1))
    assert until(lambda: ("detections", "wrong_key") in room.codes())
    assert room.journaled("r1") == 0
    assert spool.waiting == other_spool.waiting == 1
    other.stop()
    spool.close()
    other_spool.close()


def test_a_revoked_sensor_is_gone_within_five_seconds(room: Room) -> None:
    spool, link = room.sender("r1")
    link.put(scan("r1", 1))
    assert link.drain(PATIENT_S)
    assert until(lambda: len(retained(room, STATUS, f"early-{time.monotonic_ns()}")) == 1)
    room.keys.revoke("r1")
    revoked_ns = room.keys.register_path.stat().st_mtime_ns
    assert room.ingest.wait_for("revoked", timeout_s=PATIENT_S) == "r1"
    link.put(scan("r1", 2))
    assert until(lambda: ("detections", "key_revoked") in room.codes())
    link._stopping.set()  # its process freezes, and the broker publishes its last will
    sock = link._connection._client.socket()
    assert sock is not None
    sock.shutdown(2)  # type: ignore[attr-defined]
    link.stop()
    assert until(lambda: retained(room, STATUS, f"late-{time.monotonic_ns()}") == [])
    with JournalReader(room.journal) as journal:
        rows = journal.read(limit=10**6)
        states = [json.loads(row.body)["state"] for row in rows if row.kind == "status"]
        revocations = [(row.sensor, json.loads(row.body)) for row in rows if row.kind == "revocation"]
        (gone_ns,) = [row.received_ns for row in rows if row.kind == "revocation"]
    assert seconds_of_ingest(rows, revoked_ns, gone_ns) <= 5, "from the change of the register to the journaled row"
    assert "lost" not in states, "its last word is not taken"
    assert revocations == [("r1", {"revoked": True})]
    assert room.journaled("r1") == 1
    assert spool.waiting == 1
    spool.close()


def test_revoked_stays_revoked_over_a_restart_and_a_new_key_ends_it(room: Room) -> None:
    room.keys.revoke("r1")
    assert room.ingest.wait_for("revoked", timeout_s=PATIENT_S) == "r1"
    room.ingest.kill()
    room.ingest.restart()
    assert room.ingest.wait_for("revoked", timeout_s=PATIENT_S) == "r1"
    assert room.keys.prepare([Name("sensor", "r1")])
    spool, link = room.sender("r1")
    link.put(scan("r1", 1))
    assert link.drain(PATIENT_S), room.codes()
    link.stop()
    with JournalReader(room.journal) as journal:
        said = [json.loads(row.body)["revoked"] for row in journal.read(limit=10**6) if row.kind == "revocation"]
    assert said == [True, False], "once each way, however often ingest starts"
    spool.close()


def test_a_sensor_that_sends_what_nobody_can_read_is_cut_off_within_five_seconds(room: Room) -> None:
    """Its own key signs it, so it is the sensor itself; the other sensor does not feel it. When it is over it is heard
    again, and that is told."""
    spool, link = room.sender("r2")
    link.put(scan("r2", 0))
    assert link.drain(PATIENT_S), "known from now on"
    gone_bad = Publisher(
        room.broker.url, client_id="r1-gone-bad", now_ns=time.time_ns, identity=room.keys.identity("r1")
    )
    gone_bad.start(timeout_s=PATIENT_S)
    stop = threading.Event()

    def flood() -> None:
        while not stop.is_set():
            answers = [gone_bad("watchline/1/x/sensor/r1/detections", b"{" * 2_000) for _ in range(100)]
            answers[-1].exception(PATIENT_S)

    flooding = threading.Thread(target=flood, daemon=True)
    flooding.start()
    held = room.ingest.wait_for("quarantine", timeout_s=PATIENT_S)
    link.put(scan("r2", 1))
    assert link.drain(PATIENT_S), "the other does not feel it"
    stop.set()
    flooding.join(PATIENT_S)
    assert (held["source"], held["proven"]) == ("r1", True)
    with JournalReader(room.journal) as journal:
        first_bad_ns = min(dead.received_ns for _, dead in journal.dead_letters(limit=10**6) if dead.sensor == "r1")
        rows = journal.read(limit=10**6)
    cut_off_ns = min(row.received_ns for row in rows if row.kind == "quarantine")
    assert seconds_of_ingest(rows, first_bad_ns, cut_off_ns) <= 5
    assert until(lambda: room.ingest.last("quarantine")["until_ns"] is None, 600.0), "let in again"
    good = encode(replace(scan("r1", 1), boot=2**40, sequence=1))

    def heard_again() -> bool:
        """Sends as a spool does, again until it is journaled: the rest of the flood may have it cut off once more."""
        gone_bad("watchline/1/x/sensor/r1/detections", good, key=(2**40, 1)).result(PATIENT_S)
        return until(lambda: room.journaled("r1") == 1, 5.0)

    assert until(heard_again, 600.0), room.codes()[-3:]
    gone_bad.stop()
    link.stop()
    spool.close()


def test_a_flood_is_cut_off_and_the_others_do_not_feel_it(room: Room) -> None:
    """An attacker with the broker's password writes as r2 as fast as it can: r1's and r2's own come in all the same."""
    spool, link = room.sender("r1")
    victims_spool, victim = room.sender("r2")
    stop = threading.Event()
    attacker = room.attacker()
    topic, sent, tried = "watchline/1/x/sensor/r2/detections", 0, 0

    def flood() -> None:
        nonlocal sent, tried
        while not stop.is_set():
            answers = [attacker(topic, b"%d junk" % (tried + n)) for n in range(200)]
            tried += len(answers)
            answers[-1].exception(PATIENT_S)
            sent += sum(answer.exception(PATIENT_S) is None for answer in answers)

    flooding = threading.Thread(target=flood, daemon=True)
    flooding.start()
    began = time.monotonic()
    held = room.ingest.wait_for("quarantine", timeout_s=PATIENT_S)
    assert (held["source"], held["proven"]) == ("r2", False)
    for number in range(20):
        link.put(scan("r1", number))
        victim.put(scan("r2", number))
        time.sleep(0.05)
    assert link.drain(PATIENT_S), (link.problem, time.monotonic() - began)
    assert victim.drain(PATIENT_S), victim.problem
    stop.set()
    flooding.join(PATIENT_S)
    attacker.stop()

    def counted() -> int:
        """Once each: what a sender on a busy machine sends again before its acknowledgement comes is a duplicate."""
        with JournalReader(room.journal) as journal:
            count = journal.counts()["r2"]
            return count.received - count.duplicate

    assert until(lambda: counted() >= sent + 20), (counted(), sent)
    assert counted() <= tried + 20, "what the broker took without an answer came too, and nothing else"
    with JournalReader(room.journal) as journal:
        counts = journal.counts()
        rows = journal.recount()
        events = [(row.sensor, json.loads(row.body)) for row in journal.read(limit=10**6) if row.kind == "quarantine"]
    assert events[0][0] == "r2"
    assert events[0][1]["proven"] is False
    assert counts["r2"].journaled == 20
    assert counts["r2"].shed > 0
    assert counts["r2"].balanced
    assert rows["r2", "detections"].dead_lettered == counts["r2"].dead_lettered <= 6000
    assert counts["r1"].journaled == 20
    assert (counts["r1"].dead_lettered, counts["r1"].shed) == (0, 0)
    link.stop()
    spool.close()
    victim.stop()
    victims_spool.close()

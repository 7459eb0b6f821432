"""The feeds process over a store that a benchmark writes to, and units on bare MQTT clients.

A module for the benchmarks.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.compact_messages import decode_all, unseal
from ingest.mqtt.broker_url import BrokerUrl
from ingest.security.signature import Signer
from ingest.topics import unit_topic
from ingest.unit_messages import ResendRequest
from ops.broker.broker import URL_VARIABLE, EmbeddedBroker
from ops.broker.identities import IDENTITY_VARIABLE, SIGNATURES_VARIABLE, IdentityFolder, Name
from ops.runtime.processes.child_process import Child
from ops.store.writer import Store
from sensors.timestamps import utc_datetime

SECTOR = "bench"
PATIENT_S = 300.0
TARGETS = (("person", "person on foot"), ("group", "group on foot"), ("vehicle", "vehicle"))


# ---- a unit ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Message:
    """A message as a unit received it; ``packet`` is the size of the MQTT PUBLISH, of which the first message in it has
    all bytes."""

    at_s: float
    channel: str
    body: dict[str, Any]
    payload: int
    packet: int


@dataclass(slots=True)
class Unit:
    """A unit's client on paho, which keeps no session: it asks for what it missed at each connection."""

    name: str
    url: BrokerUrl
    port: int
    signer: Signer | None = None
    asks: bool = True
    messages: list[Message] = field(default_factory=list)
    have: set[int] = field(default_factory=set)
    seq: int = 0
    boot: int = 0
    link: mqtt.Client | None = None

    def connect(self) -> None:
        """Connect with a new session; ``asks``: and ask for what was missed."""
        self.boot = time.time_ns() // 1_000_000
        self.link = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"{self.name}-{self.boot}", protocol=mqtt.MQTTv5)
        self.link.username_pw_set(self.url.username, self.url.password)
        up = threading.Event()
        self.link.on_subscribe = lambda *_: up.set()
        self.link.on_connect = lambda link, *_: link.subscribe(
            [(unit_topic(SECTOR, self.name, channel), 1) for channel in ("alerts", "updates")]
        )
        self.link.on_message = self._heard
        self.link.connect(self.url.host, self.port, keepalive=240)
        self.link.loop_start()
        if not up.wait(PATIENT_S):
            raise SystemExit("the broker does not answer")
        if self.asks:
            self.ask()

    def ask(self) -> None:
        """Ask for everything after the last number up to which the unit has all."""
        assert self.link is not None
        self.seq += 1
        body = ResendRequest(self.name, self.boot, self.seq, utc_datetime(time.time_ns()), self.last)
        topic, payload = unit_topic(SECTOR, self.name, "resend"), msgspec.json.encode(body)
        numbers = [("boot", self.boot), ("seq", self.seq), ("by_boot", self.boot), ("sent", time.time_ns())]
        properties = Properties(PacketTypes.PUBLISH)
        properties.ContentType = "application/json"
        plain = [(name, str(value)) for name, value in numbers]
        assert self.signer is not None
        properties.UserProperty = self.signer.sign(topic, "application/json", plain, payload)
        self.link.publish(topic, payload, qos=1, properties=properties)

    @property
    def last(self) -> int:
        """The last number up to which the unit has every message."""
        number = max((one.body["last"] for one in self.messages if one.body.get("kind") == "gap_filled"), default=0)
        while number + 1 in self.have:
            number += 1
        return number

    def kill(self) -> None:
        """End without a word to the broker."""
        assert self.link is not None
        self.link.loop_stop()
        if (socket := self.link.socket()) is not None:
            socket.close()

    def _heard(self, _link: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        at_s, payload = time.monotonic(), message.payload
        properties = message.properties
        if properties is not None and properties.ContentType == "application/cbor":  # type: ignore[attr-defined]
            read = decode_all(unseal(payload, message.topic, None))
            bodies = [body | ({} if kind == "alert" else {"kind": kind}) for kind, body in read]
        else:
            bodies = [json.loads(payload)]
        packed = b"" if properties is None else properties.pack()
        packet = 5 + 2 + len(message.topic) + 2 + len(packed) + len(payload)
        for place, body in enumerate(bodies):
            sizes = (0, 0) if place else (len(payload), packet)
            self.messages.append(Message(at_s, message.topic.rsplit("/", 1)[1], body, *sizes))
            if "number" in body:
                self.have.add(body["number"])


# ---- the feeds process without fusion --------------------------------------------------------------------------------


@dataclass(slots=True)
class Bench:
    """A store, a broker and the feeds process."""

    folder: Path
    broker: EmbeddedBroker
    feeds: Child
    store: Store
    identities: IdentityFolder
    row: int = 0

    def commit(self, alerts: Sequence[dict[str, Any]], incidents: Sequence[dict[str, Any]] = ()) -> None:
        self.row += 1
        self.store.commit(self.row, stamp_ns=time.time_ns(), alerts=alerts, incident_revisions=incidents)

    def unit(self, name: str, port: int | None = None, *, asks: bool = True) -> Unit:
        signer = self.identities.identity(name).signer
        return Unit(name, self.broker.url, port or self.broker.url.port, signer, asks)


@contextmanager
def bench(folder: Path, units: Sequence[str], *, settings: str = "") -> Iterator[Bench]:
    """Start the broker and the feeds process for these units."""
    folder.mkdir(parents=True)
    (folder / "settings.toml").write_text(f"units = {json.dumps(list(units))}\n{settings}", encoding="utf-8")
    identities = IdentityFolder(folder / "identity")
    identities.prepare([Name("unit", unit) for unit in units])
    with EmbeddedBroker(folder=folder / "logs") as broker:
        store = Store(folder / "store.db")
        feeds = Child(
            "feeds",
            "ops.services.feeds.process",
            [f"--store={store.path}", f"--sector-id={SECTOR}", f"--settings={folder / 'settings.toml'}"],
            log=folder / "logs" / "feeds.log",
            secrets={
                URL_VARIABLE: broker.url.text,
                IDENTITY_VARIABLE: str(identities.path),
                SIGNATURES_VARIABLE: "required",
            },
        )
        try:
            feeds.wait_for("ready", timeout_s=PATIENT_S)
            yield Bench(folder, broker, feeds, store, identities)
        finally:
            feeds.stop(timeout_s=10.0)
            store.close()


def identity(letter: str, number: int) -> str:
    """The id of an alert (``A``) or incident (``I``), like that of a real one."""
    return letter + blake2b(number.to_bytes(8, "big"), digest_size=8).hexdigest()


def alert(number: int, revision: int = 0, priority: str = "medium") -> dict[str, Any]:
    """An alert as fusion publishes it, about as long as a real one, and as unlike others as real ones are."""
    at = utc_datetime(time.time_ns())
    chance = random.Random(number)
    track, border_s = f"T{chance.randrange(4096):03x}", chance.uniform(5.0, 600.0)
    class_label, name = chance.choice(TARGETS)
    time_left = f"{border_s // 60:.0f} min {border_s % 60:.0f} s"
    sentence = f"Probable {name}, track {track}, approaching inbound, border in {time_left}"
    return {
        "id": identity("A", number), "revision": revision, "status": "active", "priority": priority,
        "rule": "approaching",
        "raised_at": at, "updated_at": at, "observed_at": at, "track": track, "sensor": None,
        "segment": chance.randrange(60), "direction": 1, "lon": -84.2 + chance.uniform(-0.1, 0.1),
        "lat": 36.6 + chance.uniform(-0.03, 0.03), "offset_m": chance.uniform(0.0, 900.0),
        "time_to_border_s": border_s, "class_label": class_label, "class_probability": 0.91, "existence": 0.999,
        "evidence": [[f"radar-{one}", 7, 100 + one] for one in range(6)], "by": "", "reason": "",
        "sentence": sentence, "detail_sentences": [sentence] * 4, "why_sentences": [sentence] * 3,
        "response_sentence": "Fork base: ETA 6.6 min, 0.9 min too late to intercept; P(interruption) 35%",
    }  # fmt: skip


def until(true: Callable[[], object], what: str, within_s: float = PATIENT_S) -> None:
    """Wait for a condition; SystemExit if it does not come true."""
    deadline_s = time.monotonic() + within_s
    while not true():
        if time.monotonic() > deadline_s:
            raise SystemExit(f"not within {within_s:.0f} s: {what}")
        time.sleep(0.01)


def incident(number: int) -> dict[str, Any]:
    """An incident of one alert, as fusion writes it."""
    at = utc_datetime(time.time_ns())
    return {
        "id": identity("I", number), "revision": 0, "name": f"Bravo {number}", "kind": "movement", "state": "open",
        "priority": "high", "opened_at": at, "updated_at": at, "lead": identity("A", number),
        "alerts": [identity("A", number)], "tracks": [], "class_label": "person", "calling_unit": "", "unit": "",
        "sentence": "Probable person on foot crossed the border inbound.", "disposition": "", "lon": -84.21,
        "lat": 36.58, "section": None,
    }  # fmt: skip

"""A program of a field unit on a bare MQTT client, as docs/units.md describes it: it asks for what it missed."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import msgspec
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.compact_messages import CBOR, decode_all, unseal
from ingest.mqtt.broker_url import BrokerUrl
from ingest.security.signature import Signer
from ingest.topics import unit_topic
from ingest.unit_messages import ResendRequest
from sensors.timestamps import utc_datetime


@dataclass
class MqttUnit:
    """``port``: where it finds the broker. ``feed``: the public key that must have signed compact messages.

    ``messages``: what it received, in order, with ``kind`` ``alert`` for alerts. ``bytes``: of the payloads.
    """

    unit: str
    sector: str
    url: BrokerUrl
    port: int
    signer: Signer
    feed: bytes
    messages: list[dict[str, Any]] = field(default_factory=list)
    bytes: int = 0
    boot: int = 0
    seq: int = 0

    def connect(self) -> None:
        """Connect in a thread, without a session at the broker; returns at once."""
        self.boot, self.seq = max(self.boot + 1, time.time_ns() // 1_000_000), 0
        self.subscribed = threading.Event()
        name = f"{self.unit}-{self.boot}"
        self.link = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv5)
        self.link.username_pw_set(self.url.username, self.url.password)
        self.link.connect_timeout = 600.0
        self.link.on_message = self._heard
        self.link.on_subscribe = lambda *_: self.subscribed.set()
        topics = [(unit_topic(self.sector, self.unit, channel), 1) for channel in ("alerts", "updates")]
        self.link.on_connect = lambda link, *_: link.subscribe(topics)
        self.link.connect_async(self.url.host, self.port, keepalive=3600)
        self.link.loop_start()

    def ask(self) -> None:
        """Ask for everything after the last number up to which it has all."""
        self.seq += 1
        body = ResendRequest(self.unit, self.boot, self.seq, utc_datetime(time.time_ns()), self.last)
        topic, payload = unit_topic(self.sector, self.unit, "resend"), msgspec.json.encode(body)
        numbers = [("boot", self.boot), ("seq", self.seq), ("by_boot", self.boot), ("sent", time.time_ns())]
        properties = Properties(PacketTypes.PUBLISH)
        properties.ContentType = "application/json"
        plain = [(name, str(value)) for name, value in numbers]
        properties.UserProperty = self.signer.sign(topic, "application/json", plain, payload)
        self.link.publish(topic, payload, qos=1, properties=properties)

    @property
    def filled(self) -> list[dict[str, Any]]:
        """The ends of the answers to its requests."""
        return [one for one in list(self.messages) if one["kind"] == "gap_filled"]

    @property
    def last(self) -> int:
        """The last number up to which it has every message that still matters."""
        have = {one["number"] for one in list(self.messages) if "number" in one}
        number = max((one["last"] for one in self.filled), default=0)
        while number + 1 in have:
            number += 1
        return number

    def close(self) -> None:
        """End without a word to the broker."""
        self.link.loop_stop()
        if (socket := self.link.socket()) is not None:
            socket.close()

    def _heard(self, _link: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        self.bytes += len(message.payload)
        if message.properties is not None and message.properties.ContentType == CBOR:  # type: ignore[attr-defined]
            read = decode_all(unseal(message.payload, message.topic, [self.feed]))
            self.messages += [body | {"kind": kind} for kind, body in read]
            return
        body = json.loads(message.payload)
        self.messages.append(body if message.topic.endswith("/updates") else body | {"kind": "alert"})

"""Template of a field unit's program: it shows alerts, asks for those it missed, and sends its position and answers.

``python field_unit.py DATA SECTOR UNIT listen``; docs/units.md states the messages and the rules. DATA is the folder of
``watchline run --data DATA`` on the same machine: it holds the broker's address and the unit's keys. On another
machine, copy the bundle ``identity/identities/UNIT`` there and give the broker with ``--broker``.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from ingest import topics
from ingest.mqtt import BrokerUrl
from ingest.mqtt.connection import ConnectionSettings
from ingest.mqtt.subscriber import Subscriber
from ingest.security import open_bundle
from ingest.unit_messages import Position, Reply, ResendRequest, encode_unit
from ingest.wire import JSON

AGAIN_AFTER_S = 3.0
BOOT = int((datetime.now(UTC) - datetime(2020, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
"""The number of this run: milliseconds since 2020, which rises at every start and survives the loss of the device."""


class FieldUnit:
    """One connection to the broker, on which a unit receives alerts and sends its own messages."""

    def __init__(self, sector: str, unit: str, broker: BrokerUrl, bundle: Path) -> None:
        self.unit, self.identity, self._topic_of = (
            unit,
            open_bundle(bundle),
            lambda name: topics.unit_topic(sector, unit, name),
        )
        self._link = Subscriber(
            broker,
            client_id=unit,
            filters=[self._topic_of("alerts"), self._topic_of("updates")],
            now_ns=time.time_ns,
            connection=ConnectionSettings(tls=self.identity.tls),
        )
        self._seq = 0

    def __enter__(self) -> FieldUnit:
        self._link.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._link.stop()

    def alerts(self, seconds: float) -> Iterator[dict[str, Any]]:
        """Yield the alerts that arrive within so many seconds."""
        return (message for message in self.messages(seconds) if "kind" not in message)

    def messages(self, seconds: float) -> Iterator[dict[str, Any]]:
        """Yield the alerts and updates (with a ``kind``) of so many seconds, each after its signature was checked."""
        until_s = time.monotonic() + seconds
        while (left_s := until_s - time.monotonic()) > 0:
            self._link.check()
            for delivery in self._link.collect(wait_s=min(left_s, 1.0)):
                if self.identity.register is not None:
                    topic, kind = topics.parse(delivery.topic), delivery.content_type or JSON
                    properties = dict(delivery.user_properties)
                    self.identity.register.check(topic, kind, properties, delivery.payload, now_ns=time.time_ns())
                self._link.acknowledge(delivery)
                yield json.loads(delivery.payload)

    def send(self, message: Position | Reply | ResendRequest) -> None:
        """Send one message, signed; call it again with the same message until an alert shows that it arrived."""
        channel = {Reply: "reply", Position: "position", ResendRequest: "resend"}[type(message)]
        asks = isinstance(message, ResendRequest)
        payload, topic = msgspec.json.encode(message) if asks else encode_unit(message), self._topic_of(channel)
        numbers = {"boot": message.boot, "seq": message.seq, "by_boot": BOOT, "sent": time.time_ns()}
        properties = [(name, str(value)) for name, value in numbers.items()]
        if self.identity.signer is not None:
            properties = self.identity.signer.sign(topic, JSON, properties, payload)
        self._link.publish(topic, payload, user_properties=properties)

    def send_until(self, message: Position | Reply, arrived: Any, seconds: float = 60.0) -> dict[str, Any]:
        """Send a message every few seconds until an alert shows that it arrived, and return that alert."""
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            self.send(message)
            for alert in self.alerts(AGAIN_AFTER_S):
                if arrived(alert):
                    return alert
        raise SystemExit(f"no answer within {seconds:g} s: check the connection to the operations centre")

    def catch_up(self, last: int, seconds: float = 60.0) -> Iterator[dict[str, Any]]:
        """Ask for what was missed after number ``last`` until it is complete, and yield it, the most urgent first."""
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            self.send(ResendRequest(*self.numbers(), last))
            for message in self.messages(AGAIN_AFTER_S):
                if message.get("kind") == "gap_filled" and message["after"] == last:
                    return
                yield message

    def numbers(self) -> tuple[str, int, int, datetime]:
        """Return unit, boot, the next sequence number and the time, with which each message begins."""
        self._seq += 1
        return self.unit, BOOT, self._seq, datetime.now(UTC)


def shown(alert: dict[str, Any]) -> str:
    """One line for a small screen, of an alert or an incident."""
    if alert.get("kind") == "incident":
        return f"{alert['priority'].upper()} {alert['state']} {alert['name']}: {alert['sentence']}"
    response = f" {alert['response_sentence']}" if alert.get("response_sentence") else ""
    return f"{alert['priority'].upper()} {alert['status']} {alert['id']}: {alert['sentence']}{response}"


def main(arguments: list[str] | None = None) -> None:
    """Run one order: listen, position, distress, or acknowledge."""
    parser = argparse.ArgumentParser(description="A field unit: alerts, position, distress call, acknowledgement.")
    parser.add_argument("data", type=Path, help="folder of `watchline run`, or the folder of this unit's keys")
    parser.add_argument("sector", help="name of the sector")
    parser.add_argument("unit", help="name of this unit")
    parser.add_argument("--broker", help="address of the broker; by default that in DATA/broker.url")
    orders = parser.add_subparsers(dest="order", required=True)
    listen = orders.add_parser("listen", help="show alerts as they arrive")
    listen.add_argument("--seconds", type=float, default=3600.0)
    for name, text in (("position", "report where this unit is"), ("distress", "call for help at a position")):
        order = orders.add_parser(name, help=text)
        order.add_argument("lon", type=float)
        order.add_argument("lat", type=float)
        order.add_argument("--note", default="")
    missed = orders.add_parser("catch-up", help="ask for what was missed after a number, and show it")
    missed.add_argument("last", type=int, help="number up to which this unit has every message; 0 for none")
    answer = orders.add_parser("acknowledge", help="acknowledge an alert")
    answer.add_argument("alert", help="identifier of the alert")
    answer.add_argument("--by", required=True, help="name of the person")
    chosen = parser.parse_args(arguments)

    url = chosen.broker or (chosen.data / "broker.url").read_text(encoding="utf-8")
    bundle = chosen.data / "identity" / "identities" / chosen.unit
    with FieldUnit(
        chosen.sector, chosen.unit, BrokerUrl.parse(url), bundle if bundle.is_dir() else chosen.data
    ) as unit:
        if chosen.order == "listen":
            for alert in unit.alerts(chosen.seconds):
                print(shown(alert), flush=True)
        elif chosen.order == "catch-up":
            for message in unit.catch_up(chosen.last):
                if message.get("kind") in (None, "incident"):
                    print(message["number"], shown(message), flush=True)
        elif chosen.order == "position":
            unit.send(Position(*unit.numbers(), chosen.lon, chosen.lat, note=chosen.note))
            time.sleep(1.0)
            print("Position sent.")
        elif chosen.order == "distress":
            call = Position(*unit.numbers(), chosen.lon, chosen.lat, distress=True, note=chosen.note)
            print(shown(unit.send_until(call, lambda a: a["rule"] == "distress" and a["unit"] == chosen.unit)))
        else:
            reply = Reply(*unit.numbers(), "acknowledge", chosen.alert, chosen.by)
            print(shown(unit.send_until(reply, lambda a: a["id"] == chosen.alert and a["status"] != "active")))


if __name__ == "__main__":
    main()

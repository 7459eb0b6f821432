"""Durable ingest in messages per second beside a bare paho subscriber with manual acknowledgement, in the same run.

Both drain the same backlog from the same broker: a session is made, the messages are published while nobody listens,
then one process or the other takes them. So the publisher's speed does not count, and starting up does not either: the
clock runs from the process's "ready". Bare means: count the message and acknowledge it. Durable means: decode and judge
it, have it on the disk (SQLite, WAL, synchronous=FULL), then acknowledge it and publish the high-water mark.

A table to stderr, one JSON line to stdout: ``python benchmarks/durable_ingest.py [--plots 1 50] [--messages N]``,
with one plot a message (a message a detection) and with fifty (a message a scan) unless told otherwise.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import psutil
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.address import BrokerUrl
from ingest.decode import encode
from ingest.spool import Spool
from ops.broker import URL_VARIABLE, EmbeddedBroker, MosquittoBroker
from ops.journal import JournalReader
from ops.processes import Child, say, stop_when_parent_ends
from sensors.scan import Plot, Scan

SECTOR = "bench"
TOPIC = f"watchline/1/{SECTOR}/sensor/r1/detections"
CLIENT = f"watchline-{SECTOR}-ingest"
BACKLOG_BYTES = 8_000_000
"""The embedded broker forgets what lies further back than 16 MB, so the backlog stays well below."""


def connect(url: BrokerUrl, client_id: str, *, manual_ack: bool) -> tuple[paho.Client, threading.Event]:
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=paho.MQTTv5, manual_ack=manual_ack)
    client.username_pw_set(url.username, url.password)
    client.max_inflight_messages_set(1000)
    connected = threading.Event()
    client.on_connect = lambda *_: connected.set()
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 86_400
    properties.ReceiveMaximum = 1000
    client.connect(url.host, url.port, clean_start=False, properties=properties)
    return client, connected


def bare(total: int) -> None:
    """The bare subscriber, as a process of its own."""
    stopping = threading.Event()
    stop_when_parent_ends(stopping.set)
    client, connected = connect(BrokerUrl.parse(os.environ[URL_VARIABLE]), CLIENT, manual_ack=True)
    received = 0

    def take(_client: paho.Client, _userdata: object, message: paho.MQTTMessage) -> None:
        nonlocal received
        client.ack(message.mid, message.qos)
        received += 1
        if received == total:
            say(done=True)

    client.on_message = take
    say(ready=True)
    client.loop_start()
    connected.wait(10)
    stopping.wait()


def make_session(url: BrokerUrl) -> None:
    client, connected = connect(url, CLIENT, manual_ack=True)
    subscribed = threading.Event()
    client.on_subscribe = lambda *_: subscribed.set()
    client.loop_start()
    assert connected.wait(10)
    client.subscribe(f"watchline/1/{SECTOR}/sensor/+/detections", qos=1)
    assert subscribed.wait(10)
    client.disconnect()
    client.loop_stop()


def publish(url: BrokerUrl, payloads: list[bytes]) -> float:
    """Publish all and wait for the last PUBACK. Returns messages per second."""
    client, connected = connect(url, "bench-publisher", manual_ack=False)
    left, done = len(payloads), threading.Event()

    def answered(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            done.set()

    client.on_publish = answered
    client.loop_start()
    assert connected.wait(10)
    start = time.perf_counter()
    for number, payload in enumerate(payloads, 1):
        properties = Properties(PacketTypes.PUBLISH)
        properties.ContentType = "application/json"
        properties.UserProperty = [("boot", "1"), ("seq", str(number)), ("low", "1")]
        client.publish(TOPIC, payload, qos=1, properties=properties)
    assert done.wait(120)
    seconds = time.perf_counter() - start
    client.disconnect()
    client.loop_stop()
    return len(payloads) / seconds


def drain(kind: str, broker: EmbeddedBroker | MosquittoBroker, payloads: list[bytes], folder: Path) -> dict[str, float]:
    """One process takes the backlog: messages per second, and its CPU microseconds a message."""
    make_session(broker.url)
    published = publish(broker.url, payloads)
    total, journal = len(payloads), folder / f"{kind}-{time.monotonic_ns()}.sqlite"
    secrets = {URL_VARIABLE: broker.url.text}
    if kind == "bare":
        child = Child(
            "bare", "benchmarks.durable_ingest", [f"--bare={total}"], log=folder / "bare.log", secrets=secrets
        )
    else:
        arguments = [f"--sector={SECTOR}", f"--journal={journal}"]
        child = Child("ingest", "ops.ingesting", arguments, log=folder / "ingest.log", secrets=secrets)
    child.wait_for("ready", timeout_s=20)
    process = psutil.Process(child.process.pid)
    start, cpu = time.perf_counter(), sum(process.cpu_times()[:2])
    if kind == "bare":
        child.wait_for("done", timeout_s=120)
    else:
        with JournalReader(journal) as reader:
            while "r1" not in (counts := reader.counts()) or counts["r1"].received < total:
                time.sleep(0.005)
                assert time.perf_counter() - start < 120, counts
            assert counts["r1"].journaled == total
    seconds = time.perf_counter() - start
    cpu = sum(process.cpu_times()[:2]) - cpu
    child.stop(timeout_s=10)
    return {"per_s": total / seconds, "cpu_us": cpu / total * 1e6, "published_per_s": published}


def spool_rates(payload: bytes, folder: Path) -> dict[str, float]:
    """Durable puts a second into a sender's spool, one by one and by the hundred."""
    with Spool(folder / "spool.sqlite") as spool:
        start = time.perf_counter()
        for _ in range(500):
            spool.put(lambda _boot, _seq: payload)
        one = 500 / (time.perf_counter() - start)
        start = time.perf_counter()
        for _ in range(50):
            spool.put_many([lambda _boot, _seq: payload] * 100)
        return {"spool_put_per_s": round(one), "spool_put_100_per_s": round(5000 / (time.perf_counter() - start))}


def measure(messages: int, repeats: int, plots: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for label, make in (("mosquitto", MosquittoBroker), ("iotcore", EmbeddedBroker)):
            runs: dict[str, list[dict[str, float]]] = {"bare": [], "durable": []}
            for _ in range(repeats):
                for kind in runs:
                    now = datetime.now(UTC)
                    look = tuple(Plot(range_m=900.5 + i, azimuth_deg=10.25 + i, range_sd_m=5.0) for i in range(plots))
                    payloads = [encode(Scan("r1", 1, n, n, now, now, "radar", look)) for n in range(1, messages + 1)]
                    payloads = payloads[: BACKLOG_BYTES // len(payloads[0])]
                    with make() as broker:
                        runs[kind].append(drain(kind, broker, payloads, folder))
            for kind, results in runs.items():
                found[f"{label}_{kind}_per_s"] = round(statistics.median(result["per_s"] for result in results))
                found[f"{label}_{kind}_cpu_us"] = round(statistics.median(result["cpu_us"] for result in results), 1)
            found[f"{label}_ratio"] = round(found[f"{label}_durable_per_s"] / found[f"{label}_bare_per_s"], 3)
        found["payload_bytes"], found["backlog_messages"] = len(payloads[0]), len(payloads)
        found |= spool_rates(payloads[0], folder)
    return found


def show(found: dict[str, dict[str, Any]]) -> None:
    """One row a size and broker, messages a second."""
    from machine import table  # here: run as a module, as its own child, this file has no neighbours

    rows = [
        [
            f"{plots} plots, {broker}",
            figures[f"{broker}_durable_per_s"],
            figures[f"{broker}_bare_per_s"],
            figures[f"{broker}_ratio"],
            round(figures[f"{broker}_durable_per_s"] * int(plots)),
        ]
        for plots, figures in found.items()
        for broker in ("mosquitto", "iotcore")
    ]
    table(["messages/s", "durable", "bare", "ratio", "detections/s"], rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=12_000, help="a backlog of so many (default 12,000)")
    parser.add_argument("--repeats", type=int, default=2, help="the median of so many (default 2)")
    parser.add_argument("--plots", type=int, nargs="+", default=[1, 50], help="plots a message (default 1 50)")
    parser.add_argument("--bare", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bare is not None:
        bare(options.bare)
    else:
        from machine import report

        found = {str(plots): measure(options.messages, options.repeats, plots) for plots in options.plots}
        show(found)
        report("durable_ingest", {"messages": options.messages, "repeats": options.repeats, "plots": found})
    return 0


if __name__ == "__main__":
    sys.exit(main())

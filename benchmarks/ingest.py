"""Ingest: durable messages per second beside a bare paho subscriber with manual acknowledgement, and more.

*drain*: both drain the same backlog from the same broker in the same run: a session is created, the messages are
published without a subscriber, then one process or the other receives them. The clock runs from the process's "ready".
Bare means: count the message and acknowledge it. Durable means: decode and check it, store it on disk (SQLite, WAL,
synchronous=FULL), then acknowledge it and publish the high-water mark. Encrypted means: durable, and the body is
encrypted under the key of its day, as `watchline run` does. Signed means: also verify an Ed25519 signature;
in bursts, as a sender signs its backlog: one signature for 16 messages, each with a proof that it is one of them.
*work*: CPU time of signing, verifying, decoding and the plausibility gate, alone in this process.
*acks*: a sender's spool, signed, one scan at a time: from `put` until the spool is empty, p50 and p99.
*connections*: many sensors connected to Mosquitto at once, each with its will, its ack topic and one message.
*soak* (``--soak SECONDS``): memory of ingest over time at a steady rate.

Tables to stderr, one JSON line to stdout: ``python benchmarks/ingest.py [--only drain work ...] [--messages N]``.
"""

# ruff: noqa: E402 - the package named ingest must be found before this file
from __future__ import annotations

import importlib
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != HERE] + [str(HERE)]
if __name__ == "ingest":  # another script of this folder wants the package, which this file hides from it
    del sys.modules[__name__]
    importlib.import_module(__name__)

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
from bare_subscriber import connect
from machine import report, table
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.decode import decode, encode
from ingest.envelope import Delivery, Envelope
from ingest.mqtt.broker_url import BrokerUrl
from ingest.mqtt.connection import Connection
from ingest.receiving.plausibility import Plausibility
from ingest.security.authentication import Authenticator
from ingest.security.key_register import Register, record_of
from ingest.security.signature import BURST_SIZES, Signer
from ingest.sending.sender import Sender, SenderSettings
from ingest.sending.spool import Spool
from ingest.wire import JSON
from ops.broker.broker import URL_VARIABLE, EmbeddedBroker, MosquittoBroker
from ops.broker.identities import IDENTITY_VARIABLE, SIGNATURES_VARIABLE, IdentityFolder, Name
from ops.journal.reader import JournalReader
from ops.runtime.processes.child_process import Child
from sensors.radar import Radar
from sensors.scan import Plot, Scan

SECTOR = "bench"
TOPIC = f"watchline/1/{SECTOR}/sensor/r1/detections"
CLIENT = f"watchline-{SECTOR}-ingest"
BACKLOG_BYTES = 8_000_000
"""The embedded broker discards everything beyond 16 MB, so the backlog stays well below."""


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


def plain(number: int) -> list[tuple[str, str]]:
    return [("boot", "1"), ("seq", str(number)), ("low", "1"), ("by_boot", "1"), ("sent", str(time.time_ns()))]


def user_properties(number: int, payload: bytes, signer: Signer | None) -> list[tuple[str, str]]:
    """Return the user properties of a message that is sent alone."""
    return plain(number)[:3] if signer is None else signer.sign(TOPIC, JSON, plain(number), payload)


def signed(payloads: list[bytes], signer: Signer | None, burst: int) -> Iterator[list[tuple[str, str]]]:
    """Yield the user properties of messages 1, 2, …; signed ``burst`` at a time, as a sender does with its backlog."""
    if signer is None or burst < 2:
        yield from (user_properties(number, payload, signer) for number, payload in enumerate(payloads, 1))
        return
    for first in range(0, len(payloads), burst):
        some = enumerate(payloads[first : first + burst], first + 1)
        yield from signer.sign_many([(TOPIC, JSON, plain(number), payload) for number, payload in some])


def publish(url: BrokerUrl, payloads: list[bytes], signer: Signer | None, burst: int = 1) -> float:
    """Publish all and wait for the last PUBACK. Return messages per second."""
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
    for payload, properties_said in zip(payloads, signed(payloads, signer, burst), strict=True):
        properties = Properties(PacketTypes.PUBLISH)
        properties.ContentType = JSON
        properties.UserProperty = properties_said
        client.publish(TOPIC, payload, qos=1, properties=properties)
    assert done.wait(120)
    seconds = time.perf_counter() - start
    client.disconnect()
    client.loop_stop()
    return len(payloads) / seconds


def drain(kind: str, broker: EmbeddedBroker | MosquittoBroker, payloads: list[bytes], folder: Path) -> dict[str, float]:
    """Drain the backlog with one process: messages per second, and its CPU microseconds per message."""
    identities = IdentityFolder(folder / "identity")
    identities.prepare([Name("sensor", "r1")])
    signer = identities.identity("r1").signer if kind in ("signed", "bursts") else None
    make_session(broker.url)
    published = publish(broker.url, payloads, signer, BURST_SIZES[0] if kind == "bursts" else 1)
    total, journal = len(payloads), folder / f"{kind}-{time.monotonic_ns()}.sqlite"
    secrets = {URL_VARIABLE: broker.url.text}
    if kind == "bare":
        arguments = [str(total), CLIENT, URL_VARIABLE]
        child = Child("bare", "benchmarks.bare_subscriber", arguments, log=folder / "bare.log", secrets=secrets)
    else:
        if signer is not None:
            secrets |= {IDENTITY_VARIABLE: str(identities.path), SIGNATURES_VARIABLE: "required"}
        arguments = [f"--sector={SECTOR}", f"--journal={journal}", *(["--encrypted"] if kind == "encrypted" else [])]
        child = Child("ingest", "ops.services.ingest.process", arguments, log=folder / "ingest.log", secrets=secrets)
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
    """Return durable puts per second into a sender's spool, one by one and by the hundred."""
    with Spool(folder / "spool.sqlite") as spool:
        start = time.perf_counter()
        for _ in range(500):
            spool.put(lambda _boot, _seq: payload)
        one = 500 / (time.perf_counter() - start)
        start = time.perf_counter()
        for _ in range(50):
            spool.put_many([lambda _boot, _seq: payload] * 100)
        return {"spool_put_per_s": round(one), "spool_put_100_per_s": round(5000 / (time.perf_counter() - start))}


def drains(messages: int, repeats: int, plots: int) -> dict[str, Any]:
    rates: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for label, make in (("mosquitto", MosquittoBroker), ("iotcore", EmbeddedBroker)):
            runs: dict[str, list[dict[str, float]]] = {
                kind: [] for kind in ("bare", "durable", "encrypted", "signed", "bursts")
            }
            for _ in range(repeats):
                for kind in runs:
                    now = datetime.now(UTC)
                    look = tuple(Plot(range_m=900.5 + i, azimuth_deg=10.25 + i, range_sd_m=5.0) for i in range(plots))
                    payloads = [encode(Scan("r1", 1, n, n, now, now, "radar", look)) for n in range(1, messages + 1)]
                    payloads = payloads[: BACKLOG_BYTES // len(payloads[0])]
                    with make() as broker:
                        runs[kind].append(drain(kind, broker, payloads, folder))
            for kind, results in runs.items():
                rates[f"{label}_{kind}_per_s"] = round(statistics.median(result["per_s"] for result in results))
                rates[f"{label}_{kind}_cpu_us"] = round(statistics.median(result["cpu_us"] for result in results), 1)
            for kind in ("durable", "signed", "bursts"):
                bare_us = rates[f"{label}_bare_cpu_us"]
                rates[f"{label}_{kind}_cpu_ratio"] = round(bare_us / rates[f"{label}_{kind}_cpu_us"], 3)
                rates[f"{label}_{kind}_ratio"] = round(rates[f"{label}_{kind}_per_s"] / rates[f"{label}_bare_per_s"], 3)
        rates["payload_bytes"], rates["backlog_messages"] = len(payloads[0]), len(payloads)
        rates |= spool_rates(payloads[0], folder)
    return rates


def cpu_us(count: int, work: Any) -> float:
    """Return CPU microseconds of one call."""
    start = time.process_time()
    for _ in range(count):
        work()
    return (time.process_time() - start) / count * 1e6


def works() -> dict[str, float]:
    """Return the cost of each step, and the resulting rates per core."""
    now = datetime.now(UTC)
    signer = Signer.generate()
    register = Register([record_of("sensor", "r1", signer.public, valid_from=now - timedelta(1), valid_until=None)])
    trust = Authenticator(register, required=True, recall_boot=lambda *_: -1)
    looks = {
        n: tuple(Plot(range_m=900.5 + i, azimuth_deg=10.25 + i, range_sd_m=5.0) for i in range(n)) for n in (1, 50)
    }
    scans = {n: Scan("r1", 1, 1, 1, now, now, "radar", look) for n, look in looks.items()}
    one, fifty = encode(scans[1]), encode(scans[50])
    signed = Delivery(TOPIC, one, "application/json", tuple(user_properties(1, one, signer)), time.time_ns())
    envelope = Envelope.of(signed)

    def verify() -> None:
        trust.judge(("r1", "detections"), one, envelope, signed.received_ns)

    radar = Radar(id="r1", kind="radar", lon=8.0, lat=47.0, easting=0.0, northing=0.0, max_range_m=5000.0)
    gate = Plausibility.of([radar])
    costs = {
        "sign_us": cpu_us(5000, lambda: user_properties(1, one, signer)),
        "verify_us": cpu_us(5000, verify),
        "decode_1_us": cpu_us(20_000, lambda: decode(one, received_at=now, topic=TOPIC)),
        "decode_50_us": cpu_us(2000, lambda: decode(fifty, received_at=now, topic=TOPIC)),
        "gate_50_us": cpu_us(2000, lambda: gate(scans[50])),
    }
    costs["verified_per_s"] = 1e6 / costs["verify_us"]
    costs["decoded_plots_per_s"] = 50e6 / costs["decode_50_us"]
    return {name: round(value, 1) for name, value in costs.items()}


def ingesting(broker: MosquittoBroker | EmbeddedBroker, folder: Path, names: list[str]) -> tuple[Child, IdentityFolder]:
    """Start an ingest process that requires signatures, and create the keys of these sensors."""
    identities = IdentityFolder(folder / "identity")
    identities.prepare([Name("sensor", name) for name in names])
    secrets = {URL_VARIABLE: broker.url.text, IDENTITY_VARIABLE: str(identities.path), SIGNATURES_VARIABLE: "required"}
    arguments = [f"--sector={SECTOR}", f"--journal={folder / 'journal.db'}"]
    child = Child("ingest", "ops.services.ingest.process", arguments, log=folder / "ingest.log", secrets=secrets)
    child.wait_for("ready", timeout_s=20)
    return child, identities


def sender(
    broker: MosquittoBroker | EmbeddedBroker, identities: IdentityFolder, folder: Path, name: str
) -> tuple[Spool, Sender]:
    spool = Spool(folder / f"{name}.db")
    settings = SenderSettings(status_interval_s=10.0, identity=identities.identity(name))
    link = Sender(
        spool, sector=SECTOR, sensor=name, url=broker.url, now_ns=time.time_ns, kind="radar", settings=settings
    )
    link.start()
    return spool, link


def scan(name: str, number: int) -> Scan:
    now = datetime.now(UTC)
    return Scan(name, 0, 0, number, now, now, "radar", (Plot(range_m=900.5, azimuth_deg=10.25, range_sd_m=5.0),))


def acks(count: int) -> dict[str, float]:
    """Return milliseconds from a scan's put to the mark that covers it, one at a time, with everything signed."""
    delays: dict[str, float] = {}
    for label, make in (("mosquitto", MosquittoBroker), ("iotcore", EmbeddedBroker)):
        with tempfile.TemporaryDirectory() as name, make() as broker:
            folder = Path(name)
            child, identities = ingesting(broker, folder, ["r1"])
            spool, link = sender(broker, identities, folder, "r1")
            taken = []
            for number in range(count):
                start = time.perf_counter()
                link.put(scan("r1", number))
                while spool.waiting:
                    time.sleep(0.0005)
                    assert time.perf_counter() - start < 30, link.problem
                taken.append((time.perf_counter() - start) * 1e3)
            taken.sort()
            delays[f"{label}_p50_ms"] = round(taken[len(taken) // 2], 1)
            delays[f"{label}_p99_ms"] = round(taken[int(len(taken) * 0.99)], 1)
            link.stop()
            spool.close()
            child.stop(timeout_s=10)
    return delays


def connections(count: int) -> dict[str, float]:
    """Connect many sensors at once, each with a will and one signed message; seconds until all is in the journal.

    Connections have no spool and no thread: the measurement is of broker and ingest, not of a thousand adapters here.
    """
    with tempfile.TemporaryDirectory() as name, MosquittoBroker() as broker:
        folder = Path(name)
        names = [f"s{number}" for number in range(count)]
        child, identities = ingesting(broker, folder, names)
        start, links = time.perf_counter(), []
        for sensor in names:
            link = Connection(broker.url, f"watchline-{SECTOR}-{sensor}", now_ns=time.time_ns,
                              subscriptions=[f"watchline/1/{SECTOR}/sensor/{sensor}/ack"])  # fmt: skip
            link.will = lambda sensor=sensor: (f"watchline/1/{SECTOR}/sensor/{sensor}/status", b"lost", [])
            link.start()
            links.append(link)
        connected = sum(link.ready.wait(60) for link in links)
        for sensor, link in zip(names, links, strict=True):
            topic, payload = f"watchline/1/{SECTOR}/sensor/{sensor}/detections", encode(numbered(sensor))
            numbers = [("boot", "1"), ("seq", "1"), ("by_boot", "1"), ("sent", str(time.time_ns()))]
            signer = identities.identity(sensor).signer
            link.publish(topic, payload, user_properties=signer.sign(topic, "application/json", numbers, payload))
        with JournalReader(folder / "journal.db") as journal:
            while sum(one.journaled for one in journal.counts().values()) < count:
                time.sleep(0.05)
                assert time.perf_counter() - start < 120, journal.counts()
        seconds = time.perf_counter() - start
        still = sum(link.connected for link in links)
        for link in links:
            link.stop()
        child.stop(timeout_s=10)
    return {"connections": count, "connected": connected, "still_connected": still, "seconds": round(seconds, 1)}


def numbered(name: str) -> Scan:
    return replace(scan(name, 1), boot=1, sequence=1)


def soak(seconds: float, rate: float) -> dict[str, Any]:
    """Return resident memory of ingest in megabytes at tenths of the time; signed messages at a steady rate."""
    with tempfile.TemporaryDirectory() as name, MosquittoBroker() as broker:
        folder = Path(name)
        child, identities = ingesting(broker, folder, ["r1"])
        spool, link = sender(broker, identities, folder, "r1")
        process, began, number, memory = psutil.Process(child.process.pid), time.monotonic(), 0, []
        while (passed := time.monotonic() - began) < seconds:
            if number < passed * rate:
                link.put_many([scan("r1", number + n) for n in range(10)])
                number += 10
            else:
                time.sleep(0.01)
            if passed > len(memory) * seconds / 10:
                memory.append(round(process.memory_info().rss / 1e6, 1))
        assert link.drain(30), link.problem
        memory.append(round(process.memory_info().rss / 1e6, 1))
        descriptors = process.num_fds()
        link.stop()
        spool.close()
        child.stop(timeout_s=10)
    return {"seconds": seconds, "messages": number, "rss_mb": memory, "descriptors": descriptors}


def show_drains(by_plots: dict[str, dict[str, Any]]) -> None:
    """Show one row per size and broker, in messages per second."""
    rows = [
        [f"{plots} plots, {broker}", figures[f"{broker}_bare_per_s"]]
        + [
            figures[f"{broker}_{kind}_{measure}"]
            for kind in ("durable", "signed", "bursts")
            for measure in ("per_s", "ratio", "cpu_ratio")
        ]
        + [round(figures[f"{broker}_durable_per_s"] * int(plots))]
        for plots, figures in by_plots.items()
        for broker in ("mosquitto", "iotcore")
    ]
    kinds = [name for kind in ("durable", "signed", "bursts") for name in (kind, "ratio", "by CPU")]
    table(["messages/s", "bare", *kinds, "detections/s"], rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=("drain", "work", "acks", "connections"), help="default: all")
    parser.add_argument("--messages", type=int, default=12_000, help="drain: a backlog of so many (default 12,000)")
    parser.add_argument("--repeats", type=int, default=2, help="drain: the median of so many (default 2)")
    parser.add_argument("--plots", type=int, nargs="+", default=[1, 50], help="drain: plots a message (default 1 50)")
    parser.add_argument("--acks", type=int, default=300, help="acks: so many scans (default 300)")
    parser.add_argument("--senders", type=int, default=200, help="connections: so many (default 200)")
    parser.add_argument("--soak", type=float, default=0.0, help="seconds; default 0: no soak")
    parser.add_argument("--rate", type=float, default=500.0, help="soak: messages a second (default 500)")
    options = parser.parse_args()
    only = options.only or ([] if options.soak else ["drain", "work", "acks", "connections"])
    results: dict[str, Any] = {"messages": options.messages, "repeats": options.repeats}
    if "work" in only:
        results["work"] = works()
    if "acks" in only:
        results["acks"] = acks(options.acks)
    if "connections" in only:
        results["connections"] = connections(options.senders)
    if options.soak:
        results["soak"] = soak(options.soak, options.rate)
    if "drain" in only:
        results["plots"] = {str(plots): drains(options.messages, options.repeats, plots) for plots in options.plots}
        show_drains(results["plots"])
    for part in ("work", "acks", "connections", "soak"):
        if part in results:
            table([part, "figure"], [[name, str(value)] for name, value in results[part].items()])
    report("ingest", results)
    return 0


if __name__ == "__main__":
    sys.exit(main())

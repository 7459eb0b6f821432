"""Effect on other sensors of a sensor that floods ingest with unreadable messages, and the time until it is cut off.

One sensor puts a scan, waits for the acknowledgement that covers it, and puts the next: p50 and p99 of that, in turns
without a flood (*calm*), with the flood sent to a sector that ingest does not read (*elsewhere*: the load of flooder
and broker alone), and with the flood at ingest (*flooded*, from its first message on). Each flood comes from a separate
process, under a new name with a valid key, at a given rate; its messages are signed and unreadable.

One JSON line to stdout: ``python benchmarks/flood.py [--scans N] [--rate N] [--rounds N]``.
"""

# ruff: noqa: E402 - see benchmarks/ingest.py
from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != HERE] + [str(HERE)]

import argparse
import socket
import struct
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from itertools import cycle
from typing import Any

import psutil
from machine import report, table

from benchmarks.ingest import SECTOR, ingesting, scan, sender
from ingest.mqtt.broker_url import BrokerUrl
from ingest.security.key_bundle import open_bundle
from ops.broker.broker import EmbeddedBroker, MosquittoBroker

IN_FLIGHT = 90
"""The embedded broker closes a connection with more than 100 unacknowledged messages."""
KINDS = ("calm", "elsewhere", "flooded")


def text(value: str | bytes) -> bytes:
    body = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(body)) + body


def variable(value: int) -> bytes:
    encoded = b""
    while True:
        value, digit = divmod(value, 128)
        encoded += bytes([digit | (128 if value else 0)])
        if not value:
            return encoded


def packets(folder: Path, sector: str, name: str, count: int) -> list[bytes]:
    """Return unreadable PUBLISH packets of MQTT 5, QoS 1, signed with the sensor's key; the packet id is set later."""
    topic, signer, made = f"watchline/1/{sector}/sensor/{name}/detections", open_bundle(folder).signer, []
    assert signer is not None
    for number in range(1, count + 1):
        body = b'{"nonsense": %d}' % number
        numbers = [("boot", "1"), ("seq", str(number)), ("by_boot", "1"), ("sent", str(time.time_ns()))]
        user_properties = signer.sign(topic, "application/json", numbers, body)
        properties = (
            b"\x03" + text("application/json") + b"".join(b"\x26" + text(a) + text(b) for a, b in user_properties)
        )
        made.append(text(topic) + b"\0\0" + variable(len(properties)) + properties + body)
    return made


def flood(url: BrokerUrl, folder: Path, sector: str, name: str, rate: float) -> None:
    """Publish until killed; print the time at which it began."""
    bodies, at = packets(folder, sector, name, 5000), len(text(f"watchline/1/{sector}/sensor/{name}/detections"))
    link = socket.create_connection((url.host, url.port))
    head = text("MQTT") + b"\x05\xc2" + struct.pack(">H", 60) + b"\0"
    hello = head + text(f"flood-{name}") + text(url.username or "") + text(url.password or "")
    link.sendall(b"\x10" + variable(len(hello)) + hello)
    link.recv(256)
    window = threading.Semaphore(IN_FLIGHT)

    def answers() -> None:
        waiting = b""
        while more := link.recv(65536):
            waiting += more
            while len(waiting) >= 2 and len(waiting) >= 2 + waiting[1]:
                waiting = waiting[2 + waiting[1] :]
                window.release()

    threading.Thread(target=answers, daemon=True).start()
    began = time.time()
    print(began, flush=True)
    for number, body in enumerate(cycle(bodies)):
        window.acquire()
        packet = body[:at] + struct.pack(">H", number % 65_535 + 1) + body[at + 2 :]
        link.sendall(b"\x32" + variable(len(packet)) + packet)
        ahead_s = number / rate - (time.time() - began)
        if ahead_s > 0.002:
            time.sleep(ahead_s)


class Flooder:
    """The flood as a child process."""

    def __init__(self, broker: EmbeddedBroker | MosquittoBroker, bundle: Path, sector: str, name: str, rate: float):
        command = [sys.executable, str(Path(__file__)), "--flood", str(bundle), sector, name, str(rate)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(broker.url.text + "\n")
        self._process.stdin.flush()
        self.began_s = float(self._process.stdout.readline())

    def __enter__(self) -> Flooder:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


def round_trips(link: Any, spool: Any, count: int, first: int) -> list[float]:
    """Return milliseconds from a scan's put to the mark that covers it, one at a time."""
    taken = []
    for number in range(count):
        start = time.perf_counter()
        link.put(scan("r1", first + number))
        while spool.waiting:
            time.sleep(0.0005)
            assert time.perf_counter() - start < 60, link.problem
        taken.append((time.perf_counter() - start) * 1e3)
    return taken


class Bench:
    """One broker, one ingest process, one sensor; the measurements, by kind of block."""

    def __init__(self, folder: Path, broker: EmbeddedBroker | MosquittoBroker, rounds: int) -> None:
        self.broker, self.names = broker, [f"f{number}" for number in range(rounds)]
        self.child, identities = ingesting(broker, folder, ["r1", *self.names])
        self.bundle = identities.bundle
        self.spool, self.link = sender(broker, identities, folder, "r1")
        self.taken: dict[str, list[float]] = {kind: [] for kind in KINDS}
        self.cut_off_s: list[float] = []
        self.ingest_cpu: list[float] = []
        self._done = 0

    def block(self, kind: str, name: str, count: int, rate: float) -> None:
        self._done += 1
        first = self._done * 10_000
        if kind == "calm":
            self.taken[kind] += round_trips(self.link, self.spool, count, first)
            return
        sector = SECTOR if kind == "flooded" else "elsewhere"
        process = psutil.Process(self.child.process.pid)
        with Flooder(self.broker, self.bundle(name), sector, name, rate) as flooder:
            start, cpu = time.monotonic(), sum(process.cpu_times()[:2])
            self.taken[kind] += round_trips(self.link, self.spool, count, first)
            if kind == "flooded":
                self.ingest_cpu.append((sum(process.cpu_times()[:2]) - cpu) / (time.monotonic() - start))
                self.cut_off_s.append(self._cut_off(name, flooder.began_s))

    def _cut_off(self, name: str, began_s: float) -> float:
        """Return the seconds from the first message until the journal recorded the cut-off."""
        from ops.journal.reader import JournalReader

        deadline_s = time.monotonic() + 30
        with JournalReader(Path(self.child.log.parent / "journal.db")) as journal:
            while time.monotonic() < deadline_s:
                for row in journal.read(limit=10**6):
                    if row.kind == "quarantine" and row.sensor == name:
                        return row.received_ns / 1e9 - began_s
                time.sleep(0.2)
        return float("inf")

    def close(self) -> None:
        self.link.stop()
        self.spool.close()
        self.child.stop(timeout_s=10)


def run(make: Any, count: int, rate: float, rounds: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder, make() as broker:
        bench = Bench(Path(folder), broker, rounds)
        round_trips(bench.link, bench.spool, 20, 0)
        for name in bench.names:
            for kind in KINDS:
                bench.block(kind, name, count, rate)
        bench.close()
    figures = {}
    for kind, values in bench.taken.items():
        values.sort()
        figures |= {f"{kind}_p{p}_ms": round(values[int(len(values) * p / 100)], 1) for p in (50, 99)}
        figures[f"{kind}_max_ms"] = round(values[-1], 1)
    return figures | {"cut_off_s": round(max(bench.cut_off_s), 2), "ingest_cpu": round(max(bench.ingest_cpu), 2)}


def main() -> int:
    if sys.argv[1:2] == ["--flood"]:
        bundle, sector, name, rate = sys.argv[2:6]
        with suppress(KeyboardInterrupt, OSError):
            flood(BrokerUrl.parse(sys.stdin.readline().strip()), Path(bundle), sector, name, float(rate))
        return 0
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scans", type=int, default=100, help="so many round trips in a block (default 100)")
    parser.add_argument("--rounds", type=int, default=3, help="so many blocks of each kind (default 3)")
    parser.add_argument("--rate", type=float, default=2000.0, help="messages a second of the flood (default 2,000)")
    parser.add_argument("--broker", choices=("mosquitto", "embedded"), help="default: both")
    options = parser.parse_args()
    makes = {"mosquitto": MosquittoBroker, "embedded": EmbeddedBroker}
    chosen = [options.broker] if options.broker else list(makes)
    results = {name: run(makes[name], options.scans, options.rate, options.rounds) for name in chosen}
    names = list(next(iter(results.values())))
    table(["broker", *names], [[broker, *figures.values()] for broker, figures in results.items()])
    report("flood", {"rate": options.rate, **results})
    return 0


if __name__ == "__main__":
    sys.exit(main())

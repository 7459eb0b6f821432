"""Latency from a sensor's detection to the alert at a unit, beside a bare MQTT echo on the same broker in the same run.

All parts are the production ones: the embedded broker, ``ops.services.ingest.process``,
``ops.services.fusion.process --feed``, and for each radar a Sender with its spool, each in a separate process. Alert
latency is the wall time from handing the newest scan of an alert's evidence to its sender (before the spool writes it)
to the alert's arrival at a unit's MQTT subscription; new alerts only, excluding the first ``--warm-up`` seconds.
Picture latency is fusion's own figure: from a scan's publish to its inclusion in the committed picture. The echo is
paho to broker to paho, QoS 1, with the same payloads at the same rate.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import paho.mqtt.client as mqtt
import psutil
from field import Field, scans_of, write_sector
from machine import report, table
from paho.mqtt.enums import CallbackAPIVersion

from ingest.decode import encode
from ingest.mqtt.broker_url import BrokerUrl
from ingest.topics import unit_topic
from ops.broker.broker import URL_VARIABLE
from ops.broker.identities import IDENTITY_VARIABLE, identity_of
from ops.journal.reader import JournalReader
from ops.room.night_file import read_night, write_night
from ops.room.room import Room, RoomOptions
from sensors.timestamps import nanoseconds

RATES = {500: 1.0, 2000: 0.25}
"""Detections per second, and the period at which ten radars of about fifty plots give them [s]."""
SECTOR_ID = "bench"
LOOK_EVERY_S = 0.25
SETTLED_S = 1.0
"""A backlog of less than this many seconds of messages at the end counts as none."""


def client(url: BrokerUrl, name: str) -> mqtt.Client:
    """Return a plain paho client, connected, with its loop running."""
    made = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv5)
    made.username_pw_set(url.username, url.password)
    made.max_inflight_messages_set(1000)
    up = threading.Event()
    made.on_connect = lambda *_: up.set()
    made.connect(url.host, url.port)
    made.loop_start()
    if not up.wait(10.0):
        raise SystemExit("the broker does not answer")
    return made


@dataclass(slots=True)
class Inbox:
    """The messages received by a subscription: (wall ns, payload)."""

    messages: list[tuple[int, bytes]] = field(default_factory=list)

    def subscribe(self, to: mqtt.Client, topic: str) -> None:
        to.on_message = lambda _client, _data, message: self.messages.append((time.time_ns(), message.payload))
        to.subscribe(topic, qos=1)
        time.sleep(0.5)  # this broker withholds SUBACK while messages are in flight


# ---- the sending processes -------------------------------------------------------------------------------------------


def send_echo(url: BrokerUrl, folder: Path, seconds: float) -> None:
    """Publish the scenario's messages for a while, each prefixed by the wall time of its publish."""
    sender = client(url, "echo-sender")
    night = [(nanoseconds(scan.received_at), encode(scan)) for scan in read_night(folder / "night.jsonl")]
    began_ns, first_ns = time.time_ns() + 200_000_000, night[0][0]
    for at_ns, payload in night:
        if at_ns - first_ns > seconds * 1e9:
            break
        time.sleep(max((began_ns + at_ns - first_ns - time.time_ns()) / 1e9, 0.0))
        last = sender.publish("echo", b"%020d" % time.time_ns() + payload, qos=1)
    last.wait_for_publish(5.0)
    sender.disconnect()


def send_night(url: BrokerUrl, folder: Path) -> None:
    """Send each scan at its time through its sensor's spool, until all are sent or SIGTERM; print when each was handed
    over, and the replies."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    from dataclasses import replace
    from datetime import timedelta

    from ingest.sending.sender import Sender, SenderSettings
    from ingest.sending.spool import Spool

    scans = list(read_night(folder / "night.jsonl"))
    names = sorted({scan.sensor for scan in scans})
    (folder / "spool").mkdir()
    spools = {name: Spool(folder / "spool" / f"{name}.db") for name in names}
    senders = {
        name: Sender(
            spools[name], sector=SECTOR_ID, sensor=name, url=url, now_ns=time.time_ns, kind="radar",
            settings=SenderSettings(status_interval_s=5.0, identity=identity_of(name)),
        )
        for name in names
    }  # fmt: skip
    for sender in senders.values():
        sender.start()
    while not all(sender.connected for sender in senders.values()):
        time.sleep(0.02)
    started_ns = time.time_ns() + 500_000_000
    by_ns = started_ns - nanoseconds(scans[0].received_at)
    by = timedelta(microseconds=by_ns // 1000)
    handed: list[tuple[str, int, int, int, int]] = []
    for scan in scans:
        due_ns = nanoseconds(scan.received_at) + by_ns
        if stop.wait(max((due_ns - time.time_ns()) / 1e9, 0.0)):
            break
        moved = replace(scan, observed_at=scan.observed_at + by, received_at=scan.received_at + by)
        at_ns = time.time_ns()
        handed.append((scan.sensor, *senders[scan.sensor].put(moved), at_ns, due_ns))
    ended_ns = time.time_ns()
    unsent = sum(spool.waiting for spool in spools.values())
    drained = all(sender.drain(20.0) for sender in senders.values())
    for sender in senders.values():
        sender.stop()
    figures = {"started_ns": started_ns, "ended_ns": ended_ns, "unsent": unsent, "drained": drained, "handed": handed}
    sys.stdout.write(json.dumps(figures) + "\n")


def other_process(role: str, room: Room, *arguments: object) -> subprocess.Popen[bytes]:
    """Start this script again, as one of the senders above."""
    return subprocess.Popen(
        [sys.executable, __file__, f"--role={role}", *map(str, arguments)],
        env={**os.environ, URL_VARIABLE: room.url.text, IDENTITY_VARIABLE: str(room.identity)},
        stdout=subprocess.PIPE,
    )


# ---- the measurements ------------------------------------------------------------------------------------------------


def percentiles(values_ms: list[float] | np.ndarray) -> dict[str, float | int | None]:
    """Return count, p50, p99 and largest; None without values."""
    if not len(values_ms):
        return {"n": 0, "p50_ms": None, "p99_ms": None, "max_ms": None}
    p50, p99, largest = np.percentile(np.asarray(values_ms, float), [50, 99, 100])
    return {
        "n": len(values_ms),
        "p50_ms": round(float(p50), 2),
        "p99_ms": round(float(p99), 2),
        "max_ms": round(float(largest), 2),
    }


def echo(room: Room, folder: Path, seconds: float) -> dict[str, Any]:
    """Measure the latency of the bare echo on the room's broker."""
    receiver, inbox = client(room.url, "echo-receiver"), Inbox()
    inbox.subscribe(receiver, "echo")
    other_process("echo", room, folder, seconds).wait()
    time.sleep(0.2)
    receiver.disconnect()
    return percentiles([(at_ns - int(payload[:20])) / 1e6 for at_ns, payload in inbox.messages])


def backlog_of(room: Room, sending: subprocess.Popen[bytes], each: list[tuple[float, int]]) -> dict[str, Any]:
    """Watch until the senders end: (s, journal rows not yet processed by fusion), and the senders' own figures."""
    journal, began_s = JournalReader(room.journal_path), time.monotonic()
    sent_figures: dict[str, Any] = {}
    reading = threading.Thread(target=lambda: sent_figures.update(json.loads(sending.communicate()[0])))
    reading.start()
    while reading.is_alive():
        each.append((time.monotonic() - began_s, journal.last_id() - room.cursor()))
        if problem := room.failed():
            raise SystemExit(problem)
        time.sleep(LOOK_EVERY_S)
    journal.close()
    return sent_figures


def processor_shares(sending: subprocess.Popen[bytes]) -> dict[str, float]:
    """Return CPU seconds so far of each process of the run."""
    shares = {"unit and watcher": sum(psutil.Process().cpu_times()[:2]), "senders": _cpu_s(sending.pid)}
    for child in psutil.Process().children():
        if child.pid != sending.pid:
            words = child.cmdline()
            shares[words[words.index("-m") + 1].removeprefix("ops.") if "-m" in words else "other"] = _cpu_s(child.pid)
    return shares


def _cpu_s(pid: int) -> float:
    try:
        return sum(psutil.Process(pid).cpu_times()[:2])
    except psutil.Error:
        return 0.0


def measure(rate: int, seconds: float, warm_up_s: float, folder: Path) -> dict[str, Any]:
    """Measure one rate: echo, then the whole chain, in a separate room."""
    plan = Field(period_s=RATES[rate], duration_s=warm_up_s + seconds)
    sector = write_sector(plan, folder / "sector")
    scans = scans_of(plan, sector)
    write_night(folder / "night.jsonl", scans)
    options = RoomOptions(
        sector=str(sector), sector_id=SECTOR_ID, layout=str(sector.parent / "layout.geojson"), folder=folder
    )
    each: list[tuple[float, int]] = []
    with Room(options) as room:
        room.listen()
        echoed = echo(room, folder, min(seconds, 10.0))
        unit, inbox = client(room.url, "unit"), Inbox()
        inbox.subscribe(unit, unit_topic(SECTOR_ID, "ops-centre", "alerts"))
        sending = other_process("night", room, folder)
        before = processor_shares(sending)
        watching = threading.Timer(plan.duration_s, lambda: after.update(processor_shares(sending)))
        after: dict[str, float] = {}
        watching.start()
        sent = backlog_of(room, sending, each)
        watching.join()
        drained = room.drain(60.0)
        room.ingest.stop(timeout_s=10.0)
        room.fusion.stop(timeout_s=30.0)
        time.sleep(0.3)
        unit.disconnect()
    sent_s = (sent["ended_ns"] - sent["started_ns"]) / 1e9
    handed = {(sensor, boot, seq): at_ns for sensor, boot, seq, at_ns, _ in sent["handed"]}
    from_ns = sent["started_ns"] + warm_up_s * 1e9
    picture = np.load(folder / "store.latency.npy")
    warm = round(len(picture) * warm_up_s / plan.duration_s)
    rows_s = len(scans) / sent_s
    at_end = max((rows for at_s, rows in each if at_s > plan.duration_s - 2.0), default=0)
    return {
        "detections_per_s": round(sum(len(scan.plots) for scan in scans) / sent_s, 1),
        "messages_per_s": round(rows_s, 1),
        "alert": percentiles(alert_latencies(inbox, handed, from_ns)),
        "picture": percentiles(picture[warm:]),
        "echo": echoed,
        "sender_late_ms": percentiles([(at_ns - due_ns) / 1e6 for *_, at_ns, due_ns in sent["handed"]]),
        "sustained": bool(drained and sent["drained"] and sent["unsent"] + at_end < SETTLED_S * rows_s),
        "backlog_largest_rows": max(rows for _, rows in each),
        "backlog_at_end_rows": at_end + sent["unsent"],
        "cores_used": {
            name: round((used - before.get(name, 0.0)) / plan.duration_s, 2) for name, used in sorted(after.items())
        },
    }


def alert_latencies(inbox: Inbox, handed: dict[tuple[str, int, int], int], from_ns: float) -> list[float]:
    """Return milliseconds from the newest scan in the evidence of each new alert to its arrival."""
    latencies_ms = []
    for at_ns, payload in inbox.messages:
        alert = json.loads(payload)
        evidence = [handed[tuple(key)] for key in alert["evidence"]]
        if alert["revision"] == 0 and evidence and at_ns >= from_ns:
            latencies_ms.append((at_ns - max(evidence)) / 1e6)
    return latencies_ms


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rates", nargs="*", type=int, default=[500, 2000], help="detections a second: 500, 2000")
    parser.add_argument("--seconds", type=float, default=30.0, help="measured seconds of each rate (default 30)")
    parser.add_argument("--warm-up", type=float, default=10.0, help="seconds before that (default 10)")
    parser.add_argument("--folder", type=Path, help="keep everything here (default: a temporary folder)")
    options = parser.parse_args()
    figures = {}
    for rate in options.rates:
        with tempfile.TemporaryDirectory(prefix="watchline-bench-") as temporary:
            folder = (options.folder or Path(temporary)) / str(rate)
            figures[str(rate)] = measure(rate, options.seconds, options.warm_up, folder)
    show(figures)
    report("latency", {"rates": figures})


def show(figures: dict[str, dict[str, Any]]) -> None:
    """Show one row per rate and kind."""
    rows = []
    for rate, row in figures.items():
        for kind in ("alert", "picture", "echo"):
            rows.append([f"{rate}/s {kind}", *(row[kind][name] for name in ("n", "p50_ms", "p99_ms", "max_ms"))])
    table(["detections/s", "n", "p50 ms", "p99 ms", "max ms"], rows)
    for rate, row in figures.items():
        verdict = "sustained" if row["sustained"] else "NOT SUSTAINED"
        print(
            f"{rate}/s: {verdict} (really {row['detections_per_s']}/s), largest backlog {row['backlog_largest_rows']}"
            f" messages, at the end {row['backlog_at_end_rows']}; cores used {row['cores_used']}",
            file=sys.stderr,
        )


if __name__ == "__main__":
    roles = argparse.ArgumentParser(add_help=False)
    roles.add_argument("--role")
    role, rest = roles.parse_known_args()
    if role.role is None:
        main()
    else:
        address = BrokerUrl.parse(os.environ.pop(URL_VARIABLE))
        if role.role == "echo":
            send_echo(address, Path(rest[0]), float(rest[1]))
        else:
            send_night(address, Path(rest[0]))

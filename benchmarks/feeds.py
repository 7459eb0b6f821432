"""Delivery to units: delay from detection to alert beside a bare echo, bytes, 500 units, a slow link, and kills.

``chain``: the whole production chain in one room; ``ops-centre`` gets JSON, ``patrol-1`` the compact form, an agency
CAP, a web hook JSON, and a TAK server incidents (``receivers.py``); the delay is that of ``benchmarks/latency.py``, and
``mean_s`` the share of fusion (``raised``, from the receipt) in the mean of all alerts (``published``). The other parts
need no fusion: alerts are committed to a store and the feeds process delivers them over the embedded broker.
``units``: from the commit to each of 500 units, for which one client listens. ``catch_up``: 1,000 missed messages, four
revisions of each of 250 alerts, over a link of 9.6 kbit/s (``tests/drills/fault_proxy.py``), in the compact form: one
alert a message, several under one signature, and several compressed; the latter two also on a radio that loses a fifth
of the segments (``BadRadio``), with three seeds each. ``least_s`` is how long the air carries the bytes alone: without
the pauses of TCP, acknowledgements, and what the other side does.
``kills``: 10,000 alerts, while the unit and the feeds process are killed in turn; the unit asks for what it missed, in
JSON and in the compact form. ``receivers``: as many alerts by CAP and web hook and incidents to a TAK server, each
receiver killed 20 times. ``stream``: as many over the event stream, its reader and server killed in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import latency as chain
import machine
import msgspec
import paho.mqtt.client as mqtt
from feed_stream import measure_stream
from feeds_bench import PATIENT_S, SECTOR, Unit, alert, bench, identity, incident, until
from field import Field, scans_of, write_sector
from paho.mqtt.enums import CallbackAPIVersion
from receivers import NAMES, Received, Receivers, receivers

sys.path.insert(0, str(machine.HERE.parent))  # for tests.drills.fault_proxy

from ops.room.night_file import write_night
from ops.room.room import Room, RoomOptions
from ops.store.incidents import IncidentReader
from tests.drills.fault_proxy import BadRadio, FaultProxy

PARTS = ("chain", "units", "catch_up", "kills", "kills_compact", "receivers", "stream")
RADIO = BadRadio()
FORMS = {
    "one_a_message": "",
    "together": "together_bytes = 600\n",
    "compressed": "together_bytes = 1200\ncompressed = true\n",
}
SEEDS = (1, 2, 3)
PRIORITIES = ("medium", "low", "high", "low")


# ---- the parts -------------------------------------------------------------------------------------------------------


def measure_chain(folder: Path, seconds: float) -> dict[str, Any]:
    """Detection to alert at a unit, in both forms, and the bytes of the alerts of this run."""
    warm_up_s = 10.0
    folder.mkdir(parents=True)
    with receivers() as others:
        settings = others.settings + '[feeds.units.patrol-1]\nformat = "compact"\n'
        (folder / "settings.toml").write_text(settings, encoding="utf-8")
        return _measured_chain(folder, seconds, warm_up_s, others)


def _measured_chain(folder: Path, seconds: float, warm_up_s: float, others: Receivers) -> dict[str, Any]:
    plan = Field(period_s=chain.RATES[500], duration_s=warm_up_s + seconds)
    sector = write_sector(plan, folder / "sector")
    write_night(folder / "night.jsonl", scans_of(plan, sector))
    options = RoomOptions(
        sector=str(sector), sector_id=SECTOR, layout=str(sector.parent / "layout.geojson"), folder=folder,
        settings=folder / "settings.toml",
    )  # fmt: skip
    with Room(options) as room:
        room.listen()
        echoed = chain.echo(room, folder, min(seconds, 10.0))
        units = {"json": "ops-centre", "compact": "patrol-1"}
        heard = {form: Unit(name, room.url, room.url.port, asks=False) for form, name in units.items()}
        for unit in heard.values():
            unit.connect()
        sent = chain.backlog_of(room, chain.other_process("night", room, folder), [])
        room.drain(60.0)
        until(lambda: room.feeds.last("waiting") == 0, "all delivered")
        time.sleep(1.0)
        for unit in heard.values():
            unit.kill()
        live = room.reader.live("latency")
        incidents = [json.loads(row.body) for row in IncidentReader(room.store_path).incidents()[1]]
    times = {} if live is None else msgspec.json.decode(live.body)
    mean_s = {step: times[step]["sum_s"] / max(sum(times[step]["counts"]), 1) for step in ("raised", "published")}
    offset_s = time.monotonic() - time.time()
    handed = {(sensor, boot, seq): at_ns for sensor, boot, seq, at_ns, _ in sent["handed"]}
    from_ns = sent["started_ns"] + warm_up_s * 1e9
    json_alerts = [one for one in heard["json"].messages if one.channel == "alerts"]
    began_ns = {one.body["id"]: max(handed[tuple(key)] for key in one.body["evidence"])
                for one in json_alerts if one.body["revision"] == 0 and one.body["evidence"]}  # fmt: skip
    figures: dict[str, Any] = {"echo": echoed, "mean_s": {step: round(value, 3) for step, value in mean_s.items()}}
    for form, unit in heard.items():
        alerts = [one for one in unit.messages if one.channel == "alerts"]
        delays_ms = [
            (at_ns - began_ns[one.body["id"]]) / 1e6
            for one in alerts
            if one.body["revision"] == 0 and one.body["id"] in began_ns
            and (at_ns := (one.at_s - offset_s) * 1e9) >= from_ns
        ]  # fmt: skip
        figures[form] = {
            **chain.percentiles(delays_ms),
            "payload_bytes": round(sum(one.payload for one in alerts) / len(alerts)),
            "largest_payload_bytes": max(one.payload for one in alerts),
            "packet_bytes": round(sum(one.packet for one in alerts) / len(alerts)),
        }
    began_ns |= {one["id"]: began_ns[one["alerts"][0]] for one in incidents if one["alerts"][0] in began_ns}
    return figures | {name: _chain_row(others.of(name), began_ns, offset_s, from_ns) for name in NAMES}


def _chain_row(
    received: Sequence[Received], began_ns: Mapping[str, float], offset_s: float, from_ns: float
) -> dict[str, Any]:
    """Delay to a receiver and bytes, for what came first of each alert; of Cursor-on-Target of each incident."""
    first = {one.id: one for one in reversed(received) if one.revision == 0 and one.id in began_ns}
    at_ns = {one.id: (one.at_s - offset_s) * 1e9 for one in first.values()}
    delays_ms = [(at - began_ns[identity]) / 1e6 for identity, at in at_ns.items() if at >= from_ns]
    return {
        **chain.percentiles(delays_ms),
        "payload_bytes": round(sum(one.size for one in received) / max(len(received), 1)),
        "largest_payload_bytes": max((one.size for one in received), default=0),
    }


def measure_units(folder: Path, units: int, alerts: int) -> dict[str, Any]:
    """From the commit of an alert to each of many units, every one on duty; one client listens for all."""
    names = [f"patrol-{number}" for number in range(units)]
    settings = "\n".join(f"[feeds.units.{name}]\nincidents = false\n" for name in names)
    committed: dict[str, float] = {}
    delays_ms: list[float] = []
    with bench(folder, names, settings=settings) as made:
        everyone = Unit("+", made.broker.url, made.broker.url.port, asks=False)
        _listen_to_all(everyone)
        for number in range(alerts):
            one = alert(number, priority="high")
            committed[one["id"]] = time.monotonic()
            made.commit([one])
            until(lambda number=number: len(everyone.messages) >= units * (number + 1), "every unit has the alert")
        delays_ms = [(one.at_s - committed[one.body["id"]]) * 1e3 for one in everyone.messages]
        everyone.kill()
    return {"units": units, "alerts": alerts, **chain.percentiles(delays_ms)}


def _listen_to_all(unit: Unit) -> None:
    """Subscribe to the alerts of every unit."""
    unit.link = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="everyone", protocol=mqtt.MQTTv5)
    unit.link.username_pw_set(unit.url.username, unit.url.password)
    unit.link.on_message = unit._heard
    up = threading.Event()
    unit.link.on_subscribe = lambda *_: up.set()
    unit.link.on_connect = lambda link, *_: link.subscribe(f"watchline/1/{SECTOR}/unit/+/alerts", 1)
    unit.link.connect(unit.url.host, unit.port)
    unit.link.loop_start()
    up.wait(PATIENT_S)


def measure_catch_up(folder: Path, form: str, radio: BadRadio | None = None) -> dict[str, Any]:
    """1,000 missed messages over 9.6 kbit/s: the time to the most urgent alert, and to all that still matter.

    ``form``: settings of the unit. ``radio`` None: a link without loss.
    """
    alerts, revisions = 250, 4
    settings = f'[feeds.units.u1]\nformat = "compact"\n{form}'
    with bench(folder, ["u1"], settings=settings) as made:
        for revision in range(revisions):
            for begin in range(0, alerts, 50):
                made.commit([alert(n, revision, PRIORITIES[n % 4]) for n in range(begin, min(begin + 50, alerts))])
        made.commit([alert(alerts, 0, "distress")])
        until(lambda: made.feeds.last("waiting") == 0, "all is at the broker")
        with FaultProxy(made.broker.url.host, made.broker.url.port) as link:
            link.set(**({"bytes_per_s": RADIO.bits_per_s / 8} if radio is None else {"radio": radio}))
            unit = made.unit("u1", link.port, asks=False)
            unit.connect()
            asked_s = time.monotonic()
            unit.ask()
            until(lambda: any(one.body.get("kind") == "gap_filled" for one in unit.messages), "the gap is filled")
            done_s = time.monotonic() - asked_s
            unit.kill()
    ranks = {"distress": 0, "high": 1, "medium": 2, "low": 3}
    order = [ranks[one.body["priority"]] for one in unit.messages if "number" in one.body]
    assert order == sorted(order), "the most urgent first"
    size = sum(one.packet for one in unit.messages)
    air = 1.0 if radio is None else (1.0 + radio.header_bytes / radio.segment_bytes) / (1.0 - radio.loss)
    high_s = max(one.at_s for one in unit.messages if one.body.get("priority") in ("distress", "high")) - asked_s
    return {
        "missed": alerts * revisions + 1,
        "still_matter": len(order),
        "first_s": round(unit.messages[0].at_s - asked_s, 2),
        "first_is": unit.messages[0].body["priority"],
        "all_high_s": round(high_s, 1),
        "all_s": round(done_s, 1),
        "bytes": size,
        "least_s": round(size * 8 * air / RADIO.bits_per_s, 1),
    }


def measure_kills(folder: Path, alerts: int, kills: int, form: str = "json") -> dict[str, Any]:
    """Every alert arrives once under one number, while the unit and the feeds process are killed in turn."""
    with bench(folder, ["u1"], settings=f'[feeds.units.u1]\nincidents = false\nformat = "{form}"\n') as made:
        unit = made.unit("u1")
        unit.connect()
        began_s, part = time.monotonic(), alerts // (kills + 1)
        for number in range(kills + 1):
            first, last = part * number, alerts if number == kills else part * (number + 1)
            for begin in range(first, last, 20):
                made.commit([alert(n) for n in range(begin, min(begin + 20, last))])
            if number == kills:
                break
            until(lambda last=last: len(unit.have) > last - part, "some of this part arrived")
            if number % 2:
                made.feeds.kill()
                made.feeds.restart()
            else:
                unit.kill()
                unit.connect()
        until(lambda: made.feeds.last("waiting") == 0, "all is at the broker")
        time.sleep(1.0)
        if unit.last < alerts:
            unit.ask()
        until(lambda: unit.last >= alerts, "every number arrived")
        took_s = time.monotonic() - began_s
        unit.kill()
    numbers: dict[int, set[str]] = {}
    for one in unit.messages:
        if "number" in one.body:
            numbers.setdefault(one.body["number"], set()).add(one.body["id"])
    ids = [identity for found in numbers.values() for identity in found]
    return {
        "alerts": alerts,
        "kills_of_unit": (kills + 1) // 2,
        "kills_of_feeds": kills // 2,
        "lost": alerts - len(set(ids)),
        "numbers_with_two_ids": sum(len(found) > 1 for found in numbers.values()),
        "ids_with_two_numbers": len(ids) - len(set(ids)),
        "received_twice": sum("number" in one.body for one in unit.messages) - len(ids),
        "seconds": round(took_s, 1),
    }


def measure_receivers(folder: Path, alerts: int, kills: int) -> dict[str, Any]:
    """Alerts to a web hook and as CAP, and incidents to a TAK server, each killed in turn."""
    with receivers() as others, bench(folder, ["u1"], settings=others.settings) as made:
        part = alerts // (kills + 1)
        for number in range(kills + 1):
            first, last = part * number, alerts if number == kills else part * (number + 1)
            for begin in range(first, last, 20):
                numbers = range(begin, min(begin + 20, last))
                made.commit([alert(n) for n in numbers], [incident(n) for n in numbers])
            if number == kills:
                break
            for name in NAMES:
                until(lambda name=name, first=first: _count(others, name) > first, f"{name} has some of this part")
                others.kill(name)
        until(lambda: all(_count(others, name) >= alerts for name in NAMES), "everything arrived", 4 * PATIENT_S)
    figures: dict[str, Any] = {"alerts": alerts, "kills_of_each": kills}
    for name in NAMES:
        wanted = {identity("I" if name == "cot" else "A", number) for number in range(alerts)}
        came = [one for one in others.of(name) if one.revision == 0]
        ids = {one.id for one in came}
        figures[name] = {"lost": len(wanted - ids), "new_ids": len(ids - wanted), "twice": len(came) - len(ids)}
    return figures


def _count(others: Receivers, name: str) -> int:
    return len({one.id for one in others.of(name) if one.revision == 0})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=[], help=f"of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--seconds", type=float, default=30.0, help="measured seconds of the chain (default 30)")
    parser.add_argument("--units", type=int, default=500)
    parser.add_argument("--alerts", type=int, default=10_000, help="of kills and receivers (default 10,000)")
    parser.add_argument("--kills", type=int, default=40, help="kills, of unit and feeds process in turn (default 40)")
    options = parser.parse_args()
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="watchline-bench-") as temporary:
        folder = Path(temporary)
        for part in options.parts or PARTS:
            figures[part] = {
                "chain": lambda: measure_chain(folder / "chain", options.seconds),
                "units": lambda: measure_units(folder / "units", options.units, 20),
                "catch_up": lambda: {
                    **{name: measure_catch_up(folder / name, form) for name, form in FORMS.items()},
                    **{
                        f"{name}_20_percent_lost": [
                            measure_catch_up(folder / f"{name}-{seed}", FORMS[name], replace(RADIO, seed=seed))
                            for seed in SEEDS
                        ]
                        for name in ("together", "compressed")
                    },
                },
                "kills": lambda: measure_kills(folder / "kills", options.alerts, options.kills),
                "kills_compact": lambda: measure_kills(folder / "compact", options.alerts, options.kills, "compact"),
                "receivers": lambda: measure_receivers(folder / "receivers", options.alerts, options.kills // 2),
                "stream": lambda: measure_stream(folder / "stream", options.alerts, options.kills, alert, until),
            }[part]()
            print(f"{part}: {json.dumps(figures[part])}", file=sys.stderr)
    machine.report("feeds", figures)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    main()

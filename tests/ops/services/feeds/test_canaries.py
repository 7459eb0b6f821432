"""10,000 random pairs of a marked record and a receiver: no form of any feed carries what the receiver may not have.

The rows go through the dispatcher of all feeds, with the release of the process. A receiver that may have a row gets it
in every form in which some feed sends it: JSON of units and web hooks, the compact form, TAK (XML, protobuf) and CAP.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from geo.message import Message
from ops.export.warnings.cap import CapIssuer, cap_bytes, cap_document
from ops.export.warnings.published import read_alert
from ops.incidents.incident import NamedTrack, Note
from ops.releasability.settings import ReleasabilitySettings
from ops.services.feeds.cot import encode
from ops.services.feeds.cot.encode import CotSender, EventTimes
from ops.services.feeds.dispatch import Dispatcher
from ops.services.feeds.feed import FeedReceiver, OutboxDelivery
from ops.services.feeds.ledger import FILE, DeliveryLedger
from ops.services.feeds.mqtt import compact_alert, numbered
from ops.services.feeds.unit_messages import compacted, encoded, unit_incident
from ops.services.fusion.incident_view import incident_dict
from ops.services.fusion.live_picture import alert_dict
from ops.store.feed_release import FeedRelease
from ops.store.markings import MarkingReader
from ops.store.reader import Reader
from ops.store.writer import Store
from tests.ops.analysis.handover.night import FRAME
from tests.ops.incidents.making import START_NS, alert, at, incident

LEVELS = ("restricted", "national", "secret")
RANK = {"": 0, "restricted": 1, "national": 2, "secret": 3, "retired": 4}
"""Written by hand from docs/data-protection.md: an unknown marking is above every level."""
RECORDS, RECEIVERS = 100, 100
SENSORS = {f"CANARY-radar-{level}": level for level in LEVELS}
SENDER = CotSender("watchline", "Watchline")


class EveryForm:
    """A feed that keeps what each receiver would get, in all forms."""

    name, problem = "every-form", None

    def __init__(self, receivers: Sequence[FeedReceiver]) -> None:
        self.receivers = tuple(receivers)
        self.sent: dict[str, list[bytes]] = {one.name: [] for one in receivers}
        self._forms: dict[bytes, bytes] = {}

    def send(self, delivery: OutboxDelivery) -> Future[None]:
        body = delivery.row.body
        if body not in self._forms:  # the same bytes have the same forms
            self._forms[body] = b"\0".join(forms_of(replace(delivery, number=1)))
        self.sent[delivery.receiver].append(self._forms[body])
        answer: Future[None] = Future()
        answer.set_result(None)
        return answer

    def close(self) -> None:
        """Nothing to close."""


def forms_of(delivery: OutboxDelivery) -> list[bytes]:
    """The row as every feed sends it."""
    made = [delivery.row.body, numbered(delivery)]
    if delivery.row.kind == "incident":
        update, body = unit_incident(delivery), msgspec.json.decode(delivery.row.body)
        event = encode.incident(SENDER, body, EventTimes(at(0), at(0) + timedelta(hours=1)), remarks="")
        assert event is not None
        return [*made, encoded(update), compacted(update), event.xml(), event.protobuf()]
    document = cap_document(read_alert(delivery.row.body), CapIssuer("hills"))
    return [*made, compact_alert(delivery), cap_bytes(document)]


class World:
    """The canaries of a store with their markings, and a receiver for each limit."""

    def __init__(self, folder: Path) -> None:
        chance = np.random.default_rng(22)
        self.limits = {f"unit-{n}": str(chance.choice(["", *LEVELS])) for n in range(RECEIVERS)}
        self.settings = ReleasabilitySettings(
            levels=LEVELS, sensors=SENSORS, units={name: limit for name, limit in self.limits.items() if limit}
        )
        self.of_row: dict[str, str] = {}
        self.hidden_parts: dict[str, tuple[str, ...]] = {}
        store = Store(folder / "store.db")
        alerts, incidents, markings = [], [], []
        marks = [str(chance.choice(list(RANK))) for _ in range(RECORDS)]
        for n, marking in enumerate(marks):
            sensor = str(chance.choice(list(SENSORS)))
            if n % 2:
                one = alert("crossing", f"T{n}", message=Message("alert-loitering", {"track": f"CANARY-row-{n}-"}))
                body = alert_dict(replace(one, evidence=((sensor, 1, 2),)), FRAME)
                alerts.append(body)
                self.hidden_parts[sensor] = (SENSORS[sensor],)
            else:
                other = int(chance.integers(0, RECORDS // 2)) * 2
                note = str(chance.choice(LEVELS))
                made = incident(
                    id=f"CANARY-id-{n}-", name=f"CANARY-row-{n}-", easting=1.0, northing=2.0,
                    links=(f"CANARY-id-{other}-",) if other != n else (),
                    tracks=(NamedTrack(f"CANARY-track-{n}-", f"CANARY-track-{n}-"),),
                    notes=(Note(at(1), "Ana", f"CANARY-note-{n}-", markings=(note,)),),
                )  # fmt: skip
                body = incident_dict(made, FRAME)
                incidents.append(body)
                track = str(chance.choice(LEVELS))
                markings.append(("track", f"CANARY-track-{n}-", track))
                self.hidden_parts |= {
                    f"CANARY-id-{n}-": (marking,), f"CANARY-track-{n}-": (track,), f"CANARY-note-{n}-": (note,),
                }  # fmt: skip
            self.of_row[f"CANARY-row-{n}-"] = marking
            if marking:
                markings.append(("alert" if n % 2 else "incident", str(body["id"]), marking))
        store.commit(1, stamp_ns=START_NS, alerts=alerts, incident_revisions=incidents, markings=markings)
        store.close()
        self.feed = EveryForm([FeedReceiver(name, kinds=("alert", "incident"), window=1_000) for name in self.limits])
        release = FeedRelease(MarkingReader(folder / "store.db"), self.settings, each_time=False)
        self.dispatcher = Dispatcher(
            Reader(folder / "store.db"), DeliveryLedger(folder / FILE), [self.feed], now_ns=lambda: START_NS,
            monotonic_s=lambda: 0.0, release=release, refresh=release.refresh, chance=lambda: 0.0,
        )  # fmt: skip


def test_ten_thousand_pairs_of_record_and_receiver_leak_nothing_in_any_form(tmp_path: Path) -> None:
    world = World(tmp_path)
    while world.dispatcher.pump():
        pass
    seen = hidden = 0
    parts: dict[str, int] = {"shown": 0, "hidden": 0}
    for name, limit in world.limits.items():
        found = b"\0".join(world.feed.sent[name])
        for canary, marking in world.of_row.items():
            leaves = canary.encode() in found
            assert leaves == (RANK[marking] <= RANK[limit]), (canary, marking, limit)
            seen, hidden = seen + leaves, hidden + (not leaves)
        for canary, markings in world.hidden_parts.items():
            may = all(RANK[marking] <= RANK[limit] for marking in markings)
            assert may or canary.encode() not in found, (canary, markings, limit)
            parts["shown" if may else "hidden"] += 1
    assert seen + hidden == RECORDS * RECEIVERS == 10_000
    assert min(seen, hidden, *parts.values()) > 1_000, "both happen"


@pytest.mark.parametrize("limit", ["", *LEVELS])
def test_what_reaches_sapient_and_the_published_picture_names_no_hidden_sensor(tmp_path: Path, limit: str) -> None:
    """A record that a supervisor released may have been made with a sensor that is hidden."""
    settings = ReleasabilitySettings(levels=LEVELS, sensors=SENSORS, sapient=limit, tracks_feed=limit)
    Store(tmp_path / "store.db").close()
    release = FeedRelease(MarkingReader(tmp_path / "store.db"), settings)
    sensors = list(SENSORS)
    one = alert_dict(replace(alert("crossing", "T1"), evidence=tuple((name, 1, 2) for name in sensors)), FRAME)
    tracks: list[Any] = [
        {"track": "T1", "sensors": sensors, "evidence": [[name, 1, 2] for name in sensors], "revoked_sources": []},
        {"track": "T2", "marking": "secret", "sensors": [], "evidence": [], "revoked_sources": []},
    ]
    made = [str(release.sapient_body(one)), str(release.sapient_tracks(tracks)), str(release.tracks(tracks))]
    for sensor, marking in SENSORS.items():
        for text in made:
            assert (sensor in text) == (RANK[marking] <= RANK[limit]), (sensor, limit)
    for text in made[1:]:
        assert ("T2" in text) == (limit == "secret")

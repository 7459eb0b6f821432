"""Hundreds of sensors at once, a thousand in the drill: the silent ones are found in time, and no others."""

from __future__ import annotations

import json
import random
import resource
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import ops.services.fusion.pipeline
from fusion.situation.context import AlertContext
from ingest.decode import encode_status
from ingest.wire import Status
from ops.broker.broker import MosquittoBroker
from ops.journal.reader import JournalReader, JournalRow
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import load_sector
from ops.services.fusion.pipeline import Pipeline
from tests.drills.light_clients import Crowd, LightClient, Silence
from tests.drills.rig import SECTOR, Ingest, wait_until
from tests.drills.sizes import SIZES
from tests.ops.conftest import feature, lonlat, write_sector
from tests.patience import PATIENT_S

pytestmark = pytest.mark.broker
INTERVAL_S = 3.0
KEEPALIVE_S = 4
LIMIT_S = 2 * INTERVAL_S + 1.0
TICK_S = 1.0
NAMES = [f"g{number:04}" for number in range(SIZES.sensors)]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> OpenSector:
    """The hills with many small radars on them."""
    files = write_sector(tmp_path_factory.mktemp("many"))
    points = [
        feature(
            "Point", lonlat(300 + number % 40 * 180, 600 + number // 40 * 180), id=name, kind="radar",
            max_range_m=400, period_s=3, status_interval_s=INTERVAL_S, detection_probability=0.9,
        )
        for number, name in enumerate(NAMES)
    ]  # fmt: skip
    files.layout.write_text(json.dumps({"type": "FeatureCollection", "features": points}))
    return open_sector(load_sector(files.sector))


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flat ground, and alerts that say no more than who is silent: what so many sensors see is another matter."""
    made = ops.services.fusion.pipeline.Tracker
    monkeypatch.setattr(
        ops.services.fusion.pipeline,
        "Tracker",
        lambda layout, settings, **given: made(layout, settings, border=given["border"]),
    )
    monkeypatch.setattr(ops.services.fusion.pipeline, "alert_context_of", lambda *_, **__: AlertContext())


@pytest.fixture
def many_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 4096), hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Watch:
    """Follows the journal: its newest tick, and when it last heard one of the sensors that will be silent, ns."""

    def __init__(self, journal: JournalReader, victims: Iterable[str]) -> None:
        self._journal, self._victims, self._after = journal, set(victims), 0
        self.tick_ns = self.heard_ns = 0

    def reaches(self, from_ns: int, for_s: float) -> bool:
        """Whether there is a tick this long after an instant, and after the last that was heard of the victims."""
        for row in self._journal.read(self._after, 10**6):
            self._after = row.id
            if row.kind == "tick":
                self.tick_ns = row.received_ns
            elif is_heartbeat(row) and row.sensor in self._victims:
                self.heard_ns = row.received_ns
        return self.tick_ns >= max(from_ns, self.heard_ns) + round(for_s * 1e9)


def is_heartbeat(row: JournalRow) -> bool:
    return row.kind == "status" and b'"lost"' not in row.body


def unwell(pipeline: Pipeline) -> set[str]:
    """The sensors that are known not to be heard."""
    return {name for name, found in pipeline.health.items() if found.state == "offline"}


def test_of_many_sensors_the_silent_ones_are_found_and_no_others(
    ground: OpenSector, tmp_path: Path, many_files: None, record_property: Any
) -> None:
    ways: tuple[Silence, ...] = ("stuck", "hole", "reset")
    victims = {name: ways[n % 3] for n, name in enumerate(random.Random(8).sample(NAMES, 9 * len(NAMES) // 100))}
    with MosquittoBroker(folder=tmp_path / "b") as broker:
        ingest = Ingest(tmp_path, broker.url).ready()
        clients = [
            LightClient(broker.url, SECTOR, name, interval_s=INTERVAL_S, keepalive_s=KEEPALIVE_S) for name in NAMES
        ]
        with Crowd(clients, over_s=2.0) as crowd, JournalReader(ingest.journal) as journal:
            wait_until(lambda: journal.counts("status").keys() == set(NAMES))
            for name, way in victims.items():
                crowd.clients[name].silence = way
            wait_until(lambda: all(crowd.clients[name].silent_ns for name in victims))
            watch, from_ns = Watch(journal, victims), time.time_ns()
            for_s = max(LIMIT_S + 2 * TICK_S, SIZES.watch_s - 3.0 - INTERVAL_S)
            wait_until(lambda: watch.reaches(from_ns, for_s), timeout_s=PATIENT_S + SIZES.watch_s)
            assert not crowd.failures(), crowd.failures()[:3]
            ingest.stop(timeout_s=PATIENT_S)
            shut_out = crowd.shut_out()
    with JournalReader(ingest.journal) as journal:
        rows = journal.read(limit=10**6)
    assert {row.sensor for row in rows if row.kind == "status"} == set(NAMES), "all were heard"
    pipeline, heard_ns = Pipeline(ground), dict[str, int]()
    known_ns: dict[str, int] = {}  # since the last heartbeat, first; a last will may come after that
    for row in rows:
        pipeline.take(row)
        if is_heartbeat(row) and row.received_ns - row.observed_ns <= LIMIT_S * 1e9:  # a later one ends no silence
            heard_ns[row.sensor] = row.received_ns
            known_ns.pop(row.sensor, None)
        else:
            known_ns = dict.fromkeys(unwell(pipeline), row.received_ns) | known_ns
    found = {name: known_ns.get(name, rows[-1].received_ns) for name in unwell(pipeline)}
    unheard = {name for name in NAMES if rows[-1].received_ns - heard_ns.get(name, 0) > 2e9 * INTERVAL_S}
    held_up = (unheard | shut_out) - victims.keys()
    assert found.keys() - held_up == victims.keys(), "held up: unheard because this machine stood still"
    ticks_ns = [row.received_ns for row in rows if row.kind == "tick"]
    tick_s = max(TICK_S, max(later - sooner for sooner, later in pairwise(ticks_ns)) / 1e9)
    for way in ways:
        taken = sorted((found[name] - heard_ns[name]) / 1e9 for name in victims if victims[name] == way)
        assert taken[-1] <= LIMIT_S + tick_s, way
        record_property(f"largest silence before it was known, {way}", round(taken[-1], 1))
        print(f"{way}: known after {taken[0]:.1f} to {taken[-1]:.1f} s")
    resets = [name for name, way in victims.items() if way == "reset"]
    by_will = [(found[name] - (crowd.clients[name].silent_ns or 0)) / 1e9 for name in resets]
    on_the_way_s = max((row.received_ns - row.observed_ns) / 1e9 for row in rows if is_heartbeat(row))
    assert max(by_will) <= 1.5 * KEEPALIVE_S + tick_s + on_the_way_s, "on the way: this machine's own delay"


def test_healthy_jitter_of_many_sensors_raises_no_alarm(ground: OpenSector) -> None:
    """Heartbeats come up to half an interval early or late; the clock of the journal ticks every second."""
    chance = random.Random(1)
    seconds = 600 if SIZES.watch_s > 60 else 30
    start_ns = 1_900_000_000 * 10**9
    events: list[tuple[float, str, int]] = [(float(second), "", second) for second in range(seconds)]
    for name in NAMES:
        for n in range(int(seconds / INTERVAL_S) + 1):
            at_s = n * INTERVAL_S + chance.uniform(-0.5, 0.5) * INTERVAL_S
            events.append((max(at_s, 0.0), name, n + 1))
    pipeline, alerts = Pipeline(ground), []
    for at_s, name, number in sorted(events):
        at_ns = start_ns + round(at_s * 1e9)
        if name:
            body = encode_status(_well(name, number, at_ns))
            row = JournalRow(0, "status", name, 1, number, at_ns, at_ns, at_ns, "application/json", body, False)
        else:
            row = JournalRow(0, "tick", "", None, None, at_ns, at_ns, None, "", b"", True)
        alerts += pipeline.take(row)
    assert not unwell(pipeline)
    assert not [alert for alert in alerts if alert.rule == "sensor_offline"]
    assert len(pipeline.health) == SIZES.sensors


def _well(name: str, number: int, at_ns: int) -> Status:
    at = datetime.fromtimestamp(at_ns / 1e9, UTC)
    return Status(sensor=name, boot=1, seq=number, observed_at=at, state="ok", kind="radar")

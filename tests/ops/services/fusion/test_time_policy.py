"""The policy of times, from the door to tracks, alerts and /metrics: live, late, backfill, refused."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fusion.alerts import Alert
from ingest.decode import encode
from ingest.envelope import Delivery
from ingest.receiving.receiver import Receiver, ReceiverSettings
from ingest.topics import sensor_topic
from ops.journal.writer import Journal
from ops.room.night_file import SCENARIO_START, read_night
from ops.room.offline import track_log_hash
from ops.services.api.observability.exposition import exposition, families_of
from ops.services.fusion.pipeline import Pipeline
from ops.services.fusion.process import counts_of
from ops.store.reader import Live, Progress
from sensors.scan import Scan
from sensors.timestamps import nanoseconds

S = 1_000_000_000


@pytest.fixture(scope="module")
def night(hill_night: Path) -> list[Scan]:
    return list(read_night(hill_night / "night.jsonl"))


def journaled(path: Path, arrivals: Iterable[tuple[Scan, int]], settings: ReceiverSettings | None = None) -> Journal:
    """Scans with the time [ns] at which each comes in, through the door into a journal, with a tick every second."""
    journal = Journal(path)
    receiver = Receiver(
        "hills", commit=journal.commit, acknowledge=lambda _: None, recall=journal.recall, settings=settings
    )
    tick_ns = nanoseconds(SCENARIO_START)
    for scan, at_ns in sorted(arrivals, key=lambda arrival: arrival[1]):
        while tick_ns <= at_ns and at_ns - tick_ns < 600 * S:
            journal.tick(tick_ns)
            tick_ns += S
        receiver.handle([Delivery(sensor_topic("hills", scan.sensor, "detections"), encode(scan), None, (), at_ns)])
    return journal


def fused(ground: Any, journal: Journal) -> tuple[Pipeline, list[Alert]]:
    pipeline = Pipeline(ground)
    return pipeline, [alert for row in journal.read(limit=10**6) for alert in pipeline.take(row)]


@pytest.mark.parametrize("seed", [1, 2])
def test_shuffled_doubled_and_late_scans_give_the_same_tracks(hill_ground, night, tmp_path, seed):
    """Shuffled within 10 s, a fifth twice, 5 % up to 50 s late: to the bit the history of the ordered run."""
    chance = random.Random(seed)
    ordered = [(scan, nanoseconds(scan.received_at)) for scan in night]
    late = set(chance.sample(range(len(ordered)), len(ordered) // 20))
    shuffled = []
    for number, (scan, at_ns) in enumerate(ordered):
        wait_s = chance.uniform(10.0, 50.0) if number in late else chance.uniform(0.0, 10.0)
        shuffled.append((scan, at_ns + round(wait_s * S)))
        if chance.random() < 0.2:
            shuffled.append((scan, at_ns + round(chance.uniform(0.0, 50.0) * S)))
    assert [scan.key for scan, _ in sorted(shuffled, key=lambda a: a[1])] != [scan.key for scan, _ in ordered]
    first, second = journaled(tmp_path / "a.db", ordered), journaled(tmp_path / "b.db", shuffled)
    totals = sum((Counter(vars_of(count)) for count in second.counts().values()), Counter())
    assert totals["journaled"] == len({scan.key for scan in night})
    assert totals["duplicate"] == totals["received"] - totals["journaled"] > len(ordered) // 10
    histories = [fused(hill_ground, journal)[0].take_history(final=True) for journal in (first, second)]
    assert track_log_hash(histories[0]) == track_log_hash(histories[1])
    confirmed = [set(h["track"].values[h["status"].values == "confirmed"]) for h in histories]
    assert confirmed[0] == confirmed[1] != set()


def vars_of(count: Any) -> dict[str, int]:
    return {name: getattr(count, name) for name in ("received", "journaled", "duplicate", "dead_lettered", "shed")}


AGES = [
    (-500_000_000, "live"), (-500_000_001, "future"), (0, "live"), (5 * S, "live"), (5 * S + 1, "late"),
    (60 * S, "late"), (60 * S + 1, "backfill"), (86_400 * S, "backfill"), (86_400 * S + 1, "expired"),
]  # fmt: skip


def test_each_age_is_counted_once_to_the_nanosecond_and_shown(tmp_path, night):
    """Ages by hand, at both sides of every limit. What is refused is a dead letter, so nothing is unaccounted for."""
    start_ns = nanoseconds(SCENARIO_START) + 10**6 * S
    scans = [
        (replace(night[0], boot=1, sequence=n, observed_at=SCENARIO_START + timedelta(days=10), plots=()), age)
        for n, (age, _) in enumerate(AGES, 1)
    ]
    observed_ns = nanoseconds(SCENARIO_START + timedelta(days=10))
    assert observed_ns != start_ns
    journal = journaled(tmp_path / "j.db", [(scan, observed_ns + age) for scan, age in scans])
    sensor = night[0].sensor
    assert journal.timings()[sensor] == Counter(name for _, name in AGES)
    figures = counts_of(journal)[sensor]
    assert (figures["journaled"], figures["dead_lettered"]) == (7, 2)
    progress = Progress(0, 0, 0, 0, 0, 0)
    live = Live(1, 1, msgspec.json.encode({sensor: figures}))
    text = exposition(families_of(progress, live, 0), "")[0].decode()
    for name, number in (("late", 2), ("backfill", 2), ("future", 1), ("expired", 1), ("dead_lettered", 2)):
        assert f'watchline_{name}_total{{sensor="{sensor}"}} {number}.0\n' in text
    assert f'watchline_unaccounted{{sensor="{sensor}"}} 0.0\n' in text


def test_what_comes_hours_late_is_history_and_alerts_nobody(hill_ground, night, tmp_path):
    live = journaled(tmp_path / "a.db", [(scan, nanoseconds(scan.received_at)) for scan in night])
    late = journaled(tmp_path / "b.db", [(scan, nanoseconds(scan.received_at) + 7200 * S) for scan in night])
    _, alerts = fused(hill_ground, live)
    pipeline, silent = fused(hill_ground, late)
    movers = {"crossing", "approaching", "track_initiated_inside", "entering_dead_ground", "loitering", "group_formed"}
    assert {alert.rule for alert in alerts} & movers
    assert not {alert.rule for alert in silent} & movers
    assert pipeline.tally["late"] == len({scan.key for scan in night})
    assert sum(t["backfill"] for t in late.timings().values()) == len({scan.key for scan in night})


def test_a_disk_that_is_full_and_jumps_of_the_clock_are_shown():
    body = msgspec.json.encode({"": {"received": 0, "disk_full": 1, "clock_jumps": 3}})
    text = exposition(families_of(Progress(0, 0, 0, 0, 0, 0), Live(1, 1, body), 0), "")[0].decode()
    assert "# TYPE watchline_ingest_disk_full gauge\nwatchline_ingest_disk_full 1.0\n" in text
    assert "# TYPE watchline_ingest_clock_jumps_total counter\nwatchline_ingest_clock_jumps_total 3.0\n" in text

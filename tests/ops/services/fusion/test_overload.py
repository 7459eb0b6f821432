"""Overload: what is passed over is counted and decided once; calls for help and the journal are never touched."""

from __future__ import annotations

import random
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.decode import encode
from ingest.envelope import Delivery
from ingest.receiving.receiver import Receiver
from ingest.topics import sensor_topic, unit_topic
from ingest.unit_messages import Position
from ops.journal.reader import JournalReader, JournalRow
from ops.journal.writer import Journal
from ops.room.night_file import SCENARIO_START, read_night
from ops.runtime.clock import ScenarioClock
from ops.sector.settings import Settings
from ops.services.fusion import process
from ops.services.fusion.overload import OverloadSettings, Pace, passed_over
from ops.services.fusion.process import Fusion, counts_of
from ops.store.writer import Store
from sensors.scan import Scan
from sensors.timestamps import nanoseconds

S = 1_000_000_000


def scan_rows(counts: dict[str, int], seed: int) -> list[JournalRow]:
    names = [name for name, count in counts.items() for _ in range(count)]
    random.Random(seed).shuffle(names)
    return [JournalRow(n, "detections", name, 1, n, 0, 0, None, "", b"", True) for n, name in enumerate(names, 1)]


@given(
    st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 60), min_size=1),
    st.floats(0.01, 1.0),
    st.integers(0, 5),
)
def test_sensors_share_equally_and_each_keeps_its_newest(counts: dict[str, int], share: float, seed: int) -> None:
    rows = scan_rows(counts, seed)
    skipped = passed_over(rows, share)
    kept = Counter(row.sensor for row in rows if row.id not in skipped)
    newest = {row.sensor: row.id for row in rows}
    assert not skipped & set(newest.values())
    most = max(kept.values())
    for name, count in counts.items():
        assert kept[name] == min(count, most), "who sends less than the share loses nothing"
    assert kept.total() <= max(int(share * len(rows)), len(counts))
    if share == 1.0:
        assert not skipped


def test_only_scans_are_passed_over() -> None:
    kinds = ("detections", "status", "position", "action", "tick", "disk", "clock", "revocation")
    rows = [JournalRow(n, kinds[n % 8], "x", 1, n, 0, 0, None, "", b"", True) for n in range(800)]
    assert {row.kind for row in rows if row.id in passed_over(rows, 0.05)} == {"detections"}


def test_it_is_no_overload_while_the_backlog_is_short_or_quickly_gone() -> None:
    settings, pace = OverloadSettings(drain_s=3.0, least_rows=500), Pace()
    assert pace.share(10**6, settings) == 1.0, "before anything was measured"
    pace.note(1000, 1.0)
    assert pace.share(500, settings) == 1.0
    assert pace.share(3000, settings) == 1.0
    assert pace.share(3001, settings) == 1 / 2
    assert pace.share(12_000, settings) == 1 / 4
    assert pace.share(10**9, settings) == 1 / settings.thinnest


@pytest.fixture(scope="module")
def flooded(hill_night: Path, tmp_path_factory: Any) -> Path:
    """A night in which the radar says everything eight times as often, and a unit calls for help every ten seconds."""
    path = tmp_path_factory.mktemp("flooded") / "journal.db"
    journal = Journal(path)
    receiver = Receiver("hills", commit=journal.commit, acknowledge=lambda _: None, recall=journal.recall)
    tick_ns, called, seq = nanoseconds(SCENARIO_START), 0, 10_000
    for scan in read_night(hill_night / "night.jsonl"):
        at_ns = nanoseconds(scan.received_at)
        while tick_ns <= at_ns:
            journal.tick(tick_ns)
            tick_ns += S
        deliveries = [Delivery(sensor_topic("hills", scan.sensor, "detections"), encode(scan), None, (), at_ns)]
        if scan.sensor == "radar-mid":
            for _ in range(7):
                seq += 1
                again = Scan(scan.sensor, scan.boot, seq, seq, scan.observed_at, scan.received_at, scan.kind, ())
                deliveries.append(Delivery(deliveries[0].topic, encode(again), None, (), at_ns))
        if at_ns - nanoseconds(SCENARIO_START) > called * 10 * S:
            called += 1
            call = Position(f"u{called}", 1, 1, scan.received_at, 8.0, 47.0, distress=True)
            topic = unit_topic("hills", f"u{called}", "position")
            deliveries.append(Delivery(topic, msgspec.json.encode(call), None, (), at_ns))
        receiver.handle(deliveries)
    journal.close()
    return path


class Always(Pace):
    """A fusion that is always far behind."""

    def share(self, backlog: int, settings: OverloadSettings) -> float:
        return 0.25


def fuse(journal: Path, store: Path, ground: Any, *, steps: int | None = None) -> Fusion:
    """Fuse in overload, to the end or, as if killed then, after so many steps."""
    held = Store(store)
    fusion = Fusion(JournalReader(journal), held, ground, Settings(checkpoint_s=15.0), ScenarioClock.live())
    fusion.overload, fusion._pace = OverloadSettings(), Always()
    taken = 0
    while fusion.step(40):
        taken += 1
        if taken == steps:
            held.close()
            return fusion
    fusion.finish()
    held.close()
    return fusion


def said(store: Path) -> list[tuple[str, int, str]]:
    with_store = Store(store)
    rows = [(row.alert, row.revision, row.body) for row in with_store.outbox_after(0, limit=10_000)]
    assert with_store.progress().diverged == 0
    with_store.close()
    return rows


def test_in_overload_no_call_for_help_is_lost_and_every_scan_is_accounted_for(flooded, hill_ground, tmp_path):
    fusion = fuse(flooded, tmp_path / "s.db", hill_ground)
    with JournalReader(flooded) as journal:
        calls = sorted(row.sensor for row in journal.read(limit=10**6) if row.kind == "position")
        rows = Counter(row.sensor for row in journal.read(limit=10**6) if row.kind == "detections")
        figures = counts_of(journal, skipped=fusion.pipeline.skipped)
        assert journal.last_id() == fusion.cursor
    assert len(calls) >= 5
    distress = [alert for alert in fusion.pipeline.alerts.values() if alert.rule == "distress"]
    assert len(distress) == len(calls)
    assert len({identity for identity, _, _ in said(tmp_path / "s.db")} & {a.id for a in distress}) == len(calls)
    skipped = fusion.pipeline.skipped
    assert skipped["radar-mid"] > 0.5 * rows["radar-mid"]
    assert skipped.get("camera-west", 0) < 0.3 * rows["camera-west"], "it did not flood"
    assert figures["radar-mid"]["skipped"] == skipped["radar-mid"]
    assert figures["radar-mid"]["journaled"] == rows["radar-mid"], "skipped is not shed: the journal has it"


def test_a_new_store_is_computed_from_every_scan_that_its_journal_had(
    flooded: Path, hill_sector: Any, hill_ground: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a restore: with the alerts and tracks that there were, however long that takes."""
    whole = Store(tmp_path / "whole.db")
    replay = Fusion(JournalReader(flooded), whole, hill_ground, Settings(), ScenarioClock.live())
    while replay.step():
        pass
    replay.finish()
    whole.close()
    monkeypatch.setattr(process, "Pace", Always)
    arguments = [f"--journal={flooded}", f"--store={tmp_path / 's.db'}", f"--sector={hill_sector.sector}",
                 f"--layout={hill_sector.layout}", "--overload-s=0.001"]  # fmt: skip
    stop = threading.Event()
    stop.set()  # it ends with the journal
    assert process.run(process._parser().parse_args(arguments), stop) == 0
    store = Store(tmp_path / "s.db")
    assert (store.skips, store.is_computed_again()) == (set(), False)
    store.close()
    assert said(tmp_path / "s.db") == said(tmp_path / "whole.db")


@pytest.mark.parametrize("steps", [3, 9, 14])
def test_what_was_passed_over_before_a_crash_is_passed_over_after_it(flooded, hill_ground, tmp_path, steps):
    """A re-run that decided anew would say other things under the same ids. After the crash there is no overload."""
    killed = fuse(flooded, tmp_path / "s.db", hill_ground, steps=steps)
    before = said(tmp_path / "s.db")
    store = Store(tmp_path / "s.db")
    assert store.decided == killed.cursor >= store.cursor
    fusion = Fusion(JournalReader(flooded), store, hill_ground, Settings(checkpoint_s=15.0), ScenarioClock.live())
    while fusion.step(64):  # other stretches than before
        pass
    fusion.finish()
    store.close()
    assert fusion.pipeline.skipped == killed.pipeline.skipped
    assert sum(killed.pipeline.skipped.values()) > 10
    assert said(tmp_path / "s.db")[: len(before)] == before

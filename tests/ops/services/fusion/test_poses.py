"""Poses from the journal: a late one gives the answer of the order, a fixed sensor stays, a bad one is a fault."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fusion.situation.current_coverage import current_coverage_of, with_moved
from ingest.decode import encode_status
from ingest.wire import Status, WirePose
from ops.journal.reader import JournalReader, JournalRow
from ops.room.night_file import SCENARIO_START
from ops.room.offline import track_log_hash
from ops.sector.open_sector import OpenSector
from ops.services.fusion.live_picture import sensors_live
from ops.services.fusion.pipeline import Pipeline
from sensors.layout import Layout
from sensors.timestamps import SECOND_NS, nanoseconds, utc_datetime

START_NS = nanoseconds(SCENARIO_START)
CARRIED = "radar-mid"


@pytest.fixture(scope="module")
def scans(hill_journal: Path) -> list[JournalRow]:
    with JournalReader(hill_journal) as journal:
        return journal.read(0, 10_000)


@pytest.fixture(scope="module")
def ground(hill_ground: OpenSector) -> OpenSector:
    """The hills, one of their radars on a vehicle."""
    layout = hill_ground.layout
    sensors = tuple(replace(one, mobile=True) if one.id == CARRIED else one for one in layout)
    return replace(hill_ground, layout=Layout(layout.name, layout.frame, sensors))


def pose_row(ground: OpenSector, at_s: float, east_m: float, *, by_s: float = 0.0, **more: Any) -> JournalRow:
    """A status of ``at_s`` that is received ``by_s`` later; its vehicle is ``east_m`` east of the post."""
    post, frame = ground.layout[CARRIED], ground.layout.frame
    lon, lat = frame.to_lonlat(post.easting + east_m, post.northing)
    at_ns, seq = START_NS + round(at_s * SECOND_NS), round(at_s * 10) + 1
    pose = WirePose(lon=lon, lat=lat, position_sd_m=2.0, **more)
    status = Status(sensor=CARRIED, boot=1, seq=seq, observed_at=utc_datetime(at_ns), state="ok", pose=pose)
    received_ns = at_ns + round(by_s * SECOND_NS)
    return JournalRow(
        0, "status", CARRIED, 1, seq, at_ns, received_ns, None, "application/json", encode_status(status), True
    )


def run(ground: OpenSector, rows: list[JournalRow]) -> Pipeline:
    pipeline = Pipeline(ground)
    for row in sorted(rows, key=lambda row: row.received_ns):
        pipeline.take(row)
    return pipeline


def history(pipeline: Pipeline) -> str:
    return track_log_hash(pipeline.take_history(final=True))


def drive(ground: OpenSector, by_s: tuple[float, ...]) -> list[JournalRow]:
    """A pose every two seconds on the way out at 4 m/s, received later by what ``by_s`` has in turn."""
    return [pose_row(ground, 2.0 * k, 8.0 * k, by_s=by_s[k % len(by_s)]) for k in range(30)]


def test_poses_that_come_late_give_the_answer_of_the_order(ground: OpenSector, scans: list[JournalRow]) -> None:
    in_order = history(run(ground, [*scans, *drive(ground, (0.0,))]))
    late = run(ground, [*scans, *drive(ground, (0.0, 17.0, 3.0, 31.0, 9.0))])
    assert history(late) == in_order
    assert "late" not in late.tally
    assert late.tally["status: not the newest"] > 0  # for the sensor's state, not for its place
    assert in_order != history(run(ground, scans))


def test_a_pose_that_heartbeats_state_again_is_not_a_late_report(ground: OpenSector) -> None:
    at = utc_datetime(START_NS)
    rows = [pose_row(ground, 20.0 * k, 0.0, observed_at=at) for k in range(10)]
    assert "late" not in run(ground, rows).tally
    other = pose_row(ground, 201.0, 0.0, observed_at=utc_datetime(START_NS + SECOND_NS))
    assert run(ground, [*rows, other]).tally["late"] == 1


def test_a_checkpoint_in_between_changes_nothing(ground: OpenSector, scans: list[JournalRow]) -> None:
    rows = sorted([*scans, *drive(ground, (0.0, 9.0))], key=lambda row: row.received_ns)
    whole, half = Pipeline(ground), Pipeline(ground)
    for row in rows[: len(rows) // 2]:
        half.take(row)
    restored = Pipeline(ground, checkpoint=half.save())
    alerts = [[alert for row in rows[len(rows) // 2 :] for alert in one.take(row)] for one in (half, restored)]
    assert alerts[0] == alerts[1]
    for row in rows:
        whole.take(row)
    assert history(restored) == history(whole)


def test_a_fixed_sensor_may_state_where_it_is_and_keeps_its_place(
    hill_ground: OpenSector, scans: list[JournalRow]
) -> None:
    told = run(hill_ground, [*scans, *drive(hill_ground, (0.0,))])
    assert history(told) == history(run(hill_ground, scans))
    assert dict(told.stands) == {}


def test_the_live_picture_shows_where_it_stands(ground: OpenSector) -> None:
    pipeline = run(ground, [pose_row(ground, 0.0, 0.0), pose_row(ground, 10.0, 100.0, heading_deg=41.5)])
    shown = {one["sensor"]: one for one in sensors_live(ground.layout, {}, stands=pipeline.stands)}
    east, _ = ground.layout.frame.to_local(shown[CARRIED]["lon"], shown[CARRIED]["lat"])
    assert east - ground.layout[CARRIED].easting == pytest.approx(100.0, abs=0.05)
    pose = shown[CARRIED]["pose"]
    assert pose["stated_ns"] == START_NS + 10 * SECOND_NS
    assert (pose["heading_deg"], pose["moving"], pose["position_sd_m"]) == (41.5, True, 2.0)
    assert all("pose" not in one for name, one in shown.items() if name != CARRIED)


def test_an_impossible_pose_is_a_fault_and_is_not_used(ground: OpenSector) -> None:
    pipeline = run(ground, [pose_row(ground, 0.0, 0.0), pose_row(ground, 1.0, 500.0)])
    assert pipeline.faults[CARRIED]["implausible_position"].parameters == {"reason": "jump"}
    assert pipeline.stands[CARRIED].stated_ns == START_NS
    pipeline = run(ground, [pose_row(ground, 0.0, 0.0, height_m=-900.0, height_sd_m=5.0)])
    assert pipeline.faults[CARRIED]["implausible_position"].parameters == {"reason": "ground"}
    pipeline = run(ground, [pose_row(ground, 0.0, 400_000.0)])
    assert pipeline.faults[CARRIED]["implausible_position"].parameters == {"reason": "terrain"}
    assert dict(pipeline.stands) == {}


def test_the_segments_that_it_covers_follow_it(ground: OpenSector) -> None:
    """Compared with a layout whose post is where it went."""
    pipeline = run(ground, [pose_row(ground, 0.0, -900.0), pose_row(ground, 30.0, -900.0)])
    tracker = pipeline._tracker
    before = current_coverage_of(tracker.model, ground.border)
    after = with_moved(before, ground.border, tracker.seen_from(pipeline.now_ns))
    assert with_moved(after, ground.border, tracker.seen_from(pipeline.now_ns)) is after
    post, frame = ground.layout[CARRIED], ground.layout.frame
    there = tracker.seen_from(pipeline.now_ns)[CARRIED].view
    lon, lat = frame.to_lonlat(there.east, there.north)
    moved = replace(post, easting=there.east, northing=there.north, lon=lon, lat=lat)
    layout = Layout("moved", frame, tuple(moved if one.id == CARRIED else one for one in ground.layout))
    expected = current_coverage_of(Pipeline(replace(ground, layout=layout))._tracker.model, ground.border)
    assert after.segments[CARRIED].tolist() == expected.segments[CARRIED].tolist()
    assert after.segments[CARRIED].tolist() != before.segments[CARRIED].tolist()
    others = [name for name in before.segments if name != CARRIED]
    assert all(after.segments[name] is before.segments[name] for name in others)

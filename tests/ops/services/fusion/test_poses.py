"""Poses from the journal: a late one gives the answer of the order, a fixed sensor stays, a bad one is a fault."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
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
from ops.services.map.present_layout import viewpoints_of
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
    after = with_moved(before, tracker.seen_from(pipeline.now_ns))
    assert with_moved(after, tracker.seen_from(pipeline.now_ns)) is after
    post, frame = ground.layout[CARRIED], ground.layout.frame
    there = tracker.seen_from(pipeline.now_ns)[CARRIED].model.view
    lon, lat = frame.to_lonlat(there.east, there.north)
    moved = replace(post, easting=there.east, northing=there.north, lon=lon, lat=lat)
    layout = Layout("moved", frame, tuple(moved if one.id == CARRIED else one for one in ground.layout))
    expected = current_coverage_of(Pipeline(replace(ground, layout=layout))._tracker.model, ground.border)
    assert after.segments[CARRIED].tolist() == expected.segments[CARRIED].tolist()
    assert after.segments[CARRIED].tolist() != before.segments[CARRIED].tolist()
    others = [name for name in before.segments if name != CARRIED]
    assert all(after.segments[name] is before.segments[name] for name in others)


def test_the_picture_shows_from_where_it_sees_and_nothing_once_its_position_is_not_known(ground: OpenSector) -> None:
    rows = [pose_row(ground, 2.0 * k, 8.0 * k, heading_deg=41.5) for k in range(5)]
    pipeline = run(ground, rows)
    shown = {one["sensor"]: one for one in sensors_live(
        ground.layout, {}, stands=pipeline.stands, viewpoints=pipeline.viewpoints)}  # fmt: skip
    there, cell = shown[CARRIED]["pose"]["seen_from"], float(abs(np.diff(ground.terrain["easting"][:2])[0]))
    assert abs(there["easting"] - ground.layout[CARRIED].easting - 32.0) <= 0.5 * cell
    assert (there["height_m"], there["moving"]) == (ground.layout[CARRIED].mast_height_m, True)
    assert viewpoints_of({CARRIED: there}) == {CARRIED: pipeline.viewpoints[CARRIED]}
    pipeline.take(replace(rows[-1], kind="tick", sensor="", body=b"", received_ns=START_NS + 70 * SECOND_NS))
    assert pipeline.viewpoints == {CARRIED: None}
    [gone] = [one for one in sensors_live(ground.layout, {}, stands=pipeline.stands, viewpoints=pipeline.viewpoints)
              if one["sensor"] == CARRIED]  # fmt: skip
    assert gone["pose"]["seen_from"] is None
    assert viewpoints_of({CARRIED: None}) == {CARRIED: None}


def test_its_coverage_is_lost_with_its_position_though_it_still_sends(
    ground: OpenSector, scans: list[JournalRow]
) -> None:
    """A vehicle that drove off and states no further pose: the segments that it covered last are named, once."""
    scan = next(row for row in scans if row.sensor == CARRIED)
    rows = [pose_row(ground, 2.0 * k, -8.0 * k) for k in range(10)]
    heard = [
        replace(scan, seq=1_000 + k, observed_ns=at, received_ns=at, body=b"", kind="tick", sensor="")
        for k in range(60)
        for at in [START_NS + (19 + k) * SECOND_NS]
    ]
    pipeline, told = Pipeline(ground), []
    for row in [*rows, *heard]:
        if row.sensor == "":  # it sends statuses that state no pose
            alive = Status(sensor=CARRIED, boot=1, seq=row.seq, observed_at=utc_datetime(row.observed_ns), state="ok")
            row = replace(row, kind="status", sensor=CARRIED, body=encode_status(alive))
        if "unknown_position" not in pipeline.faults.get(CARRIED, {}):
            covered = pipeline._coverage.segments[CARRIED].copy()
        told += [alert for alert in pipeline.take(row) if alert.rule == "coverage_lost" and alert.sensor == CARRIED]
    assert pipeline.health[CARRIED].state == "degraded"
    assert not pipeline._coverage.segments[CARRIED].any()
    [alert] = told
    assert alert.cause == "unknown_position"
    named = {gap.segment for gap in alert.coverage_gaps} or {alert.segment}
    assert named <= set(np.flatnonzero(covered | pipeline._coverage.last[CARRIED][1]).tolist())
    restored = Pipeline(ground, checkpoint=pipeline.save())
    restored.take(replace(rows[-1], kind="tick", sensor="", body=b"", received_ns=pipeline.now_ns))
    assert restored._coverage.last[CARRIED][1].tolist() == pipeline._coverage.last[CARRIED][1].tolist()


def test_coverage_gaps_follow_it_and_a_fixed_sector_keeps_its_answers(
    ground: OpenSector, hill_ground: OpenSector
) -> None:
    carried, fixed = (run(one, [pose_row(ground, 0.0, -900.0), pose_row(ground, 30.0, -900.0)])
                      for one in (ground, hill_ground))  # fmt: skip
    lookups = [one._forces.context.detection for one in (carried, fixed)]
    assert all(one is not None for one in lookups)
    there, post = (one.probability([]) for one in lookups)
    assert lookups[0].viewpoints
    assert not lookups[1].viewpoints
    assert not np.array_equal(there, post, equal_nan=True)
    np.testing.assert_array_equal(lookups[0].at({}).probability([]), post)
    np.testing.assert_array_equal(lookups[0].probability([CARRIED]), lookups[1].probability([CARRIED]))


def test_a_sensor_in_maintenance_or_offline_has_no_fault_of_its_position(ground: OpenSector) -> None:
    """Planned maintenance loses no coverage by surprise, and an offline sensor has its own alert."""
    drove = [pose_row(ground, 2.0 * k, 8.0 * k) for k in range(5)]
    stop = Status(
        sensor=CARRIED, boot=1, seq=200, observed_at=utc_datetime(START_NS + 9 * SECOND_NS), state="maintenance"
    )
    last = replace(drove[-1], seq=200, received_ns=START_NS + 9 * SECOND_NS, body=encode_status(stop))
    tick = replace(last, kind="tick", sensor="", body=b"")
    later = [replace(tick, received_ns=START_NS + second * SECOND_NS) for second in range(10, 81, 5)]
    for rows, state in (([*drove, last, *later], "maintenance"), ([*drove, *later], "offline")):
        pipeline, told = Pipeline(ground), []
        for row in rows:
            told += [alert for alert in pipeline.take(row) if alert.sensor == CARRIED]
        assert pipeline.health[CARRIED].state == state
        assert "unknown_position" not in pipeline.faults.get(CARRIED, {})
        assert all(alert.cause != "unknown_position" for alert in told)


def test_a_drone_that_loses_its_link_loses_its_coverage_at_once_and_its_last_position_stays_shown(
    ground: OpenSector,
) -> None:
    """The broker sends its last will, as when a connection ends; after a while it is there again."""
    drove = [pose_row(ground, 2.0 * k, -8.0 * k) for k in range(5)]

    def status(at_s: float, seq: int, state: Any) -> JournalRow:
        at_ns = START_NS + round(at_s * SECOND_NS)
        told = Status(sensor=CARRIED, boot=1, seq=seq, observed_at=utc_datetime(at_ns), state=state)
        return replace(drove[-1], seq=seq, observed_ns=at_ns, received_ns=at_ns, body=encode_status(told))

    pipeline = run(ground, [*drove, status(9.0, 200, "lost")])
    assert pipeline.health[CARRIED].state == "offline"
    [shown] = [one for one in sensors_live(ground.layout, {}, stands=pipeline.stands) if one["sensor"] == CARRIED]
    assert shown["pose"]["stated_ns"] == START_NS + 8 * SECOND_NS
    told = [alert for alert in pipeline.alerts.values() if alert.sensor == CARRIED]
    assert {alert.rule for alert in told} <= {"sensor_offline", "coverage_lost"}
    assert told
    pipeline.take(replace(pose_row(ground, 20.0, -40.0), seq=201, body=status(20.0, 201, "ok").body))
    assert pipeline.health[CARRIED].state == "ok"
    stopped = run(ground, [*drove, status(9.0, 200, "stopped")])
    assert stopped.health[CARRIED].state == "maintenance"
    assert not [
        alert for alert in stopped.alerts.values() if alert.sensor == CARRIED and alert.rule == "sensor_offline"
    ]

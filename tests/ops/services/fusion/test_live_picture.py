"""The live picture says what is known of each track, in values that JSON can hold."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from pyproj import Geod

from fusion.poses.known import PoseAt
from fusion.track_management.history import estimates
from fusion.tracker import Tracker
from geo.frame import LocalFrame
from ops.journal.reader import JournalReader
from ops.sector.open_sector import OpenSector
from ops.services.fusion.live_picture import UNKNOWN_BELOW, bearings_live, tracks_live
from ops.services.fusion.pipeline import Pipeline
from sensors.detections import split
from sensors.layout import Layout, place
from sensors.scan import CLASSES


def test_every_track_has_the_probability_of_each_class_and_the_sensors_that_saw_it(
    hill_ground: OpenSector, hill_journal: Path
) -> None:
    pipeline, pictures = Pipeline(hill_ground), []
    with JournalReader(hill_journal) as journal:
        for number, row in enumerate(journal.read(0, 10_000)):
            pipeline.take(row)
            if number % 50 == 0:
                pictures += tracks_live(pipeline, hill_ground.frame)
    assert pictures
    known = {sensor.id for sensor in hill_ground.layout}
    for track in json.loads(json.dumps(pictures)):
        shares = track["class_probability"]
        assert tuple(shares) == CLASSES
        assert abs(sum(shares.values()) - 1) <= 0.005 / 2 + 1e-9  # five values rounded to 0.001
        assert max(shares.values()) == track["label_probability"]
        likely = max(shares, key=shares.get)
        if abs(track["label_probability"] - UNKNOWN_BELOW) > 0.0005:  # nearer than that, rounding decides
            assert track["label"] == (likely if track["label_probability"] > UNKNOWN_BELOW else "unknown")
        assert set(track["sensors"]) <= known
        assert len(set(track["sensors"])) == len(track["sensors"])
    assert all(track["sensors"] for track in pictures if track["status"] == "confirmed")


@pytest.mark.parametrize(("epsg", "lon", "lat"), [(32632, 5.3, 60.4), (32632, 12.4, 47.0), (32719, -72.0, -16.0)])
@pytest.mark.parametrize("grid_deg", [0.0, 30.0, 89.0, 179.9])
def test_an_ellipse_and_a_course_along_one_grid_line_have_the_same_true_azimuth(
    epsg: int, lon: float, lat: float, grid_deg: float
) -> None:
    """The azimuth of the grid line is that of the geodesic between two of its points (Karney, by pyproj)."""
    frame = LocalFrame.from_epsg(epsg)
    east, north = (float(part) for part in frame.to_local(lon, lat))
    along = np.array([np.sin(np.radians(grid_deg)), np.cos(np.radians(grid_deg))])
    cov = np.zeros((4, 4))
    cov[:2, :2] = 100.0 * np.outer(along, along) + 4.0 * (np.eye(2) - np.outer(along, along))
    (track,) = tracks_live(pipeline_of(np.array([east, north, *(2.0 * along)]), cov), frame)
    (here_lon, there_lon), (here_lat, there_lat) = frame.to_lonlat(
        np.array([east, east + 10.0 * along[0]]), np.array([north, north + 10.0 * along[1]])
    )
    true_deg = Geod(ellps="WGS84").inv(here_lon, here_lat, there_lon, there_lat)[0]
    assert turned(track["ellipse_azimuth_deg"], true_deg, 180.0) <= 0.06  # rounded to 0.1
    assert turned(track["course_deg"], true_deg, 360.0) <= 0.06
    assert track["ellipse_m"] == [10.0, 2.0]


def turned(one_deg: float, other_deg: float, circle_deg: float) -> float:
    """The angle between two directions [deg], which repeat after ``circle_deg``."""
    return abs((one_deg - other_deg + circle_deg / 2.0) % circle_deg - circle_deg / 2.0)


def pipeline_of(state: np.ndarray, cov: np.ndarray) -> Any:
    """A pipeline that holds one track."""
    packed = cov[np.triu_indices(4)]
    columns = {
        "track": np.array([1]), "centre": state[None], "spread": packed[None], "existence": np.array([0.99]),
        "status": np.array([1]),
    }  # fmt: skip
    tracks = estimates(columns, np.array([10**18]), None).assign(
        class_probability=(("estimate", "class"), np.eye(len(CLASSES))[:1]),
        updated_at=("estimate", np.array([10**18]).astype("datetime64[ns]")),
    )
    return SimpleNamespace(
        tracks=tracks,
        seen_by=lambda _: [],
        doubtful=lambda _: [],
        evidence_of=lambda *_: [],
        radio_name=lambda _: None,
        marking_of_track=lambda _: "",
    )


LOOK = np.datetime64("2026-03-14T21:00:00", "ns")


def finders(frame: LocalFrame, **survey: float) -> Layout:
    one, two = (
        place(
            frame, east, 0.0, id=name, kind="radio", max_range_m=5000.0, period_s=2.0, azimuth_sd_deg=2.0,
            detection_probability=0.95, duty=0.5, **survey,
        )
        for name, east in (("F0", 500.0), ("F1", 3500.0))
    )  # fmt: skip
    return Layout("finders", frame, (one, two))


def heard(layout: Layout, azimuths_rad: list[float], sensor: str = "F0") -> Tracker:
    """A tracker after looks of one finder, 2 s apart, each with one bearing."""
    looks = len(azimuths_rad)
    tracker = Tracker(layout)
    detections = xr.Dataset(
        {
            "scan_sensor": ("scan", np.full(looks, sensor)),
            "scan_time": ("scan", LOOK + np.arange(0, 2 * looks, 2).astype("timedelta64[s]")),
            "scan_boot": ("scan", np.ones(looks, np.int64)),
            "scan_sequence": ("scan", np.arange(looks)),
            "scan_index": ("detection", np.arange(looks)),
            "azimuth": ("detection", np.array(azimuths_rad), {"units": "rad"}),
            "azimuth_sd": ("detection", np.full(looks, np.radians(2.0)), {"units": "rad"}),
        }
    )
    for scan in split(detections, layout):
        tracker.advance(scan)
    return tracker


def bearings_at(tracker: Tracker, layout: Layout, second: float, **stands: Any) -> list[dict[str, Any]]:
    now_ns = int(LOOK.astype(np.int64)) + round(second * 1e9)
    pipeline: Any = SimpleNamespace(
        bearings=tracker.bearings(provisional=True), now_ns=now_ns, marking_of_sensor=lambda _: "", stands=stands
    )
    return list(json.loads(json.dumps(bearings_live(pipeline, layout))))


@pytest.mark.parametrize(("epsg", "lon", "lat"), [(32632, 5.3, 60.4), (32632, 12.4, 47.0), (32719, -72.0, -16.0)])
def test_a_bearing_has_the_true_azimuth_of_the_emitter(epsg: int, lon: float, lat: float) -> None:
    """Emitter and finder are on one geodesic (Karney, by pyproj); the finder reports the azimuth in the grid."""
    frame = LocalFrame.from_epsg(epsg)
    east, north = (float(part) for part in frame.to_local(lon, lat))
    layout = Layout(
        "one", frame,
        (place(frame, east, north, id="F0", kind="radio", max_range_m=5000.0, period_s=2.0, azimuth_sd_deg=2.0,
               detection_probability=0.95, duty=0.5),),
    )  # fmt: skip
    true_deg = 70.0
    there_lon, there_lat, _ = Geod(ellps="WGS84").fwd(lon, lat, true_deg, 3000.0)
    there = [float(part) for part in frame.to_local(there_lon, there_lat)]
    grid_rad = float(np.arctan2(there[0] - east, there[1] - north)) % (2 * np.pi)
    (contact,) = bearings_at(heard(layout, [grid_rad] * 4), layout, 7.0)
    assert turned(contact["azimuth_deg"], true_deg, 360.0) <= 0.02  # rounded to 0.01; arc to chord 3 km: 0.003°
    assert (contact["sensor"], contact["range_m"], contact["bearings"]) == ("F0", 5000.0, 4)
    assert (contact["lon"], contact["lat"]) == pytest.approx((lon, lat))


def test_a_bearing_of_a_finder_that_was_moved_has_the_north_of_where_it_stands() -> None:
    """20 km east of its post at 62° N the north of the grid differs by 0.34°. It states the error of its heading."""
    frame = LocalFrame.around(25.0, 62.0)
    layout = finders(frame)
    (name, *_), now_ns = layout.ids, int(LOOK.astype(np.int64))
    stand = PoseAt(20_000.0, 0.0, 0.0, 0.0, 0.0, 5.0, 0.0, math.radians(0.5), 0.0, 0.0, 1.0, False, 0.0, now_ns)
    tracker = heard(layout, [1.0] * 30)
    (contact,) = bearings_at(tracker, layout, 60.0, **{name: stand})
    true_deg = math.degrees(1.0 + float(frame.convergence_rad(20_000.0, 0.0)))
    at_post_deg = math.degrees(1.0 + float(frame.convergence_rad(layout[name].easting, layout[name].northing)))
    assert abs(true_deg - at_post_deg) > 0.3
    assert turned(contact["azimuth_deg"], true_deg, 360.0) <= 0.01
    assert 0.5 <= contact["azimuth_sd_deg"] < 1.5


def test_many_bearings_do_not_make_the_wedge_narrower_than_the_alignment_of_the_finder() -> None:
    """Noise averages out, a twisted north does not: after 30 bearings of 2° the alignment's 1.5° or 3° remains."""
    frame = LocalFrame.around(10.0, 47.0)
    for survey, least_deg in (({}, 1.5), ({"north_sd_deg": 3.0}, 3.0)):
        layout = finders(frame, **survey)
        few, many = (bearings_at(heard(layout, [1.0] * n), layout, 2.0 * n)[0]["azimuth_sd_deg"] for n in (1, 30))
        assert least_deg <= many < few
        assert few == pytest.approx(np.hypot(2.0, least_deg), abs=0.01) or few > least_deg


def test_a_bearing_leaves_the_picture_after_its_lifetime_also_when_the_finder_is_silent() -> None:
    layout = finders(LocalFrame.around(10.0, 47.0))
    tracker = heard(layout, [1.0, 1.0])
    (contact,) = bearings_at(tracker, layout, 3.0)
    assert bearings_at(tracker, layout, 2.0 + contact["lifetime_s"] - 0.1) == [contact]
    assert bearings_at(tracker, layout, 2.0 + contact["lifetime_s"] + 0.1) == []


def test_a_picture_without_direction_finders_has_no_bearings(hill_ground: OpenSector) -> None:
    assert bearings_live(Pipeline(hill_ground), hill_ground.layout) == []

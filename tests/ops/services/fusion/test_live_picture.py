"""The live picture says what is known of each track, in values that JSON can hold."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pyproj import Geod

from fusion.track_management.history import estimates
from geo.frame import LocalFrame
from ops.journal.reader import JournalReader
from ops.sector.open_sector import OpenSector
from ops.services.fusion.live_picture import UNKNOWN_BELOW, tracks_live
from ops.services.fusion.pipeline import Pipeline
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
    return SimpleNamespace(tracks=tracks, seen_by=lambda _: [], doubtful=lambda _: [], evidence_of=lambda *_: [])

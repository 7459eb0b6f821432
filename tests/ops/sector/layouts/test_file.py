"""A layout file that is opened without its sector: the frame is true for all its sensors, and mistakes are found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyproj
import pytest

from geo.errors import FrameError
from geo.frame import LocalFrame
from ops.sector.layouts.file import frame_of, layout_of
from sensors.errors import LayoutError

GEOD = pyproj.Geod(ellps="WGS84")
LonLat = tuple[Any, Any]
Write = Callable[[Iterable[LonLat]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A layout of radars at these points, in their order."""

    def write_one(points: Iterable[LonLat]) -> Path:
        features = [
            {"type": "Feature", "properties": {"id": f"r{n}", "kind": "radar", "max_range_m": 5000},
             "geometry": {"type": "Point", "coordinates": list(point)}}
            for n, point in enumerate(points)
        ]  # fmt: skip
        file = tmp_path / "layout.geojson"
        file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        return file

    return write_one


NEAR = [(20.0 + n / 100, 50.0) for n in range(20)]
"""Twenty within 14 km."""


@pytest.mark.parametrize("west", [20.0, 172.0])
def test_radars_along_a_thousand_kilometres_are_all_accepted_from_either_end(write: Write, west: float) -> None:
    """50 km apart from west to east, also across the antimeridian: no frame around the first is true at the last."""
    east = [(west + 0.7 * n + 180.0) % 360.0 - 180.0 for n in range(21)]
    points = [(lon, 50.0) for lon in east]
    for listed in (points, points[::-1]):
        layout = layout_of(write(listed))
        assert len(layout) == 21
        assert all(layout.placement(sensor.id).scale == pytest.approx(1.0, abs=1e-3) for sensor in layout)
        one, two = layout["r0"], layout["r1"]
        flat_m = ((one.easting - two.easting) ** 2 + (one.northing - two.northing) ** 2) ** 0.5
        assert flat_m == pytest.approx(GEOD.inv(*listed[0], *listed[1])[2], rel=1e-3)


def test_sensors_at_one_place_keep_the_frame_around_the_first(write: Write) -> None:
    assert frame_of(write(NEAR)) == LocalFrame.around(*NEAR[0])
    assert frame_of(write(NEAR[::-1])) == LocalFrame.around(*NEAR[-1])
    assert frame_of(write(NEAR[:1])) == LocalFrame.around(*NEAR[0])


@pytest.mark.parametrize("wrong", [(50.0, 20.0), (-20.0, 50.0), (0.0, 0.0)], ids=["exchanged", "sign", "zero"])
def test_a_sensor_that_is_far_from_all_others_is_a_mistake_and_no_long_border(write: Write, wrong: LonLat) -> None:
    with pytest.raises(FrameError, match=r"sensor 'r20': longitude .* is too far away"):
        layout_of(write([*NEAR, wrong]))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"type": "FeatureCollection"}',
        '{"type": "FeatureCollection", "features": 7}',
        '{"type": "FeatureCollection", "features": [7]}',
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": null, "properties": {}}]}',
    ],
)
def test_a_broken_file_is_an_error_of_the_layout(tmp_path: Path, text: str) -> None:
    file = tmp_path / "layout.geojson"
    file.write_text(text)
    with pytest.raises(LayoutError, match=r"layout\.geojson"):
        layout_of(file)


@pytest.mark.parametrize("point", [("a", 50.0), (10**400, 50.0), (200.0, 50.0), (20.0,)])
def test_a_sensor_without_a_point_on_earth_is_an_error_of_the_layout(write: Write, point: Any) -> None:
    for listed in ([point, *NEAR], [*NEAR, point]):
        with pytest.raises(LayoutError, match="sensor 'r"):
            layout_of(write(listed))

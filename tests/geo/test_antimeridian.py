"""Lines and areas across the 180th meridian run on beyond it; everything else stays as it is."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiLineString, MultiPolygon, Polygon, box

from geo.antimeridian import area_within, on_globe, run_on, unrolled
from geo.border import Border
from geo.frame import LocalFrame
from geo.paths.response_times import isochrones

JUMPING = [(179.9, -17.0), (-179.9, -17.1), (-179.8, -17.0)]


def test_by_hand_a_line_runs_on_to_the_east_and_to_the_west() -> None:
    assert unrolled(LineString(JUMPING)).coords[:] == [(179.9, -17.0), (180.1, -17.1), (pytest.approx(180.2), -17.0)]
    back = unrolled(LineString(JUMPING[::-1])).coords[:]
    assert [lon for lon, _ in back] == pytest.approx([-179.8, -179.9, -180.1])


def test_by_hand_parts_and_holes_are_on_the_side_of_the_first() -> None:
    ring = [(179.0, 0.0), (-179.0, 0.0), (-179.0, 2.0), (179.0, 2.0)]
    hole = [(-179.6, 0.5), (-179.2, 0.5), (-179.2, 1.0), (-179.6, 1.0)]
    assert unrolled(Polygon(ring, [hole])).equals(box(179.0, 0.0, 181.0, 2.0) - box(180.4, 0.5, 180.8, 1.0))
    parts = unrolled(MultiPolygon([Polygon(ring), box(-178.0, 0.0, -177.0, 1.0)]))
    assert parts.equals(MultiPolygon([box(179.0, 0.0, 181.0, 2.0), box(182.0, 0.0, 183.0, 1.0)]))
    lines = unrolled(MultiLineString([[(179.0, 0.0), (179.5, 0.0)], [(-179.5, 0.0), (-179.0, 0.0)]]))
    assert lines.bounds == (179.0, 0.0, 181.0, 0.0)


@given(st.lists(st.tuples(st.floats(-89.0, 89.0), st.floats(-80.0, 80.0)), min_size=2, max_size=8))
def test_what_does_not_cross_stays_to_the_bit(places: list[tuple[float, float]]) -> None:
    line = LineString(places)
    assert unrolled(line) is line


def test_a_ring_around_the_pole_stays_as_it_is() -> None:
    ring = Polygon([(lon, 80.0) for lon in range(-180, 180, 30)])
    assert unrolled(ring).equals(ring)
    assert unrolled(Polygon()).is_empty


@given(st.lists(st.floats(-179.0, 179.0), min_size=1, max_size=20), st.floats(-180.0, 180.0))
def test_longitudes_differ_by_whole_turns_and_never_jump(steps: list[float], begin: float) -> None:
    whole = begin + np.cumsum(steps)
    jumping = (whole + 180.0) % 360.0 - 180.0
    found = run_on(jumping)
    assert np.abs(np.diff(found)).max(initial=0.0) <= 180.0
    assert found - found[0] == pytest.approx(whole - whole[0], abs=1e-6)


@given(st.floats(178.0, 182.0), st.floats(0.1, 3.0), st.integers(3, 40), st.floats(0.0, 7.0))
def test_a_ring_across_it_stays_closed_to_the_bit(centre: float, radius: float, corners: int, turn: float) -> None:
    angles = turn + np.linspace(0.0, 2.0 * np.pi, corners, endpoint=False)
    east, north = centre + radius * np.cos(angles), 65.0 + radius * np.sin(angles)
    jumping = Polygon(np.column_stack([(east + 180.0) % 360.0 - 180.0, north]))
    ring = unrolled(jumping).exterior
    assert ring.is_closed
    west, _, most, _ = ring.bounds
    assert most - west <= 2.0 * radius + 1e-9
    assert on_globe(ring.coords.xy[0]) == pytest.approx(np.array(jumping.exterior.coords.xy[0]), abs=1e-9)


@pytest.mark.parametrize("lat", [-16.8, 52.0, 65.0, 71.2])
@pytest.mark.parametrize("lon", [180.0, 179.99, -179.995])
def test_isochrones_across_it_are_areas(lat: float, lon: float) -> None:
    frame = LocalFrame.around(lon, lat)
    axis = 50.0 * np.arange(-30, 31)
    places = {"northing": axis[::-1], "easting": axis}
    ground = xr.Dataset(coords=places, attrs={"crs": frame.wkt})
    time = xr.DataArray(np.hypot(axis[::-1, None], axis), places, ("northing", "easting"))
    for area in isochrones(time, ground, [5.0, 10.0]).geometry:
        assert area.is_valid
        west, _, east, _ = area.bounds
        assert 0.0 < east - west < 0.04


@pytest.mark.parametrize(
    ("bounds", "hits"),
    [
        ((-179.9995, -17.0, -179.9, -16.8), True),  # east of it
        ((179.9, -17.0, -179.9, -16.8), True),  # across it
        ((179.9, -17.0, 179.999, -16.8), True),  # west of it
        ((-180.0, -90.0, 180.0, 90.0), True),
        ((10.0, -17.0, 11.0, -16.8), False),
        ((-179.9, -17.0, 179.9, -16.8), False),  # all but a strip around it
    ],
)
def test_bounds_meet_a_line_that_runs_on(bounds: tuple[float, float, float, float], hits: bool) -> None:
    for turn in (0.0, -360.0):
        line = LineString([(179.9975 + turn, -16.9), (180.0022 + turn, -16.9)])
        assert bool(area_within(*bounds).intersects(line)) is hits


@pytest.mark.parametrize("lon", [177.0, 180.0, -180.0])
def test_areas_and_segments_are_as_large_across_it_as_beside_it(lon: float) -> None:
    """The same hour's reach and the same border, in frames of their own at three longitudes."""
    frame = LocalFrame.around(lon, -17.0)
    axis = 100.0 * np.arange(-20, 21)
    ground = xr.Dataset(coords={"northing": axis[::-1], "easting": axis}, attrs={"crs": frame.wkt})
    hours = xr.DataArray(
        np.hypot(axis[::-1, None], axis), {"northing": axis[::-1], "easting": axis}, ("northing", "easting")
    )
    area = isochrones(hours, ground, [20.0]).geometry.iloc[0]
    cells = float((hours.to_numpy() <= 1200.0).sum())
    degrees2 = cells * 100.0**2 / (110_668.0 * 106_493.0)  # a degree of latitude and of longitude at 17° S
    assert area.area == pytest.approx(degrees2, rel=2e-3)
    west, _, east, _ = area.bounds
    assert east - west < 0.03
    border = Border(frame, LineString([(-1_950.0, 30.0), (1_950.0, 30.0)]), segment_length_m=500.0)
    for segment in border.to_geodataframe().geometry:
        steps = np.abs(np.diff(shapely.get_coordinates(segment)[:, 0]))
        assert steps.max() < 0.01

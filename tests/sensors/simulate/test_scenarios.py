"""Who moves, where and how fast: laws of movers and of the night at a border."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString

from geo.border import Border
from geo.frame import LocalFrame
from sensors.errors import ScenarioError
from sensors.simulate.movers import Mover, Scenario
from sensors.simulate.routes import GAITS, route, timed
from sensors.simulate.scenarios import NightSettings, border_night

FRAME = LocalFrame.around(-84.2, 36.6)
START = datetime(2025, 6, 1, 2, 0, tzinfo=UTC)
CELL = 60.0
SIZE = 101


def hills(seed: int = 3) -> xr.Dataset:
    """Smooth hills of 300 m, 6 km square."""
    chance = np.random.default_rng(seed)
    axis = np.arange(SIZE) * CELL - CELL * (SIZE - 1) / 2
    east, north = np.meshgrid(axis, axis[::-1])
    elevation = np.full((SIZE, SIZE), 500.0)
    for _ in range(6):
        ce, cn = chance.uniform(-2_500, 2_500, 2)
        elevation += 150.0 * np.exp(-((east - ce) ** 2 + (north - cn) ** 2) / 700.0**2)
    return xr.Dataset(
        {"elevation": (("northing", "easting"), elevation.astype(np.float32), {"units": "m"})},
        coords={"northing": ("northing", axis[::-1], {"units": "m"}), "easting": ("easting", axis, {"units": "m"})},
        attrs={"crs": FRAME.wkt, "datum": "test", "cell_m": CELL},
    )


def border(home_side: str = "right") -> Border:
    return Border(FRAME, LineString([(-2_800, 100), (-900, -80), (500, 120), (2_800, 0)]), home_side=home_side)


def night(seed: int = 1, **values: object) -> Scenario:
    return border_night(hills(), border(), seed=seed, duration_s=600.0, start=START, **values)


def first_crossing_s(mover: Mover, line: Border) -> float | None:
    times = np.arange(max(0.0, mover.times_s[0]), mover.times_s[-1], 0.5)
    offset = line.locate(*mover.at(times)[0].T)[2]
    changes = np.flatnonzero(np.diff(np.sign(offset)) != 0)
    return float(times[changes[0]]) if len(changes) else None


@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(0.0, 100.0))
def test_a_straight_mover_keeps_its_velocity(east_rate: float, north_rate: float, time_s: float) -> None:
    mover = Mover.straight("m", (10.0, -20.0), (east_rate, north_rate), 100.0)
    position, velocity = mover.at([time_s])
    assert position[0] == pytest.approx([10.0 + east_rate * time_s, -20.0 + north_rate * time_s], abs=1e-9)
    assert velocity[0] == pytest.approx([east_rate, north_rate], abs=1e-9)


def test_a_mover_is_nowhere_before_and_after_its_way() -> None:
    position, velocity = Mover.straight("m", (0, 0), (1, 0), 10.0).at([-0.1, 0.0, 10.0, 10.1])
    assert np.isnan(position[:, 0]).tolist() == [True, False, False, True]
    assert np.isnan(velocity[:, 0]).tolist() == [True, False, False, True]


@pytest.mark.parametrize(
    ("target", "times"), [("ghost", [0.0, 1.0]), ("person", [0.0]), ("person", [1.0, 1.0]), ("person", [0.0, np.nan])]
)
def test_movers_that_cannot_be_are_refused(target: str, times: list[float]) -> None:
    points = np.arange(len(times), dtype=float)
    with pytest.raises(ScenarioError, match="'m'"):
        Mover("m", target, np.array(times), points, points)


def test_scenarios_that_cannot_be_are_refused() -> None:
    mover = Mover.straight("m", (0, 0), (1, 0), 10.0)
    with pytest.raises(ScenarioError, match="time zone"):
        Scenario((mover,), datetime(2025, 1, 1), 10.0)  # noqa: DTZ001
    with pytest.raises(ScenarioError, match="one id"):
        Scenario((mover, mover), START, 10.0)
    with pytest.raises(ScenarioError, match="duration_s"):
        Scenario((mover,), START, 0.0)
    with pytest.raises(ScenarioError, match="fraction"):
        Scenario((mover,), START, 10.0, late_fraction=1.5)


def test_a_route_avoids_the_hill_that_the_straight_way_climbs() -> None:
    terrain = hills()
    axis = terrain["easting"].to_numpy()
    east, north = np.meshgrid(axis, axis[::-1])
    terrain["elevation"][:] = (600.0 * np.exp(-(east**2 + north**2) / 500.0**2)).astype(np.float32)
    start, goal = np.array([-1_500.0, 0.0]), np.array([1_500.0, 0.0])
    points = route(terrain, start, goal)
    assert points is not None
    around, over = (timed(terrain, p, GAITS["person"], 1.0) for p in (points, np.array([start, goal])))
    assert around is not None
    assert over is not None
    assert around[0][-1] < over[0][-1]
    assert np.abs(points[:, 1]).max() > 300.0


def test_uphill_takes_longer_than_downhill() -> None:
    terrain = hills()
    terrain["elevation"][:] = np.broadcast_to(terrain["easting"].to_numpy() * 0.2, (SIZE, SIZE)).astype(np.float32)
    way = np.array([[-1_000.0, 0.0], [1_000.0, 0.0]])
    up, down = (timed(terrain, points, GAITS["person"], 1.0) for points in (way, way[::-1]))
    assert up is not None
    assert down is not None
    ratio = np.exp(3.5 * (0.25 - 0.15))  # Tobler: |0.2 + 0.05| up, |-0.2 + 0.05| down
    assert up[0][-1] / down[0][-1] == pytest.approx(ratio, rel=1e-6)


def test_crossings_meet_the_line_when_they_should_and_are_under_way_before() -> None:
    wanted = NightSettings().crossing_times_s
    movers = {mover.id: mover for mover in night().movers}
    for i, (target, time_s) in enumerate(wanted):
        mover = movers[f"early-{i:02d}"]
        assert mover.target == target
        assert mover.times_s[0] < 0.0
        assert first_crossing_s(mover, border()) == pytest.approx(time_s, abs=1.5)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_only_those_who_cross_cross(seed: int) -> None:
    for mover in night(seed).movers:
        times = np.arange(mover.times_s[0], mover.times_s[-1], 1.0)
        segment, _, offset = border().locate(*mover.at(times)[0].T)
        crosses = bool((np.diff(np.sign(offset[segment >= 0])) != 0).any())
        assert crosses == (mover.intent == "crossing"), mover.id
        if mover.intent == "turn_back":
            assert 10.0 < -offset.max() < 200.0


def test_nobody_outruns_the_fastest_gait() -> None:
    limits = {"person": 2.2, "group": 2.0, "vehicle": 10.5, "animal": 1.7, "other": 1.7}
    for mover in night().movers:
        speed = np.hypot(*mover.at(np.linspace(mover.times_s[0], mover.times_s[-1], 500))[1].T)
        assert speed.max() <= limits[mover.target]


def test_the_same_seed_gives_the_same_night_and_another_another() -> None:
    times = np.arange(0.0, 600.0, 10.0)
    first, again, other = night(1), night(1), night(2)
    np.testing.assert_array_equal(first.states(times)[0], again.states(times)[0])
    assert [m.id for m in first.movers] == [m.id for m in again.movers]
    assert not np.array_equal(first.movers[0].at(times)[0], other.movers[0].at(times)[0])


def test_both_directions_and_every_intent_occur() -> None:
    scenario = border_night(
        hills(), border(), seed=1, duration_s=3_600.0, start=START, settings=NightSettings(outward_share=0.5)
    )
    assert {mover.intent for mover in scenario.movers} == {"crossing", "turn_back", "local"}
    ends = [
        border().locate(float(m.easting[-1]), float(m.northing[-1]))[2]
        for m in scenario.movers
        if m.intent == "crossing"
    ]
    assert min(ends) < 0.0 < max(ends)


def test_home_is_where_the_border_says() -> None:
    """With home on the other side inward crossings end on the other side of the line."""
    inward = NightSettings(outward_share=0.0, local_movers=0, turn_backs=0, crossings_per_hour=0.0)
    for home_side in ("left", "right"):
        line = border(home_side)
        scenario = border_night(hills(), line, seed=1, duration_s=600.0, start=START, settings=inward)
        for mover in scenario.movers:
            assert line.locate(float(mover.easting[-1]), float(mover.northing[-1]))[2] > 0.0


def test_watched_crossings_meet_the_line_where_a_sensor_sees() -> None:
    seen = np.zeros((1, SIZE, SIZE), dtype=np.float32)
    seen[:, :, 60:] = 0.9  # the east only
    coverage = xr.Dataset(
        {"probability": (("sensor", "northing", "easting"), seen)},
        coords={"northing": hills()["northing"], "easting": hills()["easting"]},
    )
    for mover in night(coverage=coverage).movers:
        if mover.id.startswith("early"):
            met_s = first_crossing_s(mover, border())
            assert met_s is not None
            assert mover.at([met_s])[0][0, 0] > 530.0  # column 60's western edge, less a step


def covered(probability: float) -> xr.Dataset:
    """One sensor with this single-look Pd everywhere."""
    pd = np.full((1, SIZE, SIZE), probability, dtype=np.float32)
    return xr.Dataset(
        {"probability": (("sensor", "northing", "easting"), pd)},
        coords={"northing": hills()["northing"], "easting": hills()["easting"]},
    )


def test_a_layout_that_does_not_cover_the_border_is_named_as_the_cause() -> None:
    """The terrain is passable; only the sensors' view of the border is missing."""
    with pytest.raises(ScenarioError) as caught:
        night(coverage=covered(0.4))
    assert "not covered in 60; the single-look Pd of a person exceeds 0.5 on 0% of the border" in str(caught.value)
    assert "higher antennas" in str(caught.value)
    assert "passable" not in str(caught.value)
    assert night(coverage=covered(0.6)).movers


def test_void_terrain_at_the_border_is_named_as_the_cause() -> None:
    terrain = hills()
    terrain["elevation"][40:60] = np.nan
    with pytest.raises(ScenarioError, match=r"no crossing for 'early-00' in 60 tries: no passable route") as caught:
        border_night(terrain, border(), seed=1, duration_s=60.0, start=START)
    assert "passable terrain on both sides" in str(caught.value)


def test_a_terrain_that_ends_at_the_border_is_named_as_the_cause() -> None:
    terrain = hills()
    terrain["elevation"][:50] = np.nan
    with pytest.raises(ScenarioError, match="off the terrain or on a void in 60") as caught:
        border_night(terrain, border(), seed=1, duration_s=60.0, start=START)
    assert "known elevation up to 1800 m" in str(caught.value)

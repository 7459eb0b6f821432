"""Whole-crossing states: the worked example of outages, and who knows the state is detected no more."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString

from geo.border import Border
from geo.errors import BadInput
from geo.frame import LocalFrame
from sensors.crossing.segments import least_ways, over_segments
from sensors.crossing.watched_belt import WatchedBelt
from sensors.crossing.weather_and_outages import CrossingState, outage_states, over_crossing_states
from sensors.gaps import watch_belt
from tests.geo.mobility.constant_speed import at_speed

FRAME = LocalFrame.around(1.5, 42.5)
SHAPE = (21, 40)
BORDER = Border(FRAME, LineString([(0.0, 50.0), (195.0, 50.0)]), segment_length_m=39.0)
GROUND = xr.Dataset(
    {"elevation": (("northing", "easting"), np.zeros(SHAPE), {"units": "m"})},
    coords={"northing": 5.0 * np.arange(SHAPE[0])[::-1], "easting": 5.0 * np.arange(SHAPE[1])},
    attrs={"crs": FRAME.wkt},
)


def seen(*rates: np.ndarray | float, belt_m: float = 40.0) -> WatchedBelt:
    dims = ("sensor", "northing", "easting")
    values = np.array([np.broadcast_to(rate, SHAPE) for rate in rates], float).reshape(-1, *SHAPE)
    coverage = xr.Dataset(
        {"rate": (dims, values), "look_probability": (dims, 1.0 - np.exp(-3.0 * values))},
        coords={
            "sensor": [f"s{i}" for i in range(len(rates))],
            "kind": ("sensor", ["radar"] * len(rates)),
            **GROUND.coords,
        },
        attrs={"target": "person", "assumptions": json.dumps([])},
    )
    return watch_belt(coverage, GROUND, BORDER, belt_m=belt_m, mobility=at_speed(GROUND, 80.0 / 60.0))


def test_the_worked_example_of_availability() -> None:
    """p = .3, 20 looks, availability .5 → .4996 (per look it would be .9612): 60 s at 3 s a look."""
    radar = seen(-math.log(0.7) / 3.0)
    found = over_crossing_states(outage_states(radar, {frozenset({"s0"}): 0.5, frozenset(): 0.5}))
    assert found.known == pytest.approx(0.4996, abs=5e-5)
    assert found.unknown == pytest.approx(found.known)
    assert float(np.max(found.known)) < 0.5 < 1.0 - 0.85**20


@pytest.mark.parametrize(("beside", "whole"), [(1e-3, True), (0.0, True), (1e-3, False), (0.0, False)])
def test_one_state_is_known_where_its_segments_are(beside: float, whole: bool) -> None:
    """A sensor whose sight is unknown on a strip along the line, all of it or with a gap in each segment, beside one
    that sees all of the ground or nothing."""
    strip = np.zeros(SHAPE)
    strip[8:13, :] = np.nan
    if not whole:
        strip[:, ::4] = 0.0
    watched = seen(beside, strip)
    expected = over_segments(watched, least_ways(watched))["detection_probability"].to_numpy()
    found = over_crossing_states([CrossingState("all", 1.0, watched)])
    assert np.isnan(expected).all() == whole
    assert np.array_equal(found.known, expected, equal_nan=True)
    assert np.array_equal(found.unknown, expected, equal_nan=True)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 1.0))
def test_who_knows_the_state_is_detected_no_more(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    radars = seen(*(rng.uniform(0.0, 0.3, SHAPE) ** 2 for _ in range(2)))
    states = outage_states(radars, {frozenset({"s0", "s1"}): share, frozenset({"s1"}): 1.0 - share})
    found = over_crossing_states(states)
    assert (found.known <= found.unknown + 1e-12).all()
    assert found.known == pytest.approx(share * found.by_state[0] + (1.0 - share) * found.by_state[1])
    assert (found.by_state[1] <= found.by_state[0] + 1e-12).all(), "a sensor more detects no less"


def test_who_does_not_know_pays_for_it() -> None:
    """Each half of the ground is watched in one state only: who knows goes round it, who does not cannot."""
    west, east = np.zeros(SHAPE), np.zeros(SHAPE)
    west[:, :20], east[:, 20:] = 1.0, 1.0
    halves = seen(west, east)
    found = over_crossing_states(outage_states(halves, {frozenset({"s0"}): 0.5, frozenset({"s1"}): 0.5}))
    assert float(np.min(found.unknown)) == pytest.approx(0.5, abs=1e-6)
    assert (found.unknown >= 0.5 - 1e-9).all()
    assert (np.min(found.by_state, axis=1) == 0.0).all()


def test_states_that_do_not_fit_are_refused() -> None:
    radar = seen(0.1)
    with pytest.raises(BadInput, match="sum to 1"):
        over_crossing_states([CrossingState("a", 0.5, radar)])
    with pytest.raises(BadInput, match="sum to 1"):
        over_crossing_states([])
    with pytest.raises(BadInput, match="belts differ"):
        over_crossing_states([CrossingState("a", 0.5, radar), CrossingState("b", 0.5, seen(0.1, belt_m=30.0))])

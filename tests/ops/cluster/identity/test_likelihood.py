"""The odds that two tracks are one target: worked by hand, and against a geodesic library."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from ops.cluster.identity.likelihood import COAST_S, evidence_of
from ops.cluster.identity.sighting import (
    SensorReach,
    TrackSighting,
    metres_between,
    neighbours_of,
    sighting_of,
)
from tests.ops.cluster.identity.walkers import CORNER, FRAME, REACHES, T0_NS, S, entry

PERSON, VEHICLE = {"person": 0.9, "vehicle": 0.1}, {"person": 0.1, "vehicle": 0.9}


def sighting(
    at_s: float, east: float, north: float, *, speed: float = 0.0, sd_m: float = 10.0, **more
) -> TrackSighting:
    """A sighting of a target that moves east, with known deviations: ``sd_m``, and 0.5 m/s of each velocity."""
    lon, lat = FRAME.to_lonlat(east, north)
    cov = np.diag([sd_m**2, sd_m**2, 0.25, 0.25])
    at_ns = T0_NS + round(at_s * S)
    return TrackSighting(at_ns, at_ns, lon, lat, np.array([speed, 0.0]), cov, more.get("classes", {}))


def odds(older: list[TrackSighting], younger: list[TrackSighting]) -> float:
    found = evidence_of(older, younger)
    assert found is not None
    return found.log_odds


def test_two_tracks_at_one_place_worked_by_hand():
    """N(0; 0, S) against one other target per km² whose velocities have deviations of 2 m/s.

    S = diag(250, 250, 0.5, 0.5), of 10² of each and 5² of each sector: log N = −½ log((2π)⁴ · 250² · 0.5²) = −log(4π²)
    − log(125) = −8.504. Other targets: log(10⁻⁶) − log(2π · 4) = −13.816 − 3.224 = −17.040. The odds are 8.536.
    """
    assert odds([sighting(0, 0, 0)], [sighting(0, 0, 0)]) == pytest.approx(8.536, abs=2e-3)


@pytest.mark.parametrize("away", [5.0, 20.0, 60.0])
def test_the_odds_fall_by_half_the_squared_distance_in_deviations(away: float):
    here, there = sighting(0, 0, 0), sighting(0, 0, away)
    assert odds([here], [here]) - odds([here], [there]) == pytest.approx(0.5 * away**2 / 250.0, rel=2e-2)


def test_many_pairs_count_as_one_because_their_errors_are_not_independent():
    one, many = [sighting(0, 0, 30)], [sighting(s, 0, 30) for s in range(0, 30, 3)]
    again = [sighting(s, 0, 0) for s in range(0, 30, 3)]
    assert odds(again, many) == pytest.approx(odds([sighting(0, 0, 0)], one), abs=1e-6)
    found = evidence_of(again, many)
    assert found is not None
    assert found.together == 10


def test_classes_worked_by_hand():
    """Of two classes: 2 (0.9² + 0.1²) = 1.64 for the same evidence, 2 (2 · 0.9 · 0.1) = 0.36 for opposite evidence."""
    here = sighting(0, 0, 0)
    same = odds([sighting(0, 0, 0, classes=PERSON)], [sighting(0, 0, 0, classes=PERSON)])
    opposite = odds([sighting(0, 0, 0, classes=PERSON)], [sighting(0, 0, 0, classes=VEHICLE)])
    assert same - odds([here], [here]) == pytest.approx(math.log(1.64))
    assert opposite - odds([here], [here]) == pytest.approx(math.log(0.36))


def test_a_continuation_is_judged_by_where_the_first_would_be_and_less_the_longer_it_was_not_seen():
    ended = [sighting(s - 30, 1.4 * (s - 30), 0, speed=1.4) for s in range(0, 31, 3)]
    after = [odds(ended, [sighting(gap, 1.4 * gap, 0, speed=1.4)]) for gap in (10, 30, 60, 110)]
    aside = [odds(ended, [sighting(gap, 1.4 * gap, 100, speed=1.4)]) for gap in (10, 30, 60, 110)]
    assert after == sorted(after, reverse=True)
    assert aside[0] < 0 < after[-1]
    assert aside[0] < aside[1] < aside[2]  # it had time to go there
    assert evidence_of(ended, [sighting(COAST_S + 1, 0, 0)]) is None
    assert evidence_of(ended, [sighting(10, 14, 0, speed=1.4)]).together == 0  # type: ignore[union-attr]


def test_tracks_without_a_common_time_are_not_compared_if_the_older_one_is_seen_later():
    assert evidence_of([sighting(100, 0, 0)], [sighting(0, 0, 0)]) is None
    assert evidence_of([], [sighting(0, 0, 0)]) is None


def test_the_distance_of_true_pairs_is_that_of_the_covariances():
    """The mean of 4 degrees of freedom: if the states are drawn with their covariances, the test is calibrated."""
    chance = np.random.default_rng(5)
    top = odds([sighting(0, 0, 0)], [sighting(0, 0, 0)])
    found = []
    for _ in range(400):
        (e1, n1), (e2, n2) = chance.normal(0.0, math.sqrt(125.0), (2, 2))
        one, other = sighting(0, e1, n1), sighting(0, e2, n2)
        one.velocity[:] = chance.normal(0.0, 0.5, 2)
        other.velocity[:] = 0.0
        one.cov[2:, 2:], other.cov[2:, 2:] = 0.25 * np.eye(2), 1e-9 * np.eye(2)
        spread = 0.5 * 2 * (math.log(0.5) - math.log(0.25))  # the smaller covariance of the velocity
        found.append(2.0 * (top + spread - odds([one], [other])))
    assert np.mean(found) == pytest.approx(4.0, abs=4 * math.sqrt(8 / 400))


@given(
    lon=st.floats(-179.9, 179.9), lat=st.floats(-65.0, 65.0), azimuth=st.floats(0.0, 360.0), away=st.floats(1.0, 20e3)
)
def test_distances_agree_with_the_ellipsoid(lon: float, lat: float, azimuth: float, away: float):
    there, that, _ = Geod(ellps="WGS84").fwd(lon, lat, azimuth, away)
    east, north = metres_between(lon, lat, there, that)
    assert math.hypot(east - away * math.sin(math.radians(azimuth)), north - away * math.cos(math.radians(azimuth))) < (
        0.012 * away
    )


def test_the_covariance_is_the_ellipse_of_the_picture():
    """Semi-axes 20 and 5 m, the longer one towards north-east: variances (20² + 5²)/2, covariance (20² − 5²)/2."""
    from msgspec.structs import replace

    found = sighting_of(replace(entry("T1", 0, 0, at_s=0), ellipse_m=(20.0, 5.0), ellipse_azimuth_deg=45.0), T0_NS)
    assert found.cov[:2, :2] == pytest.approx(np.array([[212.5, 187.5], [187.5, 212.5]]))
    assert found.velocity == pytest.approx([1.4, 0.0], abs=1e-9)
    assert np.all(np.linalg.eigvalsh(found.cov) > 0)


@pytest.mark.parametrize(
    ("east", "near"), [(-1200.0, ()), (-900.0, ("east",)), (0.0, ("east",)), (900.0, ("east",)), (5400.0, ("east",))]
)
def test_the_overlap_area_ends_half_a_kilometre_beyond_the_neighbours_range(east: float, near: tuple[str, ...]):
    """The radar of the east reaches from −500 to 5,500 m."""
    assert neighbours_of(REACHES, "west", *FRAME.to_lonlat(east, 0.0), 500.0) == near


def test_a_sector_without_sensors_has_no_overlap_area():
    assert neighbours_of({"west": SensorReach(()), "east": SensorReach(())}, "west", 10.0, 45.0, 500.0) == ()


def test_near_a_corner_of_three_sectors_both_others_are_neighbours():
    assert neighbours_of(CORNER, "west", *FRAME.to_lonlat(-300.0, 100.0), 500.0) == ("east", "south")

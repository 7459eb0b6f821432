"""Where a target is that two sectors track: worked by hand, and the laws of the combination."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.cluster.identity.combination import combined, together
from ops.cluster.identity.sighting import TrackSighting
from tests.ops.cluster.identity.walkers import FRAME, T0_NS, S

SD = st.floats(1.0, 100.0)


def sighting(
    east: float, north: float, sd: tuple[float, float], *, at_s: float = 0.0, speed: float = 0.0
) -> TrackSighting:
    cov = np.diag([sd[0] ** 2, sd[1] ** 2, 0.25, 0.25])
    at_ns = T0_NS + round(at_s * S)
    return TrackSighting(at_ns, at_ns, *FRAME.to_lonlat(east, north), np.array([speed, 0.0]), cov, {})


def place(sightings: list[TrackSighting], at_s: float = 0.0) -> tuple[float, float]:
    found = combined(sightings, T0_NS + round(at_s * S))
    return FRAME.to_local(found.lon, found.lat)


def test_each_direction_is_taken_from_the_sector_that_knows_it_better():
    """East: weights 1/100 and 1/1; 10/101 = 0.099. North: 1 and 1/100; 20 · (1/100)/(1 + 1/100) = 0.198."""
    found = place([sighting(10.0, 0.0, (10.0, 1.0)), sighting(0.0, 20.0, (1.0, 10.0))])
    assert found == pytest.approx((10.0 / 101.0, 20.0 / 101.0), abs=1e-2)


def test_they_are_brought_to_one_time():
    walks = [sighting(1.4 * at_s, 0.0, (5.0, 5.0), at_s=at_s, speed=1.4) for at_s in (0.0, 3.0)]
    assert place(walks, 5.0) == pytest.approx((7.0, 0.0), abs=0.02)


@given(first=st.tuples(SD, SD), second=st.tuples(SD, SD), away=st.floats(-200.0, 200.0))
def test_it_lies_between_and_does_not_depend_on_the_order(first, second, away):
    one, other = sighting(0.0, 0.0, first), sighting(away, away, second)
    found = combined([one, other], T0_NS)
    east, north = FRAME.to_local(found.lon, found.lat)
    for value in (east, north):
        assert min(0.0, away) - 0.05 <= value <= max(0.0, away) + 0.05
    assert place([other, one]) == pytest.approx((east, north), abs=0.05)
    assert np.all(np.linalg.eigvalsh(found.cov) > 0)
    half = np.linalg.inv(np.linalg.inv(one.cov) + np.linalg.inv(other.cov))
    assert np.all(np.linalg.eigvalsh(found.cov - half) > -1e-9)  # never less than if the errors were independent


SD4 = st.tuples(SD, SD, st.floats(0.1, 5.0), st.floats(0.1, 5.0), st.floats(-0.9, 0.9))


def correlated(sds: tuple[float, ...]) -> TrackSighting:
    """A sighting with these deviations, and one correlation of east with its velocity."""
    cov = np.diag(np.square(sds[:4]))
    cov[0, 2] = cov[2, 0] = sds[4] * sds[0] * sds[2]
    return TrackSighting(T0_NS, T0_NS, *FRAME.to_lonlat(0.0, 0.0), np.zeros(2), cov, {})


@given(sds=st.lists(SD4, min_size=2, max_size=3), seed=st.integers(0, 1000))
def test_its_covariance_holds_however_the_errors_depend_on_each_other(sds, seed):
    """Errors Lᵢ Qᵢ u of one u, with Lᵢ Lᵢᵀ the covariance of track i and any orthogonal Qᵢ."""
    tracks, chance = [correlated(each) for each in sds], np.random.default_rng(seed)
    found = combined(tracks, T0_NS)
    information = [np.linalg.inv(one.cov) for one in tracks]
    error = np.zeros((4, 4))
    for number, (one, known) in enumerate(zip(tracks, information, strict=True)):
        turned = np.linalg.qr(chance.normal(size=(4, 4)))[0] if seed % 2 and number else np.eye(4)
        error += np.linalg.solve(sum(information), known) @ np.linalg.cholesky(one.cov) @ turned
    scale = np.diag(1.0 / np.sqrt(np.diag(found.cov)))
    assert np.linalg.eigvalsh(scale @ (found.cov - error @ error.T) @ scale)[0] > -1e-6


def test_of_a_good_and_a_poor_estimate_worked_by_hand():
    """Deviations of 1 and 10 m: weights 0.990 and 0.0099; if the errors are one, 0.990 + 0.099 = 1.089 m."""
    one, other = sighting(0.0, 0.0, (1.0, 1.0)), sighting(0.0, 0.0, (10.0, 10.0))
    assert combined([one, other], T0_NS).cov[0, 0] ** 0.5 == pytest.approx((1.0 + 0.1) / 1.01, rel=1e-6)


def test_tracks_that_part_are_not_combined_and_the_identity_stays_with_its_founder():
    founder, near, gone = (sighting(east, 0.0, (5.0, 5.0)) for east in (0.0, 12.0, 90.0))
    assert together([founder, near, gone]) == [0, 1]
    assert together([gone, founder, near]) == [0]
    lost = sighting(90.0, 0.0, (30.0, 30.0))  # deviation of the difference 31 m: 2.9 of them
    assert together([lost, founder, near]) == [0, 1, 2]
    assert together([sighting(200.0, 0.0, (30.0, 30.0)), founder, near]) == [1, 2]


def test_one_alone_stays_as_it_is():
    one = sighting(30.0, -40.0, (5.0, 9.0))
    found = combined([one], T0_NS)
    assert (found.lon, found.lat) == pytest.approx((one.lon, one.lat), abs=1e-12)
    assert found.cov == pytest.approx(one.cov)

"""Plots outweigh the ground's limits of speed: bridges and errors of elevation, made apart from our simulator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from benchmarks.outside_scenarios import World, scene
from fusion.models.contradictions import MOST_CELLS, Mixture, learn_doubt, no_doubt
from fusion.models.motion import PEOPLE_AND_VEHICLES, VEHICLE, motion_model, with_free_modes
from fusion.models.sensor_views import ElevationGrid, ground_of
from fusion.models.settings import TrackerSettings
from fusion.models.terrain_speed import Passage, passage_of, top_speed
from fusion.scoring import gospa, identity_switches
from fusion.tracker import Tracker, track
from geo.arrays import Floats
from sensors.detections import split
from tests.drills.sizes import sized

BRIDGES = World(per_km2=0.6, vehicles=1.0, along_road=True, ditch_m=40.0, mast_m=60.0, manoeuvres=0.3, duration_s=150.0)
"""Fifteen vehicles on a road over ditches of 40 m every 200 m: the elevation model says that nobody can drive there."""


def test_drivers_over_ground_that_nobody_can_drive_are_followed_nearly_as_on_flat_ground() -> None:
    """With the limits believed: 59 identity switches and GOSPA 89 m a run, for 3 and 42 m on flat ground."""
    seeds = range(1, 1 + sized(2, 6))
    found = {}
    for name, world in {"bridges": BRIDGES, "flat": replace(BRIDGES, ditch_m=0.0)}.items():
        runs = [
            (one, track(one.detections, one.layout, terrain=one.terrain)) for one in (scene(world, s) for s in seeds)
        ]
        found[name] = (
            np.mean([float(gospa(one.truth, history).attrs["gospa_mean_m"]) for one, history in runs]),
            np.mean([float(identity_switches(one.truth, history).sum()) for one, history in runs]),
        )
    assert found["bridges"][0] <= 1.12 * found["flat"][0]
    assert found["bridges"][1] <= found["flat"][1] + 4.0


def test_a_limit_is_learnt_to_be_wrong_where_it_was_contradicted_and_nowhere_else() -> None:
    one = scene(BRIDGES, 1)
    tracker = Tracker(one.layout, terrain=one.terrain)
    for scan in split(one.detections, one.layout):
        tracker.take_in(scan)
    model, doubt = tracker.model, tracker.timeline.bank.doubt
    assert len(doubt.cell)

    def limits(north: float, doubted: bool) -> Floats:
        """Speed limit of a vehicle that goes east along a parallel of the road, every 10 m."""
        here = doubt if doubted else no_doubt()
        states = [np.array([east, north, 10.0, 0.0]) for east in np.arange(-700.0, 700.0, 10.0)]
        return np.array([top_speed(model.passage, model.earth, here, VEHICLE, state) for state in states])

    steep = limits(0.0, False) < 1.0
    assert steep.sum() > 20
    assert limits(0.0, True)[steep].mean() > 4.0 * limits(0.0, False)[steep].mean()
    np.testing.assert_array_equal(limits(2000.0, True), limits(2000.0, False))


def test_going_on_from_a_snapshot_with_doubt_equals_not_stopping() -> None:
    one = scene(replace(BRIDGES, duration_s=90.0), 2)
    scans = split(one.detections, one.layout)
    tracker = Tracker(one.layout, terrain=one.terrain)
    for scan in scans[:18]:
        tracker.take_in(scan)
    assert len(tracker.timeline.bank.doubt.cell)
    again = Tracker.restore(one.layout, None, tracker.snapshot(), terrain=one.terrain)
    for scan in scans[18:]:
        tracker.take_in(scan)
        again.take_in(scan)
    xr.testing.assert_identical(again.take_history(final=True), tracker.take_history(final=True))


def test_doubt_is_bounded_and_does_not_depend_on_the_order_of_tracks() -> None:
    one = scene(BRIDGES, 1)
    assert one.terrain is not None
    passage, earth = passage_of(one.terrain, 4.0, 25.0, 0.3), ground_of(one.terrain)
    motion = motion_model(with_free_modes(PEOPLE_AND_VEHICLES, 0.03), 0.3)
    free = int(np.flatnonzero(motion.free & (motion.kind == VEHICLE))[0])
    rng = np.random.default_rng(1)
    count = 2000
    mean = np.zeros((count, motion.modes, 4))
    mean[:, free, :2] = rng.uniform(-2400.0, 2400.0, (count, 2))
    mean[:, free, 2] = 20.0
    mode = np.zeros((count, motion.modes))
    mode[:, free] = 1.0
    cov = np.zeros((count, motion.modes, 10))
    doubt = no_doubt()
    for _ in range(50):
        doubt = learn_doubt(
            doubt, passage, earth, Mixture(mean, cov, mode, motion.kind, motion.free), np.ones(count), 0
        )
    assert 0 < len(doubt.cell) <= MOST_CELLS
    assert (np.diff(doubt.cell) > 0).all()
    assert doubt.degree.max() < 1.0
    mixed = rng.permutation(count)
    turned = learn_doubt(
        no_doubt(), passage, earth, Mixture(mean[mixed], cov, mode, motion.kind, motion.free), np.ones(count), 0
    )
    straight = learn_doubt(
        no_doubt(), passage, earth, Mixture(mean, cov, mode, motion.kind, motion.free), np.ones(count), 0
    )
    np.testing.assert_array_equal(turned.cell, straight.cell)
    np.testing.assert_allclose(turned.degree, straight.degree, atol=1e-12)


@pytest.mark.parametrize("share", [0.0, 0.03])
def test_free_modes_take_their_share_of_each_kind(share: float) -> None:
    motion = motion_model(with_free_modes(PEOPLE_AND_VEHICLES, share), 0.3)
    assert motion.prior[motion.free].sum() == pytest.approx(share)
    assert motion.prior[motion.kind == VEHICLE].sum() == pytest.approx(0.3)
    assert not motion_model(TrackerSettings().modes, 0.3).free.any()


def _on_a_ditch(speed_mps: float, *, free: bool) -> tuple[Passage, ElevationGrid, Mixture, Floats]:
    """A vehicle on the road of BRIDGES where the elevation model allows about 4 m/s."""
    one = scene(BRIDGES, 1)
    assert one.terrain is not None
    passage, earth = passage_of(one.terrain, 4.0, 25.0, 0.3), ground_of(one.terrain)
    motion = motion_model(with_free_modes(PEOPLE_AND_VEHICLES, 0.03), 0.3)
    own = int(np.flatnonzero((motion.free == free) & (motion.kind == VEHICLE) & (motion.speed_sd > 1.0))[0])
    east = np.arange(-700.0, 700.0, 10.0)
    states = [np.array([e, 0.0, 20.0, 0.0]) for e in east]
    limits = np.array([top_speed(passage, earth, no_doubt(), VEHICLE, state) for state in states])
    steep = east[int(np.argmin(np.abs(limits - 4.0)))]
    mean, mode = np.zeros((1, motion.modes, 4)), np.zeros((1, motion.modes))
    mean[0, own], mode[0, own] = [steep, 0.0, speed_mps, 0.0], 1.0
    return passage, earth, Mixture(mean, np.zeros((1, motion.modes, 10)), mode, motion.kind, motion.free), mean[0, own]


def test_doubt_fades_where_no_track_comes_and_is_forgotten() -> None:
    passage, earth, bridge, state = _on_a_ditch(20.0, free=True)
    nothing = Mixture(*(columns[:0] for columns in bridge[:3]), *bridge[3:])
    doubt, seen = no_doubt(), []
    for _ in range(6):
        doubt = learn_doubt(doubt, passage, earth, bridge, np.ones(1), 0)
    assert doubt.degree.max() > 0.5
    for hour in range(72):
        doubt = learn_doubt(doubt, passage, earth, nothing, np.zeros(0), hour * 3600 * 10**9)
        seen.append(top_speed(passage, earth, doubt, VEHICLE, state))
    assert (np.diff(seen) <= 0.0).all()
    assert seen[-1] == top_speed(passage, earth, no_doubt(), VEHICLE, state) < 0.7 * seen[0]
    assert len(doubt.cell) == 0


def test_doubt_fades_the_same_however_many_scans_there_are() -> None:
    passage, earth, bridge, _ = _on_a_ditch(20.0, free=True)
    nothing = Mixture(*(columns[:0] for columns in bridge[:3]), *bridge[3:])
    start = learn_doubt(no_doubt(), passage, earth, bridge, np.ones(1), 0)
    often = start
    for second in range(0, 7201, 3):
        often = learn_doubt(often, passage, earth, nothing, np.zeros(0), second * 10**9)
    once = learn_doubt(start, passage, earth, nothing, np.zeros(0), 7200 * 10**9)
    np.testing.assert_allclose(often.degree, once.degree)


def test_doubt_falls_where_later_targets_keep_to_the_limit() -> None:
    passage, earth, bridge, state = _on_a_ditch(20.0, free=True)
    limit = top_speed(passage, earth, no_doubt(), VEHICLE, state)
    assert 1.0 < limit < 12.0
    slow = _on_a_ditch(0.9 * limit, free=False)[2]
    doubt = no_doubt()
    for _ in range(6):
        doubt = learn_doubt(doubt, passage, earth, bridge, np.ones(1), 0)
    before = dict(zip(doubt.cell.tolist(), doubt.degree.tolist(), strict=True))
    for _ in range(40):
        doubt = learn_doubt(doubt, passage, earth, slow, np.ones(1), 0)
    after = dict(zip(doubt.cell.tolist(), doubt.degree.tolist(), strict=True))
    assert sum(before[cell] - after.get(cell, 0.0) > 0.5 * before[cell] for cell in before) == 1

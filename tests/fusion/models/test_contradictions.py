"""Plots outweigh the ground's limits of speed: bridges and errors of elevation, made apart from our simulator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from benchmarks.outside_scenarios import World, scene
from fusion.models.contradictions import MOST_CELLS, Mixture, learn_doubt, no_doubt
from fusion.models.motion import PEOPLE_AND_VEHICLES, VEHICLE, motion_model, with_free_modes
from fusion.models.sensor_views import ground_of
from fusion.models.settings import TrackerSettings
from fusion.models.terrain_speed import passage_of, top_speed
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
        doubt = learn_doubt(doubt, passage, earth, Mixture(mean, cov, mode, motion.kind, motion.free), np.ones(count))
    assert 0 < len(doubt.cell) <= MOST_CELLS
    assert (np.diff(doubt.cell) > 0).all()
    assert doubt.degree.max() < 1.0
    mixed = rng.permutation(count)
    turned = learn_doubt(
        no_doubt(), passage, earth, Mixture(mean[mixed], cov, mode, motion.kind, motion.free), np.ones(count)
    )
    straight = learn_doubt(
        no_doubt(), passage, earth, Mixture(mean, cov, mode, motion.kind, motion.free), np.ones(count)
    )
    np.testing.assert_array_equal(turned.cell, straight.cell)
    np.testing.assert_allclose(turned.degree, straight.degree, atol=1e-12)


@pytest.mark.parametrize("share", [0.0, 0.03])
def test_free_modes_take_their_share_of_each_kind(share: float) -> None:
    motion = motion_model(with_free_modes(PEOPLE_AND_VEHICLES, share), 0.3)
    assert motion.prior[motion.free].sum() == pytest.approx(share)
    assert motion.prior[motion.kind == VEHICLE].sum() == pytest.approx(0.3)
    assert not motion_model(TrackerSettings().modes, 0.3).free.any()

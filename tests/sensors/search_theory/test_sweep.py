"""Sweeps of a camera: beside fixed cameras at each azimuth, and a crosser who knows where it looks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sensors.crossing.watched_belt import WatchedBelt, watched_by
from sensors.errors import TimetableError
from sensors.layout import Layout, place
from sensors.search_theory.moving_sensor import RatesInTime
from sensors.search_theory.sweep import sweeping_sensor
from sensors.search_theory.time_expanded import MovesInTime
from sensors.search_theory.unpredictability import unpredictability
from tests.sensors.crossing.test_detection import BORDER, FRAME, level

CAMERA = place(
    FRAME, 97.5, 15.0, id="c", kind="radar", max_range_m=120.0, field_of_view_deg=60.0, period_s=2.0,
    detection_probability=0.3,
)  # fmt: skip
AZIMUTHS = (-60.0, 0.0, 60.0)


@pytest.fixture(scope="module")
def bare() -> WatchedBelt:
    return watched_by(Layout("none", FRAME, ()), level(), BORDER, belt_m=40.0)


def fixed(azimuth: float) -> np.ndarray:
    turned = Layout("one", FRAME, (replace(CAMERA, azimuth_deg=azimuth),))
    return watched_by(turned, level(), BORDER, belt_m=40.0).per_s.ravel()


def test_one_azimuth_is_the_fixed_sensor(bare: WatchedBelt) -> None:
    sensor = sweeping_sensor(CAMERA, [60.0], 30.0, level(), bare)
    assert sensor.mean_rate == pytest.approx(fixed(60.0), abs=1e-12)
    assert fixed(60.0).max() > 0.0


def test_the_mean_rate_is_that_of_fixed_sensors_for_their_share_of_the_time(bare: WatchedBelt) -> None:
    """Three stays of 20 s and turns of 5 s: each azimuth has 20 of 75 s, and each step of time one of them."""
    sensor = sweeping_sensor(CAMERA, AZIMUTHS, 20.0, level(), bare, turn_s=5.0)
    every = [fixed(azimuth) for azimuth in AZIMUTHS]
    assert sensor.posts.period_s == 75.0
    assert sensor.mean_rate == pytest.approx(sum(every) * 20.0 / 75.0, abs=1e-12)
    rates = RatesInTime([sensor], len(every[0]), 15, 5.0)
    for step in range(15):
        number, within = divmod(step, 5)
        expected = every[number] if within < 4 else np.zeros(len(every[0]))
        assert rates(step) == pytest.approx(expected, abs=1e-12)


def test_who_knows_where_it_looks_is_seen_less(bare: WatchedBelt) -> None:
    sensor = sweeping_sensor(CAMERA, AZIMUTHS, 60.0, level(), bare, turn_s=3.0)
    moves = MovesInTime.over(bare, step_s=3.0)
    best = unpredictability(moves, [sensor], longest_s=400.0)
    low, high = best.unknown
    assert best.known <= low <= high
    assert best.known < high


@pytest.mark.parametrize(
    ("azimuths", "stay", "turn", "told"),
    [((), 1.0, 0.0, "no azimuth"), ((0.0,), 0.0, 0.0, "stays of 0 s"), ((0.0,), 1.0, -1.0, "turns of -1 s")],
)
def test_impossible_sweeps_are_refused(
    bare: WatchedBelt, azimuths: tuple[float, ...], stay: float, turn: float, told: str
) -> None:
    with pytest.raises(TimetableError, match=told):
        sweeping_sensor(CAMERA, azimuths, stay, level(), bare, turn_s=turn)

"""A person who appears inside a field that looks have found empty becomes a track, however few are expected there."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from fusion.models.settings import TrackerSettings
from fusion.tracker import track
from geo.frame import LocalFrame
from sensors.layout import Layout, place
from sensors.simulate import simulate
from sensors.simulate.movers import Mover, Scenario

FRAME = LocalFrame.around(10.0, 45.0)
START = datetime(2026, 9, 21, 21, 0, tzinfo=UTC)
APPEARS_S, END_S = 30.0, 90.0
EAST_M, NORTH_M, SPEED_MPS = 100.0, 700.0, 1.4
WITHIN_M = 60.0


def radars(number: int, period_s: float, false_plots: float) -> Layout:
    """Radars 500 m apart, each of which has the place where the person appears in its field."""
    return Layout(
        "fields",
        FRAME,
        tuple(
            place(
                FRAME,
                500.0 * (i - (number - 1) / 2),
                0.0,
                id=f"R{i}",
                kind="radar",
                max_range_m=2_500.0,
                period_s=period_s,
                range_sd_m=4.0,
                azimuth_sd_deg=0.4,
                detection_probability=0.9,
                false_alarms_per_scan=false_plots,
                mast_height_m=0.0,
            )
            for i in range(number)
        ),
    )


def seconds_until_tracked(layout: Layout, seed: int, settings: TrackerSettings) -> float:
    """Seconds from the moment at which a walker appears until a confirmed track is near; infinite if none ever is."""
    walked_m = SPEED_MPS * (END_S - APPEARS_S)
    walker = Mover(
        "walker",
        "person",
        np.array([APPEARS_S, END_S]),
        np.array([EAST_M, EAST_M + walked_m]),
        np.array([NORTH_M, NORTH_M]),
    )
    detections, _ = simulate(layout, Scenario((walker,), START, END_S), None, seed=seed)
    history = track(detections, layout, settings=settings)
    confirmed = history.isel(estimate=history["status"].values == "confirmed")
    start = np.datetime64(START.replace(tzinfo=None), "ns")
    since_s = (confirmed["time"].values - start) / np.timedelta64(1, "s") - APPEARS_S
    east_m = EAST_M + SPEED_MPS * since_s
    away_m = np.hypot(confirmed["easting"].values - east_m, confirmed["northing"].values - NORTH_M)
    return float(since_s[(since_s > 0.0) & (away_m < WITHIN_M)].min(initial=np.inf))


@pytest.mark.parametrize(
    ("number", "period_s", "false_plots"),
    [(1, 1.0, 10.0), (1, 3.0, 10.0), (2, 1.0, 3.0), (2, 3.0, 10.0), (3, 1.0, 1.0), (5, 1.0, 1.0)],
)
def test_a_walker_who_appears_inside_an_empty_field_is_tracked(
    number: int, period_s: float, false_plots: float
) -> None:
    """Six looks of one radar hold four plots with a probability of 0.998, and four plots in line are a person."""
    layout = radars(number, period_s, false_plots)
    for seed in range(2):
        assert seconds_until_tracked(layout, seed, TrackerSettings()) <= 6 * period_s

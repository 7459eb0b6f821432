"""Simulated bearings become tracks: what the simulator and the tracker take a direction finder to be is the same."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from fusion.tracker import track
from geo.frame import LocalFrame
from sensors.layout import Layout, place
from sensors.simulate import simulate
from sensors.simulate.movers import Mover, Scenario

FRAME = LocalFrame.around(10.0, 47.0)
START = datetime(2026, 3, 14, 21, 0, tzinfo=UTC)


@pytest.mark.parametrize("seed", range(4))
def test_the_simulated_bearings_of_three_finders_are_one_track(seed: int) -> None:
    layout = Layout(
        "finders",
        FRAME,
        tuple(
            place(
                FRAME, *at, id=f"F{i}", kind="radio", max_range_m=5000.0, period_s=2.0, azimuth_sd_deg=2.0,
                detection_probability=0.95, duty=0.3,
            )
            for i, at in enumerate([(-1500.0, 0.0), (1500.0, 0.0), (0.0, 2500.0)])
        ),
    )  # fmt: skip
    mover = Mover.straight("w", (300.0, 1000.0), (1.0, 0.8), 200.0)
    detections, _ = simulate(layout, Scenario((mover,), START, 200.0), None, seed=seed)
    rows = track(detections, layout)
    rows = rows.isel(estimate=np.flatnonzero(np.isin(rows.status.values, ["confirmed", "coasting"])))
    assert len(set(rows.track.values)) == 1
    second = (rows.time.values - np.datetime64(START.replace(tzinfo=None))) / np.timedelta64(1, "s")
    away = np.column_stack([rows.easting.values - 300.0 - second, rows.northing.values - 1000.0 - 0.8 * second])
    nees = np.einsum("ni,nij,nj->n", away, np.linalg.inv(rows["cov"].values[:, :2, :2]), away)
    assert nees.mean() < 4.0  # 2 for two axes; the errors of one run are correlated

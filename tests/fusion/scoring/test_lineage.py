"""What tracks are made of: names, contributions, hand-overs, and the sources' own names for what they saw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import xarray as xr

from fusion.filter.track_bank import track_name
from fusion.scoring.lineage import hand_overs, lineage_of, plot_of, plots_by_sensor, sources_of
from fusion.track_management.events import TrackEvent
from fusion.track_management.lifecycle import track_id
from fusion.tracker import Tracker
from geo.errors import BadInput
from geo.frame import LocalFrame
from sensors.layout import Layout, place
from sensors.scan import Plot, Scan
from sensors.scan_columns import columns_of

FRAME = LocalFrame.around(10.0, 45.0)
START = datetime(2026, 9, 21, 21, 0, tzinfo=UTC)
LAYOUT = Layout(
    "two",
    FRAME,
    tuple(
        place(
            FRAME, east, 0.0, id=name, kind="radar", max_range_m=2000.0, period_s=3.0, range_sd_m=4.0,
            azimuth_sd_deg=0.3, false_alarms_per_scan=1.0, mast_height_m=0.0,
        )
        for name, east in (("A", -1500.0), ("B", 1500.0))
    ),
)  # fmt: skip


def scan(sensor: str, number: int, second: float, walkers: dict[str, float]) -> Scan:
    """Walkers 500 m north of the line of the radars, by their source id and easting, seen from ``sensor``."""
    east = -1500.0 if sensor == "A" else 1500.0
    plots = tuple(
        Plot(
            range_m=float(np.hypot(x - east, 500.0)),
            azimuth_deg=float(np.degrees(np.arctan2(x - east, 500.0)) % 360.0),
            source_id=name,
        )
        for name, x in walkers.items()
        if np.hypot(x - east, 500.0) < 2000.0
    )  # fmt: skip
    at = START + timedelta(seconds=second)
    return Scan(sensor, 1, number, number, at, at, "radar", plots)


def run() -> tuple[list[TrackEvent], list[Scan]]:
    """A vehicle from west to east, out of A's range into B's, and a person who stays with A."""
    tracker, events, scans = Tracker(LAYOUT), [], []
    for k in range(80):
        for sensor, second in (("A", 3.0 * k), ("B", 3.0 * k + 1.5)):
            scans.append(scan(sensor, k, second, {"car": -1000.0 + 10.0 * second, "walker": -1200.0 - 1.2 * second}))
            events += tracker.advance(columns_of(scans[-1], LAYOUT))
    return events, scans


@dataclass(frozen=True)
class TrackedNight:
    events: list[TrackEvent]
    scans: list[Scan]
    lineage: xr.Dataset


@pytest.fixture(scope="module")
def night() -> TrackedNight:
    events, scans = run()
    return TrackedNight(events, scans, lineage_of(events))


def test_a_track_is_named_after_its_founding_plot(night: TrackedNight) -> None:
    founding = night.lineage.isel(contribution=np.flatnonzero(night.lineage.founding.values))
    assert founding.sizes["contribution"] == len(set(night.lineage.track.values.tolist())) >= 2
    for name, *key in zip(
        *(founding[column].values.tolist() for column in ("track", "sensor", "boot", "sequence", "plot")), strict=True
    ):
        assert name == track_name(track_id(*key))


def test_sensors_assist_in_the_tracks_they_gave_plots_to_and_in_no_other(night: TrackedNight) -> None:
    given, linked = plots_by_sensor(night.lineage), sources_of(night.lineage, night.scans, LAYOUT)
    car, walker = (
        max(linked, key=lambda track: linked[track].get((sensor, name), 0))
        for sensor, name in (("A", "car"), ("A", "walker"))
    )
    assert (given.plots.sel(track=car).values > 20).all()
    assert given.plots.sel(track=walker, sensor="B") == 0
    assert given.plots.sel(track=walker, sensor="A") > 60
    assert int(given.plots.sum()) == night.lineage.sizes["contribution"]


def test_source_tracks_stay_linked(night: TrackedNight) -> None:
    linked = sources_of(night.lineage, night.scans, LAYOUT)
    whole = [sources for sources in linked.values() if sum(sources.values()) > 20]
    assert sorted(sorted({name for _, name in sources}) for sources in whole) == [["car"], ["walker"]]


def test_the_vehicle_is_handed_over_and_keeps_its_name(night: TrackedNight) -> None:
    given = plots_by_sensor(night.lineage)
    both = given.track.values[(given.plots.values > 20).all(axis=1)]
    assert len(both) == 1
    passed = hand_overs(night.lineage)
    mine = passed.isel(hand_over=np.flatnonzero(passed.track.values == both[0]))
    assert mine.to_sensor.values[-1] == "B"
    assert (mine.from_sensor.values != mine.to_sensor.values).all()


def test_a_contribution_told_again_counts_once_and_no_events_are_no_lineage(night: TrackedNight) -> None:
    assert lineage_of([*night.events, *night.events]).identical(night.lineage)
    empty = lineage_of([])
    assert empty.sizes["contribution"] == 0
    assert plots_by_sensor(empty).sizes == {"track": 0, "sensor": 0}
    assert hand_overs(empty).sizes["hand_over"] == 0


def test_a_plot_that_a_scan_does_not_hold_is_refused(night: TrackedNight) -> None:
    with pytest.raises(BadInput, match="has no plot 9"):
        plot_of(night.scans[0], LAYOUT, 9)

"""An archive tracked piece by piece equals one run to the bit, wherever it is cut; pieces in disorder are refused."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import dask
import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fusion.batch import ArchiveError, track_in_pieces, track_piece
from fusion.tracker import track
from geo.frame import LocalFrame
from sensors.layout import Layout, place
from sensors.simulate import simulate
from sensors.simulate.movers import Mover, Scenario

FRAME = LocalFrame.around(10.0, 45.0)
START = datetime(2026, 9, 21, 21, 0, tzinfo=UTC)
DURATION_S = 200.0


@pytest.fixture(scope="module")
def layout() -> Layout:
    common = {"range_sd_m": 4.0, "azimuth_sd_deg": 0.4, "detection_probability": 0.9, "false_alarms_per_scan": 3.0}
    return Layout(
        "archive",
        FRAME,
        (
            place(FRAME, -500.0, 0.0, id="R0", kind="radar", max_range_m=3000.0, period_s=3.0, **common),
            place(FRAME, 500.0, 0.0, id="R1", kind="radar", max_range_m=1200.0, period_s=4.0, **common),
        ),
    )


@pytest.fixture(scope="module")
def detections(layout: Layout) -> xr.Dataset:
    """Two walkers for the whole time and a vehicle that leaves, a tenth of the scans late."""
    times = np.arange(DURATION_S + 2.0)
    movers = (
        Mover("M0", "person", times, 300.0 + 1.4 * times, np.full(len(times), 400.0)),
        Mover("M1", "person", times, np.full(len(times), -700.0), -600.0 + 1.2 * times),
        Mover("M2", "vehicle", times[:80], 12.0 * times[:80], np.full(80, -500.0)),
    )
    return simulate(layout, Scenario(movers, START, DURATION_S, late_fraction=0.1), None, seed=5)[0]


@pytest.fixture(scope="module")
def whole(detections: xr.Dataset, layout: Layout) -> xr.Dataset:
    return track(detections, layout)


def cut(detections: xr.Dataset, shares: list[float]) -> list[xr.Dataset]:
    """Pieces by time of receipt, at shares of the scans."""
    received = detections["scan_received_at"].values.astype(np.int64)
    edges = [-(2**62), *np.quantile(received, sorted(shares)).astype(np.int64).tolist(), 2**62]
    pieces = []
    for begin, end in pairwise(edges):
        scans = np.flatnonzero((received >= begin) & (received < end))
        number = np.full(len(received), -1)
        number[scans] = np.arange(len(scans))
        rows = np.flatnonzero(number[detections["scan_index"].values] >= 0)
        piece = detections.isel(scan=scans, detection=rows)
        pieces.append(piece.assign(scan_index=("detection", number[piece["scan_index"].values])))
    return pieces


def assert_same(pieces: list[xr.Dataset], whole: xr.Dataset) -> None:
    joined = xr.concat(pieces, dim="estimate", join="override")
    assert set(joined.data_vars) == set(whole.data_vars)
    for name in whole.data_vars:
        np.testing.assert_array_equal(joined[name].values, whole[name].values, err_msg=str(name))


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(shares=st.lists(st.floats(0.0, 1.0), max_size=4))
def test_pieces_equal_one_run_wherever_they_are_cut(shares, detections, layout, whole):
    pieces = cut(detections, shares)
    assert_same(list(dask.compute(*track_in_pieces(pieces, layout), scheduler="synchronous")), whole)


def test_two_archives_beside_each_other_in_threads_equal_one_run_each(detections, layout, whole):
    pieces = [lambda piece=piece: piece for piece in cut(detections, [0.3, 0.7])]
    both = dask.compute(track_in_pieces(pieces, layout), track_in_pieces(pieces, layout), scheduler="threads")
    for found in both:
        assert_same(found, whole)


def test_every_track_of_an_archive_ends_closed(detections, layout):
    found = dask.compute(*track_in_pieces(cut(detections, [0.9]), layout), scheduler="synchronous")
    joined = xr.concat(found, dim="estimate", join="override")
    last = {name: row for row, name in enumerate(joined["track"].values.tolist())}
    assert len(last) > 3
    assert set(joined["status"].values[list(last.values())]) == {"closed"}


def test_a_piece_that_was_received_earlier_is_refused(detections, layout):
    first, second = cut(detections, [0.5])
    state, _ = track_piece(second, layout)
    with pytest.raises(ArchiveError, match="the previous block continues until"):
        track_piece(first, layout, state)


def test_a_state_that_is_none_is_refused(detections, layout):
    with pytest.raises(ArchiveError, match="a state of an archive"):
        track_piece(detections, layout, b"nothing")

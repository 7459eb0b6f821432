"""Track history: the rows that close what the end of the data leaves open."""

from __future__ import annotations

import numpy as np
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from fusion.filter.track_bank import CLOSED, CONFIRMED, Rows
from fusion.track_management.history import closed_at_the_end, closing_rows, history_dataset, open_rows


def block(time_ns: int, tracks: dict[int, bool]) -> Rows:
    """Rows of one scan: tracks by id, and whether each closes; every state is a number of its own."""
    n = len(tracks)
    return Rows(
        time_ns=time_ns,
        track=np.array(list(tracks), np.int64),
        centre=time_ns + np.arange(4.0 * n).reshape(n, 4),
        spread=np.ones((n, 10)),
        existence=np.full(n, 0.9),
        status=np.where(np.array(list(tracks.values()), np.bool_), CLOSED, CONFIRMED).astype(np.int8),
        event=np.zeros(n, np.int8),
        plot=np.full(n, -1, np.int32),
        dropped=0,
        flooded=0,
    )


SCANS = st.lists(st.dictionaries(st.integers(1, 5), st.booleans(), max_size=5), max_size=6)


@given(SCANS)
def test_closing_rows_are_the_same_in_blocks_and_in_a_dataset_order_included(scans):
    blocks = [block(10 * k, tracks) for k, tracks in enumerate(scans)]
    in_blocks = history_dataset([*blocks, *closing_rows(blocks)], None)
    in_dataset = closed_at_the_end(history_dataset(blocks, None))
    xr.testing.assert_identical(in_blocks, in_dataset)


def test_a_track_that_began_first_and_was_seen_last_closes_last():
    blocks = [block(0, {1: False}), block(10, {2: False}), block(20, {1: False})]
    ended = closed_at_the_end(history_dataset(blocks, None))
    assert ended["track"].values[-2:].tolist() == ["T0000000002", "T0000000001"]
    assert ended["time"].values[-2:].astype(np.int64).tolist() == [11, 21]


def test_a_track_that_closed_is_not_open():
    track, closed = np.array([7, 8, 7]), np.array([False, False, True])
    assert open_rows(track, closed).tolist() == [1]
    assert open_rows(track[:0], closed[:0]).tolist() == []

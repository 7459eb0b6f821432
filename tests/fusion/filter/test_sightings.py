"""Sightings are the table of tracks by sensors, held without its zeros: every look does to both the same."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fusion.filter.sightings import as_table, no_sightings, of_table, sightings_after
from geo.arrays import Ints

SENSORS = 5


@st.composite
def looks(draw: st.DrawFn) -> tuple[Ints, Ints, np.ndarray, Ints, int]:
    """A table, the rows that a look reached, those of them that it updated, the tracks that are left or new, and the
    sensor."""
    tracks = draw(st.integers(0, 6))
    table = np.array(
        draw(
            st.lists(st.lists(st.integers(0, 3), min_size=SENSORS, max_size=SENSORS), min_size=tracks, max_size=tracks)
        ),
        np.int64,
    ).reshape(tracks, SENSORS)
    rows = np.array([row for row in range(tracks) if draw(st.booleans())], np.int64)
    updated = np.array([draw(st.booleans()) for _ in rows], np.bool_)
    place = {row: tracks + i for i, row in enumerate(rows.tolist())}
    source = [place.get(row, row) for row in range(tracks) if draw(st.booleans())]
    source += [tracks + len(rows) + born for born in range(draw(st.integers(0, 2)))]
    return table, rows, updated, np.array(source, np.int64), draw(st.integers(-1, SENSORS - 1))


@given(looks())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_look_does_to_sightings_what_it_does_to_the_table(look: tuple[Ints, Ints, np.ndarray, Ints, int]) -> None:
    table, rows, updated, source, sensor = look
    after = sightings_after(of_table(table), rows, updated, source, sensor, 9)
    everything = np.concatenate([table, table[rows], np.zeros((2, SENSORS), np.int64)])
    if sensor >= 0:
        everything[len(table) : len(table) + len(rows)][updated, sensor] = 9
        everything[len(table) + len(rows) :, sensor] = 9  # new tracks
    np.testing.assert_array_equal(as_table(after, SENSORS), everything[source])
    np.testing.assert_array_equal(np.diff(after.start), (everything[source] > 0).sum(axis=1))  # one entry for each


def test_of_no_track_there_is_no_sighting() -> None:
    assert as_table(no_sightings(), SENSORS).shape == (0, SENSORS)
    assert len(of_table(np.zeros((3, SENSORS), np.int64)).sensor) == 0

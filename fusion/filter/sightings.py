"""Which sensors updated a track, and when: one entry for each, because few of a long border's sensors ever see it.

As a table of tracks by sensors it would have a column for each sensor of the layout, and a look at one end of the
border would copy the column of every sensor at the other.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from geo.arrays import Int32s, Ints


class Sightings(NamedTuple):
    """Of n tracks in the order of their bank: entries ``start[t]`` to ``start[t + 1]`` (n + 1,) are those of track t,
    one for each sensor that fusion.registration aligns and that updated it: ``sensor`` (entry,), its number in the
    survey, and ``time_ns`` (entry,), when it last did."""

    start: Ints
    sensor: Int32s
    time_ns: Ints


def no_sightings() -> Sightings:
    """Those of no track."""
    return Sightings(np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int64))


@numba.njit(cache=True)
def sightings_after(
    old: Sightings, rows: Ints, updated: npt.NDArray[np.bool_], source: Ints, sensor: int, now_ns: int
) -> Sightings:
    """The sightings of the tracks ``source`` after a look of ``sensor``, −1 for one that is not aligned.

    ``source`` (track,) numbers first the n old tracks, then those at ``rows`` (row,) of them that the look reached, of
    which it ``updated`` (row,) some, then the new ones.
    """
    n, reached = len(old.start) - 1, len(rows)
    most = len(old.sensor) + len(source)
    start = np.zeros(len(source) + 1, np.int64)
    sensors, time_ns = np.empty(most, np.int32), np.empty(most, np.int64)
    count = 0
    for k in range(len(source)):
        s = source[k]
        seen = sensor >= 0 and s >= n
        if s < n + reached:
            t = s if s < n else rows[s - n]
            seen = seen and updated[s - n]
            for entry in range(old.start[t], old.start[t + 1]):
                sensors[count], time_ns[count] = old.sensor[entry], old.time_ns[entry]
                if seen and sensors[count] == sensor:
                    time_ns[count], seen = now_ns, False
                count += 1
        if seen:
            sensors[count], time_ns[count] = sensor, now_ns
            count += 1
        start[k + 1] = count
    return Sightings(start, sensors[:count].copy(), time_ns[:count].copy())


def as_table(sightings: Sightings, sensors: int) -> Ints:
    """(n, ``sensors``) when each sensor last updated each track, 0: never."""
    table = np.zeros((len(sightings.start) - 1, sensors), np.int64)
    table[_tracks(sightings), sightings.sensor] = sightings.time_ns
    return table


def of_table(table: npt.NDArray[Any]) -> Sightings:
    """The sightings of an ``as_table``."""
    track, sensor = np.nonzero(table)
    start = np.zeros(len(table) + 1, np.int64)
    np.cumsum(np.bincount(track, minlength=len(table)), out=start[1:])
    return Sightings(start, sensor.astype(np.int32), table[track, sensor])


def _tracks(sightings: Sightings) -> Ints:
    """(entry,) the row of each entry's track."""
    return np.repeat(np.arange(len(sightings.start) - 1), np.diff(sightings.start))

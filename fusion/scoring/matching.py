"""Assignment of tracks to targets: the objects present at each scoring time, and the optimal assignment between them.

- A target is present from its first to its last row; between two of its rows its position is interpolated.
- A track is present from its first ``confirmed`` row to its ``closed`` row (exclusive) while its newest row is
  confirmed or coasting. Its position is that row extrapolated by its rate, so it is causal. A track that is never
  closed remains until the end. Of two rows at one time (two sensors), the later one in the dataset applies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from geo.arrays import Floats, Ints
from geo.errors import BadInput
from geo.schema import Schema, Variable

Names = npt.NDArray[np.str_]
TimeArray = npt.NDArray[np.datetime64]

_ROW = ("estimate",)
_NUMBER = "fiu"  # integers are accepted and converted to float64
TRUTH = Schema(
    "truth history",
    {
        "target": Variable(_ROW, "UOT"),
        "time": Variable(_ROW, "M"),
        "easting": Variable(_ROW, _NUMBER, "m"),
        "northing": Variable(_ROW, _NUMBER, "m"),
    },
)
TRACKS = Schema(
    "track history",
    {
        "track": Variable(_ROW, "UOT"),
        "time": Variable(_ROW, "M"),
        "easting": Variable(_ROW, _NUMBER, "m"),
        "northing": Variable(_ROW, _NUMBER, "m"),
        "easting_rate": Variable(_ROW, _NUMBER, "m/s"),
        "northing_rate": Variable(_ROW, _NUMBER, "m/s"),
        "status": Variable(_ROW, "UOT"),
    },
)
STATUSES = ("tentative", "confirmed", "coasting", "closed")


class ScoringError(BadInput):
    """A history or a setting that cannot be scored."""


@dataclass(frozen=True, slots=True)
class Match:
    """One optimal GOSPA assignment between two point sets: index pairs and their distances [m]."""

    truth: Ints
    track: Ints
    distance_m: Floats


@dataclass(frozen=True, slots=True)
class ScoringCase:
    """Targets and tracks at one scoring time: their numbers, and the pairs (positions in those two arrays)."""

    target: Ints
    track: Ints
    pairs: Match


def _match(truth: Floats, tracks: Floats, cutoff_m: float, order: float, kept: Ints, bonus: float) -> Match:
    """Assign points (n, 2) to points (m, 2) [m] at least cost; pairs at ``cutoff_m`` or more are left unassigned.

    Minimises Σ d^p − c^p over disjoint pairs, which is the minimiser of GOSPA (α = 2) and of OSPA alike. Only pairs
    nearer than the cutoff can lower the sum, so each cluster of such pairs is solved on its own: exact, and fast. Pairs
    in ``kept`` (k, 2) are cheaper by ``bonus`` if they are within the cutoff.
    """
    if len(truth) == 0 or len(tracks) == 0:
        return Match(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    near = cKDTree(truth).sparse_distance_matrix(cKDTree(tracks), cutoff_m, output_type="ndarray")
    near = near[np.lexsort((near["j"], near["i"]))]
    i, j = near["i"].astype(np.int64), near["j"].astype(np.int64)
    distance = np.hypot(*(truth[i] - tracks[j]).T)
    within = distance < cutoff_m
    i, j, distance = i[within], j[within], distance[within]
    gain = cutoff_m**order - distance**order
    if bonus > 0 and len(kept):
        gain = gain + bonus * np.isin(i * len(tracks) + j, kept[:, 0] * len(tracks) + kept[:, 1])
    chosen = _best_pairs(i, j, gain, len(truth), len(tracks))
    return Match(i[chosen], j[chosen], distance[chosen])


def _best_pairs(i: Ints, j: Ints, gain: Floats, n: int, m: int) -> Ints:
    """Indices of the disjoint pairs with the greatest total gain (all gains > 0), cluster by cluster."""
    graph = coo_array((np.ones(len(i), np.int8), (i, n + j)), shape=(n + m, n + m))
    cluster = connected_components(graph, directed=False)[1][i] if len(i) else np.empty(0, np.int64)
    by_cluster = np.argsort(cluster, kind="stable")
    chosen: list[int] = []
    for pairs in np.split(by_cluster, np.flatnonzero(np.diff(cluster[by_cluster])) + 1):
        if len(pairs) <= 1:
            chosen.extend(pairs.tolist())
            continue
        rows, row = np.unique(i[pairs], return_inverse=True)
        columns, column = np.unique(j[pairs], return_inverse=True)
        total = np.zeros((len(rows), len(columns)))
        total[row, column] = gain[pairs]
        pair_at = np.full(total.shape, -1, np.int64)
        pair_at[row, column] = pairs
        best = pair_at[linear_sum_assignment(total, maximize=True)]
        chosen.extend(best[best >= 0].tolist())
    return np.sort(np.array(chosen, np.int64))


@dataclass(frozen=True, slots=True)
class Presence:
    """Objects present at each scoring time, ordered by time: thing (row,), position (row, 2), start of each time."""

    names: Names
    thing: Ints
    position: Floats
    start: Ints

    @property
    def count(self) -> int:
        return len(self.names)

    def at(self, k: int) -> tuple[Ints, Floats]:
        rows = slice(self.start[k], self.start[k + 1])
        return self.thing[rows], self.position[rows]


@dataclass(frozen=True, slots=True)
class ScoringCases:
    """Truth and tracks at the same scoring times, with the metric's cut-off [m] and order."""

    times: TimeArray
    truth: Presence
    tracks: Presence
    cutoff_m: float
    order: float

    def matched(self, hysteresis_m: float = 0.0) -> Iterator[ScoringCase]:
        """One case per scoring time, in order; the pairs of one time are favoured at the next by hysteresis."""
        held = np.full(self.truth.count, -1, np.int64)
        for k in range(len(self.times)):
            target, truth = self.truth.at(k)
            track, position = self.tracks.at(k)
            column = np.full(self.tracks.count + 1, -1, np.int64)
            column[track] = np.arange(len(track))
            column[-1] = -1
            kept = np.column_stack([np.arange(len(target)), column[held[target]]])
            kept = kept[kept[:, 1] >= 0]
            pairs = _match(truth, position, self.cutoff_m, self.order, kept, hysteresis_m**self.order)
            held[target[pairs.truth]] = track[pairs.track]
            yield ScoringCase(target, track, pairs)


def scoring_cases(
    truth: xr.Dataset, tracks: xr.Dataset, cutoff_m: float, order: float, times: TimeArray | None
) -> ScoringCases:
    """Both histories at ``times`` (None: those of the truth). Raises ScoringError where they cannot be scored."""
    check_metric(cutoff_m, order)
    truth, tracks = TRUTH.check(truth, where="truth"), TRACKS.check(tracks, where="tracks")
    if times is None:
        times = truth["time"].values if truth.sizes["estimate"] else tracks["time"].values
    times = np.unique(np.asarray(times).astype("datetime64[ns]"))
    if np.isnat(times).any():
        raise ScoringError("a time is missing (NaT)", where="scoring", expected="a UTC time in every row")
    return ScoringCases(times, _truth_presence(truth, times), _track_presence(tracks, times), cutoff_m, order)


def _truth_presence(truth: xr.Dataset, times: TimeArray) -> Presence:
    name, time, order = _ordered(truth, "target")
    position = _finite(truth, ("easting", "northing"), order, "truth")
    names, bounds = _blocks(name)
    numbers, when, where = [], [], []
    for j in range(len(names)):
        span = slice(bounds[j], bounds[j + 1])
        k = np.arange(np.searchsorted(times, time[span][0]), np.searchsorted(times, time[span][-1], side="right"))
        seconds = (times[k] - time[span][0]) / np.timedelta64(1, "s")
        rows = (time[span] - time[span][0]) / np.timedelta64(1, "s")
        numbers.append(np.full(len(k), j))
        when.append(k)
        where.append(np.column_stack([np.interp(seconds, rows, position[span, axis]) for axis in range(2)]))
    return _presence(names, numbers, when, where, len(times))


def _track_presence(tracks: xr.Dataset, times: TimeArray) -> Presence:
    name, time, order = _ordered(tracks, "track")
    status = tracks["status"].values.astype(str)[order]
    unknown = set(np.unique(status)) - set(STATUSES)
    if unknown:
        raise ScoringError(f"status {str(min(unknown))!r} is unknown", where="tracks", expected=", ".join(STATUSES))
    state = _finite(tracks, ("easting", "northing", "easting_rate", "northing_rate"), order, "tracks")
    names, bounds = _blocks(name)
    numbers, when, where = [], [], []
    for j in range(len(names)):
        span = slice(bounds[j], bounds[j + 1])
        shown = (status[span] == "confirmed") | (status[span] == "coasting")
        shown &= np.logical_or.accumulate(status[span] == "confirmed")
        newest = np.searchsorted(time[span], times, side="right") - 1
        k = np.flatnonzero((newest >= 0) & shown[np.maximum(newest, 0)])
        row = newest[k]
        ahead_s = (times[k] - time[span][row]) / np.timedelta64(1, "s")
        numbers.append(np.full(len(k), j))
        when.append(k)
        where.append(state[span][row, :2] + state[span][row, 2:] * ahead_s[:, None])
    return _presence(names, numbers, when, where, len(times))


def _presence(names: Names, numbers: list[Ints], when: list[Ints], where: list[Floats], n_times: int) -> Presence:
    thing = np.concatenate([np.empty(0, np.int64), *numbers])
    k = np.concatenate([np.empty(0, np.int64), *when])
    position = np.concatenate([np.empty((0, 2)), *where])
    by_time = np.lexsort((thing, k))
    return Presence(names, thing[by_time], position[by_time], np.searchsorted(k[by_time], np.arange(n_times + 1)))


def _ordered(history: xr.Dataset, key: str) -> tuple[Names, TimeArray, Ints]:
    """Names and times by (name, time), of equal rows only the last in the dataset, and the rows they came from."""
    name, time = history[key].values.astype(str), history["time"].values.astype("datetime64[ns]")
    if np.isnat(time).any():
        raise ScoringError("a time is missing (NaT)", where=key, expected="a UTC time in every row")
    order = np.lexsort((np.arange(len(name)), time, name))
    name, time = name[order], time[order]
    last = np.ones(len(name), np.bool_)
    last[:-1] = (name[1:] != name[:-1]) | (time[1:] != time[:-1])
    return name[last], time[last], order[last]


def _blocks(name: Names) -> tuple[Names, Ints]:
    names, first = np.unique(name, return_index=True)
    return names, np.append(first, len(name))


def _finite(history: xr.Dataset, names: tuple[str, ...], order: Ints, where: str) -> Floats:
    columns = np.column_stack([history[name].values.astype(np.float64)[order] for name in names])
    bad = ~np.isfinite(columns)
    if bad.any():
        row, axis = (int(index[0]) for index in np.nonzero(bad))
        raise ScoringError(
            f"{names[axis]} of row {int(order[row])} is {columns[row, axis]}", where=where, expected="a finite number"
        )
    return columns


def check_metric(cutoff_m: float, order: float) -> None:
    """Raise ScoringError unless the cutoff is a positive number of metres and the order at least 1."""
    if not (np.isfinite(cutoff_m) and cutoff_m > 0):
        raise ScoringError(f"cutoff_m is {cutoff_m}", where="scoring", expected="a positive number of metres")
    if not (np.isfinite(order) and order >= 1):
        raise ScoringError(f"order is {order}", where="scoring", expected="a finite number of at least 1")

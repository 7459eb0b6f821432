"""Agreement of tracks with the truth: GOSPA, OSPA, identity switches, continuity, time to confirm, false tracks.

Truth and tracks are histories with one dim ``estimate``; truth names its targets ``target``. Everything is scored at
the truth's own times, as a user saw it at that time; ``fusion.scoring.matching`` defines presence and position.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from fusion.scoring.matching import Names, ScoringCase, ScoringCases, ScoringError, TimeArray, scoring_cases
from geo.arrays import Bools, Ints


def gospa(
    truth: xr.Dataset, tracks: xr.Dataset, *, cutoff_m: float = 50.0, order: float = 2.0, times: TimeArray | None = None
) -> xr.Dataset:
    """Compute the generalised optimal sub-pattern assignment metric with α = 2, per time.

    Parameters
    ----------
    truth : Dataset, dim ``estimate``
        True positions, by ``target`` and ``time``.
    tracks : Dataset, dim ``estimate``
        Track history.
    cutoff_m : float, m
        Cut-off distance c.
    order : float
        Order p.
    times : ndarray of datetime64, optional
        Times to score; by default those of the truth, or of the tracks where the truth is empty.

    Returns
    -------
    Dataset, dim ``time``
        ``gospa``, ``localisation``, ``missed`` and ``false`` [m], lower is better; counts ``n_truth``, ``n_tracks``,
        ``n_assigned``, ``n_missed`` and ``n_false``. attrs: ``gospa_mean_m`` (0 with neither truth nor track),
        ``cutoff_m``, ``order`` and ``alpha``.

    Raises
    ------
    ScoringError
        For histories or settings that cannot be scored.

    Notes
    -----
    ``gospa**p == localisation**p + missed**p + false**p`` with localisation = (Σ d^p)^(1/p) over assigned pairs,
    missed = (c^p/2 · n_missed)^(1/p), false = (c^p/2 · n_false)^(1/p). Rahmathullah, García-Fernández, Svensson, Fusion
    2017, doi:10.23919/ICIF.2017.8009645, proposition 1.
    """
    cases = scoring_cases(truth, tracks, cutoff_m, order, times)
    rows = np.array([_gospa_row(case, cutoff_m, order) for case in cases.matched()]).reshape(-1, 9)
    metres = ("gospa", "localisation", "missed", "false")
    counts = ("n_truth", "n_tracks", "n_assigned", "n_missed", "n_false")
    data = {name: ("time", rows[:, i], {"units": "m"}) for i, name in enumerate(metres)}
    data |= {name: ("time", rows[:, 4 + i].astype(np.int64), {"units": "1"}) for i, name in enumerate(counts)}
    mean = float(rows[:, 0].mean()) if len(rows) else 0.0
    attrs = {"cutoff_m": cutoff_m, "order": order, "alpha": 2.0, "gospa_mean_m": mean}
    return xr.Dataset(data, coords={"time": cases.times}, attrs=attrs)


def ospa(
    truth: xr.Dataset, tracks: xr.Dataset, *, cutoff_m: float = 50.0, order: float = 2.0, times: TimeArray | None = None
) -> xr.Dataset:
    """Compute the optimal sub-pattern assignment metric, per time.

    Parameters
    ----------
    truth : Dataset, dim ``estimate``
        True positions, by ``target`` and ``time``.
    tracks : Dataset, dim ``estimate``
        Track history.
    cutoff_m : float, m
        Cut-off distance c, the largest value.
    order : float
        Order p.
    times : ndarray of datetime64, optional
        Times to score; by default those of the truth, or of the tracks where the truth is empty.

    Returns
    -------
    Dataset, dim ``time``
        ``ospa``, ``localisation`` and ``cardinality`` [m], 0 where both sets are empty; attrs ``ospa_mean_m``,
        ``cutoff_m`` and ``order``.

    Raises
    ------
    ScoringError
        For histories or settings that cannot be scored.

    Notes
    -----
    ``ospa**p == localisation**p + cardinality**p``, the second part being (c^p · abs(n − m) / max(n, m))^(1/p).
    Schuhmacher, Vo, Vo, IEEE TSP 56(8), 2008, doi:10.1109/TSP.2008.920469.
    """
    cases = scoring_cases(truth, tracks, cutoff_m, order, times)
    rows = np.array([_ospa_row(case, cutoff_m, order) for case in cases.matched()]).reshape(-1, 3)
    names = ("ospa", "localisation", "cardinality")
    data = {name: ("time", rows[:, i], {"units": "m"}) for i, name in enumerate(names)}
    mean = float(rows[:, 0].mean()) if len(rows) else 0.0
    return xr.Dataset(
        data, coords={"time": cases.times}, attrs={"cutoff_m": cutoff_m, "order": order, "ospa_mean_m": mean}
    )


def identity_switches(
    truth: xr.Dataset, tracks: xr.Dataset, *, cutoff_m: float = 50.0, order: float = 2.0, hysteresis_m: float = 10.0
) -> xr.DataArray:
    """Count how often the track assigned to each target changes.

    Parameters
    ----------
    truth : Dataset, dim ``estimate``
        True positions, by ``target`` and ``time``.
    tracks : Dataset, dim ``estimate``
        Track history.
    cutoff_m : float, m
        Cut-off distance of the assignment.
    order : float
        Order p of the assignment.
    hysteresis_m : float, m
        A pair assigned at the time before is cheaper by ``hysteresis_m**p``.

    Returns
    -------
    DataArray of int64, shape (target,)
        Number of switches; fewer is better.

    Raises
    ------
    ScoringError
        For histories or settings that cannot be scored.

    Notes
    -----
    The assignment is GOSPA's. With hysteresis, noise does not swap two tracks that pass within a few metres, and a real
    swap counts once it costs more than that. A target without a track keeps its last one: a new track afterwards is a
    switch.
    """
    assigned = _assignment(truth, tracks, cutoff_m, order, hysteresis_m)
    switches = [int(np.count_nonzero(np.diff(row[row >= 0]))) for row in assigned.track.T]
    return _per_target("identity_switches", np.array(switches, np.int64), assigned.targets)


def continuity(
    truth: xr.Dataset, tracks: xr.Dataset, *, cutoff_m: float = 50.0, order: float = 2.0, hysteresis_m: float = 10.0
) -> xr.DataArray:
    """Compute the longest unbroken part of each target's life under one track.

    Parameters
    ----------
    truth : Dataset, dim ``estimate``
        True positions, by ``target`` and ``time``.
    tracks : Dataset, dim ``estimate``
        Track history.
    cutoff_m : float, m
        Cut-off distance of the assignment.
    order : float
        Order p of the assignment.
    hysteresis_m : float, m
        Hysteresis of the assignment, as for ``identity_switches``.

    Returns
    -------
    DataArray, shape (target,)
        Fraction of the target's life, best 1, counted in scoring times; attrs ``mean`` is the life-weighted mean, NaN
        without targets.

    Raises
    ------
    ScoringError
        For histories or settings that cannot be scored.

    Notes
    -----
    A change of track or a time without one ends a part. The mean is the SIAP measure LS (Votruba, Nisley, Rothrock,
    Zombro, SIAP metrics, 2001).
    """
    assigned = _assignment(truth, tracks, cutoff_m, order, hysteresis_m)
    longest = np.array([_longest_run(row) for row in assigned.track.T], np.float64)
    life = assigned.present.sum(axis=0).astype(np.float64)
    share = np.divide(longest, life, out=np.full(len(life), np.nan), where=life > 0)
    result = _per_target("continuity", share, assigned.targets)
    result.attrs["mean"] = float(longest.sum() / life.sum()) if life.sum() else float("nan")
    return result


def time_to_confirm(truth: xr.Dataset, tracks: xr.Dataset, *, cutoff_m: float = 50.0) -> xr.DataArray:
    """Compute the time from a target's first row to the first confirmed track on it.

    Parameters
    ----------
    truth : Dataset, dim ``estimate``
        True positions, by ``target`` and ``time``.
    tracks : Dataset, dim ``estimate``
        Track history.
    cutoff_m : float, m
        Cut-off distance of the assignment.

    Returns
    -------
    DataArray, shape (target,), s
        The time, at the resolution of the scoring times, NaN if never. It starts at the target's first row, whether or
        not a sensor could see the target.

    Raises
    ------
    ScoringError
        For histories or settings that cannot be scored.
    """
    assigned = _assignment(truth, tracks, cutoff_m, 2.0, 0.0)
    seconds = np.full(len(assigned.targets), np.nan)
    for j in range(len(seconds)):
        held = np.flatnonzero(assigned.track[:, j] >= 0)
        if len(held):
            first = np.flatnonzero(assigned.present[:, j])[0]
            seconds[j] = (assigned.times[held[0]] - assigned.times[first]) / np.timedelta64(1, "s")
    return _per_target("time_to_confirm", seconds, assigned.targets, units="s")


def false_confirmed_tracks(
    truth: xr.Dataset, tracks: xr.Dataset, *, cutoff_m: float = 50.0, least_share: float = 0.5
) -> xr.Dataset:
    """Count confirmed tracks that follow no target.

    Parameters
    ----------
    truth : Dataset, dim ``estimate``
        True positions, by ``target`` and ``time``.
    tracks : Dataset, dim ``estimate``
        Track history.
    cutoff_m : float, m
        Cut-off distance of the assignment.
    least_share : float
        A track on a target for less than this fraction of its scoring times is false.

    Returns
    -------
    Dataset of scalars
        ``false_confirmed_tracks``, ``confirmed_tracks``, ``hours`` (span of the truth) and ``false_per_hour``,
        NaN for no span.

    Raises
    ------
    ScoringError
        For histories or settings that cannot be scored.

    Notes
    -----
    A second track on one target is false too: the operator sees a person who does not exist. The scoring times are
    those of the truth and, where it has no target between them, those of the tracks: a track that is shown only then
    is false. Tracks that exist only between two scoring times are not counted.
    """
    if not 0.0 <= least_share <= 1.0:
        raise ScoringError(f"least_share is {least_share}", where="false_confirmed_tracks", expected="0 to 1")
    own, cases = _with_empty_times(truth, tracks, cutoff_m)
    shown, present, held = (np.zeros(cases.tracks.count, np.int64) for _ in range(3))
    for case in cases.matched():
        shown[case.track] += 1
        held[case.track[case.pairs.track]] += 1
        if len(case.target):
            present[case.track] += 1
    judged = shown > 0
    false = int(np.count_nonzero(judged & ((held < least_share * present) | (present == 0))))
    span = (own[-1] - own[0]) / np.timedelta64(1, "h") if len(own) else 0.0
    hours = float(span)
    return xr.Dataset(
        {
            "false_confirmed_tracks": false,
            "confirmed_tracks": int(np.count_nonzero(judged)),
            "hours": ((), hours, {"units": "h"}),
            "false_per_hour": ((), false / hours if hours > 0 else float("nan"), {"units": "1/h"}),
        }
    )


def _with_empty_times(truth: xr.Dataset, tracks: xr.Dataset, cutoff_m: float) -> tuple[TimeArray, ScoringCases]:
    """The truth's times, and both histories at these and, within their span, those of the tracks without a target."""
    own = scoring_cases(truth, tracks, cutoff_m, 2.0, None).times
    both = scoring_cases(truth, tracks, cutoff_m, 2.0, np.concatenate([own, tracks["time"].values]))
    empty = both.times[np.diff(both.truth.start) == 0]
    empty = empty[(empty > own[:1]) & (empty < own[-1:])]
    return own, scoring_cases(truth, tracks, cutoff_m, 2.0, np.concatenate([own, empty]))


def _gospa_row(case: ScoringCase, cutoff_m: float, order: float) -> tuple[float, ...]:
    n, m, k = len(case.target), len(case.track), len(case.pairs.truth)
    localisation = float((case.pairs.distance_m**order).sum())
    half = cutoff_m**order / 2
    parts = (localisation + half * (n + m - 2 * k), localisation, half * (n - k), half * (m - k))
    return (*(part ** (1 / order) for part in parts), n, m, k, n - k, m - k)


def _ospa_row(case: ScoringCase, cutoff_m: float, order: float) -> tuple[float, ...]:
    n, m, k = len(case.target), len(case.track), len(case.pairs.truth)
    most = max(n, m)
    if most == 0:
        return 0.0, 0.0, 0.0
    cut = cutoff_m**order
    localisation = (float((case.pairs.distance_m**order).sum()) + (min(n, m) - k) * cut) / most
    cardinality = cut * abs(n - m) / most
    return tuple(part ** (1 / order) for part in (localisation + cardinality, localisation, cardinality))


@dataclass(frozen=True, slots=True)
class _Assignment:
    """Track number of each target at each time, −1 for none; (time, target), and whether the target is present."""

    times: TimeArray
    targets: Names
    present: Bools
    track: Ints


def _assignment(
    truth: xr.Dataset, tracks: xr.Dataset, cutoff_m: float, order: float, hysteresis_m: float
) -> _Assignment:
    if not 0.0 <= hysteresis_m < cutoff_m:
        raise ScoringError(f"hysteresis_m is {hysteresis_m}", where="scoring", expected="0 to below cutoff_m")
    cases = scoring_cases(truth, tracks, cutoff_m, order, None)
    shape = (len(cases.times), cases.truth.count)
    present, track = np.zeros(shape, np.bool_), np.full(shape, -1, np.int64)
    for k, case in enumerate(cases.matched(hysteresis_m)):
        present[k, case.target] = True
        track[k, case.target[case.pairs.truth]] = case.track[case.pairs.track]
    return _Assignment(cases.times, cases.truth.names, present, track)


def _longest_run(track: Ints) -> int:
    edges = np.flatnonzero(np.diff(track, prepend=-2, append=-2))
    held = track[edges[:-1]] >= 0
    return int(np.diff(edges)[held].max(initial=0))


def _per_target(name: str, values: npt.NDArray[np.generic], targets: Names, units: str = "1") -> xr.DataArray:
    return xr.DataArray(values, dims=("target",), coords={"target": targets}, name=name, attrs={"units": units})

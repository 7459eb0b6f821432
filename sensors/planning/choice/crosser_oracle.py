"""The crosser's best response to a choice: the minimum-detection paths, as cuts that bound the objective."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import xarray as xr
from scipy.sparse import csr_array

from geo.arrays import Bools, Floats, Ints
from geo.paths.along_path import Along
from geo.paths.crossings import crossings
from sensors.crossing.segments import SECOND, least_ways, unknown_segments_in
from sensors.crossing.watched_belt import SensorRate, WatchedBelt, feels_steps, most_hazard, searches, with_sensors
from sensors.errors import PlanError
from sensors.interdiction.interception import head_start, reported_in_time
from sensors.planning.choice.benefits import OptionBenefits

SEARCHED = 0.1
"""Fraction of a search's rate with which paths are sought a second time (assumption): on a path the search soon
ends."""


class NoCrossing(PlanError):
    """No path leads across the belt, so that no objective over paths has a value."""


class WayOracle:
    """The minimum-detection path as sums over options (``sensors.planning.solver.solve.Oracle``), computed for every
    choice.

    ``θ`` is the hazard of the minimum-detection path, with each search counted at most up to its maximum; every path
    found is stored as a cut. With a ``response``, only detection that is early enough counts: while the crosser's time
    to the end is at least the response time to that end, both without spread; its value is then the probability of
    timely detection. Exact except for searches that end on the path, and for mobile
    options, whose paths are sought by their mean rates: then another path might be detected less.
    """

    def __init__(self, benefits: OptionBenefits, response: xr.DataArray | None = None) -> None:
        self.benefits = benefits
        self.passed_on = 1.0 if response is None else benefits.case.communication
        self._early: Bools | None = None
        self._unknown: Bools | None = None
        self._undecided: dict[bytes, tuple[float, Floats]] = {}  # by path, as ``_may_be_in_time``
        if response is not None:
            case = benefits.case
            margins = head_start(benefits.watched, response, direction=case.direction, seen_mps=case.seen_mps)
            spare = margins.to_numpy()
            self._early, self._unknown = np.nan_to_num(spare, nan=-1.0) >= 0.0, np.isnan(spare)
            spare = np.where(self._unknown, np.inf, spare)  # there, a late report may be in time
            timely = tuple(rate.where(spare >= rate.delay_s) if rate.delay_s > 0.0 else rate for rate in benefits.rates)
            self.benefits = benefits = replace(
                benefits, rates=timely, watched=reported_in_time(benefits.watched, spare)
            )
        size = benefits.watched.belt.inside.size
        self._timed = _raster_rows([r if not feels_steps(r.kind) else None for r in benefits.rates], size, 1.0)
        speed = benefits.watched.attrs["assumed_speed_mps"]
        self._paced = _raster_rows([r if feels_steps(r.kind) else None for r in benefits.rates], size, 1.0 / speed)
        self._known: dict[bytes, tuple[float, Floats]] = {}
        self._segments: dict[bytes, set[int]] = {}

    def value_at(self, theta: float) -> float:
        return float(-self.passed_on * np.expm1(-max(theta, 0.0)))

    @property
    def cuts(self) -> list[tuple[float, Floats]]:
        """The cuts of all paths found."""
        return list(self._known.values())

    def over_found(self, chosen: Ints) -> float:
        """Value of the objective for a choice over the paths found so far."""
        return self.value_at(min(base + float(slopes[chosen].sum()) for base, slopes in self._known.values()))

    def over_known_segments(self, chosen: Ints) -> float:
        """The same without the segments in which detection is unknown with the choice
        (``sensors.crossing.segments``), or the response to their path if the choice detects on it before the response
        may be late, as it is published; NaN if it is unknown in all.

        The search counts them as not detected, as a mean counts unknown cells.
        """
        watched, case = self.benefits.with_chosen(chosen), self.benefits.case
        in_sight = not (watched.unknown & watched.belt.inside).any()
        undecided = {key for key, (base, slopes) in self._undecided.items() if base + slopes[chosen].sum() > 0.0}
        if in_sight and not undecided:
            return self.over_found(chosen)
        known = set(range(watched.belt.border.segments))
        if not in_sight:
            ways = least_ways(watched, direction=case.direction, neighbours=case.neighbours)
            known = set(np.flatnonzero(~unknown_segments_in(watched, ways)).tolist())
        sums = {key: c + float(s[chosen].sum()) for key, (c, s) in self._known.items()}
        falling = sorted(sums, key=lambda key: (sums[key], key in undecided), reverse=True)
        lowest = {one: key for key in falling for one in self._segments[key]}
        known -= {one for one, key in lowest.items() if key in undecided}
        found = [total for key, total in sums.items() if self._segments[key] & known]
        return self.value_at(min(found)) if found else math.nan

    def least(self, chosen: Ints) -> tuple[float, list[tuple[float, Floats]]]:
        """θ of a choice, and a cut for the path through each segment that is not known yet (or the minimum known)."""
        benefits = self.benefits
        watched = benefits.with_chosen(chosen)
        early = np.ones(watched.belt.inside.shape, bool) if self._early is None else self._early
        cells = self._ways(watched, early)
        fresh = {key: way for key, way in cells.items() if key not in self._known}
        if fresh:
            along = Along.over_paths(watched.on_belt, list(fresh.values()))
            base, slopes = self._hazards(along, early)
            self._known |= {key: (float(base[n]), slopes[n]) for n, key in enumerate(fresh)}
            self._undecided |= self._may_be_in_time(fresh)
        sums = {key: c + float(s[chosen].sum()) for key, (c, s) in self._known.items()}
        lowest = min(sums, key=sums.__getitem__)
        return sums[lowest], [self._known[key] for key in {**dict.fromkeys(fresh), lowest: None}]

    def _ways(self, watched: WatchedBelt, early: Bools) -> dict[bytes, tuple[Ints, Ints]]:
        """The minimum-detection path through every segment, by its cells. With searching sensors, paths found with a
        low weight of searches are added, because a crosser can stay in view after a search has ended.
        """
        paths: dict[bytes, tuple[Ints, Ints]] = {}
        short = [replace(s, rate=s.rate * SEARCHED) if searches(s.kind) else s for s in watched.sensors]
        watches = (
            [watched, with_sensors(watched, tuple(short))]
            if any(searches(s.kind) for s in watched.sensors)
            else [watched]
        )
        for watch in watches:
            ways = crossings(
                watch.belt,
                watch.mobility,
                weight=np.where(early, watch.per_s, 0.0) + SECOND,
                toll=np.where(early, watch.per_m, 0.0),
                direction=self.benefits.case.direction,
                neighbours=self.benefits.case.neighbours,
            )
            for segment in np.flatnonzero(np.isfinite(ways.cost)):
                way = ways.cells(int(segment))
                key = b"".join(axis.tobytes() for axis in way)
                paths[key] = way
                self._segments.setdefault(key, set()).add(int(segment))
        if not paths:
            raise NoCrossing("no passable crossing", where="plan", expected="passable ground from edge to edge")
        return paths

    def _may_be_in_time(self, paths: Mapping[bytes, tuple[Ints, Ints]]) -> dict[bytes, tuple[float, Floats]]:
        """By path, the hazard of the existing layout and of each option (option,) in cells from which it is unknown
        whether the response is in time; without paths that have no such cell."""
        if self._unknown is None:
            return {}
        some = {key: way for key, way in paths.items() if self._unknown[way].any()}
        if not some:
            return {}
        along = Along.over_paths(self.benefits.watched.on_belt, list(some.values()))
        base, slopes = self._hazards(along, self._unknown)
        return {key: (float(base[n]), slopes[n]) for n, key in enumerate(some)}

    def _hazards(self, along: Along, early: Bools) -> tuple[Floats, Floats]:
        """Hazard of the existing layout (way,) and of each option (way, option) along paths."""
        counted = early.ravel()[along.cells].astype(np.float64)
        time, length = (_weights(along, values, early.size, counted) for values in (along.seconds, along.metres))
        slopes = np.asarray((time @ self._timed.T + length @ self._paced.T).todense(), np.float64)
        benefits = self.benefits
        for n, (option, rate) in enumerate(zip(benefits.options, benefits.rates, strict=True)):
            if option.id in benefits.mobile:
                slopes[:, n] = benefits.mobile[option.id].hazards(along, counted)[:, 0]
            elif searches(rate.kind):
                slopes[:, n] = np.minimum(slopes[:, n], _most(along, rate, counted))
        base = np.zeros(along.paths)
        for rate in benefits.watched.sensors:
            paced = feels_steps(rate.kind)
            factor = 1.0 / benefits.watched.attrs["assumed_speed_mps"] if paced else 1.0
            row = _raster_rows([rate], early.size, factor)
            part = np.asarray(((length if paced else time) @ row.T).todense(), np.float64)[:, 0]
            base += np.minimum(part, _most(along, rate, counted)) if searches(rate.kind) else part
        return base, slopes


def _raster_rows(rates: Sequence[SensorRate | None], size: int, factor: float) -> csr_array:
    """Rates as a sparse matrix (sensor, cell), empty rows for None."""
    length = [0 if rate is None else len(rate.cells) for rate in rates]
    start = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
    cells = [rate.cells for rate in rates if rate is not None]
    values = [rate.rate * factor for rate in rates if rate is not None]
    index = np.concatenate(cells) if cells else np.zeros(0, np.int64)
    data = np.concatenate(values) if values else np.zeros(0)
    return csr_array((data, index, start), shape=(len(rates), size))


def _weights(along: Along, pieces: Floats, size: int, counted: Floats) -> csr_array:
    """Weights of a raster's cells on each path (way, cell) when it is summed over ``pieces``."""
    half = 0.5 * pieces
    knot = np.concatenate([along.begins, along.begins + 1])
    way, value = np.concatenate([along.path, along.path]), np.concatenate([half, half])
    share = along.share[knot]
    cell = np.concatenate([along.left[knot], along.right[knot]])
    weight = np.concatenate([value * (1.0 - share), value * share]) * counted[cell]
    return csr_array((weight, (np.concatenate([way, way]), along.cells[cell])), shape=(along.paths, size))


def _most(along: Along, rate: SensorRate, counted: Floats) -> Floats:
    """The maximum hazard of one search on each path (way,): ``−ln(1 − P∞)``, P∞ being the maximum on the path."""
    at = np.searchsorted(rate.cells, along.cells)
    at = np.minimum(at, max(len(rate.cells) - 1, 0))
    look = np.zeros(len(along.cells))
    if len(rate.cells):
        here = rate.cells[at] == along.cells
        look[here] = rate.look[at[here]]
    knots = along.between(look * counted)
    best = np.zeros(along.paths)
    np.maximum.at(best, along.path, np.maximum(knots[along.begins], knots[along.begins + 1]))
    return np.array([most_hazard(p) for p in best])

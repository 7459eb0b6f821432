"""Detection by a mobile item whose phase no crosser knows: along paths, and of someone who stays in a cell.

The probability that all its looks miss is the mean over phases, and over the plans that are drawn, of ``exp(−H)``: H is
the sum, post by post, of the seconds there times the rate. Mobile items have phases of their own, so that their
``effective`` hazards ``−ln E exp(−H)`` add up to each other and to those of fixed sensors, as those of any options do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from scipy import sparse

from geo.arrays import Floats, Ints
from geo.paths.along_path import Along
from sensors.crossing.watched_belt import SensorRate, most_hazard, searches
from sensors.detection_model.hazard import hazard_of
from sensors.planning.mobile.schedule import Schedule
from sensors.planning.mobile.time_at_posts import TimeAtPosts

PHASE_S: Final = 120.0
"""Distance between the phases over which the mean is taken [s]; they are the middles of equal parts of the period."""
FEWEST_PHASES, MOST_PHASES = 48, 480


@dataclass(frozen=True, slots=True, eq=False)
class MobileRates:
    """A schedule over a belt: ``rates`` [1/s] and ``looks`` [1] (post, cell), sparse over the flat cells of the window.

    ``places`` (post, 2) [m]. ``clocks`` hold for each plan the time of each of its units at the posts.
    """

    schedule: Schedule
    places: Floats
    clocks: tuple[tuple[TimeAtPosts, ...], ...]
    rates: sparse.csr_array
    looks: sparse.csr_array

    @property
    def phases_s(self) -> Floats:
        """Phases (phase,) [s], evenly over the period."""
        period = self.schedule.period_s
        count = min(max(math.ceil(period / PHASE_S), FEWEST_PHASES), MOST_PHASES)
        return (np.arange(count) + 0.5) / count * period

    def mean_rate(self, name: str) -> SensorRate:
        """Return the mean rates over time and plans, in which paths are sought: those of looks spread evenly."""
        seconds = np.zeros(len(self.places))
        for chance, units in zip(self.schedule.probability, self.clocks, strict=True):
            for clock in units:
                seconds += chance * clock.seconds
        share = self.schedule.on_duty * seconds / self.schedule.period_s
        mean = np.asarray(self.rates.T @ share).ravel()
        look = self.looks.tocsc().max(axis=0).toarray().ravel() if self.looks.nnz else np.zeros(len(mean))
        cells = np.flatnonzero(mean > 0.0)
        sensor = self.schedule.sensor
        return SensorRate(
            name, sensor.kind, float(sensor.availability), cells, mean[cells], look[cells], np.zeros(0, np.int64)
        )

    def hazards(self, along: Along, counted: Floats, task: Ints | None = None, tasks: int = 1) -> Floats:
        """Compute effective hazards along paths.

        Parameters
        ----------
        along : Along
            The paths.
        counted : ndarray, shape (cell,)
            Factor [1] of each of the cells of ``along``, such as 0 where a detection would be too late.
        task : ndarray of int, shape (piece,), optional
            Number of the part of the crossing in which each piece lies.
        tasks : int
            Number of parts.

        Returns
        -------
        ndarray, shape (path, task)
            Effective hazard [1] until the end of each part, not decreasing.
        """
        result = np.zeros((along.paths, tasks))
        if not len(along.begins) or not self.rates.nnz:
            return result
        rates, looks = (
            (values[:, along.cells] @ sparse.diags_array(counted)).tocsr() for values in (self.rates, self.looks)
        )
        first = np.searchsorted(along.path, np.arange(along.paths + 1))
        for path, (low, high) in enumerate(pairwise(first.tolist())):
            if low == high:
                continue
            knot = np.append(along.begins[low:high], along.begins[high - 1] + 1)
            rate = self._between(rates, along, knot)
            seen = np.flatnonzero(rate.any(axis=0))
            if not len(seen):
                continue
            look = self._between(looks, along, knot)[:, seen]
            pieces = np.zeros((high - low, tasks))
            pieces[np.arange(high - low), 0 if task is None else task[low:high]] = 1.0
            times = np.append(0.0, np.cumsum(along.seconds[low:high]))
            result[path] = self._effective(
                0.5 * (rate[:-1] + rate[1:])[:, seen], np.maximum(look[:-1], look[1:]), seen, times, pieces
            )
        return result

    @staticmethod
    def _between(values: sparse.csr_array, along: Along, knot: Ints) -> Floats:
        """Values (knot, post) at knots, linear between their two cells."""
        left, right = (np.asarray(values[:, side[knot]].todense()).T for side in (along.left, along.right))
        share = along.share[knot][:, None]
        return np.where(share > 0.0, left + share * (right - left), left)

    def _effective(self, rate: Floats, look: Floats, seen: Ints, times: Floats, pieces: Floats) -> Floats:
        """Effective hazards (task,) of one path: rates and looks (piece, post) at the ``seen`` posts, times (piece +
        1,), and the part in which each piece lies as 0 or 1 (piece, task)."""
        at = self.phases_s[:, None] + times
        found = np.zeros(pieces.shape[1])
        for chance, units in zip(self.schedule.probability, self.clocks, strict=True):
            total = np.zeros((len(at), pieces.shape[1]))
            for clock in units:
                there = np.diff(clock.only(seen).until(at), axis=1)  # (phase, piece, post)
                hazard = np.einsum("kip,ip->ki", there, rate)
                if searches(self.schedule.sensor.kind):
                    best = np.where(there > 0.0, look, 0.0).max(axis=2, initial=0.0)
                    hazard = limited_passes(hazard, best)
                total += np.cumsum(hazard @ pieces, axis=1)
            found -= chance * np.expm1(-total).mean(axis=0)
        return hazard_of(self.schedule.on_duty * np.clip(found, 0.0, 1.0))

    def in_cells(self, dwell_s: float) -> tuple[Ints, Floats]:
        """Compute the probability of detecting someone who stays in a cell for a time that begins at any phase.

        Parameters
        ----------
        dwell_s : float, s
            The time. A search counts once in it, as that of a fixed camera.

        Returns
        -------
        cells : ndarray of int, shape (cell,)
            Flat cells that some post sees.
        probability : ndarray, shape (cell,)
            Probability [1] in each, without outages.
        """
        reached = np.zeros(self.rates.shape[1], np.bool_)
        reached[self.rates.indices] = True
        cells = np.flatnonzero(reached)
        number = np.cumsum(reached) - 1
        found, begin = np.zeros(len(cells)), self.phases_s
        capped = searches(self.schedule.sensor.kind)
        for chance, units in zip(self.schedule.probability, self.clocks, strict=True):
            spent = [clock.until(begin + dwell_s) - clock.until(begin) for clock in units]
            for k in range(len(begin)):
                total = np.zeros(len(cells))
                for there in spent:
                    total += self._of_window(there[k], number, len(cells), capped=capped)
                found -= chance / len(begin) * np.expm1(-total)
        return cells, self.schedule.on_duty * np.clip(found, 0.0, 1.0)

    def _of_window(self, seconds: Floats, number: Ints, cells: int, *, capped: bool) -> Floats:
        """Hazard (cell,) of seconds (post,) at posts, limited to one search."""
        hazard, look = np.zeros(cells), np.zeros(cells)
        for post in np.flatnonzero(seconds > 0.0):
            low, high = self.rates.indptr[post], self.rates.indptr[post + 1]
            at = number[self.rates.indices[low:high]]
            hazard[at] += seconds[post] * self.rates.data[low:high]
            if capped:
                look[at] = np.maximum(look[at], self.looks.data[low:high])
        if not capped:
            return hazard
        with np.errstate(divide="ignore"):
            return np.minimum(hazard, -np.log1p(-look))


def limited_passes(hazard: Floats, look: Floats) -> Floats:
    """Hazards (phase, piece) with those of each pass, a run of pieces in view, scaled to at most that of its highest
    P∞ ``look`` (phase, piece)."""
    seen = hazard > 0.0
    begins = seen & ~np.pad(seen[:, :-1], ((0, 0), (1, 0)))
    run = np.where(seen, np.cumsum(begins.ravel()).reshape(seen.shape), 0).ravel()
    total, best = np.bincount(run, weights=hazard.ravel()), np.zeros(int(run.max(initial=0)) + 1)
    np.maximum.at(best, run, look.ravel())
    most = np.array([most_hazard(float(p)) for p in best])
    share = np.where(total > most, most / np.maximum(total, 1e-300), 1.0)
    return np.asarray((hazard.ravel() * share[run]).reshape(hazard.shape))

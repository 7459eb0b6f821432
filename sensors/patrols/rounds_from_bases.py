"""Feasible rounds of patrols from their bases: the segments that they can visit in a shift, and the best round.

Each patrol leaves its base, stays in segments one after the other, and is back before the shift ends. The round that
collects the most prizes is a team orienteering problem: insertion finds good ones, HiGHS proves the best.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import highspy
import numpy as np

from geo.arrays import Floats
from sensors.errors import GameError
from sensors.patrols.game import Round, Shift

Tour = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class FromBases:
    """Feasible rounds of a shift between arbitrary segments and the bases.

    Parameters
    ----------
    travel_s : array_like, shape (segment, segment), s
        Time between segments; infinite where there is no path.
    out_s : array_like, shape (segment,), s
        Time from the base; of several bases the nearest in time.
    back_s : array_like, shape (segment,), s
        Time back to the base.
    shift : Shift
        Patrols and times of the shift.

    Raises
    ------
    GameError
        For other shapes and negative times.
    """

    travel_s: Floats
    out_s: Floats
    back_s: Floats
    shift: Shift

    def __post_init__(self) -> None:
        count = len(np.atleast_1d(self.out_s))
        for name, shape in (("travel_s", (count, count)), ("out_s", (count,)), ("back_s", (count,))):
            values = np.asarray(getattr(self, name), np.float64)
            if values.shape != shape or np.isnan(values).any() or (values < 0.0).any():
                raise GameError(
                    f"{name} has shape {values.shape}, or a time below 0", where="rounds", expected=f"{shape}"
                )
            object.__setattr__(self, name, values)

    def seconds(self, tour: Tour) -> float:
        """Compute the time of a tour, with the stays.

        Parameters
        ----------
        tour : tuple of int
            Segments in the order of travel.

        Returns
        -------
        float, s
            The time; 0 without segments.
        """
        if not tour:
            return 0.0
        between = sum(float(self.travel_s[a, b]) for a, b in pairwise(tour))
        return float(self.out_s[tour[0]]) + between + len(tour) * self.shift.stay_s + float(self.back_s[tour[-1]])

    def feasible(self, tour: Tour) -> bool:
        """Return whether a tour fits into the shift.

        Parameters
        ----------
        tour : tuple of int
            Segments in the order of travel.

        Returns
        -------
        bool
            True where it does.
        """
        return self.seconds(tour) <= self.shift.shift_s * (1.0 + 1e-12)

    def best(self, prizes: Floats) -> tuple[Round, float]:
        """Find the round that collects the most prizes, and an upper bound on what any round collects.

        Parameters
        ----------
        prizes : ndarray, shape (segment,)
            Prize of each segment, counted once.

        Returns
        -------
        round : Round
            The best round found.
        bound : float
            The upper bound; equal to what the round collects where it is the best.

        Notes
        -----
        Where a path through other segments, with the stays there, is faster than a direct one, rounds in which two
        patrols stop in the same segment are not searched for; the bound holds for them too.
        """
        worth = np.maximum(np.asarray(prizes, np.float64), 0.0)
        early, home, direct = self._least_times()
        able = early + home <= self.shift.shift_s * (1.0 + 1e-12)
        useful = [int(s) for s in np.flatnonzero(able & (worth > 0.0))]
        if not useful or self.shift.patrols == 0:
            return (), 0.0
        if not direct:  # a stop without a prize may save time
            useful = [int(s) for s in np.flatnonzero(able)]
        quick = self.quick(worth)
        collected = sum(float(worth[s]) for tour in quick for s in tour)
        if collected >= float(worth[useful].sum()) - 1e-12:
            return quick, collected
        tours, limit = self._proved(worth, useful, quick, collected)
        if (
            not direct and self.shift.patrols > 1
        ):  # two patrols may need the same stop, which is not searched: a wider bound
            alone = replace(self, shift=replace(self.shift, patrols=1)).best(prizes)[1]
            limit = max(limit, min(self.shift.patrols * alone, float(worth[useful].sum())))
        return tours, limit

    def _least_times(self) -> tuple[Floats, Floats, bool]:
        """Earliest arrival in each segment [s], least time from there to the base [s], and whether direct is fastest.

        The times include the stays in between. Direct is fastest if no path via another segment, with the stay there,
        takes less time.
        """
        stay = self.shift.stay_s
        hops, leave = self.travel_s + stay, self.back_s + stay
        least = hops.copy()
        for n in range(len(least)):
            least = np.minimum(least, least[:, n, None] + least[None, n, :])
        early = np.minimum(self.out_s, (self.out_s[:, None] + least).min(axis=0))
        home = np.minimum(leave, (least + leave[None, :]).min(axis=1))
        apart = ~np.eye(len(least), dtype=np.bool_)
        direct = (least >= hops)[apart].all() and (early >= self.out_s).all() and (home >= leave).all()
        return early, home, bool(direct)

    def quick(self, prizes: Floats) -> Round:
        """Find a good round, by insertion.

        Parameters
        ----------
        prizes : ndarray, shape (segment,)
            Prize of each segment, counted once.

        Returns
        -------
        Round
            A feasible round.
        """
        worth = np.maximum(np.asarray(prizes, np.float64), 0.0)
        return self._quick(worth, [int(s) for s in np.flatnonzero(worth > 0.0) if self.feasible((int(s),))])

    def _quick(self, worth: Floats, useful: list[int]) -> Round:
        """Tours by repeatedly inserting the segment with the most prize per second of detour."""
        tours: list[Tour] = [()] * self.shift.patrols
        left = set(useful)
        while True:
            moves = [
                (worth[s] / max(self.seconds(new) - self.seconds(tours[n]), 1e-9), -s, n, new)
                for n in range(self.shift.patrols)
                for s in left
                for new in self._inserted(tours[n], s)
            ]
            if not moves:
                return tuple(tour for tour in tours if tour)
            _, minus, n, new = max(moves, key=lambda move: (move[0], move[1], -move[2]))
            tours[n] = new
            left.discard(-minus)

    def _inserted(self, tour: Tour, segment: int) -> Iterator[Tour]:
        for place in range(len(tour) + 1):
            new = (*tour[:place], segment, *tour[place:])
            if self.feasible(new):
                yield new

    def _proved(self, worth: Floats, useful: list[int], quick: Round, collected: float) -> tuple[Round, float]:
        """By HiGHS: arcs between the useful segments and the base, arrival times that rule out loops without it."""
        shift = self.shift
        count = len(useful)
        early, home, _ = self._least_times()
        earliest, latest = early[useful], shift.shift_s - home[useful]
        out, leave = self.out_s[useful], self.back_s[useful] + shift.stay_s
        travel = self.travel_s[np.ix_(useful, useful)]
        pairs = [
            (a, b)
            for a in range(count)
            for b in range(count)
            if a != b and earliest[a] + shift.stay_s + travel[a, b] <= latest[b] + 1e-9
        ]
        model = _Arcs(worth[useful], pairs)
        for n in range(count):
            model.flow(n)
        model.leave(shift.patrols)
        for place, (a, b) in enumerate(pairs):
            big = latest[a] + shift.stay_s + travel[a, b] - earliest[b]
            model.order(place, a, b, shift.stay_s + float(travel[a, b]), max(big, 0.0))
        model.times(earliest, latest)
        model.ends(out, shift.shift_s - leave, earliest, latest)
        tours, limit = model.solve(shift.seconds, collected)
        proved = tuple(tuple(useful[n] for n in tour) for tour in tours)
        total = sum(float(worth[s]) for tour in proved for s in tour)
        if total > collected and all(self.feasible(tour) for tour in proved):
            return proved, max(limit, total)
        return quick, max(limit, collected)


class _Arcs:
    """Columns: arcs between segments, then out of the base, back to it, then times of arrival; rows are added."""

    def __init__(self, worth: Floats, pairs: list[tuple[int, int]]) -> None:
        self.count, self.pairs = len(worth), pairs
        self.first_out, self.first_back = len(pairs), len(pairs) + self.count
        self.first_time = len(pairs) + 2 * self.count
        self.model = highspy.Highs()
        self.model.setOptionValue("output_flag", False)
        self.model.setOptionValue("threads", 1)
        total = self.first_time + self.count
        upper = np.append(np.ones(self.first_time), np.full(self.count, highspy.kHighsInf))
        self.model.addVars(total, np.zeros(total), upper)
        for column in range(self.first_time):
            self.model.changeColIntegrality(column, highspy.HighsVarType.kInteger)
        for n in range(self.count):
            for column in self._into(n):
                self.model.changeColCost(column, float(worth[n]))
        self.model.changeObjectiveSense(highspy.ObjSense.kMaximize)

    def _into(self, n: int) -> list[int]:
        return [k for k, (_, b) in enumerate(self.pairs) if b == n] + [self.first_out + n]

    def _from(self, n: int) -> list[int]:
        return [k for k, (a, _) in enumerate(self.pairs) if a == n] + [self.first_back + n]

    def _row(self, low: float, high: float, columns: list[int], values: list[float]) -> None:
        self.model.addRow(low, high, len(columns), np.array(columns, np.int32), np.array(values))

    def flow(self, n: int) -> None:
        """A patrol that enters a segment leaves it; at most one enters."""
        into, out = self._into(n), self._from(n)
        self._row(0.0, 0.0, into + out, [1.0] * len(into) + [-1.0] * len(out))
        self._row(-highspy.kHighsInf, 1.0, into, [1.0] * len(into))

    def leave(self, patrols: int) -> None:
        self._row(
            -highspy.kHighsInf, float(patrols), [self.first_out + n for n in range(self.count)], [1.0] * self.count
        )

    def order(self, place: int, a: int, b: int, seconds: float, big: float) -> None:
        """t_b ≥ t_a + seconds if the arc is used."""
        self._row(
            seconds - big, highspy.kHighsInf, [self.first_time + b, self.first_time + a, place], [1.0, -1.0, -big]
        )

    def times(self, earliest: Floats, latest: Floats) -> None:
        for n in range(self.count):
            self.model.changeColBounds(self.first_time + n, float(earliest[n]), float(max(latest[n], earliest[n])))

    def ends(self, first: Floats, last: Floats, earliest: Floats, latest: Floats) -> None:
        """Bound the arrival of patrols that come straight from the base or go straight back to it.

        They arrive at ``first`` at the earliest and by ``last``; set only if that is tighter than the times.
        """
        for n in range(self.count):
            for column, late, slack in (
                (self.first_out + n, first[n] > latest[n] + 1e-9, first[n] - earliest[n]),
                (self.first_back + n, last[n] < earliest[n] - 1e-9, last[n] - latest[n]),
            ):
                if late:
                    self.model.changeColBounds(column, 0.0, 0.0)
                elif slack > 0.0:
                    self._row(float(earliest[n]), highspy.kHighsInf, [self.first_time + n, column], [1.0, -slack])
                elif slack < 0.0:
                    self._row(-highspy.kHighsInf, float(latest[n]), [self.first_time + n, column], [1.0, -slack])

    def solve(self, seconds: float, least: float) -> tuple[list[Tour], float]:
        """Tours, and an upper bound for any round; no tours if nothing better than ``least`` was found."""
        self.model.setOptionValue("time_limit", seconds)
        self.model.setOptionValue("mip_rel_gap", 0.0)
        self.model.run()
        info = self.model.getInfo()
        limit = float(info.mip_dual_bound)
        if info.primal_solution_status == 0 or info.objective_function_value <= least:
            return [], limit if math.isfinite(limit) else math.inf
        x = np.asarray(self.model.getSolution().col_value) > 0.5
        onward = {a: b for k, (a, b) in enumerate(self.pairs) if x[k]}
        tours = []
        for n in range(self.count):
            if x[self.first_out + n]:
                tour = [n]
                while tour[-1] in onward:
                    tour.append(onward[tour[-1]])
                tours.append(tuple(tour))
        return tours, limit

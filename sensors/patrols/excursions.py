"""The round along the border that collects most where driving by the base may be faster than along the border.

A patrol then makes several *excursions*: each leaves the base, passes a range of segments one after the other, and
returns. With times that are closed (no way by other segments is faster), excursions that share a segment can be
replaced by ones that do not, so a patrol's shift is a walk along the line that is at each segment outside, on an
excursion forwards, or on one backwards. That is a flow with a budget of time, which HiGHS solves to a bound.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Final

import highspy
import numpy as np

from geo.arrays import Bools, Floats, Ints
from sensors.patrols.game import Round, Shift

KINDS: Final = ("begin", "carry", "end", "begin_back", "carry_back", "end_back", "stay")
"""Columns of a crew at each segment: an excursion forwards begins, arrives from the segment before, ends; the same of
one backwards, listed from its far end; a stay."""
BEGIN, CARRY, END, BEGIN_BACK, CARRY_BACK, END_BACK, STAY = range(len(KINDS))


@dataclass(frozen=True, slots=True, eq=False)
class Excursions:
    """Times of excursions along the line, closed: ``hop_s`` and ``hop_back_s`` (segment − 1,), ``out_s`` and
    ``back_s`` (base, segment) [s]; a patrol returns to the base that it left."""

    hop_s: Floats
    hop_back_s: Floats
    out_s: Floats
    back_s: Floats
    shift: Shift

    def best(self, worth: Floats) -> tuple[Round, float]:
        """Return the best round found for the prizes (segment,) [≥ 0], and what no round exceeds."""
        round_trip = (self.out_s + self.back_s).min(axis=0) + self.shift.stay_s
        useful = np.flatnonzero((worth > 0.0) & (round_trip <= self.shift.shift_s * (1.0 + 1e-12)))
        if not len(useful) or self.shift.patrols == 0:
            return (), 0.0
        x, limit = self._solved(worth[useful], useful)
        bound = min(limit, float(worth[useful].sum()))
        if x is None:
            return (), bound
        tours = tuple(tuple(int(useful[s]) for s in tour) for tour in map(_stays, x) if tour)
        return tours, max(bound, float(worth[sorted({s for tour in tours for s in tour})].sum()))

    def _solved(self, worth: Floats, useful: Ints) -> tuple[Bools | None, float]:
        """Columns used (crew, kind, segment), None without a solution; and the bound.

        A crew is one possible patrol of one base: of all crews at most ``patrols`` are used.
        """
        shift, count = self.shift, len(useful)
        seconds = np.stack([self._seconds(base, useful) for base in range(len(self.out_s))])
        crews = np.repeat(np.arange(len(seconds)), shift.patrols)
        block = len(KINDS) * count
        model = highspy.Highs()
        for option, value in (("output_flag", False), ("threads", 1), ("mip_rel_gap", 0.0)):
            model.setOptionValue(option, value)
        model.setOptionValue("time_limit", float(shift.seconds))
        cost = seconds[crews].reshape(-1)
        possible = cost <= shift.shift_s * (1.0 + 1e-12)
        total = len(crews) * (block + 1)  # the last column of each crew says whether it is used
        model.addVars(total, np.zeros(total), np.append(possible.astype(np.float64), np.ones(len(crews))))
        for column in range(total):
            model.changeColIntegrality(column, highspy.HighsVarType.kInteger)
        model.changeObjectiveSense(highspy.ObjSense.kMaximize)
        columns = np.arange(len(crews) * block).reshape(len(crews), len(KINDS), count)
        for stay, prize in zip(columns[:, STAY].ravel(), np.tile(worth, len(crews)), strict=True):
            model.changeColCost(int(stay), float(prize))
        at_most = -highspy.kHighsInf

        def row(low: float, high: float, of: Ints, values: Floats) -> None:
            model.addRow(low, high, len(of), of.astype(np.int32), values)

        for crew, mine in enumerate(columns):
            used = len(crews) * block + crew
            for begin, carry, end in ((BEGIN, CARRY, END), (BEGIN_BACK, CARRY_BACK, END_BACK)):
                for s in range(count):
                    onward = mine[carry, s + 1 : s + 2]
                    of = np.concatenate([mine[[begin, carry, end], s], onward])
                    row(0.0, 0.0, of, np.array([1.0, 1.0, -1.0, -1.0][: len(of)]))
            passing = mine[[BEGIN, CARRY, BEGIN_BACK, CARRY_BACK]]
            for s in range(count):
                row(at_most, 0.0, np.append(passing[:, s], used), np.array([1.0, 1.0, 1.0, 1.0, -1.0]))
                row(at_most, 0.0, np.append(passing[:, s], mine[STAY, s]), np.array([-1.0, -1.0, -1.0, -1.0, 1.0]))
            spent = np.where(possible, cost, 0.0)[mine.ravel()]
            row(at_most, 0.0, np.append(mine.ravel(), used), np.append(spent, -shift.shift_s))
            drive = float((self.out_s + self.back_s)[crews[crew], useful].min())
            most = _fitting(shift.shift_s - drive, shift.stay_s, count)
            row(at_most, 0.0, np.append(mine[STAY], used), np.append(np.ones(count), -float(most)))
            if crew and crews[crew - 1] == crews[crew]:  # crews of a base are alike: the better one first
                row(0.0, highspy.kHighsInf, columns[crew - 1 : crew + 1, STAY].ravel(), np.append(worth, -worth))
        every = np.arange(len(crews) * block, total)
        row(at_most, float(shift.patrols), every, np.ones(len(every)))
        for s in range(count):
            row(at_most, 1.0, columns[:, STAY, s], np.ones(len(crews)))
        model.run()
        info = model.getInfo()
        limit = float(info.mip_dual_bound)
        if info.primal_solution_status == 0:
            return None, limit if math.isfinite(limit) else math.inf
        x = np.asarray(model.getSolution().col_value)[: columns.size].reshape(columns.shape) > 0.5
        late = (np.where(x, cost.reshape(columns.shape), 0.0).sum(axis=(1, 2)) > shift.shift_s * (1.0 + 1e-9)).any()
        return (None if late else x), limit

    def _seconds(self, base: int, useful: Ints) -> Floats:
        """Seconds of each column of a crew of a base (kind, segment); infinite where it cannot be used."""
        none = np.array([math.inf])
        between = list(itertools.pairwise(useful))
        forth = np.array([self.hop_s[a:b].sum() for a, b in between])
        back = np.array([self.hop_back_s[a:b].sum() for a, b in between])
        out, home = self.out_s[base, useful], self.back_s[base, useful]
        stay = np.full(len(useful), float(self.shift.stay_s))
        return np.stack([out, np.append(none, forth), home, home, np.append(none, back), out, stay])


def _fitting(spare_s: float, stay_s: float, most: int) -> int:
    if spare_s < 0.0:
        return 0
    return most if stay_s <= 0.0 else min(most, int(spare_s / stay_s * (1.0 + 1e-12)))


def _stays(used: Bools) -> list[int]:
    """Stays of one crew in the order of travel, excursion by excursion along the line."""
    tour: list[int] = []
    behind: list[int] = []
    for s in range(used.shape[1]):
        if used[BEGIN_BACK, s] or used[CARRY_BACK, s]:
            behind += [s] if used[STAY, s] else []
            if used[END_BACK, s]:
                tour += behind[::-1]
                behind = []
        elif used[STAY, s]:
            tour.append(s)
    return tour

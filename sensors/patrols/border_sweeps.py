"""Patrol routes along the border: each patrol drives from one segment to another, past all in between, and stays in
some.

The times are closed first: a segment is reached, and left, over other segments where that is faster. If then no way by
the base is faster than that along the border, a route is a range of segments and those to stay in; the number of stays
that fit follows from the length of the range. The route that collects most is therefore found exactly: over all ranges
for one patrol, by a small model in HiGHS for several. Otherwise a patrol may return to its base and leave again
(``sensors.patrols.excursions``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import highspy
import numpy as np

from geo.arrays import Bools, Floats
from sensors.errors import GameError
from sensors.patrols.excursions import Excursions
from sensors.patrols.game import Round, Shift

SweptStretch = tuple[int, int, int]
"""First and last segment, and the number of stays that fit."""


@dataclass(frozen=True, slots=True, eq=False)
class Sweeps:
    """Feasible rounds of a shift along the border.

    Parameters
    ----------
    hop_s : array_like, shape (segment − 1,), s
        Time from each segment to the next; infinite where there is no path.
    out_s : array_like, shape (segment,) or (base, segment), s
        Time from the base; a patrol returns to the base that it left.
    back_s : array_like, of the shape of ``out_s``, s
        Time back to the base.
    shift : Shift
        Patrols and times of the shift.
    hop_back_s : array_like, shape (segment − 1,), s, optional
        Time from the next segment back to each; without it that of ``hop_s``.

    Raises
    ------
    GameError
        For other shapes and for times that are negative or not numbers.

    Notes
    -----
    The times need not obey the triangle inequality: ``out_s`` and ``back_s`` are replaced by the least times over other
    segments, each (base, segment), and a patrol passes its base between two stays where that is faster.
    """

    hop_s: Floats
    out_s: Floats
    back_s: Floats
    shift: Shift
    hop_back_s: Floats | None = None
    _along_back_s: Floats = field(init=False)
    _once: bool = field(init=False)
    _driving_s: Floats = field(init=False)  # (first, last), NaN until it is asked for

    def __post_init__(self) -> None:
        out, back = (np.atleast_2d(np.asarray(values, np.float64)) for values in (self.out_s, self.back_s))
        count = out.shape[1]
        forth = np.asarray(self.hop_s, np.float64)
        back_along = forth if self.hop_back_s is None else np.asarray(self.hop_back_s, np.float64)
        for name, values, shape in (
            ("hop_s", forth, (count - 1,)),
            ("hop_back_s", back_along, (count - 1,)),
            ("out_s", out, (len(out), count)),
            ("back_s", back, out.shape),
        ):
            if values.shape != shape or np.isnan(values).any() or (values < 0.0).any():
                raise GameError(
                    f"{name} has shape {values.shape}, or a time below 0", where="sweeps", expected=f"{shape} [s]"
                )
        out, back = out.copy(), back.copy()
        for s in range(1, count):
            out[:, s] = np.minimum(out[:, s], out[:, s - 1] + forth[s - 1])
            back[:, s] = np.minimum(back[:, s], back_along[s - 1] + back[:, s - 1])
        for s in range(count - 2, -1, -1):
            out[:, s] = np.minimum(out[:, s], out[:, s + 1] + back_along[s])
            back[:, s] = np.minimum(back[:, s], forth[s] + back[:, s + 1])
        once = _along_is_fastest(forth, back_along, out, back, self.shift)
        for name, value in (
            ("hop_s", forth),
            ("_along_back_s", back_along),
            ("out_s", out),
            ("back_s", back),
            ("_once", once),
            ("_driving_s", np.full((count, count), np.nan)),
        ):
            object.__setattr__(self, name, value)

    @property
    def within_reach(self) -> Bools:
        """Whether a patrol can stay in a segment and be back in time (segment,)."""
        round_trip = (self.out_s + self.back_s).min(axis=0) + self.shift.stay_s
        return np.asarray(round_trip <= self.shift.shift_s * (1.0 + 1e-12), np.bool_)

    def driving_s(self, first: int, last: int) -> tuple[float, bool]:
        """Compute the time from the base past one segment to another and back, in the faster direction.

        Parameters
        ----------
        first : int
            First segment.
        last : int
            Last segment.

        Returns
        -------
        seconds : float, s
            The time without stays.
        forward : bool
            Whether the faster direction begins at ``first``.
        """
        along, along_back = (float(hops[first:last].sum()) for hops in (self.hop_s, self._along_back_s))
        forth = float((self.out_s[:, first] + along + self.back_s[:, last]).min())
        back = float((self.out_s[:, last] + along_back + self.back_s[:, first]).min())
        return (forth, True) if forth <= back else (back, False)

    def stretches(self, useful: Bools) -> list[SweptStretch]:
        """List the sub-sections between useful segments that leave time for stays, none within another with as many.

        Parameters
        ----------
        useful : ndarray of bool, shape (segment,)
            Segments with a prize.

        Returns
        -------
        list of (int, int, int)
            First and last segment, and the number of stays that fit.
        """
        ends = np.flatnonzero(useful)
        stays = np.zeros((len(ends), len(ends)), np.int64)  # (first, last)
        for i, first in enumerate(ends):
            for j, last in enumerate(ends[i:], i):
                if np.isnan(self._driving_s[first, last]):
                    self._driving_s[first, last] = self.driving_s(int(first), int(last))[0]
                stays[i, j] = self._stays(self.shift.shift_s - float(self._driving_s[first, last]), j - i + 1)
        from_before = np.maximum.accumulate(stays)
        around = np.maximum.accumulate(from_before[:, ::-1], axis=1)[:, ::-1]  # the most of it and all that hold it
        larger = np.zeros_like(stays)
        larger[1:] = around[:-1]
        larger[:, :-1] = np.maximum(larger[:, :-1], around[:, 1:])
        kept = np.argwhere((stays >= 1) & (stays > larger))
        return [(int(ends[i]), int(ends[j]), int(stays[i, j])) for i, j in kept]

    def _stays(self, spare_s: float, inside: int) -> int:
        if spare_s < 0.0:
            return 0
        stay = self.shift.stay_s
        return inside if stay <= 0.0 else min(inside, int(spare_s / stay * (1.0 + 1e-12)))

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
        """
        worth = np.maximum(np.asarray(prizes, np.float64), 0.0)
        if not self._once:
            return self._by_excursions(worth)
        stretches = self.stretches(worth > 0.0)
        if not stretches or self.shift.patrols == 0:
            return (), 0.0
        if self.shift.patrols == 1:
            picked = [self._richest(worth, stretch) for stretch in stretches]
            n = int(np.argmax([worth[stays].sum() for stays in picked]))
            return (self._tour(stretches[n], picked[n]),), float(worth[picked[n]].sum())
        return self._together(worth, stretches)

    def quick(self, prizes: Floats) -> Round:
        """Find a good round.

        Parameters
        ----------
        prizes : ndarray, shape (segment,)
            Prize of each segment, counted once.

        Returns
        -------
        Round
            A feasible round.
        """
        left = np.maximum(np.asarray(prizes, np.float64), 0.0)
        tours: list[tuple[int, ...]] = []
        for _ in range(self.shift.patrols):
            if not self._once and self.shift.patrols > 1:  # one patrol after the other, which takes far less time
                tours += self._excursions(1).best(left)[0]
                left[sorted({s for tour in tours for s in tour})] = 0.0
                continue
            stretches = self.stretches(left > 0.0)
            if not stretches:
                break
            picked = [self._richest(left, stretch) for stretch in stretches]
            n = int(np.argmax([left[stays].sum() for stays in picked]))
            tours.append(self._tour(stretches[n], picked[n]))
            left[picked[n]] = 0.0
        return tuple(tours)

    def _excursions(self, patrols: int) -> Excursions:
        shift = replace(self.shift, patrols=patrols)
        return Excursions(self.hop_s, self._along_back_s, self.out_s, self.back_s, shift)

    def _by_excursions(self, worth: Floats) -> tuple[Round, float]:
        found, bound = self._excursions(self.shift.patrols).best(worth)
        simple = self.quick(worth)
        ours, theirs = (float(worth[sorted({s for tour in one for s in tour})].sum()) for one in (found, simple))
        return (found if ours >= theirs else simple), max(bound, theirs)

    def _richest(self, worth: Floats, stretch: SweptStretch) -> list[int]:
        first, last, stays = stretch
        order = np.argsort(-worth[first : last + 1], kind="stable")[:stays] + first
        return sorted(int(s) for s in order)

    def _tour(self, stretch: SweptStretch, stays: list[int]) -> tuple[int, ...]:
        _, begins_first = self.driving_s(stretch[0], stretch[1])
        return tuple(stays if begins_first else reversed(stays))

    def _together(self, worth: Floats, stretches: list[SweptStretch]) -> tuple[Round, float]:
        """Columns: the number of patrols on each range, then the stays of each range; a segment counts once."""
        stays = [(k, s) for k, (a, b, _) in enumerate(stretches) for s in range(a, b + 1) if worth[s] > 0.0]
        count = len(stretches)
        model = highspy.Highs()
        model.setOptionValue("output_flag", False)
        model.setOptionValue("threads", 1)
        model.setOptionValue("time_limit", self.shift.seconds)
        model.setOptionValue("mip_rel_gap", 0.0)
        patrols = float(self.shift.patrols)
        # two patrols on one range are useful if more stays fit
        upper = np.append(np.full(count, patrols), np.ones(len(stays)))
        model.addVars(count + len(stays), np.zeros(count + len(stays)), upper)
        for column in range(count + len(stays)):
            model.changeColIntegrality(column, highspy.HighsVarType.kInteger)
        for column, (_, s) in enumerate(stays, count):
            model.changeColCost(column, float(worth[s]))
        model.changeObjectiveSense(highspy.ObjSense.kMaximize)
        below = -highspy.kHighsInf
        model.addRow(below, patrols, count, np.arange(count, dtype=np.int32), np.ones(count))
        for k, (_, _, most) in enumerate(stretches):
            mine = [column for column, (stretch, _) in enumerate(stays, count) if stretch == k]
            model.addRow(
                below, 0.0, len(mine) + 1, np.array([*mine, k], np.int32), np.array([1.0] * len(mine) + [-float(most)])
            )
        for column, (k, _) in enumerate(stays, count):  # a stay requires driving there: a much tighter relaxation
            model.addRow(below, 0.0, 2, np.array([column, k], np.int32), np.array([1.0, -1.0]))
        for s in sorted({s for _, s in stays}):
            mine = [column for column, (_, segment) in enumerate(stays, count) if segment == s]
            model.addRow(below, 1.0, len(mine), np.array(mine, np.int32), np.ones(len(mine)))
        model.run()
        info = model.getInfo()
        x = np.asarray(model.getSolution().col_value)
        limit = float(info.mip_dual_bound)
        if info.primal_solution_status == 0:
            stretch = max(stretches, key=lambda one: float(worth[self._richest(worth, one)].sum()))
            one = self._tour(stretch, self._richest(worth, stretch))
            return (one,), limit if math.isfinite(limit) else float(worth.sum())
        tours: list[tuple[int, ...]] = []
        for k, stretch in enumerate(stretches):
            mine = [s for column, (owner, s) in enumerate(stays, count) if owner == k and x[column] > 0.5]
            for begin in range(0, len(mine), stretch[2]):
                tours.append(self._tour(stretch, mine[begin : begin + stretch[2]]))
        collected = float(worth[sorted({s for tour in tours for s in tour})].sum())
        return tuple(tours), max(limit, collected)


def _along_is_fastest(forth: Floats, back_along: Floats, out: Floats, back: Floats, shift: Shift) -> bool:
    """Whether no way by a base is faster than that along the border, between segments that a patrol can both visit."""
    count = out.shape[1]
    along = np.zeros((count, count))
    for s in range(count):
        along[s, s + 1 :] = np.cumsum(forth[s:])
        along[s, :s] = np.cumsum(back_along[:s][::-1])[::-1]
    by_base = back[:, :, None] + out[:, None, :]
    trip = out + back + shift.stay_s
    both = trip[:, :, None] + trip[:, None, :] <= shift.shift_s * (1.0 + 1e-12)
    faster = both & (along > by_base * (1.0 + 1e-12)) & ~np.eye(count, dtype=np.bool_)
    return not faster.any()

"""Coverage objectives *covered* and *worst segment* of chosen options over cells, with gains and swaps.

``value_s = Σ_j w_j (1 − Π_i (1 − p_ij)) / Σ_j w_j`` over the cells j of a segment s, i over the chosen options: each up
or down by its availability, misses independent (``sensors.coverage``: expected probability). A sum of such terms has
diminishing returns, so the guarantee of the greedy algorithm applies to *covered* (Nemhauser, Wolsey, Fisher 1978), but
not to the worst segment. Kernels work on columns: the cells of option i are ``cell[start[i]:start[i + 1]]``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import njit

from geo.arrays import Floats, Ints
from geo.errors import BadInput
from geo.visibility.many_sites.footprints import Footprints
from sensors.detection_model.hazard import SUREST

SHARPEST: Final = 40.0
"""Sharpness of the minimum segment while worst-segment plans are sought: weight exp(−40 value)."""


@dataclass(frozen=True, slots=True, eq=False)
class Cover:
    """Detection probability of each option in each cell: ``start`` (option + 1,), ``cell`` and ``p`` (entry,) [1].

    ``weight`` (cell,) is the weight of a cell, ``group`` (cell,) its segment from 0, ``groups`` the number of segments.
    ``present`` (cell,) is the detection probability of the existing layout.
    """

    start: Ints
    cell: Ints
    p: Floats
    weight: Floats
    group: Ints
    groups: int
    present: Floats

    @classmethod
    def of(
        cls,
        probability: npt.ArrayLike | Footprints,
        *,
        weight: npt.ArrayLike | None = None,
        group: npt.ArrayLike | None = None,
        present: npt.ArrayLike | None = None,
    ) -> Cover:
        """Build from probabilities (option, cell), or footprints, whose visible cells count as detected.

        By default weights are 1, all cells are one group, and there is no existing layout. Raises BadInput for a
        probability outside 0 to 1, weights below zero, and arrays whose length is not the number of cells.
        """
        if isinstance(probability, Footprints):
            truth = [np.flatnonzero(probability.set_of(n)) for n in range(len(probability))]
            start = np.concatenate([[0], np.cumsum([len(row) for row in truth])]).astype(np.int64)
            cell = np.concatenate(truth).astype(np.int64) if truth else np.zeros(0, np.int64)
            values, cells = np.ones(len(cell)), probability.cells
        else:
            p = np.asarray(probability, np.float64)
            if p.ndim != 2:
                raise BadInput(f"an array of shape {p.shape}", where="cover", expected="(option, cell)")
            rows, columns = np.nonzero(p != 0.0)
            start = np.searchsorted(rows, np.arange(len(p) + 1)).astype(np.int64)
            cell, values, cells = columns.astype(np.int64), p[rows, columns], p.shape[1]
        return cls.from_entries(start, cell, values, cells, weight=weight, group=group, present=present)

    @classmethod
    def from_entries(
        cls,
        start: Ints,
        cell: Ints,
        p: Floats,
        cells: int,
        *,
        weight: Any = None,
        group: Any = None,
        present: Any = None,
    ) -> Cover:
        """From columns; raises the errors of ``of``."""
        if not ((p >= 0.0) & (p <= 1.0)).all():
            raise BadInput("a probability outside 0 to 1", where="cover", expected="0 to 1")
        weights = _per_cell(weight, cells, 1.0, "weight")
        already = _per_cell(present, cells, 0.0, "present")
        groups = np.zeros(cells, np.int64) if group is None else np.asarray(group, np.int64)
        if groups.shape != (cells,) or (cells and groups.min() < 0):
            raise BadInput(
                "the number of groups differs from the number of cells",
                where="cover (group)",
                expected=f"{cells} numbers from 0",
            )
        if (already > 1.0).any():
            raise BadInput("a probability above 1", where="cover (present)", expected="0 to 1")
        count = int(groups.max()) + 1 if cells else 1
        return cls(start, cell, p, weights, groups, count, already)

    def __len__(self) -> int:
        return len(self.start) - 1

    @property
    def totals(self) -> Floats:
        """Weight of each group (group,)."""
        return np.bincount(self.group, self.weight, self.groups).astype(np.float64)

    @property
    def log_miss(self) -> Floats:
        """−ln(1 − p) (entry,), a probability of 1 taken as SUREST."""
        return -np.log1p(-np.minimum(self.p, SUREST))

    def missed(self, chosen: npt.ArrayLike) -> Floats:
        """Probability (cell,) that neither the existing layout nor any chosen option detects."""
        missed = 1.0 - self.present
        for option in np.asarray(chosen, np.int64):
            part = slice(self.start[option], self.start[option + 1])
            missed[self.cell[part]] *= 1.0 - self.p[part]
        return missed

    def values(self, chosen: npt.ArrayLike) -> Floats:
        """Mean probability of each group (group,); NaN for a group without weight."""
        covered = np.bincount(self.group, self.weight * (1.0 - self.missed(chosen)), self.groups)
        with np.errstate(invalid="ignore"):
            return np.asarray(covered / self.totals, np.float64)

    def covered(self, chosen: npt.ArrayLike) -> float:
        """Mean probability over all cells; NaN without weight."""
        total = self.weight.sum()
        return float((self.weight * (1.0 - self.missed(chosen))).sum() / total) if total > 0.0 else float("nan")

    def worst(self, chosen: npt.ArrayLike) -> float:
        """The minimum of ``values`` over groups with weight."""
        values = self.values(chosen)
        return float(np.nanmin(values)) if not np.isnan(values).all() else float("nan")

    def only(self, options: Ints) -> Cover:
        """The same cells with some of the options, in that order."""
        parts = [slice(self.start[n], self.start[n + 1]) for n in options]
        start = np.concatenate([[0], np.cumsum([p.stop - p.start for p in parts])]).astype(np.int64)
        cell = np.concatenate([self.cell[p] for p in parts]) if parts else np.zeros(0, np.int64)
        chances = np.concatenate([self.p[p] for p in parts]) if parts else np.zeros(0)
        return Cover(start, cell, chances, self.weight, self.group, self.groups, self.present)

    def scores_of_adding(self, missed: Floats, sharpness: float) -> Floats:
        """Gain of the score by each option (option,) added to a choice that misses ``missed``.

        With ``sharpness`` 0 the score is the covered weight; above, −Σ_s exp(−sharpness value_s): the segments with the
        lowest value count most.
        """
        if sharpness == 0.0:
            return np.asarray(_gains(self.start, self.cell, self.p, self.weight * missed))
        totals = np.where(self.totals > 0.0, self.totals, np.inf)
        value = np.bincount(self.group, self.weight * (1.0 - missed), self.groups) / totals
        urgency = np.where(self.totals > 0.0, np.exp(-sharpness * value), 0.0)
        worth = self.weight * missed / totals[self.group]
        return np.asarray(_sharp_gains(self.start, self.cell, self.p, worth, self.group, urgency, sharpness))

    def score(self, missed: Floats, sharpness: float) -> float:
        """The score of a choice that misses ``missed``; see ``scores_of_adding``."""
        if sharpness == 0.0:
            return float((self.weight * (1.0 - missed)).sum())
        keep = self.totals > 0.0
        value = np.bincount(self.group, self.weight * (1.0 - missed), self.groups)[keep] / self.totals[keep]
        return float(-np.exp(-sharpness * value).sum())


def _per_cell(values: Any, cells: int, otherwise: float, name: str) -> Floats:
    given = np.full(cells, otherwise) if values is None else np.asarray(values, np.float64)
    if given.shape != (cells,) or not (np.isfinite(given).all() and (given >= 0.0).all()):
        raise BadInput(
            f"shape {given.shape}, or a value below zero or not finite",
            where=f"cover ({name})",
            expected=f"{cells} finite numbers from 0",
        )
    return np.ascontiguousarray(given)


@njit(cache=True, nogil=True)
def _gains(start: Ints, cell: Ints, p: Floats, left: Floats) -> Floats:
    """Σ_j left_j p_ij of each option."""
    gains = np.empty(len(start) - 1)
    for i in range(len(gains)):
        total = 0.0
        for e in range(start[i], start[i + 1]):
            total += left[cell[e]] * p[e]
        gains[i] = total
    return gains


@njit(cache=True, nogil=True)
def _sharp_gains(
    start: Ints, cell: Ints, p: Floats, worth: Floats, group: Ints, urgency: Floats, sharpness: float
) -> Floats:
    """Σ_s urgency_s (1 − exp(−sharpness Δ_s)) of each option, Δ_s what it adds to the value of segment s."""
    gains = np.empty(len(start) - 1)
    rise = np.zeros(len(urgency))
    for i in range(len(gains)):
        for e in range(start[i], start[i + 1]):
            rise[group[cell[e]]] += worth[cell[e]] * p[e]
        total = 0.0
        for e in range(start[i], start[i + 1]):
            s = group[cell[e]]
            if rise[s] > 0.0:
                total += urgency[s] * (1.0 - np.exp(-sharpness * rise[s]))
                rise[s] = 0.0
        gains[i] = total
    return gains


def compile_kernels() -> None:
    """Compile the kernels of this module, or load them from disk, so that no later call waits."""
    cover = Cover.of(np.ones((1, 1)))
    cover.scores_of_adding(np.ones(1), 0.0)
    cover.scores_of_adding(np.ones(1), 1.0)

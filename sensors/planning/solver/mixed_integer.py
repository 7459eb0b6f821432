"""Mixed-integer model of a plan: one HiGHS model of options within constraints, to which cuts are added.

Variables are the options x (0 or 1), the possible contribution y of each distinct cell, and the objective θ. A *cut* is
a bound ``θ ≤ constant + Σ c_i x_i`` that holds for every choice. If it holds with equality at the choice for which it
was made, adding cuts at each optimum ends at the best choice (Nemhauser and Wolsey 1981).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import highspy
import numpy as np
import numpy.typing as npt

from geo.arrays import Bools, Floats, Int32s, Ints
from geo.errors import BadInput
from sensors.planning.solver.constraints import Constraints
from sensors.planning.solver.coverage_objective import Cover
from sensors.planning.solver.lagrangian_bound import SURE

NOTHING: Final[Ints] = np.zeros(0, np.int64)
TANGENTS: Final = (0.0, 0.35, 0.8, 1.4, 2.2, 3.5)
"""Points at which the curve 1 − exp(−z) of a rarely detecting cell is bounded by its tangents."""


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """``chosen`` options, their value in the model, and ``limit``: the upper bound for any choice in the model."""

    chosen: Ints
    value: float
    limit: float


class Mixed:
    """Maximise θ over options within limits, θ at most ``ceiling`` and at most every cut.

    With a ``cover``, the rows of its cells are in the model from the start, for all cells or for the ``worst`` group.
    """

    def __init__(
        self, limits: Constraints, *, ceiling: float = 1.0, cover: Cover | None = None, worst: bool = False
    ) -> None:
        self.limits = limits
        self._model = highspy.Highs()
        self._model.setOptionValue("output_flag", False)
        self._model.setOptionValue("threads", 1)
        for tolerance in ("mip_feasibility_tolerance", "primal_feasibility_tolerance"):
            self._model.setOptionValue(tolerance, 1e-9)
        self._options = len(limits)
        columns = _Columns(self._options, ceiling)
        rows = _Rows()
        _limit_rows(rows, limits)
        if cover is not None:
            _cover_rows(rows, columns, cover, worst)
        self._load(columns, rows)

    def _load(self, columns: _Columns, rows: _Rows) -> None:
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = columns.count, len(rows.upper)
        cost = np.zeros(columns.count)
        cost[columns.theta] = 1.0
        lp.col_cost_ = cost
        lp.col_lower_, lp.col_upper_ = np.zeros(columns.count), columns.upper
        lp.row_lower_, lp.row_upper_ = np.full(len(rows.upper), -highspy.kHighsInf), np.array(rows.upper)
        lp.sense_ = highspy.ObjSense.kMaximize
        lp.integrality_ = [highspy.HighsVarType.kInteger] * self._options + [highspy.HighsVarType.kContinuous] * (
            columns.count - self._options
        )
        starts, index, value = rows.packed()
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = starts, index, value
        if self._model.passModel(lp) == highspy.HighsStatus.kError:
            raise BadInput("HiGHS refuses the model", where="plan", expected="finite costs and probabilities")
        self.theta = columns.theta

    def cut(self, constant: float, slopes: Floats) -> None:
        """Add ``θ ≤ constant + Σ slopes_i x_i``."""
        used = np.flatnonzero(slopes)
        index = np.append(self.theta, used).astype(np.int32)
        value = np.append(1.0, -slopes[used])
        self._model.addRow(-highspy.kHighsInf, float(constant), len(index), index, value)

    def needs(self, option: int, any_of: Ints) -> None:
        """Add that a choice with ``option`` holds at least one of others: ``x_option ≤ Σ x``."""
        index = np.append(option, any_of).astype(np.int32)
        self._model.addRow(-highspy.kHighsInf, 0.0, len(index), index, np.append(1.0, -np.ones(len(any_of))))

    def solve(self, *, seconds: float, gap: float = 0.0, start: Ints | None = None) -> Solved:
        """Solve for at most ``seconds``, starting from the choice ``start``; stop when the gap is reached."""
        model = self._model
        model.setOptionValue("time_limit", max(seconds, 0.01) + model.getRunTime())
        model.setOptionValue("mip_rel_gap", gap)
        model.setOptionValue("mip_abs_gap", 1e-9)
        if start is not None:
            chosen = np.zeros(self._options)
            chosen[start] = 1.0
            index = np.arange(self._options, dtype=np.int32)
            model.setSolution(self._options, index, chosen)
        model.run()
        info = model.getInfo()
        status = model.getModelStatus()
        limit = float(info.mip_dual_bound)
        if status == highspy.HighsModelStatus.kInfeasible:
            return Solved(NOTHING, -math.inf, -math.inf)
        values = np.asarray(model.getSolution().col_value)
        if not len(values) or info.primal_solution_status == 0:
            return Solved(NOTHING, -math.inf, limit)
        bought = np.flatnonzero(values[: self._options] > 0.5).astype(np.int64)
        return Solved(bought, float(info.objective_function_value), limit)


class _Columns:
    """Options, then θ, then the cells."""

    def __init__(self, options: int, ceiling: float) -> None:
        self.theta = options
        self.upper: Any = np.append(np.ones(options), ceiling)

    @property
    def count(self) -> int:
        return len(self.upper)

    def add(self, upper: Floats) -> int:
        first = self.count
        self.upper = np.concatenate([self.upper, upper])
        return first


class _Rows:
    """Rows Σ a x ≤ upper, gathered in parts."""

    def __init__(self) -> None:
        self.upper: list[float] = []
        self._length: list[Ints] = []
        self._index: list[Ints] = []
        self._value: list[Floats] = []

    def add(self, index: npt.ArrayLike, value: npt.ArrayLike, upper: float) -> None:
        columns = np.asarray(index, np.int64)
        self.add_many(np.array([len(columns)]), columns, np.asarray(value, np.float64), np.array([upper]))

    def add_many(self, length: Ints, index: Ints, value: Floats, upper: Floats) -> None:
        self.upper.extend(float(u) for u in upper)
        self._length.append(np.asarray(length, np.int64))
        self._index.append(index)
        self._value.append(value)

    def packed(self) -> tuple[Int32s, Int32s, Floats]:
        length = np.concatenate(self._length) if self._length else np.zeros(0, np.int64)
        start = np.concatenate([[0], np.cumsum(length)]).astype(np.int32)
        index = np.concatenate(self._index).astype(np.int32) if self._index else np.zeros(0, np.int32)
        return start, index, np.concatenate(self._value) if self._value else np.zeros(0)


def _limit_rows(rows: _Rows, limits: Constraints) -> None:
    everything = np.arange(len(limits))
    if math.isfinite(limits.budget):
        scale = max(float(limits.cost.max()), 1e-12)
        rows.add(everything, limits.cost / scale, limits.budget * (1.0 + 1e-9) / scale)
    if math.isfinite(limits.crew_limit):
        rows.add(everything, limits.crew, limits.crew_limit * (1.0 + 1e-9))
    order = np.argsort(limits.site, kind="stable")
    for site in np.split(order, np.flatnonzero(np.diff(limits.site[order])) + 1):
        if len(site) > 1:
            rows.add(site, np.ones(len(site)), 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Merged:
    """Cells that the same options detect equally, merged: columns by cell (``start``, ``option``, ``p``), the weight of
    each in its group, and the maximum of any option in it (``cap``)."""

    start: Ints
    option: Ints
    p: Floats
    weight: Floats
    group: Ints
    cap: Floats


def merged_cells(cover: Cover) -> Merged:
    """Merge cells with the same entries and group, adding their weights; cells that no option reaches are omitted.

    The weight is the part that is not covered yet. Cells are compared by two hashes of 64 bits of their entries.
    """
    cells = len(cover.weight)
    option = np.repeat(np.arange(len(cover)), np.diff(cover.start))
    random = np.random.default_rng(1).integers(1, 2**63, (len(cover), 2), dtype=np.uint64)
    bits = cover.p.view(np.uint64) | np.uint64(1)
    mark = np.zeros((cells, 2), np.uint64)
    for h in range(2):
        mixed = (random[option, h] * bits) ^ (random[option, h] >> np.uint64(17))
        np.add.at(mark[:, h], cover.cell, mixed)
    weight = cover.weight * (1.0 - cover.present)
    reached = np.bincount(cover.cell, minlength=cells) > 0
    kept = np.flatnonzero(reached & (weight > 0.0))
    keys = np.column_stack([mark[kept], cover.group[kept].astype(np.uint64)])
    _, first, alike = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    alike = np.ravel(alike)
    total = np.bincount(alike, weight[kept], len(first)).astype(np.float64)
    order = np.argsort(cover.cell, kind="stable")
    begin = np.searchsorted(cover.cell[order], np.arange(cells + 1))
    chosen = kept[first]
    length = begin[chosen + 1] - begin[chosen]
    start = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
    entry = order[np.repeat(begin[chosen] - start[:-1], length) + np.arange(start[-1])]
    p = cover.p[entry]
    owner = np.repeat(np.arange(len(chosen)), length)
    cap = -np.expm1(np.bincount(owner, np.log1p(-np.minimum(p, 1.0 - 1e-12)), len(chosen)))
    return Merged(start, option[entry].astype(np.int64), p, total, cover.group[chosen], cap)


def _cover_rows(rows: _Rows, columns: _Columns, cover: Cover, worst: bool) -> None:
    """y_j ≤ Σ p_ij x_i (or the tangents of 1 − exp(−Σ m_ij x_i)) for each distinct cell, and θ of them."""
    cells = merged_cells(cover)
    totals = cover.totals
    count = len(cells.weight)
    first = columns.add(cells.cap)
    y = first + np.arange(count)
    owner = np.repeat(np.arange(count), np.diff(cells.start))
    length = np.diff(cells.start)
    mean = np.bincount(owner, cells.p, count) / np.maximum(length, 1)
    _bounded(rows, cells, y, np.ones(count, np.bool_), cells.p, 0.0, 1.0)
    curved = mean < SURE
    miss = -np.log1p(-np.minimum(cells.p, 1.0 - 1e-12))
    for z in TANGENTS[1:] if curved.any() else ():
        slope = math.exp(-z)
        _bounded(rows, cells, y, curved, miss, 1.0 - slope - slope * z, slope)
    base = np.bincount(cover.group, cover.weight * cover.present, cover.groups)
    if worst:
        for group in np.flatnonzero(totals > 0.0):
            mine = np.flatnonzero(cells.group == group)
            rows.add(
                np.append(columns.theta, y[mine]),
                np.append(1.0, -cells.weight[mine] / totals[group]),
                base[group] / totals[group],
            )
    else:
        whole = float(totals.sum())
        rows.add(np.append(columns.theta, y), np.append(1.0, -cells.weight / whole), float(base.sum()) / whole)


def _bounded(rows: _Rows, cells: Merged, y: Ints, which: Bools, factor: Floats, constant: float, slope: float) -> None:
    """y_j ≤ constant + slope Σ_i factor_ij x_i for the cells ``which``."""
    length = np.diff(cells.start)
    chosen = np.flatnonzero(which)
    size = length[chosen] + 1
    start = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
    index, value = np.empty(start[-1], np.int64), np.empty(start[-1])
    index[start[:-1]], value[start[:-1]] = y[chosen], 1.0
    entry = np.repeat(cells.start[chosen] - start[:-1] - 1, size - 0) + np.arange(start[-1])
    inner = np.ones(start[-1], np.bool_)
    inner[start[:-1]] = False
    index[inner], value[inner] = cells.option[entry[inner]], -slope * factor[entry[inner]]
    rows.add_many(size, index, value, np.full(len(chosen), constant))

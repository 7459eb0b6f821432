"""Suppression of small counts in a table that is published with its totals, so that none can be worked out.

A count from 1 to ``SMALL`` − 1 is suppressed. Further counts are suppressed until the published ones leave each small
count so open that it might also be ``SMALL`` or more: the bounds of each are computed by linear programming, as the
audits of statistical offices do (Cox 1980; Willenborg and de Waal 2001).

The bounds are those of the published counts alone. A reader who also runs this program on every table that agrees with
them can exclude the tables that it would publish otherwise: a count may then be known more narrowly, in a small table
exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from scipy.optimize import linprog

from geo.arrays import Floats, Ints

SMALL: Final = 5
"""Smallest count above 0 that is published."""
Cell = tuple[int, int]


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """A table with a last row and a last column of totals; None for a suppressed count."""

    cells: tuple[tuple[int | None, ...], ...]

    @property
    def suppressed(self) -> int:
        """Number of suppressed counts, totals included."""
        return sum(cell is None for row in self.cells for cell in row)


def published(counts: Sequence[Sequence[int]]) -> PublishedTable:
    """Add totals to a table of counts, and suppress what is small or would give a small count away."""
    table = np.array(counts, dtype=np.int64)
    table = np.vstack([table, table.sum(axis=0)])
    table = np.hstack([table, table.sum(axis=1, keepdims=True)])
    rows, columns = table.shape
    small = {
        (row, column) for row, column in product(range(rows), range(columns)) if 0 < table[row, column] < SMALL
    }  # fmt: skip
    hidden = set(small)
    while hidden and (open_to := _too_narrow(table, hidden, small)) is not None:
        further = _next_to(table, hidden, open_to)
        if further is None:
            hidden = set(product(range(rows), range(columns)))  # nothing of the table can be published
            break
        hidden.add(further)
    return PublishedTable(
        tuple(
            tuple(None if (row, column) in hidden else int(table[row, column]) for column in range(columns))
            for row in range(rows)
        )
    )


def bounds(table: Floats | Ints, hidden: set[Cell], cell: Cell) -> tuple[float, float]:
    """The least and the greatest value that a hidden cell can have, by the other cells and the totals."""
    order = sorted(hidden)
    index = {one: at for at, one in enumerate(order)}
    rows, columns = table.shape
    lines = [[(row, column) for column in range(columns)] for row in range(rows)]
    lines += [[(row, column) for row in range(rows)] for column in range(columns)]
    equations, right = [], []
    for line in lines:
        *parts, total = line
        own = [one for one in line if one in index]
        if not own:
            continue
        equation, known = np.zeros(len(order)), 0.0
        for one in parts:
            if one in index:
                equation[index[one]] += 1.0
            else:
                known += float(table[one])
        if total in index:
            equation[index[total]] -= 1.0
        else:
            known -= float(table[total])
        equations.append(equation)
        right.append(-known)
    goal = np.zeros(len(order))
    goal[index[cell]] = 1.0
    ends = []
    for sign in (1.0, -1.0):
        found = linprog(sign * goal, A_eq=np.array(equations), b_eq=np.array(right), bounds=(0, None), method="highs")
        ends.append(sign * float(found.fun) if found.status == 0 else -sign * np.inf)  # the latter: without a bound
    return ends[0], ends[1]


def _too_narrow(table: Floats | Ints, hidden: set[Cell], small: set[Cell]) -> Cell | None:
    """The first small count whose bounds show that it is small, or that leave a single value; None if none does."""
    for cell in sorted(small):
        low, high = bounds(table, hidden, cell)
        if high < SMALL or high - low < 1.0:
            return cell
    return None


def _next_to(table: Floats | Ints, hidden: set[Cell], cell: Cell) -> Cell | None:
    """The smallest published count of the row or column of a cell, one that is not 0 if possible, totals last."""
    rows, columns = table.shape
    line = [(cell[0], column) for column in range(columns)] + [(row, cell[1]) for row in range(rows)]
    choice = [one for one in line if one not in hidden]
    if not choice:
        others = [one for one in product(range(rows), range(columns)) if one not in hidden]
        choice = others
    return min(
        choice,
        key=lambda one: (table[one] == 0, one[0] == rows - 1 or one[1] == columns - 1, table[one], one),
        default=None,
    )

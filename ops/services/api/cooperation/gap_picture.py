"""The picture of common gaps: each cell of the agreed grid by the bounds of what both sides detect together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ops.exchange.desk.orders import GapCell, ShareResult

GapClass = Literal["gap", "possible", "met", "unknown"]
CLASSES: Final[tuple[GapClass, ...]] = ("gap", "possible", "met", "unknown")
SIDE: Final = 10
"""Side of a cell in the units of the picture."""
_AROUND: Final = 1.0
"""Cells around the picture in which the border is still drawn."""


@dataclass(frozen=True, slots=True)
class DrawnCell:
    """A cell at its place in the picture, with its class and what both sides share of it."""

    x: float
    y: float
    kind: GapClass
    cell: GapCell


@dataclass(frozen=True, slots=True)
class GapPicture:
    """The picture: its size, cells and border lines (as points of a polyline), and the number of cells by class.

    ``km2``: area of a cell. ``independent``: number of cells that would be gaps if misses of both were independent.
    """

    width: float
    height: float
    cells: list[DrawnCell]
    border: list[str]
    counts: dict[GapClass, int]
    independent: int
    km2: float
    needed: float


def class_of(cell: GapCell, needed: float) -> GapClass:
    """Return whether the detection probability of both sides together is below what is needed, by its bounds.

    ``gap``: for any dependence of the two; ``met``: for none; ``possible``: it depends on it. ``unknown``: the partner
    shared nothing there, and own coverage alone is below.
    """
    low = cell.own if cell.low is None else cell.low
    if low >= needed:
        return "met"
    if cell.high is None:
        return "unknown"
    return "gap" if cell.high < needed else "possible"


def gap_picture(result: ShareResult, needed: float) -> GapPicture:
    """Arrange the cells with north up."""
    cells = result.cells
    west = min((one.column for one in cells), default=0)
    east = max((one.column for one in cells), default=0) + 1
    south = min((one.row for one in cells), default=0)
    north = max((one.row for one in cells), default=0) + 1
    drawn = [
        DrawnCell((one.column - west) * SIDE, (north - one.row - 1) * SIDE, class_of(one, needed), one) for one in cells
    ]
    bounds = (west - _AROUND, south - _AROUND, east + _AROUND, north + _AROUND)
    lines = [
        " ".join(f"{(x - west) * SIDE:.1f},{(north - y) * SIDE:.1f}" for x, y in part)
        for line in result.border
        for part in _parts_inside(line, bounds)
    ]
    counts = {kind: sum(one.kind == kind for one in drawn) for kind in CLASSES}
    independent = sum(one.independent is not None and one.independent < needed for one in cells)
    return GapPicture(
        (east - west) * SIDE, (north - south) * SIDE, drawn, lines, counts, independent, (result.cell_m / 1000.0) ** 2,
        needed,
    )  # fmt: skip


def _parts_inside(
    line: Sequence[tuple[float, float]], bounds: tuple[float, float, float, float]
) -> list[list[tuple[float, float]]]:
    """The parts of a line whose points are in the picture."""
    west, south, east, north = bounds
    parts: list[list[tuple[float, float]]] = [[]]
    for x, y in line:
        if west <= x <= east and south <= y <= north:
            parts[-1].append((x, y))
        elif parts[-1]:
            parts.append([])
    return [part for part in parts if len(part) > 1]

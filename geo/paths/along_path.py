"""Sampling along paths over a raster: their pieces, travel times, and integrals of rasters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from geo.arrays import Floats, Ints
from geo.mobility.speed_surface import Mobility


@dataclass(frozen=True, slots=True, eq=False)
class Along:
    """Knots along one or several paths, and the pieces between them, cut as the search cuts its steps.

    ``cells`` are the flat cells that any path touches, ascending. A knot is between two of them, numbers ``left`` and
    ``right`` (knot,), at the fraction ``share`` of the distance to the right one. ``begins`` (piece,) is the knot at
    which a piece starts; it ends at the next. ``seconds`` and ``metres`` (piece,) are its time and length, ``path``
    (piece,) the number of its path, ``paths`` the number of all.
    """

    cells: Ints
    left: Ints
    right: Ints
    share: Floats
    begins: Ints
    path: Ints
    seconds: Floats
    metres: Floats
    paths: int

    @classmethod
    def over_paths(cls, mobility: Mobility, paths: Sequence[tuple[npt.ArrayLike, npt.ArrayLike]]) -> Along:
        """Along paths given by the rows and columns of their cells, in the order of travel; empty paths have no pieces.

        Steps must be straight, diagonal, or knight's moves, as ``geo.paths.search`` makes them.
        """
        width = mobility.elevation.shape[1]
        knots, begins, owners, count = [], [], [], 0
        for number, (rows, columns) in enumerate(paths):
            place = _knots(np.asarray(rows, np.int64), np.asarray(columns, np.int64))
            if len(place) > 1:
                begins.append(count + np.arange(len(place) - 1))
                owners.append(np.full(len(place) - 1, number))
            knots.append(place)
            count += len(place)
        place = np.concatenate(knots) if knots else np.zeros((0, 2))
        low, high = np.floor(place).astype(np.int64), np.ceil(place).astype(np.int64)
        ends = np.concatenate([low[:, 0] * width + low[:, 1], high[:, 0] * width + high[:, 1]])
        cells, numbers = np.unique(ends, return_inverse=True)
        share = (place - low).max(axis=1) if len(place) else np.zeros(0)
        begin = np.concatenate(begins).astype(np.int64) if begins else np.zeros(0, np.int64)
        step = place[begin + 1] - place[begin] if len(begin) else np.zeros((0, 2))
        along = cls(
            cells=cells,
            left=numbers[: len(place)],
            right=numbers[len(place) :],
            share=share,
            begins=begin,
            path=np.concatenate(owners).astype(np.int64) if owners else np.zeros(0, np.int64),
            seconds=np.zeros(len(begin)),
            metres=np.hypot(*step.T) * mobility.cell_m,
            paths=len(paths),
        )
        object.__setattr__(along, "seconds", along._seconds(mobility))
        return along

    def at_knots(self, raster: npt.ArrayLike) -> Floats:
        """Values of a raster (row, column) at the knots, linear between the two cells."""
        return self.between(np.asarray(raster).reshape(-1)[self.cells])

    def between(self, values: npt.ArrayLike) -> Floats:
        """Values at the knots of values at ``cells`` (cell,)."""
        flat = np.asarray(values, dtype=np.float64)
        left = flat[self.left]
        return np.where(self.share > 0.0, left + self.share * (flat[self.right] - left), left)

    def of_pieces(self, raster: npt.ArrayLike) -> Floats:
        """Mean of a raster over each piece, from its ends (piece,)."""
        return self.mean(self.at_knots(raster))

    def mean(self, knots: Floats) -> Floats:
        """Mean over each piece of values at the knots."""
        return 0.5 * (knots[self.begins] + knots[self.begins + 1])

    def over_time(self, raster: npt.ArrayLike) -> Floats:
        """∫ raster dt of each path (path,)."""
        return self.total(self.of_pieces(raster) * self.seconds)

    def over_length(self, raster: npt.ArrayLike) -> Floats:
        """∫ raster ds of each path (path,)."""
        return self.total(self.of_pieces(raster) * self.metres)

    def total(self, pieces: Floats) -> Floats:
        """Sum over the pieces of each path (path,)."""
        return np.bincount(self.path, weights=pieces, minlength=self.paths).astype(np.float64)

    def no_slower_than(self, mps: float) -> Along:
        """The same paths, each walked in its length over ``mps`` [m/s] where the ground alone would take longer.

        All pieces of such a path take less by one factor: its pace varies over the ground as before.
        """
        on_ground_s, seen_s = self.total(self.seconds), self.total(self.metres) / mps
        factor = np.divide(seen_s, on_ground_s, out=np.ones(self.paths), where=on_ground_s > seen_s)
        return replace(self, seconds=self.seconds * factor[self.path])

    def _seconds(self, mobility: Mobility) -> Floats:
        law, height = mobility.law, self.at_knots(mobility.elevation)
        felt = np.broadcast_to(mobility.felt, mobility.elevation.shape).reshape(-1)[self.cells]
        steepest = np.maximum(felt[self.left], felt[self.right])
        limit = np.maximum(steepest[self.begins], steepest[self.begins + 1])
        rise = height[self.begins + 1] - height[self.begins]
        gradient = np.clip(rise / self.metres, -limit, limit)
        slowness = np.exp(law.decline * np.abs(gradient - law.easiest)) / law.peak_mps
        slowness = np.where(np.abs(gradient) > law.limit, np.inf, slowness)
        return np.asarray(self.metres * self.of_pieces(mobility.pace) * slowness)


def _knots(rows: Ints, columns: Ints) -> Floats:
    """Row and column (knot, 2) of the cells of a path and of the points where its steps cross rows or columns."""
    if len(rows) == 0:
        return np.zeros((0, 2))
    pieces = np.maximum(np.abs(np.diff(rows)), np.abs(np.diff(columns)))
    step = np.repeat(np.arange(len(pieces)), pieces)
    within = np.arange(len(step)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    share = within / pieces[step]
    row = rows[step] + share * (rows[step + 1] - rows[step])
    column = columns[step] + share * (columns[step + 1] - columns[step])
    return np.column_stack([np.append(row, rows[-1]), np.append(column, columns[-1])])

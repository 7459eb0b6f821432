"""Footprints of sensors in pieces: their overlaps, and the pieces that can be part of a chain from end to end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

FootprintPiece = tuple[str, int]
Chain = tuple[set[tuple[FootprintPiece, FootprintPiece]], set[FootprintPiece], set[FootprintPiece]]
"""Overlaps of pieces, and the pieces at the start and at the end."""
EDGE = ndimage.generate_binary_structure(2, 1)
BESIDE = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """Cells of a window: ``values`` (row, column), starting at ``row`` and ``column``; 0 elsewhere."""

    row: int
    column: int
    values: npt.NDArray[Any]

    @classmethod
    def around(cls, values: npt.NDArray[Any]) -> Patch | None:
        """The window that contains all non-zero values; None without any."""
        rows, columns = np.flatnonzero(values.any(axis=1)), np.flatnonzero(values.any(axis=0))
        if not len(rows):
            return None
        window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        return cls(int(rows[0]), int(columns[0]), values[window].copy())

    def common(self, other: Patch, down: int = 0, right: int = 0) -> tuple[npt.NDArray[Any], ...] | None:
        """The values of both where they overlap, the other's shifted ``down`` and ``right``; None without overlap."""
        top, left = max(self.row, other.row + down), max(self.column, other.column + right)
        bottom = min(self.row + self.values.shape[0], other.row + down + other.values.shape[0])
        edge = min(self.column + self.values.shape[1], other.column + right + other.values.shape[1])
        if top >= bottom or left >= edge:
            return None
        own_part = self.values[top - self.row : bottom - self.row, left - self.column : edge - self.column]
        top, bottom, left, edge = top - down, bottom - down, left - right, edge - right
        other_part = other.values[top - other.row : bottom - other.row, left - other.column : edge - other.column]
        return own_part, other_part


def chain_of(footprints: Mapping[str, Patch], belt_patch: Patch, start: Patch | None, end: Patch | None) -> Chain:
    """The pieces of footprints within ``belt_patch``, without those that are part of no chain from start to end."""
    labels: dict[str, Patch] = {}
    for name, footprint in footprints.items():
        both = footprint.common(belt_patch)
        if both is None:
            continue
        numbers, count = ndimage.label(np.logical_and(*both), EDGE)
        if count:
            row, column = max(footprint.row, belt_patch.row), max(footprint.column, belt_patch.column)
            labels[name] = Patch(row, column, numbers.astype(np.int32))
    overlaps: set[tuple[FootprintPiece, FootprintPiece]] = set()
    for a, b in combinations(labels, 2):
        pairs = set().union(*(_meeting(labels[a], labels[b], down, right) for down, right in BESIDE))
        overlaps |= {((a, i), (b, j)) for i, j in pairs}
    left, right = (
        {(name, i) for name, label in labels.items() if side is not None for i in _touching(label, side)}
        for side in (start, end)
    )
    return _without_dead_ends(overlaps, left, right)


def _meeting(a: Patch, b: Patch, down: int, right: int) -> set[tuple[int, int]]:
    """Numbers of the pieces of both that overlap after the second's are shifted."""
    both = a.common(b, down, right)
    if both is None:
        return set()
    first, second = both
    met = (first > 0) & (second > 0)
    return set(zip(first[met].tolist(), second[met].tolist(), strict=True))


def _touching(label: Patch, side: Patch) -> Iterator[int]:
    both = label.common(side)
    if both is not None:
        numbers, there = both
        yield from (int(i) for i in np.unique(numbers[there.astype(bool)]) if i > 0)


def _without_dead_ends(
    overlaps: set[tuple[FootprintPiece, FootprintPiece]], left: set[FootprintPiece], right: set[FootprintPiece]
) -> Chain:
    """The same without pieces that are dead ends or touch only one other: no chain needs them."""
    beside: dict[FootprintPiece, set[FootprintPiece]] = defaultdict(set)
    for a, b in overlaps:
        beside[a].add(b)
        beside[b].add(a)
    ends = left | right
    waiting = [piece for piece in beside if piece not in ends and len(beside[piece]) < 2]
    while waiting:
        piece = waiting.pop()
        for other in beside.pop(piece, set()):
            beside[other].discard(piece)
            if other not in ends and len(beside[other]) < 2:
                waiting.append(other)
    kept = set(beside) | ends
    return {pair for pair in overlaps if pair[0] in kept and pair[1] in kept}, left, right

"""Nearest point on a polyline, exact and fast: a quadtree whose leaves list the candidate edges.

An edge is not a candidate in a cell if one point x of the line is nearer than the edge at all four corners: over the
cell, d²(p, edge) − |p − x|² is a minimum of functions linear in p, so concave, so smallest at a corner.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numba
import numpy as np
import numpy.typing as npt

from geo.arrays import Floats, Int32s, Ints

Scalar = TypeVar("Scalar", bound=np.generic)

# Columns of an edge table: start, end, direction, 1/length², chainage of the start, length, the normals (leftward, at
# a bend the sum of both edges' unit normals) at start and end, whether the line ends freely there, and its segments.
AX, AY, BX, BY, DX, DY, INVERSE, CHAINAGE, LENGTH = 0, 1, 2, 3, 4, 5, 6, 7, 8
NAX, NAY, NBX, NBY, FREE_A, FREE_B, PART_START, FIRST_SEGMENT, LAST_SEGMENT = 9, 10, 11, 12, 13, 14, 15, 16, 17
EDGE_COLUMNS = 18

LEAF_EDGES = 4
MAX_LEVELS = 18
MAX_NODES = 300_000
ROOT_EXTENTS = 4.0  # the tree covers this many times the line's extent; beyond it every edge is tried
ON_END_M2 = 1e-12  # within a micrometre of a free end a point is on it, not beyond
TIE_RELATIVE, TIE_M2 = 1e-9, 1e-6  # edges within this tolerance stay listed, so that rounding never loses the nearest


@dataclass(frozen=True, slots=True, eq=False)
class EdgeTree:
    """Edges (edge, EDGE_COLUMNS) and the quadtree over them; ``child`` is the first of four, or −1 − leaf."""

    edges: Floats
    west: float
    south: float
    size_m: float
    child: Int32s
    leaf_start: Int32s
    leaf_edges: Int32s

    @classmethod
    def over(cls, edges: Floats) -> EdgeTree:
        """The tree over an edge table, grown level by level until leaves are short or MAX_NODES is reached."""
        edges = _fixed(edges)
        points = np.concatenate([edges[:, [AX, AY]], edges[:, [BX, BY]]])
        low, high = points.min(axis=0), points.max(axis=0)
        size = ROOT_EXTENTS * float(max(high - low))
        west, south = (low + high) / 2.0 - size / 2.0
        columns, rows = np.zeros(1, np.int64), np.zeros(1, np.int64)
        parent, start, items = np.zeros(1, np.int64), np.array([0, len(edges)]), np.arange(len(edges), dtype=np.int32)
        children, leaf_counts, leaf_items, nodes, leaves = [], [], [], 0, 0
        for level in range(MAX_LEVELS + 1):
            half = size / 2 ** (level + 1)
            x, y = west + (2 * columns + 1) * half, south + (2 * rows + 1) * half
            start, items = _can_be_nearest(edges, x, y, half, start, items, parent)
            counts = np.diff(start)
            nodes += len(x)
            split = counts > LEAF_EDGES
            if level == MAX_LEVELS or nodes + 4 * split.sum() > MAX_NODES:
                split[:] = False
            child = np.empty(len(x), np.int64)
            child[split] = nodes + 4 * np.arange(split.sum())
            child[~split] = -1 - (leaves + np.arange((~split).sum()))
            leaves += int((~split).sum())
            children.append(child)
            leaf_counts.append(counts[~split])
            leaf_items.append(items[np.repeat(~split, counts)])
            if not split.any():
                break
            parent = np.repeat(np.flatnonzero(split), 4)
            quadrant = np.tile(np.arange(4), int(split.sum()))
            columns, rows = 2 * columns[parent] + quadrant % 2, 2 * rows[parent] + quadrant // 2
        return cls(
            edges=edges,
            west=float(west),
            south=float(south),
            size_m=size,
            child=_fixed(np.concatenate(children).astype(np.int32)),
            leaf_start=_fixed(np.concatenate([[0], np.cumsum(np.concatenate(leaf_counts))]).astype(np.int32)),
            leaf_edges=_fixed(np.concatenate(leaf_items).astype(np.int32)),
        )

    def locate(self, easting: Floats, northing: Floats, segment_length_m: float) -> tuple[Int32s, Floats, Floats]:
        """Segment (−1 beyond a free end), chainage [m] and offset [m, positive left] of points, any one shape."""
        shape = easting.shape
        x = _fixed(np.ascontiguousarray(easting, dtype=np.float64).reshape(-1))
        y = _fixed(np.ascontiguousarray(northing, dtype=np.float64).reshape(-1))
        segment = np.empty(x.shape, np.int32)
        chainage, offset = np.empty(x.shape), np.empty(x.shape)
        root = (self.west, self.south, self.size_m)
        _locate(
            x, y, self.edges, self.child, self.leaf_start, self.leaf_edges, root, segment_length_m, segment, chainage,
            offset,
        )  # fmt: skip
        return segment.reshape(shape), chainage.reshape(shape), offset.reshape(shape)


def _fixed(array: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
    """A read-only view: every call then has the same types, so that numba compiles once."""
    view = array.view()
    view.flags.writeable = False
    return view


@numba.njit(cache=True, nogil=True, inline="always")
def _squared_distance(x: float, y: float, edges: Floats, e: int) -> tuple[float, float]:
    """Squared distance from a point to edge ``e``, and the position along it: below 0 before it, above 1 beyond it."""
    px, py = x - edges[e, AX], y - edges[e, AY]
    dx, dy = edges[e, DX], edges[e, DY]
    along = (px * dx + py * dy) * edges[e, INVERSE]
    if along <= 0.0:
        return px * px + py * py, along
    if along >= 1.0:
        qx, qy = x - edges[e, BX], y - edges[e, BY]
        return qx * qx + qy * qy, along
    across = dx * py - dy * px
    return across * across * edges[e, INVERSE], along


@numba.njit(cache=True, nogil=True)
def _can_be_nearest(
    edges: Floats,
    xs: Floats,
    ys: Floats,
    half: float,
    start: Ints,
    items: Int32s,
    parent: Ints,
) -> tuple[Ints, Int32s]:
    """For each cell, those of its parent's edges that can be nearest to some point in it, as (start, items)."""
    new_start = np.zeros(len(xs) + 1, np.int64)
    total = 0
    for cell in range(len(xs)):
        total += start[parent[cell] + 1] - start[parent[cell]]
    new_items = np.empty(total, np.int32)
    corner_x, corner_y = np.empty(5), np.empty(5)
    witness_x, witness_y = np.empty(5), np.empty(5)
    distance = np.empty(4)
    count = 0
    for cell in range(len(xs)):
        for k in range(4):
            corner_x[k] = xs[cell] + (half if k % 2 else -half)
            corner_y[k] = ys[cell] + (half if k // 2 else -half)
        corner_x[4], corner_y[4] = xs[cell], ys[cell]
        first, last = start[parent[cell]], start[parent[cell] + 1]
        for k in range(5):  # the witnesses: the line's nearest points to the corners and the centre
            best = np.inf
            for i in range(first, last):
                d2, along = _squared_distance(corner_x[k], corner_y[k], edges, items[i])
                if d2 < best:
                    best = d2
                    t = min(max(along, 0.0), 1.0)
                    witness_x[k] = edges[items[i], AX] + t * edges[items[i], DX]
                    witness_y[k] = edges[items[i], AY] + t * edges[items[i], DY]
        for i in range(first, last):
            for k in range(4):
                distance[k], _ = _squared_distance(corner_x[k], corner_y[k], edges, items[i])
            beaten = False
            for w in range(5):
                farther = True
                for k in range(4):
                    wx, wy = corner_x[k] - witness_x[w], corner_y[k] - witness_y[w]
                    if distance[k] <= (wx * wx + wy * wy) * (1.0 + TIE_RELATIVE) + TIE_M2:
                        farther = False
                        break
                if farther:
                    beaten = True
                    break
            if not beaten:
                new_items[count] = items[i]
                count += 1
        new_start[cell + 1] = count
    return new_start, new_items[:count].copy()


@numba.njit(cache=True, nogil=True)
def _locate(
    xs: Floats,
    ys: Floats,
    edges: Floats,
    child: Int32s,
    leaf_start: Int32s,
    leaf_edges: Int32s,
    root: tuple[float, float, float],
    segment_length: float,
    segment: Int32s,
    chainage: Floats,
    offset: Floats,
) -> None:
    """Fill ``segment``, ``chainage`` and ``offset`` for each point: down the tree to a leaf, then its few edges."""
    west, south, size = root
    cells = 1 << MAX_LEVELS
    for p in range(len(xs)):
        x, y = xs[p], ys[p]
        if not (np.isfinite(x) and np.isfinite(y)):
            segment[p], chainage[p], offset[p] = -1, np.nan, np.nan
            continue
        u, v = (x - west) / size, (y - south) / size
        best, nearest, place = np.inf, 0, 0.0
        if 0.0 <= u < 1.0 and 0.0 <= v < 1.0:
            column, row = int(u * cells), int(v * cells)
            node, shift = child[0], MAX_LEVELS - 1
            while node >= 0:
                node = child[node + 2 * ((row >> shift) & 1) + ((column >> shift) & 1)]
                shift -= 1
            leaf = -1 - node
            for i in range(leaf_start[leaf], leaf_start[leaf + 1]):
                d2, along = _squared_distance(x, y, edges, leaf_edges[i])
                if d2 < best:
                    best, nearest, place = d2, leaf_edges[i], along
        else:
            for e in range(len(edges)):
                d2, along = _squared_distance(x, y, edges, e)
                if d2 < best:
                    best, nearest, place = d2, e, along
        if place <= 0.0:
            side = (x - edges[nearest, AX]) * edges[nearest, NAX] + (y - edges[nearest, AY]) * edges[nearest, NAY]
            at = edges[nearest, CHAINAGE]
            beyond = place < 0.0 and edges[nearest, FREE_A] > 0.0 and best > ON_END_M2
        elif place >= 1.0:
            side = (x - edges[nearest, BX]) * edges[nearest, NBX] + (y - edges[nearest, BY]) * edges[nearest, NBY]
            at = edges[nearest, CHAINAGE] + edges[nearest, LENGTH]
            beyond = place > 1.0 and edges[nearest, FREE_B] > 0.0 and best > ON_END_M2
        else:
            side = edges[nearest, DX] * (y - edges[nearest, AY]) - edges[nearest, DY] * (x - edges[nearest, AX])
            at, beyond = edges[nearest, CHAINAGE] + place * edges[nearest, LENGTH], False
        chainage[p] = at
        offset[p] = np.sqrt(best) if side >= 0.0 else -np.sqrt(best)
        if beyond:
            segment[p] = -1
        else:
            within = int((at - edges[nearest, PART_START]) / segment_length)
            segment[p] = min(int(edges[nearest, FIRST_SEGMENT]) + within, int(edges[nearest, LAST_SEGMENT]))


def compile_kernels() -> None:
    """Compile the kernels, or load them from the disk: a tree over one edge, and one point located."""
    edges = np.zeros((1, EDGE_COLUMNS))
    edges[0, [BX, DX, LENGTH, INVERSE]] = 1.0
    EdgeTree.over(edges).locate(np.zeros(1), np.zeros(1), 1.0)

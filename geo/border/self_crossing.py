"""Detection of lines that cross themselves, whose sides are therefore undefined."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import shapely
from shapely.geometry import LineString

from geo.arrays import Floats

Vertex = tuple[float, float]


def crossing_place(parts: Sequence[LineString]) -> Vertex | None:
    """Point where a part crosses itself or another part; None without one.

    Running along itself, and touching itself in the middle of an edge, count as crossing. Parts may touch each other,
    meet in a branch, and overlap; a part may touch itself in a vertex, as where an enclave adjoins the border.
    """
    for part in parts:
        if not part.is_simple and (place := _self_crossing(part)) is not None:
            return place
    first, second = shapely.STRtree(parts).query(parts, predicate="crosses")
    for i, j in zip(first, second, strict=True):
        if i < j:
            return _any_place(shapely.intersection(parts[i], parts[j]))
    return None


def _self_crossing(part: LineString) -> Vertex | None:
    places = np.asarray(part.coords)[:, :2]
    places = places[np.append(True, (np.diff(places, axis=0) != 0.0).any(axis=1))]
    edges = np.asarray(shapely.linestrings(np.stack([places[:-1], places[1:]], axis=1)), dtype=object)
    first, second = shapely.STRtree(edges).query(edges, predicate="intersects")
    pairs = first < second
    first, second = first[pairs], second[pairs]
    at_vertices = shapely.relate_pattern(edges[first], edges[second], "FF*F0****")  # only ends in common
    if not at_vertices.all():
        i = int(np.argmin(at_vertices))
        return _any_place(shapely.intersection(edges[first[i]], edges[second[i]]))
    return _crossed_vertex(places)


def _any_place(geometry: shapely.Geometry) -> Vertex:
    x, y = shapely.get_coordinates(geometry)[0]
    return float(x), float(y)


def _crossed_vertex(places: Floats) -> Vertex | None:
    """Vertex that the line passes twice, the second time from one side of the first pass to the other."""
    visits: dict[Vertex, list[int]] = defaultdict(list)
    for i, place in enumerate(map(tuple, places)):
        visits[place].append(i)
    for place, times in visits.items():
        passages = [(i - 1, i + 1) for i in times if 0 < i < len(places) - 1]
        for n, first in enumerate(passages):
            for second in passages[n + 1 :]:
                if _interleaved(places[list(first + second)] - places[times[0]]):
                    return place
    return None


def _interleaved(spokes: Floats) -> bool:
    """Whether the path in and out by the first two spokes separates the other two."""
    angles = np.arctan2(spokes[:, 1], spokes[:, 0])
    turn = (angles[1:] - angles[0]) % (2.0 * np.pi)
    return bool((turn[1] < turn[0]) != (turn[2] < turn[0]))

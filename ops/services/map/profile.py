"""Terrain profile between two points and the sight line over it: where it is blocked, and the visible target height.

``geo.visibility.line_of_sight`` decides whether the target is visible. Where and by how much the ground rises above
the line follows from the same surface, which is bilinear between cell centres: between two crossings of grid lines,
its height above the line is a quadratic function of the distance, so three values determine it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xarray as xr

from geo.arrays import Floats
from geo.errors import TerrainError
from geo.terrain import cell_size, sample
from geo.terrain.derived import standing_points
from geo.visibility import EARTH_RADIUS_M, HIDDEN, UNKNOWN, VISIBLE, line_of_sight
from geo.visibility.kernels.sight_line import TOUCH_M
from geo.visibility.view import RADIO_K, TARGET_HEIGHT_M, surface_of

MOST_POINTS: Final = 1000
"""A longer profile is sampled in steps larger than a cell. The sight line is always evaluated on every cell."""
OBSERVER_HEIGHT_M: Final = 2.0


@dataclass(frozen=True, slots=True)
class Eyes:
    """Heights above ground [m] of the observer's eye and the target's top, and the effective Earth radius factor k."""

    observer_height_m: float = OBSERVER_HEIGHT_M
    target_height_m: float = TARGET_HEIGHT_M
    curvature_k: float = RADIO_K


def profile(terrain: xr.Dataset, start: tuple[float, float], end: tuple[float, float], eyes: Eyes) -> dict[str, Any]:
    """Profile from ``start`` to ``end`` (easting, northing) [m] as lists of equal length, and the visibility.

    Beside a void the path begins where ``line_of_sight`` puts the observer: at the centre of its cell. distance_m:
    distance along the path in the frame. elevation_m: ground (NaN for voids and off the map). drop_m:
    distance by which the curved Earth falls below the observer's horizontal plane. sight_m: height of the sight line
    above the datum (NaN if the elevation of its ends is unknown). ``visible``: result of ``line_of_sight``, None if it
    is unknown or the observer is on a void. ``blocked_at_m``: distance at which the ground first rises above the line.
    ``needed_target_height_m``: target height above ground from which it is visible (0: its foot is visible). Both are
    None where unknown. TerrainError for an observer off the map, BadInput for invalid heights and factors.
    """
    near = _window(terrain, start, end)
    easting, northing = standing_points(near, *start)
    start = float(easting), float(northing)
    path = _Way(near, _as_judged(near, start), _as_judged(near, end), eyes)
    length = path.length
    steps = min(max(math.ceil(length / cell_size(terrain)), 1), MOST_POINTS - 1)
    distance = np.linspace(0.0, length, steps + 1)
    state = _state(path)
    sight = path.sight(distance)
    gap = path.gaps() if state in (HIDDEN, VISIBLE) and length > 0.0 else None
    return {
        "distance_m": distance,
        "elevation_m": path.ground(distance),
        "drop_m": path.drop(distance),
        "sight_m": sight,
        "visible": {HIDDEN: False, VISIBLE: True}.get(state),
        "blocked_at_m": gap.first_above() if gap is not None and state == HIDDEN else None,
        "needed_target_height_m": None if gap is None else _agreeing(gap.needed_height(), state, eyes.target_height_m),
        "observer_height_m": eyes.observer_height_m,
        "target_height_m": eyes.target_height_m,
        "curvature_k": eyes.curvature_k if math.isfinite(eyes.curvature_k) else None,
    }


@dataclass(frozen=True, slots=True)
class _Way:
    """A straight path over a terrain; distances along it in the frame [m], heights above the datum [m]."""

    terrain: xr.Dataset
    start: tuple[float, float]
    end: tuple[float, float]
    eyes: Eyes

    @property
    def length(self) -> float:
        return math.dist(self.start, self.end)

    def places(self, distance: Floats) -> tuple[Floats, Floats]:
        share = distance / self.length if self.length > 0.0 else distance
        (e0, n0), (e1, n1) = self.start, self.end
        return e0 + share * (e1 - e0), n0 + share * (n1 - n0)

    def ground(self, distance: Floats) -> Floats:
        return np.asarray(sample(self.terrain, *self.places(distance)), np.float64)

    def drop(self, distance: Any) -> Any:
        return distance * distance / (2.0 * self.eyes.curvature_k * EARTH_RADIUS_M)

    def sight(self, distance: Floats) -> Any:
        """Height of the straight line from the eye to the target's top, lifted by the drop."""
        foot, target_foot = self.ground(np.array([0.0, self.length]))
        eye, top = foot + self.eyes.observer_height_m, target_foot + self.eyes.target_height_m
        share = distance / self.length if self.length > 0.0 else distance
        return eye + share * (top - self.drop(self.length) - eye) + self.drop(distance)

    def gaps(self) -> _Gaps:
        """The path in pieces between the grid lines that it crosses."""
        shares = [np.array([0.0, 1.0])]
        for axis, (first, last) in enumerate(zip(self.start, self.end, strict=True)):
            lines = self.terrain["easting" if axis == 0 else "northing"].to_numpy()
            if first != last:
                crossed = lines[(lines > min(first, last)) & (lines < max(first, last))]
                shares.append((crossed - first) / (last - first))
        edges = np.unique(np.concatenate(shares)) * self.length
        ends = np.stack([edges[:-1], (edges[:-1] + edges[1:]) / 2, edges[1:]])
        return _Gaps(self, ends, self.ground(ends))


@dataclass(frozen=True, slots=True)
class _Gaps:
    """Pieces of a path: distance and ground height at start, middle and end of each, (3, piece)."""

    way: _Way
    distance: Floats
    ground: Floats

    def first_above(self) -> float:
        """Distance at which the ground first rises above the sight line; if rounding hides it, the closest approach."""
        a, b, c = _quadratic(self.ground - self.way.sight(self.distance))
        top = _clipped(-b, 2 * a)
        highest = np.maximum(np.maximum(c, a + b + c), c + top * (b + top * a))
        above = np.flatnonzero(highest > TOUCH_M)
        if not above.size:
            piece = int(np.nanargmax(highest))
            return self._at(piece, float(top[piece]))
        piece = int(above[0])
        if c[piece] > TOUCH_M:
            return self._at(piece, 0.0)
        roots = np.roots([a[piece], b[piece], c[piece]])
        real = roots[np.isreal(roots)].real
        rising = real[(real >= 0.0) & (real <= 1.0) & (2 * a[piece] * real + b[piece] >= 0.0)]
        return self._at(piece, float(rising.min()) if rising.size else 0.0)

    def needed_height(self) -> float:
        """Target height above ground from which it is visible, given by the steepest line from the eye to the
        ground."""
        way, length = self.way, self.way.length
        eye = self.ground[0, 0] + way.eyes.observer_height_m
        height = self.ground - way.drop(self.distance) - eye
        a, b, c = _quadratic(height)
        start, span = self.distance[0], self.distance[2] - self.distance[0]
        # h = a s² + b s + c at d = start + span s; h / d is stationary where a span s² + 2 a start s + b start = c span
        with np.errstate(divide="ignore", invalid="ignore"):
            inner = np.sqrt(start * start - span * (b * start - c * span) / a)
            s = np.clip(np.nan_to_num((inner - start) / span, nan=1.0, posinf=1.0, neginf=1.0), 0.0, 1.0)
            inside = (c + s * (b + s * a)) / (start + span * s)
            slopes = np.stack([height[1] / self.distance[1], height[2] / self.distance[2], inside])
        from_the_eye = b[0] / span[0] if way.eyes.observer_height_m == 0.0 else -np.inf
        steepest = max(float(np.nanmax(slopes[np.isfinite(slopes)])), float(from_the_eye))
        return max(steepest * length - float(height[2, -1]), 0.0)

    def _at(self, piece: int, share: float) -> float:
        start, _, end = self.distance[:, piece]
        return float(start + share * (end - start))


def _quadratic(values: Floats) -> tuple[Floats, Floats, Floats]:
    """a, b, c of a s² + b s + c through values (3, piece) at s = 0, ½, 1."""
    first, middle, last = values
    return 2 * (first + last - 2 * middle), 4 * middle - 3 * first - last, first


def _clipped(numerator: Floats, denominator: Floats) -> Floats:
    """Quotient clipped to 0 to 1; 0 where it is undefined."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.clip(np.nan_to_num(numerator / denominator, nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0)


def _agreeing(needed: float, state: int, target_height_m: float) -> float:
    """``needed``, corrected for rounding (fractions of a mm) so that it agrees with the visibility of the target."""
    return min(needed, target_height_m) if state == VISIBLE else max(needed, target_height_m)


def _as_judged(terrain: xr.Dataset, place: tuple[float, float]) -> tuple[float, float]:
    """The position as rounded by the sight line, to a millionth of a cell, so that both evaluate the same line."""
    _, grid = surface_of(terrain)
    column, row = float(grid.column_of(place[0])), float(grid.row_of(place[1]))
    return grid.west + column * grid.cell_m, grid.north - row * grid.cell_m


def _state(path: _Way) -> int:
    """The result of ``line_of_sight``; UNKNOWN for an observer on a void, which ``line_of_sight`` refuses."""
    _, grid = surface_of(path.terrain)
    on_map = bool(grid.holds(grid.row_of(path.start[1]), grid.column_of(path.start[0])))
    eyes = path.eyes
    try:
        return int(
            line_of_sight(
                path.terrain,
                path.start,
                path.end,
                observer_height_m=eyes.observer_height_m,
                target_height_m=eyes.target_height_m,
                curvature_k=eyes.curvature_k,
            )
        )
    except TerrainError:
        if not on_map:
            raise
        return UNKNOWN


def _window(terrain: xr.Dataset, start: tuple[float, float], end: tuple[float, float]) -> xr.Dataset:
    """The part of a lazy terrain around the path, which does not change the result; a terrain in memory as a whole."""
    if terrain["elevation"].chunks is None:
        return terrain
    cell = cell_size(terrain)
    west, east = min(start[0], end[0]) - 3 * cell, max(start[0], end[0]) + 3 * cell
    south, north = min(start[1], end[1]) - 3 * cell, max(start[1], end[1]) + 3 * cell
    window = terrain.sel(easting=slice(west, east), northing=slice(north, south))
    return window.load() if min(window["elevation"].shape) >= 2 else terrain

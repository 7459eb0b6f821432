"""Sites: many observers on one terrain, checked and grouped into batches of neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np
import xarray as xr

from geo.arrays import Float32s, Floats, is_lazy
from geo.errors import BadInput
from geo.visibility.canopy import Canopy, blocking_heights
from geo.visibility.view import (
    RADIO_K,
    TARGET_HEIGHT_M,
    Angles,
    RasterGrid,
    View,
    ViewshedMode,
    check_on_map,
    heights_of,
    points_of,
    surface_of,
    void_below,
)
from geo.visibility.window import read_window, standing_at

MOST_IN_A_BATCH = 8  # counts within a batch fit in a byte; progress, losses and the last tasks are small
UNION_WINDOWS = 3.0  # sites are batched while the window around all is at most this many times their largest
FEW_CELLS = 250_000  # ... or while it is no larger than this


class ViewKeywords(TypedDict, total=False):
    """How observers look, as for ``viewsheds``: one number or one per site, one pair of angles or a list of pairs."""

    observer_height_m: Any
    max_range_m: Any
    target_height_m: Any
    min_range_m: Any
    azimuths_rad: Angles | Sequence[Angles]
    elevations_rad: Angles | Sequence[Angles]
    curvature_k: float
    mode: ViewshedMode
    canopy: Canopy


@dataclass(frozen=True, slots=True)
class Site:
    """One observer: number, position in rows and columns of the terrain, and view."""

    number: int
    row: float
    column: float
    view: View


@dataclass(frozen=True, slots=True)
class Sites:
    """All observers of a terrain, in the order in which they were given."""

    grid: RasterGrid
    easting: Floats
    northing: Floats
    each: tuple[Site, ...]

    def __len__(self) -> int:
        return len(self.each)

    def __iter__(self) -> Iterator[Site]:
        return iter(self.each)


@dataclass(frozen=True, slots=True)
class SiteBatch:
    """Sites of one task, in the order of their numbers, and the rows and columns that they need."""

    sites: tuple[Site, ...]
    rows: slice
    columns: slice

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the window."""
        return self.rows.stop - self.rows.start, self.columns.stop - self.columns.start


def sites_of(
    terrain: xr.Dataset,
    places: Any,
    *,
    observer_height_m: Any,
    max_range_m: Any,
    target_height_m: Any = TARGET_HEIGHT_M,
    min_range_m: Any = 0.0,
    azimuths_rad: Angles | Sequence[Angles] = None,
    elevations_rad: Angles | Sequence[Angles] = None,
    curvature_k: float = RADIO_K,
    mode: ViewshedMode = "exact",
    canopy: Canopy = "ignored",
) -> tuple[Sites, xr.DataArray, xr.DataArray | None]:
    """Sites, elevation, and blocking heights above it; arguments as for ``viewsheds``, which raises the same errors."""
    elevation, grid = surface_of(terrain)
    easting, northing = np.broadcast_arrays(*points_of(places, "sites"))
    easting, northing = np.ravel(easting), np.ravel(northing)
    row, column = grid.row_of(northing), grid.column_of(easting)
    check_on_map(grid, row, column, easting, northing)
    masts, ranges, targets, least = (
        _one_each(value, easting.shape, name)
        for name, value in (
            ("observer_height_m", observer_height_m),
            ("max_range_m", max_range_m),
            ("target_height_m", target_height_m),
            ("min_range_m", min_range_m),
        )
    )
    angles = zip(_per_site(azimuths_rad, len(easting)), _per_site(elevations_rad, len(easting)), strict=True)
    each = tuple(
        Site(
            n,
            float(row[n]),
            float(column[n]),
            View(masts[n], ranges[n], targets[n], least[n], azimuths, elevations, curvature_k, mode),
        )
        for n, (azimuths, elevations) in enumerate(angles)
    )
    blocking = blocking_heights(terrain, canopy, each[0].view if each else None)
    if not is_lazy(elevation.data):
        _refuse_on_voids(heights_of(elevation.data), each)
    return Sites(grid, easting, northing, each), elevation, blocking


def _one_each(value: Any, shape: tuple[int, ...], name: str) -> Floats:
    try:
        return np.broadcast_to(np.asarray(value, np.float64), shape)
    except ValueError:
        raise BadInput(
            f"{np.size(value)} values for {shape[0]} sites", where=name, expected="one number, or one a site"
        ) from None


def _per_site(angles: Angles | Sequence[Angles], count: int) -> Sequence[Angles]:
    """One pair of angles per site; a pair is a tuple of two numbers, a list holds one pair per site."""
    if angles is None or (isinstance(angles, tuple) and len(angles) == 2 and np.isscalar(angles[0])):
        return [angles] * count  # type: ignore[list-item]
    if len(angles) != count:
        raise BadInput(
            f"{len(angles)} pairs of angles", where="sites", expected=f"one pair, or one for each of {count}"
        )
    return angles  # type: ignore[return-value]


def _refuse_on_voids(z: Float32s, sites: Sequence[Site]) -> None:
    for site in sites:
        if np.isnan(standing_at(z, site.row, site.column)[2]):
            raise void_below(f"site {site.number}")


def batches_of(sites: Sites, most: int = MOST_IN_A_BATCH) -> list[SiteBatch]:
    """Assign every site to a batch of neighbours; the batches do not depend on the scheduler."""
    batches: list[SiteBatch] = []
    group: list[Site] = []
    union, largest = (0, 0, 0, 0), 0
    for site in sorted(sites, key=lambda site: (_curve(site), site.number)):
        window = _window(sites.grid, site)
        wider = _joined(union, window) if group else window
        largest_now = max(largest, _cells(window))
        if group and (len(group) >= most or _cells(wider) > max(UNION_WINDOWS * largest_now, FEW_CELLS)):
            batches.append(_batch(group, union))
            group, wider, largest_now = [], window, _cells(window)
        group.append(site)
        union, largest = wider, largest_now
    return [*batches, _batch(group, union)] if group else batches


def singly(sites: Sites) -> list[SiteBatch]:
    """A batch for each site, in the order of their numbers."""
    return [_batch([site], _window(sites.grid, site)) for site in sites]


def _batch(group: Sequence[Site], union: tuple[int, int, int, int]) -> SiteBatch:
    top, bottom, left, right = union
    return SiteBatch(tuple(sorted(group, key=lambda site: site.number)), slice(top, bottom), slice(left, right))


def _window(grid: RasterGrid, site: Site) -> tuple[int, int, int, int]:
    rows, columns = read_window(grid, site.row, site.column, site.view.max_range_m)
    return rows.start, rows.stop, columns.start, columns.stop


def _joined(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    return min(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), max(a[3], b[3])


def _cells(window: tuple[int, int, int, int]) -> int:
    return (window[1] - window[0]) * (window[3] - window[2])


def _curve(site: Site) -> int:
    """Position of a site along Morton's curve, which keeps neighbours close together."""
    row, column = int(site.row), int(site.column)
    return sum(((row >> bit & 1) << (2 * bit + 1)) | ((column >> bit & 1) << (2 * bit)) for bit in range(32))

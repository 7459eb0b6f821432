"""Travel times from points, response times from bases, and their isochrones."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely
import shapely.geometry
import xarray as xr
from affine import Affine
from rasterio.features import shapes

from geo.antimeridian import unrolled
from geo.arrays import Floats, Ints
from geo.errors import TerrainError
from geo.mobility.roads_and_rivers import Ways
from geo.mobility.settings import MobilitySettings
from geo.mobility.speed_surface import Mobility, by_vehicle, on_foot
from geo.paths.search import spread
from geo.terrain.derived import frame_of, raster_north_up

if TYPE_CHECKING:
    import geopandas

LONGEST_EDGE_M = 250.0
"""Maximum length of an edge of an isochrone.

An edge of length L that is straight in the frame is up to L² tan(lat) / (8 R) beside the straight line between its ends
in longitude and latitude: for 250 m less than 1 cm, the seventh decimal of a degree, up to 81° of latitude. Without
the limit an edge of 25 km is 12 m beside it at 45°, and areas of more minutes do not contain those of fewer.
"""


def travel_time(
    mobility: Mobility,
    places: npt.ArrayLike,
    *,
    to_places: bool = False,
    neighbours: int = 16,
    limit_s: float = math.inf,
) -> xr.DataArray:
    """Seconds (northing, easting) from the nearest in time of ``places`` (2,) or (place, 2) [m], or ``to_places``.

    Infinite where a cell cannot be reached, or not within ``limit_s``; NaN where that is unknown: where the ground is
    void, and where only a path over voids may lead there. Raises TerrainError for a position off the terrain, or where
    its mover cannot be.
    """
    labels = labels_at(mobility, places)

    def reached(through_voids: bool) -> Floats:
        case = {"backward": to_places, "through_voids": through_voids}
        return spread(mobility, labels, neighbours=neighbours, limit=limit_s, **case).cost

    attrs: dict[str, str | int | float] = {"mover": mobility.mover, "missing": ", ".join(mobility.missing)}
    return _seconds(mobility, or_unknown(reached, mobility), attrs)


def response_time(
    terrain: xr.Dataset,
    bases: npt.ArrayLike,
    *,
    ways: Ways | None = None,
    settings: MobilitySettings | None = None,
    neighbours: int = 16,
) -> xr.DataArray:
    """Seconds (northing, easting) from the alarm until responders from the nearest base arrive.

    The crew drives as far as it saves time, on roads and off them where a vehicle can, leaves the vehicle anywhere and
    continues on foot; or walks from the base at once. ``bases`` are places (2,) or (base, 2) [m]; one that no vehicle
    can leave has walkers only (attrs ``bases_on_foot``). ``turnout_s`` and ``dismount_s`` of the settings are included.
    Infinite where a cell cannot be reached, NaN where that is unknown: where the ground is void, and where only a path
    over voids may lead there. Raises TerrainError without a base, and for one off the ground.
    """
    chosen = settings or MobilitySettings()
    walker, vehicle = on_foot(terrain, ways=ways, settings=chosen), by_vehicle(terrain, ways=ways, settings=chosen)
    at_bases = np.isfinite(labels_at(walker, bases))
    wheels = at_bases & ~vehicle.closed

    def reached(through_voids: bool) -> Floats:
        begin = np.where(wheels, chosen.turnout_s, np.inf)
        driven = spread(vehicle, begin, neighbours=neighbours, through_voids=through_voids).cost
        start = np.minimum(driven + chosen.dismount_s, np.where(at_bases, chosen.turnout_s, np.inf))
        return np.minimum(driven, spread(walker, start, neighbours=neighbours, through_voids=through_voids).cost)

    attrs: dict[str, str | int | float] = {
        "mover": "vehicle, then walker",
        "missing": ", ".join(walker.missing),
        "bases": int(at_bases.sum()),
        "bases_on_foot": int((at_bases & ~wheels).sum()),
        "turnout_s": chosen.turnout_s,
        "dismount_s": chosen.dismount_s,
        "assumptions": "; ".join(response_assumptions(chosen)),
    }
    return _seconds(walker, or_unknown(reached, walker, vehicle), attrs).rename("response_time")


def response_time_to(
    walker: Mobility,
    vehicle: Mobility,
    place: npt.ArrayLike,
    *,
    dismount_s: float,
    neighbours: int = 16,
    limit_s: float = math.inf,
) -> xr.Dataset:
    """Seconds (northing, easting) from each cell to ``place`` (2,) [m]: ``by_vehicle`` and ``on_foot``.

    ``by_vehicle`` is the time of ``response_time`` without turnout, for a crew with a vehicle in the cell: by vehicle
    as far as it saves time, then on foot, or on foot at once. One search serves any number of units and bases.
    ``walker`` and ``vehicle`` are surfaces over the same cells. Infinite where there is no path, or none within
    ``limit_s``; NaN where that is unknown: where the ground is void, and where there is none but over voids. Raises
    TerrainError for a place off the ground.
    """
    here = labels_at(walker, place)

    def reached(through_voids: bool) -> Floats:
        case = {"backward": True, "through_voids": through_voids}
        walked = spread(walker, here, neighbours=neighbours, limit=limit_s, **case).cost
        wheels = np.minimum(walked + dismount_s, here)
        driven = spread(vehicle, wheels, neighbours=neighbours, limit=limit_s, **case).cost
        return np.stack([np.minimum(driven, walked), walked])

    attrs: dict[str, str | int | float] = {"missing": ", ".join(walker.missing), "dismount_s": dismount_s}
    by_vehicle, on_foot = or_unknown(reached, walker, vehicle)
    return xr.Dataset({"by_vehicle": _seconds(walker, by_vehicle, attrs), "on_foot": _seconds(walker, on_foot, attrs)})


def response_assumptions(settings: MobilitySettings) -> tuple[str, ...]:
    """State who responds and how fast, one assumption each."""
    return (
        "a crew from the base that is nearest in time responds, by vehicle as far as that saves time, then on foot",
        f"vehicle off the road: {settings.vehicle_mps:g} m/s on level open ground, times exp(−"
        f"{settings.vehicle_decline:g} |gradient|), on gradients to {settings.vehicle_limit:g}",
        "vehicle on a road: the speed of its class",
        f"on foot: Tobler's speed, {settings.off_path_factor:g} of it off paths",
        f"turnout {settings.turnout_s:g} s, leaving the vehicle {settings.dismount_s:g} s",
    )


def journey_time(
    walker: Mobility,
    vehicle: Mobility,
    place: npt.ArrayLike,
    *,
    to_place: bool = False,
    vehicle_near: bool = False,
    mount_s: float,
    neighbours: int = 16,
) -> xr.DataArray:
    """Seconds (northing, easting) by vehicle and on foot from ``place`` (2,) [m] to each cell, or ``to_place``.

    ``walker`` and ``vehicle`` are surfaces over the same cells. A driver stays with the vehicle, so a person who has
    left it may mount it again anywhere, each in ``mount_s``. At the place the journey begins, or ends, in the vehicle
    where one can be there; with ``vehicle_near`` also on foot. Infinite where there is no path, NaN where that is
    unknown: where the ground is void, and where there is none but over voids. Raises TerrainError for a place off the
    ground.
    """
    here = labels_at(walker, place)

    def reached(through_voids: bool) -> Floats:
        def search(mover: Mobility, labels: Floats) -> Floats:
            return spread(mover, labels, backward=to_place, neighbours=neighbours, through_voids=through_voids).cost

        wheels = np.minimum(here, search(walker, here) + mount_s) if vehicle_near else here
        driven = search(vehicle, wheels)
        return np.minimum(driven, search(walker, np.minimum(driven + mount_s, here)))

    attrs: dict[str, str | int | float] = {
        "mover": "vehicle and walker, either way",
        "missing": ", ".join(walker.missing),
        "dismount_s": mount_s,
    }
    return _seconds(walker, or_unknown(reached, walker, vehicle), attrs).rename("journey_time")


def or_unknown(search: Callable[[bool], Floats], *movers: Mobility) -> Floats:
    """Seconds (…, row, column) of a ``search`` over known ground; NaN where only one through voids reaches a cell.

    The second search, with True, is run only where the terrain has voids and a cell that some mover can enter was not
    reached.
    """
    seconds = search(False)
    if np.isfinite(movers[0].elevation).all():
        return seconds
    unreached = np.isinf(seconds) & ~np.logical_and.reduce([mover.closed for mover in movers])
    return np.where(unreached & np.isfinite(search(True)), np.nan, seconds) if unreached.any() else seconds


def isochrones(time: xr.DataArray, terrain: xr.Dataset, minutes: Sequence[float]) -> geopandas.GeoDataFrame:
    """Area reached within each of ``minutes``, one row each: ``minutes`` and the area in WGS 84.

    ``time`` is a result of ``travel_time`` or ``response_time`` over ``terrain``, or a regular subsample of one. Areas
    are whole cells; empty without any. Edges have at most ``LONGEST_EDGE_M``; across the 180th meridian longitudes run
    on beyond ±180°. Raises TerrainError for minutes that are
    not numbers from 0.
    """
    import geopandas

    limits = np.atleast_1d(minutes)
    if limits.dtype.kind not in "fiu" or limits.ndim != 1 or not (limits >= 0.0).all():
        raise TerrainError(f"minutes are {minutes!r}", where="isochrones", expected="numbers from 0")
    frame, time = frame_of(terrain), raster_north_up(time, where="isochrones")
    easting, northing = time["easting"].to_numpy(), time["northing"].to_numpy()
    cell = float(easting[1] - easting[0])
    grid = Affine(cell, 0.0, easting[0] - cell / 2.0, 0.0, -cell, northing[0] + cell / 2.0)
    areas = []
    for limit in limits.tolist():
        reached = (time.to_numpy() <= 60.0 * limit).astype(np.uint8)
        parts = [shapely.geometry.shape(area) for area, _ in shapes(reached, mask=reached > 0, transform=grid)]
        areas.append(shapely.segmentize(shapely.union_all(parts), LONGEST_EDGE_M))
    table = geopandas.GeoDataFrame({"minutes": limits.tolist()}, geometry=areas, crs=frame.crs)
    inland = table.to_crs(4326)
    return inland.set_geometry([unrolled(area) for area in inland.geometry], crs=inland.crs)


def labels_at(mobility: Mobility, places: npt.ArrayLike) -> Floats:
    """Start costs of a search: 0 in the cells that hold ``places`` (2,) or (place, 2) [m], infinite elsewhere.

    Raises TerrainError without a place, for one off the ground, and for one where the mover cannot be.
    """
    try:
        points = np.atleast_2d(np.asarray(places, dtype=np.float64))
    except (TypeError, ValueError):
        points = np.zeros((0, 2))
    if points.size == 0 or points.shape[-1] != 2:
        raise TerrainError("no position given", where="travel time", expected="eastings and northings")
    rows, columns = cells_of(mobility, points)
    labels = np.full(mobility.elevation.shape, np.inf)
    labels[rows, columns] = 0.0
    return labels


def cells_of(mobility: Mobility, points: Floats) -> tuple[Ints, Ints]:
    """Rows and columns of the cells that hold points (point, 2) [m]; TerrainError where the mover cannot be."""
    columns = np.rint((points[:, 0] - mobility.easting[0]) / mobility.cell_m)
    rows = np.rint((mobility.northing[0] - points[:, 1]) / mobility.cell_m)
    height, width = mobility.elevation.shape
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    on_ground = inside.copy()
    at = rows[inside].astype(np.int64), columns[inside].astype(np.int64)
    on_ground[inside] = ~mobility.closed[at]
    if not on_ground.all():
        first = int(np.argmin(on_ground))
        raise TerrainError(
            f"a {mobility.mover} cannot be at easting {points[first, 0]:.0f}, northing {points[first, 1]:.0f}",
            where="travel time",
            expected="a position on the terrain, on known and passable ground",
        )
    return rows.astype(np.int64), columns.astype(np.int64)


def _seconds(mobility: Mobility, cost: Floats, attrs: dict[str, str | int | float]) -> xr.DataArray:
    void = ~np.isfinite(mobility.elevation)
    return xr.DataArray(
        np.where(void, np.nan, cost),
        {"northing": mobility.northing, "easting": mobility.easting},
        ("northing", "easting"),
        "travel_time",
        {"units": "s", **attrs},
    )

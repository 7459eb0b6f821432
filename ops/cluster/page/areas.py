"""Where the sectors of a nation are, for its map: outlines, border lines and titles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

from ops.sector.geojson import lonlat_bounds

if TYPE_CHECKING:
    from ops.cluster.nation_file import Nation
    from ops.sector.open_sector import OpenSector

LINE_DETAIL: Final = 1 / 200
"""Detail of a border line that is left out, as a fraction of its extent: on a map of a nation it is below a pixel."""
DIGITS: Final = 5


def areas_of(nation: Nation) -> dict[str, Any]:
    """Return the sectors as GeoJSON, in the order of the nation file.

    Parameters
    ----------
    nation : Nation
        Its sectors are opened one after the other.

    Returns
    -------
    dict
        A feature collection: each sector's terrain as a rectangle in longitude and latitude, with its name, title,
        and ``line``, the coordinates of the border that it watches.
    """
    from ops.sector.open_sector import open_sector

    return {"type": "FeatureCollection", "features": [area_of(open_sector(sector)) for sector in nation.sectors]}


def area_of(ground: OpenSector) -> dict[str, Any]:
    """Return the feature of one sector."""
    west, south, east, north = (round(value, DIGITS) for value in lonlat_bounds(ground))
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {
        "type": "Feature",
        "id": ground.sector.name,
        "properties": {"title": ground.sector.title or ground.sector.name, "line": _line_of(ground)},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def _line_of(ground: OpenSector) -> list[list[float]]:
    lon, lat = ground.frame.to_lonlat(*np.asarray(shapely.get_coordinates(ground.border.line)).T)
    line = shapely.LineString(np.column_stack([np.unwrap(lon, period=360.0), lat]))
    west, south, east, north = line.bounds
    simple = line.simplify(LINE_DETAIL * max(east - west, north - south))
    return [[round(x, DIGITS), round(y, DIGITS)] for x, y in shapely.get_coordinates(simple).tolist()]

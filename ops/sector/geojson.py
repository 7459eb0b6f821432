"""A sector for display: its key figures, its sensors and segments as GeoJSON, and a description of one position.

All results are plain values in longitude and latitude; unknown values are None.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import shapely
from pyproj.crs import CRS
from shapely.geometry.polygon import orient

from geo.antimeridian import run_on
from geo.areas import NamedArea
from geo.arrays import Floats
from geo.errors import BadInput
from geo.frame import LocalFrame
from geo.terrain import bounds, cell_size, sample, slope
from geo.terrain.derived import standing_points
from geo.visibility.view import RADIO_K, surface_of
from ops.releasability.carried import PLANS
from ops.sector.base_map import base_map_view, credit_of
from ops.sector.layouts.links import SectorLinks
from ops.sector.open_sector import OpenSector
from sensors.coverage import CURVATURE_K, TARGET_HEIGHTS_M
from sensors.layout import AnySensor, Layout, grid_azimuths_rad

PART_OF_CIRCLE_RAD: Final = math.radians(3.0)
OUTLINE_POINTS_PER_EDGE: Final = 33  # the terrain's edges are curved in longitude and latitude
HEIGHTS_LOOKED_AT: Final = 1_000_000


def sector_view(ground: OpenSector) -> dict[str, Any]:
    """Return name, bounds, frame, terrain, layout and the assumptions of the visibility analysis."""
    sector, terrain = ground.sector, ground.terrain
    west, south, east, north = lonlat_bounds(ground)
    low, high = heights(ground)
    return {
        "sector": sector.name,
        "title": sector.title or sector.name,
        "time_zone": sector.time_zone,
        "map_credit": credit_of(sector),
        "base_map": base_map_view(sector),
        "bounds": [west, south, east, north],
        "centre": [(west + east) / 2, (south + north) / 2],
        "frame": frame_view(ground),
        "terrain": {
            "cell_m": cell_size(terrain),
            "datum": terrain.attrs.get("datum", "unknown"),
            "source": sector.terrain.rsplit("/", 1)[-1],
            "low_m": low,
            "high_m": high,
        },
        "border": {
            "length_m": ground.border.ground_length_m,
            "segments": ground.border.segments,
            "belt_m": sector.belt_m,
            "home_side": ground.border.home_side,
            "zone": ground.zone is not None,
        },
        "areas": areas_view(ground.areas),
        "layout": ground.layout.name,
        "sensor_kinds": sorted({sensor.kind for sensor in ground.layout}),
        "target_height_m": TARGET_HEIGHTS_M["person"],
        "curvature_k": RADIO_K,
        "curvature_k_by_kind": {kind: _finite(k) for kind, k in CURVATURE_K.items()},
    }


def areas_view(areas: Sequence[NamedArea]) -> dict[str, Any]:
    """Return the named areas as GeoJSON. Across the 180th meridian longitudes run on beyond ±180°."""
    features = []
    for area in areas:
        parts = [
            [_rounded(shapely.get_coordinates(ring)) for ring in (part.exterior, *part.interiors)]
            for part in map(orient, shapely.get_parts(area.shape))
        ]
        shape, coordinates = ("Polygon", parts[0]) if len(parts) == 1 else ("MultiPolygon", parts)
        features.append(_feature(shape, coordinates, {"id": area.id, "name": area.name, "kind": area.kind}))
    return {"type": "FeatureCollection", "features": features}


def frame_view(ground: OpenSector) -> dict[str, Any]:
    """Return the frame's name and WKT with its EPSG code, or with its PROJ string where it has none."""
    crs = CRS.from_wkt(ground.frame.wkt)
    epsg = crs.to_epsg()
    if epsg is not None:
        return {"name": crs.name, "epsg": epsg, "wkt": ground.frame.wkt}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # warning: a PROJ string loses information of the WKT
        return {"name": crs.name, "proj": crs.to_proj4(), "wkt": ground.frame.wkt}


def lonlat_bounds(ground: OpenSector) -> tuple[float, float, float, float]:
    """Return west, south, east and north of the terrain in degrees, sampled along its edges because they are curved.

    Across the 180th meridian longitudes run on beyond ±180°.
    """
    west, south, east, north = bounds(ground.terrain)
    along = np.linspace(0.0, 1.0, OUTLINE_POINTS_PER_EDGE)
    e, n = west + along * (east - west), south + along * (north - south)
    eastings = np.concatenate([e, e, np.full_like(n, west), np.full_like(n, east)])
    northings = np.concatenate([np.full_like(e, south), np.full_like(e, north), n, n])
    lon, lat = ground.frame.to_lonlat(eastings, northings)
    lon = lon[0] + (lon - lon[0] + 180.0) % 360.0 - 180.0  # runs on across the 180th meridian
    return float(np.nanmin(lon)), float(np.nanmin(lat)), float(np.nanmax(lon)), float(np.nanmax(lat))


def heights(ground: OpenSector) -> tuple[float, float]:
    """Return the lowest and highest elevation [m]; a terrain of millions of cells is subsampled."""
    elevation = ground.terrain["elevation"]
    step = max(1, math.isqrt(elevation.size // HEIGHTS_LOOKED_AT))
    looked_at = elevation[::step, ::step].to_numpy()
    return float(np.nanmin(looked_at)), float(np.nanmax(looked_at))


def layout_view(ground: OpenSector, problems: Mapping[str, str], links: SectorLinks | None = None) -> dict[str, Any]:
    """Return each sensor's position and field of view as features; ``problems`` gives reasons for unknown views.

    With ``links``, each position states how the sensor reports and whether a link to a base is known; ``linked`` is
    None where links were not checked.
    """
    features = []
    for sensor in ground.layout:
        point = _sensor_point(sensor, ground, problems.get(sensor.id))
        point["properties"] |= _report_view(sensor, links)
        features += [point, _sensor_view(sensor, ground.layout)]
    return {"type": "FeatureCollection", "name": ground.layout.name, "features": features}


def _report_view(sensor: AnySensor, links: SectorLinks | None) -> dict[str, Any]:
    if links is None or links.unchecked:
        return {"reports_by": sensor.reports_by, "linked": None}
    linked = sensor.id not in links.unlinked
    return {"reports_by": (links.layout[sensor.id] if linked else sensor).reports_by, "linked": linked}


def segments_view(
    ground: OpenSector, dead: Sequence[float | None], unknown: Sequence[float | None], revision: str
) -> dict[str, Any]:
    """Return the border's segments, with the fractions of dead and of unknown ground in each belt, once computed."""
    features = []
    for segment, (start, end) in enumerate(ground.border.segment_spans_m.tolist()):
        vertices = np.asarray(ground.border.segment_geometry(segment).coords)
        properties = {
            "segment": segment,
            "section": None,  # sector files do not yet divide the border into sections
            "chainage_from_m": start,
            "chainage_to_m": end,
            "dead_ground_fraction": dead[segment] if dead else None,
            "unknown_fraction": unknown[segment] if unknown else None,
        }
        features.append(_feature("LineString", _lonlat(ground, vertices), properties))
    return {"type": "FeatureCollection", "revision": revision, "belt_m": ground.sector.belt_m, "features": features}


def border_view(ground: OpenSector) -> dict[str, Any]:
    """Return the border's segments as GeoJSON, one feature each, as ``Border.to_geodataframe`` does, without pandas."""
    features = []
    lengths = ground.border.ground_lengths_m.tolist()
    for segment, (start, end) in enumerate(ground.border.segment_spans_m.tolist()):
        vertices = np.asarray(ground.border.segment_geometry(segment).coords)
        properties = {"segment": segment, "start_m": start, "end_m": end, "length_m": lengths[segment]}
        features.append(_feature("LineString", _lonlat(ground, vertices), properties) | {"id": str(segment)})
    return {"type": "FeatureCollection", "features": features}


def place_view(ground: OpenSector, lon: float, lat: float) -> dict[str, Any]:
    """Return elevation and slope of one position, and its location relative to the border. FrameError off the globe."""
    easting, northing = ground.frame.to_local(lon, lat)
    if not (math.isfinite(easting) and math.isfinite(northing)):
        raise BadInput(f"longitude {lon}, latitude {lat} is outside the frame", where="place", expected="a place near")
    segment, chainage, offset = ground.border.locate(easting, northing)
    steepness = _slope_at(ground, easting, northing)
    return {
        "lon": lon,
        "lat": lat,
        "elevation_m": _finite(float(sample(ground.terrain, easting, northing))),
        "slope_deg": None if math.isnan(steepness) else math.degrees(math.atan(steepness)),
        "easting": easting,
        "northing": northing,
        "segment": segment,
        "chainage_m": _finite(chainage),
        "offset_m": _finite(offset),
    }


def cell_of(ground: OpenSector, easting: float, northing: float) -> tuple[int, int] | None:
    """Return row and column of the terrain cell at a position; None off the map."""
    _, grid = surface_of(ground.terrain)
    row, column = round(float(grid.row_of(northing))), round(float(grid.column_of(easting)))
    return (row, column) if 0 <= row < grid.rows and 0 <= column < grid.columns else None


def _slope_at(ground: OpenSector, easting: float, northing: float) -> float:
    """Return the slope (rise over run) at one position from its neighbours; NaN off the map and beside voids."""
    cell = cell_of(ground, easting, northing)
    if cell is None:
        return math.nan
    row, column = cell
    around = ground.terrain.isel(
        northing=slice(max(row - 3, 0), row + 4), easting=slice(max(column - 3, 0), column + 4)
    )
    if min(around["elevation"].shape) < 2:
        return math.nan
    around = around.assign(slope=slope(around))
    return float(sample(around, easting, northing, "slope"))


def _sensor_point(sensor: AnySensor, ground: OpenSector, problem: str | None) -> dict[str, Any]:
    names = (
        "kind", "mast_height_m", "max_range_m", "min_range_m", "azimuth_deg", "field_of_view_deg",
        "elevation_min_deg", "elevation_max_deg", "period_s", "status_interval_s", "mobile",
    )  # fmt: skip
    properties = {"id": sensor.id, "label": sensor.id} | {name: getattr(sensor, name) for name in names}
    properties |= {
        "ground_m": _finite(
            float(sample(ground.terrain, *standing_points(ground.terrain, sensor.easting, sensor.northing)))
        ),
        "part": "place",
        "problem": problem,
    }
    if sensor.mobile:
        properties |= {name: getattr(sensor, name) and [list(one) for one in getattr(sensor, name)] for name in PLANS}
    return _feature("Point", [sensor.lon, sensor.lat], properties)


def _sensor_view(sensor: AnySensor, layout: Layout) -> dict[str, Any]:
    """Return the area within the sensor's range and azimuths, regardless of obstructions; rings as in RFC 7946."""
    view = grid_azimuths_rad(sensor, layout.frame)
    start, end = view if view is not None else (0.0, math.tau)
    width = (end - start) % math.tau or math.tau
    azimuth = start + np.linspace(0.0, width, max(5, math.ceil(width / PART_OF_CIRCLE_RAD) + 1))[::-1]  # anticlockwise
    rim = np.column_stack([np.sin(azimuth), np.cos(azimuth)])
    foot = np.array([[sensor.easting, sensor.northing]])
    place = layout.placement(sensor.id)
    outer, inner = foot + rim * place.farthest, foot + rim[::-1] * place.nearest
    if view is None:
        rings = [outer, inner] if sensor.min_range_m > 0.0 else [outer]
    else:
        near = inner if sensor.min_range_m > 0.0 else foot
        rings = [np.vstack([outer, near])]
    rings = [np.vstack([ring, ring[:1]]) for ring in rings]
    along = _in_degrees(layout.frame, np.vstack(rings))  # as one line, which puts the hole on the side of the rim
    closed = np.split(along, np.cumsum([len(ring) for ring in rings])[:-1])
    properties = {"id": sensor.id, "kind": sensor.kind, "part": "view"}
    return _feature("Polygon", [_rounded(ring) for ring in closed], properties)


def _feature(shape: str, coordinates: Any, properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": shape, "coordinates": coordinates}, "properties": properties}


def _lonlat(ground: OpenSector, places: Floats) -> list[list[float]]:
    return _rounded(_in_degrees(ground.frame, places))


def _in_degrees(frame: LocalFrame, places: Floats) -> Floats:
    """The vertices of a line (vertex, 2), whose longitudes run on across the 180th meridian."""
    lon, lat = frame.to_lonlat(places[:, 0], places[:, 1])
    return np.column_stack([run_on(lon), lat])


def _rounded(positions: Floats) -> list[list[float]]:
    """Round degrees to 1e-7, about one centimetre."""
    return np.round(positions, 7).tolist()  # type: ignore[no-any-return]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None

"""Named areas of a sector, such as a danger area: read from GeoJSON, and looked up by position."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely

from geo.errors import BadInput
from geo.frame import LocalFrame
from geo.names import HIDDEN, ONE_LINE, did_you_mean
from geo.text_files import EXPECTED_SYSTEM, NotReadable, other_system, read_json

AREA_KINDS: Final = ("danger", "restricted", "watch", "crossing_point")
"""Danger area (mines, firing range), restricted area (no entry without leave), watch area (special attention), and the
surroundings of a border crossing point."""
MOST_AREAS: Final = 200
MOST_CORNERS: Final = 20_000
"""Corners of all areas of a file, which every page and phone loads."""
LONGEST_NAME: Final = 60


class AreaError(BadInput):
    """Error for a file of areas, or an area in it, that cannot be used."""


@dataclass(frozen=True, slots=True)
class NamedArea:
    """A part of the ground with a name.

    Parameters
    ----------
    id : str
        Identifier; unique in its file.
    name : str
        Name for people.
    kind : str
        One of ``geo.areas.AREA_KINDS``.
    shape : shapely.Polygon or shapely.MultiPolygon, degrees
        Longitude and latitude, WGS 84. Across the 180th meridian longitudes run on beyond ±180°.
    """

    id: str
    name: str
    kind: str
    shape: shapely.Polygon | shapely.MultiPolygon


def read_areas(path: str | Path) -> list[NamedArea]:
    """Read the areas of a GeoJSON file, in its order.

    Parameters
    ----------
    path : str or Path
        A FeatureCollection of polygons or multipolygons with the keys ``id``, ``name`` and ``kind``.

    Returns
    -------
    list of NamedArea
        The areas.

    Raises
    ------
    AreaError
        For the first error of the file; ``area_errors`` lists all.
    """
    areas = []
    for place, found in _areas_in(Path(path)):
        if isinstance(found, AreaError):
            what = f"{place}: {found.what}" if place else found.what
            raise AreaError(what, where=str(path), expected=found.expected)
        areas.append(found)
    return areas


def area_errors(path: Path) -> list[tuple[str, AreaError]]:
    """List every error of a file of areas, each with the feature concerned.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    list of (str, AreaError)
        Empty for a file that can be used.
    """
    return [(place, found) for place, found in _areas_in(path) if isinstance(found, AreaError)]


class AreaLookup:
    """Finds the areas that contain a position.

    Parameters
    ----------
    areas : sequence of NamedArea
        The areas.
    frame : LocalFrame
        The frame of positions.
    """

    def __init__(self, areas: Sequence[NamedArea], frame: LocalFrame) -> None:
        self._areas = tuple(areas)

        def local(corners: Any) -> Any:
            lon = (corners[:, 0] + 180.0) % 360.0 - 180.0
            return np.column_stack(frame.to_local(lon, corners[:, 1]))

        shapes = [shapely.transform(area.shape, local) for area in areas]
        self._shapes = [shapely.union_all(shapely.get_parts(shape)) for shape in shapes]
        shapely.prepare(self._shapes)

    def at(self, easting: float, northing: float) -> tuple[NamedArea, ...]:
        """Find the areas that contain a position or have it on their outline.

        Parameters
        ----------
        easting, northing : float, m
            Position in the local frame.

        Returns
        -------
        tuple of NamedArea
            In the order of the file.
        """
        if not self._shapes or not (math.isfinite(easting) and math.isfinite(northing)):
            return ()
        inside = shapely.intersects_xy(self._shapes, easting, northing)
        return tuple(area for area, holds in zip(self._areas, inside, strict=True) if holds)

    def touching(self, shape: shapely.Geometry) -> tuple[NamedArea, ...]:
        """Find the areas that a shape enters or touches.

        Parameters
        ----------
        shape : shapely.Geometry, m
            Shape in the local frame, such as a segment of the border.

        Returns
        -------
        tuple of NamedArea
            In the order of the file.
        """
        return tuple(area for area, own in zip(self._areas, self._shapes, strict=True) if own.intersects(shape))


def _areas_in(path: Path) -> Iterator[tuple[str, NamedArea | AreaError]]:
    """Yield the place of each area in the file, with the area or with its error."""
    features = _features_of(path)
    if isinstance(features, AreaError):
        yield "", features
        return
    names: dict[str, int] = {}
    corners = 0
    for number, feature in enumerate(features, start=1):
        try:
            area = _area_of(feature)
            if area.id in names:
                raise AreaError(
                    f"has the id {area.id!r}, as feature {names[area.id]} has", where=str(path), expected="unique ids"
                )
        except AreaError as error:
            yield f"feature {number}", AreaError(error.what, where=str(path), expected=error.expected)
            continue
        names[area.id] = number
        corners += int(shapely.get_num_coordinates(area.shape))
        yield f"feature {number}", area
    if corners > MOST_CORNERS:
        expected = f"at most {MOST_CORNERS} in all; simplify the outlines"
        yield "", AreaError(f"has {corners} corners", where=str(path), expected=expected)


def _features_of(path: Path) -> list[Any] | AreaError:
    expected = "a GeoJSON FeatureCollection of polygons"
    try:
        document = read_json(path)
    except OSError as error:
        return AreaError(f"cannot be read ({error.strerror})", where=str(path), expected=expected)
    except NotReadable as error:
        return AreaError(str(error), where=str(path), expected=expected)
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        return AreaError("is not a FeatureCollection", where=str(path), expected=expected)
    if (wrong := other_system(document)) is not None:
        return AreaError(wrong, where=str(path), expected=EXPECTED_SYSTEM)
    features = document.get("features")
    if not isinstance(features, list):
        return AreaError("has no list of features", where=str(path), expected=expected)
    if len(features) > MOST_AREAS:
        return AreaError(f"has {len(features)} areas", where=str(path), expected=f"at most {MOST_AREAS}")
    return features


def _area_of(feature: Any) -> NamedArea:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, Mapping):
        raise AreaError("has no properties", where="", expected="the keys id, name and kind")
    identity, name = _text(properties, "id"), _text(properties, "name")
    kind = properties.get("kind")
    if not isinstance(kind, str) or kind not in AREA_KINDS:
        meant = did_you_mean(kind, AREA_KINDS) if isinstance(kind, str) else ""
        what = f"has no kind{meant}" if kind is None else f"has the kind {ascii(kind)[:40]}{meant}"
        raise AreaError(what, where="", expected=f"one of {', '.join(AREA_KINDS)}")
    return NamedArea(identity, name, kind, _shape_of(feature.get("geometry")))


def _text(properties: Mapping[str, Any], key: str) -> str:
    value = properties.get(key)
    if not isinstance(value, str) or not value.strip():
        what = f"has no {key}" if value is None else f"has the {key} {ascii(value)[:40]}"
        raise AreaError(what, where="", expected=f"the key {key}, as text")
    if HIDDEN.search(value):
        raise AreaError(f"has the {key} {value!a}", where="", expected=ONE_LINE)
    if len(value) > LONGEST_NAME:
        raise AreaError(
            f"has the {key} {value[:40]!r}…", where="", expected=f"the key {key} with at most {LONGEST_NAME} characters"
        )
    return value.strip()


def _shape_of(geometry: Any) -> shapely.Polygon | shapely.MultiPolygon:
    expected = "a GeoJSON Polygon or MultiPolygon"
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    parts = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if kind == "Polygon":
        parts = [parts]
    elif kind != "MultiPolygon":
        what = "has no geometry" if kind is None else f"is a {ascii(kind)[:40]}"
        raise AreaError(what, where="", expected=expected)
    if not isinstance(parts, list) or not parts or not all(isinstance(rings, list) and rings for rings in parts):
        raise AreaError("has no outline", where="", expected=expected)
    polygons = [_polygon_of(rings) for rings in parts]
    shape = polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
    reason = shapely.is_valid_reason(shape)
    if reason != "Valid Geometry":
        raise AreaError(
            f"has an invalid outline ({reason})", where="", expected="outlines that do not cross, holes inside of them"
        )
    return shape


def _polygon_of(rings: Sequence[Any]) -> shapely.Polygon:
    outer, *holes = [_ring_of(ring) for ring in rings]
    middle = float(outer[:, 0].mean())
    for hole in holes:  # on the same side of the 180th meridian as the outline
        hole[:, 0] += 360.0 * round((middle - float(hole[:, 0].mean())) / 360.0)
    return shapely.Polygon(outer, holes)


def _ring_of(ring: Any) -> Any:
    """The corners of a ring (n, 2), the last as the first; longitudes run on across the 180th meridian."""
    try:
        corners = np.array([[float(position[0]), float(position[1])] for position in ring])
    except (TypeError, ValueError, IndexError, KeyError):
        raise AreaError("has no outline", where="", expected="positions [longitude, latitude]") from None
    if len(corners) < 4 or not np.array_equal(corners[0], corners[-1]):
        raise AreaError(
            "has a ring that is not closed", where="", expected="at least four positions, the last as the first"
        )
    for lon, lat in corners:
        if not (abs(lon) <= 180.0 and abs(lat) <= 90.0):
            what = f"longitude {lon:g}, latitude {lat:g} is not on Earth"
            raise AreaError(what, where="", expected="degrees, longitude first")
    corners[:, 0] = np.unwrap(corners[:, 0], period=360.0)
    if abs(corners[0, 0] - corners[-1, 0]) > 180.0:
        raise AreaError("goes around a pole", where="", expected="an area that does not contain a pole")
    corners[-1] = corners[0]
    return corners

"""Names of the sector's own map files, each with one position, for the search of the map page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import shapely

from ops.services.map.ground_tiles import MapFeatures
from ops.services.map.tiles import EQUATOR_M

KINDS: Final = {"settlements": "settlement", "rivers": "river", "roads": "road"}
"""The order of the answer, and what each layer contains."""
MOST: Final = 5000
"""Names in an answer: the largest settlements, the longest rivers and roads."""


def place_names(features: Sequence[MapFeatures]) -> list[dict[str, Any]]:
    """Return each name of each kind once, with a position on its largest shape.

    Parameters
    ----------
    features : sequence of MapFeatures
        Settlements, rivers and roads of the sector, in Web Mercator.

    Returns
    -------
    list of dict
        ``name``, ``kind`` (settlement, river, road), ``lon`` and ``lat`` [deg], in the order of ``KINDS``; settlements
        by rank, the others by length.
    """
    found: list[dict[str, Any]] = []
    for layer in KINDS:
        for one in features:
            if one.name == layer:
                found.extend(_names(one))
    return found[:MOST]


def _names(features: MapFeatures) -> list[dict[str, Any]]:
    lengths = shapely.length(features.shapes)
    order = sorted(range(len(lengths)), key=lambda i: (features.properties[i].get("rank", 0), -lengths[i], i))
    largest: dict[str, dict[str, Any]] = {}
    for i in order:
        name = features.properties[i].get("name")
        if name is not None and name not in largest:
            lon, lat = _lonlat(features.shapes[i])
            largest[name] = {"name": name, "kind": KINDS[features.name], "lon": lon, "lat": lat}
    return list(largest.values())


def _lonlat(shape: Any) -> tuple[float, float]:
    """A position on the shape: the middle of a line, a position inside an area."""
    longest = max(shapely.get_parts(shape), key=shapely.length)
    is_line = shapely.get_type_id(longest) == 1
    point = (
        shapely.line_interpolate_point(longest, 0.5, normalized=True) if is_line else shapely.point_on_surface(longest)
    )
    turn = 2 * np.pi / EQUATOR_M
    lat = np.degrees(np.arctan(np.sinh(shapely.get_y(point) * turn)))
    return round(float(np.degrees(shapely.get_x(point) * turn)), 6), round(float(lat), 6)

"""Edits of a layout: sensors and relays moved, rotated, renamed, removed, added from the catalogue and duplicated."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

from geo.errors import BadInput
from geo.frame import LocalFrame
from sensors.equipment.catalogue import Catalogue
from sensors.layout import AnySensor, Layout
from sensors.relay import KIND as RELAY
from sensors.relay import Relay

PlacedPart = TypeVar("PlacedPart", bound=AnySensor | Relay)
WHERE: Final = "plan (edits)"
PLACE: Final = frozenset({"lon", "lat", "azimuth_deg"})
CHANGES: Final = PLACE | {"name"}
SOURCES: Final = ("item", "copy_of")
"""What an added sensor is: an item of the catalogue, or a copy of a sensor of the layout."""


def edited_layout(original: Layout, edits: Mapping[str, Any], catalogue: Catalogue) -> Layout:
    """A layout with ``edits`` by the id of a sensor or relay: a new position, azimuth or name, or None if it is
    removed.

    An id that the layout does not have is added: with ``item`` from the catalogue, with ``copy_of`` as a copy of that
    sensor of the original layout. Raises BadInput for anything else, and LayoutError for two sensors of one name.
    """
    known = {part.id: part for part in (*original.sensors, *original.relays)}
    kept = [_changed(part, edits.get(part.id, {}), original.frame) for part in known.values()]
    parts: list[AnySensor | Relay] = [part for part in kept if part is not None]
    parts += [_added(name, edit, original, known, catalogue) for name, edit in edits.items() if name not in known]
    relays = tuple(part for part in parts if isinstance(part, Relay))
    return replace(original, sensors=tuple(part for part in parts if not isinstance(part, Relay)), relays=relays)


def _changed(part: PlacedPart, edit: Mapping[str, Any] | None, frame: LocalFrame) -> PlacedPart | None:
    if edit is None:
        return None
    if not edit:
        return part
    allowed = CHANGES - {"azimuth_deg"} if isinstance(part, Relay) else CHANGES
    if not isinstance(edit, Mapping) or not set(edit) <= allowed:
        raise BadInput(f"{edit!r} of {part.id!r}", where=WHERE, expected=", ".join(sorted(allowed)))
    values: dict[str, Any] = {name: float(edit[name]) for name in edit if name in PLACE}
    if not all(math.isfinite(value) for value in values.values()):
        raise BadInput("a number is not finite", where=WHERE, expected="finite degrees")
    if "lon" in values or "lat" in values:
        lon, lat = values.pop("lon", part.lon), values.pop("lat", part.lat)
        easting, northing = frame.to_local(lon, lat)
        values |= {"lon": lon, "lat": lat, "easting": float(easting), "northing": float(northing)}
    if "name" in edit:
        values["id"] = str(edit["name"])
    return replace(part, **values)


def _added(
    name: str, edit: Any, original: Layout, known: Mapping[str, AnySensor | Relay], catalogue: Catalogue
) -> AnySensor | Relay:
    if not isinstance(edit, Mapping) or sum(source in edit for source in SOURCES) != 1:
        raise BadInput(f"unknown sensor {name!r}", where=WHERE, expected="sensors of the layout, or an item to add")
    if not {"lon", "lat"} <= set(edit):
        raise BadInput(f"{name!r} has no position", where=WHERE, expected="lon and lat")
    changes = {"name": name} | {key: value for key, value in edit.items() if key not in SOURCES}
    if "copy_of" in edit:
        if edit["copy_of"] not in known:
            raise BadInput(f"unknown sensor {edit['copy_of']!r}", where=WHERE, expected="sensors of the layout")
        copied = _changed(known[edit["copy_of"]], changes, original.frame)
        assert copied is not None
        return copied
    return _bought(str(edit["item"]), changes, original.frame, catalogue)


def _bought(item: str, changes: Mapping[str, Any], frame: LocalFrame, catalogue: Catalogue) -> AnySensor | Relay:
    """An item of the catalogue at a place, as a layout file gives it that states nothing else."""
    kind = catalogue[item].kind
    properties = {"id": changes["name"], "kind": kind, "catalogue": item}
    if "azimuth_deg" in changes and kind != RELAY:
        properties["azimuth_deg"] = changes["azimuth_deg"]
    point = {"type": "Point", "coordinates": [changes["lon"], changes["lat"]]}
    feature = {"type": "Feature", "geometry": point, "properties": properties}
    document = {"type": "FeatureCollection", "features": [feature]}
    layout = Layout.from_geojson(document, frame, name="plan", catalogue=catalogue)
    return (*layout.sensors, *layout.relays)[0]

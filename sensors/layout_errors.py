"""Every error of a layout at once, where ``sensors.layout`` stops at the first."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

from geo.errors import FrameError
from geo.frame import LocalFrame
from geo.names import expected_name
from geo.text_files import EXPECTED_SYSTEM, other_system
from sensors import relay
from sensors.equipment.catalogue import Catalogue, shipped
from sensors.errors import LayoutError
from sensors.layout import RECORDS, Layout, known_values, point_of
from sensors.layout_document import PLACED, read_document
from sensors.sensor import ALSO_CALLED

REPLACEMENT = {"id": "any", "max_range_m": 1e6}
"""What stands for a required value with an error, so that the other values can be checked."""


def layout_file_errors(path: Path | str, frame: LocalFrame, *, catalogue: Catalogue | None = None) -> list[LayoutError]:
    """Return every error of a layout file; empty exactly where ``Layout.from_file`` reads it."""
    try:
        document = read_document(path, RECORDS)
    except LayoutError as error:
        return [error]
    return layout_errors(document, frame, catalogue=catalogue)


def layout_errors(document: object, frame: LocalFrame, *, catalogue: Catalogue | None = None) -> list[LayoutError]:
    """Return every error of a parsed layout, by feature; empty exactly where ``Layout.from_geojson`` reads it."""
    errors: list[LayoutError] = []
    if (wrong := other_system(document)) is not None:
        errors.append(LayoutError(wrong, where="layout", expected=EXPECTED_SYSTEM))
    features = document.get("features") if isinstance(document, dict) else None
    for number, feature in enumerate(features if isinstance(features, list) else ()):
        errors += _of_feature(feature, number, catalogue)
    ids = [id_of(feature) for feature in features] if isinstance(features, list) else []
    for twice in dict.fromkeys(one for one in ids if one is not None and ids.count(one) > 1):
        errors.append(
            LayoutError(f"{ids.count(twice)} sensors are called {twice!r}", where="layout", expected="unique ids")
        )
    if not errors:
        try:
            Layout.from_geojson(document, frame, name="layout", catalogue=catalogue)
        except (LayoutError, FrameError) as error:
            errors.append(LayoutError(error.what, where=error.where, expected=error.expected))
    return errors


def positions_in(path: Path | str, *, catalogue: Catalogue | None = None) -> list[tuple[str, float, float]]:
    """Return id, longitude and latitude of each sensor of a layout file, relays and unreadable features left out."""
    found = []
    try:
        document = read_document(path, RECORDS)
    except LayoutError:
        return []
    features = document.get("features") if isinstance(document, dict) else None
    for feature in features if isinstance(features, list) else ():
        name = id_of(feature)
        if name is None:
            continue
        try:
            lon, lat = point_of(feature.get("geometry"), f"sensor {name!r}")
        except LayoutError:
            continue
        item = feature["properties"].get("catalogue")
        known = shipped() if catalogue is None else catalogue
        kind = feature["properties"].get("kind", known[item].kind if isinstance(item, str) and item in known else None)
        if kind != relay.KIND:
            found.append((name, lon, lat))
    return found


def id_of(feature: object) -> str | None:
    """Return the id of a GeoJSON feature; None where it has none that is text."""
    properties = feature.get("properties") if isinstance(feature, dict) else None
    found = properties.get("id") if isinstance(properties, dict) else None
    return found if isinstance(found, str) else None


def _of_feature(feature: object, number: int, catalogue: Catalogue | None) -> list[LayoutError]:
    where = f"feature {number}"
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(feature, dict) or feature.get("type") != "Feature" or not isinstance(properties, dict):
        return [LayoutError("is not a GeoJSON feature with properties", where=where, expected="a sensor's point")]
    given = dict(properties)
    errors = []
    if given.get("id") is None:
        errors.append(LayoutError("has no id", where=where, expected="id, kind and max_range_m"))
        given["id"] = REPLACEMENT["id"]
    else:
        where = f"sensor {given['id']!r}"
    try:
        point_of(feature.get("geometry"), where)
    except LayoutError as error:
        errors.append(error)
    return errors + _unknown(given, where, catalogue) + _of_values(given, where, catalogue)


def _unknown(given: dict[str, Any], where: str, catalogue: Catalogue | None) -> list[LayoutError]:
    """Remove the unknown keys, and return an error for each; none where the kind is not known either."""
    kind = given.get("kind")
    name = given.get("catalogue")
    known = shipped() if catalogue is None else catalogue
    if kind is None and isinstance(name, str) and name in known:
        kind = known[name].kind
    if not isinstance(kind, str) or kind not in RECORDS:
        return []
    allowed = {field.name for field in fields(RECORDS[kind])} - PLACED
    strangers = [key for key in given if key not in allowed]
    for key in strangers:
        del given[key]
    return [
        LayoutError(
            f"key {key!r} is not known for a {kind}",
            where=where,
            expected=expected_name(key, sorted(allowed), ALSO_CALLED),
        )
        for key in strangers
    ]


def _of_values(given: dict[str, Any], where: str, catalogue: Catalogue | None) -> list[LayoutError]:
    """Return the errors of the values: what an error names is left out, and the rest is checked again."""
    errors: list[LayoutError] = []
    while True:
        try:
            values = known_values(given, given["id"], catalogue)
            RECORDS[values["kind"]](lon=0.0, lat=0.0, easting=0.0, northing=0.0, **values)
        except LayoutError as error:
            errors.append(LayoutError(error.what, where=where, expected=error.expected))
            named = [key for key in given if re.search(rf"\b{re.escape(key)}\b", error.what)]
            if error.what.startswith("max_range_m is missing"):
                given["max_range_m"] = REPLACEMENT["max_range_m"]
                continue
            if not named or "kind" in named or all(given[key] == REPLACEMENT.get(key) for key in named):
                return errors
            for key in named:
                if key in REPLACEMENT:
                    given[key] = REPLACEMENT[key]
                else:
                    del given[key]
        else:
            return errors

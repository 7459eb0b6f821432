"""The provider of ours by which pygeoapi reads the picture. This module is imported with pygeoapi, at first use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import shapely
from pygeoapi.provider.base import BaseProvider, ProviderItemNotFoundError
from pygeoapi.util import crs_transform

from geo.antimeridian import area_within
from ops.services.api.ogc.collections import COLLECTIONS, FeatureRecord, PropertyType
from ops.services.api.ogc.filters import FeatureFilter
from ops.services.api.ogc.queries import TimeRange, typed
from ops.services.api.ogc.sources import Sources
from ops.store.rows import time_ns


class PictureProvider(BaseProvider):  # type: ignore[misc]
    """Features of one collection; ``data`` of the definition is the Sources, ``collection`` its name."""

    def __init__(self, definition: Mapping[str, Any]) -> None:
        super().__init__(definition)
        self._sources: Sources = definition["data"]
        self._collection = COLLECTIONS[definition["collection"]]
        self._fields = self.get_fields()

    def get_fields(self) -> dict[str, dict[str, str]]:
        """Return the properties as pygeoapi describes them."""
        return {name: _schema(kind) for name, kind in self._collection.properties.items()}

    @crs_transform  # type: ignore[untyped-decorator]
    def query(
        self,
        offset: int = 0,
        limit: int = 10,
        bbox: Iterable[float] = (),
        datetime_: str | None = None,
        properties: Iterable[tuple[str, str]] = (),
        sortby: Sequence[Mapping[str, str]] = (),
        select_properties: Iterable[str] = (),
        skip_geometry: bool = False,
        filterq: FeatureFilter | None = None,
        **_: Any,
    ) -> dict[str, Any]:
        """Return the selected features, sorted, from ``offset`` on, at most ``limit``; the texts are checked before.

        Without an order, those with a place come first: QGIS takes the kind of geometry from the first ten features.
        """
        found = self._sources.features(self._collection.name)
        if not sortby:
            found.sort(key=lambda one: one["geometry"] is None)
        if datetime_ is not None and self._collection.time is not None:
            found = [one for one in found if _in_period(one, self._collection.time, TimeRange.parse(datetime_))]
        kinds = self._collection.properties
        for name, text in properties:
            value = typed(text, kinds[name], where=name)
            found = [one for one in found if _equals(one["properties"][name], value, kinds[name])]
        if filterq is not None:
            found = [one for one in found if filterq.selects(one)]
        if bbox:
            found = _within(found, list(bbox))
        for order in reversed(sortby):
            found.sort(key=lambda one: _sort_key(one["properties"][order["property"]]), reverse=order["order"] == "-")
        page = found[offset : offset + limit]
        for feature in page:
            if skip_geometry:
                feature["geometry"] = None
            if select_properties:
                feature["properties"] = {name: feature["properties"][name] for name in select_properties}
        return {
            "type": "FeatureCollection",
            "features": page,
            "numberMatched": len(found),
            "numberReturned": len(page),
        }

    @crs_transform  # type: ignore[untyped-decorator]
    def get(self, identifier: str, **_: Any) -> FeatureRecord:
        """Return one feature."""
        for feature in self._sources.features(self._collection.name):
            if feature["id"] == identifier:
                return feature
        raise ProviderItemNotFoundError(user_msg="There is no feature with this id.")


def _schema(kind: PropertyType) -> dict[str, str]:
    return {"type": "string", "format": "date-time"} if kind == "time" else {"type": kind}


def _in_period(feature: FeatureRecord, name: str, period: TimeRange) -> bool:
    """Whether its time is in the period; a feature without a time always is (OGC 17-069r4, 7.15.4)."""
    at = feature["properties"][name]
    return at is None or period.contains(time_ns(at, where=name))


def _equals(found: Any, wanted: Any, kind: PropertyType) -> bool:
    if found is None or kind != "time":
        return bool(found == wanted)
    return bool(time_ns(found, where="time") == wanted)


def _within(features: list[FeatureRecord], bbox: list[float]) -> list[FeatureRecord]:
    """Those that intersect the box; one whose west is greater than its east crosses the 180th meridian."""
    box = area_within(*bbox)
    shapely.prepare(box)
    placed = [feature for feature in features if feature["geometry"] is not None]
    shapes = [shapely.geometry.shape(feature["geometry"]) for feature in placed]
    return [feature for feature, hit in zip(placed, shapely.intersects(box, shapes), strict=True) if hit]


def _sort_key(value: Any) -> Any:
    """Nulls last in ascending order."""
    return (value is None, value if value is not None else 0)

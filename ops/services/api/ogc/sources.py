"""Where the features come from: the fusion store, the layout, and the map process. Read again at each request."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import msgspec
from starlette.exceptions import HTTPException

from ops.releasability.carried import at_posts, states_carried
from ops.services.api.map_routes import Ask
from ops.services.api.ogc.collections import COLLECTIONS, FeatureRecord
from ops.services.api.release import ReleasedView
from ops.services.map.client import Answer, MapUnavailable
from ops.store.incidents import MOST_ROWS, IncidentReader

FROM_MAP: Final = ("segments", "coverage")
"""The collections that exist only where there is a map process."""


@dataclass(frozen=True, slots=True)
class Sources:
    """``ask`` queries the map process, None without one. ``layout``: the sensors as in ops.sector.geojson, if known.

    ``view``: what the person receives of marked records; it must be set before features are read. ``own_forces``:
    whether she may have own forces, and so where the sensors are that they carry.
    """

    reader: IncidentReader
    ask: Ask | None = None
    layout: Mapping[str, Any] | None = None
    view: ReleasedView | None = None
    own_forces: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The collections that this server has."""
        return tuple(name for name in COLLECTIONS if self.ask is not None or name not in FROM_MAP)

    def names_for(self, view: ReleasedView) -> tuple[str, ...]:
        """The collections of which a person may have everything that is not hidden.

        Own forces show by their duty and places where they are sent, and coverage combines all sensors.
        """
        closed = set() if view.everything else {"units"}
        closed |= set() if view.every_sensor else {"coverage"}
        return tuple(name for name in self.names if name not in closed)

    def features(self, name: str) -> list[FeatureRecord]:
        """Every feature of a collection. HTTPException 503 while a source is not ready; StoreError without a store."""
        records = _RECORDS[name](self)
        return [COLLECTIONS[name].feature(record) for record in records]

    def carried(self) -> frozenset[str]:
        """The sensors that state where they are carried, which is a position of own forces. HTTPException 503."""
        return frozenset(str(sensor["sensor"]) for sensor in self._live("sensors") if states_carried([sensor]))

    def __deepcopy__(self, _: dict[int, Any]) -> Sources:
        """The same sources: pygeoapi copies its configuration."""
        return self

    def _live(self, part: str) -> Any:
        live = self.reader.live(part)
        if live is None:
            raise HTTPException(503, f"Fusion has not written any {part} yet.")
        return json.loads(live.body)

    def _shown(self, part: str) -> Iterable[Any]:
        """The entries of a part of the live picture that the person may have."""
        entries = self._live(part)
        self._to.refresh()
        return entries if self._to.everything else self._to.entries(part, entries)

    @property
    def _to(self) -> ReleasedView:
        assert self.view is not None
        return self.view

    def _tracks(self) -> Iterable[Any]:
        return self._shown("tracks")

    def _units(self) -> Iterable[Any]:
        return self._live("forces")["units"] if self._to.everything else ()

    def _alerts(self) -> Iterable[Any]:
        _, _, bodies = self._to.alerts(self.reader, limit=MOST_ROWS)
        return map(msgspec.json.decode, bodies)

    def _incidents(self) -> Iterable[Any]:
        _, rows = self.reader.incidents(hidden=partial(self._to.hidden, "incident"))
        return (msgspec.json.decode(row.body) for row in self._to.incidents(rows))

    def _sensors(self) -> Iterable[Any]:
        """Every sensor as fusion knows it, with the properties of the layout."""
        layout = self.layout
        if layout is None:
            layout = {"features": []} if self.ask is None else self._asked("layout")
        known = {
            feature["properties"]["id"]: feature["properties"]
            for feature in layout["features"]
            if feature["geometry"]["type"] == "Point"
        }
        shown = self._shown("sensors") if self.own_forces else at_posts(self._shown("sensors"))
        return ({**known.get(sensor["sensor"], {}), **sensor} for sensor in shown)

    def _segments(self) -> Iterable[Any]:
        segments: list[dict[str, Any]] = self._asked("segments", **self._posts)["features"]
        if self._to.every_sensor:
            return segments
        hidden = {"dead_ground_fraction": None, "unknown_fraction": None}
        return [{**one, "properties": one["properties"] | hidden} for one in segments]

    def _coverage(self) -> Iterable[Any]:
        return self._asked("coverage_cells", **self._posts)["features"] if self._to.every_sensor else ()

    @property
    def _posts(self) -> dict[str, bool]:
        """Argument of questions about coverage: where carried sensors are taken to stand."""
        return {} if self.own_forces else {"at_posts": True}

    def _asked(self, question: str, **arguments: bool) -> Any:
        assert self.ask is not None
        try:
            answer: Answer = self.ask(question, **arguments)
        except MapUnavailable as error:
            raise HTTPException(503, str(error), headers={"Retry-After": "2"}) from None
        body = json.loads(answer.body)
        if answer.status >= 400:
            raise HTTPException(answer.status, body["error"])
        return body


_RECORDS: Final[Mapping[str, Callable[[Sources], Iterable[Any]]]] = {
    "tracks": Sources._tracks,
    "incidents": Sources._incidents,
    "alerts": Sources._alerts,
    "units": Sources._units,
    "sensors": Sources._sensors,
    "segments": Sources._segments,
    "coverage": Sources._coverage,
}

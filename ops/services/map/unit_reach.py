"""What a sector's units reach, on demand: travel times are kept for each cell that a unit stands in."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from geo.errors import BadInput
from geo.frame import LocalFrame
from ops.sector.open_sector import OpenSector
from ops.sector.ways import ways_of
from ops.services.map.responders import LARGEST_CELLS
from sensors.interdiction.unit_reach import (
    ReachGround,
    ReachTable,
    Targets,
    reach_ground,
    start_cell,
    travel_field,
    unit_reach,
)

KEPT: Final = 256
"""Newest travel times that are kept, of 240 kB each."""
MOST_UNITS: Final = 100
MOST_TARGETS: Final = 500

UnitPlace = tuple[float, float, bool]
"""Longitude, latitude, and whether the unit moves on foot."""
TargetPlace = tuple[float, float, tuple[float, float] | None, tuple[float, float, float] | None]
"""Longitude and latitude; the end of its path (easting, northing) [m]; time left, its deviation [s], and existence."""


class UnitReach:
    """Reach over the ground of one sector. Thread-safe; the surfaces are computed on first use."""

    def __init__(self, ground: OpenSector) -> None:
        self._ground = ground
        self._lock = threading.Lock()
        self._laid: ReachGround | None = None
        self._fields: OrderedDict[tuple[int, int, bool], npt.NDArray[np.float32]] = OrderedDict()

    def of(
        self, units: Sequence[UnitPlace], targets: Sequence[TargetPlace]
    ) -> list[list[dict[str, Any] | None] | None]:
        """Reach of each target by each unit; None for a unit off the terrain or across the border.

        None also for a target that is beyond the projection, such as at 0, 0, which a device without a fix states.

        Raises BadInput for more units or targets than are considered, and for a terrain that is too large.
        """
        if len(units) > MOST_UNITS or len(targets) > MOST_TARGETS:
            expected = f"at most {MOST_UNITS} units and {MOST_TARGETS} targets"
            raise BadInput(f"{len(units)} units, {len(targets)} targets", where="reach", expected=expected)
        if self._ground.terrain["elevation"].size > LARGEST_CELLS:
            raise BadInput("the terrain is too large", where="reach", expected=f"at most {LARGEST_CELLS} cells")
        frame = self._ground.frame
        with self._lock:
            ground = self._laid = self._laid or self._lay()
            places = [_local(frame, lon, lat) for lon, lat, _ in units]
            fields = [
                self._field(ground, east, north, walks)
                for (east, north), (_, _, walks) in zip(places, units, strict=True)
            ]
        known = [number for number, field in enumerate(fields) if field is not None]
        answer: list[list[dict[str, Any] | None] | None] = [None] * len(units)
        if not known or not targets:
            return [None if field is None else [] for field in fields]
        stacked = np.stack([field for field in fields if field is not None])
        table = unit_reach(ground, stacked, np.array([places[number] for number in known]), self._targets(targets))
        for row, number in enumerate(known):
            answer[number] = [
                self._told(table, row, column) if math.isfinite(table.distance_m[row, column]) else None
                for column in range(len(targets))
            ]
        return answer

    def _lay(self) -> ReachGround:
        read = ways_of(self._ground)
        return reach_ground(self._ground.terrain, self._ground.border, ways=read.ways if read.files else None)

    def _field(
        self, ground: ReachGround, easting: float, northing: float, walks: bool
    ) -> npt.NDArray[np.float32] | None:
        cell = start_cell(ground, easting, northing)
        if cell is None:
            return None
        key = (*cell, walks)
        if key not in self._fields:
            field = travel_field(ground, easting, northing, walks=walks)
            assert field is not None  # it has a start cell
            self._fields[key] = field
            while len(self._fields) > KEPT:
                self._fields.popitem(last=False)
        self._fields.move_to_end(key)
        return self._fields[key]

    def _targets(self, targets: Sequence[TargetPlace]) -> Targets:
        frame = self._ground.frame
        easting, northing = frame.to_local(np.array([one[0] for one in targets]), np.array([one[1] for one in targets]))
        none = (math.nan, math.nan)
        ends = np.array([one[2] or none for one in targets])
        left = np.array([one[3] or (*none, 1.0) for one in targets])
        return Targets(easting, northing, ends[:, 0], ends[:, 1], left[:, 0], left[:, 1], left[:, 2])

    def _told(self, table: ReachTable, row: int, column: int) -> dict[str, Any]:
        """One entry of the table as plain values; None where there is none."""

        def known(values: npt.NDArray[Any]) -> float | None:
            value = float(values[row, column])
            return value if math.isfinite(value) else None

        east, north = known(table.easting), known(table.northing)
        meet = None
        if east is not None and north is not None:
            lon, lat = self._ground.frame.to_lonlat(east, north)
            meet = {"lon": round(float(lon), 6), "lat": round(float(lat), 6)}
        return {
            "distance_m": known(table.distance_m),
            "bearing_deg": math.degrees(float(table.bearing_rad[row, column])) % 360.0,
            "travel_s": known(table.travel_s),
            "travel_known": not table.unknown[row, column],
            "meet": meet,
            "margin_s": known(table.margin_s),
            "margin_sd_s": known(table.margin_sd_s),
            "interruption": known(table.interruption),
            "in_time": bool(table.in_time[row, column]),
            "hidden": bool(table.hidden[row, column]),
            "river": bool(table.river[row, column]),
            "slope_deg": math.degrees(float(table.slope_rad[row, column])),
            "rise_m": known(table.rise_m),
        }


def _local(frame: LocalFrame, lon: float, lat: float) -> tuple[float, float]:
    easting, northing = frame.to_local(lon, lat)
    return float(easting), float(northing)

"""Response times over the ground on demand: from units and bases to one position, with one search for all of them."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import xarray as xr

from geo.errors import BadInput
from geo.mobility.settings import MobilitySettings
from geo.mobility.speed_surface import Mobility, by_vehicle, on_foot
from geo.paths.response_times import response_time_to
from ops.sector.open_sector import OpenSector
from ops.sector.ways import ways_of
from sensors.interdiction import probability_of_interruption
from sensors.interdiction.interception import ResponseSettings

LIMIT_S: Final = 4 * 3600.0
"""A response that takes longer is not considered."""
KEPT: Final = 4
"""Number of newest searches that are kept, for requests about the same position."""
LARGEST_CELLS: Final = 25_000_000
"""Maximum number of terrain cells of a search: it takes about 60 bytes for each while it runs."""


class Responders:
    """Response times to positions of one sector. Thread-safe; the surfaces of movement are computed on first use."""

    def __init__(self, ground: OpenSector) -> None:
        self._ground, self._settings = ground, MobilitySettings()
        self._lock = threading.Lock()
        self._surfaces: tuple[Mobility, Mobility] | None = None
        self._found: OrderedDict[tuple[float, float], xr.Dataset] = OrderedDict()

    def times(
        self, easting: float, northing: float, origins: Sequence[tuple[float, float, bool, bool]]
    ) -> list[float | None]:
        """Seconds from each origin (lon, lat, on foot, at its base) to a position [m]; None where there is no path
        within LIMIT_S, or off the terrain, NaN where there is none but over voids of the terrain.

        A crew that is at its base takes the turnout time. Raises BadInput for a position off the ground.
        """
        if self._ground.terrain["elevation"].size > LARGEST_CELLS:
            raise BadInput(
                "the terrain is too large", where="response times", expected=f"at most {LARGEST_CELLS} cells"
            )
        frame = self._ground.frame
        with self._lock:
            reached = self._to(easting, northing)
        found = []
        for at_lon, at_lat, walks, turns_out in origins:
            east, north = (float(part) for part in frame.to_local(at_lon, at_lat))
            seconds = _at(reached["on_foot" if walks else "by_vehicle"], east, north)
            found.append(None if seconds is None else seconds + (self._settings.turnout_s if turns_out else 0.0))
        return found

    def _to(self, easting: float, northing: float) -> xr.Dataset:
        key = (round(easting), round(northing))
        if key not in self._found:
            walker, vehicle = self._movers()
            reached = response_time_to(
                walker, vehicle, (easting, northing), dismount_s=self._settings.dismount_s, limit_s=LIMIT_S
            )
            self._found[key] = reached.astype(np.float32)
            while len(self._found) > KEPT:
                self._found.popitem(last=False)
        self._found.move_to_end(key)
        return self._found[key]

    def _movers(self) -> tuple[Mobility, Mobility]:
        if self._surfaces is None:
            read = ways_of(self._ground)
            ways: Any = read.ways if read.files else None
            terrain = self._ground.terrain
            self._surfaces = (
                on_foot(terrain, ways=ways, settings=self._settings),
                by_vehicle(terrain, ways=ways, settings=self._settings),
            )
        return self._surfaces


def interruptions(
    seconds: Sequence[float | None], left_s: float, left_sd_s: float, existence: float
) -> list[float | None]:
    """Probability [1] that each response arrives before the target may be at the end of its path, with its existence.

    As ``fusion.situation.responders`` computes it for bases, for the likelier mover; 0 without a path, and where no
    time is left, None where the response is unknown (NaN).
    """
    settings = ResponseSettings()
    found: list[float | None] = []
    for response_s in seconds:
        if response_s is not None and math.isnan(response_s):
            found.append(None)
            continue
        if response_s is None or left_s <= 0.0:
            found.append(0.0)
            continue
        chance = probability_of_interruption(
            [1.0],
            [left_s],
            [left_sd_s],
            response_s=response_s,
            response_sd_s=settings.sd_share * response_s,
            communication=settings.communication,
            position=1.0,
        )
        found.append(min(max(existence, 0.0), 1.0) * float(chance))
    return found


def _at(seconds: xr.DataArray, easting: float, northing: float) -> float | None:
    """Value of the cell at a position; None off the terrain and where there is no path, NaN where that is unknown."""
    eastings, northings = seconds["easting"].to_numpy(), seconds["northing"].to_numpy()
    cell_m = float(eastings[1] - eastings[0])
    column = (easting - float(eastings[0])) / cell_m
    row = (float(northings[0]) - northing) / cell_m
    if not (-0.5 <= column < len(eastings) - 0.5 and -0.5 <= row < len(northings) - 0.5):
        return None
    value = float(seconds.values[round(row), round(column)])
    return None if math.isinf(value) else value

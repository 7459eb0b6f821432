"""The terrain around cameras that turn: how each must tilt to look at a point, and what it has in line of sight.

The files are those of ``ops.services.cue.survey``: heights of the terrain, and the exact viewshed of the camera all
round from its post. They are read from disk as they are needed, so that the process that turns cameras neither loads a
terrain nor computes visibility.
"""

from __future__ import annotations

import logging
import math
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from geo.frame import LocalFrame
from sensors.cueing import Sight, SteerableCamera
from sensors.cueing.sight import elevation_deg

log = logging.getLogger(__name__)

FOLDER: Final = "cue"
HIDDEN, VISIBLE = 0, 1
"""States of a viewshed (``geo.visibility``); any other is unknown."""
AT_POST_DEG: Final = 3e-4
"""A camera farther than this from its surveyed post in longitude or latitude (about 30 m) sees another ground."""


class CameraGround(msgspec.Struct, frozen=True):
    """The ground around one camera: its post, the height of its lens above the datum, and a grid of the frame."""

    camera: str
    lon: float
    lat: float
    eye_m: float
    effective_radius_m: float
    crs: str
    west_m: float
    north_m: float
    cell_m: float


class CameraGrounds:
    """The surveyed ground of cameras in a data folder; a camera without a survey has no known view."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._known: dict[str, _Ground] = {}

    def sight(self, camera: SteerableCamera, lon: float, lat: float, range_m: float) -> Sight:
        """Return how a camera must tilt to a point, and whether a person there is in its line of sight."""
        ground = self._of(camera.id)
        if ground is None or not ground.is_at(camera):
            return Sight()
        return ground.sight(lon, lat, range_m)

    def _of(self, camera: str) -> _Ground | None:
        if camera not in self._known:
            found = surveyed_ground(self._data, camera)
            if found is None:
                return None  # the survey is still under way
            self._known[camera] = _Ground(*found)
        return self._known[camera]


def surveyed_ground(data: Path, camera: str) -> tuple[CameraGround, Any, Any] | None:
    """Return the survey of a camera, with heights [m] and states (row from north, column from west).

    None without one, and for one that cannot be read.
    """
    folder = data / FOLDER
    about = folder / f"{camera}.json"
    if not about.exists():
        return None
    try:
        heights, states = (np.load(folder / f"{camera}.{part}.npy", mmap_mode="r") for part in ("heights", "states"))
        return msgspec.json.decode(about.read_bytes(), type=CameraGround), heights, states
    except (OSError, EOFError, ValueError, msgspec.MsgspecError) as error:
        log.warning("The survey of camera %s cannot be read: %s", camera, error)
        return None


@lru_cache(maxsize=4)
def _frame_of(crs: str) -> LocalFrame:
    """The frame of a survey, which all cameras of a sector share."""
    return LocalFrame.from_crs(crs)


class _Ground:
    """One survey: ``heights`` [m] and ``states`` (row from north, column from west)."""

    def __init__(self, survey: CameraGround, heights: Any, states: Any) -> None:
        self._survey, self._heights, self._states = survey, heights, states
        self._frame = _frame_of(survey.crs)

    def is_at(self, camera: SteerableCamera) -> bool:
        survey = self._survey
        return max(abs(camera.lon - survey.lon), abs(camera.lat - survey.lat)) < AT_POST_DEG

    def sight(self, lon: float, lat: float, range_m: float) -> Sight:
        survey = self._survey
        easting, northing = self._frame.to_local(lon, lat)
        row, column = (survey.north_m - northing) / survey.cell_m, (easting - survey.west_m) / survey.cell_m
        rows, columns = self._heights.shape
        if not (0 <= row <= rows - 1 and 0 <= column <= columns - 1) or range_m <= 0.0:
            return Sight()
        height_m = self._height(row, column)
        state = int(self._states[round(row), round(column)])
        in_view = {HIDDEN: False, VISIBLE: True}.get(state)
        if math.isnan(height_m):
            return Sight(None, in_view)
        return Sight(elevation_deg(survey.eye_m, height_m, range_m, survey.effective_radius_m), in_view)

    def _height(self, row: float, column: float) -> float:
        """Height between the centres of four cells, bilinear as everywhere; NaN beside a void."""
        rows, columns = self._heights.shape
        r, c = min(int(row), rows - 2), min(int(column), columns - 2)
        down, right = row - r, column - c
        (a, b), (d, e) = np.asarray(self._heights[r : r + 2, c : c + 2], float).tolist()
        return float((1 - down) * ((1 - right) * a + right * b) + down * ((1 - right) * d + right * e))

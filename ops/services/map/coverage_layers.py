"""Coverage as layers of the live map: ``coverage`` of all working sensors, and ``coverage-{kind}`` of each kind.

A sensor that falls silent or comes back costs its own window only, see ``sensors.coverage.live``. All this is done on a
thread of its own; until it is there, every cell is shown as unknown, never as covered.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr
from rasterio.enums import Resampling

from ops.drawing.coverage_classes import probability_steps
from ops.drawing.coverage_paint import OFF_THE_MAP, UNKNOWN, Covered
from ops.sector.open_sector import OpenSector
from ops.services.map.tiles import Layer, raster_of
from sensors.coverage.live import LiveCoverage

WORKING: Final = "ok"
"""The only state of health in which a sensor counts: not silent, not in maintenance, not unheard so far."""
DWELL_S: Final = 600.0
"""The live map's dwell: a walker needs about ten minutes across the near part of a belt (assumption)."""


def coverage_overlay(
    ground: OpenSector,
    healths: Mapping[str, str],
    previous: LiveCoverage | None = None,
    *,
    target: str = "person",
    conditions: str = "day",
    dwell_s: float = DWELL_S,
) -> LiveCoverage:
    """Coverage of the ground's layout by the sensors whose state of health is WORKING, by kind and of all.

    ``healths`` maps sensor ids to states; a sensor it lacks does not count. ``previous`` is an earlier answer for the
    same terrain; target, conditions and dwell are then as there. Raises BadInput for an unknown target or weather.
    """
    working = [sensor for sensor, state in healths.items() if state == WORKING]
    if previous is not None and previous.terrain is ground.terrain:
        return previous.updated(ground.layout, working)
    return LiveCoverage.begin(
        ground.layout, ground.terrain, working, target=target, conditions=conditions, dwell_s=dwell_s
    )


def revision(live: LiveCoverage, kind: str | None) -> str:
    """A short text that changes when the raster of that kind does."""
    return blake2b(live.rasters[kind].tobytes(), digest_size=8).hexdigest()


log = logging.getLogger(__name__)


LARGEST_CELLS: Final = 25_000_000
"""Above this many cells of terrain there are no such layers: with four bytes a cell and kind they would fill a small
machine."""
CONDITIONS: Final = "day"
TARGET: Final = "person"


class CoverageLayers:
    """Keeps the layers of coverage up to date with the sensors' health. ``put`` is given each new layer."""

    def __init__(self, ground: OpenSector, put: Callable[[Layer], None], *, terrain_digest: str) -> None:
        self._ground, self._put, self._digest = ground, put, terrain_digest
        self._style = Covered(probability_steps(None))
        self._wanted: dict[str, str] = {}
        self._news = threading.Event()
        self._live: LiveCoverage | None = None
        self._shown: dict[str, str] = {}
        self.kinds = sorted({sensor.kind for sensor in ground.layout})
        self.offered = ground.terrain["elevation"].size <= LARGEST_CELLS

    def start(self) -> None:
        """Show every cell as unknown, then begin to compute."""
        if self.offered:
            self._show_unknown()
            self._news.set()
            threading.Thread(target=self._run, name="coverage", daemon=True).start()

    def take_health(self, states: Mapping[str, str]) -> None:
        """The sensors' present states of health by id; the layers follow when they are computed."""
        if _working(states) != _working(self._wanted):
            self._wanted = dict(states)
            self._news.set()

    @property
    def ready(self) -> bool:
        """Whether the layers show the sensors' health as it was last told."""
        return self._live is not None and self._live.working == _working(self._wanted)

    def _run(self) -> None:
        try:
            while True:
                self._news.wait()
                self._news.clear()
                self._show(
                    coverage_overlay(self._ground, self._wanted, self._live, target=TARGET, conditions=CONDITIONS)
                )
        except Exception:
            log.exception("The layers of coverage have stopped; all ground stays shown as unknown.")
            self._show_unknown()
            raise

    def _show(self, live: LiveCoverage) -> None:
        for kind in (None, *self.kinds):
            name = f"{self._digest}{revision(live, kind)}"
            if self._shown.get(layer_id(kind)) != name:
                self._put_classes(kind, self._style.classes(live.rasters[kind]), name)
        self._live = live

    def _show_unknown(self) -> None:
        for kind in (None, *self.kinds):
            shape = self._ground.terrain["elevation"].shape
            self._put_classes(kind, np.full(shape, UNKNOWN, np.uint8), "unknown")

    def _put_classes(self, kind: str | None, classes: npt.NDArray[np.uint8], name: str) -> None:
        terrain = self._ground.terrain
        values = xr.DataArray(classes, coords=[terrain["northing"], terrain["easting"]])
        raster = raster_of(values, terrain.attrs["crs"], nodata=OFF_THE_MAP, resampling=Resampling.mode)
        self._put(Layer(layer_id(kind), title(kind), raster, self._style, name))
        self._shown[layer_id(kind)] = name


def _working(states: Mapping[str, str]) -> frozenset[str]:
    return frozenset(sensor for sensor, state in states.items() if state == WORKING)


def layer_id(kind: str | None) -> str:
    """Name of the layer of one kind of sensor, or of all."""
    return "coverage" if kind is None else f"coverage-{kind}"


def title(kind: str | None) -> str:
    """What the layer is called on the screen: whose coverage, of what, within how long, in what weather."""
    whose = "all sensors" if kind is None else f"{kind.replace('_', ' ')}s"
    return f"Coverage by {whose}: {TARGET}, {DWELL_S / 60.0:g} min, clear {CONDITIONS}"

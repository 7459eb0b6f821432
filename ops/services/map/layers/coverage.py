"""Coverage layers of the live map: ``coverage`` of all working sensors, and ``coverage-{kind}`` of each kind.

If a sensor goes offline, returns or moves, only its window is recomputed (``sensors.coverage.live``). The layers are
computed on a separate thread; until they are ready, every cell is shown as unknown, never as covered.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any, Final

import numpy as np
import xarray as xr
from rasterio.enums import Resampling

from geo.arrays import UInt8s
from ops.drawing.coverage_classes import probability_steps
from ops.drawing.coverage_paint import OFF_THE_MAP, UNKNOWN, Covered
from ops.sector.open_sector import OpenSector
from ops.services.map.layers.coverage_cells import coverage_cells
from ops.services.map.present_layout import PresentLayout
from ops.services.map.tiles import COMPUTING, FAILED, Layer, raster_of
from sensors.coverage.live import LiveCoverage
from sensors.layout import Layout

WORKING: Final = "ok"
"""The only health state in which a sensor counts: not offline, not in maintenance, not without data so far."""
DWELL_S: Final = 600.0
"""Exposure time of the live map: a person on foot crosses the near part of a belt in about ten minutes (assumption)."""


def coverage_overlay(
    ground: OpenSector,
    healths: Mapping[str, str],
    previous: LiveCoverage | None = None,
    *,
    present: PresentLayout | None = None,
    target: str = "person",
    conditions: str = "day",
    dwell_s: float = DWELL_S,
) -> LiveCoverage:
    """Coverage of the sector by the sensors of its layout whose health state is WORKING, for each kind and for all.

    ``healths`` maps sensor ids to states; a sensor that it lacks does not count. ``present``: where mobile sensors
    stand; by default all stand at their posts. ``previous`` is an earlier result for the same terrain, whose target,
    conditions and exposure time are then kept. Raises BadInput for an unknown target or weather condition.
    """
    present = present or PresentLayout(ground.layout)
    working = [sensor for sensor, state in healths.items() if state == WORKING]
    if previous is None or previous.terrain is not ground.terrain:
        none = Layout(ground.layout.name, ground.layout.frame, ())
        previous = LiveCoverage.begin(none, ground.terrain, (), target=target, conditions=conditions, dwell_s=dwell_s)
    return previous.updated(present.layout, working, moving=present.moving)


def revision(live: LiveCoverage, kind: str | None) -> str:
    """A short text that changes whenever the raster of this kind changes."""
    return blake2b(live.rasters[kind].tobytes(), digest_size=8).hexdigest()


log = logging.getLogger(__name__)


LARGEST_CELLS: Final = 25_000_000
"""Maximum number of terrain cells for which coverage layers are computed: with four bytes per cell and kind, more would
exceed the memory of a small machine."""
CONDITIONS: Final = "day"
TARGET: Final = "person"


class CoverageLayers:
    """Keep the coverage layers up to date with the sensors' health. ``put`` receives each new layer."""

    def __init__(self, ground: OpenSector, put: Callable[[Layer], None], *, terrain_digest: str) -> None:
        self._ground, self._put, self._digest = ground, put, terrain_digest
        self._style = Covered(probability_steps(None))
        self._wanted: dict[str, str] = {}
        self._present = PresentLayout(ground.layout)
        self._news = threading.Event()
        self._live: LiveCoverage | None = None
        self._shown: dict[str, str] = {}
        self.kinds = sorted({sensor.kind for sensor in ground.layout})
        self.offered = ground.terrain["elevation"].size <= LARGEST_CELLS

    def start(self) -> None:
        """Show every cell as unknown, then start computing."""
        if self.offered:
            self._show_unknown(COMPUTING)
            self._news.set()
            threading.Thread(target=self._run, name="coverage", daemon=True).start()

    def take_health(self, states: Mapping[str, str], present: PresentLayout | None = None) -> None:
        """Set the sensors' present health states by id, and where mobile ones stand (``present``; by default as
        before); the layers follow once they are computed."""
        present = present or self._present
        if _working(states) != _working(self._wanted) or present is not self._present:
            self._wanted, self._present = dict(states), present
            self._news.set()

    @property
    def ready(self) -> bool:
        """Whether the layers reflect the health states and positions that were last set."""
        live, present = self._live, self._present
        return live is not None and live.working == _working(self._wanted) and live.layout is present.layout

    def cells(self) -> dict[str, Any] | None:
        """The layer of all sensors as square cells (``coverage_cells``); None until it is computed."""
        live = self._live
        return None if live is None else coverage_cells(self._ground, live, CONDITIONS)

    def _run(self) -> None:
        try:
            while True:
                self._news.wait()
                self._news.clear()
                self._show(
                    coverage_overlay(
                        self._ground,
                        self._wanted,
                        self._live,
                        present=self._present,
                        target=TARGET,
                        conditions=CONDITIONS,
                    )
                )
        except Exception:
            log.exception("Computation of the coverage layers failed; all cells remain shown as unknown.")
            self._show_unknown(FAILED)
            raise

    def _show(self, live: LiveCoverage) -> None:
        for kind in (None, *self.kinds):
            name = f"{self._digest}{revision(live, kind)}"
            if self._shown.get(layer_id(kind)) != name:
                self._put_classes(kind, self._style.classes(live.rasters[kind]), name)
        self._live = live

    def _show_unknown(self, revision: str) -> None:
        for kind in (None, *self.kinds):
            shape = self._ground.terrain["elevation"].shape
            self._put_classes(kind, np.full(shape, UNKNOWN, np.uint8), revision)

    def _put_classes(self, kind: str | None, classes: UInt8s, name: str) -> None:
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
    """Title of the layer on the screen: the sensors, target, exposure time and weather condition."""
    whose = "all sensors" if kind is None else f"{kind.replace('_', ' ')}s"
    return f"Coverage by {whose}: {TARGET}, {DWELL_S / 60.0:g} min, clear {CONDITIONS}"

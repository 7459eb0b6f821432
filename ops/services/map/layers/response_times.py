"""Response times from the patrol bases as a map layer: isochrones of the sector, computed once on a thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from hashlib import blake2b
from typing import Final

import xarray as xr
from rasterio.enums import Resampling

from geo.errors import BadInput
from geo.paths.response_times import response_time
from ops.drawing.response_paint import OFF_THE_MAP, ResponseTime
from ops.sector.open_sector import OpenSector
from ops.sector.ways import ways_of
from ops.services.map.responders import LARGEST_CELLS
from ops.services.map.tiles import Layer, raster_of

log = logging.getLogger(__name__)

LAYER: Final = "response"
TITLE: Final = "Response time from the nearest base"


class ResponseLayer:
    """Put the layer ``response`` once it is computed; a sector without usable bases has none."""

    def __init__(self, ground: OpenSector, put: Callable[[Layer], None], *, terrain_digest: str) -> None:
        self._ground, self._put, self._digest = ground, put, terrain_digest

    def start(self) -> None:
        """Start computing, unless there are no bases or the terrain is too large."""
        if self._ground.sector.bases is not None and self._ground.terrain["elevation"].size <= LARGEST_CELLS:
            threading.Thread(target=self._run, name="response", daemon=True).start()

    def _run(self) -> None:
        try:
            self._put(response_layer(self._ground, self._digest))
        except BadInput as error:
            log.warning("There is no layer of response times: %s", error)


def response_layer(ground: OpenSector, digest: str = "") -> Layer:
    """The layer of response times from the nearest base in time. Raises BadInput for bases that cannot be used."""
    terrain = ground.terrain
    bases = list(ground.bases_on_terrain().values())
    read = ways_of(ground)
    seconds = response_time(terrain, bases, ways=read.ways if read.files else None)
    style = ResponseTime()
    classes = style.classes(seconds.to_numpy())
    values = xr.DataArray(classes, coords=[terrain["northing"], terrain["easting"]])
    raster = raster_of(values, terrain.attrs["crs"], nodata=OFF_THE_MAP, resampling=Resampling.mode)
    return Layer(LAYER, TITLE, raster, style, digest + blake2b(classes.tobytes(), digest_size=8).hexdigest())

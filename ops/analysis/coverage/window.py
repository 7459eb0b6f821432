"""The part of a large terrain that coverage needs: the belt and what sensors reach, if it fits into memory."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from geo.errors import BadInput
from geo.terrain import cell_size
from geo.terrain.open import DASK_ABOVE_CELLS
from ops.runtime.memory import free_bytes
from ops.sector.open_sector import OpenSector

WHOLE_UP_TO_CELLS: Final = DASK_ABOVE_CELLS
"""A terrain with more cells is cut; smaller ones are mapped whole."""
BYTES, BYTES_PER_CELL = 4e8, 80.0
"""Peak memory of the command, libraries and per cell: 49 bytes of rasters, 4 to 12 of terrain, the rest while files and
maps are written. Measured: 1.10 GB for 9 million cells."""
MARGIN_CELLS: Final = 3


def cut_to_need(ground: OpenSector) -> OpenSector:
    """The sector with its terrain cut to the belt and to what the sensors of its layout reach.

    Nothing outside can be seen or counts, so that every figure is that of the whole terrain. A terrain of at most
    ``WHOLE_UP_TO_CELLS`` stays whole. Raises BadInput, before anything is computed, where the memory does not suffice.
    """
    terrain = ground.terrain
    if terrain["elevation"].size > WHOLE_UP_TO_CELLS:
        margin = MARGIN_CELLS * cell_size(terrain)
        west, south, east, north = ground.crossed.bounds
        reach = ground.sector.belt_m + margin
        boxes = [(west - reach, south - reach, east + reach, north + reach)]
        for sensor in ground.layout:
            far = ground.layout.placement(sensor.id).farthest + margin
            e, n = sensor.easting, sensor.northing
            boxes.append((e - far, n - far, e + far, n + far))
        low, high = np.min(boxes, axis=0)[:2], np.max(boxes, axis=0)[2:]
        terrain = terrain.sel(easting=slice(low[0], high[0]), northing=slice(high[1], low[1]))
    _refuse_beyond_memory(ground, terrain["elevation"].shape)
    if terrain is not ground.terrain and terrain["elevation"].size <= WHOLE_UP_TO_CELLS:
        terrain = terrain.compute()
    return replace(ground, terrain=terrain)


def _refuse_beyond_memory(ground: OpenSector, shape: tuple[int, ...]) -> None:
    needed, free = BYTES + BYTES_PER_CELL * shape[0] * shape[1], free_bytes()
    if needed > free:
        raise BadInput(
            f"{shape[0]:,} × {shape[1]:,} cells hold its border's belt and what its sensors reach, and need about "
            f"{needed / 1e9:.1f} GB of memory",
            where=f"sector {ground.sector.name}",
            expected=f"at most the {free / 1e9:.1f} GB that are free: larger cells of the terrain, or a part of the "
            "border",
        )

"""Coverage as dask arrays: one block of the terrain at a time, each sensor's window computed once per block.

A block computes the complete windows of the sensors that reach it and reads only the terrain that they need. Blocks are
independent, so the result is the same for any scheduler, and a lost worker costs only its blocks.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.arrays import Floats, Int32s, is_lazy
from geo.border import Border, Zone
from geo.terrain import cell_size
from geo.visibility import UNKNOWN, VISIBLE
from geo.visibility.view import surface_of
from sensors.coverage.accumulator import CoverageTask, contribution, tally
from sensors.coverage.sight import Block, refuse_without_ground
from sensors.detection_model.hazard import probability_of
from sensors.errors import LayoutError
from sensors.layout import Layout, Placement

if TYPE_CHECKING:
    import dask.array as da

BLOCK_CELLS: Final = 4096
"""Cells along a side of a block: 620 MB at 37 bytes per cell. Windows that straddle two blocks are computed twice."""

SUMS: Final[dict[str, Any]] = {
    "combined_probability": np.float64,
    "expected_probability": np.float64,
    "best_probability": np.float64,
    "best_sensor": np.int32,
    "sensors_seeing": np.uint16,
    "sensors_detecting": np.uint16,
    "sensors_confident": np.uint16,
    "sensors_unknown": np.uint16,
    "dead_ground": np.uint8,
}
LAYERS: Final[dict[str, Any]] = {
    "visible": np.uint8,
    "look_probability": np.float64,
    "rate": np.float64,
    "coverage_probability": np.float64,
}


@dataclass(frozen=True, slots=True)
class Blocks:
    """A layout over a terrain, cut into ``chunks`` of rows and columns."""

    places: tuple[Placement, ...]
    terrain: xr.Dataset
    task: CoverageTask
    chunks: tuple[tuple[int, ...], tuple[int, ...]]

    def token(self) -> str:
        """A name for the result: the same for the same layout, terrain and task, and practically never for others."""
        from dask.base import tokenize

        ground = [self.terrain[name].data for name in ("elevation", "canopy_height") if name in self.terrain]
        sensors = [place.sensor for place in self.places]
        return str(tokenize(sensors, self.task, ground, self.terrain["easting"].data, self.terrain["northing"].data))

    def spans(self, axis: int) -> list[slice]:
        """Rows or columns of each block."""
        ends = np.cumsum(self.chunks[axis])
        return [slice(int(end) - size, int(end)) for end, size in zip(ends, self.chunks[axis], strict=True)]

    def located(self, border: Border | Zone) -> tuple[Int32s, Floats]:
        """Segment and offset [m] of every cell, (northing, easting)."""
        easting, northing = (self.terrain[name].to_numpy() for name in ("easting", "northing"))
        segment = np.empty((len(northing), len(easting)), np.int32)
        offset = np.empty(segment.shape)
        for rows in self.spans(0):
            for columns in self.spans(1):
                found = border.locate(easting[None, columns], northing[rows, None])
                segment[rows, columns], _, offset[rows, columns] = found
        return segment, offset

    def located_lazily(self, border: Border | Zone) -> tuple[da.Array, da.Array]:
        """Segment and offset [m] of every cell, (northing, easting), as dask arrays of these blocks."""
        import dask.array as da

        def lazy(name: str, axis: int) -> Any:
            return da.from_array(self.terrain[name].to_numpy(), chunks=(self.chunks[axis],))  # type: ignore[no-untyped-call]

        easting, northing = da.broadcast_arrays(lazy("easting", 1)[None, :], lazy("northing", 0)[:, None])
        segment, _, offset = border.locate(easting, northing)
        return segment, offset


def checked_blocks(layout: Layout, terrain: xr.Dataset, task: CoverageTask, block_cells: int) -> Blocks:
    """Cut the terrain into blocks of at most ``block_cells`` a side.

    Raises BadInput (a subclass) for invalid terrain, a sensor off it or on a void, and blocks without cells.
    """
    surface_of(terrain)
    refuse_without_ground(layout, terrain)
    if block_cells < 1 or block_cells != int(block_cells):
        raise LayoutError(f"{block_cells!r}", where="block_cells", expected="cells along a block's side, from 1")
    rows, columns = terrain["elevation"].shape
    places = tuple(layout.placement(sensor.id) for sensor in layout)
    return Blocks(places, terrain, task, (_sides(rows, int(block_cells)), _sides(columns, int(block_cells))))


def _sides(cells: int, most: int) -> tuple[int, ...]:
    """Cells of each block along an axis: as many as may be, and the rest in the last."""
    return tuple(min(most, cells - first) for first in range(0, cells, most))


def lazy_sums(blocks: Blocks) -> dict[str, da.Array]:
    """The rasters over sensors by name, (northing, easting)."""
    import dask.array as da
    from dask.delayed import delayed

    parts: dict[str, list[list[da.Array]]] = {name: [] for name in SUMS}
    token = blocks.token()
    workers = 1 if len(blocks.chunks[0]) * len(blocks.chunks[1]) > 1 else os.cpu_count() or 1
    for rows in blocks.spans(0):
        for line in parts.values():
            line.append([])
        for columns in blocks.spans(1):
            near = _near_sensors(blocks, (rows, columns))
            task = _hidden_from_dask(_sums, near, blocks, (rows, columns), workers)
            name = f"coverage-sums-{token}-{rows.start}-{columns.start}"
            answer = delayed(task, pure=True)(dask_key_name=name)
            shape = (rows.stop - rows.start, columns.stop - columns.start)
            for variable, dtype in SUMS.items():
                lazy = da.from_delayed(answer[variable], shape, dtype=dtype)  # type: ignore[no-untyped-call]
                parts[variable][-1].append(lazy)
    return {name: da.block(part) for name, part in parts.items()}  # type: ignore[no-untyped-call]


def sums_now(blocks: Blocks, report: Callable[[], None] | None = None) -> dict[str, npt.NDArray[np.generic]]:
    """``lazy_sums`` computed at once, on all cores, block by block; ``report`` is called after each sensor of a
    block."""
    if len(blocks.chunks[0]) == len(blocks.chunks[1]) == 1:
        block = (blocks.spans(0)[0], blocks.spans(1)[0])
        return _sums(_near_sensors(blocks, block), blocks, block, os.cpu_count() or 1, report)
    shape = tuple(sum(chunks) for chunks in blocks.chunks)
    whole: dict[str, npt.NDArray[np.generic]] = {name: np.empty(shape, dtype) for name, dtype in SUMS.items()}
    for rows in blocks.spans(0):
        for columns in blocks.spans(1):
            near = _near_sensors(blocks, (rows, columns))
            for name, values in _sums(near, blocks, (rows, columns), os.cpu_count() or 1, report).items():
                whole[name][rows, columns] = values
    return whole


def visits(blocks: Blocks) -> int:
    """Number of times that ``sums_now`` reports."""
    return sum(len(_near_sensors(blocks, (rows, columns))) for rows in blocks.spans(0) for columns in blocks.spans(1))


def _near_sensors(blocks: Blocks, block: Block) -> list[int]:
    """The numbers of the sensors that may see into a block."""
    return [n for n, place in enumerate(blocks.places) if _reaches(place, blocks.terrain, block)]


def lazy_layers(blocks: Blocks) -> dict[str, da.Array]:
    """The rasters of each sensor by name, (sensor, northing, easting), one sensor and block per chunk."""
    import dask.array as da

    chunks = ((1,) * len(blocks.places), *blocks.chunks)
    if not blocks.places:
        shape = (0, *blocks.terrain["elevation"].shape)
        return {name: da.zeros(shape, dtype=dtype, chunks=(1, *blocks.chunks)) for name, dtype in LAYERS.items()}
    token = blocks.token()
    return {
        name: da.map_blocks(  # type: ignore[no-untyped-call]
            _hidden_from_dask(_layer, name, blocks),
            chunks=chunks,
            dtype=dtype,
            meta=np.empty((0, 0, 0), dtype=dtype),
            name=f"coverage-{name}-{token}",
        )
        for name, dtype in LAYERS.items()
    }


def _hidden_from_dask(call: Callable[..., Any], *first: Any) -> Callable[..., Any]:
    """``call`` with its first arguments in a closure: dask would otherwise compute a lazy terrain among them as a
    whole."""

    def task(block_info: Any = None) -> Any:
        return call(*first) if block_info is None else call(*first, block_info)

    return task


def _sums(
    numbers: Sequence[int], blocks: Blocks, block: Block, workers: int, report: Callable[[], None] | None = None
) -> dict[str, npt.NDArray[np.generic]]:
    places = [blocks.places[n] for n in numbers]
    terrain, here = _terrain_for(places, blocks.terrain, block)
    return tally(places, numbers, terrain, blocks.task, here, workers, report).rasters()


def _layer(name: str, blocks: Blocks, block_info: Any) -> npt.NDArray[np.generic]:
    (first, _), rows, columns = block_info[None]["array-location"]
    place, block = blocks.places[first], (slice(*rows), slice(*columns))
    shape = (block[0].stop - block[0].start, block[1].stop - block[1].start)
    values = np.zeros(shape[0] * shape[1], LAYERS[name])
    if _reaches(place, blocks.terrain, block):
        terrain, here = _terrain_for([place], blocks.terrain, block)
        part = contribution(place, terrain, blocks.task, here)
        values[part.unknown] = UNKNOWN if name == "visible" else np.nan
        values[part.seen] = {
            "visible": lambda: VISIBLE,
            "look_probability": lambda: part.look,
            "rate": lambda: part.rate,
            "coverage_probability": lambda: probability_of(part.hazard),
        }[name]()  # type: ignore[no-untyped-call]
    return values.reshape((1, *shape))


def _reaches(place: Placement, terrain: xr.Dataset, block: Block) -> bool:
    """Whether the square around the sensor's range meets the block."""
    sensor, reach = place.sensor, place.farthest + 2.0 * cell_size(terrain)
    north, east = terrain["northing"].to_numpy()[block[0]], terrain["easting"].to_numpy()[block[1]]
    return bool(
        north[-1] - reach <= sensor.northing <= north[0] + reach
        and east[0] - reach <= sensor.easting <= east[-1] + reach
    )


def _terrain_for(places: Sequence[Placement], terrain: xr.Dataset, block: Block) -> tuple[xr.Dataset, Block]:
    """The part of the terrain that the sensors and the block need, in memory, and the block's position in it.

    A terrain that is already in memory is returned whole.
    """
    names = [name for name in ("elevation", "canopy_height") if name in terrain]
    if not any(is_lazy(terrain[name].data) for name in names):
        return terrain, block
    if not places:
        return terrain[names].isel(northing=block[0], easting=block[1]), _moved(block, block[0].start, block[1].start)
    cell = cell_size(terrain)
    farthest = max(place.farthest for place in places) + 3.0 * cell
    rows = _span(terrain["northing"].to_numpy(), [place.sensor.northing for place in places], farthest, block[0])
    columns = _span(terrain["easting"].to_numpy(), [place.sensor.easting for place in places], farthest, block[1])
    part = terrain[names].isel(northing=rows, easting=columns)
    return part.compute(scheduler="synchronous"), _moved(block, rows.start, columns.start)


def _span(centres: Floats, places: Sequence[float], reach: float, block: slice) -> slice:
    inside = np.flatnonzero((centres >= min(places) - reach) & (centres <= max(places) + reach))
    return slice(min(int(inside[0]), block.start), max(int(inside[-1]) + 1, block.stop))


def _moved(block: Block, rows: int, columns: int) -> Block:
    return (
        slice(block[0].start - rows, block[0].stop - rows),
        slice(block[1].start - columns, block[1].stop - columns),
    )

"""Rates for paths: Σλ over the sensors of each kind, for whoever walks over the ground and is there only for moments.

Along a path the hazard is ``H = ∫ λ dt``, see docs/decisions/0009. What a dwell would do, cutting a camera's search off
at its end, the path's owner does: the hazard of one camera along a path is at most ``−ln(1 − P∞)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import dask.array as da
import numpy as np
import numpy.typing as npt
import xarray as xr
from dask.delayed import delayed

from sensors.assumptions import Assumptions, Situation
from sensors.conditions import Conditions, conditions_of
from sensors.coverage import story_of
from sensors.coverage_lazy import BLOCK_CELLS, Blocks, checked_blocks, near_sensors, terrain_for
from sensors.coverage_reach import Block
from sensors.coverage_tally import Task, contribution
from sensors.layout import Layout

LIMITS: Final = "a lower bound where `unknown` counts a sensor whose line of sight crosses a void"


def kind_rates(
    layout: Layout,
    terrain: xr.Dataset,
    *,
    target: str = "person",
    conditions: Conditions | str | Sequence[str] = "day",
    assumptions: Assumptions | None = None,
    working: Sequence[str] | None = None,
    block_cells: int = BLOCK_CELLS,
) -> xr.Dataset:
    """Σλ of the sensors of each kind, given that they work; lazy, in blocks as ``sensors.coverage``.

    Dataset with ``rate`` (kind, northing, easting) [1/s], 0 where none detects, NaN where none does and for one it is
    unknown; and ``unknown`` (kind, northing, easting), how many sensors' sight is unknown there. The kinds are those
    of the layout, in alphabetical order. ``working`` are the ids of the sensors that count; None: all. One state of
    outages and weather is one call: mix the probabilities of its paths afterwards. Raises BadInput as ``coverage``.
    """
    label, weather = conditions_of(conditions)
    task = Task(Situation(target, weather, assumptions or Assumptions()), 1.0)
    chosen = layout.sensors if working is None else tuple(s for s in layout.sensors if s.id in set(working))
    part = Layout(layout.name, layout.frame, chosen)
    blocks = checked_blocks(part, terrain, task, block_cells)
    kinds = sorted({sensor.kind for sensor in layout})
    rates, unknown = zip(*(_lazy(blocks, kind) for kind in kinds), strict=True) if kinds else ((), ())
    shape = (0, *terrain["elevation"].shape)
    dims = ("kind", "northing", "easting")
    story = {k: v for k, v in story_of(part, terrain, task, label).items() if k not in ("dwell_s", "formula")}
    return xr.Dataset(
        {
            "rate": (dims, da.stack(rates) if kinds else np.zeros(shape), {"units": "1/s", "limits": LIMITS}),  # type: ignore[no-untyped-call]
            "unknown": (dims, da.stack(unknown) if kinds else np.zeros(shape, np.uint16), {"units": "1"}),  # type: ignore[no-untyped-call]
        },
        coords={"kind": np.array(kinds, dtype=str), "northing": terrain["northing"], "easting": terrain["easting"]},
        attrs=story,
    )


def _lazy(blocks: Blocks, kind: str) -> tuple[da.Array, da.Array]:
    token, lines = blocks.token(), ([], [])  # type: ignore[var-annotated]
    for rows in blocks.spans(0):
        for line in lines:
            line.append([])
        for columns in blocks.spans(1):

            def task(block: Block = (rows, columns)) -> Any:
                return _summed(blocks, kind, block)

            answer = delayed(task, pure=True)(dask_key_name=f"rates-{kind}-{token}-{rows.start}-{columns.start}")
            shape = (rows.stop - rows.start, columns.stop - columns.start)
            for line, item, dtype in zip(lines, (0, 1), (np.float64, np.uint16), strict=True):
                line[-1].append(da.from_delayed(answer[item], shape, dtype=dtype))  # type: ignore[no-untyped-call]
    return tuple(da.block(line) for line in lines)  # type: ignore[no-untyped-call]


def _summed(blocks: Blocks, kind: str, block: Block) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.uint16]]:
    """Σλ and how many are unknown, (row, column) of the block; sensors in the layout's order."""
    places = [blocks.places[n] for n in near_sensors(blocks, block) if blocks.places[n].sensor.kind == kind]
    terrain, here = terrain_for([place.sensor for place in places], blocks.terrain, block)
    shape = (block[0].stop - block[0].start, block[1].stop - block[1].start)
    total, unknown = np.zeros(shape[0] * shape[1]), np.zeros(shape[0] * shape[1], np.uint16)
    for place in places:
        part = contribution(place, terrain, blocks.task, here)
        total[part.seen] += part.rate
        unknown[part.unknown] += np.uint16(1)
    total[(unknown > 0) & (total == 0.0)] = np.nan
    return total.reshape(shape), unknown.reshape(shape)

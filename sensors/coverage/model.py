"""Coverage of a layout: look probabilities, rates, and coverage probabilities over a dwell.

The *look probability* is that of one look (one pass for ground sensors; used by the tracker). The *rate* λ [1/s] is
that of detections while a target is present and the sensor works. The *coverage probability* is that of at least one
detection over a stated exposure time. Formulas and sources: ``sensors.detection_model.hazard`` and the module of each
sensor kind.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import numpy as np
import xarray as xr

from geo.arrays import is_lazy
from geo.border import Border, Zone
from geo.terrain import north_up
from geo.visibility import UNKNOWN, VISIBLE
from geo.visibility.view import ViewshedMode
from sensors.clear_view import look_in_view
from sensors.coverage.accumulator import CoverageTask, ranges_m
from sensors.coverage.blocks import BLOCK_CELLS, Blocks, checked_blocks, lazy_layers, lazy_sums, sums_now, visits
from sensors.coverage.sight import TARGET_HEIGHTS_M, SightTask, refuse_off_the_map, sight
from sensors.detection_model.assumptions import Assumptions, Situation
from sensors.detection_model.weather import Conditions, conditions_of
from sensors.errors import LayoutError
from sensors.layout import Layout

INDEPENDENT: Final = (
    "misses of different sensors and looks are assumed independent; shared masking, posture, vegetation and weather "
    "make real misses coincide, so combined values are optimistic: compare the best single sensor"
)
MEANING: Final[Mapping[str, tuple[str, str]]] = {
    "visible": ("", "0 dead ground or outside range and view, 1 clear line of sight, 255 unknown"),
    "look_probability": ("1", "one look (one pass for ground sensors) detects, given that the sensor works"),
    "rate": ("1/s", "rate of detections while the target is there, given that the sensor works"),
    "coverage_probability": ("1", "1 − exp(−λ t): the sensor detects within the exposure time, given that it works"),
    "combined_probability": (
        "1",
        "1 − exp(−Σ λ t): at least one sensor detects within the exposure time, all of them working",
    ),
    "expected_probability": ("1", "Σ_c Pr(c) (1 − exp(−H_c)) over sensors up or down for the whole exposure time"),
    "best_probability": ("1", "coverage probability of the best single sensor, given that it works"),
    "best_sensor": ("1", "position of the best single sensor along `sensor`; −1 where none detects"),
    "sensors_seeing": ("1", "number of sensors with a clear line of sight"),
    "sensors_detecting": ("1", "number of sensors with a rate above 0"),
    "sensors_confident": ("1", "number of sensors whose look probability reaches confident_look_probability"),
    "sensors_unknown": ("1", "number of sensors whose line of sight crosses a void"),
    "dead_ground": ("", "1 no sensor has a line of sight, 0 one has, 255 none has and for one it is unknown"),
}


def coverage(
    layout: Layout,
    terrain: xr.Dataset,
    border: Border | Zone | None,
    *,
    target: str = "person",
    conditions: Conditions | str | Sequence[str] = "day",
    dwell_s: float = 600.0,
    assumptions: Assumptions | None = None,
    mode: ViewshedMode = "exact",
    block_cells: int = BLOCK_CELLS,
) -> xr.Dataset:
    """Compute the detection coverage of a layout, per sensor and over all sensors; lazy.

    Parameters
    ----------
    layout : Layout
        The sensors.
    terrain : xarray.Dataset, dims (northing, easting)
        Terrain of ``geo.terrain.open_terrain``, in memory or lazy.
    border : Border or Zone or None
        With a border the dataset has the coordinates ``segment`` and ``offset_m``.
    target : str
        Target class: "person", "group" or "vehicle".
    conditions : Conditions or str or sequence of str
        Light and weather: names of ``sensors.detection_model.weather`` such as "night,fog", several, or the numbers.
    dwell_s : float, s
        Time that the target stays in a cell.
    assumptions : Assumptions, optional
        Named settings of the detection model.
    mode : {"exact", "fast"}
        Mode of ``geo.visibility.viewshed``; "fast" is wrong in a few cells in a thousand.
    block_cells : int
        Cells along a side of a block. A block keeps 37 bytes per cell while it sums, whatever the number of sensors.

    Returns
    -------
    xarray.Dataset, dims (sensor, northing, easting)
        Per sensor, given that it works: ``visible``, ``look_probability`` [1], ``rate`` [1/s], ``coverage_probability``
        [1]. Over sensors, (northing, easting): ``combined_probability`` with all sensors working,
        ``expected_probability`` with each up or down for the whole dwell by its availability, ``best_probability``,
        ``best_sensor``, the counts ``sensors_seeing``, ``sensors_detecting``, ``sensors_confident`` and
        ``sensors_unknown``, and ``dead_ground``. Assumptions are in the attrs.

    Raises
    ------
    BadInput
        For an unknown target, weather or mode, a dwell not above 0, a sensor off the terrain or (for terrain in memory)
        on a void.

    See Also
    --------
    coverage_rasters : The rasters over sensors, computed at once.

    Notes
    -----
    Misses are assumed independent. Where a sensor's sight is unknown its values are NaN, never 0. Over sensors an
    unknown one adds nothing, so the value is a lower bound there, and NaN where no known sensor detects. A camera's
    hazard counts for one search only. Results are the same to the bit for any block, scheduler and number of threads.
    """
    terrain = north_up(terrain)
    label, task = _task(target, conditions, dwell_s, assumptions, mode)
    blocks = checked_blocks(layout, terrain, task, block_cells)
    data: dict[str, tuple[tuple[str, ...], Any, dict[str, str]]] = {}
    for name, values in lazy_layers(blocks).items():
        data[name] = (("sensor", "northing", "easting"), values, _attrs(name))
    for name, values in lazy_sums(blocks).items():
        data[name] = (("northing", "easting"), values, _attrs(name))
    coords = _coords(layout, border, blocks, blocks.located_lazily)
    return xr.Dataset(data, coords=coords, attrs=story_of(layout, terrain, blocks.task, label))


def coverage_rasters(
    layout: Layout,
    terrain: xr.Dataset,
    border: Border | Zone | None,
    *,
    target: str = "person",
    conditions: Conditions | str | Sequence[str] = "day",
    dwell_s: float = 600.0,
    assumptions: Assumptions | None = None,
    mode: ViewshedMode = "exact",
    block_cells: int = BLOCK_CELLS,
    report: Callable[[int, int], None] | None = None,
) -> xr.Dataset:
    """Compute the rasters over all sensors of ``coverage`` immediately, on all cores, with the same bits.

    Parameters
    ----------
    layout : Layout
        The sensors.
    terrain : xarray.Dataset, dims (northing, easting)
        Terrain of ``geo.terrain.open_terrain``.
    border : Border or Zone or None
        With a border the dataset has the coordinates ``segment`` and ``offset_m``.
    target : str
        Target class: "person", "group" or "vehicle".
    conditions : Conditions or str or sequence of str
        Light and weather, as for ``coverage``.
    dwell_s : float, s
        Time that the target stays in a cell.
    assumptions : Assumptions, optional
        Named settings of the detection model.
    mode : {"exact", "fast"}
        Mode of ``geo.visibility.viewshed``.
    block_cells : int
        Cells along a side of a block.
    report : callable, optional
        Called as ``report(done, total)`` while sensors are added, for a progress bar.

    Returns
    -------
    xarray.Dataset, dims (northing, easting)
        The variables over sensors of ``coverage``. 37 bytes per cell stay in memory, 49 with a border.

    Raises
    ------
    BadInput
        As ``coverage``.
    """
    terrain = north_up(terrain)
    label, task = _task(target, conditions, dwell_s, assumptions, mode)
    blocks = checked_blocks(layout, terrain, task, block_cells)
    done, total = 0, visits(blocks) if report is not None else 0

    def one() -> None:
        nonlocal done
        done += 1
        if report is not None:
            report(done, total)

    data = {n: (("northing", "easting"), values, _attrs(n)) for n, values in sums_now(blocks, one).items()}
    coords = _coords(layout, border, blocks, blocks.located)
    return xr.Dataset(data, coords=coords, attrs=story_of(layout, terrain, blocks.task, label)).compute()


def look_probability(
    layout: Layout, terrain: xr.Dataset, *, target: str = "person", assumptions: Assumptions | None = None
) -> xr.Dataset:
    """Compute the single-look Pd of each sensor for a target, given that the sensor works.

    Parameters
    ----------
    layout : Layout
        The sensors.
    terrain : xarray.Dataset, dims (northing, easting)
        Terrain of ``geo.terrain.open_terrain``.
    target : str
        Target class, one of ``TARGET_HEIGHTS_M``.
    assumptions : Assumptions, optional
        Named settings; their canopy shares are the fractions of the trees' height that block each kind of sensor.

    Returns
    -------
    xarray.Dataset, dims (sensor, northing, easting)
        ``probability`` float32 [1], per look, or per pass for ground sensors: 0 where hidden or outside range and view,
        NaN where visibility is unknown; and ``visible`` uint8: 0 not visible or outside, 1 visible, 255 unknown.

    Raises
    ------
    LayoutError
        For a sensor off the terrain or a target class without a height.

    Notes
    -----
    Ground sensors sense through the ground: everything within their range is visible, and at least their own cell.
    Availability, weather and repeated looks are not included.
    """
    terrain = north_up(terrain)
    if target not in TARGET_HEIGHTS_M:
        raise LayoutError(f"target {target!r}", where="look_probability", expected=", ".join(TARGET_HEIGHTS_M))
    shape, task = (
        (len(layout), terrain.sizes["northing"], terrain.sizes["easting"]),
        SightTask(target, assumptions or Assumptions()),
    )
    probability, visible = np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.uint8)
    for i, sensor in enumerate(layout):
        refuse_off_the_map(sensor, terrain)
        place = layout.placement(sensor.id)
        viewshed = sight(place, terrain, task)
        window = (viewshed.rows, viewshed.columns)
        seen = np.flatnonzero(viewshed.states == VISIBLE)
        p = np.where(viewshed.states == UNKNOWN, np.nan, 0.0)
        p.flat[seen] = look_in_view(sensor, ranges_m(place, terrain, window, seen), target)
        visible[i][window] = viewshed.states
        probability[i][window] = p
    dims = ("sensor", "northing", "easting")
    return xr.Dataset(
        {"probability": (dims, probability, {"units": "1"}), "visible": (dims, visible, {"units": ""})},
        coords={"sensor": list(layout.ids), "northing": terrain["northing"], "easting": terrain["easting"]},
        attrs={
            "target": target,
            "target_height_m": TARGET_HEIGHTS_M[target],
            "meaning": "probability per look (per pass for ground sensors), given that the sensor works",
        },
    )


def _task(
    target: str,
    conditions: Conditions | str | Sequence[str],
    dwell_s: float,
    assumptions: Assumptions | None,
    mode: ViewshedMode,
) -> tuple[str, CoverageTask]:
    """The label of the conditions, and the task to compute."""
    label, weather = conditions_of(conditions)
    return label, CoverageTask(Situation(target, weather, assumptions or Assumptions()), dwell_s, mode)


def task_of(
    *,
    target: str = "person",
    conditions: Conditions | str | Sequence[str] = "day",
    dwell_s: float = 600.0,
    assumptions: Assumptions | None = None,
    mode: ViewshedMode = "exact",
) -> CoverageTask:
    """The task that ``coverage`` computes for each sensor with these keywords."""
    return _task(target, conditions, dwell_s, assumptions, mode)[1]


def _coords(
    layout: Layout, border: Border | Zone | None, blocks: Blocks, located: Callable[[Border | Zone], tuple[Any, Any]]
) -> dict[str, Any]:
    """The coordinates; ``located`` gives segment and offset of every cell of the blocks."""
    terrain, task = blocks.terrain, blocks.task
    seconds = [sensor.exposure_s(task.dwell_s, task.situation) for sensor in layout]
    coords: dict[str, Any] = {
        "sensor": np.array(layout.ids, dtype=str),
        "northing": terrain["northing"],
        "easting": terrain["easting"],
        "kind": ("sensor", np.array([sensor.kind for sensor in layout], dtype=str)),
        "availability": ("sensor", np.array([sensor.availability for sensor in layout], dtype=float), {"units": "1"}),
        "report_delay": ("sensor", np.array([sensor.delay_s for sensor in layout], dtype=float), {"units": "s"}),
        "exposure_s": ("sensor", np.array(seconds, dtype=float), {"units": "s"}),
    }
    if border is not None:
        for name, values, units in zip(("segment", "offset_m"), located(border), ("1", "m"), strict=True):
            coords[name] = (("northing", "easting"), values, {"units": units})
    return coords


def _attrs(name: str) -> dict[str, str]:
    units, meaning = MEANING[name]
    return {"units": units, "long_name": meaning}


def story_of(layout: Layout, terrain: xr.Dataset, task: CoverageTask, label: str) -> dict[str, Any]:
    """Attributes that describe the values and their assumptions; text and numbers only."""
    from dask.base import tokenize  # slow to import, and not needed where nothing is written

    story = {"layout": layout.name, "layout_checksum": tokenize(layout.sensors)} | _case(layout, terrain, task, label)
    if not is_lazy(terrain["elevation"].data):
        story["terrain_checksum"] = tokenize(terrain["elevation"].data)
    return story | {name: terrain.attrs[name] for name in ("crs", "datum") if name in terrain.attrs}


def bare_coverage(
    layout: Layout,
    terrain: xr.Dataset,
    *,
    target: str = "person",
    conditions: Conditions | str | Sequence[str] = "day",
    dwell_s: float = 600.0,
    assumptions: Assumptions | None = None,
    mode: ViewshedMode = "exact",
) -> xr.Dataset:
    """The checks, cells and case of ``coverage``, without rasters, checksums and frame (``crs``, ``datum``); does not
    load dask."""
    label, task = _task(target, conditions, dwell_s, assumptions, mode)
    checked_blocks(layout, terrain, task, BLOCK_CELLS)
    cells = {name: terrain[name] for name in ("northing", "easting")}
    return xr.Dataset(coords=cells, attrs=_case(layout, terrain, task, label))


def _case(layout: Layout, terrain: xr.Dataset, task: CoverageTask, label: str) -> dict[str, Any]:
    """The attributes of ``story_of`` that need not read the terrain."""
    situation = task.situation
    return {
        "layout": layout.name,
        "target": situation.target,
        "target_height_m": TARGET_HEIGHTS_M[situation.target],
        "conditions": label,
        "conditions_numbers": json.dumps(situation.conditions.as_numbers()),
        "dwell_s": float(task.dwell_s),
        "viewshed": task.mode,
        "formula": "P = 1 − exp(−Σ λ_s t_s), t_s the dwell, for a camera at most one search",
        "independence": INDEPENDENT,
        "limits": "canopy from the terrain data"
        if "canopy_height" in terrain
        else "bare ground without trees or buildings",
        "assumptions": json.dumps([[a.name, a.value, a.unit, a.confidence, a.source] for a in situation.assumptions]),
        "watchline_version": _version(),
    }


def _version() -> str:
    try:
        return version("watchline")
    except PackageNotFoundError:
        return "not installed"

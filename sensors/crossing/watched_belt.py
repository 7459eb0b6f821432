"""The belt with the sensors that cover it: mobility, and each sensor's detection rate where a crosser might move."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import xarray as xr

from geo.arrays import Bools, Floats, Ints
from geo.border import Belt
from geo.border.belt import SAME_PLACE_CELLS, BorderLine, belt_of, fitting_belt_m, refuse_other_cells
from geo.mobility.roads_and_rivers import Ways
from geo.mobility.settings import MobilitySettings
from geo.mobility.speed_surface import Mobility, by_vehicle, on_foot
from geo.terrain import cell_size, north_up
from sensors import camera, ground_sensor, human, radar, radio
from sensors.coverage.accumulator import Contribution, contribution
from sensors.coverage.model import bare_coverage, task_of
from sensors.detection_model.assumptions import Assumptions
from sensors.errors import CrossingError
from sensors.layout import AnySensor, Layout

DRIVEN: Final = frozenset({"vehicle"})


@dataclass(frozen=True, slots=True, eq=False)
class SensorRate:
    """One sensor in the belt's window: flat cells where its rate is above 0, and the rate [1/s] and single-look Pd
    there.

    ``unknown`` are the flat cells where its visibility is unknown; ``delay_s`` the seconds after which its report of a
    detection arrives.
    """

    name: str
    kind: str
    availability: float
    cells: Ints
    rate: Floats
    look: Floats
    unknown: Ints
    delay_s: float = 0.0

    @classmethod
    def of(cls, sensor: AnySensor, contribution: Contribution, inside: Bools) -> SensorRate:
        """The rate of a sensor from its contribution to the belt's window; ``inside`` (row, column): the belt."""
        c = contribution
        rate = cls(
            sensor.id, sensor.kind, float(sensor.availability), c.seen, c.rate, c.look, c.unknown, sensor.delay_s
        )
        return rate.within(inside)

    def where(self, cells: Bools) -> SensorRate:
        """The same, limited to ``cells`` (row, column): its rates elsewhere do not count."""
        kept = cells.ravel()[self.cells]
        return replace(self, cells=self.cells[kept], rate=self.rate[kept], look=self.look[kept])

    def within(self, inside: Bools) -> SensorRate:
        """The same, limited to the belt (``inside`` (row, column)) and to cells where the rate is above 0."""
        in_belt = inside.ravel()
        kept = in_belt[self.cells] & (self.rate > 0.0)
        unknown = self.unknown[in_belt[self.unknown]]
        return replace(self, cells=self.cells[kept], rate=self.rate[kept], look=self.look[kept], unknown=unknown)

    def raster(self, values: Floats, size: int) -> Floats:
        """Values at the sensor's cells as a flat raster of ``size`` cells, 0 elsewhere."""
        flat = np.zeros(size)
        flat[self.cells] = values
        return flat


@dataclass(frozen=True, slots=True, eq=False)
class WatchedBelt:
    """The belt, the speed at which it is crossed, and the sensors' rates in its window.

    ``per_s`` and ``per_m`` (row, column) are sums over the working sensors: detections per second for those that look,
    and per metre for ground sensors, which respond to steps. ``unknown``: cells where some sensor's visibility is
    unknown. Possible detections by such a sensor are omitted, so the hazard there is a lower bound. ``attrs`` describe
    the case.
    """

    belt: Belt
    mobility: Mobility
    sensors: tuple[SensorRate, ...]
    per_s: Floats
    per_m: Floats
    unknown: Bools
    attrs: Mapping[str, Any]

    @classmethod
    def unwatched(cls, belt: Belt, mobility: Mobility, attrs: Mapping[str, Any]) -> WatchedBelt:
        """The belt before any sensor is added (``with_sensors``)."""
        none = np.zeros(belt.inside.shape)
        return cls(belt, mobility, (), none, none, none > 0.0, attrs)

    @property
    def on_belt(self) -> Mobility:
        """The mobility on the belt's window, closed outside it."""
        return self.mobility.within(self.belt.rows, self.belt.columns, self.belt.inside)

    def only(self, names: Collection[str]) -> WatchedBelt:
        """The same belt with some of its sensors only; raises CrossingError for a name that it does not have."""
        known = {sensor.name for sensor in self.sensors}
        if strangers := sorted(set(names) - known):
            raise CrossingError(f"no sensor {strangers[0]!r}", where="crossing", expected="sensors of the coverage")
        return with_sensors(self, tuple(sensor for sensor in self.sensors if sensor.name in names))


def watch_belt(
    coverage: xr.Dataset,
    terrain: xr.Dataset | None,
    border: BorderLine,
    *,
    belt_m: float | None = None,
    mobility: Mobility | None = None,
    ways: Ways | None = None,
    settings: MobilitySettings | None = None,
) -> WatchedBelt:
    """Build the belt of a border with the detection rates of a coverage's sensors, for crossings.

    Parameters
    ----------
    coverage : xarray.Dataset, dims (sensor, northing, easting)
        Coverage of ``sensors.coverage.coverage``; each sensor's layer is computed once.
    terrain : xarray.Dataset or None
        Terrain that the coverage was computed on; None: level ground.
    border : Border or Zone or other BorderLine
        The border.
    belt_m : float, m, optional
        Width of the belt on either side; without it 2 km, or less where the terrain does not reach as far.
    mobility : Mobility, optional
        How the target moves; without it persons walk and vehicles drive.
    ways : Ways, optional
        Roads, paths, rivers, bridges and fords.
    settings : MobilitySettings, optional
        Speeds by land cover and slope.

    Returns
    -------
    WatchedBelt
        The belt, the mobility, and the sensors' rates.

    Raises
    ------
    CrossingError
        For coverage without rates, or on other cells than the terrain's.
    BorderError
        As ``geo.border.belt.belt_of``.
    """
    coverage = north_up(coverage, where="coverage")
    terrain = None if terrain is None else north_up(terrain)
    if not isinstance(coverage, xr.Dataset) or "rate" not in coverage or "sensor" not in coverage.dims:
        raise CrossingError("the coverage has no rate of each sensor", where="crossing", expected="sensors.coverage's")
    bare = _unwatched(coverage, terrain, border, belt_m=belt_m, mobility=mobility, ways=ways, settings=settings)
    return with_sensors(bare, tuple(_rates(coverage, bare.belt)))


def watched_by(
    layout: Layout,
    terrain: xr.Dataset,
    border: BorderLine,
    *,
    belt_m: float | None = None,
    mobility: Mobility | None = None,
    ways: Ways | None = None,
    settings: MobilitySettings | None = None,
    **sight: Any,
) -> WatchedBelt:
    """``watch_belt`` with the coverage of ``layout``, exactly equal, without a raster for each sensor.

    ``sight`` are the keywords of ``sensors.coverage.coverage`` except those for its blocks. For large belts: memory and
    time grow with the cells that sensors see, not with sensors times cells.
    """
    terrain = north_up(terrain)
    cover = bare_coverage(layout, terrain, **sight)
    bare = _unwatched(cover, terrain, border, belt_m=belt_m, mobility=mobility, ways=ways, settings=settings)
    belt, task = bare.belt, task_of(**sight)
    window = (belt.rows, belt.columns)
    parts = ((sensor, contribution(layout.placement(sensor.id), terrain, task, window)) for sensor in layout)
    return with_sensors(bare, tuple(SensorRate.of(sensor, part, belt.inside) for sensor, part in parts))


def _unwatched(
    coverage: xr.Dataset,
    terrain: xr.Dataset | None,
    border: BorderLine,
    *,
    belt_m: float | None,
    mobility: Mobility | None,
    ways: Ways | None,
    settings: MobilitySettings | None,
) -> WatchedBelt:
    """Belt and mobility of the crosser that the coverage is for, without sensors."""
    if not (terrain is None or isinstance(terrain, xr.Dataset)):
        raise CrossingError(f"is a {type(terrain).__name__}", where="terrain", expected="that of geo.terrain, or None")
    ground = _level(coverage) if terrain is None else terrain
    if terrain is not None:
        _refuse_other_cells(coverage, terrain)
    width = fitting_belt_m(border, ground) if belt_m is None else belt_m
    belt = belt_of(border, ground, belt_m=width)
    target = str(coverage.attrs.get("target", "person"))
    if mobility is None:
        mobility = mobility_of(target, ground, ways=ways, settings=settings)
    refuse_other_cells(mobility.easting[belt.columns], mobility.northing[belt.rows], belt)
    attrs = {
        "target": target,
        "conditions": coverage.attrs.get("conditions", "not said"),
        "layout": coverage.attrs.get("layout", "not said"),
        "assumed_speed_mps": assumed_speed_mps(coverage, target),
        "belt_m": width,
        "mover": mobility.mover,
        "missing": ", ".join((*mobility.missing, *(("terrain (level ground assumed)",) if terrain is None else ()))),
    }
    return WatchedBelt.unwatched(belt, mobility, attrs)


def with_sensors(ground: WatchedBelt, sensors: tuple[SensorRate, ...]) -> WatchedBelt:
    """The same belt with ``sensors``, whose rates add up under independent misses."""
    shape = ground.belt.inside.shape
    per_s, per_m = np.zeros(ground.belt.inside.size), np.zeros(ground.belt.inside.size)
    unknown = np.zeros(ground.belt.inside.size, bool)
    for sensor in sensors:
        if feels_steps(sensor.kind):
            per_m[sensor.cells] += sensor.rate / ground.attrs["assumed_speed_mps"]
        else:
            per_s[sensor.cells] += sensor.rate
        unknown[sensor.unknown] = True
    return replace(
        ground,
        sensors=sensors,
        per_s=per_s.reshape(shape),
        per_m=per_m.reshape(shape),
        unknown=unknown.reshape(shape),
    )


def mobility_of(
    target: str, terrain: xr.Dataset, *, ways: Ways | None = None, settings: MobilitySettings | None = None
) -> Mobility:
    """Mobility of a target of this class on the terrain: vehicles drive, all others walk."""
    return (by_vehicle if target in DRIVEN else on_foot)(terrain, ways=ways, settings=settings)


def assumed_speed_mps(coverage: xr.Dataset, target: str) -> float:
    """Speed for which the rates of ground sensors in ``coverage`` hold, used to convert them to rates per metre."""
    assumed = {name: value for name, value, *_ in json.loads(coverage.attrs.get("assumptions", "[]"))}
    return float(assumed.get(f"{target}_speed_mps", Assumptions().speed_mps(target)))


def _rates(coverage: xr.Dataset, belt: Belt) -> Iterator[SensorRate]:
    """Each sensor's rates in the belt; its layers are computed once."""
    names, kinds = coverage["sensor"].to_numpy(), coverage["kind"].to_numpy()
    available = coverage["availability"].to_numpy() if "availability" in coverage.coords else np.ones(len(names))
    delays = coverage["report_delay"].to_numpy() if "report_delay" in coverage.coords else np.zeros(len(names))
    layers = coverage[["rate", "look_probability"]].isel(northing=belt.rows, easting=belt.columns)
    for number, name in enumerate(names):
        sensor = layers.isel(sensor=number).compute()
        rate, look = (sensor[layer].to_numpy().astype(np.float64).ravel() for layer in ("rate", "look_probability"))
        if ((rate < 0.0) | np.isinf(rate)).any():
            raise CrossingError(f"a rate of {name} is below 0 or infinite", where="coverage", expected="rates from 0")
        unknown = np.flatnonzero(np.isnan(rate))
        cells = np.arange(rate.size)
        whole = SensorRate(
            str(name), str(kinds[number]), float(available[number]), cells, rate, look, unknown, float(delays[number])
        )
        yield whole.within(belt.inside)


def _level(coverage: xr.Dataset) -> xr.Dataset:
    """Level ground on the coverage's cells."""
    shape = (coverage.sizes["northing"], coverage.sizes["easting"])
    return xr.Dataset(
        {"elevation": (("northing", "easting"), np.zeros(shape), {"units": "m"})},
        coords={name: coverage[name] for name in ("northing", "easting")},
        attrs={name: coverage.attrs[name] for name in ("crs", "datum") if name in coverage.attrs},
    )


def _refuse_other_cells(coverage: xr.Dataset, terrain: xr.Dataset) -> None:
    for name in ("easting", "northing"):
        a, b = coverage[name].to_numpy(), terrain[name].to_numpy()
        if a.shape != b.shape or np.abs(a - b).max() > SAME_PLACE_CELLS * cell_size(terrain):
            what = f"different {name}s from the terrain's"
            raise CrossingError(what, where="coverage", expected="the terrain's cells")


def feels_steps(kind: str) -> bool:
    """Whether a sensor of this kind detects per metre walked rather than per second."""
    return kind == ground_sensor.KIND


def looks_of(kind: str) -> bool:
    """Whether a sensor of this kind looks once per period, so that its scan may fall before or after a crosser."""
    return kind == radar.KIND


def searches(kind: str) -> bool:
    """Whether a sensor of this kind detects with at most its P∞, however long it looks."""
    return kind in (camera.KIND, radio.KIND, human.KIND)


def most_hazard(look: float) -> float:
    """Maximum hazard of a search with maximum probability ``look``."""
    return math.inf if look >= 1.0 else -math.log1p(-look)

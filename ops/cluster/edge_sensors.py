"""Sensors that have the border of a neighbouring sector in range, and do not send to that sector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rich.console import Console

from ops.runtime.output import show

if TYPE_CHECKING:
    from ops.sector.open_sector import OpenSector

LEAST_M: Final = 500.0
"""Length of the neighbour's border in a sensor's range from which on the neighbour's tracker should have it too."""
SHOWN: Final = 3


class EdgeSensor(NamedTuple):
    """A sensor of ``sector`` that reaches the border of ``neighbour``, whose layout does not have it."""

    sector: str
    sensor: str
    neighbour: str


def sensors_of_one_sector(grounds: Mapping[str, OpenSector]) -> list[EdgeSensor]:
    """Return the sensors that should send to a neighbouring sector too.

    Parameters
    ----------
    grounds : mapping of str to OpenSector
        The sectors by name, with their first layouts. A sensor that sends to two sectors has one id in both layouts.

    Returns
    -------
    list of EdgeSensor
        In order of sector, sensor and neighbour. Decided by range alone: terrain may hide the border from a sensor.
    """
    import numpy as np
    import shapely

    sensors = [(sector, one) for sector, ground in grounds.items() for one in ground.layout.sensors]
    lon, lat, range_m = np.array([(one.lon, one.lat, one.max_range_m) for _, one in sensors]).reshape(-1, 3).T
    found = []
    for neighbour, ground in grounds.items():
        own = {one.id for one in ground.layout.sensors}
        at = np.column_stack(ground.frame.to_local(lon, lat))
        known = np.flatnonzero(np.isfinite(at).all(axis=1))
        places: Any = shapely.points(at[known])
        near = shapely.distance(places, ground.crossed.line) < range_m[known]
        for number, place in zip(known[near], places[near], strict=True):
            sector, sensor = sensors[number]
            if sensor.id in own:
                continue
            within = ground.crossed.line.intersection(place.buffer(sensor.max_range_m))
            if within.length >= LEAST_M:
                found.append(EdgeSensor(sector, sensor.id, neighbour))
    return sorted(found)


def show_edge_sensors(sensors: Sequence[EdgeSensor], screen: Console) -> None:
    """Name the sensors that should send to a neighbouring sector too, the first few of them."""
    if sensors:
        named = [f"{one.sector}/{one.sensor} → {one.neighbour}" for one in sensors[:SHOWN]]
        more = ["…"] if len(sensors) > len(named) else []
        count = len({(one.sector, one.sensor) for one in sensors})  # one may reach several neighbours
        show(screen, "cluster-edge-sensors", count=count, sensors=", ".join(named + more))

"""A sensor's density of false plots as learnt: applied to the plots of a look, and updated by them."""

from __future__ import annotations

from typing import Final

import numba

from fusion.filter.kalman import POSITION, Plots
from fusion.models.densities import (
    SECTORS,
    Densities,
    area_of,
    clutter_ratios,
    learn_clutter,
    learn_clutter_of_angles,
    sector_at,
)
from fusion.models.sensor_views import SensorModel, SensorView
from fusion.models.tracker_model import TrackerModel
from geo.arrays import Floats

MOST_TIMES: Final = 3.0


def with_learnt_clutter(
    model: TrackerModel, densities: Densities, sensor: SensorModel, plots: Plots
) -> tuple[Plots, float]:
    """The plots with the learnt in place of the stated clutter densities, and the mean ratio of the two."""
    if not _learns(model, sensor):
        return plots, 1.0
    ratio = clutter_ratios(densities.false_plots[sensor.index], densities.stated[sensor.index])
    if sensor.clutter_by_angle:
        return plots._replace(clutter=_corrected_by_angle(plots, sensor.view, ratio)), float(ratio[:SECTORS].mean())
    return plots._replace(clutter=_corrected(plots, sensor.view, ratio)), float(ratio.mean())


def after_look(
    model: TrackerModel,
    densities: Densities,
    sensor: SensorModel,
    undetected: Floats,
    plots: Plots,
    false: Floats,
    expected: float,
) -> Densities:
    """The densities after a look whose plots are false with probability ``false`` (plot,), where ``expected`` false
    plots were expected. A look counts at most MOST_TIMES the expected number: a burst is not the usual clutter."""
    if not _learns(model, sensor):
        return densities
    false = false * min(MOST_TIMES * max(expected, 1.0) / max(false.sum(), 1e-9), 1.0)
    known = densities.traffic, undetected
    counts = densities.false_plots[sensor.index], densities.stated[sensor.index]
    if sensor.clutter_by_angle:
        where = plots.easting, plots.northing, plots.azimuth
        new = learn_clutter_of_angles(model.births, known, counts, sensor.view, sensor.false_alarms, where, false)
    else:
        placed = plots.kind == POSITION
        points = plots.easting[placed], plots.northing[placed]
        new = learn_clutter(model.births, known, counts, sensor.view, sensor.false_alarms, points, false[placed])
    counted, stated = new
    return densities._replace(
        false_plots=_with_row(densities.false_plots, sensor.index, counted),
        stated=_with_row(densities.stated, sensor.index, stated),
    )


def _learns(model: TrackerModel, sensor: SensorModel) -> bool:
    return model.settings.learn_densities and sensor.learns_clutter


def _with_row(table: Floats, row: int, values: Floats) -> Floats:
    new = table.copy()
    new[row] = values
    return new


@numba.njit(cache=True)
def _corrected(plots: Plots, view: SensorView, ratio: Floats) -> Floats:
    """(plot,) clutter densities times the ratio of the plot's area; bearings keep the stated one."""
    clutter = plots.clutter.copy()
    for j in range(len(clutter)):
        if plots.kind[j] == POSITION:
            clutter[j] *= ratio[area_of(view, plots.easting[j], plots.northing[j])]
    return clutter


@numba.njit(cache=True)
def _corrected_by_angle(plots: Plots, view: SensorView, ratio: Floats) -> Floats:
    """(plot,) clutter densities times the ratio of the plot's sector, of bearings, too."""
    clutter = plots.clutter.copy()
    for j in range(len(clutter)):
        clutter[j] *= ratio[sector_at(view, plots.easting[j], plots.northing[j], plots.azimuth[j])]
    return clutter

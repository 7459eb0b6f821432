"""Densities learnt while running: of targets by area, and of each sensor's false plots by area of its field.

Neither is known in advance; the settings and the layout give their priors. Both estimates are means of a gamma
posterior with a gamma prior around the figure of the whole, whose own prior is around the stated figure: a few
observations move them, areas without observations take the value of the others, and both stay within bounds.

- **Targets** of a block of the grid of undetected targets: its confirmed tracks over its area.
- **False plots** of a radar in a sixteenth of its field, of a camera that measures elevation in an eighth of its angle:
  plots that came from no track and no new target, over what the layout states. Clutter bursts do not count
  (fusion.filter.clutter). Old looks lose their weight.

Both count only as far as looks have emptied the ground of undetected targets: elsewhere a plot may be a target that no
look has found before, and a target no track yet. Plots from dead ground count as false.
"""

from __future__ import annotations

from math import atan2, cos, sin, sqrt, tau
from typing import Final, NamedTuple

import numba
import numpy as np

from fusion.models.sensor_views import SensorView, probability
from fusion.models.undetected import BLOCK, EMPTIED, Births, blocks_of, emptied_share
from geo.arrays import Floats

TRAFFIC_BOUNDS: Final = (0.1, 80.0)
"""Bounds of the density of targets, as multiples of the setting."""
CLUTTER_BOUNDS: Final = (0.05, 20.0)
"""Bounds of the density of false plots, as multiples of the stated one."""
SECTORS: Final = 8
AREAS: Final = 2 * SECTORS
"""Areas of equal size in a radar's field: sectors of azimuth, an inner and an outer ring. Of a camera, whose false
plots are uniform in angle, only the sectors are used."""
TRAFFIC_PRIOR: Final = (1.0, 2.0)
"""Shapes (targets) of the priors of the whole grid and of a block."""
CLUTTER_PRIOR: Final = (3.0, 6.0)
"""Shapes (false plots) of the priors of a sensor and of an area."""
MEMORY_LOOKS: Final = 200.0
"""Number of looks after which the evidence of a look on false plots has lost its weight (e-folding)."""


class Densities(NamedTuple):
    """The learnt densities: ``traffic`` (block row, block column) [1/m²] the density of targets, ``false_plots``
    (sensor, area) the counted false plots, ``stated`` (sensor, area) the stated number of them in the same looks.
    """

    traffic: Floats
    false_plots: Floats
    stated: Floats


def nothing_known(births: Births, sensors: int) -> Densities:
    """The densities before the first look: those of the setting and the layout."""
    none = np.zeros((sensors, AREAS))
    return Densities(np.full(blocks_of(births), births.density), none, none)


@numba.njit(cache=True)
def learn_traffic(
    births: Births, traffic: Floats, before: Floats, after: Floats, place: Floats
) -> tuple[Floats, Floats]:
    """(traffic, undetected targets) after a look, from the confirmed tracks at ``place`` (track, 2).

    ``before`` and ``after`` (row, column) are the undetected targets before and after the look; they change in
    proportion to the traffic of their block.
    """
    rows, columns = before.shape
    area, count = np.zeros(traffic.shape), np.zeros(traffic.shape)
    for i in range(rows):
        for j in range(columns):
            share = max(1.0 - before[i, j] / (EMPTIED * traffic[i // BLOCK, j // BLOCK]), 0.0)
            area[i // BLOCK, j // BLOCK] += share * births.cell * births.cell
    for t in range(len(place)):
        share = emptied_share(births, traffic, before, place[t, 0], place[t, 1])
        if share > 0.0:
            i = int(np.floor((place[t, 1] - births.north) / births.cell)) // BLOCK
            j = int(np.floor((place[t, 0] - births.east) / births.cell)) // BLOCK
            count[i, j] += share
    least, most = TRAFFIC_BOUNDS[0] * births.density, TRAFFIC_BOUNDS[1] * births.density
    whole, part = TRAFFIC_PRIOR
    overall = (whole + count.sum()) / (whole / births.density + area.sum())
    new_traffic, new_after = np.empty_like(traffic), np.empty_like(after)
    for i in range(traffic.shape[0]):
        for j in range(traffic.shape[1]):
            here = (part + count[i, j]) / (part / overall + area[i, j])
            new_traffic[i, j] = min(max(here, least), most)
    for i in range(rows):
        for j in range(columns):
            ratio = new_traffic[i // BLOCK, j // BLOCK] / traffic[i // BLOCK, j // BLOCK]
            new_after[i, j] = after[i, j] * ratio
    return new_traffic, new_after


@numba.njit(cache=True)
def clutter_ratios(false_plots: Floats, stated: Floats) -> Floats:
    """(area,) ratio of learnt to stated density of false plots of one sensor, from its counts (area,)."""
    least, most = CLUTTER_BOUNDS
    whole, part = CLUTTER_PRIOR
    overall = min(max((whole + false_plots.sum()) / (whole + stated.sum()), least), most)
    ratio = np.empty(len(stated))
    for k in range(len(stated)):
        ratio[k] = min(max((part + false_plots[k]) / (part / overall + stated[k]), least), most)
    return ratio


@numba.njit(cache=True)
def area_of(view: SensorView, easting: float, northing: float) -> int:
    """The area of a radar's field in which a point lies; points beyond its edges are in the area at the edge."""
    d_e, d_n = easting - view.east, northing - view.north
    outer = d_e * d_e + d_n * d_n > 0.5 * (view.min_range**2 + view.max_range**2)
    return sector_of(view, atan2(d_e, d_n)) + (SECTORS if outer else 0)


@numba.njit(cache=True)
def sector_of(view: SensorView, azimuth: float) -> int:
    """The sector of a sensor's field in which an azimuth [rad] lies; one beyond its edges is in that at the edge."""
    turn = (azimuth - view.azimuth_from) / tau
    turn = (turn - np.floor(turn)) * tau / view.azimuth_width
    return min(int(turn * SECTORS), SECTORS - 1)


@numba.njit(cache=True)
def sector_at(view: SensorView, easting: float, northing: float, azimuth: float) -> int:
    """The sector of a plot: that of its position, or of its ``azimuth`` [rad] where it has none (inf)."""
    if not np.isfinite(easting):
        return sector_of(view, azimuth)
    return sector_of(view, atan2(easting - view.east, northing - view.north))


@numba.njit(cache=True)
def _cleared(
    births: Births, traffic: Floats, intensity: Floats, view: SensorView, easting: float, northing: float
) -> float:
    """How far a plot at a point cannot be a target that no look has found: the ground is emptied, or hidden."""
    seen = probability(view, easting, northing)
    return 1.0 - seen * (1.0 - emptied_share(births, traffic, intensity, easting, northing))


@numba.njit(cache=True)
def learn_clutter(
    births: Births,
    known: tuple[Floats, Floats],
    counts: tuple[Floats, Floats],
    view: SensorView,
    false_alarms: float,
    plots: tuple[Floats, Floats],
    false: Floats,
) -> tuple[Floats, Floats]:
    """A sensor's counts (area,) after a look with plots at (easting, northing), each (plot,), that are false with
    probability ``false`` (plot,). ``known`` is (traffic, intensity before the look); ``counts`` (false_plots, stated),
    each (area,)."""
    traffic, intensity = known
    keep = 1.0 - 1.0 / MEMORY_LOOKS
    counted, stated = counts[0] * keep, counts[1] * keep
    for j in range(len(false)):
        share = _cleared(births, traffic, intensity, view, plots[0][j], plots[1][j])
        counted[area_of(view, plots[0][j], plots[1][j])] += share * false[j]
    inner, outer = view.min_range**2, view.max_range**2
    for k in range(AREAS):
        share = 0.0
        for a in range(3):
            azimuth = view.azimuth_from + view.azimuth_width * (k % SECTORS + (a + 0.5) / 3.0) / SECTORS
            for b in range(2):
                distance = sqrt(inner + (outer - inner) * (0.5 * (k // SECTORS) + 0.25 * (b + 0.5)))
                e, n = view.east + distance * sin(azimuth), view.north + distance * cos(azimuth)
                share += _cleared(births, traffic, intensity, view, e, n) / 6.0
        stated[k] += share * false_alarms / AREAS
    return counted, stated


@numba.njit(cache=True)
def learn_clutter_of_angles(
    births: Births,
    known: tuple[Floats, Floats],
    counts: tuple[Floats, Floats],
    view: SensorView,
    false_alarms: float,
    plots: tuple[Floats, Floats, Floats],
    false: Floats,
) -> tuple[Floats, Floats]:
    """As ``learn_clutter``, for a camera with plots at (easting, northing, azimuth), each (plot,): a plot above the
    ground has no position (inf), and counts as far as the ground of its sector is emptied."""
    traffic, intensity = known
    keep = 1.0 - 1.0 / MEMORY_LOOKS
    counted, stated = counts[0] * keep, counts[1] * keep
    shares = np.empty(SECTORS)
    for k in range(SECTORS):
        shares[k] = _cleared_sector(births, traffic, intensity, view, k)
        stated[k] += shares[k] * false_alarms / SECTORS
    for j in range(len(false)):
        k = sector_at(view, plots[0][j], plots[1][j], plots[2][j])
        on_ground = np.isfinite(plots[0][j])
        share = _cleared(births, traffic, intensity, view, plots[0][j], plots[1][j]) if on_ground else shares[k]
        counted[k] += share * false[j]
    return counted, stated


@numba.njit(cache=True)
def _cleared_sector(births: Births, traffic: Floats, intensity: Floats, view: SensorView, sector: int) -> float:
    """Mean of ``_cleared`` over a sector, at equal steps of range, as false plots are uniform in angle."""
    total = 0.0
    for a in range(3):
        azimuth = view.azimuth_from + view.azimuth_width * (sector + (a + 0.5) / 3.0) / SECTORS
        for b in range(4):
            distance = view.min_range + (view.max_range - view.min_range) * (b + 0.5) / 4.0
            e, n = view.east + distance * sin(azimuth), view.north + distance * cos(azimuth)
            total += _cleared(births, traffic, intensity, view, e, n) / 12.0
    return total

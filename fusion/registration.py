"""Registration: range and azimuth biases of each sensor, estimated from tracks that several sensors see.

Between two plots of a ranging sensor A on one track, A says where the target was when sensor B reported it. What B
reports instead is, to first order, ``b_B − H J_A b_A`` and noise, with H the derivative of B's measurement by place and
J_A that of A's place by A's biases. These equations, of final scans only, are summed as information with a prior and
slow forgetting; a bias is taken off plots only while it is significant. After Bar-Shalom, Willett, Tian, Tracking and
Data Fusion (2011), chapter 8, in the form of a sum of pairwise pseudo-measurements.

Its limits: a bias that all sensors share cannot be seen and stays with the prior; plots are used twice, which the
doubled noise stands for; a target's manoeuvre between two plots is noise of ``MANOEUVRE_MPS2``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import atan2, cos, exp, isnan, nan, pi, radians, sin, sqrt
from typing import TYPE_CHECKING, Any, Final

import numba
import numpy as np
import numpy.typing as npt
import xarray as xr

from fusion.bias import UNBIASED, Bias
from fusion.motion import Floats, Ints
from fusion.reports import canonical_order, ground_range
from fusion.tracks import CONFIRMED, Rows
from fusion.views import Ground, View
from geo.errors import BadInput
from sensors.columns import ScanColumns
from sensors.sensor import Sensor

if TYPE_CHECKING:
    from fusion.scene import Scene

TWO_PI: Final = 2.0 * pi
PRIOR_RANGE_M: Final = 20.0
PRIOR_AZIMUTH_RAD: Final = 1.5 * pi / 180.0
"""Deviations of the biases before anything is known (assumption); a survey of a sensor's north says better."""
SIGNIFICANT_SD: Final = 3.0
"""A bias counts when it is so many deviations from none."""
LEAST_PAIRS: Final = 30
EPOCH_NS: Final = 10 * 10**9
"""Biases in use change only at whole multiples of this, so that a late scan meets those that it would have met."""
FORGET_S: Final = 3600.0
MANOEUVRE_MPS2: Final = 0.7
APART_S: Final = 10.0
"""Plots of one track farther apart in time say nothing about each other."""
SLOTS: Final = 64
KEPT: Final = 8
GATE: Final = 20.0
DOUBLED: Final = 2.0


@dataclass(slots=True)
class Sightings:
    """The newest plots of up to SLOTS tracks: track and time (slot,), and (slot, kept, column) with
    columns time [s], sensor, azimuth, azimuth_sd, ground range, range_sd (NaN without range)."""

    track: Ints = field(default_factory=lambda: np.full(SLOTS, -1, np.int64))
    plots: Floats = field(default_factory=lambda: np.full((SLOTS, KEPT, 6), nan))


class Registrar:
    """Takes in final scans in order and tells the biases in use at any moment.

    ``information`` (2 n, 2 n) and ``vector`` (2 n,) over range [m] and azimuth [rad] of the n sensors; ``pairs`` (n,)
    comparisons with another sensor; ``misfit`` (n, 2, 2): count and sum of squared normalised second differences of a
    sensor's own range and azimuth, which tell whether its stated deviations are true.
    """

    def __init__(self, scene: Scene, horizon_ns: int) -> None:
        self.sensors = list(scene.watches)
        self.watches = scene.watches
        self.places = np.array([[w.view.east, w.view.north] for w in scene.watches.values()]).reshape(-1, 2)
        self.earth = scene.earth
        polar = [sensor for sensor in scene.layout if sensor.kind != "ground_sensor"]
        self.active = len(polar) >= 2
        self.horizon_ns = horizon_ns
        n = len(self.sensors)
        self.surveyed = [surveyed(sensor) for sensor in scene.layout]
        self.prior = np.diag(np.array([prior_information(sensor) for sensor in scene.layout]).reshape(2 * n))
        self.information = self.prior.copy() if self.active else np.eye(0)
        self.vector = np.zeros(2 * n)
        self.pairs = np.zeros(n, np.int64)
        self.misfit = np.zeros((n, 2, 2))
        self.sightings = Sightings()
        self.origin_ns: int | None = None
        self.folded_ns = np.iinfo(np.int64).min
        """Everything observed before this moment has been taken in."""
        self.epochs: dict[int, Floats] = {}
        """By number: (sensor, 4) range, range_sd, azimuth, azimuth_sd in use."""

    def at(self, moment_ns: int, index: int) -> Bias:
        """The bias in use for a sensor, by its place in the layout: what was learnt, else how well it was surveyed."""
        epoch, survey = self.epochs.get(moment_ns // EPOCH_NS), self.surveyed[index]
        if epoch is None or not epoch[index].any():
            return survey
        range_m, range_sd, azimuth, azimuth_sd = epoch[index].tolist()
        return Bias(range_m, range_sd, azimuth, azimuth_sd or survey.azimuth_sd_rad, survey.place_sd_m)

    def due(self, newest_ns: int) -> int | None:
        """Up to which moment final scans are to be taken in now; None while the epoch's biases stand already."""
        if not self.active or newest_ns // EPOCH_NS in self.epochs:
            return None
        return newest_ns // EPOCH_NS * EPOCH_NS - self.horizon_ns

    def begin(self, newest_ns: int, final: list[tuple[ScanColumns, Rows]], until_ns: int) -> None:
        """Take in ``final``, all that was observed from ``folded_ns`` to ``until_ns``, and fix the epoch's biases."""
        for scan, rows in final:
            self._take(scan, rows)
        if until_ns > self.folded_ns > np.iinfo(np.int64).min:
            self._forget((until_ns - self.folded_ns) * 1e-9)
        self.folded_ns = max(self.folded_ns, until_ns)
        number = newest_ns // EPOCH_NS
        oldest = (newest_ns - self.horizon_ns) // EPOCH_NS
        self.epochs = {k: v for k, v in self.epochs.items() if k >= oldest}
        found = self._in_use()
        for k in range(max(self.epochs, default=number - 1) + 1, number + 1):
            self.epochs[k] = found

    def estimate(self) -> xr.Dataset:
        """Biases with deviations (sensor,), whether in use, the pairs behind them, and how true stated errors are.

        ``range_error_ratio`` and ``azimuth_error_ratio`` are the spread found over the spread stated: 1 where the
        layout's deviations are true, NaN below LEAST_PAIRS; manoeuvres raise them somewhat.
        """
        values, sd = self._solve()
        count, total = self.misfit[:, :, 0], self.misfit[:, :, 1]
        ratio = np.sqrt(np.where(count >= LEAST_PAIRS, total / np.maximum(count, 1.0), nan))
        used = self._significant(values, sd)
        dim = ("sensor",)
        return xr.Dataset(
            {
                "range_bias": (dim, values[:, 0], {"units": "m"}),
                "range_bias_sd": (dim, sd[:, 0], {"units": "m"}),
                "azimuth_bias": (dim, values[:, 1], {"units": "rad"}),
                "azimuth_bias_sd": (dim, sd[:, 1], {"units": "rad"}),
                "range_corrected": (dim, used[:, 0]),
                "azimuth_corrected": (dim, used[:, 1]),
                "pairs": (dim, self.pairs.copy(), {"units": "1"}),
                "range_error_ratio": (dim, ratio[:, 0], {"units": "1"}),
                "azimuth_error_ratio": (dim, ratio[:, 1], {"units": "1"}),
            },
            coords={"sensor": np.array(self.sensors, dtype=np.str_)},
        )

    def _solve(self) -> tuple[Floats, Floats]:
        """(sensor, 2) biases and deviations."""
        if not self.active:
            nothing = np.zeros((len(self.sensors), 2))
            return nothing, np.full_like(nothing, nan)
        cov = np.linalg.inv(self.information)
        return (cov @ self.vector).reshape(-1, 2), np.sqrt(np.diag(cov)).reshape(-1, 2)

    def _significant(self, values: Floats, sd: Floats) -> npt.NDArray[np.bool_]:
        enough = (self.pairs >= LEAST_PAIRS)[:, None]
        return np.asarray(enough & (np.abs(values) > SIGNIFICANT_SD * sd), np.bool_)

    def _in_use(self) -> Floats:
        values, sd = self._solve()
        used = self._significant(values, sd)
        both = np.stack([values, sd], axis=2) * used[:, :, None]
        return np.ascontiguousarray(np.nan_to_num(both).reshape(len(self.sensors), 4))

    def _take(self, scan: ScanColumns, rows: Rows) -> None:
        """One final scan: the plots of its confirmed tracks against what other sensors said of them."""
        used = np.flatnonzero((rows.plot >= 0) & (rows.status == CONFIRMED))
        if not len(used):
            return
        if self.origin_ns is None:
            self.origin_ns = scan.observed_ns
        watch = self.watches[scan.sensor]
        plot = canonical_order(scan)[rows.plot[used]]
        columns = np.stack([scan.azimuth, scan.azimuth_sd, scan.range_, scan.range_sd])[:, plot]
        reach, reach_sd = _ground_ranges(columns, watch.view, self.earth)
        _compare(
            self.sightings.track, self.sightings.plots, rows.track[used], (scan.observed_ns - self.origin_ns) * 1e-9,
            watch.index, columns[0], columns[1], reach, reach_sd, self.places,
            self.information, self.vector, self.pairs, self.misfit,
        )  # fmt: skip

    def _forget(self, seconds: float) -> None:
        """Old equations fade towards the prior, since a mast may be moved."""
        keep = exp(-seconds / FORGET_S)
        self.information = self.prior + keep * (self.information - self.prior)
        self.vector = keep * self.vector

    def pack(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Arrays and plain values that ``unpack`` takes."""
        epochs = sorted(self.epochs)
        arrays = {
            "registration_information": self.information,
            "registration_vector": self.vector,
            "registration_pairs": self.pairs,
            "registration_misfit": self.misfit,
            "registration_track": self.sightings.track,
            "registration_plots": self.sightings.plots,
            "registration_biases": np.array([self.epochs[k] for k in epochs]).reshape(-1, len(self.sensors), 4),
        }
        return arrays, {"origin_ns": self.origin_ns, "folded_ns": int(self.folded_ns), "epochs": epochs}

    def unpack(self, arrays: dict[str, npt.NDArray[Any]], plain: dict[str, Any]) -> None:
        """Go on from what ``pack`` gave. Raises BadInput where it is another layout's."""
        if arrays["registration_vector"].shape != self.vector.shape:
            raise BadInput("holds another layout's biases", where="snapshot", expected="the layout it was taken with")
        self.information = arrays["registration_information"].copy()
        self.vector = arrays["registration_vector"].copy()
        self.pairs = arrays["registration_pairs"].copy()
        self.misfit = arrays["registration_misfit"].copy()
        self.sightings = Sightings(arrays["registration_track"].copy(), arrays["registration_plots"].copy())
        self.epochs = dict(zip(plain["epochs"], arrays["registration_biases"], strict=True))
        self.origin_ns, self.folded_ns = plain["origin_ns"], plain["folded_ns"]


def surveyed(sensor: Sensor) -> Bias:
    """What a sensor's survey leaves open, which joins the errors of its plots until common tracks tell better.

    Every plot carries it anew, as if it were noise, though it is the same for all of them: a track of one sensor alone
    is then less sure of its place than noise would make it, and still surer than the alignment allows.
    """
    if sensor.north_sd_deg is None and sensor.site_sd_m is None:
        return UNBIASED
    return Bias(azimuth_sd_rad=radians(sensor.north_sd_deg or 0.0), place_sd_m=sensor.site_sd_m or 0.0)


def prior_information(sensor: Sensor) -> tuple[float, float]:
    """(1/m², 1/rad²) of a sensor's biases before anything is learnt: the survey's word of its north, if it has one."""
    azimuth_sd = PRIOR_AZIMUTH_RAD if sensor.north_sd_deg is None else radians(sensor.north_sd_deg)
    return PRIOR_RANGE_M**-2, azimuth_sd**-2


TIME, SENSOR, AZIMUTH, AZIMUTH_SD, RANGE, RANGE_SD = 0, 1, 2, 3, 4, 5


@numba.njit(cache=True)
def _ground_ranges(columns: Floats, view: View, earth: Ground) -> tuple[Floats, Floats]:
    """Horizontal distances of slant ranges and their deviations; NaN where there is no range."""
    n = columns.shape[1]
    reach, reach_sd = np.full(n, nan), np.full(n, nan)
    for j in range(n):
        if columns[2, j] > 0.0 and columns[3, j] > 0.0:
            reach[j], reach_sd[j] = ground_range(view, earth, columns[0, j], columns[2, j], columns[3, j])
    return reach, reach_sd


@numba.njit(cache=True)
def _compare(
    slot_track: Ints,
    slot_plots: Floats,
    track: Ints,
    now: float,
    index: int,
    azimuth: Floats,
    azimuth_sd: Floats,
    reach: Floats,
    reach_sd: Floats,
    places: Floats,
    information: Floats,
    vector: Floats,
    pairs: Ints,
    misfit: Floats,
) -> None:
    """See Registrar; a slot is taken over by another track once its own was not seen for APART_S."""
    for i in range(len(track)):
        if isnan(azimuth[i]) or not azimuth_sd[i] > 0.0:
            continue
        slot = track[i] % SLOTS
        ring = slot_plots[slot]
        newest = ring[KEPT - 1, TIME]
        if slot_track[slot] != track[i]:
            if slot_track[slot] >= 0 and now - newest <= APART_S:
                continue
            slot_track[slot] = track[i]
            ring[:] = nan
        for k in range(KEPT - 1):
            ring[k] = ring[k + 1]
        ring[KEPT - 1, TIME], ring[KEPT - 1, SENSOR] = now, index
        ring[KEPT - 1, AZIMUTH], ring[KEPT - 1, AZIMUTH_SD] = azimuth[i], azimuth_sd[i]
        ring[KEPT - 1, RANGE], ring[KEPT - 1, RANGE_SD] = reach[i], reach_sd[i]
        if isnan(reach[i]) or reach[i] < 1.0:
            continue
        before = KEPT - 2
        while before >= 0 and not (ring[before, SENSOR] == index and ring[before, RANGE] > 1.0):
            before -= 1
        if before < 0 or now - ring[before, TIME] > APART_S or now <= ring[before, TIME]:
            continue
        for k in range(before + 1, KEPT - 1):
            if ring[k, SENSOR] != index and ring[before, TIME] < ring[k, TIME] < now:
                _sum(ring, before, k, KEPT - 1, places, information, vector, pairs)
        again = before - 1
        while again >= 0 and not (ring[again, SENSOR] == index and ring[again, RANGE] > 1.0):
            again -= 1
        if again >= 0 and now - ring[again, TIME] <= APART_S and ring[again, TIME] < ring[before, TIME]:
            _own_misfit(ring, again, before, KEPT - 1, places, misfit)


@numba.njit(cache=True)
def _between(
    ring: Floats, first: int, at: int, last: int, manoeuvre: float, places: Floats
) -> tuple[Floats, Floats, Floats]:
    """Where the plots ``first`` and ``last`` of one sensor put the target at the time of plot ``at``: (2,) place, its
    (2, 2) covariance (with a ``manoeuvre`` [m/s²]), and its derivative by that sensor's biases (place, bias)."""
    span = ring[last, TIME] - ring[first, TIME]
    share = (ring[last, TIME] - ring[at, TIME]) / span
    bend = 0.5 * manoeuvre * (ring[last, TIME] - ring[at, TIME]) * (ring[at, TIME] - ring[first, TIME])
    where, cov, slope = np.zeros(2), np.eye(2) * bend * bend, np.zeros((2, 2))
    for k, w in ((first, share), (last, 1.0 - share)):
        s, c, r = sin(ring[k, AZIMUTH]), cos(ring[k, AZIMUTH]), ring[k, RANGE]
        home = places[int(ring[k, SENSOR])]
        along, across = ring[k, RANGE_SD] ** 2, (r * ring[k, AZIMUTH_SD]) ** 2
        where[0] += w * (home[0] + r * s)
        where[1] += w * (home[1] + r * c)
        cov[0, 0] += w * w * (along * s * s + across * c * c)
        cov[0, 1] += w * w * (along - across) * s * c
        cov[1, 1] += w * w * (along * c * c + across * s * s)
        slope[0, 0] += w * s
        slope[1, 0] += w * c
        slope[0, 1] += w * r * c
        slope[1, 1] -= w * r * s
    cov[1, 0] = cov[0, 1]
    return where, cov, slope


@numba.njit(cache=True)
def _residual(ring: Floats, at: int, where: Floats, cov: Floats, places: Floats) -> tuple[Floats, Floats, Floats, int]:
    """Plot ``at`` against a place, in its sensor's range and azimuth: residual (2,), its covariance, derivative by
    place (2, 2), and the first row that counts (1 where the plot has no range)."""
    home = places[int(ring[at, SENSOR])]
    d_e, d_n = where[0] - home[0], where[1] - home[1]
    r = max(sqrt(d_e * d_e + d_n * d_n), 1.0)
    slope = np.array([[d_e / r, d_n / r], [d_n / (r * r), -d_e / (r * r)]])
    turn = ring[at, AZIMUTH] - atan2(d_e, d_n)
    turn -= TWO_PI * np.floor((turn + pi) / TWO_PI)
    spread = slope @ cov @ np.ascontiguousarray(slope.T)
    spread[1, 1] += ring[at, AZIMUTH_SD] ** 2
    if isnan(ring[at, RANGE]):
        return np.array([0.0, turn]), spread, slope, 1
    spread[0, 0] += ring[at, RANGE_SD] ** 2
    return np.array([ring[at, RANGE] - r, turn]), spread, slope, 0


@numba.njit(cache=True)
def _sum(
    ring: Floats, first: int, at: int, last: int, places: Floats, information: Floats, vector: Floats, pairs: Ints
) -> None:
    """Add one comparison to the information, unless it is too far off to come from one target."""
    where, cov, slope = _between(ring, first, at, last, MANOEUVRE_MPS2, places)
    residual, spread, by_place, row = _residual(ring, at, where, cov, places)
    a, b = int(ring[first, SENSOR]), int(ring[at, SENSOR])
    turned = -(by_place @ slope)
    design = np.zeros((2, 4))
    design[0, 0], design[1, 1] = 1.0, 1.0
    design[:, 2:] = turned
    prior = np.array([PRIOR_RANGE_M**2, PRIOR_AZIMUTH_RAD**2, PRIOR_RANGE_M**2, PRIOR_AZIMUTH_RAD**2])
    across = np.ascontiguousarray(design.T)
    wide = spread + (design * prior) @ across
    if row == 1:
        if residual[1] ** 2 > GATE * wide[1, 1]:
            return
        weight = np.zeros((2, 2))
        weight[1, 1] = 1.0 / (DOUBLED * spread[1, 1])
    else:
        if residual @ np.linalg.solve(wide, residual) > GATE:
            return
        weight = np.ascontiguousarray(np.linalg.inv(spread)) / DOUBLED
    gain = across @ weight
    added = gain @ design
    shift = gain @ residual
    where_to = np.array([2 * b, 2 * b + 1, 2 * a, 2 * a + 1])
    for i in range(4):
        vector[where_to[i]] += shift[i]
        for j in range(4):
            information[where_to[i], where_to[j]] += added[i, j]
    pairs[a] += 1
    pairs[b] += 1


@numba.njit(cache=True)
def _own_misfit(ring: Floats, first: int, at: int, last: int, places: Floats, misfit: Floats) -> None:
    """A plot against its own sensor's plots before and after it: their spread is that of the sensor alone."""
    where, cov, _ = _between(ring, first, at, last, 0.0, places)
    residual, spread, _, _ = _residual(ring, at, where, cov, places)
    sensor = int(ring[at, SENSOR])
    for i in range(2):
        ratio = residual[i] ** 2 / spread[i, i]
        if ratio < 100.0:
            misfit[sensor, i, 0] += 1.0
            misfit[sensor, i, 1] += ratio

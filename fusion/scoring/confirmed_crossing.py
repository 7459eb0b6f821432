"""Probability that a crossing becomes a confirmed track: simulator and tracker on the same path, many times.

``P_detect`` counts one detection as enough. A track is confirmed only when several detections belong together, so this
is the smaller of the two, and the one that raises an alert: both should be shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import numpy as np
import xarray as xr
from scipy.special import ndtri

from fusion.filter.track_bank import CONFIRMED, empty_bank
from fusion.filter_step import advance
from fusion.models.settings import TrackerSettings
from fusion.models.tracker_model import TrackerModel, tracker_model
from geo.arrays import Floats
from geo.errors import BadInput
from geo.terrain import cell_size, north_up
from sensors.coverage import look_probability
from sensors.crossing.detection import Crossing
from sensors.crossing.watched_belt import feels_steps, searches
from sensors.detection_model.hazard import hazard_of, probability_of
from sensors.detections import split
from sensors.layout import AnySensor, Layout
from sensors.scan_columns import ScanColumns
from sensors.simulate import simulate
from sensors.simulate.looks import EVENT_LOOK_S
from sensors.simulate.movers import Mover, Scenario
from sensors.timestamps import nanoseconds

WHERE: Final = "confirmed crossing"
START: Final = datetime(2000, 1, 1, tzinfo=UTC)  # arbitrary: the result does not depend on it
AROUND_CELLS: Final = 3.0  # terrain kept around the path and the sensors that cover it
STEP_S: Final = 0.5  # along the path, to find when it is covered

LIMITS: Final = (
    "one target, without false alarms or other traffic; sensors that do not cover the path are left out; the tracker "
    "assumes clear weather; a camera detects the target on the path no more often than its search allows, and then "
    "with its single-look probability at every look"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationSettings:
    """How the probability of confirmation is estimated.

    ``runs``: number of simulated crossings; ``near_m``: maximum distance [m] of a confirmed track from the crosser to
    count; ``outages``: whether sensors are up or down for a whole run by their availability; ``confidence`` of the
    intervals.
    """

    runs: int = 100
    near_m: float = 100.0
    outages: bool = False
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if isinstance(self.runs, bool) or not isinstance(self.runs, int) or self.runs < 1:
            raise BadInput(f"{self.runs!r}", where=f"{WHERE} (runs)", expected="a whole number from 1")
        if not 0.0 < self.near_m < math.inf:
            raise BadInput(f"{self.near_m!r}", where=f"{WHERE} (near_m)", expected="metres above 0")
        if not 0.0 < self.confidence < 1.0:
            raise BadInput(f"{self.confidence!r}", where=f"{WHERE} (confidence)", expected="above 0 and below 1")


@dataclass(frozen=True, slots=True)
class Share:
    """A fraction of runs: its value [1], numerator, denominator, and the Wilson interval [1].

    If no sensor covers the path, no run is needed: exactly 0, from 0 to 0; NaN if coverage is unknown.
    """

    value: float
    count: int
    runs: int
    low: float
    high: float

    @classmethod
    def of(cls, count: int, runs: int, confidence: float) -> Share:
        share, z = count / runs, float(ndtri(0.5 + 0.5 * confidence))
        middle = (2 * runs * share + z**2) / (2 * (runs + z**2))
        reach = z / (2 * (runs + z**2)) * math.sqrt(4 * runs * share * (1 - share) + z**2)
        low, high = 0.0 if count == 0 else middle - reach, 1.0 if count == runs else middle + reach
        return cls(share, count, runs, low, high)

    @classmethod
    def unwatched(cls, unknown: bool) -> Share:
        value = math.nan if unknown else 0.0
        return cls(value, 0, 0, value, value)


@dataclass(frozen=True, slots=True, eq=False)
class ConfirmedCrossing:
    """The result of simulating one path many times.

    ``confirmed``: runs in which a confirmed track came within ``near_m`` of the crosser; ``detected``: runs with at
    least one detection, to compare with the crossing's own ``p_detect``. ``confirmed_s`` (run,) is the time from the
    start of the path to that track [s], NaN without. ``sensors`` are those that cover the path. ``at_least`` is True if
    some sensor's coverage of the path is unknown, so that both are lower bounds.
    """

    confirmed: Share
    detected: Share
    confirmed_s: Floats
    sensors: tuple[str, ...]
    at_least: bool
    limits: str = LIMITS


def confirmed_crossing(
    crossing: Crossing,
    layout: Layout,
    coverage: xr.Dataset,
    terrain: xr.Dataset,
    *,
    seed: int,
    settings: ConfirmationSettings | None = None,
    tracker: TrackerSettings | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ConfirmedCrossing:
    """Estimate the fraction of runs in which a crosser on the path ``crossing`` becomes a confirmed track.

    ``coverage`` is the result of ``sensors.coverage.coverage`` from which the crossing was found, on ``terrain``:
    according to it, looks fail more often in bad weather than the layout states. Each run has its own scan phase,
    misses and noise; the same ``seed`` gives the same result. A run ends with the confirmation, so a well covered path
    takes little time. ``progress(done, runs)`` is called after each run. Raises BadInput for coverage of other sensors,
    and LayoutError for a sensor on the path without an error model.
    """
    coverage = north_up(coverage, where="coverage")
    terrain = north_up(terrain)
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise BadInput(f"{seed!r}", where=f"{WHERE} (seed)", expected="a whole number from 0")
    chosen = settings or ConfirmationSettings()
    way = _WatchedWay.over(crossing, layout, coverage, terrain, tracker or TrackerSettings(trigger_births=True))
    if way is None:
        unwatched = Share.unwatched(crossing.unknown_m > 0.0)
        return ConfirmedCrossing(unwatched, unwatched, np.zeros(0), (), crossing.unknown_m > 0.0)
    confirmed_s, detected = np.full(chosen.runs, np.nan), np.zeros(chosen.runs, bool)
    for run in range(chosen.runs):
        scans = way.reported(np.random.SeedSequence([seed, run]), chosen.outages)
        detected[run] = any(len(scan) for scan in scans)
        confirmed_s[run] = way.confirmed_at_s(scans, chosen.near_m) if detected[run] else math.nan
        if progress is not None:
            progress(run + 1, chosen.runs)
    return ConfirmedCrossing(
        confirmed=Share.of(int(np.isfinite(confirmed_s).sum()), chosen.runs, chosen.confidence),
        detected=Share.of(int(detected.sum()), chosen.runs, chosen.confidence),
        confirmed_s=confirmed_s,
        sensors=way.layout.ids,
        at_least=crossing.unknown_m > 0.0,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _WatchedWay:
    """The covered part of a path, and the sensors that cover it.

    ``mover`` follows it from ``begin_s`` of the whole path on. ``kept`` (sensor, step) is the fraction of a sensor's
    reports, as simulated for a clear day, that remain in this weather; ``finds`` (sensor,) is the fraction of runs with
    a detection, among those in which the simulator allows one.
    """

    layout: Layout
    clear: xr.Dataset
    terrain: xr.Dataset
    model: TrackerModel
    mover: Mover
    begin_s: float
    kept: Floats
    finds: Floats

    @classmethod
    def over(
        cls, crossing: Crossing, layout: Layout, coverage: xr.Dataset, terrain: xr.Dataset, settings: TrackerSettings
    ) -> _WatchedWay | None:
        """The covered part; None if no sensor covers the path."""
        known = [str(name) for name in coverage["sensor"].to_numpy()]
        names = [name for name, hazard in crossing.hazard_by_sensor.items() if hazard > 0.0]
        if absent := [name for name in names if name not in known or name not in layout]:
            raise BadInput(f"no sensor {absent[0]!r}", where=WHERE, expected="the crossing's own layout and coverage")
        if not names or crossing.time_s <= 0.0:
            return None
        known_as = _part_of(layout, names)
        quiet = tuple(replace(sensor, false_alarms_per_scan=0.0) for sensor in known_as)
        seeing = Layout(layout.name, layout.frame, quiet)
        places = np.vstack([crossing.places, [(sensor.easting, sensor.northing) for sensor in quiet]])
        ground = _window(terrain, places)
        clear = look_probability(seeing, ground, target=str(coverage.attrs.get("target", "person")))
        mover = Mover("crosser", clear.attrs["target"], crossing.times_s, *crossing.places.T)
        steps = np.arange(0.0, crossing.time_s, STEP_S)
        position, _ = mover.at(steps)
        looks = coverage["look_probability"].sel(sensor=list(seeing.ids))
        now, calm = _at(looks, position), _at(clear["probability"], position)
        feels = np.array([feels_steps(sensor.kind) for sensor in quiet])[:, None]
        here = np.where(feels, hazard_of(np.nan_to_num(now)), np.nan_to_num(now))
        there = np.where(feels, hazard_of(np.nan_to_num(calm)), np.nan_to_num(calm))
        kept = np.minimum(np.divide(here, there, out=np.zeros_like(here), where=there > 0.0), 1.0)
        seen = np.flatnonzero((kept > 0.0).any(axis=0))
        # where the cell's centre is out of range, a detection is still possible
        kept = np.where(there > 0.0, kept, kept.max(axis=1, keepdims=True))
        if not len(seen):
            return None
        begin, end = steps[seen[0]], min(steps[seen[-1]] + 2.0 * STEP_S, crossing.time_s)
        inside = (crossing.times_s > begin) & (crossing.times_s < end)
        times = np.concatenate([[begin], crossing.times_s[inside], [end]])
        way, _ = mover.at(times)
        return cls(
            layout=seeing,
            clear=clear,
            terrain=ground,
            model=tracker_model(known_as, settings, ground, clear),
            mover=Mover("crosser", mover.target, times - begin, way[:, 0], way[:, 1]),
            begin_s=float(begin),
            kept=kept[:, seen[0] :],
            finds=_finds(crossing, quiet, np.nan_to_num(now)),
        )

    def reported(self, seed: np.random.SeedSequence, outages: bool) -> list[ScanColumns]:
        """The scans of one run in the order of their time."""
        chance = np.random.default_rng(seed)
        length_s = float(self.mover.times_s[-1])
        scenario = Scenario((self.mover,), START, length_s)
        detections, _ = simulate(
            self.layout, scenario, self.terrain, seed=int(chance.integers(2**63)), coverage=self.clear
        )
        works = chance.random(len(self.layout.ids)) < self.finds
        if outages:
            works &= chance.random(len(works)) < np.array([sensor.availability for sensor in self.layout])
        sensor = {name: number for number, name in enumerate(self.layout.ids)}
        number = np.array([sensor[name] for name in detections["scan_sensor"].to_numpy().tolist()], np.int64)
        observed = detections["scan_time"].to_numpy().astype("datetime64[ns]").astype(np.int64)
        seconds = (observed - nanoseconds(START)) * 1e-9
        scan = detections["scan_index"].to_numpy()
        step = np.minimum((seconds / STEP_S).astype(np.int64), self.kept.shape[1] - 1)
        left = works[number[scan]] & (chance.random(len(scan)) < self.kept[number[scan], step[scan]])
        scans = split(detections.isel(detection=np.flatnonzero(left)), self.layout)
        polled = np.array([one.period_s is not None for one in self.layout])
        order = sorted(range(len(scans)), key=lambda i: (scans[i].observed_ns, scans[i].key))
        # a search without a detection is a reported miss
        up = works | np.array([searches(one.kind) for one in self.layout])
        return [scans[i] for i in order if len(scans[i]) or (polled[number[i]] and up[number[i]])]

    def confirmed_at_s(self, scans: list[ScanColumns], near_m: float) -> float:
        """Time at which a confirmed track is on the crosser [s from the start of the path]; NaN if there is none."""
        bank = empty_bank(self.model, aligning=False)
        start_ns = nanoseconds(START)
        for scan in scans:
            bank, _ = advance(self.model, bank, scan)
            sure = np.flatnonzero(bank.tracks.status == CONFIRMED)
            if not len(sure):
                continue
            seconds = (scan.observed_ns - start_ns) * 1e-9
            place = self.mover.at([seconds])[0][0]
            age = (scan.observed_ns - bank.tracks.time_ns[sure]) * 1e-9
            there = bank.tracks.centre[sure, :2] + age[:, None] * bank.tracks.centre[sure, 2:]
            if (np.hypot(*(there - place).T) <= near_m).any():
                return float(self.begin_s + seconds)
        return math.nan


def _part_of(layout: Layout, names: Collection[str]) -> Layout:
    """The sensors of those names, with the false alarms that the tracker assumes."""
    return Layout(layout.name, layout.frame, tuple(sensor for sensor in layout if sensor.id in names))


def _window(terrain: xr.Dataset, places: Floats) -> xr.Dataset:
    """The terrain around positions (place, 2): sight lines between them do not leave it."""
    margin = AROUND_CELLS * cell_size(terrain)
    (west, south), (east, north) = places.min(axis=0) - margin, places.max(axis=0) + margin
    return terrain.sel(easting=slice(west, east), northing=slice(north, south)).compute()


def _at(layers: xr.DataArray, position: Floats) -> Floats:
    """Values (sensor, step) of the cells that hold positions (step, 2)."""
    east, north = (xr.DataArray(position[:, axis], dims="step") for axis in (0, 1))
    west, south = float(layers["easting"][0]), float(layers["northing"][-1])
    cell = float(layers["easting"][1]) - west
    columns = np.clip(np.rint((east - west) / cell), 0, layers.sizes["easting"] - 1).astype(np.int64)
    rows = layers.sizes["northing"] - 1 - np.rint((north - south) / cell)
    rows = np.clip(rows, 0, layers.sizes["northing"] - 1).astype(np.int64)
    spans = [slice(int(cells.min()), int(cells.max()) + 1) for cells in (rows, columns)]
    window = layers[:, spans[0], spans[1]].to_numpy()
    return np.asarray(window[:, rows - spans[0].start, columns - spans[1].start], dtype=np.float64)


def _finds(crossing: Crossing, sensors: Sequence[AnySensor], looks: Floats) -> Floats:
    """Fraction of runs (sensor,) in which a search detects, among those in which single looks would."""
    finds = np.ones(len(sensors))
    for number, sensor in enumerate(sensors):
        if not searches(sensor.kind):
            continue
        by_looks = probability_of(hazard_of(looks[number]).sum() * STEP_S / (sensor.period_s or EVENT_LOOK_S))
        by_search = probability_of(crossing.hazard_by_sensor[sensor.id])
        finds[number] = min(1.0, float(by_search / by_looks)) if by_looks > 0.0 else 0.0
    return finds

"""Calibration: the predicted probability of detection of a layout, compared with the detections of each sensor.

A trial is one look of a polled sensor at a confirmed track that *another* sensor detected shortly before and shortly
after: a target was therefore there, whatever the sensor itself reported. Predicted is the tracker's own probability for
that look, before it, averaged over the track's uncertainty; observed is whether a plot of the look belonged to the
track. Looks at one track are correlated (the same posture, the same masking), so the interval counts fewer trials than
there were: Kish's design effect with the tracks as clusters (Survey Sampling, 1965), inside Wilson's interval.

Limits: a sensor that covers an area alone has no trials; targets that no other sensor detects are not counted; a plot
that was associated with a wrong track counts there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from fusion.filter.track_bank import COASTING, CONFIRMED, track_view, within_reach
from fusion.models.motion import combine, predict
from fusion.models.settings import TrackerSettings
from fusion.poses.placed import at_pose
from fusion.tracker import Tracker
from geo.arrays import Floats, Ints
from geo.errors import BadInput
from geo.terrain import north_up, slope
from geo.terrain.land_cover import WORLD_COVER
from sensors.detection_model.weather import CLEAR_DAY, Conditions
from sensors.layout import Layout
from sensors.scan_columns import POSE, ScanColumns
from sensors.statistics.statistic import LEVEL, wilson
from sensors.timestamps import SECOND_NS

__all__ = ["CalibrationSettings", "calibrate"]

SLOPES_DEG: Final = ((5.0, "level"), (15.0, "sloping"), (91.0, "steep"))
"""Terrain classes without land cover: slope below this number of degrees."""
ELSEWHERE: Final = "unknown ground"


@dataclass(frozen=True, slots=True)
class CalibrationSettings:
    """Settings of the calibration.

    Parameters
    ----------
    support_s : float, s
        Another sensor must have detected the track within this time before and after the look.
    level : float
        Confidence level of the interval.
    least : float
        With fewer effective trials there is no verdict.

    Raises
    ------
    BadInput
        For a setting out of bounds.
    """

    support_s: float = 15.0
    level: float = LEVEL
    least: float = 10.0

    def __post_init__(self) -> None:
        """Check every setting."""
        if not (self.support_s > 0.0 and 0.0 < self.level < 1.0 and self.least >= 1.0):
            expected = "seconds above 0, a level from 0 to 1, one trial or more"
            raise BadInput("a setting is out of bounds", where="calibration", expected=expected)


@dataclass(slots=True)
class _Trial:
    track: int
    at_ns: int
    sensor: str
    predicted: float
    ground: str
    hit: bool = False


@dataclass(slots=True)
class _Trials:
    """Detections of the tracks by other sensors, and the trials that wait for their next detection."""

    seen_ns: dict[int, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    waiting: dict[int, list[_Trial]] = field(default_factory=lambda: defaultdict(list))
    trials: list[_Trial] = field(default_factory=list)
    alone: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def calibrate(
    scans: Iterable[ScanColumns],
    layout: Layout,
    *,
    settings: TrackerSettings | None = None,
    calibration: CalibrationSettings | None = None,
    terrain: xr.Dataset | None = None,
    coverage: xr.Dataset | None = None,
    conditions: Conditions | str | Sequence[str] = CLEAR_DAY,
) -> xr.Dataset:
    """Compare observed with predicted detection, for each sensor and class of ground.

    Parameters
    ----------
    scans : iterable of ScanColumns
        Scans in order of observation, empty ones included.
    layout : Layout
        The sensors.
    settings : TrackerSettings, optional
        Assumptions of the tracker; by default those of TrackerSettings.
    calibration : CalibrationSettings, optional
        Settings of the calibration.
    terrain : Dataset, optional
        Terrain of geo.terrain, by whose land cover, else slope, ground is classified.
    coverage : Dataset, optional
        sensors.coverage.look_probability of ``layout`` and ``terrain``, if already computed.
    conditions : Conditions, str or sequence of str
        Light and weather while the scans were made, for which the Pd is predicted.

    Returns
    -------
    Dataset, dim ``cell``
        A row for each sensor and class of ground with trials: ``sensor``, ``ground``, ``trials``, ``tracks``,
        ``effective`` trials, ``detected``, ``observed`` and ``predicted`` Pd, ``low`` and ``high`` of the interval of
        observed, ``verdict``: ``as predicted`` where the prediction lies within, ``worse``, ``better``, or ``too few``.
        attrs: ``unsupported``, looks by sensor at tracks that no other sensor supports; ``not_polled``, sensors that
        send no empty scans, so that their misses are unknown; ``level``.

    Raises
    ------
    UnknownSensor
        For a scan of a sensor that the layout does not hold.

    Notes
    -----
    Kish, Survey Sampling (1965), for the design effect; Wilson (1927) for the interval.
    """
    terrain = None if terrain is None else north_up(terrain)
    coverage = None if coverage is None else north_up(coverage, where="coverage")
    calibration = calibration or CalibrationSettings()
    tracker = Tracker(layout, settings, terrain=terrain, coverage=coverage, conditions=conditions)
    ground, record = _Ground(terrain), _Trials()
    for scan in scans:
        if scan.kind == POSE:
            tracker.advance(scan)
            continue
        trials = _trials_of(tracker, scan, ground)
        tracker.advance(scan)
        if not tracker.timeline.entries or tracker.timeline.entries[-1].scan.key != scan.key:
            continue  # a duplicate, or out of order
        rows = tracker.timeline.entries[-1].rows
        hits = set(rows.track[rows.plot >= 0].tolist())
        _note(record, scan, trials, hits, round(calibration.support_s * SECOND_NS))
    return _table(record, layout, calibration)


def _trials_of(tracker: Tracker, scan: ScanColumns, ground: _Ground) -> list[_Trial]:
    """List a trial for each confirmed track in the look's range and field of view, with its Pd before the look."""
    bank = tracker.timeline.bank
    model, _ = at_pose(tracker.model, bank.poses, tracker.looks, scan.sensor, scan.observed_ns)
    sensor, motion, tracks = model.sensor(scan.sensor), model.motion, bank.tracks
    if not sensor.polled or sensor.trigger_only or not len(bank):
        return []
    rows, dt = within_reach(tracks.centre, tracks.spread, tracks.time_ns, scan.observed_ns, sensor.view)
    mean, cov, mode = predict(
        tracks.mean[rows], tracks.cov[rows], tracks.mode[rows], dt,
        motion.speed_sd, motion.correlation, motion.rate, motion.gait,
    )  # fmt: skip
    centre, spread = combine(mean, cov, mode)
    views = track_view(centre, spread, tracks.existence[rows], dt, model.settings.lifetime_s, sensor.view)
    confirmed = np.isin(tracks.status[rows], (CONFIRMED, COASTING))
    return [
        _Trial(
            int(tracks.track[rows[i]]), scan.observed_ns, scan.sensor, float(views.seen[i]), ground.at(*centre[i, :2])
        )
        for i in np.flatnonzero(views.held & confirmed).tolist()
    ]


def _note(record: _Trials, scan: ScanColumns, trials: list[_Trial], hits: set[int], support_ns: int) -> None:
    """Settle the trials that this scan, of another sensor, supports, and start the scan's own trials."""
    for track in hits:
        still = []
        for trial in record.waiting.pop(track, ()):
            if trial.sensor == scan.sensor:
                still.append(trial)
            elif scan.observed_ns - trial.at_ns <= support_ns:
                record.trials.append(trial)
            else:
                record.alone[trial.sensor] += 1
        if still:
            record.waiting[track] = still
        record.seen_ns[track][scan.sensor] = scan.observed_ns
    for trial in trials:
        trial.hit = trial.track in hits
        others = [at for sensor, at in record.seen_ns.get(trial.track, {}).items() if sensor != trial.sensor]
        if others and trial.at_ns - max(others) <= support_ns:
            record.waiting[trial.track].append(trial)
        else:
            record.alone[trial.sensor] += 1


def _table(record: _Trials, layout: Layout, settings: CalibrationSettings) -> xr.Dataset:
    alone = dict(record.alone)
    for waiting in record.waiting.values():
        for trial in waiting:
            alone[trial.sensor] = alone.get(trial.sensor, 0) + 1
    cells: dict[tuple[str, str], list[_Trial]] = defaultdict(list)
    for trial in record.trials:
        cells[trial.sensor, trial.ground].append(trial)
    rows = [(*key, *_cell(trials, settings)) for key, trials in sorted(cells.items())]
    names = (
        *("sensor", "ground", "trials", "tracks", "effective", "detected"),
        *("observed", "predicted", "low", "high", "verdict"),
    )
    columns = {name: ("cell", np.array([row[i] for row in rows])) for i, name in enumerate(names)}
    not_polled = [sensor.id for sensor in layout if sensor.period_s is None or sensor.kind == "ground_sensor"]
    return xr.Dataset(columns, attrs={"unsupported": alone, "not_polled": not_polled, "level": settings.level})


def _cell(
    trials: list[_Trial], settings: CalibrationSettings
) -> tuple[int, int, float, int, float, float, float, float, str]:
    """Compute the columns of one sensor on one class of ground, from ``trials`` to ``verdict``."""
    hits = np.array([trial.hit for trial in trials], np.float64)
    track = np.array([trial.track for trial in trials])
    predicted = float(np.mean([trial.predicted for trial in trials]))
    n, k = len(hits), float(hits.sum())
    effective = n / design_effect(hits, track, np.array([trial.predicted for trial in trials]))
    low, high = wilson(k / n * effective, effective, level=settings.level)
    verdict = "as predicted" if low <= predicted <= high else "worse" if predicted > high else "better"
    if effective < settings.least:
        verdict = "too few"
    return n, len(np.unique(track)), effective, int(k), k / n, predicted, float(low), float(high), verdict


def design_effect(hits: Floats, cluster: Ints, predicted: Floats) -> float:
    """Variance of the fraction of ``hits`` (trial,) in clusters, over that of as many independent trials; at least 1.

    ``Σ_c (k_c − e_c − n_c r)² / (n p (1 − p)) · C/(C − 1)``, the linearised ratio estimator's, after the expected hits
    e_c of a cluster are subtracted: r is the mean of the remainder. That one track was visible and another hidden was
    predicted and is not counted as variation. C clusters. If every trial or none is a hit, the spread gives no
    information, and with one cluster it is unknown: then each cluster counts once, n/C.
    """
    names, member = np.unique(cluster, return_inverse=True)
    n, c = len(hits), len(names)
    p = float(hits.mean())
    if c < 2 or p in (0.0, 1.0):
        return n / c if c else 1.0
    size, beyond = np.bincount(member), np.bincount(member, weights=hits - predicted)
    between = float(((beyond - size * (beyond.sum() / n)) ** 2).sum()) * c / (c - 1)
    return max(1.0, between / (n * p * (1.0 - p)))


class _Ground:
    """The class of ground at a position: by land cover, else by slope; ELSEWHERE off the map and on voids."""

    def __init__(self, terrain: xr.Dataset | None) -> None:
        self._names: npt.NDArray[np.str_] | None = None
        if terrain is None:
            return
        self._east, self._north = float(terrain["easting"][0]), float(terrain["northing"][0])
        self._cell = float(terrain["easting"][1]) - self._east
        steep = np.degrees(np.arctan(slope(terrain).to_numpy()))
        names = np.full(steep.shape, ELSEWHERE, dtype="U40")
        for limit, name in reversed(SLOPES_DEG):
            names[steep < limit] = name
        if "land_cover" in terrain:
            codes = terrain["land_cover"].to_numpy()
            for code, name in _legend(terrain["land_cover"]).items():
                names[codes == code] = name
        self._names = names

    def at(self, easting: float, northing: float) -> str:
        """Name the class."""
        if self._names is None:
            return ELSEWHERE
        column = int(np.floor((easting - self._east) / self._cell + 0.5))
        row = int(np.floor((self._north - northing) / self._cell + 0.5))
        rows, columns = self._names.shape
        return str(self._names[row, column]) if 0 <= row < rows and 0 <= column < columns else ELSEWHERE


def _legend(land_cover: xr.DataArray) -> dict[int, str]:
    """Names by code: the variable's own, else ESA WorldCover's; code 0 is unknown and left to the slope."""
    if "flag_values" not in land_cover.attrs:
        return dict(WORLD_COVER)
    codes = np.atleast_1d(land_cover.attrs["flag_values"])
    names = str(land_cover.attrs["flag_meanings"]).split()
    return {int(code): name.replace("_", " ") for code, name in zip(codes, names, strict=True) if int(code)}

"""Stone Soup 1.9 as a peer of the tracking benchmark: GNN and JPDA (by loopy belief propagation) over the same plots.

Configured as in its authors' examples, and then tuned on seeds that are not scored: radar plots converted to positions
with their covariance (so that clutter is uniform per area, as its hypothesiser assumes), constant velocity with the
given noise, gates at 0.999, starts after ``start_points`` updates, tracks deleted when not updated for
``drop_after_s``. Tracks outside a sensor's field of view are excluded from its association; late data are delivered in
order. A coarse lossless gate spares it most pairs: same scores, three to seven times its speed as shipped.
A module; not run by itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import xarray as xr
from stonesoup.dataassociator.neighbour import GNNWith2DAssignment
from stonesoup.dataassociator.probability import JPDAwithLBP
from stonesoup.deleter.time import UpdateTimeDeleter
from stonesoup.functions import gm_reduce_single
from stonesoup.hypothesiser.distance import DistanceHypothesiser
from stonesoup.hypothesiser.probability import PDAHypothesiser
from stonesoup.initiator.simple import MultiMeasurementInitiator
from stonesoup.measures import Mahalanobis
from stonesoup.models.measurement.linear import LinearGaussian
from stonesoup.models.measurement.nonlinear import Cartesian2DToBearing
from stonesoup.models.transition.linear import CombinedLinearGaussianTransitionModel, ConstantVelocity
from stonesoup.predictor.kalman import ExtendedKalmanPredictor
from stonesoup.types.array import StateVectors
from stonesoup.types.detection import Detection
from stonesoup.types.prediction import GaussianStatePrediction
from stonesoup.types.state import GaussianState
from stonesoup.types.track import Track
from stonesoup.types.update import GaussianStateUpdate
from stonesoup.updater.kalman import ExtendedKalmanUpdater
from tracking_presets import START, Night

from sensors.detections import split
from sensors.scan_columns import ScanColumns
from sensors.sensor import Sensor

GATE = 0.999
GATE_SD = 3.72
"""The root of χ² with two degrees of freedom at GATE."""
EPOCH = np.datetime64(START.replace(tzinfo=None), "ns")


@dataclass(frozen=True, slots=True)
class Tuning:
    """``noise``: spectral density of acceleration per axis [m²/s³]. ``speed_sd``: of a new track, per axis."""

    start_points: int
    drop_after_s: float
    noise: float = 0.5
    speed_sd: float = 5.0
    gate: float = GATE


TUNED = {
    "calm": Tuning(3, 9.0, 0.1),
    "busy": Tuning(3, 9.0, 0.3),
    "swarm": Tuning(3, 9.0, 0.3),
    "shadow": Tuning(3, 15.0, 0.1),
    "multi": Tuning(3, 9.0, 0.3),
    "crowded": Tuning(3, 9.0, 0.3),
    "manoeuvring": Tuning(3, 9.0, 0.3),
}
"""The best settings on the tuning seeds, for both trackers; a preset not listed here uses those of calm."""


def tuned(preset: str) -> Tuning:
    """Return the peer's settings for a preset."""
    return TUNED.get(preset, TUNED["calm"])


def candidates(preset: str) -> list[Tuning]:
    """Return the settings tried: all where targets are few, points and noise around calm's best elsewhere."""
    if preset in ("busy", "swarm", "crossing", "twisted"):
        return [Tuning(points, 9.0, noise) for points in (3, 4) for noise in (0.1, 0.3)]
    drops = (9.0, 15.0, 30.0) if preset == "shadow" else (6.5, 9.0, 15.0)
    return [Tuning(points, drop, noise) for points in (3, 4) for drop in drops for noise in (0.03, 0.1, 0.3)]


class Nearby:
    """A wrapper that passes to a hypothesiser only plots that its gate can accept: the same results, faster.

    The gate's ellipse lies in a circle of its radius times the root of the innovation's trace. It needs one numpy
    comparison per track, where the hypothesiser alone predicts and measures every pair. Bearings are all passed on.
    """

    def __init__(self, base, radius: float) -> None:
        self.base, self.radius = base, radius
        self.known: set[Detection] | None = None

    def hypothesise(self, track, detections, timestamp, **kwargs):
        if self.known is not detections:
            self.known, self.order = detections, list(detections)
            self.flat = all(len(detection.state_vector) == 2 for detection in self.order)
            if self.flat:
                self.at = np.array([np.ravel(detection.state_vector) for detection in self.order]).reshape(-1, 2)
                noise = [np.trace(np.asarray(detection.measurement_model.noise_covar)) for detection in self.order]
                self.noise = np.asarray(noise, dtype=np.float64)
        if self.flat and self.order:
            ahead = self.base.predictor.predict(track, timestamp=timestamp)
            position = np.asarray(ahead.state_vector, dtype=np.float64).ravel()[[0, 2]]
            spread = float(ahead.covar[0, 0] + ahead.covar[2, 2])
            near = ((self.at - position) ** 2).sum(axis=1) <= self.radius**2 * (spread + self.noise)
            detections = {self.order[i] for i in np.flatnonzero(near)}
        return self.base.hypothesise(track, detections, timestamp, **kwargs)


class Peer:
    """One of Stone Soup's trackers, with the coarse gate unless ``as_shipped``.

    ``run`` returns a track history in Watchline's form, and the CPU seconds taken.
    """

    def __init__(self, associator: str, tuning: Tuning, night: Night, *, as_shipped: bool = False) -> None:
        self.night, self.tuning, self.joint = night, tuning, associator == "JPDA"
        self.gated = (lambda base, _: base) if as_shipped else Nearby
        model = CombinedLinearGaussianTransitionModel([ConstantVelocity(tuning.noise), ConstantVelocity(tuning.noise)])
        self.predictor, self.updater = ExtendedKalmanPredictor(model), ExtendedKalmanUpdater(None)
        self.initiators = {sensor.id: self._initiator(tuning) for sensor in night.layout}
        self.shared = self._initiator(tuning)
        self.deleter = UpdateTimeDeleter(timedelta(seconds=tuning.drop_after_s))
        self.tracks: set[Track] = set()
        self.rows: list[tuple[str, datetime, np.ndarray]] = []

    def run(self) -> tuple[xr.Dataset, float]:
        """Process every scan in order of its time."""
        scans = sorted(split(self.night.detections), key=lambda scan: (scan.observed_ns, scan.key))
        prepared = [(scan, self._when(scan), self._detections(scan)) for scan in scans]
        spent = 0.0
        for scan, when, detections in prepared:
            begun = time.process_time()
            self._step(self.night.layout[scan.sensor], when, detections)
            spent += time.process_time() - begun
            for track in self.tracks:
                self.rows.append((track.id, when, np.asarray(track.state_vector, dtype=np.float64).ravel()))
        return self._history(), spent

    def _step(self, sensor: Sensor, when: datetime, detections: set[Detection]) -> None:
        seen = {track for track in self.tracks if _in_field(sensor, track)}
        associations = self._associator(sensor).associate(seen, detections, when)
        free = set(detections)
        for track, hypothesis in associations.items():
            free -= self._joint_update(track, hypothesis) if self.joint else self._single_update(track, hypothesis)
        for track in self.tracks - seen:
            track.append(self.predictor.predict(track, timestamp=when))
        self.tracks -= self.deleter.delete_tracks(self.tracks, timestamp=when)
        if sensor.kind == "radar":  # a bearing or a trigger starts no track
            self.tracks |= self.shared.initiate(free, when)

    def _single_update(self, track: Track, hypothesis) -> set[Detection]:
        if not hypothesis:
            track.append(hypothesis.prediction)
            return set()
        track.append(self.updater.update(hypothesis))
        return {hypothesis.measurement}

    def _joint_update(self, track: Track, hypotheses) -> set[Detection]:
        """Update as its MultiTargetMixtureTracker does: the mixture over all plots, reduced to one Gaussian."""
        states = [self.updater.update(one) if one else one.prediction for one in hypotheses]
        weights = np.asarray([one.probability for one in hypotheses])
        mean, cov = gm_reduce_single(
            StateVectors([state.state_vector for state in states]), np.stack([s.covar for s in states], axis=2), weights
        )
        missed = next(one.weight for one in hypotheses if not one)
        better = {one.measurement for one in hypotheses if one and one.weight > missed}
        if better:
            track.append(GaussianStateUpdate(mean, cov, hypotheses, hypotheses[0].prediction.timestamp))
        else:
            track.append(GaussianStatePrediction(mean, cov, hypotheses[0].prediction.timestamp))
        return better

    def _associator(self, sensor: Sensor):
        if not self.joint:
            gate = DistanceHypothesiser(self.predictor, self.updater, Mahalanobis(), missed_distance=GATE_SD)
            return GNNWith2DAssignment(self.gated(gate, GATE_SD))
        gate = PDAHypothesiser(
            self.predictor, self.updater, clutter_spatial_density=_clutter(sensor),
            prob_detect=_detection_probability(sensor), prob_gate=GATE,
        )  # fmt: skip
        return JPDAwithLBP(self.gated(gate, GATE_SD))

    def _initiator(self, tuning: Tuning) -> MultiMeasurementInitiator:
        prior = GaussianState([0.0, 0.0, 0.0, 0.0], np.diag([1e4, tuning.speed_sd**2, 1e4, tuning.speed_sd**2]))
        gate = DistanceHypothesiser(self.predictor, self.updater, Mahalanobis(), missed_distance=3.0)
        return MultiMeasurementInitiator(
            prior_state=prior, deleter=UpdateTimeDeleter(timedelta(seconds=6.5)),
            data_associator=GNNWith2DAssignment(self.gated(gate, 3.0)), updater=self.updater,
            min_points=tuning.start_points,
        )  # fmt: skip

    @staticmethod
    def _when(scan: ScanColumns) -> datetime:
        return datetime.fromtimestamp(scan.observed_ns * 1e-9, UTC).replace(tzinfo=None)

    def _detections(self, scan: ScanColumns) -> set[Detection]:
        sensor, when = self.night.layout[scan.sensor], self._when(scan)
        return set(_measured(sensor, scan, when))

    def _history(self) -> xr.Dataset:
        names = {name: f"S{i:06d}" for i, name in enumerate(dict.fromkeys(row[0] for row in self.rows))}
        last = {row[0]: row[1] for row in self.rows}
        rows = [(names[name], when, state, "confirmed") for name, when, state in self.rows]
        rows += [(names[name], when + timedelta(microseconds=1), np.zeros(4), "closed") for name, when in last.items()]
        state = np.array([row[2] for row in rows]).reshape(-1, 4)
        return xr.Dataset(
            {
                "track": ("estimate", np.array([row[0] for row in rows], dtype=np.str_)),
                "time": ("estimate", np.array([row[1] for row in rows], dtype="datetime64[ns]")),
                "easting": ("estimate", state[:, 0], {"units": "m"}),
                "northing": ("estimate", state[:, 2], {"units": "m"}),
                "easting_rate": ("estimate", state[:, 1], {"units": "m/s"}),
                "northing_rate": ("estimate", state[:, 3], {"units": "m/s"}),
                "status": ("estimate", np.array([row[3] for row in rows], dtype=np.str_)),
            }
        )


def _measured(sensor: Sensor, scan: ScanColumns, when: datetime) -> Iterator[Detection]:
    """Yield positions from a radar, bearings (counter-clockwise from east) from a camera, the position of a trigger."""
    at = np.array([sensor.easting, sensor.northing])
    if sensor.kind == "camera":
        model = Cartesian2DToBearing(
            4, (0, 2), np.diag([np.radians(sensor.azimuth_sd_deg) ** 2]), translation_offset=at[:, None]
        )
        for azimuth in scan.azimuth:
            yield Detection([0.5 * np.pi - azimuth], timestamp=when, measurement_model=model)
        return
    if sensor.kind == "ground_sensor":
        spread = np.eye(2) * (0.5 * sensor.max_range_m) ** 2
        for _ in range(len(scan)):
            yield Detection(at, timestamp=when, measurement_model=LinearGaussian(4, (0, 2), spread))
        return
    for azimuth, slant in zip(scan.azimuth, scan.range_, strict=True):
        out = np.array([np.sin(azimuth), np.cos(azimuth)])
        across = np.array([out[1], -out[0]])
        turn = slant * np.radians(sensor.azimuth_sd_deg)
        cov = sensor.range_sd_m**2 * np.outer(out, out) + turn**2 * np.outer(across, across)
        yield Detection(at + slant * out, timestamp=when, measurement_model=LinearGaussian(4, (0, 2), cov))


def _in_field(sensor: Sensor, track: Track) -> bool:
    """Return whether the track's position is within the sensor's range and field of view, with a margin."""
    state = np.asarray(track.state_vector, dtype=np.float64).ravel()
    away = np.array([state[0] - sensor.easting, state[2] - sensor.northing])
    if np.hypot(*away) > sensor.max_range_m + 100.0:
        return False
    if sensor.field_of_view_deg >= 360.0:
        return True
    off = np.degrees(np.arctan2(*away)) - sensor.azimuth_deg
    return bool(abs((off + 180.0) % 360.0 - 180.0) < 0.5 * sensor.field_of_view_deg + 2.0)


def _clutter(sensor: Sensor) -> float:
    """Return false reports per unit of measurement space: square metres for positions, radians for bearings."""
    count = max(sensor.false_alarms_per_scan, 1e-3)
    if sensor.kind == "camera":
        return count / np.radians(sensor.field_of_view_deg)
    return count / (np.pi * sensor.max_range_m**2)


def _detection_probability(sensor: Sensor) -> float:
    return float(sensor.detection_probability or 0.9)

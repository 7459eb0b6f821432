"""Every assumption of the tracker, as a named setting."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import isfinite
from typing import Final

from fusion.models.motion import PEOPLE_AND_VEHICLES, Mode
from geo.errors import BadInput


class SettingsError(BadInput):
    """A tracker setting that cannot be used."""


RENAMED: Final = {
    "vehicle_share": "vehicle_probability",
    "class_share": "class_probabilities",
    "hidden_way_share": "unmapped_road_fraction",
    "ground_error_share": "ground_error_probability",
    "start_by_word": "start_by_report",
    "told_limit_s": "reported_limit_s",
}
"""Former names of settings."""


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """Settings for the initiation, confirmation and termination of tracks.

    Parameters
    ----------
    modes : tuple of Mode
        Modes of motion of targets.
    vehicle_probability : float
        Probability that a new target is a vehicle.
    class_probabilities : tuple of float, one for each of sensors.scan.CLASSES
        Probability of each class at birth.
    class_motion : tuple of tuple of float, (on foot, by vehicle) × class
        How well each kind of motion fits each class.
    foot_top_mps : float, m/s
        Top speed on foot on open level ground; slope and land cover reduce it (fusion.models.terrain_speed).
    vehicle_top_mps : float, m/s
        The same by vehicle.
    ground_limits_speed : bool
        Whether terrain limits the speed.
    unmapped_road_fraction : float
        Minimum fraction of the top speed that remains on any land cover, because roads may be unmapped.
    ground_error_probability : float
        Probability that terrain does not limit a target: a bridge, a tunnel, an unmapped road, or an error of the
        elevation model.
    traffic_per_km2 : float, 1/km²
        Density of targets before any look.
    learn_densities : bool
        Whether the density of targets and that of each radar's false plots are learnt while running
        (fusion.models.densities), or remain as set and as the layout states.
    lifetime_s : float, s
        Mean time that a target stays.
    observable_s : float, s
        Mean time until a target in view cannot be detected for a while, for a reason outside the detection model
        (fusion.models.unobservable). The shorter it is, the more misses a track survives, and a false track too.
    unobservable_s : float, s
        Mean duration of such a time.
    crossing_speed_mps : float, m/s
        Mean speed at which targets enter coverage.
    birth_cell_m : float, m
        Cell size of the density of undetected targets.
    start_existence : float
        A detection starts a track when it is a new target with at least this probability.
    start_by_event : float
        The same for sensors that send no empty scans, where missing detections never delete a track.
    drop_existence : float
        A tentative track below this probability of existence is deleted.
    confirm_existence : float
        A track is confirmed at or above this probability of existence.
    confirm_by_event : float
        The same for a track that was updated only by triggers, of at least two sensors.
    lose_existence : float
        A confirmed track is terminated below this probability of existence: by default as soon as it is more likely
        gone than present.
    lose_by_event : float
        The same for a track that was updated only by triggers, or only by azimuths without range.
    gate_probability : float
        Fraction of true detections that the gate keeps.
    alike_distance : float
        Tracks whose states differ by less (squared Mahalanobis distance) are not merged by association
        (fusion.association.coalescence); 0 turns that off.
    faint_limit_s : float, s
        A tentative track that is less probable than ``lose_existence`` or ``lose_by_event`` is deleted after this time
        without an update, unless it was made only by triggers.
    start_by_report : float
        A person's report starts a track when, with at least this probability, it belongs to none of the existing
        tracks: two reports of one target, each as uncertain as a compass direction, would otherwise remain two tracks.
    reported_limit_s : float, s
        A track that was reported only by people is kept for this time after their last report, whatever its position
        error.
    coast_after_s : float, s
        A confirmed track without an update for longer is coasting.
    coast_limit_s : float, s
        A coasting track is terminated after this time without an update.
    coast_sd_m : float, m
        A coasting track is terminated when its position error exceeds this standard deviation in nearly all modes of
        motion. At the default its density 1/(2π sd²) has fallen to that of traffic, so that a detection there is as
        likely to be another target.
    tentative_sd_m : float, m
        The same for a tentative track.
    trigger_births : bool
        Whether triggers alone may start a track, which triggers of two sensors then confirm. ``watchline run``
        switches it on (ops.sector.settings.tracker_settings), because nothing else starts a track where only ground
        sensors cover.
    least_false_alarms : float
        Minimum number of false alarms per scan, used where the layout states fewer.
    horizon_s : float, s
        Maximum delay of a scan that the tracker still uses.
    runs_per_scan : float
        After a late scan, the scans observed after it are processed again. On average a scan is processed at most this
        many times: late scans that would exceed it wait until they are at most two horizons old, and are then processed
        together. The track history does not depend on it; the live picture lacks the scans that wait.

    Raises
    ------
    SettingsError
        For no mode of motion, a probability outside 0 to 1, and numbers that are negative or not finite.

    Examples
    --------
    >>> TrackerSettings(coast_limit_s=300.0).confirm_existence
    0.995
    """

    modes: tuple[Mode, ...] = PEOPLE_AND_VEHICLES
    vehicle_probability: float = 0.3
    class_probabilities: tuple[float, ...] = (0.4, 0.15, 0.3, 0.1, 0.05)
    class_motion: tuple[tuple[float, ...], ...] = ((1.0, 1.0, 0.02, 1.0, 0.5), (0.02, 0.02, 1.0, 0.1, 0.5))
    foot_top_mps: float = 4.0
    vehicle_top_mps: float = 25.0
    ground_limits_speed: bool = True
    unmapped_road_fraction: float = 0.3
    ground_error_probability: float = 0.1
    traffic_per_km2: float = 0.5
    learn_densities: bool = True
    lifetime_s: float = 1800.0
    observable_s: float = 600.0
    unobservable_s: float = 20.0
    crossing_speed_mps: float = 3.0
    birth_cell_m: float = 500.0
    start_existence: float = 3e-4
    start_by_event: float = 0.05
    drop_existence: float = 1e-4
    confirm_existence: float = 0.995
    confirm_by_event: float = 0.5
    lose_existence: float = 0.5
    lose_by_event: float = 0.1
    gate_probability: float = 0.9999
    alike_distance: float = 4.0
    faint_limit_s: float = 30.0
    start_by_report: float = 0.5
    reported_limit_s: float = 300.0
    coast_after_s: float = 5.0
    coast_limit_s: float = 600.0
    coast_sd_m: float = 560.0
    tentative_sd_m: float = 120.0
    trigger_births: bool = False
    least_false_alarms: float = 0.01
    horizon_s: float = 60.0
    runs_per_scan: float = 1.9

    def __post_init__(self) -> None:
        """Check every setting."""
        if not self.modes:
            raise SettingsError("no mode of motion", where="TrackerSettings (modes)", expected="at least one")
        for name in (
            "start_existence", "drop_existence", "confirm_existence", "lose_existence", "lose_by_event",
            "gate_probability",
        ):  # fmt: skip
            if not 0.0 < getattr(self, name) < 1.0:
                raise SettingsError(f"{getattr(self, name)}", where=f"TrackerSettings ({name})", expected="0 to 1")
        if not self.runs_per_scan >= 1.0:
            raise SettingsError(f"{self.runs_per_scan}", where="TrackerSettings (runs_per_scan)", expected="at least 1")
        if not self.ground_error_probability < 1.0:
            raise SettingsError(
                f"{self.ground_error_probability}",
                where="TrackerSettings (ground_error_probability)",
                expected="below 1",
            )
        for name in ("observable_s", "unobservable_s"):
            if not getattr(self, name) > 0.0:
                raise SettingsError(f"{getattr(self, name)}", where=f"TrackerSettings ({name})", expected="above 0")
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, float) and not (isfinite(value) and value >= 0.0):
                raise SettingsError(
                    f"{value}", where=f"TrackerSettings ({item.name})", expected="a finite number from 0"
                )

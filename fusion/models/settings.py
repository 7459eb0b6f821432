"""Every assumption of the tracker, named."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import isfinite

from fusion.models.motion import PEOPLE_AND_VEHICLES, Mode
from geo.errors import BadInput


class SettingsError(BadInput):
    """A tracker setting that cannot be used."""


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """How tracks are started, believed and given up.

    modes: how targets move; vehicle_share: probability that a new target is a vehicle; class_share: probability of
    each class (sensors.scan.CLASSES) at birth; class_motion: for each kind of motion (foot, vehicle), how well it goes
    with each class. foot_top_mps, vehicle_top_mps: nobody is faster on open level ground, and slope and land cover slow
    them down (fusion.models.terrain_speed), unless ground_limits_speed is off; land cover leaves hidden_way_share:
    unmapped roads. traffic_per_km2: expected density of targets before anybody looks; lifetime_s: how long a target
    stays; crossing_speed_mps: mean speed at which targets enter coverage; birth_cell_m: cell of the intensity of
    undetected targets. start_existence: a plot likelier than this to be a new target starts a track; start_by_event:
    the same for sensors that send no empty scans, whose silence would never drop it; drop_existence: a tentative track
    below it is dropped. start_by_word: what people tell starts a track when it is likelier than this to be none of
    those there are: two words of one thing, each as wide as a compass word, are otherwise two hypotheses for ever.
    told_limit_s: a track that only people told of goes on for so long after their last word, however widely its place
    spreads meanwhile. confirm_existence, lose_existence: a track is confirmed at the first and closed below the second;
    confirm_by_event: is enough for a track that only triggers tell of, but those of at least two sensors.
    gate_probability: share of true plots that the gate keeps. alike_distance: tracks whose states differ by less
    (squared Mahalanobis distance) are not mixed up with each other (fusion.association.coalescence); 0 mixes all.
    faint_limit_s: a tentative track below lose_existence ends when unseen for so long, unless it rests on triggers.
    coast_after_s: a confirmed track unseen for longer is marked coasting; coast_limit_s, coast_sd_m: it closes when
    unseen for so long, or when hardly any mode of motion knows its place so well: with the default, when its density
    1/(2π sd²) falls to that of traffic, and a plot there is as probably somebody else. tentative_sd_m: the same of a
    tentative track. trigger_births: whether triggers alone may start a track, which those of two sensors then confirm;
    else they update tracks that others started. Rooms say yes (ops.sector.sector_file.tracker_settings): where only
    ground sensors watch, nobody else would start one. least_false_alarms: false alarms a scan where a layout says
    fewer. horizon_s: how late a scan may come.
    """

    modes: tuple[Mode, ...] = PEOPLE_AND_VEHICLES
    vehicle_share: float = 0.3
    class_share: tuple[float, ...] = (0.4, 0.15, 0.3, 0.1, 0.05)
    class_motion: tuple[tuple[float, ...], ...] = ((1.0, 1.0, 0.02, 1.0, 0.5), (0.02, 0.02, 1.0, 0.1, 0.5))
    foot_top_mps: float = 4.0
    vehicle_top_mps: float = 25.0
    ground_limits_speed: bool = True
    hidden_way_share: float = 0.3
    traffic_per_km2: float = 0.5
    lifetime_s: float = 1800.0
    crossing_speed_mps: float = 3.0
    birth_cell_m: float = 500.0
    start_existence: float = 3e-4
    start_by_event: float = 0.05
    drop_existence: float = 1e-4
    confirm_existence: float = 0.995
    confirm_by_event: float = 0.5
    lose_existence: float = 0.1
    gate_probability: float = 0.9999
    alike_distance: float = 4.0
    faint_limit_s: float = 30.0
    start_by_word: float = 0.5
    told_limit_s: float = 300.0
    coast_after_s: float = 5.0
    coast_limit_s: float = 600.0
    coast_sd_m: float = 560.0
    tentative_sd_m: float = 120.0
    trigger_births: bool = False
    least_false_alarms: float = 0.01
    horizon_s: float = 60.0

    def __post_init__(self) -> None:
        if not self.modes:
            raise SettingsError("no mode of motion", where="TrackerSettings (modes)", expected="at least one")
        for name in ("start_existence", "drop_existence", "confirm_existence", "lose_existence", "gate_probability"):
            if not 0.0 < getattr(self, name) < 1.0:
                raise SettingsError(f"{getattr(self, name)}", where=f"TrackerSettings ({name})", expected="0 to 1")
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, float) and not (isfinite(value) and value >= 0.0):
                raise SettingsError(
                    f"{value}", where=f"TrackerSettings ({item.name})", expected="a finite number from 0"
                )

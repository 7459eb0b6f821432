"""Settings of alerting; every figure is an assumption, open to change."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import isfinite

from geo.errors import BadInput


class AlertSettingsError(BadInput):
    """A setting that is invalid for its rule."""


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Settings of the alert rules; every figure is an assumption, open to change.

    Times are the journal's.

    Parameters
    ----------
    approach_time_s : float, s
        An inbound track this near to the border in time is approaching.
    outward_time_s : float, s
        The same for an outbound track.
    approach_band_m : float, m
        Both only within this distance of the border.
    approach_looks : int
        Consecutive looks that make an approach.
    least_closing_mps : float, m/s
        Least speed toward the border.
    closing_sigma : float
        Least speed toward the border, in its standard deviations.
    straight_share : float
        Least fraction of its speed with which a track closes in, so that one along the border is not approaching.
    sure_s : float, s
        Nearer in time than this ``straight_share`` does not count.
    approach_clear_s : float, s
        An approach ends after this time without such a look: the off-delay of ISA-18.2.
    crossing_sigma : float
        Half width of the band around the border in standard deviations: crossing_sigma · sqrt(track sd² + line_sd_m²).
    crossing_looks : int
        Consecutive looks beyond the band that make a crossing.
    line_sd_m : float, m
        Standard deviation of the surveyed border.
    animal_probability : float
        From this probability of an animal on the priority is low.
    naming_probability : float
        From this probability on a sentence names the class.
    urgent_s : float, s
        An inbound approach this near in time is of medium priority.
    revise_s : float, s
        At most one update of an unchanged alert in this time.
    distress_revise_s : float, s
        At most one update of a unit's distress alert in this time, so that one unit cannot fill all radios. The first
        call never waits, nor does one after the alert was closed.
    follow_s : float, s
        A crossing is updated for this time.
    keep_s : float, s
        Closed alerts are kept for this time.
    stale_s : float, s
        An open crossing without action is cleared after this time (ISA-18.2).
    recovered_s : float, s
        How long a sensor must report again before its alert is cleared.
    lost_share : float
        From this fraction of the border on lost segments are of high priority.
    pattern_band_m : float, m
        The rules of fusion.alerts.pattern_rules apply within this distance of the border.
    loiter_band_m : float, m
        Loitering counts up to this distance on the far side.
    loiter_home_m : float, m
        Loitering counts up to this distance on the own side, where people live and work.
    loiter_radius_m : float, m
        A loitering track stays within this radius.
    loiter_s : float, s
        For this time.
    inside_m : float, m
        A track appears inside when first confirmed at least this far from the border.
    inside_most_m : float, m
        And at most this far: beyond it people live, and a crosser would have been detected on the way.
    inside_share : float
        Least fraction of its speed with which such a track goes inbound.
    inside_wait_s : float, s
        How long its course may stay undecided.
    around_m : float, m
        Radius around it within which all the ground must be covered.
    around_s : float, s
        The radius grows by the distance that the track goes in this time.
    watched_probability : float
        Single-look Pd from which on ground is covered.
    lineage_m : float, m
        No other track may have been lost this near.
    settle_s : float, s
        The rule waits for this time after the first picture.
    ended_s : float, s
        Ended tracks are kept for this time.
    dead_ahead_s : float, s
        Dead ground ahead is this near in time.
    hidden_probability : float
        Single-look Pd below which ground is dead.
    dead_least_s : float, s
        The track would be in dead ground for at least this time.
    group_size : float
        Tracks that make a group.
    group_radius_m : float, m
        Within this distance of each other.
    group_s : float, s
        For this time.
    group_clear_s : float, s
        A group that is apart for this time has dispersed.
    split_m : float, m
        Parts of a group farther apart than this are a split.
    required_probability : float
        A segment whose probability of detecting a crossing falls below this has opened.
    nuisance_share : float
        Alerts are suppressed when people rejected at least this fraction of their kind, at 95 % confidence.
    nuisance_judged : float
        At least so many of their kind must have been judged.
    nuisance_probe : float
        Every so many suppressed alerts one is shown.
    quiet_hours : float
        Hours that must have been learned before an hour can be too quiet; see fusion.alerts.expected_traffic.
    quiet_probability : float
        Probability of no traffic below which an hour is too quiet.

    Raises
    ------
    AlertSettingsError
        For a setting that is not a number above 0, and a probability above 1.
    """

    approach_time_s: float = 300.0
    outward_time_s: float = 60.0
    approach_band_m: float = 500.0
    approach_looks: int = 3
    least_closing_mps: float = 0.3
    closing_sigma: float = 2.0
    straight_share: float = 0.5
    sure_s: float = 30.0
    approach_clear_s: float = 120.0
    crossing_sigma: float = 3.0
    crossing_looks: int = 2
    line_sd_m: float = 3.0
    animal_probability: float = 0.9
    naming_probability: float = 0.6
    urgent_s: float = 60.0
    revise_s: float = 30.0
    distress_revise_s: float = 10.0
    follow_s: float = 600.0
    keep_s: float = 3600.0
    stale_s: float = 86_400.0
    recovered_s: float = 30.0
    lost_share: float = 0.2
    pattern_band_m: float = 1500.0
    loiter_band_m: float = 400.0
    loiter_home_m: float = 150.0
    loiter_radius_m: float = 40.0
    loiter_s: float = 600.0
    inside_m: float = 150.0
    inside_most_m: float = 600.0
    inside_share: float = 0.25
    inside_wait_s: float = 60.0
    around_m: float = 120.0
    around_s: float = 30.0
    watched_probability: float = 0.3
    lineage_m: float = 250.0
    settle_s: float = 180.0
    ended_s: float = 300.0
    dead_ahead_s: float = 60.0
    hidden_probability: float = 0.05
    dead_least_s: float = 15.0
    group_size: float = 3.0
    group_radius_m: float = 40.0
    group_s: float = 60.0
    group_clear_s: float = 60.0
    split_m: float = 120.0
    required_probability: float = 0.8
    nuisance_share: float = 0.7
    nuisance_judged: float = 8.0
    nuisance_probe: float = 5.0
    quiet_hours: float = 5.0
    quiet_probability: float = 1e-3

    def __post_init__(self) -> None:
        """Check every setting."""
        for setting in fields(self):
            value = getattr(self, setting.name)
            if not (isfinite(value) and value > 0):
                raise AlertSettingsError(f"{value}", where=f"alert setting {setting.name}", expected="a number above 0")
            if value > 1.0 and setting.name.endswith(("_probability", "_share")):
                raise AlertSettingsError(f"{value}", where=f"alert setting {setting.name}", expected="0 to 1")
